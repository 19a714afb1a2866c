// SPDX-License-Identifier: GPL-2.0
/* What of a primary's settings is learned, and what is to be put back on the next one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/tune.h"

/* Lines of KEY=VALUE, or KEY=VALUE/MAX; NULL at the end. */
static struct tune tune_of(const char *first, ...)
{
	struct tune tune = { 0 };
	const char *line;
	va_list args;

	va_start(args, first);
	for (line = first; line; line = va_arg(args, const char *)) {
		const char *slash = strchr(line, '/');
		char key[64], value[256] = "";
		unsigned int max = slash ? (unsigned int)strtoul(slash + 1, NULL, 10) : 0;

		if (sscanf(line, "%63[^=]=%255[^/]", key, value) != 2)
			fail_msg("%s", line);
		tune_put(&tune, key, value, max, false);
	}
	va_end(args);
	return tune;
}

static const char *value_of(const struct tune *tune, const char *key)
{
	const struct tune_item *item = tune_find(tune, key);

	return item ? item->value : NULL;
}

/* As "VERDICT KEY VALUE" lines. */
static void assert_decides(const struct tune *wanted, const struct tune *now, bool same,
			   const char *expected)
{
	static const char verdicts[] = { 'd', 'c', 'x' };
	struct tune_changes changes;
	char text[1024] = "";
	size_t i, n = 0;

	tune_decide(wanted, now, same, &changes);
	for (i = 0; i < changes.n; i++)
		n += snprintf(text + n, sizeof(text) - n, "%c %s %s\n",
			      verdicts[changes.v[i].verdict], changes.v[i].key,
			      changes.v[i].value ? changes.v[i].value : "-");
	tune_free_changes(&changes);
	assert_string_equal(text, expected);
}

static void a_change_is_a_wish(void **state)
{
	struct tune first = tune_of("ring.rx=256", "ring.tx=256", NULL);
	struct tune later = tune_of("ring.rx=512", "ring.tx=256", NULL);
	struct tune learned = { 0 }, seen = { 0 };

	(void)state;
	assert_true(tune_learn(&learned, &seen, &first));
	assert_false(tune_learn(&learned, &seen, &first));
	assert_true(tune_learn(&learned, &seen, &later));
	assert_string_equal(value_of(&learned, "ring.rx"), "512");
	assert_true(tune_find(&learned, "ring.rx")->set);
	assert_false(tune_find(&learned, "ring.tx")->set);
	/* Back again: that is a wish, too. */
	assert_true(tune_learn(&learned, &seen, &first));
	assert_string_equal(value_of(&learned, "ring.rx"), "256");
	tune_free(&first);
	tune_free(&later);
	tune_free(&learned);
	tune_free(&seen);
}

/*
 * Switched off at the master, which takes it off its card, it is not how the next card is to be;
 * switched off at the card, it is. So it stays while the master has it off, and after.
 */
static void what_a_master_has_off_is_not_learned(void **state)
{
	struct tune on = tune_of("feature.rx-checksum=on", "feature.rx-hashing=on", "ring.rx=9",
				 "feature.tx-gso=off", NULL);
	struct tune master = tune_of("feature.rx-checksum=off", "feature.rx-hashing=on",
				     "feature.tx-gso=off", NULL);
	struct tune off = tune_of("feature.rx-checksum=off", "feature.rx-hashing=off", "ring.rx=9",
				  "feature.tx-gso=off", NULL);
	struct tune learned = { 0 }, seen = { 0 }, again = { 0 };

	(void)state;
	tune_learn(&learned, &seen, &on);
	tune_leave_to_master(&off, &master);
	assert_int_equal(off.n, 3);
	assert_true(tune_learn(&learned, &seen, &off));
	assert_string_equal(value_of(&learned, "feature.rx-checksum"), "on");
	assert_string_equal(value_of(&learned, "feature.rx-hashing"), "off");
	tune_copy(&again, &on);
	tune_put(&again, "feature.rx-hashing", "off", 0, false);
	assert_false(tune_learn(&learned, &seen, &again));
	tune_free(&again);
	tune_free(&master);
	tune_free(&on);
	tune_free(&off);
	tune_free(&learned);
	tune_free(&seen);
}

/* What a driver clamped is not learned as the new wish while nobody touches it. */
static void a_wish_outlives_a_card_that_cannot(void **state)
{
	struct tune clamped = tune_of("ring.rx=1024", NULL);
	struct tune learned = tune_of("ring.rx=4096", NULL), seen = { 0 };

	(void)state;
	tune_learn(&learned, &seen, &clamped);
	tune_learn(&learned, &seen, &clamped);
	assert_string_equal(value_of(&learned, "ring.rx"), "4096");
	tune_free(&clamped);
	tune_free(&learned);
	tune_free(&seen);
}

