// SPDX-License-Identifier: GPL-2.0
/*
 * An administrator's settings of primaries.
 *
 * Learned: on each notification of ethtool, of links and of qdiscs, a moment
 * later, and once more when the module says that the card leaves. RSS, RPS and
 * XPS are told by no notification and so are read with the others.
 *
 * Put back: when a card that we do not know is the primary of a master that we
 * do know, and is set up: before it has carrier, if the driver takes a while
 * for that, so that resets cost nothing. Then it is read again, and what is
 * not as it should be is reported, once.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <syslog.h>
#include <unistd.h>

#include <linux/rtnetlink.h>

#include "common/tuner.h"
#include "common/mem.h"
#include "common/pairs.h"
#include "failoverd/masters.h"
#include "failoverd/tuned.h"
#include "failoverd/tuning.h"
#include "failoverd/tuning_job.h"
#include "failoverd/tuning_words.h"

#define SOON_USEC	150000U

/* Settings that are being put back. */
struct job {
	struct tuning *tuning;
	struct tune wanted;
	bool same_driver;
	struct tuning_job *asked;
};

struct master {
	uint32_t ifindex;
	char name[NAME_LEN], lower[NAME_LEN], driver[WORD_LEN];
	struct tuned *tuned;
	enum tuning_state state;
	bool ours;			/* the module's that passes offloads on */
	bool first;			/* its card is the first: there was nothing to put back */
	struct job *job;
};

struct tuning {
	sd_event *event;
	sd_event_source *soon, *ethtool, *qdiscs;
	const char *file, *socket;
	void (*tell)(void *data, struct report *report);
	void (*done)(void *data, uint32_t master, size_t restored, size_t failed);
	void *data;
	struct ethnl *ethnl;
	struct tuneds tuneds;
	struct master *masters;
	size_t n;
	struct masters *themselves;
	const struct config *config;
};

static void save(struct tuning *tuning)
{
	/* The daemon says already, of its other file, that /run is not writable. */
	tuned_save(tuning->file, &tuning->tuneds);
}

/* What the configuration says stands above what was learned, and says if that is put back. */
static void wishes(const struct tuning *tuning, const struct tuned *tuned, struct tune *wanted)
{
	const struct config *config = tuning->config;
	size_t i;

	*wanted = (struct tune){ 0 };
	if (config->restore)
		tune_copy(wanted, &tuned->learned);
	for (i = 0; i < config->n_settings; i++)
		if (!config->settings[i].one ||
		    !memcmp(config->settings[i].mac, tuned->mac, MAC_LEN))
			tune_take_line(wanted, config->settings[i].line, true);
}

/*
 * How a card is, but for what its master (0: it passes nothing on) has off. The master is
 * read afterwards: what is switched there meanwhile is seen at the next look.
 */
static void read_card(const struct tuning *tuning, uint32_t master, uint32_t ifindex,
		      struct tune *now, struct tune *wanted)
{
	struct tune of_master = { 0 };

	tuner_read(tuning->ethnl, ifindex, now);
	if (tuning->ethnl && master)
		ethnl_read_features(tuning->ethnl, master, &of_master);
	tune_leave_to_master(now, &of_master);
	if (wanted)
		tune_leave_to_master(wanted, &of_master);
	tune_free(&of_master);
}

static void learn(struct tuning *tuning, struct tuned *tuned, uint32_t master)
{
	struct tune now = { 0 };

	read_card(tuning, master, tuned->ifindex, &now, NULL);
	if (now.n) {
		bool fewer = tune_forget_queues(&tuned->learned, &tuned->seen, &now);

		if (tune_learn(&tuned->learned, &tuned->seen, &now) || fewer)
			save(tuning);
	}
	tune_free(&now);
}

static void look_in(struct tuning *tuning, uint64_t usec)
{
	int on = SD_EVENT_OFF;

	/* News without end do not put it off. */
	sd_event_source_get_enabled(tuning->soon, &on);
	if (on != SD_EVENT_OFF && usec)
		return;
	sd_event_source_set_time_relative(tuning->soon, usec);
	sd_event_source_set_enabled(tuning->soon, SD_EVENT_ONESHOT);
}

static uint32_t passing(const struct master *master)
{
	return master->ours ? master->ifindex : 0;
}

static void report_job(struct tuning *tuning, struct master *master,
		       const struct tune_changes *asked, const struct tune_changes *left,
		       const struct tune *now, const char *answer)
{
	char *who = mem_printf("%s: the primary (%s)", master->name, master->lower);
	char *text = tuning_sentence(who, asked, left, now, answer);
	size_t restored = tuning_count_back(asked, left);
	struct report report;

	master->state = left->n ? TUNING_PARTLY : master->first ? TUNING_NONE : TUNING_BACK;
	if (text) {
		report_settings(&report, master->name, master->lower, restored, left->n, text);
		tuning->tell(tuning->data, &report);
	}
	if (!master->first)
		tuning->done(tuning->data, master->ifindex, restored, left->n);
	free(who);
	free(text);
}

