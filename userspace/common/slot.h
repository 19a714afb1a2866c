/* SPDX-License-Identifier: GPL-2.0 */
/* What sits in a hot-plug slot, as sysfs shows it. */
#ifndef COMMON_SLOT_H
#define COMMON_SLOT_H

#include "common/model.h"

/* A network card of a PCI function there; without a name: something else. */
struct slot_card {
	char bus[WORD_LEN];
	char name[NAME_LEN];
	uint32_t ifindex;
	bool ours;		/* a primary of a master of our module */
};

struct slot {
	struct slot_card *v;
	size_t n;
};

/* 0 or a negative errno; free slot->v always. */
int slot_read(const char *name, struct slot *slot);

/* Not empty, and nothing in there but primaries of ours. */
bool slot_is_ours(const struct slot *slot);

/* Opens the file that switches the slot's power: an fd or a negative errno. */
int slot_open_power(const char *name);

#endif
