// SPDX-License-Identifier: GPL-2.0
/* Tell the network by which port the master is reached now.
 *
 * Two ways, since they reach different things: at once and from any context a
 * RARP frame for each unicast address on, above or behind it, which moves the
 * entries of switches whether or not the guest has an IP address; and from a
 * work item the kernel's own notification, upon which IPv4, IPv6, VLANs and
 * macvlans announce theirs and multicast groups are joined anew.
 */
#include <linux/if_vlan.h>
#include <linux/rtnetlink.h>
#include <net/arp.h>
#include "nfo.h"

/* When to repeat, as QEMU's own self-announcement does after a migration:
 * a frame may be lost while the network converges. ms after the one before.
 */
static const unsigned int nfo_announce_gaps[] = { 50, 150, 250, 350 };

/* A stale entry that is noticed is healed at most this often. */
#define NFO_HEAL_MS 1000

/* One frame that moves the entry of one address. */
static void nfo_teach(struct net_device *dev, const u8 *addr, struct nfo_vlan_tag tag)
{
	struct sk_buff *skb = arp_create(ARPOP_RREQUEST, ETH_P_RARP, 0, dev, 0, NULL,
					 addr, addr);

	if (!skb)
		return;
	skb->protocol = htons(ETH_P_RARP);	/* arp_create() says ETH_P_ARP */
	if (tag.proto)
		__vlan_hwaccel_put_tag(skb, tag.proto, tag.id);
	dev_queue_xmit(skb);
}

static void nfo_teach_all(struct net_device *to, const struct net_device *upper,
			  struct nfo_vlan_tag tag)
{
	const struct netdev_hw_addr *ha;

	nfo_teach(to, upper->dev_addr, tag);
	list_for_each_entry_rcu(ha, &upper->uc.list, list)
		nfo_teach(to, ha->addr, tag);
}

static int nfo_teach_upper(struct net_device *upper, struct netdev_nested_priv *priv)
{
	struct nfo_vlan_tag tag;

	if (!is_vlan_dev(upper) || !netif_running(upper))
		return 0;
	tag.proto = vlan_dev_vlan_proto(upper);
	tag.id = vlan_dev_vlan_id(upper);
	nfo_teach_all(priv->data, upper, tag);
	return 0;
}

/* Send the teaching frames through the active lower. Any context but hard
 * interrupts.
 */
static void nfo_teach_now(struct nfo_pair *pair)
{
	struct netdev_nested_priv priv = {};
	struct nfo_vlan_tag untagged = {};
	struct net_device *to = NULL;
	struct nfo_lower *active;

	rcu_read_lock();
	active = rcu_dereference(pair->active);
	if (active)
		to = rcu_dereference(active->dev);
	if (to && nfo_can_send(to)) {
		priv.data = to;
		nfo_teach_all(to, pair->dev, untagged);
		netdev_walk_all_upper_dev_rcu(pair->dev, nfo_teach_upper, &priv);
		nfo_station_each(pair, nfo_teach, to);
	}
	rcu_read_unlock();
}

static void nfo_announce_work(struct work_struct *work)
{
	struct nfo_pair *pair = container_of(to_delayed_work(work), struct nfo_pair,
					     announce_work);
	unsigned int round;

	spin_lock_bh(&pair->lock);
	round = pair->announce_round++;
	if (round < ARRAY_SIZE(nfo_announce_gaps))
		queue_delayed_work(system_wq, &pair->announce_work,
				   msecs_to_jiffies(nfo_announce_gaps[round]));
	spin_unlock_bh(&pair->lock);

	if (round)
		nfo_teach_now(pair);
	netdev_notify_peers(pair->dev);
}

/**
 * nfo_announce_start() - announce the master through the active lower
 * @pair: the pair
 *
 * At once, and again a few times. Any context but hard interrupts.
 */
void nfo_announce_start(struct nfo_pair *pair)
{
	nfo_teach_now(pair);
	spin_lock_bh(&pair->lock);
	if (!pair->dying && rcu_access_pointer(pair->active)) {
		pair->announce_round = 0;
		mod_delayed_work(system_wq, &pair->announce_work, 0);
	}
	spin_unlock_bh(&pair->lock);
}

/**
 * nfo_announce_heal() - a frame for us came by the lower that is not in use
 * @pair: the pair
 *
 * Softirq, under RCU. Teaches the network, at most once a second; not while a
 * switch is being announced anyway.
 */
void nfo_announce_heal(struct nfo_pair *pair)
{
	unsigned long last = READ_ONCE(pair->last_heal);
	unsigned long now = jiffies;

	if (delayed_work_pending(&pair->announce_work) ||
	    time_before(now, last + msecs_to_jiffies(NFO_HEAL_MS)))
		return;
	if (cmpxchg(&pair->last_heal, last, now) == last)
		nfo_teach_now(pair);
}

void nfo_announce_init(struct nfo_pair *pair)
{
	INIT_DELAYED_WORK(&pair->announce_work, nfo_announce_work);
	pair->last_heal = jiffies - msecs_to_jiffies(NFO_HEAL_MS);
}

void nfo_announce_stop(struct nfo_pair *pair)
{
	cancel_delayed_work_sync(&pair->announce_work);
}
