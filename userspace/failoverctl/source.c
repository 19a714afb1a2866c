// SPDX-License-Identifier: GPL-2.0
/*
 * Where monitor's events come from. Our module tells them. The in-tree one
 * does not: any change of a network card, as rtnetlink tells it, makes us look
 * at sysfs again, and what differs is concluded to have happened.
 */
#include <errno.h>
#include <unistd.h>

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include "common/recorded.h"
#include "common/sysfs.h"
#include "failoverctl/source.h"

/* Whatever is said, it is a reason to look: so overruns do no harm. */
static int open_links(void)
{
	const struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK };
	int fd;

	if (sysfs_replaced())
		return recorded_wake();
	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
	if (fd >= 0 && bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0) {
		close(fd);
		fd = -1;
	}
	return fd;
}

static bool drain_links(int fd)
{
	char buf[32768];
	bool any = false;

	while (fd >= 0 && (read(fd, buf, sizeof(buf)) > 0 || errno == ENOBUFS))
		any = true;
	return any;
}

static int read_recorded(struct source *source, struct genl_news *news)
{
	struct genl_events ring;
	int ret = recorded_events(&ring);

	*news = (struct genl_news){ .present = !ret };
	if (!ret)
		genl_take_ring(&source->place, &ring, news);
	genl_events_free(&ring);
	return ret == -ENOENT ? 0 : ret;
}

static int read_told(struct source *source, struct genl_news *news)
{
	return source->watch ? genl_watch_read(source->watch, news) :
			       read_recorded(source, news);
}

int source_open(struct source *source)
{
	struct genl_news news = { 0 };
	int ret = 0;

	*source = (struct source){ .links = -1 };
	if (!sysfs_replaced())
		ret = genl_watch_open(&source->watch, 0, 0);
	if (ret)
		return ret;
	source->links = open_links();
	ret = read_told(source, &news);
	source->told = news.present;
	if (!ret)
		ret = derive_look(&source->derive, NULL);
	genl_events_free(&news.events);
	return ret;
}

int source_fds(const struct source *source, int *fds)
{
	fds[0] = source->watch ? genl_watch_fd(source->watch) : -1;
	fds[1] = source->links;
	return 2;
}

int source_read(struct source *source, struct genl_news *news)
{
	bool changed = drain_links(source->links);
	int ret = read_told(source, news);

	if (ret || (!changed && source->told == news->present))
		return ret;
	source->told = news->present;
	return derive_look(&source->derive, source->told ? NULL : &news->events);
}

void source_close(struct source *source)
{
	genl_watch_close(source->watch);
	if (source->links >= 0)
		close(source->links);
	derive_forget(&source->derive);
}
