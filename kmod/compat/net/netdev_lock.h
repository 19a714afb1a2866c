/* SPDX-License-Identifier: GPL-2.0 */
#ifndef NFO_COMPAT_NET_NETDEV_LOCK_H
#define NFO_COMPAT_NET_NETDEV_LOCK_H

#include <linux/netdevice.h>

/* 6.15, 8ef890df4031: some drivers' devices have a lock of their own, under
 * which their operations are called. Before it, RTNL is all that there is.
 * netdev_lockdep_set_classes() moved to this header as well.
 */
#ifdef NFO_HAVE_NETDEV_LOCK
#include_next <net/netdev_lock.h>
#else
static inline void netdev_lock_ops(struct net_device *dev)
{
}

static inline void netdev_unlock_ops(struct net_device *dev)
{
}
#endif

#endif /* NFO_COMPAT_NET_NETDEV_LOCK_H */
