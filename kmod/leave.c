// SPDX-License-Identifier: GPL-2.0
/* Make before break: a primary that is about to be removed.
 *
 * The PCI bus tells of an unbind before the driver's remove runs, with the
 * device locked and RTNL free, so this is the place to wait: the standby sends
 * from now on and says so, the primary goes on receiving what the network has
 * under way for it, and only when it has fallen quiet, or after a bound, may
 * the driver stop it.
 */
#include <linux/delay.h>
#include <linux/dynamic_queue_limits.h>
#include <linux/moduleparam.h>
#include <linux/pci.h>
#include <linux/rculist.h>
#include <net/sch_generic.h>
#include "event.h"

/* Switches learn at once from the first announcement, so what still comes is
 * what was queued behind it: a few ms, some tens where a host is busy. Longer
 * waits would only delay the migration.
 */
static unsigned int leave_ms = 60;
module_param(leave_ms, uint, 0644);
MODULE_PARM_DESC(leave_ms, "for how long at most a primary being removed goes on receiving, in ms (0: not at all; default 60)");

/* Quiet is: nothing received for this long, and nothing left to send. */
#define NFO_QUIET_MS	20
#define NFO_STEP_MS	5

static bool nfo_tx_done(struct net_device *dev)
{
	unsigned int i;

	if (!qdisc_all_tx_empty(dev))
		return false;
#ifdef CONFIG_BQL
	for (i = 0; i < dev->num_tx_queues; i++) {
		const struct dql *dql = &netdev_get_tx_queue(dev, i)->dql;

		if (READ_ONCE(dql->num_queued) != READ_ONCE(dql->num_completed))
			return false;
	}
#endif
	return true;
}

/* Whether it is worth waiting for a lower: it is still in its place, and out of
 * use or about to be. If it stays in use the standby cannot carry. Which lower is
 * in use changes together with the phase, under the lock.
 */
static bool nfo_leaving(struct nfo_lower *lower, bool *out_of_use, bool *sent)
{
	struct nfo_pair *pair = lower->pair;
	struct net_device *dev;
	bool waits = false;

	rcu_read_lock();
	dev = rcu_dereference(lower->dev);
	if (dev) {
		*sent = nfo_tx_done(dev);
		spin_lock_bh(&pair->lock);
		*out_of_use = rcu_access_pointer(pair->active) != lower;
		waits = *out_of_use ? !!rcu_access_pointer(pair->active) :
				      pair->phase == NFO_RECORD;
		spin_unlock_bh(&pair->lock);
	}
	rcu_read_unlock();
	return waits;
}

static u64 nfo_received(const struct nfo_lower *lower)
{
	struct nfo_sums sums;

	nfo_stats_sum(lower->pair, &sums);
	return sums.path[lower->index].rx_packets;
}

/* Wait until @lower is out of use and nothing comes by it any more. Sleeps,
 * without RTNL.
 */
static void nfo_wait_quiet(struct nfo_lower *lower)
{
	unsigned int waited = 0, quiet = 0;
	u64 before = nfo_received(lower);
	bool out_of_use, sent;

	while (waited < READ_ONCE(leave_ms) && nfo_leaving(lower, &out_of_use, &sent)) {
		u64 now;

		if (quiet >= NFO_QUIET_MS && sent)
			return;
		usleep_range(NFO_STEP_MS * 1000, NFO_STEP_MS * 1000 + 500);
		if (!out_of_use)
			continue;	/* it ends: the phase has its own limit */
		waited += NFO_STEP_MS;
		now = nfo_received(lower);
		quiet = now == before ? quiet + NFO_STEP_MS : 0;
		before = now;
	}
}

/* Begin to take leave of the primary that sits on a PCI function and was not
 * told so before. One function may carry several. Return: it, its master held.
 */
static struct nfo_lower *nfo_leave_begin(const struct device *function, u8 hold)
{
	struct nfo_lower *lower, *found = NULL;
	const struct net_device *dev;
	struct nfo_pair *pair;

	rcu_read_lock();
	list_for_each_entry_rcu(pair, &nfo_pairs, list) {
		lower = &pair->lower[NFO_PRIMARY];
		dev = rcu_dereference(lower->dev);
		if (!dev || dev->dev.parent != function ||
		    (READ_ONCE(lower->hold) & NFO_HOLD_LEAVING))
			continue;
		dev_hold(pair->dev);
		found = lower;
		nfo_event_lower(lower, dev, NET_FAILOVER_EVENT_LEAVING, 0);
		nfo_switch_hold(lower, dev, hold, 0);
		break;
	}
	rcu_read_unlock();
	return found;
}

static int nfo_pci_event(struct notifier_block *nb, unsigned long action, void *data)
{
	struct pci_dev *function = to_pci_dev(data);
	u8 hold = NFO_HOLD_LEAVING;
	struct nfo_lower *lower;

	if (action != BUS_NOTIFY_UNBIND_DRIVER)
		return NOTIFY_DONE;
	/* Torn out by surprise: nothing can be sent or received any more. */
	if (pci_channel_offline(function) || !pci_device_is_present(function))
		hold |= NFO_HOLD_CLOSING;
	while ((lower = nfo_leave_begin(&function->dev, hold))) {
		if (!(hold & NFO_HOLD_CLOSING))
			nfo_wait_quiet(lower);
		dev_put(lower->pair->dev);
	}
	return NOTIFY_DONE;
}

static struct notifier_block nfo_pci_notifier = {
	.notifier_call = nfo_pci_event,
};

int nfo_leave_init(void)
{
	return bus_register_notifier(&pci_bus_type, &nfo_pci_notifier);
}

void nfo_leave_exit(void)
{
	bus_unregister_notifier(&pci_bus_type, &nfo_pci_notifier);
}
