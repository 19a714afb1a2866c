/* SPDX-License-Identifier: GPL-2.0 */
/*
 * An administrator's settings of primaries: learned while a primary is there,
 * put back on the one that comes after a migration. failoverd-tune sets them.
 */
#ifndef FAILOVERD_TUNING_H
#define FAILOVERD_TUNING_H

#include <systemd/sd-event.h>

#include "common/genl.h"
#include "failoverd/config.h"
#include "failoverd/report.h"

struct tuning;

enum tuning_state {
	TUNING_NONE,		/* this primary was the first, or there is none */
	TUNING_PENDING,		/* being put back */
	TUNING_BACK,		/* all is as it was on the one before */
	TUNING_PARTLY,		/* its driver could not take all */
};

struct tuning_told {
	/* Frees the report. */
	void (*report)(void *data, struct report *report);
	/* The primary of this master has its settings, or as many as it can. */
	void (*done)(void *data, uint32_t master, size_t restored, size_t failed);
};

struct tuning *tuning_new(sd_event *event, const char *file, const char *socket,
			  const struct tuning_told *told, void *data);
void tuning_free(struct tuning *tuning);
void tuning_configure(struct tuning *tuning, const struct config *config);

/* An event of the module, as soon as it is known: a card that leaves is read a last time. */
void tuning_event(struct tuning *tuning, const struct genl_event *event);
/* Something about links or pairs changed: looks at them in a moment. */
void tuning_look_soon(struct tuning *tuning);

/* Are the settings back on the primary of this master? */
enum tuning_state tuning_state(const struct tuning *tuning, uint32_t master);

#endif
