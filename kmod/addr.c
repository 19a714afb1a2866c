// SPDX-License-Identifier: GPL-2.0
/* The master's address, and how its lowers come to have it.
 *
 * Both cards are made with the pair's address, by which they are found; another
 * one given to the master is given to them. A VF must take it, or the change is
 * refused: with an address that it does not have, its host would cut traffic.
 * virtio_net refuses to change the address of a standby. It keeps its own, and
 * the master's is a further one of it: it receives for that, and what is sent
 * bears the master's address in any case.
 */
#include <linux/if_vlan.h>
#include <linux/rtnetlink.h>
#include "lower.h"

/**
 * nfo_addr_fits() - whether a lower receives what is for its master
 * @lower: its place
 * @dev: its device
 *
 * Any context: while the master's address changes, it does.
 */
bool nfo_addr_fits(const struct nfo_lower *lower, const struct net_device *dev)
{
	const u8 *addr = lower->master->dev_addr;

	return READ_ONCE(lower->pair->addr_change) || ether_addr_equal(dev->dev_addr, addr) ||
	       ((READ_ONCE(lower->flags) & NFO_ADDR_ADDED) &&
		ether_addr_equal(lower->added_addr, addr));
}

static void nfo_addr_remove(struct nfo_lower *lower, struct net_device *dev)
{
	if (!(lower->flags & NFO_ADDR_ADDED))
		return;
	lower->flags &= ~NFO_ADDR_ADDED;
	dev_uc_del(dev, lower->added_addr);
}

static int nfo_addr_add(struct nfo_lower *lower, struct net_device *dev, const u8 *addr)
{
	int err = dev_uc_add(dev, addr);

	if (err)
		return err;
	nfo_addr_remove(lower, dev);
	ether_addr_copy(lower->added_addr, addr);
	lower->flags |= NFO_ADDR_ADDED;
	return 0;
}

static int nfo_addr_change(struct nfo_lower *lower, struct net_device *dev, const u8 *addr)
{
	struct sockaddr_storage sa = { .ss_family = dev->type };
	int err;

	ether_addr_copy(((struct sockaddr *)&sa)->sa_data, addr);
	lower->pair->own_change = true;		/* not refused by notify.c */
	err = dev_set_mac_address(dev, &sa, NULL);
	lower->pair->own_change = false;
	return err;
}

/**
 * nfo_addr_set() - have a lower receive for an address
 * @lower: a lower that is there
 * @addr: the address that its master has or will have
 *
 * RTNL, not from a notifier.
 */
int nfo_addr_set(struct nfo_lower *lower, const u8 *addr)
{
	struct net_device *dev = rtnl_dereference(lower->dev);
	int err = 0;

	if (!ether_addr_equal(dev->dev_addr, addr))
		err = nfo_addr_change(lower, dev, addr);
	if (err == -EOPNOTSUPP && lower->index == NFO_STANDBY)
		return nfo_addr_add(lower, dev, addr);
	if (!err)
		nfo_addr_remove(lower, dev);
	return err;
}

/**
 * nfo_addr_restore() - give a lower the address back that it had as a card of its own
 * @lower: its place
 * @dev: its device, which is being released; or only its further address where it ends
 * @gone: it ends
 *
 * RTNL.
 */
void nfo_addr_restore(struct nfo_lower *lower, struct net_device *dev, bool gone)
{
	nfo_addr_remove(lower, dev);
	if (!gone && !ether_addr_equal(dev->dev_addr, lower->saved_addr))
		nfo_addr_change(lower, dev, lower->saved_addr);
}

/* Give a lower the address back that it had a moment ago. One that refuses that
 * carries nothing until the work item has had it take the master's.
 */
static void nfo_addr_undo(struct nfo_lower *lower, const u8 *old)
{
	if (!(lower->flags & NFO_CONFIGURED) || !nfo_addr_set(lower, old))
		return;
	nfo_lower_unconfigure(lower);
}

/* Each lower that has the master's settings, or none. The primary is asked first:
 * it may refuse.
 */
static int nfo_addr_set_all(struct nfo_pair *pair, const u8 *addr, const u8 *old)
{
	struct nfo_lower *primary = &pair->lower[NFO_PRIMARY];
	struct nfo_lower *standby = &pair->lower[NFO_STANDBY];
	int err = 0;

	if (primary->flags & NFO_CONFIGURED)
		err = nfo_addr_set(primary, addr);
	if (err || !(standby->flags & NFO_CONFIGURED))
		return err;
	err = nfo_addr_set(standby, addr);
	if (err)
		nfo_addr_undo(primary, old);
	return err;
}

/**
 * nfo_addr_set_master() - ndo_set_mac_address of the master
 * @master: the master
 * @data: the struct sockaddr
 *
 * RTNL.
 */
int nfo_addr_set_master(struct net_device *master, void *data)
{
	struct nfo_pair *pair = netdev_priv(master);
	const u8 *addr = ((struct sockaddr *)data)->sa_data;
	u8 old[ETH_ALEN];
	int err;

	if (!is_valid_ether_addr(addr))
		return -EADDRNOTAVAIL;
	ether_addr_copy(old, master->dev_addr);
	WRITE_ONCE(pair->addr_change, true);	/* no lower is unfit for it meanwhile */
	err = nfo_addr_set_all(pair, addr, old);
	if (!err)
		eth_hw_addr_set(master, addr);
	WRITE_ONCE(pair->addr_change, false);
	nfo_switch_update(pair);
	if (err)
		return err;
	nfo_announce_start(pair);
	/* One that could not take the old address may take this one. */
	nfo_pair_retry(pair);
	return 0;
}