/* Fewer channels have fewer queues; a card that cannot be read has not lost any. */
static void queues_that_are_gone(void **state)
{
	struct tune seen = tune_of("ring.rx=9", "rps.0=1", "rps.1=2", "xps.1=1", NULL);
	struct tune fewer = tune_of("ring.rx=9", "rps.0=1", NULL);
	struct tune learned = tune_of("ring.rx=9", "rps.0=1", "rps.1=2", "rps.7=4", "xps.1=1",
				      "flag.x=on", NULL);

	(void)state;
	assert_true(tune_forget_queues(&learned, &seen, &fewer));
	assert_null(tune_find(&learned, "rps.1"));
	assert_string_equal(value_of(&learned, "rps.0"), "1");
	assert_string_equal(value_of(&learned, "rps.7"), "4");
	assert_string_equal(value_of(&learned, "xps.1"), "1");
	assert_string_equal(value_of(&learned, "flag.x"), "on");
	assert_false(tune_forget_queues(&learned, &seen, &fewer));
	tune_free(&learned);
	tune_free(&seen);
	tune_free(&fewer);
}

static void only_differences_are_put_back(void **state)
{
	struct tune wanted = tune_of("ring.rx=512", "txqueuelen=500", "feature.tx-gso=off", NULL);
	struct tune now = tune_of("ring.rx=256/4096", "txqueuelen=500", "feature.tx-gso=on", NULL);

	(void)state;
	assert_decides(&wanted, &now, true, "d ring.rx 512\nd feature.tx-gso off\n");
	tune_free(&wanted);
	tune_free(&now);
}

static void resets_come_first(void **state)
{
	struct tune wanted = tune_of("xps.0=1", "rss.table=0,1", "qdisc=fq", "ring.rx=9",
				     "channels.combined=2", "coalesce.rx-usecs=7",
				     "feature.rx-gro=off", "flag.x=on", "txqueuelen=2", NULL);
	struct tune now = tune_of("flag.x=off", "xps.0=0", "rss.table=0,0", "qdisc=mq", "ring.rx=8",
				  "channels.combined=1", "coalesce.rx-usecs=3",
				  "feature.rx-gro=on", "txqueuelen=1", NULL);

	(void)state;
	assert_decides(&wanted, &now, true,
		       "d flag.x on\nd channels.combined 2\nd ring.rx 9\nd coalesce.rx-usecs 7\n"
		       "d feature.rx-gro off\nd rss.table 0,1\nd txqueuelen 2\nd qdisc fq\nd xps.0 1\n");
	tune_free(&wanted);
	tune_free(&now);
}

/* The defaults of one driver mean nothing to another. */
static void another_driver_gets_wishes_only(void **state)
{
	struct tune wanted = tune_of("ring.rx=512", "coalesce.rx-usecs=9", NULL);
	struct tune now = tune_of("ring.rx=256/4096", NULL);

	(void)state;
	assert_decides(&wanted, &now, false, "");
	tune_put(&wanted, "ring.rx", "512", 0, true);
	assert_decides(&wanted, &now, false, "d ring.rx 512\n");
	tune_put(&wanted, "coalesce.rx-usecs", "9", 0, true);
	assert_decides(&wanted, &now, false, "d ring.rx 512\nx coalesce.rx-usecs -\n");
	tune_keep_wishes(&wanted);
	assert_int_equal(wanted.n, 2);
	tune_free(&wanted);
	tune_free(&now);
}

static void what_does_not_fit(void **state)
{
	struct tune wanted = tune_of("channels.combined=8", "ring.rx=8192", "rss.table=0,1,2",
				     "rss.key=aabb", NULL);
	struct tune now = tune_of("channels.combined=4/4", "ring.rx=256/4096", "rss.table=0,1",
				  "rss.key=aabbcc", NULL);

	(void)state;
	assert_decides(&wanted, &now, true,
		       "c channels.combined -\nc ring.rx 4096\nx rss.table -\nx rss.key -\n");
	tune_free(&wanted);
	tune_free(&now);
}

static void lines_from_outside(void **state)
{
	struct tune tune = { 0 };

	(void)state;
	assert_true(tune_take_line(&tune, "ring.rx=5", true));
	assert_true(tune_take_line(&tune, "qdisc=fq 0102", true));
	assert_false(tune_take_line(&tune, "ring.rx", true));
	assert_false(tune_take_line(&tune, "ring.rx=", true));
	assert_false(tune_take_line(&tune, "ring.=1", true));
	assert_false(tune_take_line(&tune, "mtu=9000", true));
	assert_false(tune_take_line(&tune, "ring.rx=1\nx", true));
	assert_false(tune_take_line(&tune, "feature.rx-vlan-filter=off", true));
	assert_int_equal(tune.n, 2);
	tune_free(&tune);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_change_is_a_wish),
		cmocka_unit_test(what_a_master_has_off_is_not_learned),
		cmocka_unit_test(a_wish_outlives_a_card_that_cannot),
		cmocka_unit_test(queues_that_are_gone),
		cmocka_unit_test(only_differences_are_put_back),
		cmocka_unit_test(resets_come_first),
		cmocka_unit_test(another_driver_gets_wishes_only),
		cmocka_unit_test(what_does_not_fit),
		cmocka_unit_test(lines_from_outside),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
