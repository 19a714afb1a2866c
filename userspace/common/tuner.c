// SPDX-License-Identifier: GPL-2.0
/* Reads and writes all the settings of a card. */
#include <net/if.h>

#include "common/tuner.h"

void tuner_read(struct ethnl *ethnl, uint32_t ifindex, struct tune *tune)
{
	char ifname[IFNAMSIZ];

	if (!if_indextoname(ifindex, ifname))
		return;
	if (ethnl)
		ethnl_read(ethnl, ifindex, tune);
	rss_read(ifname, tune);
	qdisc_read(ifindex, tune);
	queue_read(ifindex, ifname, tune);
}

void tuner_write(struct ethnl *ethnl, uint32_t ifindex, const struct tune *values,
		 ethnl_refused refused, void *data)
{
	char ifname[IFNAMSIZ];

	if (ethnl)
		ethnl_write(ethnl, ifindex, values, refused, data);
	if (!if_indextoname(ifindex, ifname))
		return;
	rss_write(ifname, values, refused, data);
	qdisc_write(ifindex, values, refused, data);
	queue_write(ifindex, ifname, values, refused, data);
}
