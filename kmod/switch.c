// SPDX-License-Identifier: GPL-2.0
/* Carry out the choice of the active lower: facts in, pure decision, swap.
 *
 * Everything here works from any context but hard interrupts and needs no
 * RTNL, so that a switch never waits for anybody.
 */
#include <linux/moduleparam.h>
#include <linux/ktime.h>
#include <net/sch_generic.h>
#include "event.h"

/* The kernel's news of a lost carrier is up to a second late, and of a device
 * that was detached, attached or given new queues there is none. A transmit
 * notices at once that its path is gone; this look at both lowers notices the
 * rest, above all what can be used again. It takes well under a microsecond.
 */
static unsigned int watch_ms = 25;
module_param(watch_ms, uint, 0644);
MODULE_PARM_DESC(watch_ms, "how often to look at both lowers, in ms (0: only when the kernel tells of a change; default 25)");

/* Look at one lower. RCU or nfo_pair.lock. */
void nfo_switch_facts(const struct nfo_lower *lower, struct nfo_lower_facts *facts)
{
	const struct net_device *dev = rcu_dereference_check(lower->dev,
							     lockdep_is_held(&lower->pair->lock));
	u8 hold = READ_ONCE(lower->hold);

	memset(facts, 0, sizeof(*facts));
	if (!dev)
		return;
	facts->present = true;
	/* A driver that reset to another address cuts the master's traffic. */
	facts->configured = (READ_ONCE(lower->flags) & NFO_CONFIGURED) && nfo_addr_fits(lower, dev);
	facts->up = netif_running(dev) && !(hold & NFO_HOLD_CLOSING);
	facts->attached = netif_device_present(dev);
	facts->carrier = netif_carrier_ok(dev);
	facts->activated = !qdisc_tx_is_noop(dev);
	facts->drained = hold & NFO_HOLD_DRAINED;
	facts->leaving = hold & NFO_HOLD_LEAVING;
}

static struct nfo_lower *nfo_role_lower(struct nfo_pair *pair, enum net_failover_role role)
{
	switch (role) {
	case NET_FAILOVER_ROLE_NONE:
		return NULL;
	case NET_FAILOVER_ROLE_STANDBY:
		return &pair->lower[NFO_STANDBY];
	case NET_FAILOVER_ROLE_PRIMARY:
		return &pair->lower[NFO_PRIMARY];
	}
	return NULL;
}

/* Under nfo_pair.lock. */
static void nfo_watch_arm(struct nfo_pair *pair)
{
	unsigned int ms = READ_ONCE(watch_ms);

	if (ms && !pair->dying && netif_running(pair->dev) && !timer_pending(&pair->watch))
		mod_timer(&pair->watch, jiffies + msecs_to_jiffies(ms));
}

static u64 nfo_dropped(const struct nfo_pair *pair)
{
	struct nfo_sums sums;

	nfo_stats_sum(pair, &sums);
	return sums.tx_dropped;
}

/* Record a swap; how long no lower carried traffic is known when one does. */
static void nfo_record_swap(struct nfo_pair *pair, const struct nfo_lower *old,
			    const struct nfo_lower *new)
{
	const struct net_device *to = new ?
		rcu_dereference_protected(new->dev, lockdep_is_held(&pair->lock)) : NULL;
	u64 now = ktime_get_boottime_ns();
	u64 gap = 0, dropped = 0;

	if (!old && pair->switches && !pair->dark_by_intent) {
		gap = now - pair->since;
		dropped = nfo_dropped(pair) - pair->dark_drops;
	}
	if (!new) {
		pair->dark_drops = nfo_dropped(pair);
		pair->dark_by_intent = pair->decision.reason == NET_FAILOVER_REASON_MASTER_DOWN;
	}
	pair->switches++;
	pair->since = now;
	nfo_event_switch(pair, old ? nfo_role(old) : NET_FAILOVER_ROLE_NONE, to, gap, dropped);
}

/* Swap the path. Under nfo_pair.lock. */
static void nfo_swap(struct nfo_pair *pair, const struct nfo_lower *old, struct nfo_lower *new)
{
	/* Nothing was noted before a switch that could not wait. */
	if (pair->phase != NFO_RECORD)
		nfo_flood_begin(pair, old, true);
	/* In this order: a path is not silenced any more when the first packet goes there. */
	nfo_phase_enter(pair, new ? NFO_GRACE : NFO_STEADY);
	rcu_assign_pointer(pair->active, new);
	nfo_phase_apply(pair);
	nfo_xmit_route(pair);
	if (new)
		netif_carrier_on(pair->dev);
	else
		netif_carrier_off(pair->dev);
	nfo_record_swap(pair, old, new);
}

/* Whether the path in use works and is left for reasons that can wait until
 * flooded frames were noted for a while (see phase.c).
 */
static bool nfo_can_wait(const struct nfo_pair *pair, const struct nfo_lower *old,
			 enum net_failover_reason reason)
{
	const struct net_device *dev;

	if (!old || (old->hold & NFO_HOLD_CLOSING))
		return false;
	dev = rcu_dereference_protected(old->dev, lockdep_is_held(&pair->lock));
	return dev && nfo_can_send(dev) && (reason == NET_FAILOVER_REASON_PRIMARY_FIT ||
					    reason == NET_FAILOVER_REASON_PRIMARY_LEAVING ||
					    reason == NET_FAILOVER_REASON_PRIMARY_DRAINED);
}

/* Decide anew; @recorded: a switch that could wait has waited. Under
 * nfo_pair.lock. Return: whether the path changed.
 */
