/* SPDX-License-Identifier: GPL-2.0 */
/* What rtnetlink tells of network links: all of them in one dump. */
#ifndef COMMON_RTNL_H
#define COMMON_RTNL_H

#include "common/model.h"

struct nlmsghdr;

/*
 * All links of this network namespace, in the order of their ifindex, without
 * what only sysfs knows: device, driver, bus, speed, virtio. 0 or a negative
 * errno, and then none.
 */
int rtnl_links(struct links *links);

/* libmnl's callback: one message added to struct links; its master is not named yet. */
int rtnl_add_link(const struct nlmsghdr *nlh, void *data);

#endif
