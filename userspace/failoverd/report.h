/* SPDX-License-Identifier: GPL-2.0 */
/* What is told: each report as the fields of a journal entry. Pure. */
#ifndef FAILOVERD_REPORT_H
#define FAILOVERD_REPORT_H

#include "failoverd/policy.h"
#include "failoverd/trip.h"

/* The module's kinds have its numbers, the daemon's own follow. */
enum report_kind {
	REPORT_NEWER = NET_FAILOVER_EVENT_UNSPEC,	/* a kind that we do not know */
	REPORT_DEGRADED = NET_FAILOVER_EVENT_MAX + 1,
	REPORT_RECOVERED,
	REPORT_UNPLUG,
	REPORT_RETURNED,
	REPORT_SETTINGS,
	REPORT_LOST,
	REPORT_MODULE,
	REPORT_HOOK,
	REPORT_CONFIG,
	REPORT_KINDS,
};

/* KEY=value strings: MESSAGE, MESSAGE_ID, PRIORITY, then NET_FAILOVER_*. */
struct report {
	unsigned int kind;	/* enum report_kind */
	char **v;
	size_t n;
};

/* The host wants a primary back by native PCIe hot-plug. */
enum unplug_what {
	UNPLUG_HURRIED,		/* its removal is completed at once */
	UNPLUG_UNFIT,		/* it is not: the standby cannot carry the traffic */
	UNPLUG_SHARED,		/* it is not: something else is in the slot */
	UNPLUG_FAILED,		/* it could not be */
	UNPLUG_CANCELLED,	/* the host took its request back */
	UNPLUG_UNHEARD,		/* nothing will be hurried: about no pair */
};

struct unplug_report {
	enum unplug_what what;
	uint32_t ifindex;
	char master[NAME_LEN], primary[NAME_LEN], standby[NAME_LEN];
	char slot[WORD_LEN];
	const char *why;	/* what the standby lacks, or what failed */
};

void report_event(struct report *report, const struct genl_event *event);
void report_policy(struct report *report, const struct policy_report *policy);
/* A primary is back, or another one in its place. */
void report_trip(struct report *report, const struct trip *trip);
void report_unplug(struct report *report, const struct unplug_report *unplug);
/* Events that were lost for good, or (0) an overrun that the ring made good. */
void report_lost(struct report *report, uint64_t lost);
/* Of a primary's settings, how many are back and how many are not. */
void report_settings(struct report *report, const char *master, const char *lower,
		     size_t restored, size_t failed, const char *text);
/* Anything else that has but words. */
void report_words(struct report *report, enum report_kind kind, int priority,
		  const char *format, ...) __attribute__((format(printf, 4, 5)));
void report_free(struct report *report);

const char *report_field(const struct report *report, const char *name);
/* By the word that configuration and hooks use; -1: none. */
int report_kind_of(const char *word);

#endif
