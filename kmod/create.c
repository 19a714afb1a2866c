// SPDX-License-Identifier: GPL-2.0
/* The two exported symbols.
 *
 * genksyms hashes every struct that is visible here and reachable from the
 * arguments, so this list of includes decides the CRCs, which must equal those
 * of the distribution's module. Neither add to it nor take from it;
 * kmod/check-crcs compares them at every build.
 */
#include <linux/netdevice.h>
#include <linux/etherdevice.h>
#include <linux/ethtool.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/netpoll.h>
#include <linux/rtnetlink.h>
#include <linux/if_vlan.h>
#include <linux/pci.h>
#include <net/sch_generic.h>
#include <uapi/linux/if_arp.h>
#include <net/net_failover.h>
#include "nfo.h"

/**
 * net_failover_create() - make the master of a standby
 * @standby_dev: virtio_net's device, not registered yet
 *
 * Called by virtio_net without RTNL where VIRTIO_NET_F_STANDBY was negotiated.
 *
 * Return: a handle for net_failover_destroy(); NULL where no master could be
 * made, and the card then works by itself, which beats a failing probe.
 */
struct failover *net_failover_create(struct net_device *standby_dev)
{
	struct nfo_pair *pair = nfo_pair_create(standby_dev);

	return pair ? &pair->failover : NULL;
}
EXPORT_SYMBOL_GPL(net_failover_create);

/**
 * net_failover_destroy() - take the master down and let its lowers go
 * @failover: what net_failover_create() returned; NULL is fine
 *
 * Called by virtio_net without RTNL, also for cards without the feature.
 */
void net_failover_destroy(struct failover *failover)
{
	if (failover)
		nfo_pair_destroy(nfo_pair_of_failover(failover));
}
EXPORT_SYMBOL_GPL(net_failover_destroy);
