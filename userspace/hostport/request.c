// SPDX-License-Identifier: GPL-2.0
/* What a host asks for, a byte at a time. */
#include <ctype.h>
#include <string.h>

#include "hostport/request.h"

static enum request_kind judge(struct request *request)
{
	size_t word = strcspn(request->line, " ");
	char *id = request->line + word + strspn(request->line + word, " ");
	char *end = id + strcspn(id, " ");

	if (request->wrong || word != 5 || memcmp(request->line, "check", 5) ||
	    end[strspn(end, " ")])
		return REQUEST_WRONG;
	*end = '\0';
	request->id = id;
	return REQUEST_CHECK;
}

enum request_kind request_byte(struct request *request, unsigned char byte)
{
	enum request_kind kind;

	if (byte == '\r')
		return REQUEST_NONE;
	if (byte != '\n') {
		if (request->len >= REQUEST_MAX ||
		    (byte != ' ' && byte != '-' && (byte > 'z' || !isalnum(byte))))
			request->wrong = true;
		else
			request->line[request->len++] = (char)byte;
		return REQUEST_NONE;
	}
	request->line[request->len] = '\0';
	kind = request->len || request->wrong ? judge(request) : REQUEST_NONE;
	request->len = 0;
	request->wrong = false;
	return kind;
}
