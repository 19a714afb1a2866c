// SPDX-License-Identifier: GPL-2.0
/*
 * What is told: the words, the priority and the fields of each report. Reports
 * are found by MESSAGE_ID and fields, never by words, which may change.
 */
#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "common/mem.h"
#include "common/words.h"
#include "failoverd/report.h"

/* The same as in failoverd.catalog; an ID never gets another meaning. */
static const struct {
	const char *word, *id;
	int priority;
} kinds[] = {
	[REPORT_NEWER] = { "newer", "8a12c508364741d5aa6f2cdce18398d4", LOG_INFO },
	[NET_FAILOVER_EVENT_CREATED] = {
		"created", "56b1d78c3c8c49d5b3beeccf7db05b3e", LOG_INFO },
	[NET_FAILOVER_EVENT_DESTROYED] = {
		"destroyed", "be3ac31bfc184f6fab28793193fb8e5c", LOG_INFO },
	[NET_FAILOVER_EVENT_CLAIMED] = {
		"claimed", "9f9d09d888c34d7c898d6a8fc3cee266", LOG_INFO },
	[NET_FAILOVER_EVENT_CONFIGURED] = {
		"configured", "8632d4926e754e36a557114ac4c91433", LOG_INFO },
	[NET_FAILOVER_EVENT_FAILED] = {
		"failed", "fc8f1b8db6dc4ba2be15a088d74481e6", LOG_WARNING },
	[NET_FAILOVER_EVENT_LEAVING] = {
		"leaving", "af41a2ada6cf4c1fb5eb0138a9292573", LOG_INFO },
	[NET_FAILOVER_EVENT_RELEASED] = {
		"released", "7c8b52139309487aad160f4e6d80cdd0", LOG_INFO },
	[NET_FAILOVER_EVENT_SWITCH] = {
		"switch", "fec8711456894fbfad2b3ee6ed1fadc1", LOG_NOTICE },
	[NET_FAILOVER_EVENT_DRAINED] = {
		"drained", "bdd5d5847fe24b5fb378a68ddeebde49", LOG_NOTICE },
	[NET_FAILOVER_EVENT_UNDRAINED] = {
		"undrained", "58df60b205e047899e3de8720338c089", LOG_NOTICE },
	[REPORT_DEGRADED] = { "degraded", "205118fab75b462db380298e7b71eacd", LOG_WARNING },
	[REPORT_RECOVERED] = { "recovered", "541196e9576444318c64edfa51b760f8", LOG_NOTICE },
	[REPORT_UNPLUG] = { "unplug", "0a7cb6a765f44d4096895890b80214e2", LOG_NOTICE },
	[REPORT_RETURNED] = { "returned", "38f1f9062bae465bbaa48db85ce51da6", LOG_NOTICE },
	[REPORT_SETTINGS] = { "settings", "5d0c2f2c6a8e4b0e9f4b8a3a1f6c7d92", LOG_NOTICE },
	[REPORT_LOST] = { "lost", "3deb1431986e46d3a1e8957d4233886b", LOG_WARNING },
	[REPORT_MODULE] = { "module", "88cd96973453495e921130934142e286", LOG_NOTICE },
	[REPORT_HOOK] = { "hook", "188e4018626a4fa5a140485bbbf02251", LOG_WARNING },
	[REPORT_CONFIG] = { "config", "1ddbd0e5820a4ecca30966a2df27c6e8", LOG_WARNING },
};

static_assert(sizeof(kinds) / sizeof(*kinds) == REPORT_KINDS, "a kind of report without words");
static_assert(REPORT_KINDS <= 32, "struct config.hook_events is too narrow");

static void __attribute__((format(printf, 2, 3)))
add(struct report *report, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	report->v = mem_grow(report->v, report->n, sizeof(*report->v));
	report->v[report->n++] = mem_vprintf(format, args);
	va_end(args);
}

/* message is freed. */
static void begin(struct report *report, unsigned int kind, int priority, char *message)
{
	*report = (struct report){ .kind = kind };
	add(report, "MESSAGE=%s", message);
	add(report, "MESSAGE_ID=%s", kinds[kind].id);
	add(report, "PRIORITY=%d", priority);
	add(report, "NET_FAILOVER_EVENT=%s", kinds[kind].word);
	free(message);
}

/* " (eth2)", or nothing. */
static char *in_brackets(const char *name)
{
	return *name ? mem_printf(" (%s)", name) : mem_printf("%s", "");
}

