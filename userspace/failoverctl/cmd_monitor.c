// SPDX-License-Identifier: GPL-2.0
/* failoverctl monitor: how it stands, then events as they come. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "common/json.h"
#include "common/mem.h"
#include "common/words.h"
#include "failoverctl/args.h"
#include "failoverctl/cmd.h"
#include "failoverctl/events.h"
#include "failoverctl/report.h"
#include "failoverctl/source.h"
#include "failoverctl/view.h"
#include "failoverctl/wait.h"

#define AGAIN_MS 50		/* after a failure that may pass */

static void print_line(uint64_t when, const char *name, const char *what, const char *text)
{
	char date[EVENTS_DATE_LEN];

	events_date(when, date);
	printf("%s  %s  %s%s%s\n", date, *name ? name : "-", what, *text ? "  " : "", text);
}

/* told: the module tells events. */
static void print_state(const struct report *report, bool told)
{
	size_t i;

	if (report->view->module.kind == MODULE_IN_TREE)
		puts("! the kernel's own (in-tree) module tells nothing: derived from sysfs;\n"
		     "! when exactly they happened, and what they cost, is not known");
	else if (report->view->module.kind == MODULE_OURS && !told)
		puts("! the loaded module is too old to tell events: they are derived from sysfs");
	if (!report->view->pairs.n)
		print_line(report->real_now, "", "state", "no failover pair");
	for (i = 0; i < report->view->pairs.n; i++) {
		const struct pair *pair = &report->view->pairs.v[i];
		const char *lower = pair->active == NET_FAILOVER_ROLE_PRIMARY ? pair->primary.name :
				    pair->active == NET_FAILOVER_ROLE_STANDBY ?
				    pair->standby.name : "";
		char *text = mem_printf("%s, on %s%s%s: %s",
					words_severity(findings_worst(report->findings,
								      pair->name)),
					words_role(pair->active), *lower ? " " : "", lower,
					words_reason(pair->reason)->text);

		print_line(report->real_now, pair->name, "state", text);
		free(text);
	}
}

static void print_state_json(const struct report *report)
{
	struct json_object *root = report_json(report);

	json_put_string(root, "type", "state");
	json_print(root, true);
}

static int show_state(const char *command, const struct args *args, bool told)
{
	struct findings findings;
	struct report report;
	struct view view;
	int ret = view_gather(command, &view);

	if (ret)
		return ret;
	findings_make(&view, &findings);
	view_keep(&view, &findings, args->names);
	report = report_of(&view, &findings, !*args->names);
	if (args->json)
		print_state_json(&report);
	else
		print_state(&report, told);
	findings_free(&findings);
	pairs_free(&view);
	return 0;
}

static void show_event(const struct genl_event *event, const struct args *args)
{
	char *text, *what;

	if (args->json) {
		json_print(events_json(event), true);
		return;
	}
	text = events_text(event);
	what = mem_printf("%s%s%s%s%s", words_event(event->kind), event->role ? " " : "",
			  event->role ? words_role(event->role) : "",
			  *event->lower ? " " : "", event->lower);
	print_line(event->realtime, event->name, what, text);
	free(what);
	free(text);
}

/* What a reader has to know about what it did not get. */
static void show_notice(const char *code, uint64_t n, const char *text, const struct args *args)
{
	struct json_object *root;

	if (!args->json) {
		printf("! %s\n", text);
		return;
	}
	root = json_object_new_object();
	json_put_string(root, "type", "notice");
	json_put_string(root, "code", code);
	json_put_u64(root, "events", true, n);
	json_put_string(root, "text", text);
	json_print(root, true);
}

static void show_notices(const struct genl_news *news, const struct args *args)
{
	char *text;

	if (news->overrun)
		show_notice("overrun", 0,
			    "too many events at once: what follows was read from the module's ring",
			    args);
	if (news->reloaded)
		show_notice("reloaded", 0, "the module was loaded anew", args);
	if (!news->lost)
		return;
	text = mem_printf("at least %" PRIu64 " event%s lost: the module's ring holds the last %d",
			  news->lost, news->lost == 1 ? " is" : "s are", NET_FAILOVER_EVENTS_KEPT);
	show_notice("lost", news->lost, text, args);
	free(text);
}

/* True once as many were shown as were asked for. */
static bool show_news(const struct genl_news *news, const struct args *args,
		      unsigned long *shown)
{
	size_t i;

	show_notices(news, args);
	for (i = 0; i < news->events.n; i++) {
		if (!events_match(&news->events.v[i], args->names))
			continue;
		show_event(&news->events.v[i], args);
		if (args->count && ++*shown >= args->count)
			return true;
	}
	return false;
}

static int follow(const char *command, struct source *source, const struct wait *wait,
		  const struct args *args)
{
	unsigned long shown = 0;
	struct genl_news news;
	int fds[WAIT_FDS], again = -1;
	bool enough = false;

	while (!enough && !ferror(stdout) && !wait_is_over(wait)) {
		int ret;

		if (wait_for(wait, fds, source_fds(source, fds), again) == WAIT_STOP)
			break;
		ret = source_read(source, &news);
		again = ret ? AGAIN_MS : -1;
		enough = show_news(&news, args, &shown);
		genl_events_free(&news.events);
		fflush(stdout);
		if (!ret || ret == -EAGAIN || ret == -ENOENT)
			continue;
		fprintf(stderr, "%s: cannot read events: %s\n", command, strerror(-ret));
		return SEVERITY_UNKNOWN;
	}
	return 0;
}

static int monitor(const char *command, const struct args *args)
{
	struct source source;
	struct wait wait;
	int ret = wait_open(&wait, args->timeout_ms);

	if (!ret)
		ret = source_open(&source);
	if (ret) {
		fprintf(stderr, "%s: cannot follow events: %s\n", command, strerror(-ret));
		return SEVERITY_UNKNOWN;
	}
	ret = show_state(command, args, source.told);
	fflush(stdout);
	if (!ret)
		ret = follow(command, &source, &wait, args);
	source_close(&source);
	wait_close(&wait);
	return ret;
}

int cmd_monitor(int argc, char **argv)
{
	struct args args;
	int ret = args_read(argc, argv, "jnt", &args);

	if (ret)
		return ret == ARGS_DONE ? 0 : ret;
	return monitor(argv[0], &args);
}
