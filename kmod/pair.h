/* SPDX-License-Identifier: GPL-2.0 */
/* Which device belongs to which pair, in which place. */
#ifndef NFO_PAIR_H
#define NFO_PAIR_H

#include <linux/if_arp.h>
#include <linux/pci.h>
#include "nfo.h"

/* The address that a device was made with. Before and while it registers,
 * perm_addr is not set by most drivers, but dev_addr is and says so.
 */
static inline const u8 *nfo_permanent_addr(const struct net_device *dev)
{
	return dev->addr_assign_type == NET_ADDR_PERM ? dev->dev_addr : dev->perm_addr;
}

/* The place that @dev has in @pair wherever it is, NULL if it is a stranger. The
 * standby is known by its pointer; a primary is a PCI Ethernet device with the
 * master's permanent address. RTNL.
 */
static inline struct nfo_lower *nfo_pair_match(struct nfo_pair *pair, const struct net_device *dev)
{
	const u8 *addr = nfo_permanent_addr(dev);

	if (pair->dying)
		return NULL;
	if (dev == pair->standby_dev)
		return &pair->lower[NFO_STANDBY];
	if (dev->type != ARPHRD_ETHER || !dev->dev.parent || !dev_is_pci(dev->dev.parent))
		return NULL;
	if (is_zero_ether_addr(addr) || !ether_addr_equal(addr, pair->dev->perm_addr))
		return NULL;
	return &pair->lower[NFO_PRIMARY];
}

/* The same for a device of the master's network namespace alone. */
static inline struct nfo_lower *nfo_pair_slot(struct nfo_pair *pair, const struct net_device *dev)
{
	return net_eq(dev_net(dev), dev_net(pair->dev)) ? nfo_pair_match(pair, dev) : NULL;
}

/* And for one of the initial namespace, where every card appears and which a
 * master may have left.
 */
static inline struct nfo_lower *nfo_pair_follower(struct nfo_pair *pair,
						  const struct net_device *dev)
{
	return net_eq(dev_net(dev), &init_net) && !net_eq(dev_net(pair->dev), &init_net) ?
		nfo_pair_match(pair, dev) : NULL;
}

#endif /* NFO_PAIR_H */