static char *switch_words(const struct genl_event *event)
{
	const char *why = words_reason(event->reason)->text;
	char *lower = in_brackets(event->lower), *cost, *text;

	cost = !event->has_gap ? mem_printf("%s", "") :
	       mem_printf("; %.1f ms without a path, %" PRIu64 " frames dropped",
			  (double)event->gap / 1e6, event->dropped);
	text = event->to == NET_FAILOVER_ROLE_NONE ?
	       mem_printf("%s: traffic is cut: %s", event->name, why) :
	       mem_printf("%s: on the %s%s now: %s%s", event->name, words_role(event->to),
			  lower, why, cost);
	free(lower);
	free(cost);
	return text;
}

/* What the lower does: "eth0: the primary (eth2) is there". */
static const char * const lower_phrases[REPORT_KINDS] = {
	[NET_FAILOVER_EVENT_CLAIMED] = "is there",
	[NET_FAILOVER_EVENT_CONFIGURED] = "is set up",
	[NET_FAILOVER_EVENT_FAILED] = "cannot be used",
	[NET_FAILOVER_EVENT_LEAVING] = "is being removed",
	[NET_FAILOVER_EVENT_RELEASED] = "is gone",
	[NET_FAILOVER_EVENT_DRAINED] = "is held back by an administrator",
	[NET_FAILOVER_EVENT_UNDRAINED] = "is no longer held back",
};

static char *lower_words(const char *phrase, const struct genl_event *event)
{
	char *lower = in_brackets(event->lower), *text;

	text = mem_printf("%s: the %s%s %s%s%s", event->name, words_role(event->role), lower,
			  phrase, event->error ? ": " : "",
			  event->error ? strerror(-event->error) : "");
	free(lower);
	return text;
}

static char *event_words(unsigned int kind, const struct genl_event *event)
{
	if (kind == NET_FAILOVER_EVENT_SWITCH)
		return switch_words(event);
	if (kind == NET_FAILOVER_EVENT_CREATED)
		return mem_printf("%s: failover master appeared", event->name);
	if (kind == NET_FAILOVER_EVENT_DESTROYED)
		return mem_printf("%s: failover master is gone", event->name);
	if (lower_phrases[kind])
		return lower_words(lower_phrases[kind], event);
	return mem_printf("%s: event %u, which only a newer failoverd knows", event->name,
			  event->kind);
}

static void add_switch(struct report *report, const struct genl_event *event)
{
	add(report, "NET_FAILOVER_FROM=%s", words_role(event->from));
	add(report, "NET_FAILOVER_TO=%s", words_role(event->to));
	add(report, "NET_FAILOVER_REASON=%s", words_reason(event->reason)->code);
	if (event->has_gap)
		add(report, "NET_FAILOVER_GAP_NSEC=%" PRIu64, event->gap);
	if (event->has_dropped)
		add(report, "NET_FAILOVER_DROPPED=%" PRIu64, event->dropped);
}

void report_event(struct report *report, const struct genl_event *event)
{
	unsigned int kind = event->kind <= NET_FAILOVER_EVENT_MAX ? event->kind : REPORT_NEWER;
	bool cut = kind == NET_FAILOVER_EVENT_SWITCH && event->to == NET_FAILOVER_ROLE_NONE &&
		   event->reason != NET_FAILOVER_REASON_MASTER_DOWN;

	begin(report, kind, cut ? LOG_WARNING : kinds[kind].priority, event_words(kind, event));
	if (event->seq) {
		add(report, "NET_FAILOVER_EPOCH=%" PRIu64, event->epoch);
		add(report, "NET_FAILOVER_SEQ=%" PRIu64, event->seq);
	} else {
		add(report, "NET_FAILOVER_DERIVED=yes");
	}
	add(report, "NET_FAILOVER_BOOTTIME_NSEC=%" PRIu64, event->boottime);
	add(report, "NET_FAILOVER_REALTIME_NSEC=%" PRIu64, event->realtime);
	add(report, "NET_FAILOVER_MASTER=%s", event->name);
	add(report, "NET_FAILOVER_IFINDEX=%" PRIu32, event->ifindex);
	if (event->role != NET_FAILOVER_ROLE_NONE)
		add(report, "NET_FAILOVER_ROLE=%s", words_role(event->role));
	if (*event->lower) {
		add(report, "NET_FAILOVER_LOWER=%s", event->lower);
		add(report, "NET_FAILOVER_LOWER_IFINDEX=%" PRIu32, event->lower_ifindex);
	}
	if (event->error)
		add(report, "NET_FAILOVER_ERROR=%d", event->error);
	if (event->has_switch)
		add_switch(report, event);
}

