/* SPDX-License-Identifier: GPL-2.0 */
/* failoverd.conf: its keys, their defaults, and what is wrong in a file. */
#ifndef FAILOVERD_CONFIG_H
#define FAILOVERD_CONFIG_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define CONFIG_PATH "/etc/failoverd.conf"

struct config {
	uint64_t degraded_after;	/* ns; POLICY_NEVER: never */
	bool hooks;
	uint32_t hook_events;		/* bits, by enum report_kind */
	bool hurry;			/* removals by native PCIe hot-plug */
};

/* Called with the number of the line and what is wrong with it. */
typedef void (*config_complain)(void *data, unsigned int line, const char *text);

void config_defaults(struct config *config);

/*
 * Reads the file over what config holds; a line that is wrong is complained
 * about and left out. Returns the number of complaints.
 */
unsigned int config_parse(FILE *file, struct config *config, config_complain complain, void *data);

#endif
