// SPDX-License-Identifier: GPL-2.0
/*
 * When a pair counts as degraded: when its primary has not carried traffic for
 * longer than configured, whatever the reason, be it that there is none, that
 * it has no carrier or that an administrator holds it back. A master that is
 * down wants no traffic carried and is never degraded. A card that comes back
 * late ends that; one that comes and goes in between begins anew.
 */
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "failoverd/policy.h"

static struct policy_pair *find(const struct policy *policy, uint32_t ifindex)
{
	size_t i;

	for (i = 0; i < policy->n; i++)
		if (policy->v[i].ifindex == ifindex)
			return &policy->v[i];
	return NULL;
}

static struct policy_pair *add(struct policy *policy, uint32_t ifindex)
{
	struct policy_pair *pair;

	policy->v = mem_grow(policy->v, policy->n, sizeof(*policy->v));
	pair = &policy->v[policy->n++];
	*pair = (struct policy_pair){ .ifindex = ifindex };
	return pair;
}

static void drop(struct policy *policy, struct policy_pair *pair)
{
	*pair = policy->v[--policy->n];
}

static void report(const struct policy_pair *pair, bool recovered, uint64_t now,
		   struct policy_reports *reports)
{
	struct policy_report *to;

	reports->v = mem_grow(reports->v, reports->n, sizeof(*reports->v));
	to = &reports->v[reports->n++];
	*to = (struct policy_report){
		.recovered = recovered,
		.ifindex = pair->ifindex,
		.reason = pair->reason,
		.away = now > pair->since ? now - pair->since : 0,
	};
	memcpy(to->name, pair->name, sizeof(to->name));
}

static bool is_away(uint32_t active, uint32_t reason)
{
	return active != NET_FAILOVER_ROLE_PRIMARY &&
	       reason != NET_FAILOVER_REASON_MASTER_DOWN;
}

/* The lower in use is now this one, and has been since. */
static void update(struct policy_pair *pair, uint32_t active, uint32_t reason, uint64_t since,
		   uint64_t now, struct policy_reports *reports)
{
	bool away = is_away(active, reason);

	pair->reason = reason;
	if (away && !pair->away)
		pair->since = since;
	pair->away = away;
	if (away || !pair->degraded)
		return;
	pair->degraded = false;
	report(pair, true, now, reports);
}

void policy_event(struct policy *policy, const struct genl_event *event,
		  struct policy_reports *reports)
{
	struct policy_pair *pair = find(policy, event->ifindex);

	if (event->kind == NET_FAILOVER_EVENT_DESTROYED) {
		if (pair)
			drop(policy, pair);
		return;
	}
	if (!pair)
		pair = add(policy, event->ifindex);
	memcpy(pair->name, event->name, sizeof(pair->name));
	if (event->kind == NET_FAILOVER_EVENT_SWITCH && event->has_switch)
		update(pair, event->to, event->reason, event->boottime, event->boottime, reports);
}

static bool is_among(const struct pairs *pairs, uint32_t ifindex)
{
	size_t i;

	for (i = 0; i < pairs->n; i++)
		if (pairs->v[i].ifindex == ifindex)
			return true;
	return false;
}

void policy_sync(struct policy *policy, const struct pairs *pairs, uint64_t now,
		 struct policy_reports *reports)
{
	size_t i;

	for (i = policy->n; i--;)
		if (!is_among(pairs, policy->v[i].ifindex))
			drop(policy, &policy->v[i]);
	for (i = 0; i < pairs->n; i++) {
		const struct pair *now_is = &pairs->v[i];
		struct policy_pair *pair = find(policy, now_is->ifindex);
		bool since = now_is->has_since && now_is->since && now_is->since <= now;

		if (!pair)
			pair = add(policy, now_is->ifindex);
		memcpy(pair->name, now_is->name, sizeof(pair->name));
		update(pair, now_is->active, now_is->reason, since ? now_is->since : now, now,
		       reports);
	}
}

static uint64_t deadline(const struct policy *policy, const struct policy_pair *pair)
{
	if (!pair->away || pair->degraded || policy->after > POLICY_NEVER - pair->since)
		return POLICY_NEVER;
	return pair->since + policy->after;
}

void policy_expire(struct policy *policy, uint64_t now, struct policy_reports *reports)
{
	size_t i;

	for (i = 0; i < policy->n; i++) {
		struct policy_pair *pair = &policy->v[i];
		uint64_t due = deadline(policy, pair);

		if (due == POLICY_NEVER || due > now)
			continue;
		pair->degraded = true;
		report(pair, false, now, reports);
	}
}

uint64_t policy_next(const struct policy *policy)
{
	uint64_t next = POLICY_NEVER;
	size_t i;

	for (i = 0; i < policy->n; i++) {
		uint64_t due = deadline(policy, &policy->v[i]);

		if (due < next)
			next = due;
	}
	return next;
}

void policy_restore(struct policy *policy, const struct policy_pair *pair)
{
	if (!find(policy, pair->ifindex))
		*add(policy, pair->ifindex) = *pair;
}

void policy_clear(struct policy *policy)
{
	free(policy->v);
	policy->v = NULL;
	policy->n = 0;
}

void policy_free_reports(struct policy_reports *reports)
{
	free(reports->v);
	*reports = (struct policy_reports){ 0 };
}
