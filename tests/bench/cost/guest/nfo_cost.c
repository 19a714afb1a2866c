// SPDX-License-Identifier: GPL-2.0
/*
 * For measurements: what handing one packet to a device costs, and what it writes to.
 *
 *	echo "tx eth0 1" >/sys/module/nfo_cost/parameters/run	  dev_queue_xmit(), 1: with a hash
 *	echo "rx eth1"    …					  netif_receive_skb()
 *	echo "writes tx eth0 eth0" …				  which stores a packet sent by the
 *	echo "writes rx eth1 eth0" …				  first device (or received by it)
 *								  makes to what is the second one's
 *	cat /sys/module/nfo_cost/parameters/run
 *
 * gives the median of the time stamp counter's differences, which under QEMU's -icount shift=0 are
 * instructions; for writes, a line for each 8 bytes that were stored to, and by whom.
 */
#include <linux/etherdevice.h>
#include <linux/hw_breakpoint.h>
#include <linux/ip.h>
#include <linux/module.h>
#include <linux/perf_event.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/udp.h>
#include <net/net_namespace.h>

#define ROUNDS 301
#define ETH_P_COST 0x88b5	/* for local experiments */
#define PAYLOAD 64
#define HITS 64
#define WATCHED 4		/* x86 has four such registers */
#define WRITES_ROUNDS 10

static u64 took[ROUNDS];
static struct net_device *arrived;	/* where the last one was delivered */

struct hit {
	unsigned long offset;
	const char *of;
	unsigned long ip;
	unsigned int count;
};

static struct hit hits[HITS];
static unsigned int hit_count;
static unsigned long watched_base;
static const char *watched_name;
static char *result;			/* a page */

static struct sk_buff *cost_skb(struct net_device *dev, bool rx, bool hashed)
{
	unsigned int len = ETH_HLEN + sizeof(struct iphdr) + sizeof(struct udphdr) + PAYLOAD;
	struct sk_buff *skb = alloc_skb(256 + len, GFP_KERNEL);
	struct iphdr *ip;
	struct udphdr *udp;

	if (!skb)
		return NULL;
	skb_reserve(skb, 128);
	skb_put_zero(skb, len);
	eth_broadcast_addr(skb->data);
	if (rx)
		ether_addr_copy(skb->data, dev->dev_addr);
	else
		skb->data[0] = 2;	/* somebody's, local */
	skb->data[6] = 2;
	skb->data[11] = rx;
	skb->dev = dev;
	((struct ethhdr *)skb->data)->h_proto = htons(rx ? ETH_P_COST : ETH_P_IP);
	if (rx) {
		skb->protocol = eth_type_trans(skb, dev);
		return skb;
	}
	ether_addr_copy(skb->data + ETH_ALEN, dev->dev_addr);
	skb->protocol = htons(ETH_P_IP);
	skb_reset_mac_header(skb);
	skb_set_network_header(skb, ETH_HLEN);
	skb_set_transport_header(skb, ETH_HLEN + sizeof(*ip));
	ip = ip_hdr(skb);
	ip->version = 4;
	ip->ihl = 5;
	ip->ttl = 64;
	ip->protocol = IPPROTO_UDP;
	ip->tot_len = htons(len - ETH_HLEN);
	ip->saddr = htonl(0x0a090002);
	ip->daddr = htonl(0x0a090001);
	udp = udp_hdr(skb);
	udp->source = htons(7);
	udp->dest = htons(9);
	udp->len = htons(sizeof(*udp) + PAYLOAD);
	if (hashed)
		__skb_set_sw_hash(skb, 0x12345678, true);
	return skb;
}

static int cost_sink(struct sk_buff *skb, struct net_device *dev, struct packet_type *type,
		     struct net_device *orig)
{
	arrived = dev;
	kfree_skb(skb);
	return NET_RX_SUCCESS;
}

static struct packet_type cost_type __read_mostly = {
	.type = htons(ETH_P_COST),
	.func = cost_sink,
};

/* One packet; how long it took. */
static u64 cost_one(struct net_device *dev, bool rx, bool hashed)
{
	struct sk_buff *skb = cost_skb(dev, rx, hashed);
	cycles_t before;
	u64 took = 0;

	if (!skb)
		return 0;
	local_bh_disable();
	before = get_cycles();
	if (rx)
		netif_receive_skb(skb);
	else
		dev_queue_xmit(skb);
	took = get_cycles() - before;
	local_bh_enable();
	return took;
}

static int cost_compare(const void *a, const void *b)
{
	u64 x = *(const u64 *)a, y = *(const u64 *)b;

	return x < y ? -1 : x > y;
}

