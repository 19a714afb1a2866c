/* SPDX-License-Identifier: GPL-2.0 */
/* Joins what netlink and sysfs tell into pairs. No I/O but in pairs_gather(). */
#ifndef COMMON_PAIRS_H
#define COMMON_PAIRS_H

#include "common/model.h"

struct view {
	struct module module;
	struct links links;
	struct pairs pairs;
	int netlink_error;	/* ours is loaded, yet netlink told nothing: why */
};

/* Everything there is to know; 0 or a negative errno where sysfs is unreadable. */
int pairs_gather(struct view *view);
void pairs_free(struct view *view);

/* Pairs from sysfs alone: who belongs together, and what that lets us conclude. */
void pairs_derive(const struct links *links, struct pairs *pairs);

/* Points masters and lowers at their links. */
void pairs_attach(struct pairs *pairs, const struct links *links);

/* The pair that the device of this name is the master or a lower of, or NULL. */
const struct pair *pairs_find(const struct pairs *pairs, const char *name);

const struct link *pairs_link(const struct links *links, uint32_t ifindex);
bool pairs_same_mac(const struct pair *pair, const struct link *link);

#endif
