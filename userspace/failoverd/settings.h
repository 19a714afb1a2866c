/* SPDX-License-Identifier: GPL-2.0 */
/* The configuration file as the daemon and --check-config take it. */
#ifndef FAILOVERD_SETTINGS_H
#define FAILOVERD_SETTINGS_H

#include "failoverd/config.h"

/*
 * Reads the file (none: the defaults) and tells the journal what is wrong. A
 * file with mistakes is taken without its wrong lines at the start (lenient),
 * otherwise not at all: false, and config stays as it was.
 */
bool settings_load(const char *path, struct config *config, bool lenient);

/* One line a mistake to standard output. The exit code. */
int settings_check(const char *path);

#endif
