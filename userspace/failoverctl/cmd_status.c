// SPDX-License-Identifier: GPL-2.0
/* failoverctl status: gathers, keeps what was asked for, shows it. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <json-c/json.h>

#include "common/escape.h"
#include "common/findings.h"
#include "common/sysfs.h"
#include "failoverctl/cmd.h"
#include "failoverctl/report.h"

static const struct option options[] = {
	{ "json", no_argument, NULL, 'j' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static bool is_ifname(const char *name)
{
	return *name && strlen(name) < IFNAMSIZ && !strpbrk(name, "/: \t\n") &&
	       strcmp(name, ".") && strcmp(name, "..");
}

/* Why a name is of no pair. */
static const char *why_not(const struct links *links, const char *name)
{
	size_t i;

	for (i = 0; i < links->n; i++) {
		if (strcmp(links->v[i].name, name))
			continue;
		return links->v[i].virtio && !links->v[i].negotiated ?
		       "of no failover pair: VIRTIO_NET_F_STANDBY was not negotiated" :
		       "of no failover pair";
	}
	return "no such network card";
}

/* Every name must be of a pair. */
static int check_names(const struct view *view, const char *command, char **names)
{
	char name[NAME_LEN];

	for (; *names; names++) {
		if (!is_ifname(*names)) {
			fprintf(stderr, "%s: '%s' is no interface name\n", command, *names);
			return EXIT_USAGE;
		}
		escape_copy(name, sizeof(name), *names);
		if (pairs_find(&view->pairs, name))
			continue;
		fprintf(stderr, "%s: %s: %s\n", command, name, why_not(&view->links, name));
		return SEVERITY_UNKNOWN;
	}
	return 0;
}

static bool is_asked_for(const struct pair *pair, char **names)
{
	struct pairs one = { (struct pair *)pair, 1 };
	char name[NAME_LEN];

	for (; *names; names++) {
		escape_copy(name, sizeof(name), *names);
		if (pairs_find(&one, name))
			return true;
	}
	return false;
}

static void keep_pairs(struct pairs *pairs, char **names)
{
	size_t i, kept = 0;

	for (i = 0; i < pairs->n; i++)
		if (is_asked_for(&pairs->v[i], names))
			pairs->v[kept++] = pairs->v[i];
	pairs->n = kept;
}

static bool wants_colour(void)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

	return isatty(STDOUT_FILENO) && !(no_color && *no_color) &&
	       term && strcmp(term, "dumb");
}

static uint64_t clock_ns(clockid_t id)
{
	struct timespec ts = { 0 };

	clock_gettime(id, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

static void show(const struct view *view, const struct findings *findings, bool all, bool json)
{
	const struct report report = {
		.view = view,
		.findings = findings,
		.boot_now = clock_ns(CLOCK_BOOTTIME),
		.real_now = clock_ns(CLOCK_REALTIME),
		.all = all,
	};
	struct json_object *root;

	if (!json) {
		report_text(&report, stdout, wants_colour());
		return;
	}
	root = report_json(&report);
	puts(json_object_to_json_string_ext(root, JSON_C_TO_STRING_PRETTY |
					    JSON_C_TO_STRING_SPACED |
					    JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(root);
}

static int status(const char *command, char **names, bool json)
{
	struct findings findings = { 0 };
	struct view view;
	int ret;

	ret = pairs_gather(&view);
	if (ret) {
		fprintf(stderr, "%s: cannot read %s/class/net: %s\n", command, sysfs_root(),
			strerror(-ret));
		pairs_free(&view);
		return SEVERITY_UNKNOWN;
	}
	ret = check_names(&view, command, names);
	if (!ret) {
		findings_make(&view, &findings);
		if (*names) {
			keep_pairs(&view.pairs, names);
			findings_keep(&findings, &view.pairs);
		}
		show(&view, &findings, !*names, json);
		ret = findings_worst(&findings, NULL);
	}
	findings_free(&findings);
	pairs_free(&view);
	return ret;
}

int cmd_status(int argc, char **argv)
{
	char *help[] = { argv[0], "status", NULL };
	bool json = false;
	int opt;

	while ((opt = getopt_long(argc, argv, "jh", options, NULL)) != -1) {
		switch (opt) {
		case 'j':
			json = true;
			break;
		case 'h':
			return cmd_help(2, help);
		default:
			return EXIT_USAGE;
		}
	}
	return status(argv[0], argv + optind, json);
}
