// SPDX-License-Identifier: GPL-2.0
/* failoverctl drain, undrain and announce: what changes something. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/escape.h"
#include "common/json.h"
#include "common/recorded.h"
#include "common/sysfs.h"
#include "common/words.h"
#include "failoverctl/args.h"
#include "failoverctl/cmd.h"
#include "failoverctl/report.h"
#include "failoverctl/view.h"

#define PAUSE_NS	20000000
#define PAUSES		25	/* half a second in all */

int cmd_no_netlink(const char *command, int error)
{
	struct module module;

	sysfs_module(&module);
	if (error == -EOPNOTSUPP)
		fprintf(stderr, "%s: the loaded module (%s) is too old for this\n", command,
			*module.version ? module.version : "?");
	else if (error != -ENOENT)
		fprintf(stderr, "%s: cannot ask the module: %s\n", command, strerror(-error));
	else if (module.kind == MODULE_NONE)
		fprintf(stderr, "%s: the module net_failover is not loaded\n", command);
	else
		fprintf(stderr,
			"%s: the kernel's own (in-tree) module cannot; install the DKMS one\n",
			command);
	return SEVERITY_UNKNOWN;
}

static int refused(const char *command, const char *name, int error, const char *why)
{
	if (error == -ENOENT || (error == -EOPNOTSUPP && !*why))
		return cmd_no_netlink(command, error);
	if (error == -EPERM) {
		fprintf(stderr, "%s: %s: not permitted: run it as root\n", command, name);
		return SEVERITY_UNKNOWN;
	}
	fprintf(stderr, "%s: %s: %s\n", command, name, *why ? why : strerror(-error));
	return SEVERITY_BAD;
}

/*
 * The module switches a moment after it answered: what it looked like before
 * would be taken for a failure.
 */
static int gather_settled(const char *command, enum net_failover_cmd cmd,
			  const struct args *args, struct view *view)
{
	const struct timespec pause = { .tv_nsec = PAUSE_NS };
	const bool wanted = cmd == NET_FAILOVER_CMD_DRAIN;
	char name[NAME_LEN];
	int i;

	escape_copy(name, sizeof(name), args->names[0]);
	for (i = 0; ; i++) {
		const struct pair *pair;
		bool drained;

		if (view_gather(command, view))
			return SEVERITY_UNKNOWN;
		pair = pairs_find(&view->pairs, name);
		drained = pair && pair->reason == NET_FAILOVER_REASON_PRIMARY_DRAINED;
		if (!pair || i >= PAUSES || cmd == NET_FAILOVER_CMD_ANNOUNCE ||
		    drained == wanted)
			return 0;
		pairs_free(view);
		nanosleep(&pause, NULL);
	}
}

/* What became of it. */
static int show(const char *command, enum net_failover_cmd cmd, const struct args *args)
{
	struct findings findings;
	const struct pair *pair;
	struct report report;
	struct view view;
	int ret = gather_settled(command, cmd, args, &view);

	if (ret)
		return ret;
	findings_make(&view, &findings);
	view_keep(&view, &findings, args->names);
	report = report_of(&view, &findings, false);
	pair = view.pairs.v;
	if (args->json)
		json_print(report_json(&report), false);
	else if (view.pairs.n)
		printf("%s: on the %s: %s\n", pair->name, words_role(pair->active),
		       words_reason(pair->reason)->text);
	findings_free(&findings);
	pairs_free(&view);
	return 0;
}

/* Of a lower's name the master's is meant, which the kernel asks for. */
static int check_master(const char *command, const struct args *args)
{
	struct view view;
	int ret = view_gather(command, &view);

	if (ret)
		return ret;
	ret = view_check(command, &view, args->names);
	if (!ret) {
		const struct pair *pair;
		char name[NAME_LEN];

		escape_copy(name, sizeof(name), *args->names);
		pair = pairs_find(&view.pairs, name);
		if (strcmp(pair->name, name)) {
			fprintf(stderr, "%s: %s: give the master's name, %s\n", command, name,
				pair->name);
			ret = EXIT_USAGE;
		}
	}
	pairs_free(&view);
	return ret;
}

static int request(int argc, char **argv, enum net_failover_cmd cmd)
{
	char why[GENL_WHY_LEN], name[NAME_LEN];
	struct args args;
	int ret = args_read(argc, argv, "j", &args);

	if (ret)
		return ret == ARGS_DONE ? 0 : ret;
	if (!args.names[0] || args.names[1]) {
		fprintf(stderr, "%s: takes the name of one master\n", argv[0]);
		return EXIT_USAGE;
	}
	ret = check_master(argv[0], &args);
	if (ret)
		return ret;
	ret = sysfs_replaced() ? recorded_request(why) : genl_request(cmd, args.names[0], why);
	if (!ret)
		return show(argv[0], cmd, &args);
	escape_copy(name, sizeof(name), args.names[0]);
	return refused(argv[0], name, ret, why);
}

int cmd_drain(int argc, char **argv)
{
	return request(argc, argv, NET_FAILOVER_CMD_DRAIN);
}

int cmd_undrain(int argc, char **argv)
{
	return request(argc, argv, NET_FAILOVER_CMD_UNDRAIN);
}

int cmd_announce(int argc, char **argv)
{
	return request(argc, argv, NET_FAILOVER_CMD_ANNOUNCE);
}
