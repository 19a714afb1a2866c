// SPDX-License-Identifier: GPL-2.0
/*
 * The daemon. It sleeps in its event loop until the module tells of an event,
 * a link changes, a pair's time is over, a signal comes, a hook ended, or the
 * watchdog is due. Where no module tells of events, they are concluded from
 * what links show.
 *
 * An event's number is saved before it is told, marked as being told: should
 * we be killed just then, the next daemon asks the journal whether it got
 * there. So each event is told once. What policy concludes is saved first and
 * then told.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>

#include <systemd/sd-daemon.h>
#include <systemd/sd-event.h>

#include "common/derive.h"
#include "common/mem.h"
#include "failoverd/config.h"
#include "failoverd/daemon.h"
#include "failoverd/hooks.h"
#include "failoverd/journal.h"
#include "failoverd/link.h"
#include "failoverd/settings.h"
#include "failoverd/state.h"
#include "failoverd/status.h"
#include "failoverd/trips.h"
#include "failoverd/tuning.h"
#include "failoverd/unplug.h"

#define RETRY_FIRST_USEC	20000U
#define RETRY_MAX_USEC		60000000U

struct daemon {
	const struct daemon_paths *paths;
	sd_event *event;
	sd_event_source *retry, *deadline;
	struct genl_watch *watch;
	struct links_view *links;
	struct derive derive;	/* where no module tells of events */
	struct hooks *hooks;
	struct unplug *unplug;
	struct tuning *tuning;
	struct config config;
	struct policy policy;
	struct trips trips;
	struct state state;
	uint64_t retry_usec;	/* 0: the last reading went well */
	bool started, present;
	bool unsaved;		/* saving failed, and was complained about */
	char *status, *untold;	/* as said last */
};

