// SPDX-License-Identifier: GPL-2.0
/*
 * A trip begins when traffic leaves the primary and is one only if the card
 * goes too: one that lost its carrier for a while made none. It ends when a
 * primary carries traffic again, and is told a little later, when flooded
 * frames have settled and the new card's settings are done; or at once, if
 * that card leaves again before.
 */
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "failoverd/trip.h"

#define SETTLE_NS	2000000000ULL

static struct trip *find(const struct trips_log *log, uint32_t ifindex)
{
	size_t i;

	for (i = 0; i < log->n; i++)
		if (log->v[i].ifindex == ifindex)
			return &log->v[i];
	return NULL;
}

static struct trip *add(struct trips_log *log, const struct trip *trip)
{
	log->v = mem_grow(log->v, log->n, sizeof(*log->v));
	log->v[log->n] = *trip;
	return &log->v[log->n++];
}

static struct trip *find_or_add(struct trips_log *log, uint32_t ifindex, const char *name)
{
	struct trip *trip = find(log, ifindex);

	if (!trip)
		trip = add(log, &(struct trip){ .ifindex = ifindex });
	memcpy(trip->name, name, sizeof(trip->name));
	return trip;
}

static void begin(struct trip *trip, uint64_t when)
{
	trip->away = true;
	trip->left = false;
	trip->begin = when;
	trip->end = 0;
	trip->standby = 0;
	trip->gap = 0;
	trip->dropped = 0;
	trip->has_cost = true;
	trip->has_flood = trip->has_flood_now;
	trip->flood = trip->flood_now;
	trip->before = trip->card;
	trip->settings = (struct trip_settings){ 0 };
}

static void tell(struct trip *trip, struct trips_log *told)
{
	struct trip *to = add(told, trip);

	to->has_flood = trip->has_flood && trip->has_flood_now;
	to->flood = trip->flood_now >= trip->flood ? trip->flood_now - trip->flood : 0;
	trip->away = false;
	trip->end = 0;
}

static void take_switch(struct trip *trip, const struct genl_event *event, struct trips_log *told)
{
	bool to_primary = event->to == NET_FAILOVER_ROLE_PRIMARY;

	if (event->from == NET_FAILOVER_ROLE_PRIMARY && !to_primary) {
		if (trip->end)
			tell(trip, told);
		if (!trip->away)
			begin(trip, event->boottime);
	} else if (trip->away && trip->active == NET_FAILOVER_ROLE_STANDBY) {
		trip->standby += event->boottime - trip->since;
	}
	if (trip->away) {
		trip->has_cost &= event->has_gap;
		trip->gap += event->gap;
		trip->dropped += event->dropped;
	}
	trip->active = event->to;
	trip->since = event->boottime;
	if (!to_primary || !trip->away)
		return;
	memcpy(trip->primary, event->lower, sizeof(trip->primary));
	if (trip->left)
		trip->end = event->boottime;
	else
		trip->away = false;
}

static void take_release(struct trip *trip, const struct genl_event *event, struct trips_log *told)
{
	if (trip->end)
		tell(trip, told);
	if (!trip->away && trip->active == NET_FAILOVER_ROLE_PRIMARY)
		begin(trip, event->boottime);
	/* Of a primary that was not in use nobody misses anything. */
	trip->left = trip->away;
}

void trip_event(struct trips_log *log, const struct genl_event *event, struct trips_log *told)
{
	struct trip *trip = find(log, event->ifindex);

	if (event->kind == NET_FAILOVER_EVENT_DESTROYED) {
		if (trip)
			*trip = log->v[--log->n];
		return;
	}
	trip = find_or_add(log, event->ifindex, event->name);
	if (event->kind == NET_FAILOVER_EVENT_SWITCH && event->has_switch)
		take_switch(trip, event, told);
	else if (event->kind == NET_FAILOVER_EVENT_RELEASED &&
		 event->role == NET_FAILOVER_ROLE_PRIMARY)
		take_release(trip, event, told);
}

void trip_look(struct trips_log *log, const struct pair *pair, const struct trip_card *card)
{
	struct trip *trip = find_or_add(log, pair->ifindex, pair->name);

	trip->has_flood_now = pair->has_flood_lost;
	trip->flood_now = pair->flood_lost;
	if (card)
		trip->card = *card;
	if (!trip->away)
		trip->active = pair->active;
}

void trip_settings(struct trips_log *log, uint32_t ifindex, const struct trip_settings *settings)
{
	struct trip *trip = find(log, ifindex);

	if (trip)
		trip->settings = *settings;
}

static uint64_t due(const struct trip *trip)
{
	return trip->end ? trip->end + SETTLE_NS : TRIP_NEVER;
}

void trip_expire(struct trips_log *log, uint64_t now, struct trips_log *told)
{
	size_t i;

	for (i = 0; i < log->n; i++)
		if (due(&log->v[i]) <= now)
			tell(&log->v[i], told);
}

uint64_t trip_next(const struct trips_log *log)
{
	uint64_t next = TRIP_NEVER;
	size_t i;

	for (i = 0; i < log->n; i++)
		if (due(&log->v[i]) < next)
			next = due(&log->v[i]);
	return next;
}

void trip_restore(struct trips_log *log, const struct trip *trip)
{
	if (!find(log, trip->ifindex))
		add(log, trip);
}

void trip_clear(struct trips_log *log)
{
	free(log->v);
	*log = (struct trips_log){ 0 };
}
