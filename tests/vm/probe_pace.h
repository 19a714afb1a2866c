/* SPDX-License-Identifier: GPL-2.0 */
/* When packets are due. */
#ifndef PROBE_PACE_H
#define PROBE_PACE_H

#include <stdint.h>

struct pace {
	int64_t start;		/* ns; all times are of one clock that does not jump */
	unsigned int rate;	/* packets a second, not 0 */
	uint32_t count;		/* packets in all */
};

/* How many to send now, after so many: at most twice the pace in one tick. */
uint32_t pace_due(const struct pace *pace, int64_t now, uint32_t sent);

/* When to look again, having looked at `now` and sent so many. */
int64_t pace_wake(const struct pace *pace, int64_t now, uint32_t sent);

#endif
