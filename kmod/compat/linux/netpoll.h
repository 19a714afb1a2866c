/* SPDX-License-Identifier: GPL-2.0 */
#ifndef NFO_COMPAT_LINUX_NETPOLL_H
#define NFO_COMPAT_LINUX_NETPOLL_H

#include_next <linux/netpoll.h>

/* Between 6.12 and 7.2: an argument of ndo_netpoll_setup() that nobody used is gone. */
#ifdef NFO_HAVE_NETPOLL_INFO_ARG
#define NFO_NETPOLL_ARGS	struct net_device *master, struct netpoll_info *unused
#else
#define NFO_NETPOLL_ARGS	struct net_device *master
#endif

#endif /* NFO_COMPAT_LINUX_NETPOLL_H */
