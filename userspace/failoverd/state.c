// SPDX-License-Identifier: GPL-2.0
/*
 * What a daemon that is killed leaves to the next one. Text, one fact a line:
 *
 *   failoverd 1				the format
 *   place EPOCH SEQ TELLING			the last event
 *   pair IFINDEX NAME AWAY SINCE REASON DEGRADED
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

static int take(FILE *file, struct state *state, struct policy *policy)
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
		if (!take_pair(line, policy))
			return -EBADMSG;
	return 0;
}

int state_load(const char *path, struct state *state, struct policy *policy)
{
	FILE *file = fopen(path, "re");
	int ret;

	*state = (struct state){ 0 };
	if (!file)
		return errno == ENOENT ? 0 : -errno;
	ret = take(file, state, policy);
	fclose(file);
	if (ret) {
		*state = (struct state){ 0 };
		policy_clear(policy);
	}
	return ret;
}

static void put(FILE *file, const struct state *state, const struct policy *policy)
{
	size_t i;

	fprintf(file, MAGIC "place %" PRIu64 " %" PRIu64 " %u\n", state->epoch, state->seq,
		state->telling);
	for (i = 0; i < policy->n; i++) {
		const struct policy_pair *pair = &policy->v[i];

		fprintf(file, "pair %" PRIu32 " %s %u %" PRIu64 " %" PRIu32 " %u\n", pair->ifindex,
			pair->name, pair->away, pair->since, pair->reason, pair->degraded);
	}
}

int state_save(const char *path, const struct state *state, const struct policy *policy)
{
	char *next = mem_printf("%s.new", path);
	FILE *file = fopen(next, "we");
	int ret = 0;

	if (!file) {
		ret = -errno;
		goto out;
	}
	put(file, state, policy);
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
