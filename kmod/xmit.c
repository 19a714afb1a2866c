// SPDX-License-Identifier: GPL-2.0
/* The hot path: transmit, and the receive handler of both lowers. */
#include <linux/tcp.h>
#include <linux/udp.h>
#include <linux/if_vlan.h>
#include "nfo.h"

/* Bytes that the segments of @skb have as frames on the wire beyond its own
 * length, headers starting at @l2 bytes before and transport at @th.
 */
static unsigned int nfo_gso_extra(const struct sk_buff *skb, unsigned int segs,
				  int l2, const unsigned char *th)
{
	unsigned int hdr = l2 + (th - skb->data);

	if (skb_shinfo(skb)->gso_type & (SKB_GSO_TCPV4 | SKB_GSO_TCPV6)) {
		const struct tcphdr *tcp = (const struct tcphdr *)th;

		if (th + sizeof(*tcp) <= skb_tail_pointer(skb))
			hdr += __tcp_hdrlen(tcp);
	} else {
		hdr += sizeof(struct udphdr);
	}
	return (segs - 1) * hdr;
}

static netdev_tx_t nfo_drop(struct nfo_pair *pair, struct sk_buff *skb)
{
	struct nfo_pcpu_stats *stats = this_cpu_ptr(pair->stats);

	u64_stats_update_begin(&stats->syncp);
	u64_stats_inc(&stats->tx_dropped);
	u64_stats_update_end(&stats->syncp);
	dev_kfree_skb_any(skb);
	return NETDEV_TX_OK;
}

/* The active lower can no longer send, which nobody told yet: decide now. */
static noinline struct nfo_lower *nfo_xmit_elsewhere(struct nfo_pair *pair)
{
	nfo_switch_update(pair);
	return rcu_dereference_bh(pair->active);
}

netdev_tx_t nfo_start_xmit(struct sk_buff *skb, struct net_device *dev)
{
	struct nfo_pair *pair = netdev_priv(dev);
	struct nfo_lower *lower = rcu_dereference_bh(pair->active);
	unsigned int len = skb->len, segs = 1;
	struct nfo_pcpu_stats *stats;
	struct nfo_path_stats *path;
	struct net_device *to;
	int ret;

	if (unlikely(!lower))
		return nfo_drop(pair, skb);
	to = rcu_dereference_bh(lower->dev);
	if (unlikely(!to || !nfo_can_send(to))) {
		lower = nfo_xmit_elsewhere(pair);
		to = lower ? rcu_dereference_bh(lower->dev) : NULL;
		if (!to)
			return nfo_drop(pair, skb);
	}

	if (skb_is_gso(skb)) {
		segs = skb_shinfo(skb)->gso_segs ?: 1;
		len += nfo_gso_extra(skb, segs, 0, skb_transport_header(skb));
	}
	skb->dev = to;
	ret = dev_queue_xmit(skb);

	stats = this_cpu_ptr(pair->stats);
	path = &stats->path[lower->index];
	u64_stats_update_begin(&stats->syncp);
	if (likely(ret == NET_XMIT_SUCCESS || ret == NET_XMIT_CN)) {
		u64_stats_add(&path->tx_packets, segs);
		u64_stats_add(&path->tx_bytes, len);
	} else {
		u64_stats_inc(&stats->tx_dropped);
	}
	u64_stats_update_end(&stats->syncp);
	return ret;
}

static void nfo_count_rx(struct nfo_lower *lower, const struct sk_buff *skb, bool idle)
{
	struct nfo_pcpu_stats *stats = this_cpu_ptr(lower->pair->stats);
	struct nfo_path_stats *path = &stats->path[lower->index];
	unsigned int len = skb->len + ETH_HLEN, segs = 1;

	if (skb_is_gso(skb)) {
		segs = skb_shinfo(skb)->gso_segs ?: 1;
		/* GRO leaves the checksum to start at the transport header. */
		if (skb->ip_summed == CHECKSUM_PARTIAL)
			len += nfo_gso_extra(skb, segs, ETH_HLEN,
					     skb->data + skb_checksum_start_offset(skb));
	}
	u64_stats_update_begin(&stats->syncp);
	u64_stats_add(&path->rx_packets, segs);
	u64_stats_add(&path->rx_bytes, len);
	if (skb->pkt_type == PACKET_MULTICAST || skb->pkt_type == PACKET_BROADCAST)
		u64_stats_inc(&path->rx_multicast);
	if (idle)
		u64_stats_add(&path->rx_idle, segs);
	u64_stats_update_end(&stats->syncp);
}

static void nfo_count_ignored(struct nfo_lower *lower)
{
	struct nfo_pcpu_stats *stats = this_cpu_ptr(lower->pair->stats);

	u64_stats_update_begin(&stats->syncp);
	u64_stats_inc(&stats->path[lower->index].rx_ignored);
	u64_stats_update_end(&stats->syncp);
}

/* Whether an address is one of the master's own (its macvlans' among them). */
static bool nfo_is_ours(const struct net_device *master, const u8 *addr)
{
	const struct netdev_hw_addr *ha;

	if (ether_addr_equal_64bits(addr, master->dev_addr))
		return true;
	list_for_each_entry_rcu(ha, &master->uc.list, list)
		if (ether_addr_equal(ha->addr, addr))
			return true;
	return false;
}

/* Not for the master: seen by who listens on this very lower, else dropped.
 * Link-local frames pass, so that LLDP and the like see the idle link.
 */
static rx_handler_result_t nfo_ignore(struct nfo_lower *lower, const struct ethhdr *eth)
{
	nfo_count_ignored(lower);
	return is_link_local_ether_addr(eth->h_dest) ? RX_HANDLER_PASS : RX_HANDLER_EXACT;
}

/* The lower that is not in use. A unicast frame for an address of ours, from
 * elsewhere, comes here since the network's forwarding table is stale: it is
 * delivered, and the network is told. Whatever was flooded arrives by the
 * other lower too, and what we sent ourselves must not come back.
 */
static noinline rx_handler_result_t nfo_rx_idle(struct nfo_lower *lower, struct sk_buff *skb)
{
	struct nfo_pair *pair = lower->pair;
	const struct ethhdr *eth = eth_hdr(skb);

	if (!netif_running(pair->dev) || is_multicast_ether_addr(eth->h_dest) ||
	    !nfo_is_ours(pair->dev, eth->h_dest) || nfo_is_ours(pair->dev, eth->h_source))
		return nfo_ignore(lower, eth);

	nfo_count_rx(lower, skb, true);
	skb->dev = pair->dev;
	nfo_announce_heal(pair);
	return RX_HANDLER_ANOTHER;
}

rx_handler_result_t nfo_handle_frame(struct sk_buff **pskb)
{
	struct sk_buff *skb = skb_share_check(*pskb, GFP_ATOMIC);
	struct nfo_lower *lower;
	u8 mode;

	if (unlikely(!skb))
		return RX_HANDLER_CONSUMED;
	*pskb = skb;

	lower = rcu_dereference(skb->dev->rx_handler_data);
	mode = READ_ONCE(lower->rx_mode);
	if (unlikely(mode != NFO_RX_ACTIVE)) {
		const struct ethhdr *eth = eth_hdr(skb);

		if (mode == NFO_RX_IDLE)
			return nfo_rx_idle(lower, skb);
		if (nfo_is_ours(lower->pair->dev, eth->h_source))
			return nfo_ignore(lower, eth);
	}
	nfo_count_rx(lower, skb, false);
	skb->dev = lower->pair->dev;
	return RX_HANDLER_ANOTHER;
}
