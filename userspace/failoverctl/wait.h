/* SPDX-License-Identifier: GPL-2.0 */
/* Waiting in the commands that go on until somebody ends them. */
#ifndef FAILOVERCTL_WAIT_H
#define FAILOVERCTL_WAIT_H

#include <stdbool.h>
#include <stddef.h>
#include <poll.h>

enum wait_end {
	WAIT_NEWS,	/* one of the fds has something */
	WAIT_TIME,	/* the time is over */
	WAIT_STOP,	/* a signal asks to end, or nobody reads our output */
};

#define WAIT_FDS 4	/* at most */

struct wait {
	int signals;
	long long deadline;	/* CLOCK_BOOTTIME, ms; -1: none */
};

/* From now on SIGINT, SIGTERM and a closed output end wait_for(), not us. */
int wait_open(struct wait *wait, int timeout_ms);
/* Until an fd (-1: none) is readable, ms are over (-1: never) or the deadline is. */
enum wait_end wait_for(const struct wait *wait, const int *fds, size_t n, int ms);
bool wait_is_over(const struct wait *wait);
void wait_close(struct wait *wait);

#endif
