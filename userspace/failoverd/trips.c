// SPDX-License-Identifier: GPL-2.0
/* Tells of each trip once it is over: what it cost, and what came back. */
#include <stdlib.h>
#include <time.h>

#include "failoverd/card.h"
#include "failoverd/trips.h"

static void tell_all(struct trips *trips, struct trips_log *told)
{
	size_t i;

	for (i = 0; i < told->n; i++) {
		struct report report;

		report_trip(&report, &told->v[i]);
		trips->tell(trips->data, &report);
	}
	trip_clear(told);
}

static void set_timer(struct trips *trips)
{
	uint64_t next = trip_next(&trips->log);

	sd_event_source_set_enabled(trips->timer, next == TRIP_NEVER ? SD_EVENT_OFF :
						  SD_EVENT_ONESHOT);
	if (next != TRIP_NEVER)
		sd_event_source_set_time(trips->timer, next / 1000 + 1);
}

static void look(struct trips *trips, const struct pairs *pairs)
{
	size_t i;

	for (i = 0; i < pairs->n; i++) {
		const struct pair *pair = &pairs->v[i];
		struct trip_card card;
		bool is = pair->primary.present && card_read(pair->primary.name, &card);

		trip_look(&trips->log, pair, is ? &card : NULL);
	}
}

static int on_timer(sd_event_source *source, uint64_t usec, void *data)
{
	struct trips *trips = data;
	struct trips_log told = { 0 };
	struct timespec now = { 0 };
	struct pairs pairs;

	(void)source;
	(void)usec;
	if (!genl_pairs(&pairs))
		look(trips, &pairs);
	free(pairs.v);
	clock_gettime(CLOCK_BOOTTIME, &now);
	trip_expire(&trips->log, now.tv_sec * 1000000000ULL + now.tv_nsec, &told);
	tell_all(trips, &told);
	set_timer(trips);
	return 0;
}

int trips_start(struct trips *trips, sd_event *event)
{
	int ret = sd_event_add_time(event, &trips->timer, CLOCK_BOOTTIME, UINT64_MAX, 0, on_timer,
				    trips);

	if (ret >= 0)
		ret = sd_event_source_set_enabled(trips->timer, SD_EVENT_OFF);
	return ret < 0 ? ret : 0;
}

void trips_event(struct trips *trips, const struct genl_event *event)
{
	struct trips_log told = { 0 };

	trip_event(&trips->log, event, &told);
	tell_all(trips, &told);
}

void trips_look(struct trips *trips, const struct pairs *pairs)
{
	look(trips, pairs);
	set_timer(trips);
}

void trips_settings(struct trips *trips, uint32_t master, unsigned int restored,
		    unsigned int failed)
{
	trip_settings(&trips->log, master, &(struct trip_settings){ true, restored, failed });
}

void trips_stop(struct trips *trips)
{
	sd_event_source_disable_unref(trips->timer);
	trip_clear(&trips->log);
}
