// SPDX-License-Identifier: GPL-2.0
/*
 * For tests: a card whose rings are always full, and which looks at the order of what it is given.
 *
 * A driver for QEMU's pci-testdev. Each of its queues holds `size` packets, is stopped when it is
 * full, and is emptied once in a jiffy. Every `busy`th packet it refuses with NETDEV_TX_BUSY, as
 * drivers may. It counts:
 *
 *	seen		the probe's packets
 *	late		of these, what came after a later one of its flow (source port and stream)
 *	entered		transmissions on a queue on which another one was under way
 *	stopped		how often a queue was full
 *	refused		packets that it refused
 */
#include <linux/etherdevice.h>
#include <linux/ip.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/udp.h>
#include <linux/workqueue.h>
#if __has_include("linux/hex.h")
#include <linux/hex.h>		/* mac_pton(), which was in kernel.h */
#endif

#define QUEUES 4
#define MAGIC 0x6e666f70u	/* struct payload of probe_net.h: magic, kind, stream, seq */
#define STREAM_AT 8
#define SEQ_AT 12

static char *mac = "52:54:00:77:00:02";
module_param(mac, charp, 0444);
static uint queues = 1;
module_param(queues, uint, 0444);
static uint size = 32;
module_param(size, uint, 0444);
static uint busy;
module_param(busy, uint, 0444);
static bool limits = true;	/* byte queue limits stop a queue, too */
module_param(limits, bool, 0444);
static uint sums;	/* checksums: 4 by IPv4 alone, 6 by IPv6, too; 0 whatever there is */
module_param(sums, uint, 0444);
static uint tso;	/* bytes that the card takes at most; 0: no limit */
module_param(tso, uint, 0444);

static atomic_t seen, late, entered, stopped, refused;

module_param_named(seen, seen.counter, int, 0444);
module_param_named(late, late.counter, int, 0444);
module_param_named(entered, entered.counter, int, 0444);
module_param_named(stopped, stopped.counter, int, 0444);
module_param_named(refused, refused.counter, int, 0444);

/* `held` is written under the queue's transmit lock; the work only takes away. */
struct ring {
	struct sk_buff_head held;
	unsigned long inside;
	unsigned int asked;
};

struct card {
	struct net_device *dev;
	struct delayed_work work;
	struct ring ring[QUEUES];
};

/* The newest packet by source port; a flow is on one queue at a time. */
static struct { u32 stream, next; } last[65536];

static void ring_look(const struct sk_buff *skb)
{
	const struct iphdr *ip = (const void *)(skb->data + ETH_HLEN);
	const struct udphdr *udp = (const void *)(ip + 1);
	const u32 *payload = (const void *)(udp + 1);
	typeof(last[0]) *flow;
	u32 seq;

	if (skb->protocol != htons(ETH_P_IP) || ip->protocol != IPPROTO_UDP ||
	    skb_headlen(skb) < ETH_HLEN + sizeof(*ip) + sizeof(*udp) + SEQ_AT + 4 ||
	    payload[0] != MAGIC)
		return;
	flow = &last[ntohs(udp->source)];
	seq = payload[SEQ_AT / 4];
	if (payload[STREAM_AT / 4] == flow->stream && seq < flow->next)
		atomic_inc(&late);
	else
		flow->next = seq + 1;
	flow->stream = payload[STREAM_AT / 4];
	atomic_inc(&seen);
}

static netdev_tx_t ring_xmit(struct sk_buff *skb, struct net_device *dev)
{
	u16 index = skb_get_queue_mapping(skb);
	struct netdev_queue *txq = netdev_get_tx_queue(dev, index);
	struct card *card = netdev_priv(dev);
	struct ring *ring = &card->ring[index];
	netdev_tx_t ret = NETDEV_TX_OK;

	if (test_and_set_bit(0, &ring->inside))
		atomic_inc(&entered);
	if (skb_queue_len(&ring->held) >= size || (busy && ++ring->asked % busy == 0)) {
		atomic_inc(&refused);
		ret = NETDEV_TX_BUSY;
	} else {
		ring_look(skb);
		if (limits)
			netdev_tx_sent_queue(txq, skb->len);
		skb_queue_tail(&ring->held, skb);
		if (skb_queue_len(&ring->held) >= size) {
			atomic_inc(&stopped);
			netif_tx_stop_queue(txq);
		}
	}
	clear_bit(0, &ring->inside);
	return ret;
}

