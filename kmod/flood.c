// SPDX-License-Identifier: GPL-2.0
/* Broadcast and multicast around a switch: delivered once, from whichever
 * lower brings them first.
 *
 * The network floods a copy to both lowers, and the two arrive at different
 * moments; with a bare swap in between, both copies would be delivered or
 * none. While a switch is under way each flooded frame is therefore noted, and
 * the copy that comes by the other lower recognised by its contents. Nothing
 * of this runs at any other time.
 *
 * Before that both lowers bring the same flooded frames, one of them in vain, and
 * they are only counted. If the path in use has broken, what the idle one brought
 * more of since that path was last known to work is what nobody delivered; and
 * what it has brought less of was delivered already and is still to come.
 */
#include <linux/icmpv6.h>
#include <linux/if_vlan.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/jhash.h>
#include <linux/random.h>
#include <linux/slab.h>
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

static u32 nfo_flood_hash(const struct nfo_flood *flood, const struct sk_buff *skb)
{
	u8 buf[NFO_FLOOD_BYTES];
	unsigned int len = min_t(unsigned int, skb->len, sizeof(buf));
	u32 seed = flood->seed;

	if (skb_copy_bits(skb, 0, buf, len))
		return 0;
	if (skb_vlan_tag_present(skb))
		seed ^= skb_vlan_tag_get(skb) << 16;
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

/* Return: 0 or -ENOMEM. */
int nfo_flood_init(struct nfo_flood *flood)
{
	spin_lock_init(&flood->lock);
	flood->seed = get_random_u32();
	flood->ring = kcalloc(NFO_FLOOD_RING, sizeof(*flood->ring), GFP_KERNEL);
	return flood->ring ? 0 : -ENOMEM;
}

/* Also of one that was not, or not wholly, initialised. */
void nfo_flood_exit(struct nfo_flood *flood)
{
	kfree(flood->ring);
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
	u32 hash = nfo_flood_hash(flood, skb);
	struct nfo_flooded *copy;
	bool deliver = first;

	spin_lock(&flood->lock);
	copy = nfo_flood_find(flood, hash, lower->index);
	if (copy) {
		deliver = first && !copy->delivered;
		copy->matched = true;
	} else {
		bool again = flood->behind && lower->index != flood->old;

		if (again)
			flood->behind--;
		deliver = deliver && !again;
		/* One held to be late, whose copy comes after all, was not. */
		flood->ring[flood->noted++ % NFO_FLOOD_RING] = (struct nfo_flooded) {
			.hash = hash,
			.index = lower->index,
			.delivered = deliver,
			.early = again ||
				 jiffies_to_msecs(jiffies - flood->start) < NFO_RECORD_MS / 2,
		};
	}
	spin_unlock(&flood->lock);
	return deliver;
}

/**
 * nfo_flood_count_lost() - count what neither lower delivered
 * @flood: the pair's
 *
 * When both lowers deliver no more side by side; a second time it counts nothing.
 * Frames noted in the first half of the time before the swap don't count: the
 * copy of such a one may have been delivered before noting began. What the old
 * path alone brought is what the new one was ahead with. nfo_pair.lock.
 */
void nfo_flood_count_lost(struct nfo_flood *flood)
{
	unsigned int i;

	spin_lock_bh(&flood->lock);
	for (i = 0; i < min(flood->noted, NFO_FLOOD_RING); i++) {
		const struct nfo_flooded *frame = &flood->ring[i];

		if (frame->matched)
			continue;
		if (!frame->delivered && !frame->early)
			flood->lost++;
		else if (frame->delivered && frame->index == flood->old && flood->ahead)
			flood->ahead--;
	}
	flood->lost += flood->ahead;
	flood->ahead = 0;
	flood->noted = 0;
	spin_unlock_bh(&flood->lock);
}

/* How often to look whether the path in use works, at most. The longer, the more
 * of what only one of the lowers is sent may be taken for lost.
 */
#define NFO_MARK_MS 100

static void nfo_flood_read(const struct nfo_pair *pair, const struct nfo_lower *active,
			   struct nfo_flood_mark *mark)
{
	struct nfo_sums sums;

	nfo_stats_sum(pair, &sums);
	mark->alive = sums.path[active->index].rx_packets;
	mark->delivered = sums.path[active->index].rx_multicast -
			  sums.path[active->index].rx_link_local;
	mark->ignored = sums.path[!active->index].rx_flood_ignored;
}

/* Whether flooded frames are not noted, and those in vain are counted instead. */
static bool nfo_flood_marking(const struct nfo_pair *pair)
{
	return pair->phase == NFO_STEADY || pair->phase == NFO_SETTLE;
}

/**
 * nfo_flood_mark_first() - begin to remember: flooded frames are noted no more
 * @pair: the pair
 * @active: the lower in use, or NULL
 *
 * nfo_pair.lock.
 */
void nfo_flood_mark_first(struct nfo_pair *pair, const struct nfo_lower *active)
{
	if (!active)
		return;
	nfo_flood_read(pair, active, &pair->flood_first);
	pair->flood_mark[0] = pair->flood_first;
	pair->flood_mark[1] = pair->flood_first;
	pair->flood_marked = jiffies;
}

/**
 * nfo_flood_mark() - remember what both lowers brought while the path works
 * @pair: the pair
 * @active: the lower in use, or NULL
 *
 * Now and then. Two marks are kept: the path may have broken right before the
 * later one. nfo_pair.lock.
 */
void nfo_flood_mark(struct nfo_pair *pair, const struct nfo_lower *active)
{
	struct nfo_flood_mark now;

	if (!active || !nfo_flood_marking(pair) ||
	    time_before(jiffies, pair->flood_marked + msecs_to_jiffies(NFO_MARK_MS)))
		return;
	pair->flood_marked = jiffies;
	nfo_flood_read(pair, active, &now);
	if (now.alive == pair->flood_mark[0].alive)
		return;
	pair->flood_mark[1] = pair->flood_mark[0];
	pair->flood_mark[0] = now;
}

/* How much more the idle path brought than the one in use. A frame that had come
 * by one of them only when a mark was made makes it wrong by that.
 */
static s64 nfo_flood_ahead(const struct nfo_flood_mark *from, const struct nfo_flood_mark *to)
{
	return (to->ignored - from->ignored) - (to->delivered - from->delivered);
}

/* Whether both paths are sent the same. One that has only just come was not, and
 * cards whose filters differ are not.
 */
static bool nfo_flood_alike(const struct nfo_flood_mark *from, const struct nfo_flood_mark *to)
{
	return to->ignored != from->ignored &&
	       abs(nfo_flood_ahead(from, to)) <= div_u64(to->ignored - from->ignored, 8);
}

/**
 * nfo_flood_begin() - begin to note flooded frames: the path is about to change
 * @pair: the pair
 * @old: the lower in use until now, or NULL
 * @broken: it is left without warning: what it brings no more is lost
 *
 * nfo_pair.lock.
 */
void nfo_flood_begin(struct nfo_pair *pair, const struct nfo_lower *old, bool broken)
{
	const struct nfo_flood_mark *mark = &pair->flood_mark[1];
	struct nfo_flood *flood = &pair->flood;
	s64 ahead = 0, behind = 0;

	nfo_flood_count_lost(flood);	/* of a switch that is cut short */
	/* Who is not broken has time to bring everything once more (see phase.c). */
	if (broken && old && nfo_flood_marking(pair)) {
		struct nfo_flood_mark now;

		nfo_flood_read(pair, old, &now);
		ahead = nfo_flood_ahead(mark, &now);
		/* Rather one frame twice than one lost: what both marks agree on. */
		if (nfo_flood_alike(&pair->flood_first, mark))
			behind = -max(ahead, nfo_flood_ahead(&pair->flood_mark[0], &now));
	}

	spin_lock_bh(&flood->lock);
	flood->noted = 0;
	flood->start = jiffies;
	flood->old = old ? old->index : NFO_LOWERS;
	flood->ahead = max(ahead, 0LL);
	flood->behind = max(behind, 0LL);
	spin_unlock_bh(&flood->lock);
}
