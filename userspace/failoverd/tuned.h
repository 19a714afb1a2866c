/* SPDX-License-Identifier: GPL-2.0 */
/* What is known of each primary's settings, or each master's, and its file below /run. */
#ifndef FAILOVERD_TUNED_H
#define FAILOVERD_TUNED_H

#include "common/model.h"
#include "common/tune.h"

struct tuned {
	uint8_t mac[MAC_LEN];
	uint32_t ifindex;		/* of the primary, or master; 0: it is not there */
	char driver[WORD_LEN];		/* of the one whose settings these are */
	struct tune learned;		/* what we want */
	struct tune seen;		/* how it was at the last look */
	bool pending;			/* what was learned is being put on it */
	uint32_t before;		/* before that: one that is started now does it again */
};

struct tuneds {
	struct tuned **v;
	size_t n;
};

/* The one of this address, made if there is none. */
struct tuned *tuned_of(struct tuneds *tuneds, const uint8_t mac[MAC_LEN]);
void tuned_clear(struct tuneds *tuneds);

/* 0 also without a file; -EBADMSG: it makes no sense, and nothing was taken from it. */
int tuned_load(const char *path, bool (*knows)(const char *key), struct tuneds *tuneds);
/* At once or not at all. */
int tuned_save(const char *path, const struct tuneds *tuneds);

#endif
