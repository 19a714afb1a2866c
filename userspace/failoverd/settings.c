// SPDX-License-Identifier: GPL-2.0
/* The configuration file as the daemon and --check-config take it. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "failoverd/journal.h"
#include "failoverd/settings.h"

static void tell_journal(void *data, unsigned int line, const char *text)
{
	const char *path = data;
	struct report report;

	if (line)
		report_words(&report, REPORT_CONFIG, LOG_WARNING, "%s:%u: %s", path, line, text);
	else
		report_words(&report, REPORT_CONFIG, LOG_WARNING, "%s: %s", path, text);
	journal_send(&report);
	report_free(&report);
}

bool settings_load(const char *path, struct config *config, bool lenient)
{
	FILE *file = fopen(path, "re");
	struct config next;
	unsigned int mistakes = 0;

	config_defaults(&next);
	if (file) {
		mistakes = config_parse(file, &next, tell_journal, (char *)path);
		fclose(file);
	} else if (errno != ENOENT) {
		tell_journal((char *)path, 0, strerror(errno));
		mistakes = 1;
	}
	if (mistakes && !lenient) {
		tell_journal((char *)path, 0, "has mistakes: going on with the settings of before");
		return false;
	}
	*config = next;
	return true;
}

static void tell_stdout(void *data, unsigned int line, const char *text)
{
	printf("%s:%u: %s\n", (const char *)data, line, text);
}

int settings_check(const char *path)
{
	FILE *file = fopen(path, "re");
	struct config config;
	unsigned int mistakes;

	if (!file) {
		printf("%s: %s\n", path, strerror(errno));
		return 1;
	}
	config_defaults(&config);
	mistakes = config_parse(file, &config, tell_stdout, (char *)path);
	fclose(file);
	return mistakes ? 1 : 0;
}
