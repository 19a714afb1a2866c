/* SPDX-License-Identifier: GPL-2.0 */
#ifndef NFO_COMPAT_NET_XDP_H
#define NFO_COMPAT_NET_XDP_H

#include_next <net/xdp.h>

/* 6.3, d3d854fd6a1d: devices tell what they can do with XDP. */
#ifdef NFO_HAVE_XDP_FEATURES
#define NFO_XDP_FEATURES (NETDEV_XDP_ACT_BASIC | NETDEV_XDP_ACT_REDIRECT | NETDEV_XDP_ACT_RX_SG)

static inline u32 nfo_xdp_features(const struct net_device *dev)
{
	return dev->xdp_features;
}

static inline void nfo_xdp_set_features(struct net_device *dev, u32 features)
{
	if (dev->xdp_features != features)
		xdp_set_features_flag(dev, features);
}
#else
#define NFO_XDP_FEATURES 0
#define NETDEV_XDP_FEAT_CHANGE 0xffff	/* never said */

static inline u32 nfo_xdp_features(const struct net_device *dev)
{
	return 0;
}

static inline void nfo_xdp_set_features(struct net_device *dev, u32 features)
{
}
#endif

#endif /* NFO_COMPAT_NET_XDP_H */
