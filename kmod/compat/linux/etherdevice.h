/* SPDX-License-Identifier: GPL-2.0 */
#ifndef NFO_COMPAT_LINUX_ETHERDEVICE_H
#define NFO_COMPAT_LINUX_ETHERDEVICE_H

#include_next <linux/etherdevice.h>

/* 5.15, 48eab831ae8b: a device's address is written by functions only. */
#ifndef NFO_HAVE_ETH_HW_ADDR_SET
static inline void eth_hw_addr_set(struct net_device *dev, const u8 *addr)
{
	ether_addr_copy(dev->dev_addr, addr);
}
#endif

#endif /* NFO_COMPAT_LINUX_ETHERDEVICE_H */
