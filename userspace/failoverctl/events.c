// SPDX-License-Identifier: GPL-2.0
/* An event as text and as JSON. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "common/escape.h"
#include "common/json.h"
#include "common/mem.h"
#include "common/words.h"
#include "failoverctl/events.h"
#include "failoverctl/page.h"

#define NSEC_PER_MSEC UINT64_C(1000000)

void events_date(uint64_t when, char text[EVENTS_DATE_LEN])
{
	char date[PAGE_DATE_LEN];

	page_date(when, date);
	snprintf(text, EVENTS_DATE_LEN, "%s.%03u", date,
		 (unsigned int)(when / NSEC_PER_MSEC % 1000));
}

/* "; nothing carried traffic for 12.3 ms, 4 frames dropped" */
static char *switch_cost(const struct genl_event *event)
{
	char *gap, *text;

	if (!event->gap && !event->dropped)
		return mem_printf("%s", "");
	gap = event->gap ? mem_printf("; nothing carried traffic for %" PRIu64 ".%" PRIu64 " ms",
				      event->gap / NSEC_PER_MSEC,
				      event->gap / (NSEC_PER_MSEC / 10) % 10) :
			   mem_printf("%s", "");
	text = event->dropped ?
	       mem_printf("%s; %" PRIu64 " frame%s dropped", gap, event->dropped,
			  event->dropped == 1 ? "" : "s") :
	       mem_printf("%s", gap);
	free(gap);
	return text;
}

static char *switch_text(const struct genl_event *event)
{
	char *cost = switch_cost(event);
	char *text = mem_printf("%s -> %s: %s%s", words_role(event->from), words_role(event->to),
				words_reason(event->reason)->text, cost);

	free(cost);
	return text;
}

static const char * const phrases[] = {
	[NET_FAILOVER_EVENT_CREATED] = "a pair begins",
	[NET_FAILOVER_EVENT_DESTROYED] = "the pair ends",
	[NET_FAILOVER_EVENT_CLAIMED] = "belongs to the pair",
	[NET_FAILOVER_EVENT_CONFIGURED] = "has the master's settings",
	[NET_FAILOVER_EVENT_LEAVING] = "is about to be removed",
	[NET_FAILOVER_EVENT_RELEASED] = "is gone",
	[NET_FAILOVER_EVENT_DRAINED] = "held back by an administrator",
	[NET_FAILOVER_EVENT_UNDRAINED] = "may be used again",
};

char *events_text(const struct genl_event *event)
{
	const size_t n = sizeof(phrases) / sizeof(*phrases);

	if (event->has_switch)
		return switch_text(event);
	if (event->error)
		return mem_printf("%s; %s", strerror(-event->error),
				  words_error_advice(event->error));
	return mem_printf("%s", event->kind < n && phrases[event->kind] ?
			  phrases[event->kind] : "");
}

static void put_switch(struct json_object *object, const struct genl_event *event)
{
	bool is = event->has_switch;

	json_put_string(object, "from", is ? words_role(event->from) : NULL);
	json_put_string(object, "to", is ? words_role(event->to) : NULL);
	json_put_string(object, "reason", is ? words_reason(event->reason)->code : NULL);
	json_put_string(object, "reason_text", is ? words_reason(event->reason)->text : NULL);
	json_put_u64(object, "gap_ns", event->has_gap, event->gap);
	json_put_u64(object, "dropped", event->has_dropped, event->dropped);
}

struct json_object *events_json(const struct genl_event *event)
{
	struct json_object *object = json_object_new_object();
	char date[JSON_DATE_LEN], epoch[32];
	bool derived = !event->seq;

	json_date(event->realtime, date);
	snprintf(epoch, sizeof(epoch), "%" PRIu64, event->epoch);
	json_put_string(object, "type", "event");
	json_put_string(object, "event", words_event(event->kind));
	json_put_string(object, "time", date);
	json_put_u64(object, "boottime_ns", true, event->boottime);
	json_put_string(object, "epoch", derived ? NULL : epoch);
	json_put_u64(object, "seq", !derived, event->seq);
	json_put_bool(object, "derived", derived);
	json_put_string(object, "master", event->name);
	json_put_u64(object, "ifindex", true, event->ifindex);
	json_put_string(object, "role", event->role ? words_role(event->role) : NULL);
	json_put_string(object, "lower", event->lower);
	json_put_u64(object, "lower_ifindex", event->lower_ifindex, event->lower_ifindex);
	put_switch(object, event);
	json_put(object, "error", json_object_new_int(event->error));
	json_put_string(object, "error_text", event->error ? strerror(-event->error) : NULL);
	return object;
}

bool events_match(const struct genl_event *event, char **names)
{
	char name[NAME_LEN];

	if (!*names)
		return true;
	for (; *names; names++) {
		escape_copy(name, sizeof(name), *names);
		if (!strcmp(name, event->name) || !strcmp(name, event->lower))
			return true;
	}
	return false;
}
