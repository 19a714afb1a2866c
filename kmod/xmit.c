// SPDX-License-Identifier: GPL-2.0
/* The hot path: transmit, and the receive handler of both lowers. */
#include <linux/tcp.h>
#include <linux/udp.h>
#include <linux/if_vlan.h>
#include "direct.h"
#include "netpoll.h"
#include "xdp.h"

/* How many frames @skb is on the wire. */
static unsigned long nfo_segments(const struct sk_buff *skb)
{
	const struct skb_shared_info *info = skb_shinfo(skb);

	if (!skb_is_gso(skb))
		return 1;
	return info->gso_segs ?: DIV_ROUND_UP(skb->len, info->gso_size);
}

/* Bytes of the headers that each frame has but the first, which is in @skb's
 * length; the transport header is at @th.
 */
static unsigned long nfo_more_headers(const struct sk_buff *skb, unsigned long segs,
				      const unsigned char *th)
{
	unsigned long hdr = th - skb->data;

	if (skb_shinfo(skb)->gso_type & (SKB_GSO_TCPV4 | SKB_GSO_TCPV6)) {
		const struct tcphdr *tcp = (const struct tcphdr *)th;

		if (th + sizeof(*tcp) <= skb_tail_pointer(skb))
			hdr += __tcp_hdrlen(tcp);
	} else {
		hdr += sizeof(struct udphdr);
	}
	return (segs - 1) * hdr;
}

/* How many frames a packet to send is on the wire, and of how many bytes together. */
static unsigned long nfo_frames(const struct sk_buff *skb, unsigned long *len)
{
	unsigned long segs = nfo_segments(skb);

	*len = skb->len;
	if (skb_is_gso(skb) && skb_transport_header_was_set(skb))
		*len += nfo_more_headers(skb, segs, skb_transport_header(skb));
	return segs;
}

/* With 32 bits netpoll may have interrupted the writer of the same counters: not then. */
static bool nfo_may_count(const struct nfo_pair *pair)
{
	return BITS_PER_LONG == 64 || !nfo_is_polled(pair);
}

static netdev_tx_t nfo_drop(struct nfo_pair *pair, struct sk_buff *skb)
{
	struct nfo_pcpu_stats *stats = this_cpu_ptr(pair->stats);

	if (nfo_may_count(pair)) {
		u64_stats_update_begin(&stats->syncp);
		u64_stats_inc(&stats->tx_dropped);
		u64_stats_update_end(&stats->syncp);
	}
	dev_kfree_skb_any(skb);
	return NETDEV_TX_OK;
}

/* Count one packet of a path, on this CPU; with 64 bits it takes an instruction
 * each, and u64_stats_t would take one more for the address.
 */
