// SPDX-License-Identifier: GPL-2.0
/*
 * For measurements: an Ethernet card that costs next to nothing, so that what is above it is seen.
 *
 * A driver for QEMU's pci-testdev, since failover masters take PCI cards only. What is sent is
 * freed; TCP gets its acknowledgements from the card itself, one for all that was sent in a burst.
 *
 *	modprobe nfo_card mac=52:54:00:77:00:02 queues=4 tso_max=16384
 */
#include <linux/etherdevice.h>
#include <linux/if_ether.h>
#include <linux/interrupt.h>
#include <linux/ip.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/tcp.h>
#include <net/ip.h>

static char *mac = "52:54:00:77:00:02";
module_param(mac, charp, 0444);
static uint queues = 1;
module_param(queues, uint, 0444);
static uint tso_max = 65536;
module_param(tso_max, uint, 0444);

#define SYNACK_OPTIONS 8	/* bytes: MSS 1460, NOP, window scale 7 */

/* What the answer to the last segment depends on. */
struct card {
	struct net_device *dev;
	spinlock_t lock;	/* of ip, tcp, len */
	struct tasklet_struct answer;
	struct ethhdr eth;
	struct iphdr ip;
	struct tcphdr tcp;
	u32 len;		/* sequence numbers that the segment takes */
};

static void card_note(struct card *card, const struct sk_buff *skb)
{
	const struct iphdr *ip = (const void *)(skb->data + ETH_HLEN);
	const struct tcphdr *tcp = (const void *)(ip + 1);

	if (skb_headlen(skb) < ETH_HLEN + sizeof(*ip) + sizeof(*tcp))
		return;
	spin_lock(&card->lock);
	card->eth = *(const struct ethhdr *)skb->data;
	card->ip = *ip;
	card->tcp = *tcp;
	card->len = skb->len - ETH_HLEN - sizeof(*ip) - 4 * tcp->doff + tcp->syn + tcp->fin;
	spin_unlock(&card->lock);
	if (card->len)
		tasklet_schedule(&card->answer);
}

static netdev_tx_t card_xmit(struct sk_buff *skb, struct net_device *dev)
{
	const struct iphdr *ip = (const void *)(skb->data + ETH_HLEN);

	if (skb->protocol == htons(ETH_P_IP) && ip->protocol == IPPROTO_TCP)
		card_note(netdev_priv(dev), skb);
	dev->stats.tx_packets++;	/* approximate where several CPUs send */
	dev_kfree_skb_any(skb);
	return NETDEV_TX_OK;
}

static void card_answer_headers(const struct card *card, struct sk_buff *skb)
{
	static const u8 options[SYNACK_OPTIONS] = { 2, 4, 1460 >> 8, 1460 & 0xff, 1, 3, 3, 7 };
	unsigned int extra = card->tcp.syn ? SYNACK_OPTIONS : 0;
	struct ethhdr *eth = skb_put(skb, sizeof(*eth));
	struct iphdr *ip = skb_put_zero(skb, sizeof(*ip));
	struct tcphdr *tcp = skb_put_zero(skb, sizeof(*tcp));

	ether_addr_copy(eth->h_dest, card->eth.h_source);
	ether_addr_copy(eth->h_source, card->eth.h_dest);
	eth->h_proto = htons(ETH_P_IP);
	ip->version = 4;
	ip->ihl = 5;
	ip->ttl = 64;
	ip->protocol = IPPROTO_TCP;
	ip->tot_len = htons(sizeof(*ip) + sizeof(*tcp) + extra);
	ip->saddr = card->ip.daddr;
	ip->daddr = card->ip.saddr;
	ip_send_check(ip);
	tcp->source = card->tcp.dest;
	tcp->dest = card->tcp.source;
	tcp->seq = card->tcp.syn ? htonl(1) : card->tcp.ack_seq;
	tcp->ack_seq = htonl(ntohl(card->tcp.seq) + card->len);
	tcp->doff = (sizeof(*tcp) + extra) / 4;
	tcp->syn = card->tcp.syn;
	tcp->ack = 1;
	tcp->window = htons(U16_MAX);
	skb_put_data(skb, options, extra);
}

static void card_answer(struct tasklet_struct *tasklet)
{
	struct card *card = from_tasklet(card, tasklet, answer);
	struct sk_buff *skb = netdev_alloc_skb_ip_align(card->dev, 128);

	if (!skb)
		return;
	spin_lock(&card->lock);
	card_answer_headers(card, skb);
	spin_unlock(&card->lock);
	skb->protocol = eth_type_trans(skb, card->dev);
	skb->ip_summed = CHECKSUM_UNNECESSARY;
	netif_receive_skb(skb);
}

static const struct net_device_ops card_ops = {
	.ndo_start_xmit = card_xmit,
	.ndo_validate_addr = eth_validate_addr,
	.ndo_set_mac_address = eth_mac_addr,
};

static struct net_device *card_make(struct pci_dev *pci)
{
	u8 addr[ETH_ALEN];
	struct net_device *dev;
	struct card *card;

	if (!mac_pton(mac, addr))
		return NULL;
	dev = alloc_etherdev_mq(sizeof(*card), queues);
	if (!dev)
		return NULL;
	card = netdev_priv(dev);
	card->dev = dev;
	spin_lock_init(&card->lock);
	tasklet_setup(&card->answer, card_answer);
	SET_NETDEV_DEV(dev, &pci->dev);
	eth_hw_addr_set(dev, addr);
	dev->netdev_ops = &card_ops;
	dev->hw_features = NETIF_F_SG | NETIF_F_HW_CSUM | NETIF_F_RXCSUM | NETIF_F_TSO |
			   NETIF_F_TSO6 | NETIF_F_HIGHDMA;
	dev->features = dev->hw_features;
	dev->vlan_features = dev->hw_features;
	netif_set_tso_max_size(dev, tso_max);
	return dev;
}

static int card_probe(struct pci_dev *pci, const struct pci_device_id *id)
{
	struct net_device *dev = card_make(pci);
	int err;

	if (!dev)
		return -ENOMEM;
	pci_set_drvdata(pci, dev);
	err = register_netdev(dev);
	if (err)
		free_netdev(dev);
	return err;
}

static void card_remove(struct pci_dev *pci)
{
	struct net_device *dev = pci_get_drvdata(pci);
	struct card *card = netdev_priv(dev);

	unregister_netdev(dev);
	tasklet_kill(&card->answer);
	free_netdev(dev);
}

static const struct pci_device_id card_ids[] = {
	{ PCI_DEVICE(0x1b36, 0x0005) },
	{ }
};
MODULE_DEVICE_TABLE(pci, card_ids);

static struct pci_driver card_driver = {
	.name = "nfo_card",
	.id_table = card_ids,
	.probe = card_probe,
	.remove = card_remove,
};
module_pci_driver(card_driver);

MODULE_DESCRIPTION("An Ethernet card that costs next to nothing, for measurements");
MODULE_LICENSE("GPL");
