/* SPDX-License-Identifier: GPL-2.0 */
/* What a host asks for, a byte at a time. Pure: whatever comes, it takes this much memory. */
#ifndef HOSTPORT_REQUEST_H
#define HOSTPORT_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

#define REQUEST_MAX	128	/* of a line */

enum request_kind {
	REQUEST_NONE,		/* the line has not ended, or is empty */
	REQUEST_CHECK,
	REQUEST_WRONG,
};

/* Zeroed at the start. */
struct request {
	char line[REQUEST_MAX + 1];
	size_t len;
	bool wrong;		/* too long, or with bytes that no request has */
	const char *id;		/* of a REQUEST_CHECK, within line; "": none */
};

/* A request is "check" or "check ID" and a newline; ID: letters, digits and '-'. */
enum request_kind request_byte(struct request *request, unsigned char byte);

#endif
