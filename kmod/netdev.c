// SPDX-License-Identifier: GPL-2.0
/* The master's net_device_ops that are not hot, and what it derives from its
 * lowers: features, headroom, limits.
 */
#include <linux/if_vlan.h>
#include <linux/rtnetlink.h>
#include <linux/ethtool.h>
#include <net/netdev_lock.h>
#include <net/xdp.h>
#include "lower.h"
#include "netpoll.h"
#include "tstamp.h"
#include "xdp.h"

/* What the master can offer above any lower; the lower's own transmit does in
 * software what its hardware cannot.
 */
#define NFO_VLAN_FEATURES (NETIF_F_HW_CSUM | NETIF_F_SG | NETIF_F_FRAGLIST | \
			   NETIF_F_GSO_SOFTWARE | NETIF_F_HIGHDMA | NETIF_F_LRO)
#define NFO_ENC_FEATURES (NETIF_F_HW_CSUM | NETIF_F_SG | NETIF_F_RXCSUM | \
			  NETIF_F_GSO_SOFTWARE)

/* Classes of its own: the master's queueing discipline calls its lowers'. */
static int nfo_init(struct net_device *master)
{
	netdev_lockdep_set_classes(master);
	return 0;
}

static int nfo_open(struct net_device *master)
{
	struct nfo_pair *pair = netdev_priv(master);
	int i;

	for (i = 0; i < NFO_LOWERS; i++) {
		/* Set down by hand holds until the master is taken up anew:
		 * drivers and boot scripts set lowers down, too.
		 */
		pair->lower[i].flags &= ~NFO_ADMIN_DOWN;
		/* One that cannot be opened must not keep the other from working. */
		if (nfo_lower_configure(&pair->lower[i]))
			nfo_pair_retry(pair);
	}
	nfo_switch_update(pair);
	return 0;
}

static int nfo_stop(struct net_device *master)
{
	struct nfo_pair *pair = netdev_priv(master);
	int i;

	nfo_switch_update(pair);
	for (i = 0; i < NFO_LOWERS; i++) {
		struct net_device *dev = rtnl_dereference(pair->lower[i].dev);

		if (dev)
			dev_close(dev);
	}
	return 0;
}

/* Others than the master itself send through it if it is promiscuous or has
 * further addresses: bridges, macvlans.
 */
static void nfo_learn_update(struct net_device *master)
{
	nfo_switch_learn(netdev_priv(master),
			 (master->flags & IFF_PROMISC) || !netdev_uc_empty(master));
}

/* Both lists hold for every lower, also for one that is not configured yet.
 * Nobody hears of a failure: the work item tries again.
 */
static void nfo_set_rx_mode(struct net_device *master)
{
	struct nfo_pair *pair = netdev_priv(master);
	int i, err = 0;

	rcu_read_lock();
	for (i = 0; i < NFO_LOWERS; i++) {
		struct net_device *dev = rcu_dereference(pair->lower[i].dev);

		if (!dev)
			continue;
		err |= dev_uc_sync_multiple(dev, master);
		err |= dev_mc_sync_multiple(dev, master);
	}
	rcu_read_unlock();
	if (err) {
		/* RTNL is not held by everybody who joins a group. */
		spin_lock_bh(&pair->lock);
		nfo_pair_retry(pair);
		spin_unlock_bh(&pair->lock);
	}
	nfo_learn_update(master);
}

static void nfo_change_rx_flags(struct net_device *master, int change)
{
	struct nfo_pair *pair = netdev_priv(master);
	int i;

	for (i = 0; i < NFO_LOWERS; i++)
		nfo_lower_sync_flags(&pair->lower[i]);
	nfo_learn_update(master);
}

static bool nfo_mtu_fits(const struct net_device *dev, int mtu)
{
	return mtu >= dev->min_mtu && (!dev->max_mtu || mtu <= dev->max_mtu);
}

/* All lowers or none: each is asked first, as far as it says what it can, and
 * the first is put back if the second fails all the same.
 */
static int nfo_change_mtu(struct net_device *master, int mtu)
{
	struct nfo_pair *pair = netdev_priv(master);
	int old = master->mtu;
	int i, err;

	for (i = 0; i < NFO_LOWERS; i++) {
		const struct net_device *dev = nfo_configured(&pair->lower[i]);

		if (dev && !nfo_mtu_fits(dev, mtu))
			return -EINVAL;
	}
	for (i = 0; i < NFO_LOWERS; i++) {
		err = nfo_configured(&pair->lower[i]) ?
			nfo_lower_set_mtu(&pair->lower[i], mtu) : 0;
		if (err)
			goto undo;
	}
	WRITE_ONCE(master->mtu, mtu);
	/* One that could not take the old MTU may take this one. */
	nfo_pair_retry(pair);
	return 0;

undo:
	while (i--)
		if (nfo_configured(&pair->lower[i]))
			nfo_lower_set_mtu(&pair->lower[i], old);
	return err;
}

