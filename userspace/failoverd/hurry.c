// SPDX-License-Identifier: GPL-2.0
/*
 * Whether a removal that the host has asked for may be completed at once,
 * instead of after the five seconds in which the host could take it back: if
 * all that is in the slot are primaries of ours, and each one's standby can
 * carry the traffic now. A standby that cannot yet may be able to by then.
 *
 * The primary is not drained before: the module moves the traffic when the
 * removal begins, make before break, which is all that a drain could do and
 * leaves nothing to be undone where the host takes its request back.
 */
#include "failoverd/hurry.h"

static const struct {
	uint32_t bit;		/* of NET_FAILOVER_LOWER_* */
	const char *lack;
} needs[] = {
	{ NET_FAILOVER_LOWER_UP, "is down" },
	{ NET_FAILOVER_LOWER_CONFIGURED, "is not set up yet" },
	{ NET_FAILOVER_LOWER_ATTACHED, "was taken away by its driver" },
	{ NET_FAILOVER_LOWER_CARRIER, "has no carrier" },
	{ NET_FAILOVER_LOWER_ACTIVATED, "has no queues yet" },
};

/* What the standby has or is that keeps it from carrying traffic; NULL: nothing. */
static const char *lack_of(const struct pair *pair)
{
	size_t i;

	/* There is no traffic. */
	if (pair->reason == NET_FAILOVER_REASON_MASTER_DOWN)
		return NULL;
	if (!pair->standby.present || !pair->standby.has_state)
		return "is not there";
	for (i = 0; i < sizeof(needs) / sizeof(*needs); i++)
		if (!(pair->standby.state & needs[i].bit))
			return needs[i].lack;
	return NULL;
}

static const struct pair *pair_of(const struct pairs *pairs, const struct slot_card *card)
{
	size_t i;

	for (i = 0; card->ours && i < pairs->n; i++)
		if (pairs->v[i].primary.present && pairs->v[i].primary.ifindex == card->ifindex)
			return &pairs->v[i];
	return NULL;
}

struct hurry_answer hurry_decide(const struct slot *slot, const struct pairs *pairs)
{
	struct hurry_answer answer = { .what = HURRY_NOT_OURS };
	bool shared = false;
	size_t i;

	for (i = 0; i < slot->n; i++) {
		const struct pair *pair = pair_of(pairs, &slot->v[i]);

		shared |= !pair;
		if (!pair || answer.lack)
			continue;
		answer.pair = pair;
		answer.lack = lack_of(pair);
	}
	if (!answer.pair)
		return answer;
	answer.what = shared ? HURRY_SHARED : answer.lack ? HURRY_UNFIT : HURRY_NOW;
	return answer;
}
