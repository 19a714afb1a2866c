/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Has the administrator's hooks run, outside the daemon's sandbox: each report
 * goes to failoverd-hook.socket, for which systemd starts a failoverd-hook@
 * service of its own. One after the other, in the order of the reports.
 */
#ifndef FAILOVERD_HOOKS_H
#define FAILOVERD_HOOKS_H

#include <systemd/sd-event.h>

#include "failoverd/report.h"

struct hooks;

/* socket and dir: where they are; they need not exist. */
struct hooks *hooks_new(sd_event *event, const char *socket, const char *dir);
/* Nothing where there is no hook. */
void hooks_run(struct hooks *hooks, const struct report *report);
void hooks_free(struct hooks *hooks);

#endif
