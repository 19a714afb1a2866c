// SPDX-License-Identifier: GPL-2.0
/* Whether a removal may be hurried: hurry.c with slots and pairs made up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "failoverd/hurry.c"

#define FIT (NET_FAILOVER_LOWER_CONFIGURED | NET_FAILOVER_LOWER_UP | NET_FAILOVER_LOWER_ATTACHED | \
	     NET_FAILOVER_LOWER_CARRIER | NET_FAILOVER_LOWER_ACTIVATED)

static struct pair two[2];
static struct slot_card cards[2];

/* eth0 with eth2 and a fit standby, and a second pair like it; eth2 is in the slot. */
static int setup(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		two[i] = (struct pair){
			.ifindex = 2 + (uint32_t)i, .reason = NET_FAILOVER_REASON_PRIMARY_FIT,
			.primary = { .present = true, .ifindex = 10 + (uint32_t)i },
			.standby = { .present = true, .has_state = true, .state = FIT },
		};
		cards[i] = (struct slot_card){ .ifindex = 10 + (uint32_t)i, .ours = true };
	}
	return 0;
}

static struct hurry_answer decide(size_t n)
{
	struct slot slot = { cards, n };
	struct pairs pairs = { two, 2 };

	return hurry_decide(&slot, &pairs);
}

static void fit(void **state)
{
	struct hurry_answer answer = decide(1);

	(void)state;
	assert_int_equal(answer.what, HURRY_NOW);
	assert_ptr_equal(answer.pair, &two[0]);
	assert_null(answer.lack);
	/* one card with two functions, a primary each */
	assert_int_equal(decide(2).what, HURRY_NOW);
}

static void unfit(void **state)
{
	static const struct {
		uint32_t bit;
		const char *lack;
	} each[] = {
		{ NET_FAILOVER_LOWER_UP, "is down" },
		{ NET_FAILOVER_LOWER_CARRIER, "has no carrier" },
		{ NET_FAILOVER_LOWER_CONFIGURED, "is not set up yet" },
		{ NET_FAILOVER_LOWER_ATTACHED, "was taken away by its driver" },
		{ NET_FAILOVER_LOWER_ACTIVATED, "has no queues yet" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(each) / sizeof(*each); i++) {
		two[0].standby.state = FIT & ~each[i].bit;
		assert_int_equal(decide(1).what, HURRY_UNFIT);
		assert_string_equal(decide(1).lack, each[i].lack);
	}
	two[0].standby.present = false;
	assert_string_equal(decide(1).lack, "is not there");
	/* the second of two functions, named with its own pair */
	setup(NULL);
	two[1].standby.state = 0;
	assert_int_equal(decide(2).what, HURRY_UNFIT);
	assert_ptr_equal(decide(2).pair, &two[1]);
}

/* Nothing is carried, so nothing can be lost. */
static void master_down(void **state)
{
	(void)state;
	two[0].reason = NET_FAILOVER_REASON_MASTER_DOWN;
	two[0].standby.state = 0;
	assert_int_equal(decide(1).what, HURRY_NOW);
}

static void others(void **state)
{
	(void)state;
	assert_int_equal(decide(0).what, HURRY_NOT_OURS);
	/* the master is in another namespace, or the card is none */
	cards[1].ifindex = 77;
	assert_int_equal(decide(2).what, HURRY_SHARED);
	assert_ptr_equal(decide(2).pair, &two[0]);
	cards[0] = (struct slot_card){ .bus = "0000:02:00.0" };
	assert_int_equal(decide(1).what, HURRY_NOT_OURS);
	/* a lower of the in-tree module, which no pair knows */
	cards[0] = (struct slot_card){ .ifindex = 10 };
	assert_int_equal(decide(1).what, HURRY_NOT_OURS);
	two[0].primary.present = false;
	cards[0].ours = true;
	assert_int_equal(decide(1).what, HURRY_NOT_OURS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(fit, setup), cmocka_unit_test_setup(unfit, setup),
		cmocka_unit_test_setup(master_down, setup), cmocka_unit_test_setup(others, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
