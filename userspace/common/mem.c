// SPDX-License-Identifier: GPL-2.0
/* Memory that is there or ends the program. */
#include <err.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/mem.h"

#define EXIT_UNKNOWN 3

void *mem_grow(void *v, size_t n, size_t size)
{
	v = reallocarray(v, n + 1, size);
	if (!v)
		err(EXIT_UNKNOWN, "no memory");
	return v;
}

char *mem_vprintf(const char *format, va_list args)
{
	char *text;

	if (vasprintf(&text, format, args) < 0)
		err(EXIT_UNKNOWN, "no memory");
	return text;
}

char *mem_printf(const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	text = mem_vprintf(format, args);
	va_end(args);
	return text;
}
