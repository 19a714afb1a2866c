/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A trip: a primary left, and one came back, as in a live migration. Pure:
 * events and facts come in, and what is to be told comes out. All times are
 * nanoseconds of CLOCK_BOOTTIME, which no resume and no administrator sets.
 */
#ifndef FAILOVERD_TRIP_H
#define FAILOVERD_TRIP_H

#include "common/genl.h"

#define TRIP_NEVER UINT64_MAX

/* What kind of card it is; driver "": not known. */
struct trip_card {
	char driver[WORD_LEN];
	char pci[16];			/* "8086:10d3" */
	unsigned int rx_queues, tx_queues;
};

/* Whether the settings that the card had were put back on the one that returned. */
struct trip_settings {
	bool known;
	unsigned int restored, failed;
};

struct trip {
	uint32_t ifindex;
	char name[NAME_LEN];
	uint32_t active;		/* enum net_failover_role, since then */
	uint64_t since;

	bool away;			/* traffic is off the primary */
	bool left;			/* and the card was gone in between */
	uint64_t begin, end;		/* end 0: not back yet */
	uint64_t standby;		/* ns on the standby */
	bool has_cost;
	uint64_t gap, dropped;		/* ns without any path, frames dropped meanwhile */
	bool has_flood;
	uint64_t flood;			/* flooded frames lost: first the counter, then how many */
	struct trip_card before, card;
	char primary[NAME_LEN];		/* the name of the card that came back */
	struct trip_settings settings;

	bool has_flood_now;
	uint64_t flood_now;		/* the counter when it was last looked at */
};

struct trips_log {
	struct trip *v;
	size_t n;
};

/* What one event changes; ended trips are added to told. */
void trip_event(struct trips_log *log, const struct genl_event *event, struct trips_log *told);
/* A pair as it is now, and what card its primary is (NULL: it has none). */
void trip_look(struct trips_log *log, const struct pair *pair, const struct trip_card *card);
/* What was done for the card that is the primary now. */
void trip_settings(struct trips_log *log, uint32_t ifindex, const struct trip_settings *settings);
/* Those that ended long enough ago for all of it to be known. */
void trip_expire(struct trips_log *log, uint64_t now, struct trips_log *told);
/* When trip_expire() has something to say. */
uint64_t trip_next(const struct trips_log *log);

/* One known from before a restart. */
void trip_restore(struct trips_log *log, const struct trip *trip);
void trip_clear(struct trips_log *log);

#endif
