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

/* The place that @dev has in @pair, NULL if it is a stranger. The standby is
 * known by its pointer; a primary is a PCI Ethernet device of the master's
 * namespace with the master's permanent address. RTNL.
 */
static inline struct nfo_lower *nfo_pair_slot(struct nfo_pair *pair, const struct net_device *dev)
{
	const u8 *addr = nfo_permanent_addr(dev);

	if (pair->dying || !net_eq(dev_net(dev), dev_net(pair->dev)))
		return NULL;
	if (dev == pair->standby_dev)
		return &pair->lower[NFO_STANDBY];
	if (dev->type != ARPHRD_ETHER || !dev->dev.parent || !dev_is_pci(dev->dev.parent))
		return NULL;
	if (is_zero_ether_addr(addr) || !ether_addr_equal(addr, pair->dev->perm_addr))
		return NULL;
	return &pair->lower[NFO_PRIMARY];
}

#endif /* NFO_PAIR_H */
