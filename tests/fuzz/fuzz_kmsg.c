// SPDX-License-Identifier: GPL-2.0
/* libFuzzer: what a record of the kernel's log, whoever wrote it, does to its parser. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/kmsg.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A buffer of just the size shows a read too far; a name that is found goes into a path. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct kmsg_record record;
	char *buf = malloc(size + !size);

	memcpy(buf, data, size);
	kmsg_parse(buf, size, &record);
	free(buf);
	if (record.kind == KMSG_OTHER ? *record.slot :
	    !kmsg_is_slot(record.slot) || strpbrk(record.slot, "./"))
		abort();
	return 0;
}