static int nfo_vlan_add(struct net_device *master, __be16 proto, u16 vid)
{
	struct nfo_pair *pair = netdev_priv(master);
	struct net_device *dev;
	int i, err;

	for (i = 0; i < NFO_LOWERS; i++) {
		dev = nfo_configured(&pair->lower[i]);
		err = dev ? vlan_vid_add(dev, proto, vid) : 0;
		if (err)
			goto undo;
	}
	return 0;

undo:
	while (i--) {
		dev = nfo_configured(&pair->lower[i]);
		if (dev)
			vlan_vid_del(dev, proto, vid);
	}
	return err;
}

static int nfo_vlan_kill(struct net_device *master, __be16 proto, u16 vid)
{
	struct nfo_pair *pair = netdev_priv(master);
	int i;

	for (i = 0; i < NFO_LOWERS; i++) {
		struct net_device *dev = nfo_configured(&pair->lower[i]);

		if (dev)
			vlan_vid_del(dev, proto, vid);
	}
	return 0;
}

static netdev_features_t nfo_fix_features(struct net_device *master, netdev_features_t wanted)
{
	struct nfo_pair *pair = netdev_priv(master);
	netdev_features_t features = (wanted & ~NETIF_F_ONE_FOR_ALL) | NETIF_F_ALL_FOR_ALL;
	netdev_features_t can = 0;
	bool any = false;
	int i;

	for (i = 0; i < NFO_LOWERS; i++) {
		const struct net_device *dev = nfo_configured(&pair->lower[i]);

		if (!dev)
			continue;
		features = netdev_increment_features(features, dev->features, wanted);
		can |= dev->features | pair->lower[i].taken_features;
		any = true;
	}
	features &= can | ~NFO_PASSED;
	return any ? netdev_add_tso_features(features, wanted) : wanted;
}

/* ethtool -K: what the lowers do for the master when they receive. One that is
 * not configured yet hears of it then.
 */
static int nfo_set_features(struct net_device *master, netdev_features_t features)
{
	struct nfo_pair *pair = netdev_priv(master);
	int i;

	for (i = 0; i < NFO_LOWERS; i++)
		if (nfo_configured(&pair->lower[i]))
			nfo_lower_sync_features(&pair->lower[i]);
	return 0;
}

/* What the master's own packets must leave room for and may not exceed. */
struct nfo_limits {
	unsigned short headroom, tailroom, hard_header_len;
	unsigned int min_mtu, max_mtu;
	unsigned int tso_max_size;
	u16 tso_max_segs;
	unsigned int release_dst;
	netdev_features_t vlan, enc;
	u32 xdp;		/* NETDEV_XDP_ACT_* */
};

static void nfo_limits_add(struct nfo_limits *limits, const struct net_device *dev)
{
	limits->headroom = max(limits->headroom, dev->needed_headroom);
	limits->tailroom = max(limits->tailroom, dev->needed_tailroom);
	limits->hard_header_len = max(limits->hard_header_len, dev->hard_header_len);
	limits->min_mtu = max(limits->min_mtu, dev->min_mtu);
	limits->max_mtu = min(limits->max_mtu, dev->max_mtu ?: ETH_MAX_MTU);
	limits->tso_max_size = min(limits->tso_max_size, nfo_tso_max_size(dev));
	limits->tso_max_segs = min(limits->tso_max_segs, nfo_tso_max_segs(dev));
	limits->release_dst &= dev->priv_flags;
	limits->vlan = netdev_increment_features(limits->vlan, dev->vlan_features,
						 NFO_VLAN_FEATURES);
	limits->enc = netdev_increment_features(limits->enc, dev->hw_enc_features,
						NFO_ENC_FEATURES);
	limits->xdp &= nfo_xdp_features(dev);
}

/* The core lowers gso_max_size to a TSO limit, and then makes IPv4's own the same,
 * but never raises them again; what an administrator chose below the limit stays.
 */
static void nfo_apply_tso(struct net_device *master, const struct nfo_limits *limits)
{
	unsigned int size = min_t(unsigned int, nfo_tso_max_size(master), GSO_LEGACY_MAX_SIZE);
	bool size_at_limit = master->gso_max_size >= size;
	unsigned int ipv4 = nfo_gso_ipv4_max_size(master);
	bool ipv4_at_limit = ipv4 >= size;
	bool segs_at_limit = master->gso_max_segs >= nfo_tso_max_segs(master);

	netif_set_tso_max_size(master, limits->tso_max_size);
	netif_set_tso_max_segs(master, limits->tso_max_segs);
	size = min_t(unsigned int, limits->tso_max_size, GSO_LEGACY_MAX_SIZE);
	if (size_at_limit)
		WRITE_ONCE(master->gso_max_size, size);
	WRITE_ONCE(nfo_gso_ipv4_max_size(master), ipv4_at_limit ? size : min(ipv4, size));
	if (segs_at_limit)
		WRITE_ONCE(master->gso_max_segs, limits->tso_max_segs);
}

