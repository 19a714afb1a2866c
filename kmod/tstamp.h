/* SPDX-License-Identifier: GPL-2.0 */
/* Hardware time stamps; see tstamp.c. */
#ifndef NFO_TSTAMP_H
#define NFO_TSTAMP_H

#include <linux/net_tstamp.h>
#include "nfo.h"

int nfo_hwtstamp_get(struct net_device *master, struct kernel_hwtstamp_config *cfg);
int nfo_hwtstamp_set(struct net_device *master, struct kernel_hwtstamp_config *cfg,
		     struct netlink_ext_ack *extack);
int nfo_get_ts_info(struct net_device *master, struct kernel_ethtool_ts_info *info);

#endif /* NFO_TSTAMP_H */
