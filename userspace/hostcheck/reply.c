// SPDX-License-Identifier: GPL-2.0
/*
 * A guest's answer. Whatever it sends, the host's terminal and scripts get
 * printable ASCII and one of the four states.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <json-c/json.h>

#include "common/answer.h"
#include "common/escape.h"
#include "hostcheck/reply.h"

#define DEPTH		8
#define TEXT_MAX	1024

static bool is_ascii(const char *line, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (line[i] < ' ' || line[i] > '~')
			return false;
	return true;
}

static struct json_object *parse(const char *line, size_t len)
{
	struct json_tokener *tokener = json_tokener_new_ex(DEPTH);
	struct json_object *root = NULL;

	if (!tokener)
		return NULL;
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT);
	root = json_tokener_parse_ex(tokener, line, (int)len);
	if (root && json_tokener_get_parse_end(tokener) != len) {
		json_object_put(root);
		root = NULL;
	}
	json_tokener_free(tokener);
	return root;
}

/* NULL where it is no string. */
static const char *text_of(struct json_object *object, const char *key)
{
	struct json_object *value;

	return json_object_object_get_ex(object, key, &value) &&
	       json_object_is_type(value, json_type_string) ? json_object_get_string(value) : NULL;
}

static int judge(struct json_object *root, const char *id, enum severity *severity)
{
	const char *theirs, *state;
	int found;

	if (!json_object_is_type(root, json_type_object))
		return -EAGAIN;
	theirs = text_of(root, "id");
	state = text_of(root, "state");
	found = state ? answer_severity(state) : -1;
	if (!theirs || strcmp(theirs, id) || found < 0 || !text_of(root, "summary"))
		return -EAGAIN;
	*severity = found;
	return 0;
}

int reply_read(const char *line, size_t len, const char *id, struct reply *reply)
{
	int ret;

	*reply = (struct reply){ .severity = SEVERITY_UNKNOWN };
	if (!len || len > REPLY_MAX || !is_ascii(line, len))
		return -EAGAIN;
	reply->root = parse(line, len);
	if (!reply->root)
		return -EAGAIN;
	ret = judge(reply->root, id, &reply->severity);
	if (ret)
		reply_free(reply);
	return ret;
}

/* JSON's escapes have become bytes of all kinds. */
static void print_text(const char *before, const char *text)
{
	char out[TEXT_MAX];

	if (!text)
		return;
	escape_copy(out, sizeof(out), text);
	printf("%s%s", before, out);
}

static void print_finding(struct json_object *finding)
{
	if (!json_object_is_type(finding, json_type_object))
		return;
	print_text("  ", text_of(finding, "severity"));
	print_text("  ", text_of(finding, "device"));
	print_text(": ", text_of(finding, "text"));
	print_text("\n      -> ", text_of(finding, "advice"));
	putchar('\n');
}

void reply_print(const struct reply *reply)
{
	struct json_object *findings;
	size_t i;

	printf("FAILOVER %s", answer_plugin(reply->severity));
	print_text(" - ", text_of(reply->root, "summary"));
	putchar('\n');
	if (!json_object_object_get_ex(reply->root, "findings", &findings) ||
	    !json_object_is_type(findings, json_type_array))
		return;
	for (i = 0; i < json_object_array_length(findings); i++)
		print_finding(json_object_array_get_idx(findings, i));
}

void reply_free(struct reply *reply)
{
	json_object_put(reply->root);
	reply->root = NULL;
}
