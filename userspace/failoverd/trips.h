/* SPDX-License-Identifier: GPL-2.0 */
/* Tells of each trip once it is over: what it cost, and what came back. */
#ifndef FAILOVERD_TRIPS_H
#define FAILOVERD_TRIPS_H

#include <systemd/sd-event.h>

#include "failoverd/report.h"
#include "failoverd/trip.h"

struct trips {
	struct trips_log log;	/* saved over a restart (state.c) */
	sd_event_source *timer;
	/* Takes the report over. */
	void (*tell)(void *data, struct report *report);
	void *data;
};

/* 0 or a negative errno. */
int trips_start(struct trips *trips, sd_event *event);
void trips_event(struct trips *trips, const struct genl_event *event);
/* After events: the pairs as they are now. */
void trips_look(struct trips *trips, const struct pairs *pairs);
/*
 * For whoever puts a card's settings back on the one that took its place: how
 * many of them are back and how many are not, within a second or so after it
 * carries traffic. Without this call the report leaves them out.
 */
void trips_settings(struct trips *trips, uint32_t master, unsigned int restored,
		    unsigned int failed);
void trips_stop(struct trips *trips);

#endif
