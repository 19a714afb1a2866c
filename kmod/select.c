// SPDX-License-Identifier: GPL-2.0
/* Which lower carries traffic, and why. Pure.
 *
 * The policy: the primary whenever it can carry traffic and nobody holds it
 * back; else the standby if that can; else the primary even though it is held
 * back or leaving, since some network is better than none; else neither.
 * A primary that merely exists is never a reason to stay off the standby.
 */
#include "select.h"

/* Whether a lower can carry traffic now. */
bool nfo_fit(const struct nfo_lower_facts *lower)
{
	return lower->present && lower->configured && lower->up &&
	       lower->attached && lower->carrier && lower->activated;
}

/* The first thing in the way of a primary, in the order in which it comes up. */
static enum net_failover_reason nfo_why_not(const struct nfo_lower_facts *primary)
{
	if (!primary->present)
		return NET_FAILOVER_REASON_NO_PRIMARY;
	if (primary->leaving)
		return NET_FAILOVER_REASON_PRIMARY_LEAVING;
	if (!primary->configured)
		return NET_FAILOVER_REASON_PRIMARY_SETUP;
	if (!primary->up)
		return NET_FAILOVER_REASON_PRIMARY_DOWN;
	if (!primary->attached)
		return NET_FAILOVER_REASON_PRIMARY_DETACHED;
	if (!primary->carrier)
		return NET_FAILOVER_REASON_PRIMARY_NO_CARRIER;
	if (!primary->activated)
		return NET_FAILOVER_REASON_PRIMARY_STARTING;
	return NET_FAILOVER_REASON_PRIMARY_DRAINED;
}

struct nfo_decision nfo_select(const struct nfo_facts *facts)
{
	const struct nfo_lower_facts *primary = &facts->primary;
	struct nfo_decision none = {
		.active = NET_FAILOVER_ROLE_NONE,
		.reason = NET_FAILOVER_REASON_NONE_FIT,
	};
	struct nfo_decision use_primary = {
		.active = NET_FAILOVER_ROLE_PRIMARY,
		.reason = NET_FAILOVER_REASON_PRIMARY_FIT,
	};

	if (!facts->master_up) {
		none.reason = NET_FAILOVER_REASON_MASTER_DOWN;
		return none;
	}
	if (nfo_fit(primary) && !primary->drained && !primary->leaving)
		return use_primary;
	if (nfo_fit(&facts->standby)) {
		struct nfo_decision use_standby = {
			.active = NET_FAILOVER_ROLE_STANDBY,
			.reason = nfo_why_not(primary),
		};
		return use_standby;
	}
	if (nfo_fit(primary)) {
		use_primary.reason = NET_FAILOVER_REASON_STANDBY_UNFIT;
		return use_primary;
	}
	return none;
}
