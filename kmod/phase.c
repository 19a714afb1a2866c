// SPDX-License-Identifier: GPL-2.0
/* The phases of a switch, and what each lower delivers in them.
 *
 *	phase	 for		lower in use		lower not in use
 *	RECORD	 20 ms before	all; flooded noted	unicast for us; flooded noted
 *	  (swap)
 *	GRACE	100 ms		all but our own;	unicast for us;
 *				flooded once		flooded once
 *	TAIL	 20 ms		the same		unicast for us; flooded noted
 *	SETTLE	  1 s		all but our own		unicast for us
 *	STEADY			all			unicast for us
 *
 * RECORD comes before a switch that need not happen at once: to a primary that
 * became ready, and away from one whose removal was announced.
 */
#include "nfo.h"

/* What the network still has under way for the former lower. */
#define NFO_GRACE_MS	100
/* By how much the two copies of a flooded frame are apart at most. */
#define NFO_TAIL_MS	NFO_RECORD_MS
/* IPv6 duplicate address detection listens this long for its own probe. */
#define NFO_SETTLE_MS	1000

static const unsigned int nfo_phase_ms[] = {
	[NFO_STEADY] = 0,
	[NFO_RECORD] = NFO_RECORD_MS,
	[NFO_GRACE] = NFO_GRACE_MS,
	[NFO_TAIL] = NFO_TAIL_MS,
	[NFO_SETTLE] = NFO_SETTLE_MS,
};

static u8 nfo_phase_mode(const struct nfo_pair *pair, bool active)
{
	u8 mode = active ? NFO_RX_USE : 0;

	switch (pair->phase) {
	case NFO_STEADY:
		break;
	case NFO_RECORD:
		mode |= NFO_RX_FLOOD;
		break;
	case NFO_GRACE:
		mode |= NFO_RX_FLOOD | NFO_RX_FIRST;
		break;
	case NFO_TAIL:
		mode |= NFO_RX_FLOOD;
		break;
	case NFO_SETTLE:
		break;
	}
	if (active && pair->settling)
		mode |= NFO_RX_OWN;
	if (active && pair->learn)
		mode |= NFO_RX_LEARN;
	return mode;
}

/**
 * nfo_phase_apply() - give both lowers the mode that the phase asks for
 * @pair: the pair
 *
 * nfo_pair.lock.
 */
void nfo_phase_apply(struct nfo_pair *pair)
{
	const struct nfo_lower *active = rcu_dereference_protected(pair->active,
								   lockdep_is_held(&pair->lock));
	int i;

	for (i = 0; i < NFO_LOWERS; i++)
		WRITE_ONCE(pair->lower[i].rx_mode,
			   nfo_phase_mode(pair, &pair->lower[i] == active));
}

/**
 * nfo_phase_enter() - begin a phase now
 * @pair: the pair
 * @phase: NFO_RECORD before a switch, NFO_GRACE after it; the rest follows
 *
 * nfo_pair.lock.
 */
void nfo_phase_enter(struct nfo_pair *pair, enum nfo_phase phase)
{
	/* Both deliver side by side no more: what was not delivered is lost. */
	if (phase == NFO_TAIL || phase == NFO_STEADY)
		nfo_flood_count_lost(&pair->flood);
	if (phase == NFO_STEADY)
		pair->settling = false;
	else if (phase != NFO_RECORD)
		pair->settling = true;
	pair->phase = phase;
	nfo_phase_apply(pair);
	if (phase == NFO_SETTLE)
		nfo_flood_mark_first(pair, rcu_dereference_protected(pair->active,
								     lockdep_is_held(&pair->lock)));
	if (nfo_phase_ms[phase])
		mod_timer(&pair->phase_timer, jiffies + msecs_to_jiffies(nfo_phase_ms[phase]));
}

/* A phase is over. */
static void nfo_phase_next(struct timer_list *timer)
{
	struct nfo_pair *pair = timer_container_of(pair, timer, phase_timer);
	bool decide = false;

	spin_lock(&pair->lock);
	/* Another phase began while this waited for the lock. */
	if (timer_pending(timer)) {
		spin_unlock(&pair->lock);
		return;
	}
	switch (pair->phase) {
	case NFO_STEADY:
		break;
	case NFO_RECORD:
		/* Swaps if that is still to be done. */
		decide = true;
		break;
	case NFO_GRACE:
		nfo_phase_enter(pair, NFO_TAIL);
		break;
	case NFO_TAIL:
		nfo_phase_enter(pair, NFO_SETTLE);
		break;
	case NFO_SETTLE:
		nfo_phase_enter(pair, NFO_STEADY);
		nfo_pair_retry(pair);	/* silences who is out of use */
		break;
	}
	spin_unlock(&pair->lock);
	if (decide)
		nfo_switch_recorded(pair);
}

void nfo_phase_init(struct nfo_pair *pair)
{
	timer_setup(&pair->phase_timer, nfo_phase_next, 0);
}

/* After both lowers were released: no phase begins any more. */
void nfo_phase_stop(struct nfo_pair *pair)
{
	timer_delete_sync(&pair->phase_timer);
}
