/* SPDX-License-Identifier: GPL-2.0 */
/* What happened between two looks at the pairs, where no module tells. Pure. */
#ifndef COMMON_CHANGES_H
#define COMMON_CHANGES_H

#include "common/genl.h"

/*
 * Adds to events, with seq and epoch 0 and the times that now has, what leads
 * from before to after.
 */
void changes_find(const struct pairs *before, const struct pairs *after,
		  const struct genl_event *now, struct genl_events *events);

#endif
