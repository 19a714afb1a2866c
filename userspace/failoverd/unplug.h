/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Hears the host ask for a primary by native PCIe hot-plug, and has its removal
 * completed at once where the kernel would wait five seconds for a second press
 * of the button.
 */
#ifndef FAILOVERD_UNPLUG_H
#define FAILOVERD_UNPLUG_H

#include <systemd/sd-event.h>

#include "failoverd/report.h"

struct unplug;

/* Takes the report over. */
typedef void (*unplug_tell)(void *data, struct report *report);

/* socket: failoverd-slot.socket. Does nothing before it is enabled. */
struct unplug *unplug_new(sd_event *event, const char *socket, unplug_tell tell, void *data);
void unplug_enable(struct unplug *unplug, bool enabled);
void unplug_free(struct unplug *unplug);

#endif
