/* SPDX-License-Identifier: GPL-2.0 */
/* The answer to "may this guest be migrated now?": for people, for programs, for a host. Pure. */
#ifndef COMMON_ANSWER_H
#define COMMON_ANSWER_H

#include "common/findings.h"

struct json_object;

/* As monitoring plugins say it: OK. */
const char *answer_plugin(enum severity severity);
/* As JSON says it: ready. */
const char *answer_word(enum severity severity);
/* The other way round; -1: no such word. */
int answer_severity(const char *word);

/* What ready_make() found, in one sentence. Free it. */
char *answer_summary(const struct view *view, const struct findings *findings);
/* And as an object, all of it. */
struct json_object *answer_json(const struct view *view, const struct findings *findings);

#endif
