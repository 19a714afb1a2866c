/* SPDX-License-Identifier: GPL-2.0 */
/* A view for a command, of the devices that it was asked about. */
#ifndef FAILOVERCTL_VIEW_H
#define FAILOVERCTL_VIEW_H

#include "common/findings.h"

/* Of everything. 0, or SEVERITY_UNKNOWN and a line that says why. */
int view_gather(const char *command, struct view *view);
/* Are all these (raw) names of pairs? 0, or SEVERITY_UNKNOWN and a line. */
int view_check(const char *command, const struct view *view, char **names);
/* Why the first that is not is not, or NULL. Free it. */
char *view_why_not(const struct view *view, char **names);
/* Drops all other pairs and their findings, if any name was given. */
void view_keep(struct view *view, struct findings *findings, char **names);

#endif
