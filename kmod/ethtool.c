// SPDX-License-Identifier: GPL-2.0
/* What ethtool shows of the master. */
#include <linux/ethtool.h>
#include <linux/rtnetlink.h>
#include "tstamp.h"

struct nfo_stat {
	char name[ETH_GSTRING_LEN];
	size_t offset;		/* of the u64 in struct nfo_sums */
};

#define NFO_STAT(name, index, field) \
	{ name, offsetof(struct nfo_sums, path[index].field) }

/* vf_* as Hyper-V's netvsc names its VF's. Only ever appended. */
static const struct nfo_stat nfo_stats[] = {
	NFO_STAT("vf_rx_packets", NFO_PRIMARY, rx_packets),
	NFO_STAT("vf_rx_bytes", NFO_PRIMARY, rx_bytes),
	NFO_STAT("vf_tx_packets", NFO_PRIMARY, tx_packets),
	NFO_STAT("vf_tx_bytes", NFO_PRIMARY, tx_bytes),
	NFO_STAT("vf_rx_idle", NFO_PRIMARY, rx_idle),
	NFO_STAT("vf_rx_ignored", NFO_PRIMARY, rx_ignored),
	NFO_STAT("standby_rx_packets", NFO_STANDBY, rx_packets),
	NFO_STAT("standby_rx_bytes", NFO_STANDBY, rx_bytes),
	NFO_STAT("standby_tx_packets", NFO_STANDBY, tx_packets),
	NFO_STAT("standby_tx_bytes", NFO_STANDBY, tx_bytes),
	NFO_STAT("standby_rx_idle", NFO_STANDBY, rx_idle),
	NFO_STAT("standby_rx_ignored", NFO_STANDBY, rx_ignored),
	NFO_STAT("vf_tx_silenced", NFO_PRIMARY, tx_silenced),
	NFO_STAT("standby_tx_silenced", NFO_STANDBY, tx_silenced),
	{ "tx_dropped", offsetof(struct nfo_sums, tx_dropped) },
};

static void nfo_get_drvinfo(struct net_device *dev, struct ethtool_drvinfo *info)
{
	strscpy(info->driver, "net_failover", sizeof(info->driver));
	strscpy(info->version, NFO_VERSION, sizeof(info->version));
}

/* Speed and duplex of the path in use. */
static int nfo_get_link_ksettings(struct net_device *dev, struct ethtool_link_ksettings *cmd)
{
	struct nfo_pair *pair = netdev_priv(dev);
	struct nfo_lower *active = rcu_dereference_raw(pair->active);	/* constant places */
	struct net_device *lower = active ? rtnl_dereference(active->dev) : NULL;

	if (lower)
		return __ethtool_get_link_ksettings(lower, cmd);
	cmd->base.duplex = DUPLEX_UNKNOWN;
	cmd->base.port = PORT_OTHER;
	cmd->base.speed = SPEED_UNKNOWN;
	return 0;
}

static int nfo_get_sset_count(struct net_device *dev, int sset)
{
	return sset == ETH_SS_STATS ? ARRAY_SIZE(nfo_stats) : -EOPNOTSUPP;
}

static void nfo_get_strings(struct net_device *dev, u32 sset, u8 *data)
{
	int i;

	if (sset != ETH_SS_STATS)
		return;
	for (i = 0; i < ARRAY_SIZE(nfo_stats); i++)
		memcpy(data + i * ETH_GSTRING_LEN, nfo_stats[i].name, ETH_GSTRING_LEN);
}

static void nfo_get_ethtool_stats(struct net_device *dev, struct ethtool_stats *stats, u64 *data)
{
	struct nfo_sums sums;
	int i;

	nfo_stats_sum(netdev_priv(dev), &sums);
	for (i = 0; i < ARRAY_SIZE(nfo_stats); i++)
		data[i] = *(u64 *)((u8 *)&sums + nfo_stats[i].offset);
}

const struct ethtool_ops nfo_ethtool_ops = {
	.get_drvinfo		= nfo_get_drvinfo,
	.get_link		= ethtool_op_get_link,
	.get_link_ksettings	= nfo_get_link_ksettings,
	.get_sset_count		= nfo_get_sset_count,
	.get_strings		= nfo_get_strings,
	.get_ethtool_stats	= nfo_get_ethtool_stats,
	.get_ts_info		= nfo_get_ts_info,
};
