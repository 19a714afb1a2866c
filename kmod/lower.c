// SPDX-License-Identifier: GPL-2.0
/* A lower: claimed when it appears, configured later, released when it goes.
 *
 * Claiming happens inside the REGISTER notifier, where drivers (and from 6.15
 * on the per-device lock) allow nothing but flags, links and pointers; opening,
 * MTU, addresses and VLANs follow from the pair's work item.
 */
#include <linux/rtnetlink.h>
#include <linux/if_vlan.h>
#include <net/netdev_lock.h>
#include "event.h"
#include "lower.h"
#include "netpoll.h"
#include "xdp.h"

/* What every lower bears beside IFF_SLAVE. */
#define NFO_LOWER_FLAGS (IFF_FAILOVER_SLAVE | IFF_LIVE_RENAME_OK | IFF_NO_ADDRCONF)

/* An error is an event once, not at each attempt. */
static int nfo_lower_result(struct nfo_lower *lower, const struct net_device *dev, int err)
{
	if (err && err != lower->err)
		nfo_event_lower(lower, dev, NET_FAILOVER_EVENT_FAILED, err);
	lower->err = err;
	return err;
}

/* A change uevent of the lower: rules that looked at it before it was claimed,
 * or while it was, look again.
 */
static void nfo_lower_uevent(const struct nfo_lower *lower, struct net_device *dev,
			     const char *event)
{
	char what[32], role[32], master[24 + IFNAMSIZ];
	char *env[4] = { what, role, master };

	snprintf(what, sizeof(what), "NET_FAILOVER_EVENT=%s", event);
	snprintf(role, sizeof(role), "NET_FAILOVER_ROLE=%s", nfo_role_text(nfo_role(lower)));
	snprintf(master, sizeof(master), "NET_FAILOVER_MASTER=%s", lower->pair->dev->name);
	kobject_uevent_env(&dev->dev.kobj, KOBJ_CHANGE, env);
}

/**
 * nfo_lower_of() - the place of a claimed device in its pair
 * @dev: any device
 *
 * RTNL. Return: its struct nfo_lower, NULL if it is not a lower of ours.
 */
struct nfo_lower *nfo_lower_of(const struct net_device *dev)
{
	if (rtnl_dereference(dev->rx_handler) != nfo_handle_frame)
		return NULL;
	return rtnl_dereference(dev->rx_handler_data);
}

/**
 * nfo_lower_mark() - show the world that a device belongs to a master
 * @dev: a device that was or will be claimed
 *
 * IFF_SLAVE is in the first uevent; it, or IFF_NO_ADDRCONF where that exists,
 * keeps IPv6 autoconfiguration off it.
 */
void nfo_lower_mark(struct net_device *dev)
{
	dev->flags |= IFF_SLAVE;
	dev->priv_flags |= NFO_LOWER_FLAGS;
}

void nfo_lower_unmark(struct net_device *dev)
{
	dev->flags &= ~IFF_SLAVE;
	dev->priv_flags &= ~NFO_LOWER_FLAGS;
}

/**
 * nfo_lower_claim() - make a device the lower of a pair
 * @lower: its place, free
 * @dev: the device
 *
 * RTNL. From a notifier only for a device that is down.
 * Return: 0, or why the device cannot be had (it stays as it was, but marked,
 * so that nobody configures it before the next attempt).
 */
int nfo_lower_claim(struct nfo_lower *lower, struct net_device *dev)
{
	struct net_device *master = lower->pair->dev;
	struct netdev_lag_upper_info lag = {
		.tx_type = NETDEV_LAG_TX_TYPE_ACTIVEBACKUP,
	};
	bool was_up = dev->flags & IFF_UP;
	int err;

	ASSERT_RTNL();
	if (netdev_is_rx_handler_busy(dev) || netdev_master_upper_dev_get(dev)) {
		err = -EBUSY;
		goto fail;
	}
	nfo_lower_mark(dev);

	err = netdev_rx_handler_register(dev, nfo_handle_frame, lower);
	if (err)
		goto fail;
	err = netdev_master_upper_dev_link(dev, master, NULL, &lag, NULL);
	if (err) {
		netdev_rx_handler_unregister(dev);
		goto fail;
	}
	/* What it had as a card of its own (IPv6 addresses above all) ends. Not
	 * before nothing can fail any more: the next attempt would not know
	 * that it was up.
	 */
	call_netdevice_notifiers(NETDEV_JOIN, dev);	/* netconsole on it ends */
	if (was_up)
		dev_close(dev);

	lower->err = 0;
	lower->pair->retry_ms = 0;	/* whatever failed before was another's */
	lower->flags = was_up ? NFO_WAS_UP : 0;
	lower->saved_mtu = dev->mtu;
	lower->saved_features = dev->wanted_features;
	lower->taken_features = 0;
	ether_addr_copy(lower->saved_addr, dev->dev_addr);
	nfo_event_lower(lower, dev, NET_FAILOVER_EVENT_CLAIMED, 0);
	nfo_switch_set_dev(lower, dev);
	nfo_pair_retry(lower->pair);
	return 0;

fail:
	return nfo_lower_result(lower, dev, err);
}

