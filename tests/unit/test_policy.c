// SPDX-License-Identifier: GPL-2.0
/* When a pair counts as degraded: policy.c with events, dumps and times made up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "failoverd/policy.c"

#define S	1000000000ULL
#define AFTER	(60 * S)

static struct policy policy;
static struct policy_reports reports;

static int setup(void **state)
{
	(void)state;
	policy = (struct policy){ .after = AFTER };
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	policy_clear(&policy);
	policy_free_reports(&reports);
	return 0;
}

static void happens(uint32_t ifindex, uint32_t kind, uint32_t to, uint32_t reason, uint64_t when)
{
	struct genl_event event = {
		.kind = kind, .ifindex = ifindex, .name = "eth0", .boottime = when,
		.has_switch = kind == NET_FAILOVER_EVENT_SWITCH, .to = to, .reason = reason,
	};

	policy_event(&policy, &event, &reports);
}

static void to_primary(uint64_t when)
{
	happens(2, NET_FAILOVER_EVENT_SWITCH, NET_FAILOVER_ROLE_PRIMARY,
		NET_FAILOVER_REASON_PRIMARY_FIT, when);
}

static void to_standby(uint64_t when)
{
	happens(2, NET_FAILOVER_EVENT_SWITCH, NET_FAILOVER_ROLE_STANDBY,
		NET_FAILOVER_REASON_PRIMARY_LEAVING, when);
}

/* The one report since the last call, by its kind. */
static struct policy_report told(bool recovered)
{
	struct policy_report report;

	assert_int_equal(reports.n, 1);
	report = reports.v[0];
	assert_int_equal(report.recovered, recovered);
	policy_free_reports(&reports);
	return report;
}

static void nothing_told(void)
{
	assert_int_equal(reports.n, 0);
}

static void quick_migration_is_no_matter(void **state)
{
	(void)state;
	to_standby(100 * S);
	assert_int_equal(policy_next(&policy), 160 * S);
	to_primary(103 * S);
	assert_int_equal(policy_next(&policy), POLICY_NEVER);
	policy_expire(&policy, 1000 * S, &reports);
	nothing_told();
}

static void primary_that_stays_away_is_told_once(void **state)
{
	(void)state;
	to_standby(100 * S);
	policy_expire(&policy, 160 * S - 1, &reports);
	nothing_told();
	policy_expire(&policy, 160 * S, &reports);
	assert_int_equal(told(false).away, AFTER);
	assert_int_equal(policy_next(&policy), POLICY_NEVER);
	policy_expire(&policy, 999 * S, &reports);
	nothing_told();
}

static void late_return_ends_it(void **state)
{
	struct policy_report report;

	(void)state;
	to_standby(100 * S);
	policy_expire(&policy, 160 * S, &reports);
	told(false);
	to_primary(400 * S);
	report = told(true);
	assert_int_equal(report.away, 300 * S);
	assert_string_equal(report.name, "eth0");
	to_primary(401 * S);
	nothing_told();
}

static void from_standby_to_none_counts_on(void **state)
{
	(void)state;
	to_standby(100 * S);
	happens(2, NET_FAILOVER_EVENT_SWITCH, NET_FAILOVER_ROLE_NONE, NET_FAILOVER_REASON_NONE_FIT,
		130 * S);
	assert_int_equal(policy_next(&policy), 160 * S);
}

static void master_down_is_not_away(void **state)
{
	(void)state;
	to_standby(100 * S);
	happens(2, NET_FAILOVER_EVENT_SWITCH, NET_FAILOVER_ROLE_NONE,
		NET_FAILOVER_REASON_MASTER_DOWN, 130 * S);
	assert_int_equal(policy_next(&policy), POLICY_NEVER);
}

static void destroyed_pair_is_forgotten(void **state)
{
	(void)state;
	to_standby(100 * S);
	happens(2, NET_FAILOVER_EVENT_DESTROYED, 0, 0, 101 * S);
	assert_int_equal(policy.n, 0);
	assert_int_equal(policy_next(&policy), POLICY_NEVER);
}

