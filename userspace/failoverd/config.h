/* SPDX-License-Identifier: GPL-2.0 */
/* failoverd.conf: its keys, their defaults, and what is wrong in a file. */
#ifndef FAILOVERD_CONFIG_H
#define FAILOVERD_CONFIG_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "common/model.h"

#define CONFIG_PATH "/etc/failoverd.conf"

#define CONFIG_SETTINGS		64
#define CONFIG_SETTING_LEN	1024

struct config {
	uint64_t degraded_after;	/* ns; POLICY_NEVER: never */
	bool hooks;
	uint32_t hook_events;		/* bits, by enum report_kind */
	bool restore;			/* settings of primaries */
	struct config_setting {
		bool one;		/* of the pair of this address; else of all */
		uint8_t mac[MAC_LEN];
		char line[CONFIG_SETTING_LEN];	/* KEY=VALUE, as tune.h has it */
	} settings[CONFIG_SETTINGS];
	size_t n_settings;
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
