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
#include "common/rtnl.h"
#include "common/sysfs.h"

#define ATTEMPTS 3	/* at links that come and go meanwhile */

/* Links and pairs alike are kept in the order of their ifindex. */
static int compare(uint32_t a, uint32_t b)
{
	return a < b ? -1 : a > b;
}

static int by_ifindex(const void *a, const void *b)
{
	const struct pair *x = a, *y = b;

	return compare(x->ifindex, y->ifindex);
}

static int pair_is_at(const void *key, const void *at)
{
	const struct pair *pair = at;

	return compare(*(const uint32_t *)key, pair->ifindex);
}

static int link_is_at(const void *key, const void *at)
{
	const struct link *link = at;

	return compare(*(const uint32_t *)key, link->ifindex);
}

static struct link *find_link(const struct links *links, uint32_t ifindex)
{
	return links->n ? bsearch(&ifindex, links->v, links->n, sizeof(*links->v), link_is_at) :
			  NULL;
}

static const struct link *take_link(const struct links *links, uint32_t ifindex,
				    const struct pair *pair)
{
	struct link *link = find_link(links, ifindex);

	if (link)
		link->pair = pair->ifindex;
	return link;
}

static void attach_lower(struct lower *lower, const struct links *links, const struct pair *pair)
{
	if (lower->present)
		lower->link = take_link(links, lower->ifindex, pair);
}

void pairs_attach(struct pairs *pairs, struct links *links)
{
	size_t i;

	if (pairs->n)
		qsort(pairs->v, pairs->n, sizeof(*pairs->v), by_ifindex);
	for (i = 0; i < pairs->n; i++) {
		struct pair *pair = &pairs->v[i];

		pair->link = take_link(links, pair->ifindex, pair);
		attach_lower(&pair->primary, links, pair);
		attach_lower(&pair->standby, links, pair);
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

static void add_master(struct pairs *pairs, const struct link *master)
{
	struct pair *pair;

	pairs->v = mem_grow(pairs->v, pairs->n, sizeof(*pairs->v));
	pair = &pairs->v[pairs->n++];
	*pair = (struct pair){ .ifindex = master->ifindex, .link = master, .derived = true,
			       .has_mac = master->has_mac };
	memcpy(pair->name, master->name, sizeof(pair->name));
	memcpy(pair->mac, master->mac, sizeof(pair->mac));
}

static int by_name(const void *a, const void *b)
{
	const struct pair *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static int pair_is_named(const void *key, const void *at)
{
	const struct pair *pair = at;

	return strcmp(key, pair->name);
}

/* Of the pairs in the order of their names. */
static void add_lower(struct pairs *pairs, const struct link *link)
{
	struct pair *pair = bsearch(link->master, pairs->v, pairs->n, sizeof(*pairs->v),
				    pair_is_named);
	struct lower *lower;

	if (!pair)
		return;
	lower = link->device == pair->link->device ? &pair->standby : &pair->primary;
	lower->present = true;
	lower->ifindex = link->ifindex;
	memcpy(lower->name, link->name, sizeof(lower->name));
}

void pairs_derive(struct links *links, struct pairs *pairs)
{
	size_t i;

	*pairs = (struct pairs){ 0 };
	for (i = 0; i < links->n; i++)
		if (is_master(&links->v[i]))
			add_master(pairs, &links->v[i]);
	if (!pairs->n)
		return;
	qsort(pairs->v, pairs->n, sizeof(*pairs->v), by_name);
	for (i = 0; i < links->n; i++)
		if (links->v[i].master[0])
			add_lower(pairs, &links->v[i]);
	pairs_attach(pairs, links);
	for (i = 0; i < pairs->n; i++) {
		pairs->v[i].reason = derive_reason(&pairs->v[i]);
		pairs->v[i].active = derive_active(pairs->v[i].reason);
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

const struct pair *pairs_of(const struct pairs *pairs, const struct link *link)
{
	if (!pairs->n || !link->pair)
		return NULL;
	return bsearch(&link->pair, pairs->v, pairs->n, sizeof(*pairs->v), pair_is_at);
}

static int gather_links(struct links *links)
{
	int i, ret = -EAGAIN;

	for (i = 0; i < ATTEMPTS && ret == -EAGAIN && !sysfs_replaced(); i++) {
		ret = rtnl_links(links);
		if (!ret)
			ret = sysfs_complete(links);
	}
	return ret ? sysfs_links(links) : 0;
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
	ret = gather_links(&view->links);
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
