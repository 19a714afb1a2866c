// SPDX-License-Identifier: GPL-2.0
/*
 * The pace of a sender: packet N is due at start + N/rate. One that fell behind catches up at twice
 * its rate at most and never skips a number.
 */
#include "probe.h"
#include "probe_pace.h"

#define SHORTEST (NSEC / 2000)	/* a tick: less is not worth waking up for */

static int64_t tick_of(const struct pace *pace)
{
	int64_t period = NSEC / pace->rate;

	return period > SHORTEST ? period : SHORTEST;
}

uint32_t pace_due(const struct pace *pace, int64_t now, uint32_t sent)
{
	uint32_t quota = (2 * tick_of(pace) * pace->rate + NSEC - 1) / NSEC;
	int64_t due = (now - pace->start) * pace->rate / NSEC + 1 - sent;

	if (due > pace->count - sent)
		due = pace->count - sent;
	return due > quota ? quota : due;
}

int64_t pace_wake(const struct pace *pace, int64_t now, uint32_t sent)
{
	int64_t wake = pace->start + sent * NSEC / pace->rate, tick = tick_of(pace);

	if (wake <= now || NSEC / pace->rate < tick)	/* behind, or faster than ticks are */
		wake = now + tick;
	return wake;
}
