// SPDX-License-Identifier: GPL-2.0
/* What a restarted failoverd knows of settings, and how it names what could not be put back. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "failoverd/tuned.c"
#include "failoverd/tuning_words.c"

static const uint8_t mac[MAC_LEN] = { 0x52, 0x54, 0, 0, 0x12, 0x53 };

static char *in_file(const char *text)
{
	char *path = mem_printf("/tmp/test_tuned.XXXXXX");
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	return path;
}

static void comes_back(void **state)
{
	struct tuneds tuneds = { 0 }, again;
	struct tuned *tuned = tuned_of(&tuneds, mac);
	char *path = in_file("");

	(void)state;
	tuned->ifindex = 7;
	snprintf(tuned->driver, sizeof(tuned->driver), "vmxnet3");
	tune_put(&tuned->learned, "ring.rx", "512", 4096, true);
	tune_put(&tuned->learned, "qdisc", "pfifo 37000000", 0, false);
	tune_put(&tuned->learned, "rps.6", "f", 0, true);
	tune_put(&tuned->seen, "ring.rx", "256", 256, false);	/* all that this card can */
	tune_put(&tuned->seen, "qdisc", "pfifo 37000000", 0, false);
	tune_put(&tuned->seen, "feature.rx-checksum", "off", 0, false);
	assert_int_equal(tuned_save(path, &tuneds), 0);
	assert_int_equal(tuned_load(path, tune_knows, &again), 0);
	assert_int_equal(again.n, 1);
	tuned = tuned_of(&again, mac);
	assert_int_equal(tuned->ifindex, 7);
	assert_string_equal(tuned->driver, "vmxnet3");
	assert_true(tune_find(&tuned->learned, "ring.rx")->set);
	assert_false(tune_find(&tuned->learned, "qdisc")->set);
	assert_string_equal(tune_find(&tuned->learned, "ring.rx")->value, "512");
	assert_string_equal(tune_find(&tuned->seen, "ring.rx")->value, "256");
	assert_string_equal(tune_find(&tuned->seen, "qdisc")->value, "pfifo 37000000");
	assert_null(tune_find(&tuned->seen, "feature.rx-checksum"));
	/* A queue that it had not: a wish for another card, which this one has not lost. */
	assert_string_equal(tune_find(&tuned->learned, "rps.6")->value, "f");
	assert_null(tune_find(&tuned->seen, "rps.6"));
	tuned_clear(&tuneds);
	tuned_clear(&again);
	unlink(path);
	free(path);
}

/* One that starts while the settings are being put on a card does it again. */
static void a_card_that_is_not_done(void **state)
{
	struct tuneds tuneds = { 0 }, again;
	struct tuned *tuned = tuned_of(&tuneds, mac);
	char *path = in_file("");

	(void)state;
	tuned->ifindex = 8;
	tuned->before = 7;
	tuned->pending = true;
	assert_int_equal(tuned_save(path, &tuneds), 0);
	assert_int_equal(tuned_load(path, tune_knows, &again), 0);
	assert_int_equal(tuned_of(&again, mac)->ifindex, 7);
	tuned_clear(&again);
	tuned->pending = false;
	assert_int_equal(tuned_save(path, &tuneds), 0);
	assert_int_equal(tuned_load(path, tune_knows, &again), 0);
	assert_int_equal(tuned_of(&again, mac)->ifindex, 8);
	tuned_clear(&again);
	tuned_clear(&tuneds);
	unlink(path);
	free(path);
}

static void makes_no_sense(void **state)
{
	static const char * const texts[] = {
		"", "tuned 2\n", "tuned 1\nset ring.rx=5\n", "tuned 1\ncard x 5 y\n",
		"tuned 1\ncard 52:54:00:00:12:53 5 e1000e\nset mtu=5\n",
		"tuned 1\ncard 52:54:00:00:12:53 5 e1000e\nis ring.rx=5\n",
		"tuned 1\ncard 52:54:00:00:12:53 5 e1000e\nwas mtu=5\n",
		"tuned 1\ncard 52:54:00:00:12:53 5 e1000e\nnot ring.rx\n",
	};
	struct tuneds tuneds;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		char *path = in_file(texts[i]);

		assert_int_equal(tuned_load(path, tune_knows, &tuneds), -EBADMSG);
		assert_int_equal(tuneds.n, 0);
		unlink(path);
		free(path);
	}
	assert_int_equal(tuned_load("/nonexistent", tune_knows, &tuneds), 0);
}

static void is_named_with_its_reason(void **state)
{
	struct tune now = { 0 };
	struct tune_change left[] = {
		{ TUNE_CLAMP, "ring.rx", "8192", NULL },
		{ TUNE_CANNOT, "rss.key", "aa", NULL },
		{ TUNE_DO, "coalesce.rx-usecs", "5", NULL },
		{ TUNE_DO, "qdisc", "htb", NULL },
		{ TUNE_DO, "txqueuelen", "5", NULL },
	};
	const struct tune_changes changes = { left, 5 };
	struct tune_change back = { TUNE_DO, "xps.0", "1", NULL };
	const struct tune_changes all = { &back, 1 }, none = { NULL, 0 };
	char *text;

	(void)state;
	tune_put_number(&now, "ring.rx", 4096, 4096);
	text = tuning_name_left(&changes, &now,
				"coalesce. Invalid argument: too low\nqdisc Not supported\ndone\n");
	assert_string_equal(text,
			    "ring.rx=8192 (the driver allows 4096), rss.key=aa (the driver has none), coalesce.rx-usecs=5 (Invalid argument: too low), qdisc=htb (Not supported), txqueuelen=5");
	free(text);
	text = tuning_name_left(&all, &now, "refused: no such socket\n");
	assert_string_equal(text, "xps.0=1 (no such socket)");
	free(text);
	assert_null(tuning_name_left(&none, &now, ""));
	text = tuning_name_back(&all, &none);
	assert_string_equal(text, "xps.0");
	free(text);
	assert_null(tuning_name_back(&all, &all));
	tune_free(&now);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(comes_back),
		cmocka_unit_test(a_card_that_is_not_done),
		cmocka_unit_test(makes_no_sense),
		cmocka_unit_test(is_named_with_its_reason),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
