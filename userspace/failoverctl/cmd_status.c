// SPDX-License-Identifier: GPL-2.0
/* failoverctl status: gathers, keeps what was asked for, shows it; once or again and again. */
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include <json-c/json.h>

#include "common/json.h"
#include "failoverctl/args.h"
#include "failoverctl/cmd.h"
#include "failoverctl/report.h"
#include "failoverctl/view.h"
#include "failoverctl/wait.h"

static uint64_t clock_ns(clockid_t id)
{
	struct timespec ts = { 0 };

	clock_gettime(id, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

struct report report_of(const struct view *view, const struct findings *findings, bool all)
{
	return (struct report){
		.view = view,
		.findings = findings,
		.boot_now = clock_ns(CLOCK_BOOTTIME),
		.real_now = clock_ns(CLOCK_REALTIME),
		.all = all,
	};
}

static void show(const struct report *report, const struct args *args)
{
	struct page page = page_stdout();

	if (args->json) {
		json_print(report_json(report), args->watch_ms);
		return;
	}
	if (args->watch_ms && isatty(STDOUT_FILENO))
		fputs("\033[H\033[J", stdout);	/* cursor home, clear below */
	report_text(report, &page);
	if (args->watch_ms && !isatty(STDOUT_FILENO))
		fputc('\n', stdout);
	fflush(stdout);
}

static int status(const char *command, const struct args *args)
{
	struct findings findings = { 0 };
	struct report report;
	struct view view;
	int ret = view_gather(command, &view);

	if (ret)
		return ret;
	ret = view_check(command, &view, args->names);
	if (!ret) {
		findings_make(&view, &findings);
		view_keep(&view, &findings, args->names);
		report = report_of(&view, &findings, !*args->names);
		show(&report, args);
		ret = findings_worst(&findings, NULL);
	}
	findings_free(&findings);
	pairs_free(&view);
	return ret;
}

static int watch(const char *command, const struct args *args)
{
	unsigned long shown = 0;
	struct wait wait;
	int ret;

	if (wait_open(&wait, args->timeout_ms)) {
		perror(command);
		return SEVERITY_UNKNOWN;
	}
	do
		ret = status(command, args);
	while ((!args->count || ++shown < args->count) && !ferror(stdout) &&
	       wait_for(&wait, NULL, 0, args->watch_ms) == WAIT_TIME && !wait_is_over(&wait));
	wait_close(&wait);
	return ret;
}

int cmd_status(int argc, char **argv)
{
	struct args args;
	int ret = args_read(argc, argv, "jwnt", &args);

	if (ret)
		return ret == ARGS_DONE ? 0 : ret;
	return args.watch_ms ? watch(argv[0], &args) : status(argv[0], &args);
}