static void free_job(struct job *job)
{
	tune_free(&job->wanted);
	free(job);
}

/* Compares with how the card was when it came (seen) and reads how it is now. */
static void finish(struct tuning *tuning, struct master *master, const char *answer)
{
	struct job *job = master->job;
	struct tuned *tuned = master->tuned;
	struct tune_changes asked, left;
	struct tune now = { 0 };

	read_card(tuning, passing(master), tuned->ifindex, &now, &job->wanted);
	tune_decide(&job->wanted, &tuned->seen, job->same_driver, &asked);
	tune_decide(&job->wanted, &now, job->same_driver, &left);
	if (now.n)
		report_job(tuning, master, &asked, &left, &now, answer);
	else
		master->state = TUNING_NONE;	/* it has left again */
	/* What could not be put back stays a wish, for a card that can. */
	tune_forget_queues(&tuned->learned, &tuned->seen, &now);
	tune_copy(&tuned->seen, &now);
	tuned->pending = false;
	save(tuning);
	tune_free_changes(&asked);
	tune_free_changes(&left);
	tune_free(&now);
	master->job = NULL;
	free_job(job);
}

static void on_done(void *data, const char *answer)
{
	const struct job *job = data;
	struct tuning *tuning = job->tuning;
	size_t i;

	for (i = 0; i < tuning->n; i++) {
		if (tuning->masters[i].job != job)
			continue;
		finish(tuning, &tuning->masters[i], answer);
		/* The next card may have come meanwhile. */
		look_in(tuning, 0);
		break;
	}
}

/* A card that was not there before; now: how it is. */
static void adopt(struct tuned *tuned, const struct master *master, uint32_t ifindex,
		  bool same_driver, const struct tune *now)
{
	tuned->before = tuned->ifindex;
	tuned->pending = true;
	tuned->ifindex = ifindex;
	memcpy(tuned->driver, master->driver, sizeof(tuned->driver));
	if (!same_driver)
		tune_keep_wishes(&tuned->learned);
	tune_free(&tuned->seen);	/* how another card was: not changed by anybody */
	tune_learn(&tuned->learned, &tuned->seen, now);
}

static void arrive(struct tuning *tuning, struct master *master, uint32_t ifindex)
{
	struct tuned *tuned = master->tuned;
	struct tune now = { 0 }, wanted;
	struct tune_changes changes;
	struct job *job;

	wishes(tuning, tuned, &wanted);
	read_card(tuning, passing(master), ifindex, &now, &wanted);
	if (!now.n) {
		tune_free(&wanted);
		return;
	}
	job = mem_grow(NULL, 0, sizeof(*job));
	*job = (struct job){ .tuning = tuning, .wanted = wanted,
			     .same_driver = !strcmp(tuned->driver, master->driver) };
	adopt(tuned, master, ifindex, job->same_driver, &now);
	tune_decide(&job->wanted, &now, job->same_driver, &changes);
	job->asked = tuning_job_start(tuning->event, tuning->socket, "card", ifindex, &changes,
				      on_done, job);
	master->job = job;
	master->state = TUNING_PENDING;
	master->first = !job->wanted.n;
	tune_free_changes(&changes);
	tune_free(&now);
}

static struct master *master_of(struct tuning *tuning, const struct pair *pair)
{
	struct master *master = NULL;
	size_t i;

	for (i = 0; i < tuning->n && !master; i++)
		if (tuning->masters[i].ifindex == pair->ifindex)
			master = &tuning->masters[i];
	if (!master) {
		tuning->masters = mem_grow(tuning->masters, tuning->n, sizeof(*tuning->masters));
		master = &tuning->masters[tuning->n++];
		*master = (struct master){ .ifindex = pair->ifindex };
	}
	memcpy(master->name, pair->name, sizeof(master->name));
	memcpy(master->lower, pair->primary.name, sizeof(master->lower));
	if (pair->primary.link)
		memcpy(master->driver, pair->primary.link->driver, sizeof(master->driver));
	master->ours = pair->primary.has_state;
	master->tuned = tuned_of(&tuning->tuneds, pair->mac);
	return master;
}

static bool is_set_up(const struct lower *lower)
{
	const uint32_t need = NET_FAILOVER_LOWER_CONFIGURED | NET_FAILOVER_LOWER_UP;

	if (lower->has_state)
		return (lower->state & need) == need &&
		       !(lower->state & NET_FAILOVER_LOWER_LEAVING);
	return lower->link && lower->link->up;
}