void report_policy(struct report *report, const struct policy_report *policy)
{
	enum report_kind kind = policy->recovered ? REPORT_RECOVERED : REPORT_DEGRADED;
	const struct reason_words *why = words_reason(policy->reason);
	double seconds = (double)policy->away / 1e9;

	begin(report, kind, kinds[kind].priority, policy->recovered ?
	      mem_printf("%s: no longer degraded, after %.1f s: %s", policy->name, seconds,
			 why->text) :
	      mem_printf("%s: degraded, for %.1f s not on the primary: %s", policy->name, seconds,
			 why->text));
	add(report, "NET_FAILOVER_MASTER=%s", policy->name);
	add(report, "NET_FAILOVER_IFINDEX=%" PRIu32, policy->ifindex);
	add(report, "NET_FAILOVER_REASON=%s", why->code);
	add(report, "NET_FAILOVER_AWAY_NSEC=%" PRIu64, policy->away);
	if (!policy->recovered && *why->advice)
		add(report, "NET_FAILOVER_ADVICE=%s", why->advice);
}

/* "; another model: vmxnet3 15ad:07b0, 1 queue, instead of ..." */
static char *model_words(const struct trip *trip)
{
	const struct trip_card *was = &trip->before, *is = &trip->card;

	if (!*was->driver || !*is->driver)
		return mem_printf("%s", "");
	if (strcmp(was->driver, is->driver) || strcmp(was->pci, is->pci))
		return mem_printf("; another model: %s %s, not %s %s", is->driver, is->pci,
				  was->driver, was->pci);
	if (was->rx_queues != is->rx_queues || was->tx_queues != is->tx_queues)
		return mem_printf("; the same model, with %u+%u queues, not %u+%u", is->rx_queues,
				  is->tx_queues, was->rx_queues, was->tx_queues);
	return mem_printf("; the same model");
}

static char *cost_words(const struct trip *trip)
{
	char *flood = trip->has_flood ? mem_printf(", %" PRIu64 " flooded lost", trip->flood) :
					mem_printf("%s", "");
	char *text;

	text = trip->has_cost ? mem_printf("; %.1f ms without a path, %" PRIu64 " frames dropped%s",
					   (double)trip->gap / 1e6, trip->dropped, flood) :
				mem_printf("%s", "");
	free(flood);
	return text;
}

static char *settings_words(const struct trip_settings *settings)
{
	if (!settings->restored && !settings->failed)
		return mem_printf("%s", "");
	if (settings->failed)
		return mem_printf("; %u of its settings are back, %u are not", settings->restored,
				  settings->failed);
	return mem_printf("; its settings are back (%u)", settings->restored);
}

static void add_cards(struct report *report, const struct trip_card *is,
		      const struct trip_card *was)
{
	if (*is->driver) {
		add(report, "NET_FAILOVER_DRIVER=%s", is->driver);
		add(report, "NET_FAILOVER_PCI_ID=%s", is->pci);
		add(report, "NET_FAILOVER_QUEUES=%u+%u", is->rx_queues, is->tx_queues);
	}
	if (*was->driver) {
		add(report, "NET_FAILOVER_DRIVER_BEFORE=%s", was->driver);
		add(report, "NET_FAILOVER_PCI_ID_BEFORE=%s", was->pci);
		add(report, "NET_FAILOVER_QUEUES_BEFORE=%u+%u", was->rx_queues, was->tx_queues);
	}
}

static void add_trip(struct report *report, const struct trip *trip)
{
	add(report, "NET_FAILOVER_MASTER=%s", trip->name);
	add(report, "NET_FAILOVER_IFINDEX=%" PRIu32, trip->ifindex);
	add(report, "NET_FAILOVER_LOWER=%s", trip->primary);
	add(report, "NET_FAILOVER_AWAY_NSEC=%" PRIu64, trip->end - trip->begin);
	add(report, "NET_FAILOVER_STANDBY_NSEC=%" PRIu64, trip->standby);
	if (trip->has_cost) {
		add(report, "NET_FAILOVER_GAP_NSEC=%" PRIu64, trip->gap);
		add(report, "NET_FAILOVER_DROPPED=%" PRIu64, trip->dropped);
	}
	if (trip->has_flood)
		add(report, "NET_FAILOVER_FLOOD_LOST=%" PRIu64, trip->flood);
	add_cards(report, &trip->card, &trip->before);
	if (!trip->settings.known)
		return;
	add(report, "NET_FAILOVER_SETTINGS=%u", trip->settings.restored);
	add(report, "NET_FAILOVER_SETTINGS_FAILED=%u", trip->settings.failed);
}

void report_trip(struct report *report, const struct trip *trip)
{
	char *cost = cost_words(trip), *model = model_words(trip);
	char *settings = settings_words(&trip->settings);
	double away = (double)(trip->end - trip->begin) / 1e9;

	begin(report, REPORT_RETURNED, kinds[REPORT_RETURNED].priority,
	      mem_printf("%s: back on a primary (%s) after %.1f s, the standby had %.1f s%s%s%s",
			 trip->name, trip->primary, away, (double)trip->standby / 1e9, cost, model,
			 settings));
	add_trip(report, trip);
	free(cost);
	free(model);
	free(settings);
}

