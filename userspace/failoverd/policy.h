/* SPDX-License-Identifier: GPL-2.0 */
/*
 * When a pair counts as degraded. Pure: facts and the time come in, reports
 * come out. All times are nanoseconds of CLOCK_BOOTTIME.
 */
#ifndef FAILOVERD_POLICY_H
#define FAILOVERD_POLICY_H

#include "common/genl.h"

#define POLICY_NEVER UINT64_MAX

struct policy_pair {
	uint32_t ifindex;
	char name[NAME_LEN];
	bool away;		/* the primary should carry traffic, but does not */
	uint64_t since;		/* away: when that began */
	uint32_t reason;	/* enum net_failover_reason */
	bool degraded;		/* and that was reported */
};

struct policy {
	uint64_t after;		/* POLICY_NEVER: nothing is ever degraded */
	struct policy_pair *v;
	size_t n;
};

/* A pair became degraded, or (recovered) it is no longer. */
struct policy_report {
	bool recovered;
	uint32_t ifindex;
	char name[NAME_LEN];
	uint32_t reason;
	uint64_t away;		/* for how long */
};

struct policy_reports {
	struct policy_report *v;
	size_t n;
};

/* What one event changes. */
void policy_event(struct policy *policy, const struct genl_event *event,
		  struct policy_reports *reports);
/* All pairs as they are now: overrules what events told. */
void policy_sync(struct policy *policy, const struct pairs *pairs, uint64_t now,
		 struct policy_reports *reports);
/* Those whose time is over. */
void policy_expire(struct policy *policy, uint64_t now, struct policy_reports *reports);
/* When policy_expire() has something to say; POLICY_NEVER: nothing is pending. */
uint64_t policy_next(const struct policy *policy);

/* A pair known from before a restart. */
void policy_restore(struct policy *policy, const struct policy_pair *pair);
void policy_clear(struct policy *policy);
void policy_free_reports(struct policy_reports *reports);

#endif
