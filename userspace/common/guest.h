/* SPDX-License-Identifier: GPL-2.0 */
/* What of this machine beside its network cards matters to a migration. */
#ifndef COMMON_GUEST_H
#define COMMON_GUEST_H

#include "common/model.h"

/* Something that uses a network card by name: an IP address, a DHCP client. */
struct guest_use {
	char card[NAME_LEN];
	char what[WORD_LEN];
};

struct guest_uses {
	struct guest_use *v;
	size_t n;
};

/* What a card does for the CPU; bits of guest_features[]. */
struct guest_card {
	char name[NAME_LEN];
	bool known;
	uint32_t features;
	bool slot;		/* a hotplug driver serves its PCI slot */
};

struct guest {
	struct guest_card *cards;	/* of the links, in their order */
	size_t n;
	struct guest_uses addresses;
	struct guest_uses clients;	/* DHCP */
	bool failoverd;
};

/* Names of the features, NULL at the end. */
extern const char * const guest_features[];

/* Never fails: what cannot be read is not known. */
void guest_look(const struct links *links, struct guest *guest);
void guest_free(struct guest *guest);
const struct guest_card *guest_card(const struct guest *guest, const char *name);

#endif
