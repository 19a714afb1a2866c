// SPDX-License-Identifier: GPL-2.0
/*
 * In a tree that a test made stand the answers that netlink would give, as
 * files of that tree: the machine's own pairs must not mix with it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/escape.h"
#include "common/mem.h"
#include "common/recorded.h"
#include "common/sysfs.h"

#define MOST	(1 << 20)

static char *file_path(const char *name)
{
	return mem_printf("%s/%s", sysfs_root(), name);
}

/* Its length or a negative errno; free *text. */
static ssize_t read_file(const char *name, char **text)
{
	char *path = file_path(name);
	FILE *file = fopen(path, "rbe");
	ssize_t n = -ENOENT;

	*text = NULL;
	free(path);
	if (!file)
		return n;
	*text = mem_grow(NULL, 0, MOST + 1);
	n = (ssize_t)fread(*text, 1, MOST, file);
	(*text)[n] = '\0';
	fclose(file);
	return n;
}

int recorded_pairs(struct pairs *pairs)
{
	char *dump;
	ssize_t n = read_file("genl-pairs", &dump);
	int ret = n < 0 ? (int)n : genl_parse(dump, n, pairs);

	free(dump);
	return ret;
}

int recorded_events(struct genl_events *events)
{
	char *dump;
	ssize_t n = read_file("genl-events", &dump);
	int ret = n < 0 ? (int)n : genl_parse_events(dump, n, events);

	if (n < 0)
		*events = (struct genl_events){ 0 };
	free(dump);
	return ret;
}

int recorded_request(char why[GENL_WHY_LEN])
{
	char *text, *words;
	long error;

	why[0] = '\0';
	if (read_file("genl-request", &text) < 0) {
		free(text);
		return -ENOENT;
	}
	error = strtol(text, &words, 10);
	words[strcspn(words, "\n")] = '\0';
	escape_copy(why, GENL_WHY_LEN, words + strspn(words, " "));
	free(text);
	return (int)error;
}

int recorded_wake(void)
{
	char *path = file_path("wake");
	int fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);

	free(path);
	return fd;
}
