/* SPDX-License-Identifier: GPL-2.0 */
/* Which events are news: what genl_watch.c does without a socket. */
#ifndef COMMON_GENL_WATCH_H
#define COMMON_GENL_WATCH_H

#include "common/genl.h"

/* The last event that was told; epoch 0: none yet. */
struct genl_place {
	uint64_t epoch, seq;
};

/* Adds the events that follow without a gap; says how many were looked at. */
size_t genl_take_live(struct genl_place *place, const struct genl_events *live,
		      struct genl_news *news);
/* Adds what of the ring is new, and counts what is gone for good. */
void genl_take_ring(struct genl_place *place, const struct genl_events *ring,
		    struct genl_news *news);

#endif
