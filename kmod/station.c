// SPDX-License-Identifier: GPL-2.0
/* Addresses that live behind the master: stations of a bridge that it is a
 * port of, and whoever else sends through it with an address of his own.
 *
 * They are learned from what is sent, only while the master is promiscuous or
 * has further addresses (bridges, macvlans), and forgotten when the network
 * sends with the same address, or nothing was sent for as long as bridges
 * remember. An address that merely is on the master and never sends (a VRRP
 * router in reserve) is nobody to announce. At a switch
 * they are announced with the master's own, and frames for them are taken from
 * the lower that is not in use.
 */
#include <linux/if_vlan.h>
#include <linux/jhash.h>
#include <linux/random.h>
#include <linux/rculist.h>
#include <linux/slab.h>
#include "nfo.h"

#define NFO_STATION_AGE		(300 * HZ)	/* the default of bridges, IEEE 802.1D */
#define NFO_STATION_LIMIT	1024

struct nfo_station {
	struct hlist_node node;
	struct rcu_head rcu;
	unsigned long seen;		/* jiffies */
	struct nfo_vlan_tag tag;
	u8 addr[ETH_ALEN];
};

static struct hlist_head *nfo_station_bucket(struct nfo_pair *pair, const u8 *addr)
{
	return &pair->stations[jhash(addr, ETH_ALEN, pair->station_seed) % NFO_STATION_BUCKETS];
}

static bool nfo_station_fresh(const struct nfo_station *station)
{
	return time_before(jiffies, READ_ONCE(station->seen) + NFO_STATION_AGE);
}

static void nfo_station_delete(struct nfo_pair *pair, struct nfo_station *station)
{
	hlist_del_rcu(&station->node);
	pair->station_count--;
	kfree_rcu(station, rcu);
}

/* nfo_pair.station_lock. */
static void nfo_station_expire(struct nfo_pair *pair, bool all)
{
	struct nfo_station *station;
	struct hlist_node *next;
	int i;

	for (i = 0; i < NFO_STATION_BUCKETS; i++)
		hlist_for_each_entry_safe(station, next, &pair->stations[i], node)
			if (all || !nfo_station_fresh(station))
				nfo_station_delete(pair, station);
}

static struct nfo_station *nfo_station_find(struct nfo_pair *pair, const u8 *addr,
					    struct nfo_vlan_tag tag)
{
	struct nfo_station *station;

	hlist_for_each_entry_rcu(station, nfo_station_bucket(pair, addr), node,
				 lockdep_is_held(&pair->station_lock))
		if (ether_addr_equal(station->addr, addr) && station->tag.id == tag.id &&
		    station->tag.proto == tag.proto)
			return station;
	return NULL;
}

static void nfo_station_add(struct nfo_pair *pair, const u8 *addr, struct nfo_vlan_tag tag)
{
	struct nfo_station *station;

	if (READ_ONCE(pair->station_count) >= NFO_STATION_LIMIT &&
	    time_before_eq(jiffies, READ_ONCE(pair->station_expired) + HZ))
		return;
	station = kzalloc(sizeof(*station), GFP_ATOMIC);
	if (!station)
		return;
	station->seen = jiffies;
	station->tag = tag;
	ether_addr_copy(station->addr, addr);

	spin_lock_bh(&pair->station_lock);
	/* The table is full: at most once a second look for who is gone. */
	if (pair->station_count >= NFO_STATION_LIMIT &&
	    time_after(jiffies, pair->station_expired + HZ)) {
		pair->station_expired = jiffies;
		nfo_station_expire(pair, false);
	}
	if (pair->station_count < NFO_STATION_LIMIT && !nfo_station_find(pair, addr, tag)) {
		hlist_add_head_rcu(&station->node, nfo_station_bucket(pair, addr));
		pair->station_count++;
		station = NULL;
	}
	spin_unlock_bh(&pair->station_lock);
	kfree(station);
}

/**
 * nfo_station_learn() - note who sends through the master
 * @pair: the pair, whose master others use
 * @skb: what is sent, data at the Ethernet header
 *
 * Softirq.
 */
void nfo_station_learn(struct nfo_pair *pair, const struct sk_buff *skb)
{
	const struct ethhdr *eth = (const struct ethhdr *)skb->data;
	struct nfo_vlan_tag tag = {};
	struct nfo_station *station;

	if (skb_headlen(skb) < ETH_HLEN || !is_valid_ether_addr(eth->h_source) ||
	    ether_addr_equal(eth->h_source, pair->dev->dev_addr))
		return;
	if (skb_vlan_tag_present(skb)) {
		tag.proto = skb->vlan_proto;
		tag.id = skb_vlan_tag_get_id(skb);
	}
	station = nfo_station_find(pair, eth->h_source, tag);
	if (!station)
		nfo_station_add(pair, eth->h_source, tag);
	else if (time_after(jiffies, READ_ONCE(station->seen)))
		WRITE_ONCE(station->seen, jiffies);
}

/**
 * nfo_station_known() - whether an address lives behind the master
 * @pair: the pair
 * @addr: an Ethernet address; in whichever VLAN
 *
 * RCU.
 */
bool nfo_station_known(struct nfo_pair *pair, const u8 *addr)
{
	struct nfo_station *station;

	if (!READ_ONCE(pair->station_count))
		return false;
	hlist_for_each_entry_rcu(station, nfo_station_bucket(pair, addr), node)
		if (ether_addr_equal(station->addr, addr) && nfo_station_fresh(station))
			return true;
	return false;
}

/**
 * nfo_station_forget() - the network sends with this address: it moved there
 * @pair: the pair
 * @addr: an Ethernet address, known or not
 *
 * Softirq.
 */
void nfo_station_forget(struct nfo_pair *pair, const u8 *addr)
{
	struct nfo_station *station;
	struct hlist_node *next;

	if (!nfo_station_known(pair, addr))
		return;
	spin_lock(&pair->station_lock);
	hlist_for_each_entry_safe(station, next, nfo_station_bucket(pair, addr), node)
		if (ether_addr_equal(station->addr, addr))
			nfo_station_delete(pair, station);
	spin_unlock(&pair->station_lock);
}

/**
 * nfo_station_each() - call @fn for every address behind the master
 * @pair: the pair
 * @fn: called under RCU
 * @to: handed to @fn
 */
void nfo_station_each(struct nfo_pair *pair,
		      void (*fn)(struct net_device *to, const u8 *addr, struct nfo_vlan_tag tag),
		      struct net_device *to)
{
	struct nfo_station *station;
	int i;

	if (!READ_ONCE(pair->station_count))
		return;
	for (i = 0; i < NFO_STATION_BUCKETS; i++)
		hlist_for_each_entry_rcu(station, &pair->stations[i], node)
			if (nfo_station_fresh(station))
				fn(to, station->addr, station->tag);
}

void nfo_station_init(struct nfo_pair *pair)
{
	spin_lock_init(&pair->station_lock);
	pair->station_seed = get_random_u32();
	pair->station_expired = jiffies - HZ - 1;
}

/* All of them: the master is no longer promiscuous, or ends. */
void nfo_station_clear(struct nfo_pair *pair)
{
	spin_lock_bh(&pair->station_lock);
	nfo_station_expire(pair, true);
	spin_unlock_bh(&pair->station_lock);
}
