// SPDX-License-Identifier: GPL-2.0
/* Trips: trip.c with events and times made up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "failoverd/trip.c"

#define S	1000000000ULL
#define P	NET_FAILOVER_ROLE_PRIMARY
#define B	NET_FAILOVER_ROLE_STANDBY
#define NONE	NET_FAILOVER_ROLE_NONE

static struct trips_log trips, told;

static int teardown(void **state)
{
	(void)state;
	trip_clear(&trips);
	trip_clear(&told);
	return 0;
}

static void switches(uint32_t from, uint32_t to, uint64_t when)
{
	struct genl_event event = {
		.kind = NET_FAILOVER_EVENT_SWITCH, .ifindex = 2, .name = "eth0", .boottime = when,
		.has_switch = true, .has_gap = true, .from = from, .to = to, .gap = 1000,
		.dropped = 2, .role = to, .lower = "eth3",
	};

	trip_event(&trips, &event, &told);
}

static void happens(uint32_t kind, uint32_t role, uint64_t when)
{
	struct genl_event event = {
		.kind = kind, .ifindex = 2, .name = "eth0", .boottime = when, .role = role,
	};

	trip_event(&trips, &event, &told);
}

static void looks(const char *driver, uint64_t flood)
{
	struct pair pair = {
		.ifindex = 2, .name = "eth0", .has_flood_lost = true, .flood_lost = flood,
		.active = P,
	};
	struct trip_card card = { .pci = "8086:10d3", .rx_queues = 1, .tx_queues = 1 };

	if (driver)
		strcpy(card.driver, driver);
	trip_look(&trips, &pair, driver ? &card : NULL);
}

/* As in a live migration; told when it has settled, once. */
static void there_and_back(void **state)
{
	(void)state;
	looks("e1000e", 5);
	happens(NET_FAILOVER_EVENT_LEAVING, P, 10 * S);
	switches(P, B, 10 * S + 20);
	looks("e1000e", 6);
	happens(NET_FAILOVER_EVENT_RELEASED, P, 11 * S);
	looks(NULL, 6);
	assert_int_equal(trip_next(&trips), TRIP_NEVER);
	happens(NET_FAILOVER_EVENT_CLAIMED, P, 15 * S);
	switches(B, P, 18 * S + 20);
	looks("vmxnet3", 9);
	assert_int_equal(trip_next(&trips), 20 * S + 20);
	trip_settings(&trips, 2, &(struct trip_settings){ true, 3, 1 });
	trip_expire(&trips, 20 * S, &told);
	assert_int_equal(told.n, 0);
	trip_expire(&trips, 21 * S, &told);
	assert_int_equal(told.n, 1);
	assert_int_equal(told.v->end - told.v->begin, 8 * S);
	assert_int_equal(told.v->standby, 8 * S);
	assert_int_equal(told.v->gap, 2000);
	assert_int_equal(told.v->dropped, 4);
	assert_true(told.v->has_cost && told.v->has_flood);
	assert_int_equal(told.v->flood, 4);
	assert_string_equal(told.v->before.driver, "e1000e");
	assert_string_equal(told.v->card.driver, "vmxnet3");
	assert_string_equal(told.v->primary, "eth3");
	assert_int_equal(told.v->settings.restored, 3);
	assert_int_equal(trip_next(&trips), TRIP_NEVER);
	trip_expire(&trips, 30 * S, &told);
	assert_int_equal(told.n, 1);
}

/* The card stayed in its place. */
static void carrier(void **state)
{
	(void)state;
	switches(P, B, 10 * S);
	switches(B, P, 12 * S);
	assert_int_equal(trip_next(&trips), TRIP_NEVER);
	/* one that left while it was out of use anyway, after that */
	switches(P, B, 20 * S);
	happens(NET_FAILOVER_EVENT_RELEASED, P, 25 * S);
	switches(B, P, 30 * S);
	trip_expire(&trips, 40 * S, &told);
	assert_int_equal(told.n, 1);
	assert_int_equal(told.v->end - told.v->begin, 10 * S);
}

/* At boot, and a spare that leaves. */
static void no_trip(void **state)
{
	(void)state;
	switches(NONE, B, 1 * S);
	switches(B, P, 2 * S);
	happens(NET_FAILOVER_EVENT_RELEASED, B, 3 * S);
	switches(P, NONE, 4 * S);
	switches(NONE, P, 5 * S);
	assert_int_equal(trip_next(&trips), TRIP_NEVER);
	assert_int_equal(told.n, 0);
}

/* Part of the time nothing carried traffic. */
static void without_standby(void **state)
{
	(void)state;
	switches(P, B, 10 * S);
	happens(NET_FAILOVER_EVENT_RELEASED, P, 10 * S);
	switches(B, NONE, 13 * S);
	switches(NONE, B, 14 * S);
	switches(B, P, 20 * S);
	trip_expire(&trips, 30 * S, &told);
	assert_int_equal(told.n, 1);
	assert_int_equal(told.v->standby, 9 * S);
	assert_false(told.v->has_flood);
}

/* It leaves again before the last one was told, and it was torn out without a word. */
static void again(void **state)
{
	(void)state;
	switches(P, B, 10 * S);
	happens(NET_FAILOVER_EVENT_RELEASED, P, 11 * S);
	switches(B, P, 12 * S);
	happens(NET_FAILOVER_EVENT_RELEASED, P, 13 * S);
	assert_int_equal(told.n, 1);
	switches(P, B, 13 * S + 1);
	switches(B, P, 16 * S);
	switches(P, B, 17 * S);
	assert_int_equal(told.n, 2);
	assert_int_equal(told.v[1].end - told.v[1].begin, 3 * S);
	happens(NET_FAILOVER_EVENT_DESTROYED, NONE, 18 * S);
	assert_int_equal(trips.n, 0);
}

static void over_a_restart(void **state)
{
	struct trip trip = {
		.ifindex = 2, .name = "eth0", .away = true, .left = true, .begin = 10 * S,
		.active = B, .since = 10 * S, .has_cost = true, .has_flood = true, .flood = 5,
		.before = { .driver = "e1000e" },
	};

	(void)state;
	trip_restore(&trips, &trip);
	looks(NULL, 5);
	switches(B, P, 14 * S);
	looks("e1000e", 8);
	trip_expire(&trips, 20 * S, &told);
	assert_int_equal(told.n, 1);
	assert_int_equal(told.v->standby, 4 * S);
	assert_int_equal(told.v->flood, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(there_and_back, teardown),
		cmocka_unit_test_teardown(carrier, teardown),
		cmocka_unit_test_teardown(no_trip, teardown),
		cmocka_unit_test_teardown(without_standby, teardown),
		cmocka_unit_test_teardown(again, teardown),
		cmocka_unit_test_teardown(over_a_restart, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
