// SPDX-License-Identifier: GPL-2.0
/* What the kernel tells of devices, turned into claims, holds and releases.
 *
 * Inside a notifier only pointers, flags, links and holds change; drivers (and
 * the per-device lock of newer kernels) forbid the rest, which the pair's work
 * item does.
 */
#include <linux/rtnetlink.h>
#include <net/xdp.h>
#include "lower.h"
#include "pair.h"

/* The free place that waits for @dev, in whichever pair. RTNL. */
static struct nfo_lower *nfo_find_slot(const struct net_device *dev,
				       struct nfo_lower *(*match)(struct nfo_pair *pair,
								  const struct net_device *dev))
{
	struct nfo_pair *pair;

	list_for_each_entry(pair, &nfo_pairs, list) {
		struct nfo_lower *lower = match(pair, dev);

		if (lower && !rtnl_dereference(lower->dev))
			return lower;
	}
	return NULL;
}

/* A device registers, or came from another namespace. */
static void nfo_on_register(struct net_device *dev)
{
	struct nfo_lower *lower = nfo_find_slot(dev, nfo_pair_slot);

	if (lower) {
		if (nfo_lower_claim(lower, dev))
			nfo_pair_retry(lower->pair);
		return;
	}
	/* It has to be moved to its master, which is not for a notifier to do. */
	lower = nfo_find_slot(dev, nfo_pair_follower);
	if (lower)
		nfo_pair_retry(lower->pair);
}

/* The master went to another namespace: its lowers follow. */
static void nfo_on_master(struct nfo_pair *pair, unsigned long event)
{
	if (event == NETDEV_REGISTER && !list_empty(&pair->list))
		nfo_pair_retry(pair);
}

/* It ends, or goes to another namespace. A spare may step in. */
static void nfo_on_unregister(struct nfo_lower *lower)
{
	nfo_lower_release(lower, true);
	nfo_pair_retry(lower->pair);
}

static void nfo_on_down(struct nfo_lower *lower, const struct net_device *dev)
{
	/* Neither we nor the master's own end: somebody wants it down. */
	if (netif_running(lower->pair->dev))
		lower->flags |= NFO_ADMIN_DOWN;
	nfo_switch_hold(lower, dev, 0, NFO_HOLD_CLOSING);
}

static void nfo_on_up(struct nfo_lower *lower, const struct net_device *dev)
{
	lower->flags &= ~NFO_ADMIN_DOWN;
	nfo_switch_hold(lower, dev, 0, NFO_HOLD_CLOSING);
}

/* It would cut the traffic of the master, to which alone they belong. */
static int nfo_refuse(const struct nfo_lower *lower, const struct net_device *dev, const char *what)
{
	if (lower->pair->own_change)
		return NOTIFY_DONE;
	if (net_ratelimit())
		netdev_warn(lower->pair->dev, "the %s of %s is that of %s: change it there\n",
			    what, netdev_name(dev), netdev_name(lower->pair->dev));
	return notifier_from_errno(-EBUSY);
}

/* An address that it has already may be set again. */
static int nfo_on_address(const struct nfo_lower *lower, const struct net_device *dev, void *ptr)
{
	const struct netdev_notifier_pre_changeaddr_info *info = ptr;

	if (ether_addr_equal(info->dev_addr, dev->dev_addr))
		return NOTIFY_DONE;
	return nfo_refuse(lower, dev, "address");
}

static int nfo_lower_event(struct nfo_lower *lower, struct net_device *dev, unsigned long event,
			   void *ptr)
{
	switch (event) {
	case NETDEV_UNREGISTER:
		nfo_on_unregister(lower);
		break;
	case NETDEV_UP:
		nfo_on_up(lower, dev);
		break;
	case NETDEV_GOING_DOWN:
		/* Still running: the other path takes over before it stops. */
		nfo_switch_hold(lower, dev, NFO_HOLD_CLOSING, 0);
		break;
	case NETDEV_DOWN:
		nfo_on_down(lower, dev);
		break;
	case NETDEV_CHANGE:
		nfo_switch_update(lower->pair);
		break;
	case NETDEV_FEAT_CHANGE:
	case NETDEV_XDP_FEAT_CHANGE:
		nfo_pair_retry(lower->pair);
		break;
	case NETDEV_PRECHANGEMTU:
		return nfo_refuse(lower, dev, "MTU");
	case NETDEV_PRE_CHANGEADDR:
		return nfo_on_address(lower, dev, ptr);
	case NETDEV_NOTIFY_PEERS:
		/* virtio after a migration: the addresses live on the master. */
		if (lower->index == NFO_STANDBY)
			nfo_announce_start(lower->pair);
		break;
	}
	return NOTIFY_DONE;
}

static int nfo_netdev_event(struct notifier_block *nb, unsigned long event, void *ptr)
{
	struct net_device *dev = netdev_notifier_info_to_dev(ptr);
	struct nfo_lower *lower;

	if (nfo_is_master(dev)) {
		nfo_on_master(netdev_priv(dev), event);
		return NOTIFY_DONE;
	}

	lower = nfo_lower_of(dev);
	if (lower)
		return nfo_lower_event(lower, dev, event, ptr);

	switch (event) {
	case NETDEV_POST_INIT:
		/* Nothing tells if it fails to register after this: flags only. */
		if (nfo_find_slot(dev, nfo_pair_slot) || nfo_find_slot(dev, nfo_pair_follower))
			nfo_lower_mark(dev);
		break;
	case NETDEV_REGISTER:
		nfo_on_register(dev);
		break;
	}
	return NOTIFY_DONE;
}

static struct notifier_block nfo_netdev_notifier = {
	.notifier_call = nfo_netdev_event,
};

int nfo_notify_init(void)
{
	return register_netdevice_notifier(&nfo_netdev_notifier);
}

void nfo_notify_exit(void)
{
	unregister_netdevice_notifier(&nfo_netdev_notifier);
}