/**
 * nfo_netdev_update() - derive the master's features and limits from its lowers
 * @pair: the pair
 *
 * RTNL, not from a notifier.
 */
void nfo_netdev_update(struct nfo_pair *pair)
{
	struct net_device *master = pair->dev;
	const unsigned int release = IFF_XMIT_DST_RELEASE | IFF_XMIT_DST_RELEASE_PERM;
	struct nfo_limits limits = {
		.hard_header_len = ETH_HLEN,
		.max_mtu = ETH_MAX_MTU,
		.tso_max_size = TSO_MAX_SIZE,
		.tso_max_segs = TSO_MAX_SEGS,
		.release_dst = release,
		.vlan = NFO_VLAN_FEATURES & NETIF_F_ALL_FOR_ALL,
		.enc = NFO_ENC_FEATURES,
		.xdp = NFO_XDP_FEATURES,
	};
	bool any = false;
	int i;

	for (i = 0; i < NFO_LOWERS; i++) {
		const struct net_device *dev = nfo_configured(&pair->lower[i]);

		if (!dev)
			continue;
		nfo_limits_add(&limits, dev);
		any = true;
	}
	if (!any)
		return;

	master->needed_headroom = limits.headroom;
	master->needed_tailroom = limits.tailroom;
	master->hard_header_len = limits.hard_header_len;
	master->min_mtu = limits.min_mtu;
	master->max_mtu = limits.max_mtu;
	master->vlan_features = limits.vlan;
	master->hw_enc_features = limits.enc | NETIF_F_GSO_ENCAP_ALL |
				  NETIF_F_HW_VLAN_CTAG_TX | NETIF_F_HW_VLAN_STAG_TX;
	nfo_apply_tso(master, &limits);
	nfo_xdp_set_features(master, limits.xdp);
	if (limits.release_dst == release)
		master->priv_flags |= IFF_XMIT_DST_RELEASE;
	else
		master->priv_flags &= ~IFF_XMIT_DST_RELEASE;
	netdev_change_features(master);
}

const struct net_device_ops nfo_netdev_ops = {
	.ndo_init		= nfo_init,
	.ndo_open		= nfo_open,
	.ndo_stop		= nfo_stop,
	.ndo_start_xmit		= nfo_start_xmit,
	.ndo_get_stats64	= nfo_stats_get64,
	.ndo_set_rx_mode	= nfo_set_rx_mode,
	.ndo_change_rx_flags	= nfo_change_rx_flags,
	.ndo_change_mtu		= nfo_change_mtu,
	.ndo_set_mac_address	= nfo_addr_set_master,
	.ndo_validate_addr	= eth_validate_addr,
	.ndo_vlan_rx_add_vid	= nfo_vlan_add,
	.ndo_vlan_rx_kill_vid	= nfo_vlan_kill,
	.ndo_fix_features	= nfo_fix_features,
	.ndo_set_features	= nfo_set_features,
	.ndo_features_check	= passthru_features_check,
	.ndo_bpf		= nfo_bpf,
	NFO_NETPOLL_OPS
	NFO_HWTSTAMP_OPS(nfo_hwtstamp_get, nfo_hwtstamp_set),
};

/**
 * nfo_netdev_setup() - what a new master is
 * @master: just allocated
 * @standby: its address and MTU are the master's
 *
 * A plain Ethernet device: no link kind and no device type, which network
 * managers would not configure by themselves.
 */
void nfo_netdev_setup(struct net_device *master, const struct net_device *standby)
{
	master->netdev_ops = &nfo_netdev_ops;
	master->ethtool_ops = &nfo_ethtool_ops;
	master->sysfs_groups[0] = &nfo_sysfs_group;
	master->priv_flags |= IFF_FAILOVER | IFF_UNICAST_FLT | IFF_NO_QUEUE;
	master->priv_flags &= ~IFF_TX_SKB_SHARING;

	eth_hw_addr_set(master, standby->dev_addr);
	master->mtu = standby->mtu;
	master->min_mtu = standby->min_mtu;
	master->max_mtu = standby->max_mtu;
	master->needed_headroom = standby->needed_headroom;

	master->hw_features = NFO_VLAN_FEATURES | NFO_PASSED | NETIF_F_GSO_ENCAP_ALL |
			      NETIF_F_HW_VLAN_CTAG_TX | NETIF_F_HW_VLAN_CTAG_RX |
			      NETIF_F_HW_VLAN_STAG_TX | NETIF_F_HW_VLAN_STAG_RX;
	/* Not to be switched off: the core would take the VLANs away from the filters of
	 * the lowers, which would go on filtering.
	 */
	master->features |= master->hw_features | NETIF_F_HW_VLAN_CTAG_FILTER |
			    NETIF_F_HW_VLAN_STAG_FILTER;
	/* No lock around a transmit that only hands on. */
	nfo_set_lltx(master);
}
