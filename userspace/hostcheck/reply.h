/* SPDX-License-Identifier: GPL-2.0 */
/* A guest's answer, which may be a lie and must do no harm. Pure. */
#ifndef HOSTCHECK_REPLY_H
#define HOSTCHECK_REPLY_H

#include "common/findings.h"

struct json_object;

#define REPLY_MAX	65536	/* of a line */

struct reply {
	enum severity severity;
	struct json_object *root;	/* with state and summary of the right kind */
};

/*
 * 0: the answer to the request of this id. -EAGAIN: a line that is none, as
 * what a request before ours left; the next one may be. Free with reply_free().
 */
int reply_read(const char *line, size_t len, const char *id, struct reply *reply);
/* As failoverctl check prints it. */
void reply_print(const struct reply *reply);
void reply_free(struct reply *reply);

#endif
