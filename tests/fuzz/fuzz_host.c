// SPDX-License-Identifier: GPL-2.0
/* libFuzzer: what a hostile host asks of a guest, and what a hostile guest answers to a host. */
#include <assert.h>
#include <ctype.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "hostcheck/reply.h"
#include "hostport/request.h"

/* One of these is the target, PARSE; the others are not called. */
#define UNLESS_CHOSEN __attribute__((unused))

static void UNLESS_CHOSEN request(const uint8_t *data, size_t size)
{
	struct request asked = { 0 };
	const char *c;
	size_t i;

	for (i = 0; i < size; i++) {
		if (request_byte(&asked, data[i]) != REQUEST_CHECK)
			continue;
		assert(strlen(asked.id) < REQUEST_MAX);
		for (c = asked.id; *c; c++)
			assert(*c == '-' || isalnum((unsigned char)*c));
	}
}

static void UNLESS_CHOSEN reply(const uint8_t *data, size_t size)
{
	struct reply said;

	if (reply_read((const char *)data, size, "1", &said))
		return;
	assert(said.severity <= SEVERITY_UNKNOWN);
	reply_print(&said);
	reply_free(&said);
}

int LLVMFuzzerInitialize(int *argc, char ***argv);

/* What is printed goes nowhere; libFuzzer itself writes to standard error. */
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	return freopen("/dev/null", "w", stdout) ? 0 : -1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	PARSE(data, size);
	return 0;
}