static bool nfo_update_locked(struct nfo_pair *pair, bool recorded)
{
	struct nfo_decision decision;
	struct nfo_lower *old, *new;
	struct nfo_facts facts;

	lockdep_assert_held(&pair->lock);
	nfo_watch_arm(pair);
	facts.master_up = netif_running(pair->dev);
	nfo_switch_facts(&pair->lower[NFO_STANDBY], &facts.standby);
	nfo_switch_facts(&pair->lower[NFO_PRIMARY], &facts.primary);
	decision = nfo_select(&facts);

	old = rcu_dereference_protected(pair->active, lockdep_is_held(&pair->lock));
	new = nfo_role_lower(pair, decision.active);
	if (new == old) {
		pair->decision = decision;
		/* What it was noted for does not come about. */
		if (recorded)
			nfo_phase_enter(pair, NFO_SETTLE);
		return false;
	}
	if (!recorded && nfo_can_wait(pair, old, decision.reason)) {
		if (pair->phase != NFO_RECORD) {
			nfo_flood_begin(pair, old, false);
			nfo_phase_enter(pair, NFO_RECORD);
		}
		return false;
	}
	pair->decision = decision;
	nfo_swap(pair, old, new);
	return true;
}

/**
 * nfo_switch_update() - look at both lowers and use the one that is to be used
 * @pair: the pair
 *
 * Any context but hard interrupts, nfo_pair.lock not held.
 */
void nfo_switch_update(struct nfo_pair *pair)
{
	bool changed;

	spin_lock_bh(&pair->lock);
	changed = nfo_update_locked(pair, false);
	spin_unlock_bh(&pair->lock);
	if (changed)
		nfo_announce_start(pair);
}

/* The time for noting flooded frames before a switch is over. */
void nfo_switch_recorded(struct nfo_pair *pair)
{
	bool changed = false;

	spin_lock_bh(&pair->lock);
	if (pair->phase == NFO_RECORD)
		changed = nfo_update_locked(pair, true);
	spin_unlock_bh(&pair->lock);
	if (changed)
		nfo_announce_start(pair);
}

/**
 * nfo_switch_steadily_idle() - whether a lower is out of use, and not just now
 * @lower: a lower
 */
bool nfo_switch_steadily_idle(struct nfo_lower *lower)
{
	struct nfo_pair *pair = lower->pair;
	bool idle;

	spin_lock_bh(&pair->lock);
	idle = pair->phase == NFO_STEADY && rcu_access_pointer(pair->active) &&
	       rcu_access_pointer(pair->active) != lower;
	spin_unlock_bh(&pair->lock);
	return idle;
}

/**
 * nfo_switch_learn() - begin or end to mind who sends through the master
 * @pair: the pair
 * @learn: whether others send through it
 */
void nfo_switch_learn(struct nfo_pair *pair, bool learn)
{
	if (READ_ONCE(pair->learn) == learn)
		return;
	spin_lock_bh(&pair->lock);
	WRITE_ONCE(pair->learn, learn);
	nfo_xmit_route(pair);
	nfo_phase_apply(pair);
	spin_unlock_bh(&pair->lock);
	if (!learn)
		nfo_station_clear(pair);
}

/**
 * nfo_switch_hold() - hold a lower back, or no longer, and decide anew
 * @lower: its place
 * @dev: the device that is meant; nothing happens if another is there by now
 * @set: NFO_HOLD_* bits to set
 * @clear: NFO_HOLD_* bits to clear
 *
 * As nfo_switch_update().
 */
void nfo_switch_hold(struct nfo_lower *lower, const struct net_device *dev, u8 set, u8 clear)
{
	struct nfo_pair *pair = lower->pair;
	bool changed = false;

	spin_lock_bh(&pair->lock);
	if (rcu_access_pointer(lower->dev) == dev) {
		WRITE_ONCE(lower->hold, (lower->hold & ~clear) | set);
		changed = nfo_update_locked(pair, false);
	}
	spin_unlock_bh(&pair->lock);
	if (changed)
		nfo_announce_start(pair);
}

/**
 * nfo_switch_set_dev() - put a device into its place, or take it out
 * @lower: the place
 * @dev: the device, or NULL
 *
 * RTNL. When it is taken out the path moves first. Readers of the former
 * pointer are waited for by the caller (netdev_rx_handler_unregister() does).
 */
void nfo_switch_set_dev(struct nfo_lower *lower, struct net_device *dev)
{
	struct nfo_pair *pair = lower->pair;
	bool changed;

	ASSERT_RTNL();
	spin_lock_bh(&pair->lock);
	rcu_assign_pointer(lower->dev, dev);
	WRITE_ONCE(lower->hold, 0);
	changed = nfo_update_locked(pair, false);
	spin_unlock_bh(&pair->lock);
	if (changed)
		nfo_announce_start(pair);
}

static void nfo_watch(struct timer_list *timer)
{
	struct nfo_pair *pair = timer_container_of(pair, timer, watch);

	spin_lock_bh(&pair->lock);
	nfo_flood_mark(pair, rcu_dereference_protected(pair->active, lockdep_is_held(&pair->lock)));
	spin_unlock_bh(&pair->lock);
	nfo_switch_update(pair);
}

void nfo_switch_init(struct nfo_pair *pair)
{
	timer_setup(&pair->watch, nfo_watch, 0);
	spin_lock_bh(&pair->lock);
	nfo_xmit_route(pair);
	spin_unlock_bh(&pair->lock);
	pair->decision.reason = NET_FAILOVER_REASON_MASTER_DOWN;
}

/* After both lowers were released: nothing arms the timers any more. */
void nfo_switch_stop(struct nfo_pair *pair)
{
	timer_delete_sync(&pair->watch);
}