static int cost_measure(struct net_device *dev, bool rx, bool hashed)
{
	int i;

	arrived = NULL;
	for (i = 0; i < ROUNDS; i++)
		took[i] = cost_one(dev, rx, hashed);
	sort(took, ROUNDS, sizeof(*took), cost_compare, NULL);
	snprintf(result, PAGE_SIZE, "%llu %llu %llu\n", took[ROUNDS / 2], took[ROUNDS / 10],
		 took[ROUNDS * 9 / 10]);
	return rx && !arrived ? -EIO : 0;
}

static void cost_hit(struct perf_event *event, struct perf_sample_data *data, struct pt_regs *regs)
{
	unsigned long offset = event->attr.bp_addr - watched_base;
	unsigned int i;

	for (i = 0; i < hit_count; i++) {
		if (hits[i].offset == offset && hits[i].of == watched_name &&
		    hits[i].ip == regs->ip) {
			hits[i].count++;
			return;
		}
	}
	if (hit_count < HITS)
		hits[hit_count++] = (struct hit){ offset, watched_name, regs->ip, 1 };
}

/* Send a few packets while 32 bytes are watched on every CPU. */
static int cost_watch(unsigned long addr, struct net_device *dev, bool rx)
{
	struct perf_event * __percpu *event[WATCHED] = {};
	struct perf_event_attr attr;
	int i, err = 0;

	for (i = 0; i < WATCHED && !err; i++) {
		hw_breakpoint_init(&attr);
		attr.bp_addr = addr + 8 * i;
		attr.bp_len = HW_BREAKPOINT_LEN_8;
		attr.bp_type = HW_BREAKPOINT_W;
		event[i] = register_wide_hw_breakpoint(&attr, cost_hit, NULL);
		if (IS_ERR((void __force *)event[i])) {
			err = PTR_ERR((void __force *)event[i]);
			event[i] = NULL;
		}
	}
	for (i = 0; i < WRITES_ROUNDS && !err; i++)
		cost_one(dev, rx, false);
	for (i = 0; i < WATCHED; i++)
		if (event[i])
			unregister_wide_hw_breakpoint(event[i]);
	return err;
}

static int cost_watch_range(const char *name, const void *from, size_t size,
			    struct net_device *dev, bool rx)
{
	unsigned long addr;
	int err = 0;

	watched_name = name;
	watched_base = (unsigned long)from;
	for (addr = watched_base; addr < watched_base + size && !err; addr += 8 * WATCHED)
		err = cost_watch(addr, dev, rx);
	return err;
}

/* What belongs to a device and every CPU sees: the struct, its private part, its queues. */
static int cost_writes(struct net_device *dev, bool rx, struct net_device *of)
{
	size_t size = ksize((char *)of - of->padded) - of->padded;
	unsigned int i;
	int err, len;

	hit_count = 0;
	err = cost_watch_range("device", of, size, dev, rx);
	if (!err)
		err = cost_watch_range("queues", of->_tx, of->num_tx_queues * sizeof(*of->_tx),
				       dev, rx);
	if (err)
		return err;
	len = snprintf(result, PAGE_SIZE, "watched %zu bytes, by %d packets each\n", size,
		       WRITES_ROUNDS);
	for (i = 0; i < hit_count && len < PAGE_SIZE; i++)
		len += scnprintf(result + len, PAGE_SIZE - len, "%s+%lu %pS %u\n", hits[i].of,
				 hits[i].offset, (void *)hits[i].ip, hits[i].count);
	return 0;
}

static int cost_run(const char *text, const struct kernel_param *param)
{
	char first[IFNAMSIZ], second[IFNAMSIZ], way[4];
	struct net_device *dev = NULL, *of = NULL;
	int hashed = 0, err = 0;

	if (sscanf(text, "writes %3s %15s %15s", way, first, second) == 3)
		of = dev_get_by_name(&init_net, second);
	else if (sscanf(text, "%3s %15s %d", way, first, &hashed) < 2)
		return -EINVAL;
	dev = dev_get_by_name(&init_net, first);
	if (!dev)
		err = -ENODEV;
	else if (of)
		err = cost_writes(dev, !strcmp(way, "rx"), of);
	else
		err = cost_measure(dev, !strcmp(way, "rx"), hashed);
	dev_put(dev);
	dev_put(of);
	return err;
}

static int cost_result(char *buf, const struct kernel_param *param)
{
	return scnprintf(buf, PAGE_SIZE, "%s", result);
}

static const struct kernel_param_ops cost_ops = {
	.set = cost_run,
	.get = cost_result,
};
module_param_cb(run, &cost_ops, NULL, 0600);

static int __init cost_init(void)
{
	result = (char *)get_zeroed_page(GFP_KERNEL);
	if (!result)
		return -ENOMEM;
	dev_add_pack(&cost_type);
	return 0;
}
module_init(cost_init);

static void __exit cost_exit(void)
{
	dev_remove_pack(&cost_type);
	free_page((unsigned long)result);
}
module_exit(cost_exit);

MODULE_DESCRIPTION("Counts what a packet costs");
MODULE_LICENSE("GPL");
