// SPDX-License-Identifier: GPL-2.0
/* Reads and writes all the settings of a card. */
#include <errno.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/tuner.h"

/* A card is renamed once, by udev; more often only by somebody who means no good. */
#define RENAME_TRIES 3

int tuner_ioctl(uint32_t ifindex, unsigned long what, struct ifreq *ifreq)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), ret = -ENODEV, i;

	if (fd < 0)
		return -errno;
	for (i = 0; i < RENAME_TRIES && ret == -ENODEV; i++)
		if (if_indextoname(ifindex, ifreq->ifr_name))
			ret = ioctl(fd, what, ifreq) < 0 ? -errno : 0;
	close(fd);
	return ret;
}

void tuner_read(struct ethnl *ethnl, uint32_t ifindex, struct tune *tune)
{
	if (ethnl)
		ethnl_read(ethnl, ifindex, tune);
	rss_read(ifindex, tune);
	qdisc_read(ifindex, tune);
	queue_read(ifindex, tune);
}

void tuner_write(struct ethnl *ethnl, uint32_t ifindex, const struct tune *values,
		 ethnl_refused refused, void *data)
{
	if (ethnl)
		ethnl_write(ethnl, ifindex, values, refused, data);
	rss_write(ifindex, values, refused, data);
	qdisc_write(ifindex, values, refused, data);
	queue_write(ifindex, values, refused, data);
}
