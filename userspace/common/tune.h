/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A card's settings as an administrator makes them, each a key and a value:
 *
 *	flag.NAME feature.NAME		on, off (private flags; offloads as ethtool -k says them)
 *	channels.* ring.* coalesce.*	numbers, by ethtool's names
 *	rss.table rss.key rss.hash	queues separated by commas; hex; a number
 *	txqueuelen			a number
 *	qdisc				KIND, or KIND and its options in hex
 *	rps.N xps.N			CPU masks of a queue, as sysfs has them
 *
 * Of a master: txqueuelen, qdisc, mtu (a number) and up (yes, no).
 *
 * Pure: what is to be put back is decided here.
 */
#ifndef COMMON_TUNE_H
#define COMMON_TUNE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TUNE_LINE_MAX 16384

struct tune_item {
	char *key, *value;
	uint32_t max;		/* of a number that this driver allows; 0: unknown */
	bool set;		/* a wish: it was changed while we watched, or is configured */
};

/* In the order in which they must be set: what resets others comes first. */
struct tune {
	struct tune_item *v;
	size_t n;
};

/* A key that we know how to handle: of a card, and of a master. */
bool tune_knows(const char *key);
bool tune_knows_of_master(const char *key);
void tune_put(struct tune *tune, const char *key, const char *value, uint32_t max, bool set);
void tune_put_number(struct tune *tune, const char *key, uint32_t value, uint32_t max);
const struct tune_item *tune_find(const struct tune *tune, const char *key);
/* "KEY=VALUE", fit to be sent or stored; false: it is not. */
bool tune_take_line(struct tune *tune, const char *line, bool set);
bool tune_take_if(struct tune *tune, const char *line, bool set, bool (*knows)(const char *key));
void tune_copy(struct tune *to, const struct tune *from);
void tune_free(struct tune *tune);

/*
 * What differs between the last look (seen) and now was changed by somebody: it
 * is what we want from now on. What we never knew is taken, but not as a wish.
 * Afterwards seen is now. Says whether learned changed.
 */
bool tune_learn(struct tune *learned, struct tune *seen, const struct tune *now);

/*
 * Forgets the masks of queues that this card had at the last look and has no
 * longer, as it has fewer channels. Says whether it did.
 */
bool tune_forget_queues(struct tune *learned, const struct tune *seen, const struct tune *now);

/*
 * Leaves out what the master has off (master: how it is) and therefore takes off
 * each of its cards: it says nothing of the card, nor may it be put on one.
 */
void tune_leave_to_master(struct tune *tune, const struct tune *master);

void tune_drop(struct tune *tune, const char *key);

/* Forgets what is no wish: the defaults of a driver that is no longer there. */
void tune_keep_wishes(struct tune *learned);

enum tune_verdict {
	TUNE_DO,
	TUNE_CLAMP,		/* to what this driver allows */
	TUNE_CANNOT,		/* this driver does not have it, or not in this size */
};

struct tune_change {
	enum tune_verdict verdict;
	const char *key;	/* of wanted */
	const char *wanted;
	char *value;		/* to be set; NULL: nothing */
};

struct tune_changes {
	struct tune_change *v;
	size_t n;
};

/*
 * What to do on a card that has come. On another driver, only what somebody has
 * set on purpose is a wish: the rest are the old driver's own defaults.
 */
void tune_decide(const struct tune *wanted, const struct tune *now, bool same_driver,
		 struct tune_changes *changes);
void tune_free_changes(struct tune_changes *changes);

#endif
