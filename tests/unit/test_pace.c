// SPDX-License-Identifier: GPL-2.0
/* The traffic probe's pace, by a clock that stands still between two looks: probe_pace.c alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "../vm/probe_pace.c"

#define MS	(NSEC / 1000)
#define MOST	4000

static int64_t sent_at[MOST];

/* Sends all, with a machine that sleeps too long, until `ends`, from time `begins` on. */
static void play(const struct pace *pace, int64_t begins, int64_t ends)
{
	uint32_t sent = 0, looks = 0;
	int64_t now = pace->start, wake;

	assert_true(pace->count <= MOST);
	while (sent < pace->count) {
		assert_true(++looks < 2 * MOST);
		if (now >= begins && now < ends)
			now = ends;
		for (uint32_t n = pace_due(pace, now, sent); n; n--)
			sent_at[sent++] = now;
		assert_true(sent <= pace->count);
		wake = pace_wake(pace, now, sent);
		assert_true(wake > now);
		now = wake;
	}
}

static int64_t due_at(const struct pace *pace, uint32_t n)
{
	return pace->start + n * NSEC / pace->rate;
}

static void nothing_early(const struct pace *pace)
{
	uint32_t n;

	for (n = 0; n < pace->count; n++)
		assert_true(sent_at[n] >= due_at(pace, n));
}

/* At most twice the pace, in any two milliseconds. */
static void no_burst(const struct pace *pace)
{
	uint32_t most = 2 * 2 * pace->rate / 1000 + 2, n;

	for (n = most; n < pace->count; n++)
		assert_true(sent_at[n] - sent_at[n - most] >= 2 * MS);
}

static void on_time(void **state)
{
	const struct pace pace = { .start = 7 * NSEC, .rate = 1000, .count = 500 };
	uint32_t n;

	(void)state;
	play(&pace, 0, 0);
	for (n = 0; n < pace.count; n++)
		assert_int_equal(sent_at[n], due_at(&pace, n));
}

static void faster_than_ticks(void **state)
{
	const struct pace pace = { .start = 7 * NSEC, .rate = 20000, .count = 2000 };
	uint32_t n;

	(void)state;
	play(&pace, 0, 0);
	nothing_early(&pace);
	no_burst(&pace);
	for (n = 0; n < pace.count; n++)
		assert_true(sent_at[n] - due_at(&pace, n) <= SHORTEST);
}

/* What a delay of 100 ms held up is made up for within the next 100 ms. */
static void delayed(int64_t begins)
{
	const struct pace pace = { .start = 7 * NSEC, .rate = 1000, .count = 500 };
	uint32_t n, behind = 0;

	play(&pace, begins, begins + 100 * MS);
	nothing_early(&pace);
	no_burst(&pace);
	for (n = 0; n < pace.count; n++) {
		if (sent_at[n] == due_at(&pace, n))
			continue;
		behind++;
		assert_true(sent_at[n] >= begins + 100 * MS);
		assert_true(sent_at[n] <= begins + 202 * MS);
	}
	assert_in_range(behind, 190, 210);
}

static void delayed_in_between(void **state)
{
	(void)state;
	delayed(7 * NSEC + 200 * MS);
}

static void delayed_before_the_first(void **state)
{
	(void)state;
	delayed(7 * NSEC);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(on_time),
		cmocka_unit_test(faster_than_ticks),
		cmocka_unit_test(delayed_in_between),
		cmocka_unit_test(delayed_before_the_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
