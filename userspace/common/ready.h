/* SPDX-License-Identifier: GPL-2.0 */
/* May this guest be migrated now? Pure. */
#ifndef COMMON_READY_H
#define COMMON_READY_H

#include "common/findings.h"
#include "common/guest.h"

/*
 * What status finds, graded by what it means to a migration, and more. BAD:
 * do not migrate; DEGRADED: it works, but somebody will notice; UNKNOWN:
 * there is no pair.
 */
void ready_make(const struct view *view, const struct guest *guest, struct findings *findings);

#endif