/* A card that is not set up yet: the module, or links, tell once it is. */
static void look_at(struct tuning *tuning, const struct pair *pair)
{
	struct master *master = master_of(tuning, pair);
	const struct lower *primary = &pair->primary;

	if (master->job)
		return;
	if (!primary->present) {
		if (master->tuned->ifindex)
			master->state = TUNING_NONE;
		master->tuned->ifindex = 0;
		return;
	}
	if (!primary->link || !is_set_up(primary))
		return;
	if (master->tuned->ifindex == primary->ifindex)
		learn(tuning, master->tuned, passing(master));
	else
		arrive(tuning, master, primary->ifindex);
}

static int on_soon(sd_event_source *source, uint64_t usec, void *data)
{
	struct tuning *tuning = data;
	struct view view;
	int ret = pairs_gather(&view);
	bool again = false;
	size_t i;

	(void)source;
	(void)usec;
	for (i = 0; !ret && i < view.pairs.n; i++) {
		const struct pair *pair = &view.pairs.v[i];

		if (!pair->has_mac)
			continue;
		look_at(tuning, pair);
		again |= pair->link && masters_look(tuning->themselves, pair);
	}
	pairs_free(&view);
	if (again)
		look_in(tuning, SOON_USEC);
	return 0;
}

/* Whatever was said, it is a reason to look. */
static int on_change(sd_event_source *source, int fd, uint32_t events, void *data)
{
	char buf[8192];

	(void)source;
	(void)events;
	while (recv(fd, buf, sizeof(buf), MSG_DONTWAIT) > 0 || errno == ENOBUFS)
		errno = 0;
	tuning_look_soon(data);
	return 0;
}

void tuning_look_soon(struct tuning *tuning)
{
	look_in(tuning, SOON_USEC);
}

void tuning_event(struct tuning *tuning, const struct genl_event *event)
{
	size_t i;

	for (i = 0; i < tuning->tuneds.n; i++) {
		struct tuned *tuned = tuning->tuneds.v[i];

		if (event->kind == NET_FAILOVER_EVENT_LEAVING && tuned->ifindex &&
		    !tuned->pending && tuned->ifindex == event->lower_ifindex)
			learn(tuning, tuned, event->ifindex);
	}
	/* A card that is set up waits for nothing: soon it has carrier. */
	look_in(tuning, event->kind == NET_FAILOVER_EVENT_CONFIGURED ? 0 : SOON_USEC);
}

enum tuning_state tuning_state(const struct tuning *tuning, uint32_t master)
{
	size_t i;

	for (i = 0; i < tuning->n; i++)
		if (tuning->masters[i].ifindex == master)
			return tuning->masters[i].state;
	return TUNING_NONE;
}

void tuning_configure(struct tuning *tuning, const struct config *config)
{
	tuning->config = config;
	masters_configure(tuning->themselves, config->restore);
}

static int open_qdiscs(void)
{
	const struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = RTMGRP_TC };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);

	if (fd >= 0 && bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0) {
		close(fd);
		fd = -1;
	}
	return fd;
}

static void watch(struct tuning *tuning, sd_event_source **source, int fd)
{
	if (fd < 0)
		return;
	if (sd_event_add_io(tuning->event, source, fd, EPOLLIN, on_change, tuning) < 0)
		close(fd);
	else
		sd_event_source_set_io_fd_own(*source, true);
}

struct tuning *tuning_new(sd_event *event, const char *file, const char *socket,
			  const struct tuning_told *told, void *data)
{
	struct tuning *tuning = mem_grow(NULL, 0, sizeof(*tuning));

	*tuning = (struct tuning){ .event = event, .file = file, .socket = socket,
				   .tell = told->report, .done = told->done, .data = data };
	tuned_load(file, tune_knows, &tuning->tuneds);
	tuning->themselves = masters_new(event, file, socket, told->report, data);
	if (ethnl_open(&tuning->ethnl))
		tuning->ethnl = NULL;
	sd_event_add_time(event, &tuning->soon, CLOCK_MONOTONIC, 0, 1000, on_soon, tuning);
	watch(tuning, &tuning->ethtool, ethnl_watch());
	watch(tuning, &tuning->qdiscs, open_qdiscs());
	return tuning;
}

void tuning_free(struct tuning *tuning)
{
	size_t i;

	if (!tuning)
		return;
	for (i = 0; i < tuning->n; i++)
		if (tuning->masters[i].job) {
			tuning_job_cancel(tuning->masters[i].job->asked);
			free_job(tuning->masters[i].job);
		}
	sd_event_source_disable_unref(tuning->soon);
	sd_event_source_disable_unref(tuning->ethtool);
	sd_event_source_disable_unref(tuning->qdiscs);
	ethnl_close(tuning->ethnl);
	tuned_clear(&tuning->tuneds);
	masters_free(tuning->themselves);
	free(tuning->masters);
	free(tuning);
}
