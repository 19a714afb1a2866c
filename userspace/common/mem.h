/* SPDX-License-Identifier: GPL-2.0 */
/* Memory that is there or ends the program: no caller could do anything better. */
#ifndef COMMON_MEM_H
#define COMMON_MEM_H

#include <stdarg.h>
#include <stddef.h>

/* Room for one element more than the n that v has. */
void *mem_grow(void *v, size_t n, size_t size);
char *mem_printf(const char *format, ...) __attribute__((format(printf, 1, 2)));
char *mem_vprintf(const char *format, va_list args) __attribute__((format(printf, 1, 0)));

#endif
