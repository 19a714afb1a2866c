/* SPDX-License-Identifier: GPL-2.0 */
/* The shortest way from the master into a lower that leaves nothing out.
 *
 * dev_queue_xmit() does for a lower all that it has just done for the master. Where
 * that would lead straight into the driver, so does this: the card takes the packet as
 * it is, no tap, no egress hook of nf or tc listens on the lower, and its queueing
 * discipline holds nothing and would let the packet pass by (TCQ_F_CAN_BYPASS), or there
 * is none. What the kernel does on that way is done here by the same functions: a queue
 * is picked, the discipline owned while the driver is called, and counted. Everything
 * else goes to dev_queue_xmit(): what the kernel has to segment or to sum up for this
 * card, a discipline that queues, a full ring, a tcpdump. The trace points net_dev_queue
 * and net_dev_xmit tell of such a packet at the master alone; modules can't call them.
 *
 * Order: a packet overtakes none that was sent before it on the same queue. Who owns
 * a discipline (qdisc_run_begin()) is the only one to take packets out of it, and it
 * was empty then; what others put into it meanwhile, they schedule or we do.
 *
 * Context: softirqs off and rcu_read_lock_bh() held, as in every ndo_start_xmit().
 * Locks: the discipline's own, then the transmit queue's, never both. That the lower
 * closes meanwhile waits, in dev_deactivate(), for us as for any other sender.
 *
 * For xmit.c alone: every call less counts (`make bench-cost`).
 */
#ifndef NFO_DIRECT_H
#define NFO_DIRECT_H

#include <linux/if_vlan.h>
#include <linux/ipv6.h>
#include <linux/netdevice.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <net/sch_generic.h>
#include <net/xfrm.h>
#include "nfo.h"

/* sparse can't follow a lock that is tried for twice. */
#ifdef __CHECKER__
#define qdisc_run_begin(q)	(!!(q))
#define qdisc_run_end(q)	((void)(q), (struct sk_buff *)NULL)
#endif

/* Who listens there has to be asked, or does part of the work itself. */
static inline bool nfo_is_watched(const struct sk_buff *skb, struct net_device *dev)
{
	return dev_nit_active(dev) || nfo_has_egress(dev) || skb_sec_path(skb);
}

/* Whether the packet's socket has something to do with it before a card sends it (TLS, PSP). */
static inline bool nfo_socket_asks(const struct sk_buff *skb)
{
#ifdef CONFIG_SOCK_VALIDATE_XMIT
	return skb->sk && sk_fullsock(skb->sk) && skb->sk->sk_validate_xmit_skb;
#else
	return false;
#endif
}

/* What a card has to segment; of the kinds of which the features say all. */
static inline bool nfo_gso_fits(const struct sk_buff *skb, const struct net_device *dev)
{
	const unsigned int kinds = SKB_GSO_TCPV4 | SKB_GSO_TCPV6 | SKB_GSO_TCP_ECN |
				   SKB_GSO_UDP_L4 | SKB_GSO_GRE | SKB_GSO_GRE_CSUM |
				   SKB_GSO_IPXIP4 | SKB_GSO_IPXIP6 | SKB_GSO_UDP_TUNNEL |
				   SKB_GSO_UDP_TUNNEL_CSUM;
	const struct skb_shared_info *info = skb_shinfo(skb);

	return info->gso_type && !(info->gso_type & ~kinds) && skb->ip_summed == CHECKSUM_PARTIAL &&
	       info->gso_segs <= READ_ONCE(dev->gso_max_segs) &&
	       skb->len < netif_get_gso_max_size(dev, skb);
}

/* What a card must be able to that does not sum up anything whatever. */
static netdev_features_t nfo_sums(const struct sk_buff *skb)
{
	if (!skb->encapsulation && (skb->csum_offset == offsetof(struct tcphdr, check) ||
				    skb->csum_offset == offsetof(struct udphdr, check))) {
		if (skb->protocol == htons(ETH_P_IP))
			return NETIF_F_IP_CSUM;
		if (skb->protocol == htons(ETH_P_IPV6) &&
		    skb_network_header_len(skb) == sizeof(struct ipv6hdr))	/* alone */
			return NETIF_F_IPV6_CSUM;
	}
	return NETIF_F_HW_CSUM;
}

/* What a discipline counts of a packet that the card need not segment. The core has set it
 * at the master, but what it then segmented there has the whole's, and what came by AF_XDP
 * or pktgen has none.
 */