#if BITS_PER_LONG == 64
#define nfo_count(pcpu, way, segs, len)							\
do {											\
	struct nfo_path_stats __percpu *to_ = (pcpu);					\
											\
	BUILD_BUG_ON(sizeof(to_->way##_packets) != sizeof(unsigned long));		\
	this_cpu_add(*(unsigned long __percpu *)&to_->way##_packets, segs);		\
	this_cpu_add(*(unsigned long __percpu *)&to_->way##_bytes, len);		\
} while (0)
#else
#define nfo_count(pcpu, way, segs, len)							\
do {											\
	struct nfo_path_stats *stats_ = this_cpu_ptr(pcpu);				\
											\
	u64_stats_update_begin(&stats_->syncp);						\
	u64_stats_add(&stats_->way##_packets, segs);					\
	u64_stats_add(&stats_->way##_bytes, len);					\
	u64_stats_update_end(&stats_->syncp);						\
} while (0)
#endif

static noinline netdev_tx_t nfo_not_taken(struct nfo_path_stats __percpu *path, int ret)
{
	struct nfo_path_stats *stats = this_cpu_ptr(path);

	u64_stats_update_begin(&stats->syncp);
	u64_stats_inc(&stats->tx_not_taken);
	u64_stats_update_end(&stats->syncp);
	return ret;
}

/* What can never send: in place of a device where a closer look is needed. */
static struct net_device nfo_nowhere;

/**
 * nfo_xmit_route() - where the master's packets go without a closer look
 * @pair: the pair, whose active lower or learning changed
 *
 * nfo_pair.lock. A packet that is under way meanwhile may be counted at the
 * former path.
 */
void nfo_xmit_route(struct nfo_pair *pair)
{
	const struct nfo_lower *active =
		rcu_dereference_protected(pair->active, lockdep_is_held(&pair->lock));
	struct net_device *dev = active && !pair->learn && !pair->polled ?
		rcu_dereference_protected(active->dev, lockdep_is_held(&pair->lock)) : NULL;

	if (active)
		WRITE_ONCE(pair->tx_stats, active->stats);
	rcu_assign_pointer(pair->tx, dev ?: &nfo_nowhere);
}

/* The active lower can no longer send, which nobody told yet: decide now. */
static noinline struct nfo_lower *nfo_xmit_elsewhere(struct nfo_pair *pair)
{
	nfo_switch_update(pair);
	return rcu_dereference_bh(pair->active);
}

/* netpoll sends: nothing may be locked, printed or decided. */
static netdev_tx_t nfo_xmit_polled(struct sk_buff *skb, struct nfo_pair *pair)
{
	struct nfo_lower *lower = rcu_dereference_bh(pair->active);
	struct net_device *to = lower ? rcu_dereference_bh(lower->dev) : NULL;
	struct netpoll *np = lower ? rcu_dereference_bh(lower->np) : NULL;

	if (!to || !np || !nfo_can_send(to))
		return nfo_drop(pair, skb);
	if (nfo_may_count(pair))
		nfo_count(lower->stats, tx, 1, skb->len);
	skb->dev = to;
	netpoll_send_skb(np, skb);	/* which sends or queues it, or ends it */
	return NETDEV_TX_OK;
}

/* The lower for a packet, where pair->tx does not tell: the path does not work, or others than the
 * master itself send.
 */
static noinline struct nfo_lower *nfo_xmit_closely(struct nfo_pair *pair, struct sk_buff *skb)
{
	struct nfo_lower *lower = rcu_dereference_bh(pair->active);
	struct net_device *to = lower ? rcu_dereference_bh(lower->dev) : NULL;

	if (lower && unlikely(!to || !nfo_can_send(to)))
		lower = nfo_xmit_elsewhere(pair);
	if (lower && unlikely(READ_ONCE(pair->learn)))
		nfo_station_learn(pair, skb);
	return lower;
}

/* As few instructions as can be: `make bench-cost` counts them. */
netdev_tx_t nfo_start_xmit(struct sk_buff *skb, struct net_device *dev)
{
	struct nfo_pair *pair = netdev_priv(dev);
	struct net_device *to = rcu_dereference_bh(pair->tx);
	struct nfo_path_stats __percpu *stats = READ_ONCE(pair->tx_stats);
	unsigned long len, segs;
	int ret;

	if (unlikely(!nfo_can_send(to))) {
		struct nfo_lower *lower;

		if (unlikely(nfo_is_polled(pair)))
			return nfo_xmit_polled(skb, pair);
		lower = nfo_xmit_closely(pair, skb);
		to = lower ? rcu_dereference_bh(lower->dev) : NULL;
		if (!to)
			return nfo_drop(pair, skb);
		stats = lower->stats;
	}

	segs = nfo_frames(skb, &len);
	ret = nfo_hand_on(skb, to);
	if (unlikely(ret != NET_XMIT_SUCCESS && ret != NET_XMIT_CN))
		return nfo_not_taken(stats, ret);
	nfo_count(stats, tx, segs, len);
	return ret;
}

/* Count what is more than one linear frame for the master itself. */
static void nfo_count_rx_closely(struct nfo_lower *lower, const struct sk_buff *skb, bool idle)
{
	unsigned long len = skb->len, segs = nfo_segments(skb);
	struct nfo_path_stats *stats;

	/* GRO leaves the checksum to start at the transport header. */
	if (segs > 1 && skb->ip_summed == CHECKSUM_PARTIAL)
		len += nfo_more_headers(skb, segs, skb->data + skb_checksum_start_offset(skb));
	nfo_count(lower->stats, rx, segs, len);

	stats = this_cpu_ptr(lower->stats);
	u64_stats_update_begin(&stats->syncp);
	if (skb->pkt_type == PACKET_MULTICAST || skb->pkt_type == PACKET_BROADCAST) {
		u64_stats_inc(&stats->rx_multicast);
		if (is_link_local_ether_addr(eth_hdr(skb)->h_dest))
			u64_stats_inc(&stats->rx_link_local);
	}
	if (idle)
		u64_stats_add(&stats->rx_idle, segs);
	u64_stats_update_end(&stats->syncp);
}

static void nfo_count_ignored(struct nfo_lower *lower)
{
	struct nfo_path_stats *stats = this_cpu_ptr(lower->stats);

	u64_stats_update_begin(&stats->syncp);
	u64_stats_inc(&stats->rx_ignored);
	u64_stats_update_end(&stats->syncp);
}

static void nfo_count_flood_ignored(struct nfo_lower *lower)
{
	struct nfo_path_stats *stats = this_cpu_ptr(lower->stats);

	u64_stats_update_begin(&stats->syncp);
	u64_stats_inc(&stats->rx_flood_ignored);
	u64_stats_update_end(&stats->syncp);
}

/* Whether frames for an address are the master's: its own, its macvlans', and
 * those of the stations behind it.
 */
static bool nfo_lives_here(struct nfo_pair *pair, const u8 *addr)
{
	const struct netdev_hw_addr *ha;

	if (ether_addr_equal(addr, pair->dev->dev_addr))
		return true;
	list_for_each_entry_rcu(ha, &pair->dev->uc.list, list)
		if (ether_addr_equal(ha->addr, addr))
			return true;
	return nfo_station_known(pair, addr);
}

/* Whether a frame from the network was sent by the master or a station behind
 * it, and comes back. A station's unicast does not: then the station moved.
 */
static bool nfo_comes_back(struct nfo_pair *pair, const struct ethhdr *eth, bool use)
{
	if (ether_addr_equal(eth->h_source, pair->dev->dev_addr))
		return true;
	if (!nfo_station_known(pair, eth->h_source))
		return false;
	if (!use || is_multicast_ether_addr(eth->h_dest))
		return true;
	nfo_station_forget(pair, eth->h_source);
	return false;
}

/* Whether the master is to have this frame, which is decided frame by frame on
 * the lower that is not in use, around a switch, and while a bridge listens.
 *
 * A unicast frame for us, from elsewhere, comes by a lower that is not in use
 * since the network's forwarding table is stale: it is delivered, and the
 * network is told. Whatever was flooded arrives by the other lower too, and
 * what we sent ourselves must not come back.
 */
static bool nfo_rx_wanted(struct nfo_lower *lower, const struct sk_buff *skb, u8 mode)
{
	const struct ethhdr *eth = eth_hdr(skb);
	struct nfo_pair *pair = lower->pair;
	bool use = mode & NFO_RX_USE;

	if (nfo_xdp_bypassed(lower))
		return false;
	if (!use || (mode & NFO_RX_OWN)) {
		if (nfo_comes_back(pair, eth, use))
			return false;
	} else if (mode & NFO_RX_LEARN) {
		nfo_station_forget(pair, eth->h_source);
	}

	if (is_multicast_ether_addr(eth->h_dest)) {
		if (is_link_local_ether_addr(eth->h_dest))
			return use;
		if (!(mode & NFO_RX_FLOOD)) {
			if (!use)
				nfo_count_flood_ignored(lower);
			return use;
		}
		return nfo_flood_accept(lower, skb, mode & (NFO_RX_USE | NFO_RX_FIRST));
	}
	if (use)
		return true;
	if (!netif_running(pair->dev) || !nfo_lives_here(pair, eth->h_dest))
		return false;
	nfo_announce_heal(pair, skb);
	return true;
}

/* Not for the master: seen by who listens on this very lower, else dropped.
 * Link-local frames pass, so that LLDP and the like see the idle link.
 */
static rx_handler_result_t nfo_ignore(struct nfo_lower *lower, const struct sk_buff *skb)
{
	nfo_count_ignored(lower);
	return is_link_local_ether_addr(eth_hdr(skb)->h_dest) ? RX_HANDLER_PASS :
								RX_HANDLER_EXACT;
}

static noinline rx_handler_result_t nfo_handle_closely(struct sk_buff **pskb)
{
	struct sk_buff *skb = skb_share_check(*pskb, GFP_ATOMIC);
	struct nfo_lower *lower;
	u8 mode;

	if (unlikely(!skb))
		return RX_HANDLER_CONSUMED;
	*pskb = skb;
	/* A copy of what was sent by this very lower, without a header. */
	if (unlikely(skb->pkt_type == PACKET_LOOPBACK))
		return RX_HANDLER_PASS;

	lower = rcu_dereference(skb->dev->rx_handler_data);
	mode = READ_ONCE(lower->rx_mode);
	if (unlikely(mode != NFO_RX_USE) && !nfo_rx_wanted(lower, skb, mode))
		return nfo_ignore(lower, skb);
	/* A standby keeps an address of its own when the master's was changed. */
	if (skb->pkt_type == PACKET_OTHERHOST &&
	    ether_addr_equal(eth_hdr(skb)->h_dest, lower->master->dev_addr))
		skb->pkt_type = PACKET_HOST;
	nfo_count_rx_closely(lower, skb, !(mode & NFO_RX_USE));
	skb->dev = lower->master;
	return RX_HANDLER_ANOTHER;
}

/* As few instructions as can be for a linear frame for us by the lower in use: what
 * GRO or a card has merged is not linear.
 */
rx_handler_result_t nfo_handle_frame(struct sk_buff **pskb)
{
	struct sk_buff *skb = *pskb;
	const struct nfo_lower *lower = rcu_dereference(skb->dev->rx_handler_data);

	/* shared, or not linear: asked by one branch */
	if ((refcount_read(&skb->users) - 1) | skb->data_len ||
	    unlikely(skb->pkt_type != PACKET_HOST) ||
	    unlikely(data_race(lower->rx_mode) != NFO_RX_USE))	/* a byte */
		return nfo_handle_closely(pskb);
	nfo_count(lower->stats, rx, 1, skb->len);
	skb->dev = lower->master;
	return RX_HANDLER_ANOTHER;
}
