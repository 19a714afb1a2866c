// SPDX-License-Identifier: GPL-2.0
/*
 * A card's settings, and which of them are to be put back. Never among a lower's:
 * what the module itself gives its lowers (MTU, addresses, promiscuity, being
 * up), and the VLAN filters, which it fills.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/tune.h"

/* In this order: a private flag may change what else there is, channels reset the RSS table. */
static const char * const groups[] = {
	"flag.", "channels.", "ring.", "coalesce.", "feature.", "rss.", "txqueuelen", "qdisc",
	"rps.", "xps.", "mtu", "up",
};

#define GROUPS (sizeof(groups) / sizeof(*groups))

/* What a master has of these. */
static const char * const of_master[] = { "txqueuelen", "qdisc", "mtu", "up", NULL };

/* The module's own, or of no use to anybody who has a pair. */
static const char * const never[] = {
	"feature.rx-vlan-filter", "feature.rx-vlan-stag-filter", "feature.loopback",
	"mtu", "up", NULL,
};

/* Where our master has these off, it takes them off each of its cards (NFO_PASSED). */
static const char * const passed_on[] = {
	"feature.rx-checksum", "feature.rx-hashing", "feature.rx-lro", "feature.rx-gro-hw", NULL,
};

static bool is_among(const char *key, const char * const *keys)
{
	while (*keys && strcmp(key, *keys))
		keys++;
	return *keys;
}

static size_t group_of(const char *key)
{
	size_t i;

	for (i = 0; i < GROUPS; i++) {
		size_t len = strlen(groups[i]);

		if (groups[i][len - 1] == '.' ? !strncmp(key, groups[i], len) && key[len] :
						!strcmp(key, groups[i]))
			break;
	}
	return i;
}

bool tune_knows(const char *key)
{
	return !is_among(key, never) && group_of(key) < GROUPS;
}

bool tune_knows_of_master(const char *key)
{
	return is_among(key, of_master);
}

static struct tune_item *find(const struct tune *tune, const char *key)
{
	size_t i;

	for (i = 0; i < tune->n; i++)
		if (!strcmp(tune->v[i].key, key))
			return &tune->v[i];
	return NULL;
}

const struct tune_item *tune_find(const struct tune *tune, const char *key)
{
	return find(tune, key);
}

static struct tune_item *insert(struct tune *tune, const char *key)
{
	size_t at = tune->n, group = group_of(key);

	tune->v = mem_grow(tune->v, tune->n, sizeof(*tune->v));
	while (at && group_of(tune->v[at - 1].key) > group)
		at--;
	memmove(tune->v + at + 1, tune->v + at, (tune->n - at) * sizeof(*tune->v));
	tune->n++;
	tune->v[at] = (struct tune_item){ .key = mem_printf("%s", key) };
	return &tune->v[at];
}

void tune_put(struct tune *tune, const char *key, const char *value, uint32_t max, bool set)
{
	struct tune_item *item = find(tune, key);

	if (!item)
		item = insert(tune, key);
	free(item->value);
	item->value = mem_printf("%s", value);
	item->max = max;
	item->set |= set;
}

void tune_put_number(struct tune *tune, const char *key, uint32_t value, uint32_t max)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", value);
	tune_put(tune, key, text, max, false);
}

static bool is_fit(const char *text)
{
	for (; *text; text++)
		if (*text < ' ' || *text > '~')
			return false;
	return true;
}

bool tune_take_line(struct tune *tune, const char *line, bool set)
{
	return tune_take_if(tune, line, set, tune_knows);
}

bool tune_take_if(struct tune *tune, const char *line, bool set, bool (*knows)(const char *key))
{
	const char *equals = strchr(line, '=');
	char *key;
	bool ok;

	if (!equals || strlen(line) >= TUNE_LINE_MAX || !is_fit(line))
		return false;
	key = mem_printf("%.*s", (int)(equals - line), line);
	ok = knows(key) && equals[1];
	if (ok)
		tune_put(tune, key, equals + 1, 0, set);
	free(key);
	return ok;
}

void tune_free(struct tune *tune)
{
	size_t i;

	for (i = 0; i < tune->n; i++) {
		free(tune->v[i].key);
		free(tune->v[i].value);
	}
	free(tune->v);
	*tune = (struct tune){ 0 };
}

void tune_copy(struct tune *to, const struct tune *from)
{
	struct tune copy = { 0 };
	size_t i;

	for (i = 0; i < from->n; i++)
		tune_put(&copy, from->v[i].key, from->v[i].value, from->v[i].max, from->v[i].set);
	tune_free(to);
	*to = copy;
}

