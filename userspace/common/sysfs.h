/* SPDX-License-Identifier: GPL-2.0 */
/* What sysfs tells of network cards and of the module. */
#ifndef COMMON_SYSFS_H
#define COMMON_SYSFS_H

#include "common/model.h"

/*
 * Where sysfs is: /sys, or the directory that FAILOVERCTL_SYSFS names (tests
 * make one; ignored in a program that runs with more rights than its user).
 */
const char *sysfs_root(void);
bool sysfs_replaced(void);

/* All network cards, in the order of their ifindex. 0 or a negative errno. */
int sysfs_links(struct links *links);
/*
 * The same for links that netlink told of: adds the rest, and drops what is no
 * card. On failure there are none; -EAGAIN: one left or was renamed meanwhile.
 */
int sysfs_complete(struct links *links);
void sysfs_free(struct links *links);

/*
 * Where the card that has this name and ifindex sits, as in struct link.bus.
 * false and "": it has no hardware, or another name by now.
 */
bool sysfs_bus(const char *ifname, uint32_t ifindex, char bus[WORD_LEN]);

/*
 * The folder of the card that has this ifindex, to be closed by the caller, or
 * -1: there is none. It stays this card's when that is renamed, as udev does
 * soon after a card appeared; a path with the name in it does not.
 */
int sysfs_open_card(uint32_t ifindex);

/* The module of the name net_failover; MODULE_NONE also where it is built in. */
void sysfs_module(struct module *module);

#endif
