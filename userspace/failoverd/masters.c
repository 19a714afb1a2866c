// SPDX-License-Identifier: GPL-2.0
/*
 * What a master had: MTU, txqueuelen, qdisc, and that it was up. Learned like a
 * primary's settings, and put on the master that takes its place.
 *
 * Others configure a new master, too. So udev comes first, which cannot rename
 * a device that is up; and if somebody has set the new master up by then, MTU
 * and state are theirs. Addresses and routes are never ours: networkd,
 * ifupdown and NetworkManager give them to a device that appears, and would
 * take one that has some already for somebody else's.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/mem.h"
#include "common/sysfs.h"
#include "common/tuner.h"
#include "failoverd/masters.h"
#include "failoverd/tuned.h"
#include "failoverd/tuning_job.h"
#include "failoverd/tuning_words.h"

#define DRIVER		"net_failover"
#define UDEV_LOOKS	60U	/* at one that udev does not know yet, some 9 s in all */

struct place {
	struct masters *masters;
	struct tuned *tuned;
	char name[NAME_LEN];
	unsigned int looks;
	struct tune wanted;
	struct tuning_job *asked;	/* NULL: nobody */
};

struct masters {
	sd_event *event;
	char *file;
	const char *socket;
	void (*tell)(void *data, struct report *report);
	void *data;
	bool restore;
	struct tuneds known;
	struct place **v;
	size_t n;
};

static struct place *place_of(struct masters *masters, const struct pair *pair)
{
	struct tuned *tuned = tuned_of(&masters->known, pair->mac);
	struct place *place = NULL;
	size_t i;

	for (i = 0; i < masters->n && !place; i++)
		if (masters->v[i]->tuned == tuned)
			place = masters->v[i];
	if (!place) {
		place = mem_grow(NULL, 0, sizeof(*place));
		*place = (struct place){ .masters = masters, .tuned = tuned };
		masters->v = mem_grow(masters->v, masters->n, sizeof(struct place *));
		masters->v[masters->n++] = place;
	}
	memcpy(place->name, pair->name, sizeof(place->name));
	return place;
}

static void take(struct tuned *tuned, uint32_t ifindex)
{
	tuned->ifindex = ifindex;
	memcpy(tuned->driver, DRIVER, sizeof(DRIVER));
}

static void learn(struct place *place, uint32_t ifindex)
{
	struct tuned *tuned = place->tuned;
	struct tune now = { 0 };
	bool changed = tuned->ifindex != ifindex;

	tuner_read_master(ifindex, &now);
	if (!now.n)
		return;
	changed |= tune_learn(&tuned->learned, &tuned->seen, &now);
	take(tuned, ifindex);
	if (changed)
		tuned_save(place->masters->file, &place->masters->known);
	tune_free(&now);
}

static void report(const struct place *place, const struct tune_changes *asked,
		   const struct tune_changes *left, const struct tune *now, const char *answer)
{
	char *who = mem_printf("%s: the master", place->name);
	char *text = tuning_sentence(who, asked, left, now, answer);
	struct report words;

	free(who);
	if (!text)
		return;
	report_settings(&words, place->name, "", tuning_count_back(asked, left), left->n, text);
	place->masters->tell(place->masters->data, &words);
	free(text);
}

static void on_done(void *data, const char *answer)
{
	struct place *place = data;
	struct tuned *tuned = place->tuned;
	struct tune_changes asked, left;
	struct tune now = { 0 };

	tuned->pending = false;
	tuner_read_master(tuned->ifindex, &now);
	tune_decide(&place->wanted, &tuned->seen, true, &asked);
	tune_decide(&place->wanted, &now, true, &left);
	if (now.n) {
		report(place, &asked, &left, &now, answer);
		tune_copy(&tuned->seen, &now);
		tuned_save(place->masters->file, &place->masters->known);
	}
	tune_free_changes(&asked);
	tune_free_changes(&left);
	tune_free(&now);
	tune_free(&place->wanted);
	place->asked = NULL;
}

/* Somebody has set it up: they know better. */
static void leave_to_others(struct tune *learned, const struct tune *now)
{
	static const char * const keys[] = { "mtu", "up" };
	size_t i;

	for (i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		const struct tune_item *item = tune_find(now, keys[i]);

		if (item)
			tune_put(learned, keys[i], item->value, 0, false);
	}
}

static void arrive(struct place *place, uint32_t ifindex)
{
	struct masters *masters = place->masters;
	struct tuned *tuned = place->tuned;
	struct tune_changes changes;
	struct tune now = { 0 };
	const struct tune_item *up;

	tuner_read_master(ifindex, &now);
	if (!now.n)
		return;
	up = tune_find(&now, "up");
	if (up && !strcmp(up->value, "yes"))
		leave_to_others(&tuned->learned, &now);
	tuned->before = tuned->ifindex;
	tuned->pending = true;
	take(tuned, ifindex);
	tune_copy(&tuned->seen, &now);
	tune_copy(&place->wanted, &tuned->learned);
	tune_decide(&place->wanted, &now, true, &changes);
	place->asked = tuning_job_start(masters->event, masters->socket, "master", ifindex,
					&changes, on_done, place);
	tune_free_changes(&changes);
	tune_free(&now);
}

/* It has not looked at this device, or not yet given it its name. */
static bool is_with_udev(uint32_t ifindex)
{
	char *path = mem_printf("/run/udev/data/n%u", ifindex);
	bool is = !sysfs_replaced() && !access("/run/udev/control", F_OK) && access(path, F_OK);

	free(path);
	return is;
}

static bool is_there(uint32_t ifindex)
{
	char ifname[IFNAMSIZ];

	return if_indextoname(ifindex, ifname);
}

bool masters_look(struct masters *masters, const struct pair *pair)
{
	struct place *place = place_of(masters, pair);
	struct tuned *tuned = place->tuned;

	if (place->asked)
		return false;
	if (tuned->ifindex == pair->ifindex || !tuned->ifindex) {
		learn(place, pair->ifindex);
		return false;
	}
	/* Two with one address: nobody can tell which of them takes whose place. */
	if (is_there(tuned->ifindex))
		return false;
	if (is_with_udev(pair->ifindex) && place->looks++ < UDEV_LOOKS)
		return true;
	place->looks = 0;
	if (!masters->restore) {
		tune_free(&tuned->learned);
		tune_free(&tuned->seen);
		learn(place, pair->ifindex);
	} else {
		arrive(place, pair->ifindex);
	}
	return false;
}

void masters_configure(struct masters *masters, bool restore)
{
	masters->restore = restore;
}

struct masters *masters_new(sd_event *event, const char *file, const char *socket,
			    void (*tell)(void *data, struct report *report), void *data)
{
	struct masters *masters = mem_grow(NULL, 0, sizeof(*masters));

	*masters = (struct masters){ .event = event, .file = mem_printf("%s.masters", file),
				     .socket = socket, .tell = tell, .data = data };
	tuned_load(masters->file, tune_knows_of_master, &masters->known);
	return masters;
}

void masters_free(struct masters *masters)
{
	size_t i;

	for (i = 0; i < masters->n; i++) {
		if (masters->v[i]->asked)
			tuning_job_cancel(masters->v[i]->asked);
		tune_free(&masters->v[i]->wanted);
		free(masters->v[i]);
	}
	tuned_clear(&masters->known);
	free(masters->v);
	free(masters->file);
	free(masters);
}