bool tune_learn(struct tune *learned, struct tune *seen, const struct tune *now)
{
	bool changed = false;
	size_t i;

	for (i = 0; i < now->n; i++) {
		const struct tune_item *item = &now->v[i], *before = find(seen, item->key);
		bool differs = before && strcmp(before->value, item->value);

		if (!differs && find(learned, item->key))
			continue;
		tune_put(learned, item->key, item->value, item->max, differs);
		changed = true;
	}
	tune_copy(seen, now);
	return changed;
}

/* Keeps those of which keep is true. */
static void keep_if(struct tune *tune, const bool *keep)
{
	size_t i, kept = 0;

	for (i = 0; i < tune->n; i++) {
		if (keep[i]) {
			tune->v[kept++] = tune->v[i];
			continue;
		}
		free(tune->v[i].key);
		free(tune->v[i].value);
	}
	tune->n = kept;
}

void tune_keep_wishes(struct tune *learned)
{
	bool *keep = mem_grow(NULL, learned->n, sizeof(*keep));
	size_t i;

	for (i = 0; i < learned->n; i++)
		keep[i] = learned->v[i].set;
	keep_if(learned, keep);
	free(keep);
}

void tune_leave_to_master(struct tune *tune, const struct tune *master)
{
	bool *keep = mem_grow(NULL, tune->n, sizeof(*keep));
	size_t i;

	for (i = 0; i < tune->n; i++) {
		const char *key = tune->v[i].key;
		const struct tune_item *its = find(master, key);

		keep[i] = !its || strcmp(its->value, "off") || !is_among(key, passed_on);
	}
	keep_if(tune, keep);
	free(keep);
}

void tune_drop(struct tune *tune, const char *key)
{
	bool *keep = mem_grow(NULL, tune->n, sizeof(*keep));
	size_t i;

	for (i = 0; i < tune->n; i++)
		keep[i] = strcmp(tune->v[i].key, key);
	keep_if(tune, keep);
	free(keep);
}

/* A card that could not be read, which has none, has not lost them. */
static bool has_any(const struct tune *tune, size_t group)
{
	size_t i;

	for (i = 0; i < tune->n; i++)
		if (group_of(tune->v[i].key) == group)
			return true;
	return false;
}

bool tune_forget_queues(struct tune *learned, const struct tune *seen, const struct tune *now)
{
	bool *keep = mem_grow(NULL, learned->n, sizeof(*keep));
	size_t i, before = learned->n;

	for (i = 0; i < learned->n; i++) {
		const char *key = learned->v[i].key;

		keep[i] = (strncmp(key, "rps.", 4) && strncmp(key, "xps.", 4)) ||
			  !find(seen, key) || find(now, key) || !has_any(now, group_of(key));
	}
	keep_if(learned, keep);
	free(keep);
	return learned->n != before;
}

static bool is_number(const char *text)
{
	return *text && !text[strspn(text, "0123456789")] && strlen(text) < 10;
}

/* A table for another number of entries does not fit. */
static bool has_same_size(const char *key, const char *a, const char *b)
{
	if (!strcmp(key, "rss.key"))
		return strlen(a) == strlen(b);
	if (strcmp(key, "rss.table"))
		return true;
	for (; *a || *b; a++, b++) {
		a += strcspn(a, ",");
		b += strcspn(b, ",");
		if (*a != *b)
			return false;
		if (!*a)
			break;
	}
	return true;
}

static bool decide(const struct tune_item *wanted, const struct tune_item *now,
		   struct tune_change *change)
{
	*change = (struct tune_change){ TUNE_DO, wanted->key, wanted->value, NULL };
	if (!now || !has_same_size(wanted->key, wanted->value, now->value)) {
		change->verdict = TUNE_CANNOT;
		return true;
	}
	if (now->max && is_number(wanted->value) &&
	    strtoul(wanted->value, NULL, 10) > now->max) {
		change->verdict = TUNE_CLAMP;
		change->value = mem_printf("%u", now->max);
	} else {
		change->value = mem_printf("%s", wanted->value);
	}
	if (strcmp(change->value, now->value))
		return true;
	free(change->value);
	change->value = NULL;
	return change->verdict == TUNE_CLAMP;
}

void tune_decide(const struct tune *wanted, const struct tune *now, bool same_driver,
		 struct tune_changes *changes)
{
	struct tune_change change;
	size_t i;

	*changes = (struct tune_changes){ 0 };
	for (i = 0; i < wanted->n; i++) {
		const struct tune_item *item = &wanted->v[i];

		if (!item->set && !same_driver)
			continue;
		if (!decide(item, find(now, item->key), &change))
			continue;
		changes->v = mem_grow(changes->v, changes->n, sizeof(*changes->v));
		changes->v[changes->n++] = change;
	}
}

void tune_free_changes(struct tune_changes *changes)
{
	size_t i;

	for (i = 0; i < changes->n; i++)
		free(changes->v[i].value);
	free(changes->v);
	*changes = (struct tune_changes){ 0 };
}
