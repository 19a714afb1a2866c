// SPDX-License-Identifier: GPL-2.0
/* kmod/select.c on the host: which lower, and why, for every set of facts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../../kmod/select.c"

static const struct nfo_lower_facts fit = {
	.present = true, .configured = true, .up = true,
	.attached = true, .carrier = true, .activated = true,
};

static struct nfo_facts both_fit(void)
{
	struct nfo_facts facts = { .master_up = true, .standby = fit, .primary = fit };

	return facts;
}

static void expect(const struct nfo_facts *facts, enum net_failover_role active,
		   enum net_failover_reason reason)
{
	struct nfo_decision decision = nfo_select(facts);

	assert_int_equal(decision.active, active);
	assert_int_equal(decision.reason, reason);
}

static void primary_is_preferred(void **state)
{
	struct nfo_facts facts = both_fit();

	(void)state;
	expect(&facts, NET_FAILOVER_ROLE_PRIMARY, NET_FAILOVER_REASON_PRIMARY_FIT);
	facts.standby = (struct nfo_lower_facts){ 0 };
	expect(&facts, NET_FAILOVER_ROLE_PRIMARY, NET_FAILOVER_REASON_PRIMARY_FIT);
}

/* Each single thing that keeps a primary from sending leaves the standby in
 * use, and is named.
 */
static void unfit_primary_leaves_the_standby(void **state)
{
	static const struct {
		size_t offset;
		bool value;
		enum net_failover_reason reason;
	} cases[] = {
		{ offsetof(struct nfo_lower_facts, present), false,
		  NET_FAILOVER_REASON_NO_PRIMARY },
		{ offsetof(struct nfo_lower_facts, configured), false,
		  NET_FAILOVER_REASON_PRIMARY_SETUP },
		{ offsetof(struct nfo_lower_facts, up), false,
		  NET_FAILOVER_REASON_PRIMARY_DOWN },
		{ offsetof(struct nfo_lower_facts, attached), false,
		  NET_FAILOVER_REASON_PRIMARY_DETACHED },
		{ offsetof(struct nfo_lower_facts, carrier), false,
		  NET_FAILOVER_REASON_PRIMARY_NO_CARRIER },
		{ offsetof(struct nfo_lower_facts, activated), false,
		  NET_FAILOVER_REASON_PRIMARY_STARTING },
		{ offsetof(struct nfo_lower_facts, drained), true,
		  NET_FAILOVER_REASON_PRIMARY_DRAINED },
		{ offsetof(struct nfo_lower_facts, leaving), true,
		  NET_FAILOVER_REASON_PRIMARY_LEAVING },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct nfo_facts facts = both_fit();

		*(bool *)((char *)&facts.primary + cases[i].offset) = cases[i].value;
		expect(&facts, NET_FAILOVER_ROLE_STANDBY, cases[i].reason);
	}
}

/* Held back, but the standby is worse: some network beats none. */
static void held_back_primary_serves_without_standby(void **state)
{
	struct nfo_facts facts = both_fit();

	(void)state;
	facts.standby.carrier = false;
	facts.primary.drained = true;
	expect(&facts, NET_FAILOVER_ROLE_PRIMARY, NET_FAILOVER_REASON_STANDBY_UNFIT);
	facts.primary.leaving = true;
	expect(&facts, NET_FAILOVER_ROLE_PRIMARY, NET_FAILOVER_REASON_STANDBY_UNFIT);
	facts.primary.carrier = false;
	expect(&facts, NET_FAILOVER_ROLE_NONE, NET_FAILOVER_REASON_NONE_FIT);
}

static void master_down_uses_none(void **state)
{
	struct nfo_facts facts = both_fit();

	(void)state;
	facts.master_up = false;
	expect(&facts, NET_FAILOVER_ROLE_NONE, NET_FAILOVER_REASON_MASTER_DOWN);
}

/* Over all 2^17 sets of facts: a lower is chosen only if it can send, some
 * lower is chosen if any can, and there is always a reason.
 */
static void never_dark_while_a_lower_can_send(void **state)
{
	unsigned int bits;

	(void)state;
	for (bits = 0; bits < 1u << 17; bits++) {
		struct nfo_facts facts = { .master_up = bits >> 16 };
		struct nfo_lower_facts *lower[] = { &facts.standby, &facts.primary };
		struct nfo_decision decision;
		bool can[2];
		int i;

		for (i = 0; i < 2; i++) {
			unsigned int b = bits >> (8 * i);

			*lower[i] = (struct nfo_lower_facts){
				b & 1, b & 2, b & 4, b & 8, b & 16, b & 32, b & 64, b & 128,
			};
			can[i] = facts.master_up && (b & 63) == 63;
		}
		decision = nfo_select(&facts);
		if (decision.active == NET_FAILOVER_ROLE_STANDBY)
			assert_true(can[0]);
		if (decision.active == NET_FAILOVER_ROLE_PRIMARY)
			assert_true(can[1]);
		assert_int_equal(decision.active != NET_FAILOVER_ROLE_NONE, can[0] || can[1]);
		assert_in_range(decision.reason, NET_FAILOVER_REASON_MASTER_DOWN,
				NET_FAILOVER_REASON_MAX);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(primary_is_preferred),
		cmocka_unit_test(unfit_primary_leaves_the_standby),
		cmocka_unit_test(held_back_primary_serves_without_standby),
		cmocka_unit_test(master_down_uses_none),
		cmocka_unit_test(never_dark_while_a_lower_can_send),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
