/* SPDX-License-Identifier: GPL-2.0 */
#ifndef NFO_COMPAT_LINUX_NET_TSTAMP_H
#define NFO_COMPAT_LINUX_NET_TSTAMP_H

#include <linux/ethtool.h>
#include <linux/netdevice.h>
#include_next <linux/net_tstamp.h>

/* 6.6, 66f7223039c0: hardware time stamps are configured by operations of their own. Before
 * it by an ioctl of the device, whose argument is in user space: its request stands for it.
 */
#ifdef NFO_HAVE_HWTSTAMP_LOWER
#define NFO_HWTSTAMP_OPS(get, set) \
	.ndo_hwtstamp_get = (get), \
	.ndo_hwtstamp_set = (set)

/* 6.14, 6e9e2eed4f39: a request by netlink has no ioctl's, which a driver that still has
 * the ioctl would follow.
 */
static inline bool nfo_hwtstamp_reaches(const struct net_device *dev,
					const struct kernel_hwtstamp_config *cfg)
{
	return cfg->ifr || (dev->netdev_ops->ndo_hwtstamp_get && dev->netdev_ops->ndo_hwtstamp_set);
}
#else
#define kernel_hwtstamp_config nfo_hwtstamp_config

struct kernel_hwtstamp_config {
	struct ifreq *ifr;
};

static inline bool nfo_hwtstamp_reaches(const struct net_device *dev,
					const struct kernel_hwtstamp_config *cfg)
{
	return true;
}

/* 5.15, a76053707dbf: these ioctls were told apart from private ones. */
#ifdef NFO_HAVE_ETH_IOCTL
#define nfo_ndo_ioctl ndo_eth_ioctl
#else
#define nfo_ndo_ioctl ndo_do_ioctl
#endif

static inline int generic_hwtstamp_get_lower(struct net_device *dev,
					     struct kernel_hwtstamp_config *cfg)
{
	return dev->netdev_ops->nfo_ndo_ioctl ?
		dev->netdev_ops->nfo_ndo_ioctl(dev, cfg->ifr, SIOCGHWTSTAMP) : -EOPNOTSUPP;
}

static inline int generic_hwtstamp_set_lower(struct net_device *dev,
					     struct kernel_hwtstamp_config *cfg,
					     struct netlink_ext_ack *extack)
{
	return dev->netdev_ops->nfo_ndo_ioctl ?
		dev->netdev_ops->nfo_ndo_ioctl(dev, cfg->ifr, SIOCSHWTSTAMP) : -EOPNOTSUPP;
}

int nfo_hwtstamp_get(struct net_device *dev, struct kernel_hwtstamp_config *cfg);
int nfo_hwtstamp_set(struct net_device *dev, struct kernel_hwtstamp_config *cfg,
		     struct netlink_ext_ack *extack);

static inline int nfo_hwtstamp_ioctl(struct net_device *dev, struct ifreq *ifr, int cmd)
{
	struct kernel_hwtstamp_config cfg = { .ifr = ifr };

	switch (cmd) {
	case SIOCGHWTSTAMP:
		return nfo_hwtstamp_get(dev, &cfg);
	case SIOCSHWTSTAMP:
		return nfo_hwtstamp_set(dev, &cfg, NULL);
	default:
		return -EOPNOTSUPP;
	}
}

#define NFO_HWTSTAMP_OPS(get, set) \
	.nfo_ndo_ioctl = nfo_hwtstamp_ioctl
#endif

/* 6.11, 2111375b85ad: the kernel's struct differs from that of user space. */
#ifndef NFO_HAVE_KERNEL_TS_INFO
#define kernel_ethtool_ts_info ethtool_ts_info
#endif

/* 6.9, "net_tstamp: Add TIMESTAMPING SOFTWARE and HARDWARE mask" and around it. */
#ifndef NFO_HAVE_TS_INFO_BY_LAYER
static inline int ethtool_get_ts_info_by_layer(struct net_device *dev,
					       struct kernel_ethtool_ts_info *info)
{
	return dev->ethtool_ops->get_ts_info ? dev->ethtool_ops->get_ts_info(dev, info) :
					       ethtool_op_get_ts_info(dev, info);
}
#endif

#endif /* NFO_COMPAT_LINUX_NET_TSTAMP_H */
