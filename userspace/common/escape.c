// SPDX-License-Identifier: GPL-2.0
/* Makes text from outside fit for terminals and JSON. */
#include <stdbool.h>
#include <stdio.h>

#include "common/escape.h"

void escape_copy(char *out, size_t size, const char *raw)
{
	size_t used = 0;

	for (; *raw; raw++) {
		unsigned char c = *raw;
		bool plain = c >= ' ' && c < 0x7f && c != '\\';

		if (used + (plain ? 1 : 4) >= size)
			break;
		if (plain)
			out[used++] = *raw;
		else
			used += sprintf(out + used, "\\x%02x", c);
	}
	out[used] = '\0';
}