static uint64_t now_ns(clockid_t clock)
{
	struct timespec ts = { 0 };

	clock_gettime(clock, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

/* Frees the report. */
static void tell(struct daemon *daemon, struct report *report)
{
	journal_send(report);
	if (daemon->config.hooks && (daemon->config.hook_events & (1U << report->kind)))
		hooks_run(daemon->hooks, report);
	report_free(report);
}

static void tell_any(void *data, struct report *report)
{
	tell(data, report);
}

static void __attribute__((format(printf, 2, 3)))
say(int priority, const char *format, ...)
{
	struct report report;
	va_list args;
	char *text;

	va_start(args, format);
	text = mem_vprintf(format, args);
	va_end(args);
	report_words(&report, REPORT_MODULE, priority, "%s", text);
	journal_send(&report);
	report_free(&report);
	free(text);
}

static void save(struct daemon *daemon)
{
	int ret = state_save(daemon->paths->state, &daemon->state, &daemon->policy,
			     &daemon->trips.log);

	if (ret && !daemon->unsaved)
		say(LOG_WARNING, "cannot save %s: %s; after a restart events may be told again",
		    daemon->paths->state, strerror(-ret));
	daemon->unsaved = ret;
}

static void tell_trip(void *data, struct report *report)
{
	save(data);
	tell(data, report);
}

static void tell_policy(struct daemon *daemon, struct policy_reports *reports)
{
	size_t i;

	if (reports->n)
		save(daemon);
	for (i = 0; i < reports->n; i++) {
		struct report report;

		report_policy(&report, &reports->v[i]);
		tell(daemon, &report);
	}
	policy_free_reports(reports);
}

static void tell_event(struct daemon *daemon, const struct genl_event *event)
{
	struct policy_reports reports = { 0 };
	struct report report;

	if (event->epoch != daemon->state.epoch) {
		policy_clear(&daemon->policy);
		trip_clear(&daemon->trips.log);
	}
	daemon->state = (struct state){ event->epoch, event->seq, true };
	save(daemon);
	report_event(&report, event);
	tell(daemon, &report);
	policy_event(&daemon->policy, event, &reports);
	tell_policy(daemon, &reports);
	trips_event(&daemon->trips, event);
}

static void take_pairs(struct daemon *daemon, const struct pairs *pairs)
{
	struct policy_reports reports = { 0 };

	policy_sync(&daemon->policy, pairs, now_ns(CLOCK_BOOTTIME), &reports);
	tell_policy(daemon, &reports);
	trips_look(&daemon->trips, pairs);
}

static void sync_pairs(struct daemon *daemon)
{
	struct pairs pairs;

	if (!genl_pairs(&pairs))
		take_pairs(daemon, &pairs);
	free(pairs.v);
}

/* What no module tells. It has no number: what was missed while we were not there stays so. */
static void derive_events(struct daemon *daemon)
{
	struct genl_events events = { 0 };
	size_t i;

	if (derive_look(&daemon->derive, &events))
		return;
	for (i = 0; i < events.n; i++) {
		struct report report;

		report_event(&report, &events.v[i]);
		tell(daemon, &report);
		trips_event(&daemon->trips, &events.v[i]);
	}
	take_pairs(daemon, &daemon->derive.seen.pairs);
	if (events.n)
		save(daemon);
	genl_events_free(&events);
}

/* Also tells, once, that no module does. */
static void show_status(struct daemon *daemon)
{
	char *status = status_pairs(&daemon->policy);

	if (!daemon->present) {
		int priority;
		char *why = status_untold(daemon->policy.n, &priority), *pairs = status;

		if (!daemon->untold || strcmp(why, daemon->untold))
			say(priority, "%s", why);
		free(daemon->untold);
		daemon->untold = why;
		status = daemon->policy.n ? mem_printf("%s; %s", pairs, why) :
					    mem_printf("idle: %s", why);
		free(pairs);
	}
	if (!daemon->status || strcmp(status, daemon->status))
		sd_notifyf(false, "STATUS=%s", status);
	free(daemon->status);
	daemon->status = status;
}

static int on_deadline(sd_event_source *source, uint64_t usec, void *data);

static void set_deadline(struct daemon *daemon)
{
	uint64_t next = policy_next(&daemon->policy);

	sd_event_source_set_enabled(daemon->deadline, SD_EVENT_OFF);
	if (next == POLICY_NEVER)
		return;
	sd_event_source_set_time(daemon->deadline, next / 1000 + 1);
	sd_event_source_set_enabled(daemon->deadline, SD_EVENT_ONESHOT);
}

/* What was told may be old: the pairs of now decide. */
static int on_deadline(sd_event_source *source, uint64_t usec, void *data)
{
	struct policy_reports reports = { 0 };
	struct daemon *daemon = data;

	(void)source;
	(void)usec;
	if (daemon->present)
		sync_pairs(daemon);
	else
		derive_events(daemon);
	policy_expire(&daemon->policy, now_ns(CLOCK_BOOTTIME), &reports);
	tell_policy(daemon, &reports);
	show_status(daemon);
	set_deadline(daemon);
	return 0;
}

static void read_again(struct daemon *daemon, int error)
{
	bool first = !daemon->retry_usec;

	if (first && error != -EAGAIN)
		say(LOG_WARNING, "cannot read events: %s; trying again", strerror(-error));
	daemon->retry_usec = first ? RETRY_FIRST_USEC : 2 * daemon->retry_usec;
	if (daemon->retry_usec > RETRY_MAX_USEC)
		daemon->retry_usec = RETRY_MAX_USEC;
	sd_event_source_set_time_relative(daemon->retry, daemon->retry_usec);
	sd_event_source_set_enabled(daemon->retry, SD_EVENT_ONESHOT);
}

static void take_news(struct daemon *daemon, const struct genl_news *news, bool whole)
{
	bool resync = !daemon->started || news->overrun || news->lost || news->reloaded ||
		      news->present != daemon->present;
	struct report report;
	size_t i;

	if (news->overrun || news->lost) {
		report_lost(&report, news->lost);
		tell(daemon, &report);
	}
	/* First of all: a card that leaves can be read for a moment still. */
	for (i = 0; i < news->events.n; i++)
		tuning_event(daemon->tuning, &news->events.v[i]);
	for (i = 0; i < news->events.n; i++)
		tell_event(daemon, &news->events.v[i]);
	if (!whole)
		return;
	if (resync)
		derive_forget(&daemon->derive);
	if (news->present && (resync || news->events.n))
		sync_pairs(daemon);
	else if (resync)
		derive_events(daemon);
	daemon->present = news->present;
	daemon->started = true;
}

static void read_events(struct daemon *daemon)
{
	struct genl_news news;
	int ret = genl_watch_read(daemon->watch, &news);

	take_news(daemon, &news, !ret);
	if (ret)
		read_again(daemon, ret);
	else
		daemon->retry_usec = 0;
	if (daemon->state.telling || !ret) {
		daemon->state.telling = false;
		save(daemon);
	}
	genl_events_free(&news.events);
	show_status(daemon);
	set_deadline(daemon);
}

static int on_events(sd_event_source *source, int fd, uint32_t events, void *data)
{
	(void)source;
	(void)fd;
	(void)events;
	read_events(data);
	return 0;
}

static int on_retry(sd_event_source *source, uint64_t usec, void *data)
{
	(void)source;
	(void)usec;
	read_events(data);
	return 0;
}

/* After all changes that came at once. */
static void on_links(void *data, bool resynced)
{
	struct daemon *daemon = data;

	if (resynced)
		say(LOG_NOTICE, "links changed too fast to follow: all were looked at again");
	tuning_look_soon(daemon->tuning);
	if (daemon->present)
		return;
	derive_events(daemon);
	show_status(daemon);
	set_deadline(daemon);
}

static void use_config(struct daemon *daemon)
{
	daemon->policy.after = daemon->config.degraded_after;
	unplug_enable(daemon->unplug, daemon->config.hurry);
	tuning_configure(daemon->tuning, &daemon->config);
}

static int on_reload(sd_event_source *source, const struct signalfd_siginfo *info, void *data)
{
	struct daemon *daemon = data;

	(void)source;
	(void)info;
	sd_notifyf(false, "RELOADING=1\nMONOTONIC_USEC=%llu",
		   (unsigned long long)now_ns(CLOCK_MONOTONIC) / 1000);
	if (settings_load(daemon->paths->config, &daemon->config, false))
		use_config(daemon);
	set_deadline(daemon);
	sd_notify(false, "READY=1");
	return 0;
}

/* The place from which to go on; the last event may have been told or not. */
static void load_state(struct daemon *daemon)
{
	struct state *state = &daemon->state;
	int ret = state_load(daemon->paths->state, state, &daemon->policy, &daemon->trips.log);

	if (ret)
		say(LOG_WARNING, "cannot read %s: %s; telling all that the kernel remembers",
		    daemon->paths->state, strerror(-ret));
	if (state->telling && journal_has(state->epoch, state->seq) <= 0)
		state->seq--;
	state->telling = false;
}

static int add_sources(struct daemon *daemon)
{
	sd_event *event = daemon->event;
	int ret;

	ret = sd_event_add_io(event, NULL, genl_watch_fd(daemon->watch), EPOLLIN, on_events,
			      daemon);
	if (ret >= 0)
		ret = sd_event_add_time(event, &daemon->retry, CLOCK_MONOTONIC, UINT64_MAX, 0,
					on_retry, daemon);
	if (ret >= 0)
		ret = sd_event_add_time(event, &daemon->deadline, CLOCK_BOOTTIME, UINT64_MAX, 0,
					on_deadline, daemon);
	if (ret >= 0)
		ret = sd_event_add_signal(event, NULL, SIGHUP, on_reload, daemon);
	if (ret >= 0)
		ret = sd_event_add_signal(event, NULL, SIGTERM, NULL, NULL);
	if (ret >= 0)
		ret = sd_event_add_signal(event, NULL, SIGINT, NULL, NULL);
	if (ret >= 0)
		ret = sd_event_set_watchdog(event, true);
	return ret < 0 ? ret : 0;
}

static void on_settings(void *data, uint32_t master, size_t restored, size_t failed)
{
	struct daemon *daemon = data;

	trips_settings(&daemon->trips, master, (unsigned int)restored, (unsigned int)failed);
}

static int start(struct daemon *daemon)
{
	static const struct tuning_told told = { .report = tell_any, .done = on_settings };
	sigset_t signals;
	int ret;

	sigemptyset(&signals);
	sigaddset(&signals, SIGHUP);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigprocmask(SIG_BLOCK, &signals, NULL);

	ret = sd_event_default(&daemon->event);
	if (ret < 0)
		return ret;
	daemon->hooks = hooks_new(daemon->event, daemon->paths->hook_socket, daemon->paths->hooks);
	daemon->unplug = unplug_new(daemon->event, daemon->paths->slot_socket, tell_any, daemon);
	daemon->tuning = tuning_new(daemon->event, daemon->paths->tuned, daemon->paths->tune_socket,
				    &told, daemon);
	settings_load(daemon->paths->config, &daemon->config, true);
	daemon->policy.after = daemon->config.degraded_after;
	tuning_configure(daemon->tuning, &daemon->config);
	load_state(daemon);
	daemon->trips.tell = tell_trip;
	daemon->trips.data = daemon;
	ret = trips_start(&daemon->trips, daemon->event);
	if (ret)
		return ret;
	ret = link_open(&daemon->links, daemon->event);
	if (ret)
		return ret;
	link_watch(daemon->links, &(struct link_watcher){ .settled = on_links, .data = daemon });
	ret = genl_watch_open(&daemon->watch, daemon->state.epoch, daemon->state.seq);
	return ret ? ret : add_sources(daemon);
}

int daemon_run(const struct daemon_paths *paths)
{
	struct daemon daemon = { .paths = paths };
	int ret = start(&daemon);

	if (!ret) {
		read_events(&daemon);
		use_config(&daemon);
		sd_notify(false, "READY=1");
		ret = sd_event_loop(daemon.event);
		sd_notify(false, "STOPPING=1");
	}
	sd_event_source_unref(daemon.retry);
	sd_event_source_unref(daemon.deadline);
	if (daemon.hooks) {
		hooks_free(daemon.hooks);
		unplug_free(daemon.unplug);
		tuning_free(daemon.tuning);
	}
	trips_stop(&daemon.trips);
	genl_watch_close(daemon.watch);
	link_close(daemon.links);
	derive_forget(&daemon.derive);
	sd_event_unref(daemon.event);
	policy_clear(&daemon.policy);
	free(daemon.status);
	free(daemon.untold);
	return ret;
}
