// SPDX-License-Identifier: GPL-2.0
/* The answer to "may this guest be migrated now?": for people, for programs, for a host. Pure. */
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "common/answer.h"
#include "common/json.h"
#include "common/mem.h"

static const struct {
	const char *plugin, *word;
} states[] = {
	[SEVERITY_GOOD] = { "OK", "ready" },
	[SEVERITY_DEGRADED] = { "WARNING", "degraded" },
	[SEVERITY_BAD] = { "CRITICAL", "not-ready" },
	[SEVERITY_UNKNOWN] = { "UNKNOWN", "unknown" },
};

const char *answer_plugin(enum severity severity)
{
	return states[severity].plugin;
}

const char *answer_word(enum severity severity)
{
	return states[severity].word;
}

int answer_severity(const char *word)
{
	size_t i;

	for (i = 0; i < sizeof(states) / sizeof(*states); i++)
		if (!strcmp(states[i].word, word))
			return (int)i;
	return -1;
}

static char *good_summary(const struct view *view)
{
	const struct pair *pair = view->pairs.v;

	if (view->pairs.n > 1)
		return mem_printf("%zu pairs may be migrated", view->pairs.n);
	if (pair->active == NET_FAILOVER_ROLE_STANDBY)
		return mem_printf("%s may be migrated: on the standby (%s) already", pair->name,
				  pair->standby.name);
	return mem_printf("%s may be migrated: on the primary (%s), standby (%s) ready",
			  pair->name, pair->primary.name, pair->standby.name);
}

/* The first of the worst stands for all of them. */
char *answer_summary(const struct view *view, const struct findings *findings)
{
	enum severity worst = findings_worst(findings, NULL);
	const struct finding *first = NULL;
	size_t i, others = 0;

	if (worst == SEVERITY_GOOD)
		return good_summary(view);
	for (i = 0; i < findings->n; i++) {
		const struct finding *finding = &findings->v[i];

		if (!first && finding->severity == worst)
			first = finding;
		else if (finding->severity != SEVERITY_GOOD)
			others++;
	}
	if (!first)
		return mem_printf("%s", "");	/* never: the worst is of one of them */
	return mem_printf(others ? "%s%s%s (and %zu more)" : "%s%s%s", first->device,
			  *first->device ? ": " : "", first->text, others);
}

static struct json_object *pairs_json(const struct view *view, const struct findings *findings)
{
	struct json_object *array = json_object_new_array();
	size_t i;

	for (i = 0; i < view->pairs.n; i++) {
		const struct pair *pair = &view->pairs.v[i];
		struct json_object *object = json_object_new_object();

		json_put_string(object, "name", pair->name);
		json_put_string(object, "state",
				answer_word(findings_worst(findings, pair->name)));
		json_object_array_add(array, object);
	}
	return array;
}

struct json_object *answer_json(const struct view *view, const struct findings *findings)
{
	struct json_object *root = json_object_new_object();
	char *text = answer_summary(view, findings);

	json_put(root, "schema", json_object_new_int(JSON_SCHEMA));
	json_put_string(root, "state", answer_word(findings_worst(findings, NULL)));
	json_put_string(root, "summary", text);
	json_put(root, "pairs", pairs_json(view, findings));
	json_put(root, "findings", json_findings(findings));
	free(text);
	return root;
}
