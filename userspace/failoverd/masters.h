/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a master had, for the one that takes its place when the standby, whose
 * device it is, was detached and attached again.
 */
#ifndef FAILOVERD_MASTERS_H
#define FAILOVERD_MASTERS_H

#include <systemd/sd-event.h>

#include "common/model.h"
#include "failoverd/report.h"

struct masters;

/* file: where to remember it; socket: failoverd-tune's; tell frees the report. */
struct masters *masters_new(sd_event *event, const char *file, const char *socket,
			    void (*tell)(void *data, struct report *report), void *data);
void masters_free(struct masters *masters);
void masters_configure(struct masters *masters, bool restore);

/* A pair as it is now. Says whether to come back in a moment. */
bool masters_look(struct masters *masters, const struct pair *pair);

#endif
