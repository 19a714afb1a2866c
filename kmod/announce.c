// SPDX-License-Identifier: GPL-2.0
/* Tell the network by which port the master is reached now.
 *
 * Two ways, since they reach different things: at once and from any context a
 * RARP frame for each address on, above and behind it, which moves the entries
 * of switches whether or not the guest has an IP address; and from a
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

/* The device through which to announce, if there is one. RCU. */
static struct net_device *nfo_announce_through(struct nfo_pair *pair)
{
	struct nfo_lower *active = rcu_dereference(pair->active);
	struct net_device *to = active ? rcu_dereference(active->dev) : NULL;

	return to && nfo_can_send(to) ? to : NULL;
}

/* Send the teaching frames of the master and its VLANs through the active
 * lower, and those of the stations behind it if asked to: they may be many.
 * Any context but hard interrupts.
 */
static void nfo_teach_now(struct nfo_pair *pair, bool stations)
{
	struct nfo_vlan_tag tag = {};
	struct net_device *to, *upper;
	struct list_head *iter;

	rcu_read_lock();
	to = nfo_announce_through(pair);
	if (!to)
		goto out;

	nfo_teach(to, pair->dev->dev_addr, tag);
	netdev_for_each_upper_dev_rcu(pair->dev, upper, iter) {
		if (!is_vlan_dev(upper) || !netif_running(upper))
			continue;
		tag.proto = vlan_dev_vlan_proto(upper);
		tag.id = vlan_dev_vlan_id(upper);
		nfo_teach(to, upper->dev_addr, tag);
	}
	if (stations)
		nfo_station_each(pair, nfo_teach, to);
out:
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
		queue_delayed_work(system_percpu_wq, &pair->announce_work,
				   msecs_to_jiffies(nfo_announce_gaps[round]));
	spin_unlock_bh(&pair->lock);

	nfo_teach_now(pair, true);
	if (rcu_access_pointer(pair->active))
		netdev_notify_peers(pair->dev);
}

/* Have the work item announce, beginning with the given round. */
static void nfo_announce_queue(struct nfo_pair *pair, unsigned int round)
{
	spin_lock_bh(&pair->lock);
	if (!pair->dying && rcu_access_pointer(pair->active)) {
		pair->announce_round = round;
		mod_delayed_work(system_percpu_wq, &pair->announce_work, 0);
	}
	spin_unlock_bh(&pair->lock);
}

/**
 * nfo_announce_start() - announce the master through the active lower
 * @pair: the pair
 *
 * At once, and again a few times. Any context but hard interrupts.
 */
void nfo_announce_start(struct nfo_pair *pair)
{
	nfo_teach_now(pair, false);
	nfo_announce_queue(pair, 0);
}

/**
 * nfo_announce_heal() - a frame for us came by the lower that is not in use
 * @pair: the pair
 * @skb: the frame; its destination and VLAN are what the network has wrong
 *
 * Softirq, under RCU. Teaches the network that address now and everything from
 * the work item, at most once a second; not while a switch is being announced.
 */
void nfo_announce_heal(struct nfo_pair *pair, const struct sk_buff *skb)
{
	unsigned long last = READ_ONCE(pair->last_heal);
	unsigned long now = jiffies;
	struct nfo_vlan_tag tag = {};
	struct net_device *to;

	if (delayed_work_pending(&pair->announce_work) ||
	    time_before(now, last + msecs_to_jiffies(NFO_HEAL_MS)) ||
	    cmpxchg(&pair->last_heal, last, now) != last)
		return;
	if (skb_vlan_tag_present(skb)) {
		tag.proto = skb->vlan_proto;
		tag.id = skb_vlan_tag_get_id(skb);
	}
	to = nfo_announce_through(pair);
	if (to)
		nfo_teach(to, eth_hdr(skb)->h_dest, tag);
	nfo_announce_queue(pair, ARRAY_SIZE(nfo_announce_gaps));
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