static inline void nfo_set_counted(struct sk_buff *skb)
{
	qdisc_skb_cb(skb)->pkt_len = skb->len;
#ifdef NFO_HAVE_PKT_SEGS
	qdisc_skb_cb(skb)->pkt_segs = 1;
#endif
}

/* Whether the card takes the packet as it is: the core has made it fit for the master;
 * validate_xmit_skb() would leave it alone for this lower. That one knows more ways to
 * say yes: what is refused here goes the long way, which asks it.
 */
static inline bool nfo_fits(struct sk_buff *skb, struct net_device *dev)
{
	typeof(dev->netdev_ops->ndo_features_check) check = dev->netdev_ops->ndo_features_check;
	const netdev_features_t tags = NETIF_F_HW_VLAN_CTAG_TX | NETIF_F_HW_VLAN_STAG_TX;
	/* An administrator may change them meanwhile, as for any packet that is under way. */
	netdev_features_t lacks = ~data_race(dev->features), needs = 0;

	if (nfo_socket_asks(skb))
		return false;
	if (skb->ip_summed == CHECKSUM_PARTIAL)
		needs |= NETIF_F_HW_CSUM;
	if (skb_is_nonlinear(skb))
		needs |= NETIF_F_SG | (IS_ENABLED(CONFIG_HIGHMEM) ? NETIF_F_HIGHDMA : 0);
	if (skb_is_gso(skb)) {
		if (!nfo_gso_fits(skb, dev))
			return false;
		needs |= (netdev_features_t)skb_shinfo(skb)->gso_type << NETIF_F_GSO_SHIFT;
		lacks |= dev->gso_partial_features;
	} else {
		nfo_set_counted(skb);	/* here, where its kind is known: it costs less */
	}
	if (skb_vlan_tag_present(skb)) {
		if (skb->vlan_proto == htons(ETH_P_8021Q))
			needs |= NETIF_F_HW_VLAN_CTAG_TX;
		else if (skb->vlan_proto == htons(ETH_P_8021AD))
			needs |= NETIF_F_HW_VLAN_STAG_TX;
		else
			return false;
		lacks |= ~(dev->vlan_features | tags);
	}
	if (!needs)
		return true;

	if (skb->encapsulation)
		lacks |= ~(dev->hw_enc_features | tags);
	if ((skb->protocol != htons(ETH_P_IP) && skb->protocol != htons(ETH_P_IPV6)) ||
	    skb_has_frag_list(skb) || skb_csum_is_sctp(skb))
		return false;
	if (needs & lacks) {
		needs = (needs & ~NETIF_F_HW_CSUM) | nfo_sums(skb);
		if (needs & lacks)
			return false;
	}
	if (check && check != passthru_features_check)
		return !(needs & ~check(skb, dev, ~lacks));
	return true;
}

/* The master has one queue: its packets come with 0. */
static inline struct netdev_queue *nfo_pick_queue(struct sk_buff *skb, struct net_device *dev)
{
	const struct net_device_ops *ops = dev->netdev_ops;
	u16 index;

	if (dev->real_num_tx_queues == 1)
		return netdev_get_tx_queue(dev, 0);
#ifdef CONFIG_XPS
	/* Who comes without a queue of the master's having been picked (AF_XDP, pktgen)
	 * has no CPU yet, by which XPS, up to 5.12, looks into its map unasked.
	 */
	if (unlikely(!skb->sender_cpu || skb->sender_cpu > nr_cpu_ids))
		skb->sender_cpu = raw_smp_processor_id() + 1;
#endif
	index = ops->ndo_select_queue ? ops->ndo_select_queue(dev, skb, NULL) :
					netdev_pick_tx(dev, skb, NULL);
	index = netdev_cap_txqueue(dev, index);
	skb_set_queue_mapping(skb, index);
	return netdev_get_tx_queue(dev, index);
}

/* Without the queue's lock what is seen may be late. */
static inline bool nfo_is_stopped(const struct netdev_queue *txq)
{
	/* A card that has room again says so at any time, one that is full with the lock:
	 * it costs a packet the long way, or the lock for nothing.
	 */
	return data_race(netif_xmit_frozen_or_stopped(txq));
}

/* Whether a look without a lock promises a free way. */
static inline bool nfo_looks_free(const struct netdev_queue *txq, struct Qdisc *q)
{
	if (!q->enqueue)
		return true;
	if (!(q->flags & TCQ_F_CAN_BYPASS) || rcu_access_pointer(q->stab))
		return false;
	if (q->flags & TCQ_F_NOLOCK)
		return nolock_qdisc_is_empty(q);
	/* without its lock: nfo_past_locked() looks again */
	return !qdisc_is_running(q) && !data_race(qdisc_qlen(q));
}

