/* SPDX-License-Identifier: GPL-2.0 */
/* What the commands take: options, numbers, names. */
#ifndef FAILOVERCTL_ARGS_H
#define FAILOVERCTL_ARGS_H

#include <stdbool.h>

struct args {
	bool json;
	int watch_ms;		/* 0: once */
	int timeout_ms;		/* -1: none */
	unsigned long count;	/* 0: without end */
	char **names;		/* interface names, raw; ends with NULL */
};

#define ARGS_DONE (-1)		/* --help was shown */

/* allowed: letters of the long options. 0, ARGS_DONE, or EXIT_USAGE. */
int args_read(int argc, char **argv, const char *allowed, struct args *args);

#endif
