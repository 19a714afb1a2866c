/* SPDX-License-Identifier: GPL-2.0 */
/* A lower's life; see lower.c. */
#ifndef NFO_LOWER_H
#define NFO_LOWER_H

#include <linux/rtnetlink.h>
#include "nfo.h"

/* What is switched off on the lowers when it is on the master. What is done for
 * sending follows from how the master hands frames to them.
 */
#define NFO_PASSED (NETIF_F_RXCSUM | NETIF_F_RXHASH | NETIF_F_LRO | NETIF_F_GRO_HW)

/* The device of a place whose device has the master's settings. RTNL. */
static inline struct net_device *nfo_configured(const struct nfo_lower *lower)
{
	return (lower->flags & NFO_CONFIGURED) ? rtnl_dereference(lower->dev) : NULL;
}

struct nfo_lower *nfo_lower_of(const struct net_device *dev);
int nfo_lower_claim(struct nfo_lower *lower, struct net_device *dev);
void nfo_lower_release(struct nfo_lower *lower, bool gone);
int nfo_lower_configure(struct nfo_lower *lower);
void nfo_lower_unconfigure(struct nfo_lower *lower);
int nfo_lower_set_mtu(struct nfo_lower *lower, int mtu);
void nfo_lower_sync_features(struct nfo_lower *lower);
void nfo_lower_sync_flags(struct nfo_lower *lower);
void nfo_lower_mark(struct net_device *dev);
void nfo_lower_unmark(struct net_device *dev);

#endif /* NFO_LOWER_H */
