/* SPDX-License-Identifier: GPL-2.0 */
/* What the kernel's log says of hot-plug slots. The one file that reads /dev/kmsg. */
#ifndef COMMON_KMSG_H
#define COMMON_KMSG_H

#include <stdbool.h>
#include <stddef.h>

#include "common/model.h"

enum kmsg_kind {
	KMSG_OTHER,		/* about no slot, or not the kernel's own words */
	KMSG_SLOT,		/* anything else about a slot: ends what was said of it before */
	KMSG_SLOT_OFF,		/* the host asked for the card; the kernel waits 5 s */
	KMSG_SLOT_CANCEL,	/* the host asked again within that time: it stays */
};

struct kmsg_record {
	enum kmsg_kind kind;
	char slot[WORD_LEN];	/* its name in /sys/bus/pci/slots; of KMSG_OTHER "" */
};

/* Pure: one record as /dev/kmsg hands it out. */
void kmsg_parse(const char *buf, size_t len, struct kmsg_record *record);

/* Whether the text is the name of a slot, and of nothing else in the file system. */
bool kmsg_is_slot(const char *name);

/* What the kernel remembers, or (new) what it says from now on: an fd or a negative errno. */
int kmsg_open(bool new);

/*
 * One record: 1, or 0 where there is none yet. -EPIPE: the kernel has forgotten
 * some that we did not read; go on reading. Another error stays.
 */
int kmsg_read(int fd, struct kmsg_record *record);

/*
 * Of the last words about this slot, now. -EPIPE, where the kernel speaks so
 * fast that nobody can tell, or another negative errno.
 */
int kmsg_last(const char *slot, enum kmsg_kind *kind);

#endif
