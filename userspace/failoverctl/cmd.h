/* SPDX-License-Identifier: GPL-2.0 */
/* The commands of failoverctl: one row of the table in main.c each. */
#ifndef FAILOVERCTL_CMD_H
#define FAILOVERCTL_CMD_H

/* Beside these, enum severity: 0 good, 1 degraded, 2 bad, 3 unknown. */
#define EXIT_USAGE 64

struct command {
	const char *name;
	const char *args;
	const char *help;
	int (*run)(int argc, char **argv);	/* argv[0]: "failoverctl <name>" */
};

extern const struct command commands[];		/* ends with a nameless one */

int cmd_announce(int argc, char **argv);
int cmd_check(int argc, char **argv);
int cmd_drain(int argc, char **argv);
int cmd_help(int argc, char **argv);
int cmd_history(int argc, char **argv);
int cmd_metrics(int argc, char **argv);
int cmd_monitor(int argc, char **argv);
int cmd_status(int argc, char **argv);
int cmd_undrain(int argc, char **argv);
int cmd_version(int argc, char **argv);

/* Refuses arguments where a command takes none; 0 or EXIT_USAGE. */
int cmd_no_args(int argc, char **argv);

/* Says why the module could not be asked; SEVERITY_UNKNOWN. */
int cmd_no_netlink(const char *command, int error);

#endif