static void nfo_lower_want_features(struct net_device *dev, netdev_features_t wanted)
{
	netdev_lock_ops(dev);
	if (dev->wanted_features != wanted) {
		dev->wanted_features = wanted;
		netdev_update_features(dev);
	}
	netdev_unlock_ops(dev);
}

/* Give back what the device had before it was ours. */
static void nfo_lower_restore(struct nfo_lower *lower, struct net_device *dev)
{
	if (dev->mtu != lower->saved_mtu)
		dev_set_mtu(dev, lower->saved_mtu);
	nfo_lower_want_features(dev, lower->saved_features);
	if ((lower->flags & NFO_WAS_UP) && !(lower->flags & NFO_ADMIN_DOWN))
		dev_open(dev, NULL);
}

/**
 * nfo_lower_release() - let a lower go
 * @lower: its place; nothing happens where it is empty
 * @gone: the device itself ends or leaves the namespace
 *
 * RTNL. On return no path of the master reaches the device any more.
 */
void nfo_lower_release(struct nfo_lower *lower, bool gone)
{
	struct net_device *dev = rtnl_dereference(lower->dev);
	struct net_device *master = lower->pair->dev;

	ASSERT_RTNL();
	if (!dev)
		return;

	nfo_silence_update(lower, false);
	nfo_switch_set_dev(lower, NULL);
	nfo_netpoll_remove(lower);
	netdev_rx_handler_unregister(dev);	/* waits for readers of lower->dev */
	if (lower->promisc)
		dev_set_promiscuity(dev, -1);
	if (lower->allmulti)
		dev_set_allmulti(dev, -1);
	dev_uc_unsync(dev, master);
	dev_mc_unsync(dev, master);
	if (lower->flags & NFO_CONFIGURED)
		vlan_vids_del_by_dev(dev, master);
	nfo_lower_unmark(dev);	/* first: the unlinking is told with the flags */
	netdev_upper_dev_unlink(dev, master);
	nfo_event_lower(lower, dev, NET_FAILOVER_EVENT_RELEASED, 0);
	nfo_addr_restore(lower, dev, gone);
	/* Closed in any case: IPv6 gives it addresses when it comes up anew. */
	if (!gone)
		dev_close(dev);
	nfo_xdp_remove(lower, dev);
	if (!gone) {
		nfo_lower_restore(lower, dev);
		nfo_lower_uevent(lower, dev, "released");
	}

	lower->promisc = false;
	lower->allmulti = false;
	lower->flags = 0;
	lower->err = 0;
}

static void nfo_lower_sync_count(struct net_device *dev, bool *ours, bool want,
				 int (*set)(struct net_device *dev, int inc))
{
	if (*ours != want && !set(dev, want ? 1 : -1))
		*ours = want;
}

/**
 * nfo_lower_sync_flags() - promiscuous and allmulti as on the master
 * @lower: a lower, or an empty place
 *
 * RTNL.
 */
void nfo_lower_sync_flags(struct nfo_lower *lower)
{
	unsigned int flags = lower->pair->dev->flags;
	struct net_device *dev = rtnl_dereference(lower->dev);

	if (!dev)
		return;
	nfo_lower_sync_count(dev, &lower->promisc, flags & IFF_PROMISC, dev_set_promiscuity);
	nfo_lower_sync_count(dev, &lower->allmulti, flags & IFF_ALLMULTI, dev_set_allmulti);
}

/**
 * nfo_lower_sync_features() - what is switched off on the master is off
 * @lower: a lower, or an empty place
 *
 * RTNL, not from a notifier. Only what was taken from a lower is given back: what
 * its driver or an administrator has off for a reason of its own stays off.
 */
