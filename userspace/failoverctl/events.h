/* SPDX-License-Identifier: GPL-2.0 */
/* An event as text and as JSON. */
#ifndef FAILOVERCTL_EVENTS_H
#define FAILOVERCTL_EVENTS_H

#include <stdbool.h>

#include "common/genl.h"

struct json_object;

/* As 2026-11-21 22:03:01.123, local time. */
#define EVENTS_DATE_LEN 64
void events_date(uint64_t when, char text[EVENTS_DATE_LEN]);

/* What happened, for people: "standby -> primary (eth2): the primary can…". Free it. */
char *events_text(const struct genl_event *event);
struct json_object *events_json(const struct genl_event *event);

/* Is it about a device of these (raw) names? No names: any. */
bool events_match(const struct genl_event *event, char **names);

#endif
