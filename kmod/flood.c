// SPDX-License-Identifier: GPL-2.0
/* Broadcast and multicast around a switch: delivered once, from whichever
 * lower brings them first.
 *
 * The network floods a copy to both lowers, and the two arrive at different
 * moments; with a bare swap in between, both copies would be delivered or
 * none. While a switch is under way each flooded frame is therefore noted, and
 * the copy that comes by the other lower recognised by its contents. Nothing
 * of this runs at any other time.
 */
#include <linux/icmpv6.h>
#include <linux/if_vlan.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/jhash.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include "nfo.h"

/* How much of a frame is compared: headers and enough of the contents to tell
 * one datagram of a stream from the next.
 */
#define NFO_FLOOD_BYTES 256

/* A host that sends to its own guest leaves the checksum to the receiver, and
 * virtio hands that on while other cards fill it in: the field is left out.
 */
static void nfo_flood_blank_checksum(u8 *buf, unsigned int len, __be16 protocol)
{
	unsigned int transport, field;
	u8 next;

	if (protocol == htons(ETH_P_IP) && len >= sizeof(struct iphdr)) {
		transport = (buf[0] & 0xf) * 4;
		next = buf[offsetof(struct iphdr, protocol)];
	} else if (protocol == htons(ETH_P_IPV6) && len >= sizeof(struct ipv6hdr)) {
		transport = sizeof(struct ipv6hdr);
		next = buf[offsetof(struct ipv6hdr, nexthdr)];
	} else {
		return;
	}
	switch (next) {
	case IPPROTO_UDP:
		field = transport + offsetof(struct udphdr, check);
		break;
	case IPPROTO_TCP:
		field = transport + offsetof(struct tcphdr, check);
		break;
	case IPPROTO_ICMPV6:
		field = transport + offsetof(struct icmp6hdr, icmp6_cksum);
		break;
	default:
		return;
	}
	if (field + sizeof(__sum16) <= len)
		memset(buf + field, 0, sizeof(__sum16));
}

static u32 nfo_flood_hash(const struct sk_buff *skb)
{
	u8 buf[NFO_FLOOD_BYTES];
	unsigned int len = min_t(unsigned int, skb->len, sizeof(buf));
	u32 seed = skb_vlan_tag_present(skb) ? skb_vlan_tag_get(skb) << 16 : 0;

	if (skb_copy_bits(skb, 0, buf, len))
		return 0;
	nfo_flood_blank_checksum(buf, len, skb->protocol);
	/* A short frame was padded on the wire, but not between a host and its
	 * own guest: without the zeros at their ends both are alike.
	 */
	if (skb->len > ETH_ZLEN - ETH_HLEN)
		seed ^= skb->len;
	else
		while (len && !buf[len - 1])
			len--;
	return jhash(buf, len, jhash(eth_hdr(skb), ETH_HLEN, seed));
}

/* The entry of the copy that came by the other lower, not matched so far. */
static struct nfo_flooded *nfo_flood_find(struct nfo_flood *flood, u32 hash, u8 index)
{
	unsigned int i;

	for (i = 0; i < min(flood->noted, NFO_FLOOD_RING); i++) {
		struct nfo_flooded *frame = &flood->ring[i];

		if (frame->hash == hash && frame->index != index && !frame->matched)
			return frame;
	}
	return NULL;
}

/**
 * nfo_flood_accept() - whether to deliver a flooded frame during a switch
 * @lower: where it came from
 * @skb: the frame, data at the network header
 * @first: whether @lower may deliver what the other has not
 *
 * Softirq. Return: true to deliver it, false if its copy was or will be.
 */
bool nfo_flood_accept(struct nfo_lower *lower, const struct sk_buff *skb, bool first)
{
	struct nfo_flood *flood = &lower->pair->flood;
	u32 hash = nfo_flood_hash(skb);
	struct nfo_flooded *copy;
	bool deliver = first;

	spin_lock(&flood->lock);
	copy = nfo_flood_find(flood, hash, lower->index);
	if (copy) {
		deliver = first && !copy->delivered;
		copy->matched = true;
	} else {
		flood->ring[flood->noted++ % NFO_FLOOD_RING] = (struct nfo_flooded) {
			.hash = hash,
			.index = lower->index,
			.delivered = deliver,
			.early = jiffies_to_msecs(jiffies - flood->start) < NFO_RECORD_MS / 2,
		};
	}
	spin_unlock(&flood->lock);
	return deliver;
}

/**
 * nfo_flood_start() - forget the last switch; a new one begins
 * @flood: the pair's
 *
 * nfo_pair.lock.
 */
void nfo_flood_start(struct nfo_flood *flood)
{
	spin_lock_bh(&flood->lock);
	flood->noted = 0;
	flood->start = jiffies;
	spin_unlock_bh(&flood->lock);
}

/**
 * nfo_flood_count_lost() - count what neither lower delivered
 * @flood: the pair's
 *
 * When both lowers deliver no more side by side. Frames noted in the first
 * half of the time before the swap don't count: the copy of such a one may
 * have been delivered before noting began. nfo_pair.lock.
 */
void nfo_flood_count_lost(struct nfo_flood *flood)
{
	unsigned int i;

	spin_lock_bh(&flood->lock);
	for (i = 0; i < min(flood->noted, NFO_FLOOD_RING); i++) {
		const struct nfo_flooded *frame = &flood->ring[i];

		if (!frame->delivered && !frame->matched && !frame->early)
			flood->lost++;
	}
	spin_unlock_bh(&flood->lock);
}
