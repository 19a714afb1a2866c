// SPDX-License-Identifier: GPL-2.0
/* Life of a pair: made by virtio_net, it looks for its lowers, has them
 * configured, tries again what failed, and ends with virtio_net's device.
 */
#include <linux/rtnetlink.h>
#include <linux/rculist.h>
#include "event.h"
#include "lower.h"
#include "pair.h"

#define NFO_RETRY_FIRST_MS	1000U
#define NFO_RETRY_MAX_MS	60000U

LIST_HEAD(nfo_pairs);
static unsigned int nfo_pairs_changed;	/* how often one came or went; RTNL */

/* A number that changes whenever nfo_pairs does; never 0. */
unsigned int nfo_pair_generation(void)
{
	return READ_ONCE(nfo_pairs_changed) + 1 ?: 1;
}

/* Bring to the master's namespace what belongs to the pair and is elsewhere: the
 * lowers of a master that was moved, and a card that appeared in the initial
 * namespace. The notifier claims it when it arrives.
 */
static int nfo_pair_gather(struct nfo_pair *pair)
{
	struct net *net = dev_net(pair->dev);
	struct net_device *dev, *next;
	int i, err = 0;

	for (i = 0; i < NFO_LOWERS && !err; i++) {
		dev = rtnl_dereference(pair->lower[i].dev);
		if (dev && !net_eq(dev_net(dev), net))
			err = dev_change_net_namespace(dev, net, "eth%d");
	}
	if (err || net_eq(net, &init_net))
		return err;
	for_each_netdev_safe(&init_net, dev, next) {
		struct nfo_lower *lower = nfo_pair_follower(pair, dev);

		if (lower && !rtnl_dereference(lower->dev) && !nfo_lower_of(dev))
			err = dev_change_net_namespace(dev, net, "eth%d");
	}
	return err;
}

/* Claim what belongs to the pair and is nobody's yet. A claim that failed
 * before is tried again here, and a spare primary steps in for one that left.
 */
static int nfo_pair_adopt(struct nfo_pair *pair)
{
	struct net_device *dev;
	int err = 0;

	ASSERT_RTNL();
	for_each_netdev(dev_net(pair->dev), dev) {
		struct nfo_lower *lower = nfo_pair_slot(pair, dev);

		if (!lower || rtnl_dereference(lower->dev) || nfo_lower_of(dev))
			continue;
		if (nfo_lower_claim(lower, dev))
			err = lower->err;
	}
	return err;
}

static void nfo_pair_work(struct work_struct *work)
{
	struct nfo_pair *pair = container_of(to_delayed_work(work), struct nfo_pair,
					     config_work);
	int i, err, elsewhere;

	rtnl_lock();
	if (pair->dying)
		goto out;

	elsewhere = nfo_pair_gather(pair);
	err = nfo_pair_adopt(pair) ?: elsewhere;
	for (i = 0; i < NFO_LOWERS; i++) {
		struct nfo_lower *lower = &pair->lower[i];

		if (nfo_lower_configure(lower))
			err = lower->err;
		if (nfo_silence_update(lower, nfo_switch_steadily_idle(lower)))
			err = -ENOMEM;
	}
	nfo_netdev_update(pair);
	nfo_switch_update(pair);

	if (err) {
		pair->retry_ms = clamp(2 * pair->retry_ms, NFO_RETRY_FIRST_MS,
				       NFO_RETRY_MAX_MS);
		queue_delayed_work(system_percpu_wq, &pair->config_work,
				   msecs_to_jiffies(pair->retry_ms));
	} else {
		pair->retry_ms = 0;
	}
out:
	rtnl_unlock();
}

/**
 * nfo_pair_retry() - have the pair's lowers looked at again soon
 * @pair: the pair
 *
 * RTNL or nfo_pair.lock. What is to be done is found out by the work item.
 */
void nfo_pair_retry(struct nfo_pair *pair)
{
	if (!pair->dying)
		mod_delayed_work(system_percpu_wq, &pair->config_work, 0);
}

/* What was marked but could not be claimed is an ordinary card again. */
static void nfo_pair_forget(struct nfo_pair *pair, struct net *net)
{
	struct net_device *dev;

	ASSERT_RTNL();
	for_each_netdev(net, dev)
		if (nfo_pair_match(pair, dev) && !nfo_lower_of(dev) &&
		    (dev->priv_flags & IFF_FAILOVER_SLAVE))
			nfo_lower_unmark(dev);
}

