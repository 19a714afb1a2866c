/* SPDX-License-Identifier: GPL-2.0 */
#ifndef NFO_COMPAT_LINUX_NETDEVICE_H
#define NFO_COMPAT_LINUX_NETDEVICE_H

#include_next <linux/netdevice.h>

/* 6.2, bd039b5ea2a9: every device may be renamed while it is up. */
#ifndef IFF_LIVE_RENAME_OK
#define IFF_LIVE_RENAME_OK 0
#endif

/* 6.2, 8a321cf7becc: IPv6 autoconfiguration looks at this, no longer at IFF_SLAVE. */
#ifndef NFO_HAVE_NO_ADDRCONF
#define IFF_NO_ADDRCONF 0
#endif

/* After 5.10: netif_device_present() takes a const pointer. */
#ifndef NFO_HAVE_PRESENT_CONST
#define netif_device_present(dev) netif_device_present((struct net_device *)(dev))
#endif

/* 5.19, "net: add netif_inherit_tso_max()" and before it: what a driver can is told
 * apart from what is used. Without, an administrator's smaller value cannot be
 * told from the driver's.
 */
#ifndef TSO_MAX_SIZE
#define TSO_MAX_SIZE GSO_MAX_SIZE
#define TSO_MAX_SEGS GSO_MAX_SEGS
#define GSO_LEGACY_MAX_SIZE GSO_MAX_SIZE

static inline unsigned int nfo_tso_max_size(const struct net_device *dev)
{
	return dev->gso_max_size;
}

static inline u16 nfo_tso_max_segs(const struct net_device *dev)
{
	return dev->gso_max_segs;
}

static inline void netif_set_tso_max_size(struct net_device *dev, unsigned int size)
{
	dev->gso_max_size = min_t(unsigned int, size, GSO_MAX_SIZE);
}

static inline void netif_set_tso_max_segs(struct net_device *dev, unsigned int segs)
{
	dev->gso_max_segs = min_t(unsigned int, segs, GSO_MAX_SEGS);
}
#else
static inline unsigned int nfo_tso_max_size(const struct net_device *dev)
{
	return dev->tso_max_size;
}

static inline u16 nfo_tso_max_segs(const struct net_device *dev)
{
	return dev->tso_max_segs;
}
#endif

/* 6.3, 9eefedd58ae1: IPv4 has a limit of its own. */
#ifdef NFO_HAVE_GSO_IPV4_MAX_SIZE
#define nfo_gso_ipv4_max_size(dev) ((dev)->gso_ipv4_max_size)
#else
#define nfo_gso_ipv4_max_size(dev) ((dev)->gso_max_size)
#endif

/* 6.12, e609c959a939: and so it is chosen by the packet. */
#ifndef NFO_HAVE_GSO_MAX_SIZE_OF_SKB
#define netif_get_gso_max_size(dev, skb) READ_ONCE((dev)->gso_max_size)
#endif

/* 6.12, 00d066a4d4ed: NETIF_F_LLTX became a field. */
static inline void nfo_set_lltx(struct net_device *dev)
{
#ifdef NETIF_F_LLTX
	dev->features |= NETIF_F_LLTX;
#else
	dev->lltx = true;
#endif
}

/* 6.16, "net: core: Convert dev_set_mac_address() to struct sockaddr_storage". */
#ifndef NFO_HAVE_SET_MAC_STORAGE
#define dev_set_mac_address(dev, sa, extack) \
	dev_set_mac_address(dev, (struct sockaddr *)(sa), extack)
#endif

/* What looks at frames that leave by a device: nf's hooks from 5.16 on
 * (42df6e1d221d), tc's, which are at another place since 6.6 (e420bed02507).
 */
static inline bool nfo_has_egress(const struct net_device *dev)
{
#ifdef CONFIG_NETFILTER_EGRESS
	if (rcu_access_pointer(dev->nf_hooks_egress))
		return true;
#endif
#if defined(CONFIG_NET_XGRESS) && defined(NFO_HAVE_TCX)
	return rcu_access_pointer(dev->tcx_egress);
#elif defined(CONFIG_NET_CLS_ACT)
	return rcu_access_pointer(dev->miniq_egress);
#else
	return false;
#endif
}

/* 6.12, "net: bonding, xdp: dev_xdp_propagate()": how a master has a lower run its program. */
#ifndef NFO_HAVE_XDP_PROPAGATE
static inline int dev_xdp_propagate(struct net_device *dev, struct netdev_bpf *bpf)
{
	return dev->netdev_ops->ndo_bpf ? dev->netdev_ops->ndo_bpf(dev, bpf) : -EOPNOTSUPP;
}
#endif

#endif /* NFO_COMPAT_LINUX_NETDEVICE_H */