static void pairs_are_judged_apart(void **state)
{
	(void)state;
	to_standby(100 * S);
	happens(7, NET_FAILOVER_EVENT_SWITCH, NET_FAILOVER_ROLE_STANDBY,
		NET_FAILOVER_REASON_NO_PRIMARY, 50 * S);
	assert_int_equal(policy_next(&policy), 110 * S);
	policy_expire(&policy, 120 * S, &reports);
	assert_int_equal(told(false).ifindex, 7);
	assert_int_equal(policy_next(&policy), 160 * S);
}

static void dump_overrules_events(void **state)
{
	struct pair pair = {
		.ifindex = 2, .name = "eth0", .active = NET_FAILOVER_ROLE_STANDBY,
		.reason = NET_FAILOVER_REASON_NO_PRIMARY, .has_since = true, .since = 20 * S,
	};
	struct pairs pairs = { &pair, 1 };

	(void)state;
	happens(9, NET_FAILOVER_EVENT_CREATED, 0, 0, S);
	policy_sync(&policy, &pairs, 30 * S, &reports);
	assert_int_equal(policy.n, 1);
	assert_int_equal(policy_next(&policy), 80 * S);
	/* A later change of reason or lower does not begin anew. */
	pair.since = 70 * S;
	policy_sync(&policy, &pairs, 75 * S, &reports);
	assert_int_equal(policy_next(&policy), 80 * S);
	policy_expire(&policy, 80 * S, &reports);
	told(false);
	pair.active = NET_FAILOVER_ROLE_PRIMARY;
	policy_sync(&policy, &pairs, 90 * S, &reports);
	assert_int_equal(told(true).away, 70 * S);
}

static void time_unknown_or_of_the_future_is_now(void **state)
{
	struct pair pair = { .ifindex = 2, .name = "eth0", .active = NET_FAILOVER_ROLE_STANDBY,
			     .reason = NET_FAILOVER_REASON_NO_PRIMARY };
	struct pairs pairs = { &pair, 1 };

	(void)state;
	policy_sync(&policy, &pairs, 30 * S, &reports);
	assert_int_equal(policy_next(&policy), 90 * S);
	policy_clear(&policy);
	pair.has_since = true;
	pair.since = 31 * S;
	policy_sync(&policy, &pairs, 30 * S, &reports);
	assert_int_equal(policy_next(&policy), 90 * S);
}

static void never_means_never(void **state)
{
	(void)state;
	policy.after = POLICY_NEVER;
	to_standby(100 * S);
	assert_int_equal(policy_next(&policy), POLICY_NEVER);
	policy_expire(&policy, UINT64_MAX - 1, &reports);
	nothing_told();
}

static void restart_tells_nothing_twice(void **state)
{
	struct policy_pair before = { .ifindex = 2, .name = "eth0", .away = true, .since = 10 * S,
				      .degraded = true };
	struct pair pair = { .ifindex = 2, .name = "eth0", .active = NET_FAILOVER_ROLE_STANDBY,
			     .reason = NET_FAILOVER_REASON_NO_PRIMARY };
	struct pairs pairs = { &pair, 1 };

	(void)state;
	policy_restore(&policy, &before);
	policy_sync(&policy, &pairs, 500 * S, &reports);
	policy_expire(&policy, 501 * S, &reports);
	nothing_told();
	to_primary(502 * S);
	assert_int_equal(told(true).away, 492 * S);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(quick_migration_is_no_matter),
		TEST(primary_that_stays_away_is_told_once),
		TEST(late_return_ends_it),
		TEST(from_standby_to_none_counts_on),
		TEST(master_down_is_not_away),
		TEST(destroyed_pair_is_forgotten),
		TEST(pairs_are_judged_apart),
		TEST(dump_overrules_events),
		TEST(time_unknown_or_of_the_future_is_now),
		TEST(never_means_never),
		TEST(restart_tells_nothing_twice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
