// SPDX-License-Identifier: GPL-2.0
/* The words for every number of our own: JSON's, people's, and what to do. */
#include <assert.h>
#include <errno.h>

#include "common/words.h"

#define COUNT(table) (sizeof(table) / sizeof(*(table)))

static const struct reason_words reasons[] = {
	[NET_FAILOVER_REASON_UNSPEC] = {
		"unspec", "the module gives no reason",
		"", SEVERITY_GOOD },
	[NET_FAILOVER_REASON_MASTER_DOWN] = {
		"master-down", "the master is down",
		"set the master up: ip link set <master> up", SEVERITY_BAD },
	[NET_FAILOVER_REASON_PRIMARY_FIT] = {
		"primary-fit", "the primary can carry traffic",
		"", SEVERITY_GOOD },
	[NET_FAILOVER_REASON_NO_PRIMARY] = {
		"no-primary", "there is no primary",
		"normal during a migration; if it lasts, the host did not plug the VF (again), or gave it another MAC",
		SEVERITY_DEGRADED },
	[NET_FAILOVER_REASON_PRIMARY_SETUP] = {
		"primary-setup", "the primary is not configured (yet)",
		"normal for a moment after it was plugged; otherwise see its error",
		SEVERITY_DEGRADED },
	[NET_FAILOVER_REASON_PRIMARY_DOWN] = {
		"primary-down", "the primary is set down",
		"if nobody meant that: ip link set <primary> up", SEVERITY_DEGRADED },
	[NET_FAILOVER_REASON_PRIMARY_DETACHED] = {
		"primary-detached", "the primary's driver took it away",
		"it is being reset or suspended; if it lasts, look into the kernel's log",
		SEVERITY_DEGRADED },
	[NET_FAILOVER_REASON_PRIMARY_NO_CARRIER] = {
		"primary-no-carrier", "the primary has no carrier",
		"look at the VF's link on the host: cable, switch port, VF link state",
		SEVERITY_DEGRADED },
	[NET_FAILOVER_REASON_PRIMARY_STARTING] = {
		"primary-starting", "the primary has carrier but does not send yet",
		"normal for a moment; if it lasts, look into the kernel's log", SEVERITY_DEGRADED },
	[NET_FAILOVER_REASON_PRIMARY_DRAINED] = {
		"primary-drained", "an administrator holds the primary back",
		"to use it again: failoverctl undrain <master>", SEVERITY_DEGRADED },
	[NET_FAILOVER_REASON_PRIMARY_LEAVING] = {
		"primary-leaving", "the primary is being removed",
		"normal at the start of a migration", SEVERITY_DEGRADED },
	[NET_FAILOVER_REASON_STANDBY_UNFIT] = {
		"standby-unfit", "the primary should leave, but the standby cannot carry traffic",
		"bring the standby's link up on the host before the primary is removed",
		SEVERITY_DEGRADED },
	[NET_FAILOVER_REASON_NONE_FIT] = {
		"none-fit", "neither card can carry traffic",
		"bring the link of one of them up on the host", SEVERITY_BAD },
};

static_assert(COUNT(reasons) == NET_FAILOVER_REASON_MAX + 1, "a reason without words");

static const struct reason_words newer_reason = {
	"newer", "for a reason that only a newer failoverctl knows",
	"install the failoverctl that belongs to the module", SEVERITY_GOOD,
};

static const char * const roles[] = {
	[NET_FAILOVER_ROLE_NONE] = "none",
	[NET_FAILOVER_ROLE_STANDBY] = "standby",
	[NET_FAILOVER_ROLE_PRIMARY] = "primary",
};

static const char * const modules[] = {
	[MODULE_NONE] = "none",
	[MODULE_IN_TREE] = "in-tree",
	[MODULE_OURS] = "out-of-tree",
};

static const char * const severities[] = {
	[SEVERITY_GOOD] = "good",
	[SEVERITY_DEGRADED] = "degraded",
	[SEVERITY_BAD] = "bad",
	[SEVERITY_UNKNOWN] = "unknown",
};

