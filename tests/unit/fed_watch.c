// SPDX-License-Identifier: GPL-2.0
/*
 * Stands in for the kernel in tests of failoverd: the same functions as
 * common/genl.c and genl_watch.c have, fed from the folder that FED names.
 *
 *   poke	a FIFO: readable when there is something new
 *   events	the ring, one event a line (see take_event)
 *   pairs	"IFINDEX NAME ACTIVE REASON SINCE" a line
 *   lowers	"MASTER ROLE IFINDEX NAME STATE" a line: of those pairs
 *   flags	words: overrun, error, lost=N; for one reading
 *
 * Without the file events the module is not there.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/genl.h"
#include "common/mem.h"

struct genl_watch {
	int fd;
	uint64_t epoch, seq;
};

static FILE *open_file(const char *name)
{
	char *path = mem_printf("%s/%s", getenv("FED"), name);
	FILE *file = fopen(path, "re");

	free(path);
	return file;
}

static void read_lowers(struct pairs *pairs)
{
	FILE *file = open_file("lowers");
	struct lower lower = { .present = true, .has_state = true };
	uint32_t master, role;
	size_t i;

	while (file && fscanf(file, "%u %u %u %63s %u", &master, &role, &lower.ifindex,
			      lower.name, &lower.state) == 5)
		for (i = 0; i < pairs->n; i++) {
			struct pair *pair = &pairs->v[i];

			if (pair->ifindex == master)
				*(role == NET_FAILOVER_ROLE_PRIMARY ? &pair->primary :
				  &pair->standby) = lower;
		}
	if (file)
		fclose(file);
}

int genl_pairs(struct pairs *pairs)
{
	FILE *file = open_file("pairs");
	struct pair pair = { .has_since = true };

	*pairs = (struct pairs){ 0 };
	while (file && fscanf(file, "%u %63s %u %u %" SCNu64, &pair.ifindex, pair.name,
			      &pair.active, &pair.reason, &pair.since) == 5) {
		pairs->v = mem_grow(pairs->v, pairs->n, sizeof(pair));
		pairs->v[pairs->n++] = pair;
	}
	if (file)
		fclose(file);
	read_lowers(pairs);
	return 0;
}

static bool take_event(FILE *file, struct genl_event *e)
{
	*e = (struct genl_event){ .has_gap = true, .has_dropped = true };
	if (fscanf(file, "%" SCNu64 " %" SCNu64 " %" SCNu64 " %u %u %63s", &e->epoch, &e->seq,
		   &e->boottime, &e->kind, &e->ifindex, e->name) != 6 ||
	    fscanf(file, "%u %63s %d %u %u", &e->role, e->lower, &e->error, &e->to,
		   &e->reason) != 5)
		return false;
	e->has_switch = e->kind == NET_FAILOVER_EVENT_SWITCH;
	return true;
}

int genl_watch_open(struct genl_watch **watch, uint64_t epoch, uint64_t seq)
{
	char *path = mem_printf("%s/poke", getenv("FED"));

	*watch = mem_grow(NULL, 0, sizeof(**watch));
	**watch = (struct genl_watch){ open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC), epoch, seq };
	free(path);
	return (*watch)->fd < 0 ? -errno : 0;
}

int genl_watch_fd(const struct genl_watch *watch)
{
	return watch->fd;
}

static int take_flags(struct genl_news *news)
{
	FILE *file = open_file("flags");
	char word[64], *path;
	int ret = 0;

	while (file && fscanf(file, "%63s", word) == 1) {
		news->overrun |= !strcmp(word, "overrun");
		ret = !strcmp(word, "error") ? -EIO : ret;
		if (!strncmp(word, "lost=", 5))
			news->lost = strtoull(word + 5, NULL, 10);
	}
	if (file)
		fclose(file);
	path = mem_printf("%s/flags", getenv("FED"));
	unlink(path);
	free(path);
	return ret;
}

int genl_watch_read(struct genl_watch *watch, struct genl_news *news)
{
	uint32_t in_use = NET_FAILOVER_ROLE_NONE;
	struct genl_event event;
	char pokes[4096];
	FILE *file;
	int ret;

	*news = (struct genl_news){ 0 };
	while (read(watch->fd, pokes, sizeof(pokes)) > 0)
		;
	ret = take_flags(news);
	if (ret)
		return ret;
	file = open_file("events");
	news->present = file;
	while (file && take_event(file, &event)) {
		struct genl_events *to = &news->events;

		event.from = in_use;
		if (event.has_switch)
			in_use = event.to;
		if (event.epoch == watch->epoch && event.seq <= watch->seq)
			continue;
		news->reloaded |= watch->epoch && event.epoch != watch->epoch;
		watch->epoch = event.epoch;
		watch->seq = event.seq;
		to->v = mem_grow(to->v, to->n, sizeof(*to->v));
		to->v[to->n++] = event;
	}
	if (file)
		fclose(file);
	return 0;
}

void genl_watch_close(struct genl_watch *watch)
{
	if (!watch)
		return;
	close(watch->fd);
	free(watch);
}
