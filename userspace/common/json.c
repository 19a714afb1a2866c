// SPDX-License-Identifier: GPL-2.0
/* What every JSON output is made of. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <json-c/json.h>

#include "common/json.h"
#include "common/words.h"

#define NSEC_PER_SEC 1000000000ULL

/* The one place that can run out of memory here: json-c then gives NULL. */
void json_put(struct json_object *object, const char *key, struct json_object *value)
{
	json_object_object_add(object, key, value);
}

void json_put_string(struct json_object *object, const char *key, const char *text)
{
	json_put(object, key, text && *text ? json_object_new_string(text) : NULL);
}

void json_put_bool(struct json_object *object, const char *key, bool value)
{
	json_put(object, key, json_object_new_boolean(value));
}

void json_put_u64(struct json_object *object, const char *key, bool known, uint64_t value)
{
	json_put(object, key, known ? json_object_new_uint64(value) : NULL);
}

struct json_object *json_findings(const struct findings *findings)
{
	struct json_object *array = json_object_new_array();
	size_t i;

	for (i = 0; i < findings->n; i++) {
		const struct finding *finding = &findings->v[i];
		struct json_object *object = json_object_new_object();

		json_put_string(object, "severity", words_severity(finding->severity));
		json_put_string(object, "code", finding->code);
		json_put_string(object, "device", finding->device);
		json_put_string(object, "text", finding->text);
		json_put_string(object, "advice", finding->advice);
		json_object_array_add(array, object);
	}
	return array;
}

/* Whole seconds without a fraction. */
void json_date(uint64_t when, char text[JSON_DATE_LEN])
{
	time_t seconds = (time_t)(when / NSEC_PER_SEC);
	uint64_t us = when % NSEC_PER_SEC / 1000;
	char fraction[16] = "";
	struct tm tm;
	size_t n;

	text[0] = '\0';
	if (!gmtime_r(&seconds, &tm))
		return;
	if (us)
		snprintf(fraction, sizeof(fraction), ".%06u", (unsigned int)us);
	n = strftime(text, JSON_DATE_LEN, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(text + n, JSON_DATE_LEN - n, "%sZ", fraction);
}

void json_print(struct json_object *root, bool one_line)
{
	puts(json_object_to_json_string_ext(root, one_line ?
					    JSON_C_TO_STRING_PLAIN |
					    JSON_C_TO_STRING_NOSLASHESCAPE :
					    JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED |
					    JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(root);
	fflush(stdout);
}
