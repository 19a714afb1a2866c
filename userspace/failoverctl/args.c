// SPDX-License-Identifier: GPL-2.0
/* What the commands take: options, numbers, names. */
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/escape.h"
#include "failoverctl/args.h"
#include "failoverctl/cmd.h"

#define WATCH_MS	2000
#define LONGEST		86400.0		/* seconds */

static const struct option all_options[] = {
	{ "json", no_argument, NULL, 'j' },
	{ "help", no_argument, NULL, 'h' },
	{ "watch", optional_argument, NULL, 'w' },
	{ "count", required_argument, NULL, 'n' },
	{ "timeout", required_argument, NULL, 't' },
};

#define OPTIONS (sizeof(all_options) / sizeof(*all_options))

static bool is_ifname(const char *name)
{
	return *name && strlen(name) < IFNAMSIZ && !strpbrk(name, "/: \t\n") &&
	       strcmp(name, ".") && strcmp(name, "..");
}

static bool read_seconds(const char *text, int *ms)
{
	char *end;
	double seconds;

	errno = 0;
	seconds = strtod(text, &end);
	if (errno || end == text || *end || !isfinite(seconds) ||
	    seconds < 0.1 || seconds > LONGEST)
		return false;
	*ms = (int)(seconds * 1000);
	return true;
}

static bool read_count(const char *text, unsigned long *count)
{
	char *end;

	errno = 0;
	*count = strtoul(text, &end, 10);
	return !errno && end != text && !*end && *text != '-' && *count;
}

static int refuse(const char *command, const char *what, const char *value, const char *wanted)
{
	char text[256];

	escape_copy(text, sizeof(text), value);
	fprintf(stderr, "%s: %s'%s' is no %s\n", command, what, text, wanted);
	return EXIT_USAGE;
}

static int set(const char *command, int opt, struct args *args)
{
	static const char seconds[] = "number of seconds from 0.1 to 86400";

	switch (opt) {
	case 'j':
		args->json = true;
		return 0;
	case 'w':
		args->watch_ms = WATCH_MS;
		if (optarg && !read_seconds(optarg, &args->watch_ms))
			return refuse(command, "--watch: ", optarg, seconds);
		return 0;
	case 't':
		if (!read_seconds(optarg, &args->timeout_ms))
			return refuse(command, "--timeout: ", optarg, seconds);
		return 0;
	case 'n':
		if (!read_count(optarg, &args->count))
			return refuse(command, "--count: ", optarg, "number from 1");
		return 0;
	default:
		return EXIT_USAGE;	/* getopt said why */
	}
}

static int check_names(const char *command, char **names)
{
	for (; *names; names++)
		if (!is_ifname(*names))
			return refuse(command, "", *names, "interface name");
	return 0;
}

/* The options of the letters in allowed, as getopt_long() wants them. */
static void choose(const char *allowed, struct option *options, char *letters)
{
	size_t i;

	for (i = 0; i < OPTIONS; i++) {
		const struct option *option = &all_options[i];

		if (option->val != 'h' && !strchr(allowed, option->val))
			continue;
		*options++ = *option;
		*letters++ = (char)option->val;
		if (option->has_arg != no_argument)
			*letters++ = ':';
		if (option->has_arg == optional_argument)
			*letters++ = ':';
	}
	*options = (struct option){ 0 };
	*letters = '\0';
}

int args_read(int argc, char **argv, const char *allowed, struct args *args)
{
	char *help[] = { argv[0], strrchr(argv[0], ' ') + 1, NULL };
	struct option options[OPTIONS + 1];
	char letters[3 * OPTIONS + 1];
	int opt;

	*args = (struct args){ .timeout_ms = -1 };
	choose(allowed, options, letters);
	while ((opt = getopt_long(argc, argv, letters, options, NULL)) != -1) {
		int ret;

		if (opt == 'h') {
			cmd_help(2, help);
			return ARGS_DONE;
		}
		ret = set(argv[0], opt, args);
		if (ret)
			return ret;
	}
	args->names = argv + optind;
	return check_names(argv[0], args->names);
}
