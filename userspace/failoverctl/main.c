// SPDX-License-Identifier: GPL-2.0
/* failoverctl: the table of commands, and nothing that a command does. */
#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/findings.h"
#include "common/mem.h"
#include "failoverctl/cmd.h"

const struct command commands[] = {
	{ "status", "[--json] [--watch[=SECONDS]] [IFNAME...]",
	  "which card carries traffic, why, and what is wrong", cmd_status },
	{ "check", "[--json] [IFNAME...]",
	  "may this guest be migrated now? If not, what to do", cmd_check },
	{ "monitor", "[--json] [--count=N] [--timeout=SECONDS] [IFNAME...]",
	  "how it stands, then events as they come", cmd_monitor },
	{ "history", "[--json] [IFNAME...]",
	  "what happened: switches, cards that came and went", cmd_history },
	{ "metrics", "",
	  "state and counters for Prometheus (OpenMetrics text)", cmd_metrics },
	{ "drain", "[--json] IFNAME",
	  "move traffic to the standby and keep it there", cmd_drain },
	{ "undrain", "[--json] IFNAME",
	  "use the primary again", cmd_undrain },
	{ "announce", "[--json] IFNAME",
	  "tell the network anew where the master is", cmd_announce },
	{ "help", "[COMMAND]",
	  "this list, or the arguments of one command", cmd_help },
	{ "version", "",
	  "the versions of this program and of the loaded module", cmd_version },
	{ NULL, NULL, NULL, NULL },
};

/* What people type out of habit. */
static const struct {
	const char *option, *name;
} aliases[] = {
	{ "--help", "help" },
	{ "-h", "help" },
	{ "--version", "version" },
	{ "-V", "version" },
};

static const struct command *find_command(const char *name)
{
	const struct command *command;
	size_t i;

	for (i = 0; i < sizeof(aliases) / sizeof(*aliases); i++)
		if (!strcmp(aliases[i].option, name))
			name = aliases[i].name;
	for (command = commands; command->name; command++)
		if (!strcmp(command->name, name))
			return command;
	return NULL;
}

static int run_command(const struct command *command, int argc, char **argv)
{
	char *name = mem_printf("failoverctl %s", command->name);
	int ret;

	argv[0] = name;		/* getopt begins its messages with it */
	ret = command->run(argc, argv);
	free(name);
	/* A reader that had enough is no error. */
	if ((fflush(stdout) || ferror(stdout)) && errno != EPIPE) {
		perror("failoverctl: cannot write");
		ret = SEVERITY_UNKNOWN;
	}
	return ret;
}

int cmd_no_args(int argc, char **argv)
{
	if (argc == 1)
		return 0;
	fprintf(stderr, "%s: takes no arguments, not even '%s'\n", argv[0], argv[1]);
	return EXIT_USAGE;
}

int main(int argc, char **argv)
{
	const struct command *command;

	setlocale(LC_ALL, "");
	if (argc < 2) {
		fprintf(stderr, "failoverctl: which command? (see failoverctl help)\n");
		return EXIT_USAGE;
	}
	command = find_command(argv[1]);
	if (!command) {
		fprintf(stderr, "failoverctl: no command '%s' (see failoverctl help)\n", argv[1]);
		return EXIT_USAGE;
	}
	return run_command(command, argc - 1, argv + 1);
}