static void ring_empty(struct card *card, unsigned int index)
{
	struct netdev_queue *txq = netdev_get_tx_queue(card->dev, index);
	unsigned int packets = 0, bytes = 0;
	struct sk_buff *skb;

	local_bh_disable();
	while (packets < size && (skb = skb_dequeue(&card->ring[index].held))) {
		packets++;
		bytes += skb->len;
		dev_consume_skb_any(skb);
	}
	if (limits)
		netdev_tx_completed_queue(txq, packets, bytes);
	if (packets && netif_running(card->dev))
		netif_tx_wake_queue(txq);
	local_bh_enable();
}

static void ring_work(struct work_struct *work)
{
	struct card *card = container_of(to_delayed_work(work), struct card, work);
	unsigned int i;

	for (i = 0; i < queues; i++)
		ring_empty(card, i);
	schedule_delayed_work(&card->work, 1);
}

static int ring_open(struct net_device *dev)
{
	struct card *card = netdev_priv(dev);

	netif_tx_start_all_queues(dev);
	schedule_delayed_work(&card->work, 1);
	return 0;
}

static int ring_stop(struct net_device *dev)
{
	struct card *card = netdev_priv(dev);
	unsigned int i;

	netif_tx_disable(dev);
	cancel_delayed_work_sync(&card->work);
	for (i = 0; i < queues; i++) {
		skb_queue_purge(&card->ring[i].held);
		netdev_tx_reset_queue(netdev_get_tx_queue(dev, i));
	}
	return 0;
}

static const struct net_device_ops ring_ops = {
	.ndo_open = ring_open,
	.ndo_stop = ring_stop,
	.ndo_start_xmit = ring_xmit,
	.ndo_validate_addr = eth_validate_addr,
	.ndo_set_mac_address = eth_mac_addr,
};

static int ring_probe(struct pci_dev *pci, const struct pci_device_id *id)
{
	u8 addr[ETH_ALEN];
	struct net_device *dev;
	struct card *card;
	unsigned int i;
	int err;

	if (!mac_pton(mac, addr) || !queues || queues > QUEUES || !size)
		return -EINVAL;
	dev = alloc_etherdev_mq(sizeof(*card), queues);
	if (!dev)
		return -ENOMEM;
	card = netdev_priv(dev);
	card->dev = dev;
	INIT_DELAYED_WORK(&card->work, ring_work);
	for (i = 0; i < queues; i++)
		skb_queue_head_init(&card->ring[i].held);
	SET_NETDEV_DEV(dev, &pci->dev);
	eth_hw_addr_set(dev, addr);
	dev->netdev_ops = &ring_ops;
	dev->features |= NETIF_F_SG | (sums ? NETIF_F_IP_CSUM : NETIF_F_HW_CSUM);
	if (sums == 6)
		dev->features |= NETIF_F_IPV6_CSUM;
	if (tso)
#ifdef TSO_MAX_SIZE
		netif_set_tso_max_size(dev, tso);
#else
		dev->gso_max_size = tso;
#endif
	pci_set_drvdata(pci, dev);
	err = register_netdev(dev);
	if (err)
		free_netdev(dev);
	return err;
}

static void ring_remove(struct pci_dev *pci)
{
	struct net_device *dev = pci_get_drvdata(pci);

	unregister_netdev(dev);
	free_netdev(dev);
}

static const struct pci_device_id ring_ids[] = {
	{ PCI_DEVICE(0x1b36, 0x0005) },
	{ }
};
MODULE_DEVICE_TABLE(pci, ring_ids);

static struct pci_driver ring_driver = {
	.name = "nfo_ring",
	.id_table = ring_ids,
	.probe = ring_probe,
	.remove = ring_remove,
};
module_pci_driver(ring_driver);

MODULE_DESCRIPTION("A card whose rings are always full, for tests");
MODULE_LICENSE("GPL");
