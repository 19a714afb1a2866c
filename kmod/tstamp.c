// SPDX-License-Identifier: GPL-2.0
/* Hardware time stamps and their clock are those of the lower in use.
 *
 * A clock (PHC) belongs to one card: at a switch the master has another one or
 * none, and a card that is plugged later does not stamp until it is asked to.
 * The stamps themselves come and go with the packets.
 */
#include <linux/net_tstamp.h>
#include <linux/rtnetlink.h>
#include "tstamp.h"

/* NULL where none is in use, or it cannot answer now. RTNL. */
static struct net_device *nfo_stamping(struct net_device *master)
{
	const struct nfo_pair *pair = netdev_priv(master);
	const struct nfo_lower *active = rtnl_dereference(pair->active);
	struct net_device *lower = active ? rtnl_dereference(active->dev) : NULL;

	return lower && netif_device_present(lower) ? lower : NULL;
}

int nfo_hwtstamp_get(struct net_device *master, struct kernel_hwtstamp_config *cfg)
{
	struct net_device *lower = nfo_stamping(master);

	if (!lower)
		return -ENETDOWN;
	return nfo_hwtstamp_reaches(lower, cfg) ? generic_hwtstamp_get_lower(lower, cfg) :
						  -EOPNOTSUPP;
}

int nfo_hwtstamp_set(struct net_device *master, struct kernel_hwtstamp_config *cfg,
		     struct netlink_ext_ack *extack)
{
	struct net_device *lower = nfo_stamping(master);

	if (!lower)
		return -ENETDOWN;
	return nfo_hwtstamp_reaches(lower, cfg) ? generic_hwtstamp_set_lower(lower, cfg, extack) :
						  -EOPNOTSUPP;
}

int nfo_get_ts_info(struct net_device *master, struct kernel_ethtool_ts_info *info)
{
	struct net_device *lower = nfo_stamping(master);

	return lower ? ethtool_get_ts_info_by_layer(lower, info) :
		       ethtool_op_get_ts_info(master, info);
}