static const char * const events[] = {
	[NET_FAILOVER_EVENT_UNSPEC] = "unspec",
	[NET_FAILOVER_EVENT_CREATED] = "created",
	[NET_FAILOVER_EVENT_DESTROYED] = "destroyed",
	[NET_FAILOVER_EVENT_CLAIMED] = "claimed",
	[NET_FAILOVER_EVENT_CONFIGURED] = "configured",
	[NET_FAILOVER_EVENT_FAILED] = "failed",
	[NET_FAILOVER_EVENT_LEAVING] = "leaving",
	[NET_FAILOVER_EVENT_RELEASED] = "released",
	[NET_FAILOVER_EVENT_SWITCH] = "switch",
	[NET_FAILOVER_EVENT_DRAINED] = "drained",
	[NET_FAILOVER_EVENT_UNDRAINED] = "undrained",
};

static_assert(COUNT(events) == NET_FAILOVER_EVENT_MAX + 1, "an event without a word");

static const char * const state_bits[] = {
	"configured", "up", "attached", "carrier", "activated",
	"drained", "leaving", "admin-down",
};

/* Of the states that apply, the first says most. */
static const struct {
	uint32_t bit;
	bool set;
	const char *word;
} lower_words[] = {
	{ NET_FAILOVER_LOWER_LEAVING, true, "leaving" },
	{ NET_FAILOVER_LOWER_DRAINED, true, "drained" },
	{ NET_FAILOVER_LOWER_ADMIN_DOWN, true, "down by admin" },
	{ NET_FAILOVER_LOWER_CONFIGURED, false, "not set up" },
	{ NET_FAILOVER_LOWER_UP, false, "down" },
	{ NET_FAILOVER_LOWER_ATTACHED, false, "detached" },
	{ NET_FAILOVER_LOWER_CARRIER, false, "no carrier" },
	{ NET_FAILOVER_LOWER_ACTIVATED, false, "starting" },
};

#define BAD_MTU		"does the card take the master's MTU? compare: ip -d link"
#define HELD		"something else holds the card: take it out of its bridge, bond or macvlan"
#define FORBIDDEN	"the host's PF forbids it: set the VF's MAC, trust and VLANs there"

static const struct {
	int error;
	const char *advice;
} error_advice[] = {
	{ -EINVAL, BAD_MTU },
	{ -ERANGE, BAD_MTU },
	{ -EBUSY, HELD },
	{ -EEXIST, HELD },
	{ -EOPNOTSUPP, "the card's driver lacks what the master uses (VLANs, addresses, XDP)" },
	{ -ENODEV, "the card is leaving or did not start: look into the kernel's log" },
	{ -EIO, "the card or its driver failed: look into the kernel's log" },
	{ -ETIMEDOUT, "card or PF driver did not answer: look into both kernels' logs" },
	{ -EPERM, FORBIDDEN },
	{ -EACCES, FORBIDDEN },
};

const struct reason_words *words_reason(uint32_t reason)
{
	return reason < COUNT(reasons) ? &reasons[reason] : &newer_reason;
}

const char *words_role(uint32_t role)
{
	return role < COUNT(roles) ? roles[role] : "unknown";
}

const char *words_event(uint32_t kind)
{
	return kind < COUNT(events) ? events[kind] : "newer";
}

const char *words_module(enum module_kind kind)
{
	return modules[kind];
}

const char *words_severity(enum severity severity)
{
	return severities[severity];
}

const char *words_error_advice(int error)
{
	size_t i;

	for (i = 0; i < COUNT(error_advice); i++)
		if (error_advice[i].error == error)
			return error_advice[i].advice;
	return "the module tries again by itself; if it lasts, look into the kernel's log";
}

const char *words_state_bit(unsigned int bit)
{
	return bit < COUNT(state_bits) ? state_bits[bit] : NULL;
}

static const char *link_word(const struct link *link)
{
	if (!link)
		return "gone";
	if (!link->up)
		return "down";
	return link->carrier == 1 ? "ready" : "no carrier";
}

const char *words_lower(const struct lower *lower)
{
	size_t i;

	if (!lower->has_state)
		return link_word(lower->link);
	for (i = 0; i < COUNT(lower_words); i++)
		if (!(lower->state & lower_words[i].bit) != lower_words[i].set)
			return lower_words[i].word;
	return "ready";
}
