/* SPDX-License-Identifier: GPL-2.0 */
/* Native XDP of the master; see xdp.c. */
#ifndef NFO_XDP_H
#define NFO_XDP_H

#include "nfo.h"

int nfo_xdp_apply(struct nfo_lower *lower, struct net_device *dev);
void nfo_xdp_remove(struct nfo_lower *lower, struct net_device *dev);

/* Whether frames of this lower have not passed the master's program. Any context. */
static inline bool nfo_xdp_bypassed(const struct nfo_lower *lower)
{
	return READ_ONCE(lower->pair->xdp) && !(READ_ONCE(lower->flags) & NFO_CONFIGURED);
}

int nfo_bpf(struct net_device *master, struct netdev_bpf *bpf);

#endif /* NFO_XDP_H */