/* Return: whether the driver has taken it; else nothing became of it. */
static __always_inline bool nfo_into_driver(struct sk_buff *skb, struct net_device *dev,
					    struct netdev_queue *txq)
{
	int ret = NETDEV_TX_BUSY;

	HARD_TX_LOCK(dev, txq, smp_processor_id());
	if (likely(!nfo_is_stopped(txq)))
		ret = netdev_start_xmit(skb, dev, txq, false);
	HARD_TX_UNLOCK(dev, txq);
	return dev_xmit_complete(ret);
}

/* The two kinds of disciplines, as __dev_xmit_skb() lets a packet pass by them. A
 * ring is looked at again by their only owner, so that few packets are counted that
 * have to be queued, and counted again, after all.
 */
static inline bool nfo_past_lockless(struct sk_buff *skb, struct net_device *dev,
				     struct netdev_queue *txq, struct Qdisc *q)
{
	bool sent = false;

	if (!qdisc_run_begin(q))
		return false;
	if (likely(nolock_qdisc_is_empty(q) && !nfo_is_stopped(txq))) {
		qdisc_bstats_cpu_update(q, skb);
		sent = nfo_into_driver(skb, dev, txq);
	}
	qdisc_run_end(q);
	return sent;
}

static inline bool nfo_past_locked(struct sk_buff *skb, struct net_device *dev,
				   struct netdev_queue *txq, struct Qdisc *q)
{
	spinlock_t *lock = qdisc_lock(q);
	struct sk_buff *dropped;
	bool sent;

	spin_lock(lock);
	if (test_bit(__QDISC_STATE_DEACTIVATED, &q->state) || qdisc_qlen(q) ||
	    nfo_qdisc_defers(q) || nfo_is_stopped(txq) || !qdisc_run_begin(q)) {
		spin_unlock(lock);
		return false;
	}
	qdisc_bstats_update(q, skb);
	spin_unlock(lock);

	sent = nfo_into_driver(skb, dev, txq);

	spin_lock(lock);
	dropped = nfo_qdisc_run_end(q);
	if (unlikely(qdisc_qlen(q)))
		__netif_schedule(q);
	spin_unlock(lock);
	if (unlikely(dropped))
		kfree_skb_list(dropped);
	return sent;
}

static inline bool nfo_past_qdisc(struct sk_buff *skb, struct net_device *dev,
				  struct netdev_queue *txq, struct Qdisc *q)
{
	if (!q->enqueue)
		return nfo_into_driver(skb, dev, txq);
	return q->flags & TCQ_F_NOLOCK ? nfo_past_lockless(skb, dev, txq, q) :
					 nfo_past_locked(skb, dev, txq, q);
}

/* All that has to wait, or that others do a part of. A queue that was picked must not
 * look like the one by which a packet was received: the next pick would go by that.
 */
static noinline int nfo_the_long_way(struct sk_buff *skb)
{
	skb_set_queue_mapping(skb, 0);
	return dev_queue_xmit(skb);
}

/**
 * nfo_hand_on() - send a packet of the master's by a lower
 * @skb: the packet; it is consumed
 * @dev: the lower's device, which can send
 *
 * Return: as dev_queue_xmit().
 */
static inline int nfo_hand_on(struct sk_buff *skb, struct net_device *dev)
{
	struct netdev_queue *txq;
	struct Qdisc *q;

	skb->dev = dev;
	if (unlikely(!nfo_fits(skb, dev) || nfo_is_watched(skb, dev)))
		return nfo_the_long_way(skb);
	txq = nfo_pick_queue(skb, dev);
	q = rcu_dereference_bh(txq->qdisc);
	if (unlikely(!nfo_looks_free(txq, q)))
		return nfo_the_long_way(skb);

	if (unlikely(skb->_skb_refdst)) {	/* the master has let it go if each lower would */
		if (dev->priv_flags & IFF_XMIT_DST_RELEASE)
			skb_dst_drop(skb);
		else
			skb_dst_force(skb);
	}
	if (likely(nfo_past_qdisc(skb, dev, txq, q)))
		return NET_XMIT_SUCCESS;
	return nfo_the_long_way(skb);
}

#endif /* NFO_DIRECT_H */
