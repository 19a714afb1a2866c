// SPDX-License-Identifier: GPL-2.0
/* A card's queues are read and set by its ifindex, also while udev gives it another name. */
#include <fcntl.h>
#include <net/if.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/tuner.h"

#define SELF "lo"	/* the one card that is in every network namespace */

static char root[] = "/tmp/test_queue.XXXXXX";

static void put(const char *name, const char *file, const char *text)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s/class/net/%s/%s", root, name, file);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

static void make(const char *folder)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", root, folder);
	assert_int_equal(mkdir(path, 0700), 0);
}

static void make_card(const char *name, unsigned int ifindex, const char *mask)
{
	static const char * const folders[] = { "", "/queues", "/queues/rx-0" };
	char text[64];
	size_t i;

	for (i = 0; i < sizeof(folders) / sizeof(*folders); i++) {
		snprintf(text, sizeof(text), "class/net/%s%s", name, folders[i]);
		make(text);
	}
	snprintf(text, sizeof(text), "%u\n", ifindex);
	put(name, "ifindex", text);
	put(name, "queues/rx-0/rps_cpus", mask);
}

static void move(const char *from, const char *to)
{
	char old[256], new[256];

	snprintf(old, sizeof(old), "%s/class/net/%s", root, from);
	snprintf(new, sizeof(new), "%s/class/net/%s", root, to);
	assert_int_equal(rename(old, new), 0);
}

static void assert_mask(const char *wanted)
{
	struct tune now = { 0 };

	queue_read(if_nametoindex(SELF), &now);
	assert_int_equal(now.n, wanted ? 1 : 0);
	if (wanted)
		assert_string_equal(tune_find(&now, "rps.0")->value, wanted);
	tune_free(&now);
}

static void refused(void *data, const char *group, int error, const char *why)
{
	(void)why;
	snprintf(data, 64, "%s %d", group, error);
}

static void write_mask(const char *value, char told[64])
{
	struct tune values = { 0 };

	tune_put(&values, "rps.0", value, 0, false);
	told[0] = '\0';
	queue_write(if_nametoindex(SELF), &values, refused, told);
	tune_free(&values);
}

static void read_and_set(void **state)
{
	char told[64];

	(void)state;
	make_card(SELF, if_nametoindex(SELF), "3\n");
	assert_mask("3");
	write_mask("c", told);
	assert_string_equal(told, "");
	assert_mask("c");
	write_mask("x", told);
	assert_string_equal(told, "rps.0 -22");
	assert_mask("c");
}

/* In place of the C library's: what happens while the reader waits for another look. */
static unsigned int waits;

int usleep(useconds_t usec)
{
	(void)usec;
	if (++waits == 3)
		move("eth0", SELF);
	return 0;
}

/* The kernel's order: the card has its new name before its folder has. */
static void while_renamed(void **state)
{
	(void)state;
	move(SELF, "eth0");
	waits = 0;
	assert_mask("c");
	assert_int_equal(waits, 3);
}

static void never_another_card(void **state)
{
	char told[64];

	(void)state;
	waits = 3;
	move(SELF, "eth0");
	make_card(SELF, if_nametoindex(SELF) + 5, "1\n");
	assert_mask(NULL);
	write_mask("3", told);
	assert_string_equal(told, "rps.0 -19");
}

static int make_root(void **state)
{
	(void)state;
	if (!mkdtemp(root) || setenv("FAILOVERCTL_SYSFS", root, 1))
		return -1;
	make("class");
	make("class/net");
	return 0;
}

static int remove_root(void **state)
{
	char command[64];

	(void)state;
	snprintf(command, sizeof(command), "rm -r %s", root);
	return system(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(read_and_set),
		cmocka_unit_test(while_renamed),
		cmocka_unit_test(never_another_card),
	};

	return cmocka_run_group_tests(tests, make_root, remove_root);
}
