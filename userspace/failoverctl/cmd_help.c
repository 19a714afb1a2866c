// SPDX-License-Identifier: GPL-2.0
/* failoverctl help: the table of commands for people. */
#include <stdio.h>
#include <string.h>

#include "failoverctl/cmd.h"

static void put_all(void)
{
	const struct command *command;

	puts("Shows the failover pairs of this machine: a virtio-net card (standby) and a\n"
	     "passed-through VF (primary) that act as one interface (master).\n");
	for (command = commands; command->name; command++)
		printf("  failoverctl %s%s%s\n      %s\n", command->name,
		       *command->args ? " " : "", command->args, command->help);
	puts("\nExit codes: 0 good, 1 degraded, 2 bad, 3 unknown, 64 wrong usage.\n"
	     "More: man 8 failoverctl");
}

int cmd_help(int argc, char **argv)
{
	const struct command *command;

	if (argc == 1) {
		put_all();
		return 0;
	}
	for (command = commands; command->name; command++) {
		if (strcmp(command->name, argv[1]))
			continue;
		printf("failoverctl %s%s%s\n  %s\n", command->name, *command->args ? " " : "",
		       command->args, command->help);
		return 0;
	}
	fprintf(stderr, "%s: no command '%s'\n", argv[0], argv[1]);
	return EXIT_USAGE;
}
