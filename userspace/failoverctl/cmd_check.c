// SPDX-License-Identifier: GPL-2.0
/* failoverctl check: may this guest be migrated now? As monitoring plugins answer. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "common/mem.h"
#include "common/ready.h"
#include "common/words.h"
#include "failoverctl/args.h"
#include "failoverctl/cmd.h"
#include "failoverctl/json.h"
#include "failoverctl/page.h"
#include "failoverctl/view.h"

static const struct {
	const char *plugin, *word;
} states[] = {
	[SEVERITY_GOOD] = { "OK", "ready" },
	[SEVERITY_DEGRADED] = { "WARNING", "degraded" },
	[SEVERITY_BAD] = { "CRITICAL", "not-ready" },
	[SEVERITY_UNKNOWN] = { "UNKNOWN", "unknown" },
};

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
static char *summary(const struct view *view, const struct findings *findings)
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
				states[findings_worst(findings, pair->name)].word);
		json_object_array_add(array, object);
	}
	return array;
}

static void show(const struct view *view, const struct findings *findings, bool json)
{
	enum severity worst = findings_worst(findings, NULL);
	char *text = summary(view, findings);

	if (json) {
		struct json_object *root = json_object_new_object();

		json_put(root, "schema", json_object_new_int(JSON_SCHEMA));
		json_put_string(root, "state", states[worst].word);
		json_put_string(root, "summary", text);
		json_put(root, "pairs", pairs_json(view, findings));
		json_put(root, "findings", json_findings(findings));
		json_print(root, false);
	} else {
		const struct page page = page_stdout();
		size_t i;

		fputs("FAILOVER ", stdout);
		page_state(&page, worst, states[worst].plugin);
		printf(" - %s\n", text);
		for (i = 0; i < findings->n; i++)
			page_finding(&page, &findings->v[i]);
	}
	free(text);
}

static int refuse(char *why)
{
	printf("FAILOVER %s - %s\n", states[SEVERITY_UNKNOWN].plugin, why);
	free(why);
	return SEVERITY_UNKNOWN;
}

static int check(const struct view *view, const struct args *args)
{
	struct findings findings;
	struct view kept = *view;
	struct guest guest;
	int ret;

	guest_look(&view->links, &guest);
	ready_make(view, &guest, &findings);
	view_keep(&kept, &findings, args->names);
	show(&kept, &findings, args->json);
	ret = findings_worst(&findings, NULL);
	findings_free(&findings);
	guest_free(&guest);
	return ret;
}

int cmd_check(int argc, char **argv)
{
	struct args args;
	struct view view;
	char *why;
	int ret = args_read(argc, argv, "j", &args);

	if (ret)
		return ret == ARGS_DONE ? 0 : ret;
	ret = view_gather(argv[0], &view);
	if (ret)
		return ret;
	why = view_why_not(&view, args.names);
	ret = why ? refuse(why) : check(&view, &args);
	pairs_free(&view);
	return ret;
}
