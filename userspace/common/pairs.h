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
void pairs_derive(struct links *links, struct pairs *pairs);

/* Points masters and lowers at their links and back, and puts the pairs in order. */
void pairs_attach(struct pairs *pairs, struct links *links);

/* The pair that the device of this name is the master or a lower of, or NULL. */
const struct pair *pairs_find(const struct pairs *pairs, const char *name);

/* The pair that the link is the master or a lower of, or NULL. */
const struct pair *pairs_of(const struct pairs *pairs, const struct link *link);

#endif
