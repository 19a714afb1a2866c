/* SPDX-License-Identifier: GPL-2.0 */
/* What every JSON output is made of. */
#ifndef COMMON_JSON_H
#define COMMON_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include "common/findings.h"

struct json_object;

/* Another number would say that a key went or changed its meaning. */
#define JSON_SCHEMA 1

/* An empty string, and what is not known, is null. */
void json_put(struct json_object *object, const char *key, struct json_object *value);
void json_put_string(struct json_object *object, const char *key, const char *text);
void json_put_bool(struct json_object *object, const char *key, bool value);
void json_put_u64(struct json_object *object, const char *key, bool known, uint64_t value);
struct json_object *json_findings(const struct findings *findings);

/* As 2026-11-21T22:03:01.123456Z, of so many ns since 1970. */
#define JSON_DATE_LEN 64
void json_date(uint64_t when, char text[JSON_DATE_LEN]);

/* Writes it to standard output and frees it. */
void json_print(struct json_object *root, bool one_line);

#endif