static const struct {
	const char *word;
	int priority;
} unplugs[] = {
	[UNPLUG_HURRIED] = { "hurried", LOG_NOTICE },
	[UNPLUG_UNFIT] = { "unfit", LOG_WARNING },
	[UNPLUG_SHARED] = { "shared", LOG_NOTICE },
	[UNPLUG_FAILED] = { "failed", LOG_WARNING },
	[UNPLUG_CANCELLED] = { "cancelled", LOG_NOTICE },
	[UNPLUG_UNHEARD] = { "unheard", LOG_WARNING },
};

/* What the host wants of a pair, and what comes of it. */
static char *request_words(const struct unplug_report *unplug)
{
	char *standby = in_brackets(unplug->standby), *text = NULL;

	switch (unplug->what) {
	case UNPLUG_HURRIED:
		text = mem_printf("back: it leaves at once");
		break;
	case UNPLUG_UNFIT:
		text = mem_printf("back: not hurried, the standby%s %s", standby, unplug->why);
		break;
	case UNPLUG_SHARED:
		text = mem_printf("back: not hurried, its slot has more in it");
		break;
	case UNPLUG_FAILED:
		text = mem_printf("back: could not be hurried: %s", unplug->why);
		break;
	case UNPLUG_CANCELLED:
		text = mem_printf("to stay: it has changed its mind");
		break;
	case UNPLUG_UNHEARD:
		break;
	}
	free(standby);
	return text;
}

static char *unplug_words(const struct unplug_report *unplug)
{
	char *request = request_words(unplug), *text;

	text = request ? mem_printf("%s: the host wants the primary (%s) %s", unplug->master,
				    unplug->primary, request) :
			 mem_printf("native hot-plug will not be hurried: %s", unplug->why);
	free(request);
	return text;
}

void report_unplug(struct report *report, const struct unplug_report *unplug)
{
	begin(report, REPORT_UNPLUG, unplugs[unplug->what].priority, unplug_words(unplug));
	add(report, "NET_FAILOVER_UNPLUG=%s", unplugs[unplug->what].word);
	if (!unplug->ifindex)
		return;
	add(report, "NET_FAILOVER_MASTER=%s", unplug->master);
	add(report, "NET_FAILOVER_IFINDEX=%" PRIu32, unplug->ifindex);
	add(report, "NET_FAILOVER_LOWER=%s", unplug->primary);
	add(report, "NET_FAILOVER_SLOT=%s", unplug->slot);
}

void report_lost(struct report *report, uint64_t lost)
{
	begin(report, REPORT_LOST, lost ? LOG_WARNING : LOG_NOTICE, lost ?
	      mem_printf("at least %" PRIu64 " events are lost: they came too fast",
			 lost) :
	      mem_printf("events came too fast, but the kernel's ring had them all"));
	add(report, "NET_FAILOVER_LOST=%" PRIu64, lost);
}

void report_settings(struct report *report, const char *master, const char *lower,
		     size_t restored, size_t failed, const char *text)
{
	begin(report, REPORT_SETTINGS, failed ? LOG_WARNING : kinds[REPORT_SETTINGS].priority,
	      mem_printf("%s", text));
	add(report, "NET_FAILOVER_MASTER=%s", master);
	if (*lower)
		add(report, "NET_FAILOVER_LOWER=%s", lower);
	add(report, "NET_FAILOVER_SETTINGS=%zu", restored);
	add(report, "NET_FAILOVER_SETTINGS_FAILED=%zu", failed);
}

void report_words(struct report *report, enum report_kind kind, int priority,
		  const char *format, ...)
{
	va_list args;

	va_start(args, format);
	begin(report, kind, priority, mem_vprintf(format, args));
	va_end(args);
}

void report_free(struct report *report)
{
	while (report->n)
		free(report->v[--report->n]);
	free(report->v);
	*report = (struct report){ 0 };
}

const char *report_field(const struct report *report, const char *name)
{
	size_t i, len = strlen(name);

	for (i = 0; i < report->n; i++)
		if (!strncmp(report->v[i], name, len) && report->v[i][len] == '=')
			return report->v[i] + len + 1;
	return NULL;
}

int report_kind_of(const char *word)
{
	int i;

	for (i = REPORT_NEWER + 1; i < REPORT_LOST; i++)
		if (!strcmp(kinds[i].word, word))
			return i;
	return -1;
}
