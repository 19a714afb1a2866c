// SPDX-License-Identifier: GPL-2.0
/* What happened between two looks at the pairs, in an order in which it may have. */
#include <string.h>

#include "common/changes.h"
#include "common/mem.h"

struct search {
	const struct genl_event *now;
	struct genl_events *events;
};

static struct genl_event *add(const struct search *search, const struct pair *pair,
			      enum net_failover_event kind)
{
	struct genl_events *events = search->events;
	struct genl_event *event;

	events->v = mem_grow(events->v, events->n, sizeof(*events->v));
	event = &events->v[events->n++];
	*event = (struct genl_event){ .boottime = search->now->boottime,
				      .realtime = search->now->realtime,
				      .kind = kind, .ifindex = pair->ifindex };
	memcpy(event->name, pair->name, sizeof(event->name));
	return event;
}

static void add_lower(const struct search *search, const struct pair *pair,
		      const struct lower *lower, enum net_failover_role role,
		      enum net_failover_event kind)
{
	struct genl_event *event = add(search, pair, kind);

	event->role = role;
	event->lower_ifindex = lower->ifindex;
	memcpy(event->lower, lower->name, sizeof(event->lower));
}

static const struct lower *active_lower(const struct pair *pair)
{
	return pair->active == NET_FAILOVER_ROLE_PRIMARY ? &pair->primary : &pair->standby;
}

static void find_switch(const struct search *search, const struct pair *before,
			const struct pair *after)
{
	uint32_t from = before ? before->active : NET_FAILOVER_ROLE_NONE;
	struct genl_event *event;

	if (from == after->active)
		return;
	event = add(search, after, NET_FAILOVER_EVENT_SWITCH);
	event->has_switch = true;
	event->from = from;
	event->to = after->active;
	event->role = after->active;
	event->reason = after->reason;
	if (after->active == NET_FAILOVER_ROLE_NONE)
		return;
	event->lower_ifindex = active_lower(after)->ifindex;
	memcpy(event->lower, active_lower(after)->name, sizeof(event->lower));
}

static bool is_same(const struct lower *a, const struct lower *b)
{
	return a->present && b->present && a->ifindex == b->ifindex;
}

static void find_lower(const struct search *search, const struct pair *pair,
		       const struct lower *before, const struct lower *after,
		       enum net_failover_role role, enum net_failover_event kind)
{
	const struct lower *lower = kind == NET_FAILOVER_EVENT_CLAIMED ? after : before;

	if (lower->present && !is_same(before, after))
		add_lower(search, pair, lower, role, kind);
}

static void find_lowers(const struct search *search, const struct pair *before,
			const struct pair *after, enum net_failover_event kind)
{
	find_lower(search, after, &before->standby, &after->standby,
		   NET_FAILOVER_ROLE_STANDBY, kind);
	find_lower(search, after, &before->primary, &after->primary,
		   NET_FAILOVER_ROLE_PRIMARY, kind);
}

static const struct pair *same_pair(const struct pairs *pairs, const struct pair *pair)
{
	size_t i;

	for (i = 0; i < pairs->n; i++)
		if (pairs->v[i].ifindex == pair->ifindex)
			return &pairs->v[i];
	return NULL;
}

void changes_find(const struct pairs *before, const struct pairs *after,
		  const struct genl_event *now, struct genl_events *events)
{
	static const struct pair nothing;
	const struct search search = { now, events };
	size_t i;

	for (i = 0; i < after->n; i++) {
		const struct pair *pair = &after->v[i], *old = same_pair(before, pair);

		if (!old)
			add(&search, pair, NET_FAILOVER_EVENT_CREATED);
		find_lowers(&search, old ? old : &nothing, pair, NET_FAILOVER_EVENT_RELEASED);
		find_lowers(&search, old ? old : &nothing, pair, NET_FAILOVER_EVENT_CLAIMED);
		find_switch(&search, old, pair);
	}
	for (i = 0; i < before->n; i++)
		if (!same_pair(after, &before->v[i]))
			add(&search, &before->v[i], NET_FAILOVER_EVENT_DESTROYED);
}
