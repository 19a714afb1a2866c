// SPDX-License-Identifier: GPL-2.0
/*
 * What a daemon that is killed leaves to the next one. Text, one fact a line:
 *
 *   failoverd 1				the format
 *   place EPOCH SEQ TELLING			the last event
 *   pair IFINDEX NAME AWAY SINCE REASON DEGRADED
 *   trip IFINDEX NAME LEFT BEGIN END ACTIVE SINCE STANDBY COST GAP DROPPED FLOODED FLOOD
 *   before DRIVER PCI RX TX			the card that left on that trip
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/mem.h"
#include "failoverd/state.h"

#define MAGIC	"failoverd 1\n"

static bool take_pair(const char *line, struct policy *policy)
{
	struct policy_pair pair = { 0 };
	unsigned int away, degraded;

	/* 63 is NAME_LEN - 1 */
	if (sscanf(line, "pair %" SCNu32 " %63s %u %" SCNu64 " %" SCNu32 " %u", &pair.ifindex,
		   pair.name, &away, &pair.since, &pair.reason, &degraded) != 6)
		return false;
	pair.away = away;
	pair.degraded = degraded;
	policy_restore(policy, &pair);
	return true;
}

/* A trip, and in the next line the card, if it is known. */
static bool take_trip(const char *line, struct trips_log *trips)
{
	struct trip trip = { .away = true };
	unsigned int left, cost, flood;

	if (sscanf(line, "trip %" SCNu32 " %63s %u %" SCNu64 " %" SCNu64 " %" SCNu32 " %" SCNu64
		   " %" SCNu64 " %u %" SCNu64 " %" SCNu64 " %u %" SCNu64, &trip.ifindex, trip.name,
		   &left, &trip.begin, &trip.end, &trip.active, &trip.since, &trip.standby,
		   &cost, &trip.gap, &trip.dropped, &flood, &trip.flood) != 13)
		return false;
	trip.left = left;
	trip.has_cost = cost;
	trip.has_flood = flood;
	trip_restore(trips, &trip);
	return true;
}

static bool take_card(const char *line, struct trips_log *trips)
{
	struct trip_card card = { 0 };

	if (!trips->n || sscanf(line, "before %63s %15s %u %u", card.driver, card.pci,
				&card.rx_queues, &card.tx_queues) != 4)
		return false;
	trips->v[trips->n - 1].before = card;
	return true;
}

static int take(FILE *file, struct state *state, struct policy *policy, struct trips_log *trips)
{
	unsigned int telling;
	char line[256];

	if (!fgets(line, sizeof(line), file) || strcmp(line, MAGIC))
		return -EBADMSG;
	if (!fgets(line, sizeof(line), file) ||
	    sscanf(line, "place %" SCNu64 " %" SCNu64 " %u", &state->epoch, &state->seq,
		   &telling) != 3)
		return -EBADMSG;
	state->telling = telling;
	while (fgets(line, sizeof(line), file))
		if (!take_pair(line, policy) && !take_trip(line, trips) && !take_card(line, trips))
			return -EBADMSG;
	return 0;
}

int state_load(const char *path, struct state *state, struct policy *policy,
	       struct trips_log *trips)
{
	FILE *file = fopen(path, "re");
	int ret;

	*state = (struct state){ 0 };
	if (!file)
		return errno == ENOENT ? 0 : -errno;
	ret = take(file, state, policy, trips);
	fclose(file);
	if (ret) {
		*state = (struct state){ 0 };
		policy_clear(policy);
		trip_clear(trips);
	}
	return ret;
}

static void put_trip(FILE *file, const struct trip *trip)
{
	const struct trip_card *card = &trip->before;

	fprintf(file, "trip %" PRIu32 " %s %u %" PRIu64 " %" PRIu64 " %" PRIu32 " %" PRIu64
		" %" PRIu64 " %u %" PRIu64 " %" PRIu64 " %u %" PRIu64 "\n", trip->ifindex,
		trip->name, trip->left, trip->begin, trip->end, trip->active, trip->since,
		trip->standby, trip->has_cost, trip->gap, trip->dropped, trip->has_flood,
		trip->flood);
	if (*card->driver)
		fprintf(file, "before %s %s %u %u\n", card->driver, card->pci, card->rx_queues,
			card->tx_queues);
}

static void put(FILE *file, const struct state *state, const struct policy *policy,
		const struct trips_log *trips)
{
	size_t i;

	fprintf(file, MAGIC "place %" PRIu64 " %" PRIu64 " %u\n", state->epoch, state->seq,
		state->telling);
	for (i = 0; i < policy->n; i++) {
		const struct policy_pair *pair = &policy->v[i];

		fprintf(file, "pair %" PRIu32 " %s %u %" PRIu64 " %" PRIu32 " %u\n", pair->ifindex,
			pair->name, pair->away, pair->since, pair->reason, pair->degraded);
	}
	for (i = 0; i < trips->n; i++)
		if (trips->v[i].away)
			put_trip(file, &trips->v[i]);
}

int state_save(const char *path, const struct state *state, const struct policy *policy,
	       const struct trips_log *trips)
{
	char *next = mem_printf("%s.new", path);
	FILE *file = fopen(next, "we");
	int ret = 0;

	if (!file) {
		ret = -errno;
		goto out;
	}
	put(file, state, policy, trips);
	if (ferror(file))
		ret = -EIO;
	if (fclose(file) && !ret)
		ret = -errno;
	if (!ret && rename(next, path) < 0)
		ret = -errno;
	if (ret)
		unlink(next);
out:
	free(next);
	return ret;
}
