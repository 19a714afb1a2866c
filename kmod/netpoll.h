/* SPDX-License-Identifier: GPL-2.0 */
/* netpoll of the master, for netconsole; see netpoll.c. */
#ifndef NFO_NETPOLL_H
#define NFO_NETPOLL_H

#include <linux/netpoll.h>
#include "nfo.h"

#ifdef CONFIG_NET_POLL_CONTROLLER
int nfo_netpoll_setup(NFO_NETPOLL_ARGS);
void nfo_netpoll_cleanup(struct net_device *master);
int nfo_netpoll_add_late(struct nfo_lower *lower, struct net_device *dev);
void nfo_netpoll_remove(struct nfo_lower *lower);

#define NFO_NETPOLL_OPS \
	.ndo_netpoll_setup	= nfo_netpoll_setup, \
	.ndo_netpoll_cleanup	= nfo_netpoll_cleanup,

/* Whether it is netpoll that sends now: with interrupts off, which nobody else does.
 * Softirqs off, as in every ndo_start_xmit().
 */
static inline bool nfo_is_polled(const struct nfo_pair *pair)
{
	return READ_ONCE(pair->polled) && netpoll_tx_running(pair->dev);
}
#else
static inline int nfo_netpoll_add_late(struct nfo_lower *lower, struct net_device *dev)
{
	return 0;
}

static inline void nfo_netpoll_remove(struct nfo_lower *lower)
{
}

#define NFO_NETPOLL_OPS

static inline bool nfo_is_polled(const struct nfo_pair *pair)
{
	return false;
}
#endif

#endif /* NFO_NETPOLL_H */
