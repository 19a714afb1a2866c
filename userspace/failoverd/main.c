// SPDX-License-Identifier: GPL-2.0
/* failoverd: options, and nothing that the daemon does. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "failoverd/daemon.h"
#include "failoverd/journal.h"
#include "failoverd/settings.h"

#define EXIT_USAGE 64

enum option_key {
	OPT_CHECK = 'c',
	OPT_HELP = 'h',
	OPT_VERBOSE = 'v',
	OPT_VERSION = 'V',
	OPT_CONFIG = 256,
	OPT_STATE,
	OPT_SOCKET,
	OPT_HOOKS,
	OPT_SLOTS,
	OPT_TUNED,
	OPT_TUNE,
};

static const struct option options[] = {
	{ "check-config", no_argument, NULL, OPT_CHECK },
	{ "config", required_argument, NULL, OPT_CONFIG },
	{ "state", required_argument, NULL, OPT_STATE },
	{ "hook-socket", required_argument, NULL, OPT_SOCKET },
	{ "hooks", required_argument, NULL, OPT_HOOKS },
	{ "settings", required_argument, NULL, OPT_TUNED },
	{ "tune-socket", required_argument, NULL, OPT_TUNE },
	{ "slot-socket", required_argument, NULL, OPT_SLOTS },
	{ "help", no_argument, NULL, OPT_HELP },
	{ "verbose", no_argument, NULL, OPT_VERBOSE },
	{ "version", no_argument, NULL, OPT_VERSION },
	{ NULL, 0, NULL, 0 },
};

static const char help[] =
	"failoverd [--verbose] [--config FILE]\n"
	"    watch the failover pairs of this machine (systemd's business: systemctl start failoverd)\n"
	"failoverd --check-config [FILE]\n"
	"    say what is wrong in " CONFIG_PATH " or FILE; exit code 1 if anything is\n"
	"failoverd --version | --help\n";

struct request {
	struct daemon_paths paths;
	bool check, verbose;
};

/* -1: go on, else the exit code. */
static int take_options(int argc, char **argv, struct request *request)
{
	int opt;

	while ((opt = getopt_long(argc, argv, "hvV", options, NULL)) != -1) {
		switch (opt) {
		case OPT_CHECK:
			request->check = true;
			break;
		case OPT_CONFIG:
			request->paths.config = optarg;
			break;
		case OPT_STATE:
			request->paths.state = optarg;
			break;
		case OPT_SOCKET:
			request->paths.hook_socket = optarg;
			break;
		case OPT_HOOKS:
			request->paths.hooks = optarg;
			break;
		case OPT_SLOTS:
			request->paths.slot_socket = optarg;
			break;
		case OPT_TUNED:
			request->paths.tuned = optarg;
			break;
		case OPT_TUNE:
			request->paths.tune_socket = optarg;
			break;
		case OPT_VERBOSE:
			request->verbose = true;
			break;
		case OPT_VERSION:
			puts("failoverd " VERSION);
			return 0;
		case OPT_HELP:
			fputs(help, stdout);
			return 0;
		default:
			return EXIT_USAGE;
		}
	}
	if (request->check && optind < argc)
		request->paths.config = argv[optind++];
	if (optind < argc) {
		fprintf(stderr, "failoverd: what is '%s'? (see failoverd --help)\n", argv[optind]);
		return EXIT_USAGE;
	}
	return -1;
}

int main(int argc, char **argv)
{
	struct request request = { .paths = {
		.config = CONFIG_PATH,
		.state = "/run/failoverd/state",
		.hook_socket = "/run/failoverd-hook.socket",
		.hooks = "/etc/failoverd/hooks.d",
		.tuned = "/run/failoverd/settings",
		.tune_socket = "/run/failoverd-tune.socket",
		.slot_socket = "/run/failoverd-slot.socket",
	} };
	int ret = take_options(argc, argv, &request);

	if (ret >= 0)
		return ret;
	if (request.check)
		return settings_check(request.paths.config);
	if (request.verbose || !getenv("JOURNAL_STREAM"))
		journal_to_stderr(request.verbose);
	ret = daemon_run(&request.paths);
	if (ret < 0)
		fprintf(stderr, "failoverd: cannot run: %s\n", strerror(-ret));
	return ret < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
