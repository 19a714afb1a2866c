// SPDX-License-Identifier: GPL-2.0
/*
 * Has the administrator's hooks run. A request is lines NAME=value, ended by
 * our end of writing. The answer, a line "HOOK EXITCODE" for each that failed,
 * ends when the service does, which systemd sees to within its time limit.
 */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <syslog.h>
#include <unistd.h>

#include "common/escape.h"
#include "common/mem.h"
#include "failoverd/ask.h"
#include "failoverd/hooks.h"
#include "failoverd/journal.h"

#define WAITING		64	/* reports at most, before they are dropped */
#define ANSWER		1024

struct hooks {
	sd_event *event;
	const char *socket, *dir;
	char *waiting[WAITING];
	unsigned int first, n;
	unsigned int dropped;
	bool warned;		/* that there is nobody to run hooks */

	sd_event_source *source;	/* while a service runs */
	int fd;
	char answer[ANSWER];
	size_t answered;
};

static void __attribute__((format(printf, 1, 2))) complain(const char *format, ...)
{
	struct report report;
	va_list args;
	char *text;

	va_start(args, format);
	text = mem_vprintf(format, args);
	va_end(args);
	report_words(&report, REPORT_HOOK, LOG_WARNING, "%s", text);
	journal_send(&report);
	report_free(&report);
	free(text);
}

static bool any_hook(const char *dir)
{
	DIR *d = opendir(dir);
	struct dirent *entry;
	bool any = false;

	if (!d)
		return false;
	while (!any && (entry = readdir(d)))
		any = entry->d_name[0] != '.';
	closedir(d);
	return any;
}

/* What a hook finds in its environment. */
static char *request(const struct report *report)
{
	char *text = mem_printf("NET_FAILOVER_MESSAGE=%s\n", report_field(report, "MESSAGE"));
	size_t i;

	for (i = 0; i < report->n; i++) {
		char *longer;

		if (strncmp(report->v[i], "NET_FAILOVER_", 13))
			continue;
		longer = mem_printf("%s%s\n", text, report->v[i]);
		free(text);
		text = longer;
	}
	return text;
}

static void tell_answer(struct hooks *hooks)
{
	char *line, *rest = hooks->answer, escaped[4 * NAME_MAX + 1];

	hooks->answer[hooks->answered] = '\0';
	while ((line = strsep(&rest, "\n"))) {
		char *code = strrchr(line, ' ');

		if (!code)
			continue;
		*code++ = '\0';
		escape_copy(escaped, sizeof(escaped), line);
		complain("hook %s failed: exit code %d%s", escaped, atoi(code),
			 atoi(code) == 124 ? " (it took too long)" : "");
	}
	hooks->answered = 0;
}

static void start_next(struct hooks *hooks);

static int on_answer(sd_event_source *source, int fd, uint32_t events, void *data)
{
	struct hooks *hooks = data;
	char *to = hooks->answer + hooks->answered;
	ssize_t n = read(fd, to, ANSWER - 1 - hooks->answered);

	(void)source;
	(void)events;
	if (n > 0) {
		hooks->answered += n;
		if (hooks->answered == ANSWER - 1)
			tell_answer(hooks);
		return 0;
	}
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	hooks->source = sd_event_source_disable_unref(hooks->source);
	close(hooks->fd);
	tell_answer(hooks);
	start_next(hooks);
	return 0;
}

static void forget(struct hooks *hooks)
{
	for (; hooks->n; hooks->n--) {
		free(hooks->waiting[hooks->first]);
		hooks->first = (hooks->first + 1) % WAITING;
	}
}

static void start_next(struct hooks *hooks)
{
	char *text;
	int ret;

	if (!hooks->n) {
		if (hooks->dropped)
			complain("%u events had no hooks run: the ones before took too long",
				 hooks->dropped);
		hooks->dropped = 0;
		return;
	}
	text = hooks->waiting[hooks->first];
	ret = ask_send(hooks->socket, text);
	if (ret >= 0) {
		hooks->fd = ret;
		ret = sd_event_add_io(hooks->event, &hooks->source, hooks->fd, EPOLLIN, on_answer,
				      hooks);
		if (ret < 0)
			close(hooks->fd);
	}
	if (ret < 0) {
		if (!hooks->warned)
			complain("no hooks are run: %s: %s (is failoverd-hook.socket started?)",
				 hooks->socket, strerror(-ret));
		hooks->warned = true;
		forget(hooks);
		return;
	}
	hooks->warned = false;
	free(text);
	hooks->first = (hooks->first + 1) % WAITING;
	hooks->n--;
}

struct hooks *hooks_new(sd_event *event, const char *socket, const char *dir)
{
	struct hooks *hooks = mem_grow(NULL, 0, sizeof(*hooks));

	*hooks = (struct hooks){ .event = event, .socket = socket, .dir = dir };
	return hooks;
}

void hooks_run(struct hooks *hooks, const struct report *report)
{
	if (!any_hook(hooks->dir))
		return;
	if (hooks->n == WAITING) {
		hooks->dropped++;
		return;
	}
	hooks->waiting[(hooks->first + hooks->n++) % WAITING] = request(report);
	if (!hooks->source)
		start_next(hooks);
}

void hooks_free(struct hooks *hooks)
{
	if (hooks->source)
		close(hooks->fd);
	sd_event_source_disable_unref(hooks->source);
	forget(hooks);
	free(hooks);
}
