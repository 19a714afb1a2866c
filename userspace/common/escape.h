/* SPDX-License-Identifier: GPL-2.0 */
/* Makes text from outside fit for terminals and JSON. */
#ifndef COMMON_ESCAPE_H
#define COMMON_ESCAPE_H

#include <stddef.h>

/*
 * Copies raw to out, with each byte that is not printable ASCII (and the
 * backslash) as \xNN, so that different names stay different. Cuts where out
 * is full.
 */
void escape_copy(char *out, size_t size, const char *raw);

#endif
