// SPDX-License-Identifier: GPL-2.0
/* Hardware time stamps and their clock are those of the lower in use.
 *
 * A clock (PHC) belongs to one card: at a switch the master has another one or
 * none, and a card that is plugged later does not stamp until it is asked to.
 * The stamps themselves come and go with the packets.
 */
#include <linux/net_tstamp.h>
#include "tstamp.h"

/* NULL where none is in use, or it cannot answer now; else with a reference: not
 * everybody who asks holds RTNL.
 */
static struct net_device *nfo_stamping(struct net_device *master)
{
	const struct nfo_pair *pair = netdev_priv(master);
	const struct nfo_lower *active;
	struct net_device *lower;

	rcu_read_lock();
	active = rcu_dereference(pair->active);
	lower = active ? rcu_dereference(active->dev) : NULL;
	if (lower && !netif_device_present(lower))
		lower = NULL;
	if (lower)
		dev_hold(lower);
	rcu_read_unlock();
	return lower;
}

int nfo_hwtstamp_get(struct net_device *master, struct kernel_hwtstamp_config *cfg)
{
	struct net_device *lower = nfo_stamping(master);
	int err = -EOPNOTSUPP;

	if (!lower)
		return -ENETDOWN;
	if (nfo_hwtstamp_reaches(lower, cfg))
		err = generic_hwtstamp_get_lower(lower, cfg);
	dev_put(lower);
	return err;
}

int nfo_hwtstamp_set(struct net_device *master, struct kernel_hwtstamp_config *cfg,
		     struct netlink_ext_ack *extack)
{
	struct net_device *lower = nfo_stamping(master);
	int err = -EOPNOTSUPP;

	if (!lower)
		return -ENETDOWN;
	if (nfo_hwtstamp_reaches(lower, cfg))
		err = generic_hwtstamp_set_lower(lower, cfg, extack);
	dev_put(lower);
	return err;
}

/* With RTNL, or from a socket that wants to be bound to a clock, without. */
int nfo_get_ts_info(struct net_device *master, struct kernel_ethtool_ts_info *info)
{
	struct net_device *lower = nfo_stamping(master);
	int err;

	if (!lower)
		return ethtool_op_get_ts_info(master, info);
	err = ethtool_get_ts_info_by_layer(lower, info);
	dev_put(lower);
	return err;
}
