// SPDX-License-Identifier: GPL-2.0
/* Waiting in the commands that go on until somebody ends them. */
#include <errno.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "failoverctl/wait.h"

static long long now_ms(void)
{
	struct timespec ts = { 0 };

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return ts.tv_sec * 1000LL + ts.tv_nsec / 1000000;
}

int wait_open(struct wait *wait, int timeout_ms)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	wait->deadline = timeout_ms < 0 ? -1 : now_ms() + timeout_ms;
	wait->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return wait->signals < 0 ? -errno : 0;
}

bool wait_is_over(const struct wait *wait)
{
	return wait->deadline >= 0 && now_ms() >= wait->deadline;
}

/* The shorter of both times; -1: for ever. */
static int shorten(const struct wait *wait, int ms)
{
	long long left = wait->deadline - now_ms();

	if (wait->deadline < 0 || (ms >= 0 && ms < left))
		return ms;
	return left > 0 ? (int)left : 0;
}

enum wait_end wait_for(const struct wait *wait, const int *fds, size_t n, int ms)
{
	/* A pipe or socket that nobody reads any more is told without being asked for. */
	struct pollfd polled[2 + WAIT_FDS] = {
		{ .fd = wait->signals, .events = POLLIN },
		{ .fd = STDOUT_FILENO },
	};
	size_t i;
	int ret;

	for (i = 0; i < n && i < WAIT_FDS; i++)
		polled[2 + i] = (struct pollfd){ .fd = fds[i], .events = POLLIN };
	ret = poll(polled, 2 + i, shorten(wait, ms));
	if (ret < 0)
		return errno == EINTR ? WAIT_NEWS : WAIT_STOP;
	if (polled[0].revents || polled[1].revents & (POLLERR | POLLHUP | POLLNVAL))
		return WAIT_STOP;
	return ret ? WAIT_NEWS : WAIT_TIME;
}

void wait_close(struct wait *wait)
{
	close(wait->signals);
}
