/* SPDX-License-Identifier: GPL-2.0 */
/* What a daemon that is killed leaves to the next one: a file below /run. */
#ifndef FAILOVERD_STATE_H
#define FAILOVERD_STATE_H

#include "failoverd/policy.h"
#include "failoverd/trip.h"

struct state {
	uint64_t epoch, seq;	/* of the last event that was told; 0, 0: none */
	bool telling;		/* it was about to be told: it may or may not have been */
};

/* 0 also where there is no file; -EBADMSG: it makes no sense, and nothing was taken from it. */
int state_load(const char *path, struct state *state, struct policy *policy,
	       struct trips_log *trips);
/* At once or not at all. */
int state_save(const char *path, const struct state *state, const struct policy *policy,
	       const struct trips_log *trips);

#endif
