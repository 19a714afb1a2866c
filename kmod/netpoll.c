// SPDX-License-Identifier: GPL-2.0
/* netpoll: netconsole's messages leave by the lower in use.
 *
 * A message can be printed anywhere, under our own locks too. So it takes none of
 * them, decides nothing and teaches nothing: it goes to the netpoll of the lower in
 * use, or is dropped (nfo_xmit_polled()). While the master is polled all its packets
 * take the closer look that tells a message apart; else it costs nothing.
 *
 * RTNL. Each configured lower has a netpoll while the master has one. A driver that
 * has none keeps netpoll from being set up; plugged later it is used, without it. The
 * core queues nothing for a device without a transmit lock, so that no message is
 * under way any more when nfo_netpoll_cleanup() is called.
 */
#include "lower.h"
#include "netpoll.h"

static int nfo_netpoll_add(struct nfo_lower *lower, struct net_device *dev)
{
	struct netpoll *np;
	int err;

	if (rcu_access_pointer(lower->np))
		return 0;
	np = kzalloc(sizeof(*np), GFP_KERNEL);
	if (!np)
		return -ENOMEM;
	err = __netpoll_setup(np, dev);
	if (err) {
		kfree(np);
		return err;
	}
	/* A NAPI poll that began before it does not know that it may not be the only one. */
	synchronize_net();
	rcu_assign_pointer(lower->np, np);
	return 0;
}

/**
 * nfo_netpoll_add_late() - have a lower that is configured later polled as the master
 * @lower: the lower
 * @dev: its device
 *
 * RTNL, not from a notifier. One that cannot be polled is not given up for that.
 * Return: 0, or -ENOMEM, which is worth another attempt.
 */
int nfo_netpoll_add_late(struct nfo_lower *lower, struct net_device *dev)
{
	int err = lower->pair->polled ? nfo_netpoll_add(lower, dev) : 0;

	if (!err || err == -ENOMEM)
		return err;
	netdev_warn(lower->master, "netconsole is silent while %s is used, which cannot be polled (%d)\n",
		    dev->name, err);
	return 0;
}

/**
 * nfo_netpoll_remove() - poll a lower no more
 * @lower: its place; nothing happens where it is not polled
 *
 * RTNL. Waits for messages that are under way.
 */
void nfo_netpoll_remove(struct nfo_lower *lower)
{
	struct netpoll *np = rtnl_dereference(lower->np);

	if (!np)
		return;
	RCU_INIT_POINTER(lower->np, NULL);
	__netpoll_free(np);
}

static void nfo_netpoll_route(struct nfo_pair *pair, bool polled)
{
	spin_lock_bh(&pair->lock);
	WRITE_ONCE(pair->polled, polled);
	nfo_xmit_route(pair);
	spin_unlock_bh(&pair->lock);
}

/* Somebody is about to poll the master: all lowers can be polled, or none is. */
int nfo_netpoll_setup(NFO_NETPOLL_ARGS)
{
	struct nfo_pair *pair = netdev_priv(master);
	int i;

	for (i = 0; i < NFO_LOWERS; i++) {
		struct net_device *dev = nfo_configured(&pair->lower[i]);
		int err = dev ? nfo_netpoll_add(&pair->lower[i], dev) : 0;

		if (err) {
			nfo_netpoll_cleanup(master);
			return err;
		}
	}
	nfo_netpoll_route(pair, true);
	return 0;
}

/* Nobody polls the master any more. */
void nfo_netpoll_cleanup(struct net_device *master)
{
	struct nfo_pair *pair = netdev_priv(master);
	int i;

	nfo_netpoll_route(pair, false);
	for (i = 0; i < NFO_LOWERS; i++)
		nfo_netpoll_remove(&pair->lower[i]);
}