void nfo_lower_sync_features(struct nfo_lower *lower)
{
	const struct net_device *master = lower->pair->dev;
	netdev_features_t unwanted = NFO_PASSED & master->hw_features & ~master->wanted_features;
	struct net_device *dev = rtnl_dereference(lower->dev);
	netdev_features_t back;

	if (!dev)
		return;
	back = lower->taken_features & ~unwanted;
	lower->taken_features &= unwanted;
	lower->taken_features |= unwanted & dev->wanted_features & dev->hw_features;
	nfo_lower_want_features(dev, (dev->wanted_features | back) & ~lower->taken_features);
}

/**
 * nfo_lower_set_mtu() - change a lower's MTU on behalf of its master
 * @lower: the lower, claimed
 * @mtu: in bytes
 *
 * RTNL. Anybody else's change is refused (see notify.c).
 */
int nfo_lower_set_mtu(struct nfo_lower *lower, int mtu)
{
	struct net_device *dev = rtnl_dereference(lower->dev);
	int err;

	lower->pair->own_change = true;
	err = dev_set_mtu(dev, mtu);
	lower->pair->own_change = false;
	return err;
}

/* Does nothing where they are the master's already: what failed when the
 * master's lists changed is made up for here.
 */
static int nfo_lower_sync_addrs(struct net_device *dev, struct net_device *master)
{
	int err;

	netif_addr_lock_bh(master);
	err = dev_uc_sync_multiple(dev, master);
	if (!err)
		err = dev_mc_sync_multiple(dev, master);
	netif_addr_unlock_bh(master);
	return err;
}

static int nfo_lower_setup(struct nfo_lower *lower, struct net_device *dev)
{
	struct net_device *master = lower->pair->dev;
	int err;

	/* One that is the master's no longer may stand in the way of its MTU. */
	if (!lower->pair->xdp) {
		err = nfo_xdp_apply(lower, dev);
		if (err)
			return err;
	}
	if (dev->mtu != master->mtu) {
		err = nfo_lower_set_mtu(lower, master->mtu);
		if (err)
			return err;
	}
	err = nfo_addr_set(lower, master->dev_addr);
	if (err)
		return err;
	err = nfo_lower_sync_addrs(dev, master);
	if (err)
		return err;
	err = nfo_xdp_apply(lower, dev);
	if (err)
		return err;
	err = nfo_netpoll_add_late(lower, dev);
	if (err)
		return err;
	err = vlan_vids_add_by_dev(dev, master);
	if (err)
		return err;
	nfo_lower_sync_flags(lower);
	lower->flags |= NFO_CONFIGURED;
	nfo_event_lower(lower, dev, NET_FAILOVER_EVENT_CONFIGURED, 0);
	nfo_lower_uevent(lower, dev, "claimed");
	return 0;
}

/**
 * nfo_lower_unconfigure() - have it that a lower has not what its master has
 * @lower: a lower; nothing happens to one that is not configured
 *
 * RTNL. It carries nothing until the work item has configured it anew.
 */
void nfo_lower_unconfigure(struct nfo_lower *lower)
{
	struct net_device *dev = nfo_configured(lower);

	if (!dev)
		return;
	vlan_vids_del_by_dev(dev, lower->master);
	WRITE_ONCE(lower->flags, lower->flags & ~NFO_CONFIGURED);
	nfo_pair_retry(lower->pair);
}

/* Whether the master wants this lower open. What somebody set down by hand
 * stays down.
 */
static bool nfo_lower_should_open(const struct nfo_lower *lower, const struct net_device *dev)
{
	return netif_running(lower->pair->dev) && !(dev->flags & IFF_UP) &&
	       !(lower->flags & NFO_ADMIN_DOWN);
}

/**
 * nfo_lower_configure() - bring a lower to what its master has
 * @lower: a lower, or an empty place
 *
 * RTNL, not from a notifier. Each step is skipped where it is done already.
 * Return: 0, or the error that is in lower->err too; to be tried again.
 */
int nfo_lower_configure(struct nfo_lower *lower)
{
	struct net_device *dev = rtnl_dereference(lower->dev);
	int err = 0;

	ASSERT_RTNL();
	if (!dev)
		return 0;

	nfo_lower_sync_features(lower);	/* first: XDP bears some of them not */
	if (!(lower->flags & NFO_CONFIGURED))
		err = nfo_lower_setup(lower, dev);
	else
		err = nfo_lower_sync_addrs(dev, lower->pair->dev);
	if (!err && nfo_lower_should_open(lower, dev))
		err = dev_open(dev, NULL);
	return nfo_lower_result(lower, dev, err);
}
