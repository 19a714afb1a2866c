/* SPDX-License-Identifier: GPL-2.0 */
/* Whether a removal that the host has asked for may be completed at once. Pure. */
#ifndef FAILOVERD_HURRY_H
#define FAILOVERD_HURRY_H

#include "common/model.h"
#include "common/slot.h"

enum hurry {
	HURRY_NOW,
	HURRY_NOT_OURS,		/* no primary of ours is in the slot: nothing to be said */
	HURRY_SHARED,		/* one is, and something else beside it */
	HURRY_UNFIT,		/* a standby could not carry the traffic */
};

struct hurry_answer {
	enum hurry what;
	const struct pair *pair;	/* the one whose primary it is, or whose standby is unfit */
	const char *lack;		/* HURRY_UNFIT: what the standby has or is */
};

struct hurry_answer hurry_decide(const struct slot *slot, const struct pairs *pairs);

#endif
