// SPDX-License-Identifier: GPL-2.0
/* Joins what netlink and sysfs tell into pairs. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/genl.h"
#include "common/mem.h"
#include "common/pairs.h"
#include "common/recorded.h"
#include "common/sysfs.h"

const struct link *pairs_link(const struct links *links, uint32_t ifindex)
{
	size_t i;

	for (i = 0; i < links->n; i++)
		if (links->v[i].ifindex == ifindex)
			return &links->v[i];
	return NULL;
}

bool pairs_same_mac(const struct pair *pair, const struct link *link)
{
	return pair->has_mac && link->has_mac && !memcmp(pair->mac, link->mac, MAC_LEN);
}

static void attach_lower(struct lower *lower, const struct links *links)
{
	if (lower->present)
		lower->link = pairs_link(links, lower->ifindex);
}

void pairs_attach(struct pairs *pairs, const struct links *links)
{
	size_t i;

	for (i = 0; i < pairs->n; i++) {
		pairs->v[i].link = pairs_link(links, pairs->v[i].ifindex);
		attach_lower(&pairs->v[i].primary, links);
		attach_lower(&pairs->v[i].standby, links);
	}
}

/*
 * A virtio card that negotiated STANDBY calls itself "sby"; its master hangs
 * on the same device and does not. Works also where the master has no lower.
 */
static bool is_master(const struct link *link)
{
	return link->negotiated && !link->standby_port && !link->master[0];
}

static bool is_fit(const struct lower *lower)
{
	return lower->present && lower->link->up && lower->link->carrier == 1;
}

/* What both modules do with the facts that sysfs shows. */
static enum net_failover_reason derive_reason(const struct pair *pair)
{
	if (!pair->link->up)
		return NET_FAILOVER_REASON_MASTER_DOWN;
	if (is_fit(&pair->primary))
		return NET_FAILOVER_REASON_PRIMARY_FIT;
	if (!is_fit(&pair->standby))
		return NET_FAILOVER_REASON_NONE_FIT;
	if (!pair->primary.present)
		return NET_FAILOVER_REASON_NO_PRIMARY;
	if (!pair->primary.link->up)
		return NET_FAILOVER_REASON_PRIMARY_DOWN;
	return NET_FAILOVER_REASON_PRIMARY_NO_CARRIER;
}

static enum net_failover_role derive_active(enum net_failover_reason reason)
{
	if (reason == NET_FAILOVER_REASON_PRIMARY_FIT)
		return NET_FAILOVER_ROLE_PRIMARY;
	if (reason == NET_FAILOVER_REASON_MASTER_DOWN || reason == NET_FAILOVER_REASON_NONE_FIT)
		return NET_FAILOVER_ROLE_NONE;
	return NET_FAILOVER_ROLE_STANDBY;
}

static void derive_lower(const struct link *link, struct lower *lower)
{
	lower->present = true;
	lower->ifindex = link->ifindex;
	lower->link = link;
	memcpy(lower->name, link->name, sizeof(lower->name));
}

static void derive_pair(const struct links *links, const struct link *master, struct pair *pair)
{
	size_t i;

	*pair = (struct pair){ .ifindex = master->ifindex, .link = master, .derived = true,
			       .has_mac = master->has_mac };
	memcpy(pair->name, master->name, sizeof(pair->name));
	memcpy(pair->mac, master->mac, sizeof(pair->mac));
	for (i = 0; i < links->n; i++) {
		const struct link *link = &links->v[i];

		if (strcmp(link->master, master->name))
			continue;
		derive_lower(link, link->device == master->device ? &pair->standby :
								    &pair->primary);
	}
	pair->reason = derive_reason(pair);
	pair->active = derive_active(pair->reason);
}

void pairs_derive(const struct links *links, struct pairs *pairs)
{
	size_t i;

	*pairs = (struct pairs){ 0 };
	for (i = 0; i < links->n; i++) {
		if (!is_master(&links->v[i]))
			continue;
		pairs->v = mem_grow(pairs->v, pairs->n, sizeof(*pairs->v));
		derive_pair(links, &links->v[i], &pairs->v[pairs->n++]);
	}
}

static bool is_named(const struct pair *pair, const char *name)
{
	return !strcmp(pair->name, name) ||
	       (pair->primary.present && !strcmp(pair->primary.name, name)) ||
	       (pair->standby.present && !strcmp(pair->standby.name, name));
}

const struct pair *pairs_find(const struct pairs *pairs, const char *name)
{
	size_t i;

	for (i = 0; i < pairs->n; i++)
		if (is_named(&pairs->v[i], name))
			return &pairs->v[i];
	return NULL;
}

/* Netlink first, as it names the pairs that are; sysfs then adds to them. */
int pairs_gather(struct view *view)
{
	int ret;

	*view = (struct view){ 0 };
	sysfs_module(&view->module);
	if (view->module.kind == MODULE_OURS)
		view->netlink_error = sysfs_replaced() ? recorded_pairs(&view->pairs) :
							 genl_pairs(&view->pairs);
	ret = sysfs_links(&view->links);
	if (ret)
		return ret;
	if (view->module.kind == MODULE_OURS && !view->netlink_error)
		pairs_attach(&view->pairs, &view->links);
	else
		pairs_derive(&view->links, &view->pairs);
	/* Built into the kernel it has no directory of its own. */
	if (view->module.kind == MODULE_NONE && view->pairs.n)
		view->module.kind = MODULE_IN_TREE;
	return 0;
}

void pairs_free(struct view *view)
{
	sysfs_free(&view->links);
	free(view->pairs.v);
	*view = (struct view){ 0 };
}