static void nfo_pair_init(struct nfo_pair *pair, struct net_device *master,
			  struct net_device *standby)
{
	int i;

	pair->dev = master;
	pair->standby_dev = standby;
	spin_lock_init(&pair->lock);
	INIT_LIST_HEAD(&pair->list);
	INIT_DELAYED_WORK(&pair->config_work, nfo_pair_work);
	for (i = 0; i < NFO_LOWERS; i++) {
		pair->lower[i].pair = pair;
		pair->lower[i].index = i;
		pair->lower[i].master = master;
		pair->lower[i].stats = &pair->stats->path[i];
	}
	pair->tx_stats = pair->lower[NFO_STANDBY].stats;	/* never NULL */
	nfo_phase_init(pair);
	nfo_station_init(pair);
	nfo_event_init(pair);
	nfo_switch_init(pair);
	nfo_announce_init(pair);
}

static int nfo_pair_register(struct nfo_pair *pair)
{
	int err;

	rtnl_lock();
	err = register_netdevice(pair->dev);
	if (!err) {
		netif_carrier_off(pair->dev);
		list_add_tail_rcu(&pair->list, &nfo_pairs);
		WRITE_ONCE(nfo_pairs_changed, nfo_pairs_changed + 1);
		netdev_info(pair->dev, "failover master registered, its lowers have the address %pM\n",
			    pair->dev->perm_addr);
		nfo_event_pair(pair, NET_FAILOVER_EVENT_CREATED);
		/* Primaries that were there first. */
		if (nfo_pair_adopt(pair))
			nfo_pair_retry(pair);
	}
	rtnl_unlock();
	return err;
}

/* What a pair is made of, master and all; never registered, or no longer. */
static void nfo_pair_free(struct nfo_pair *pair, struct net_device *master)
{
	nfo_flood_exit(&pair->flood);
	free_percpu(pair->stats);
	free_netdev(master);
}

/**
 * nfo_pair_create() - make and register the master of a standby
 * @standby: virtio_net's device, not registered yet
 *
 * Without RTNL. The standby is claimed when it registers.
 * Return: the pair, NULL where there was no memory or registering failed.
 */
struct nfo_pair *nfo_pair_create(struct net_device *standby)
{
	struct net_device *master;
	struct nfo_pair *pair;
	int err = -ENOMEM;

	master = alloc_etherdev(sizeof(*pair));
	if (!master)
		goto fail;
	pair = netdev_priv(master);
	err = nfo_stats_init(pair) ?: nfo_flood_init(&pair->flood);
	if (err)
		goto fail_free;

	dev_net_set(master, dev_net(standby));
	SET_NETDEV_DEV(master, standby->dev.parent);
	nfo_netdev_setup(master, standby);
	nfo_pair_init(pair, master, standby);

	err = nfo_pair_register(pair);
	if (err)
		goto fail_free;
	return pair;

fail_free:
	nfo_pair_free(pair, master);
fail:
	dev_err(standby->dev.parent,
		"net_failover: no failover master (error %d), the card works without\n", err);
	return NULL;
}

/**
 * nfo_pair_destroy() - release the lowers and free the pair
 * @pair: the pair
 *
 * Without RTNL. virtio_net has unregistered the standby before, so that only
 * a primary may be left.
 */
void nfo_pair_destroy(struct nfo_pair *pair)
{
	struct net_device *master = pair->dev;
	int i;

	rtnl_lock();
	nfo_pair_forget(pair, dev_net(master));
	nfo_pair_forget(pair, &init_net);
	spin_lock_bh(&pair->lock);
	pair->dying = true;
	spin_unlock_bh(&pair->lock);
	pair->standby_dev = NULL;
	list_del_rcu(&pair->list);
	WRITE_ONCE(nfo_pairs_changed, nfo_pairs_changed + 1);
	for (i = 0; i < NFO_LOWERS; i++)
		nfo_lower_release(&pair->lower[i], false);
	nfo_event_pair(pair, NET_FAILOVER_EVENT_DESTROYED);
	rtnl_unlock();

	cancel_delayed_work_sync(&pair->config_work);
	nfo_announce_stop(pair);
	nfo_switch_stop(pair);
	nfo_phase_stop(pair);
	nfo_event_stop(pair);
	unregister_netdev(master);	/* waits for leave.c, which may record its last */
	nfo_event_stop(pair);
	nfo_station_clear(pair);
	nfo_pair_free(pair, master);
}
