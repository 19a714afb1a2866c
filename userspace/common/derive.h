/* SPDX-License-Identifier: GPL-2.0 */
/* What happened where the module tells nothing: found by looking again. */
#ifndef COMMON_DERIVE_H
#define COMMON_DERIVE_H

#include "common/genl.h"
#include "common/pairs.h"

/* Start with { 0 }. */
struct derive {
	struct view seen;	/* at the last look */
	bool looked;
};

/*
 * Looks, and adds to events (NULL: nobody wants them) what differs from the
 * look before, dated now; the first look has nothing to differ from. 0, or a
 * negative errno where sysfs is unreadable: then nothing was seen.
 */
int derive_look(struct derive *derive, struct genl_events *events);
/* The next look is the first one. */
void derive_forget(struct derive *derive);

#endif
