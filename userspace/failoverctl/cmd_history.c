// SPDX-License-Identifier: GPL-2.0
/* failoverctl history: the module's ring of events. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <json-c/json.h>
#include <libsmartcols.h>

#include "common/findings.h"
#include "common/json.h"
#include "common/mem.h"
#include "common/recorded.h"
#include "common/sysfs.h"
#include "common/words.h"
#include "failoverctl/args.h"
#include "failoverctl/cmd.h"
#include "failoverctl/events.h"
#include "failoverctl/page.h"

static const struct page_column columns[] = {
	{ "TIME", false }, { "MASTER", false }, { "EVENT", false }, { "ROLE", false },
	{ "CARD", false }, { "", false },
};

static void add_line(struct libscols_table *table, const struct genl_event *event)
{
	struct libscols_line *line = scols_table_new_line(table, NULL);
	char date[EVENTS_DATE_LEN];

	events_date(event->realtime, date);
	scols_line_set_data(line, 0, date);
	scols_line_set_data(line, 1, event->name);
	scols_line_set_data(line, 2, words_event(event->kind));
	scols_line_set_data(line, 3, event->role ? words_role(event->role) : "");
	scols_line_set_data(line, 4, event->lower);
	scols_line_refer_data(line, 5, events_text(event));	/* the line frees it */
}

static void show_text(const struct genl_events *events, char **names)
{
	const struct page page = page_stdout();
	struct libscols_table *table = page_new_table(columns, 6);
	size_t i;

	for (i = 0; i < events->n; i++)
		if (events_match(&events->v[i], names))
			add_line(table, &events->v[i]);
	if (scols_table_is_empty(table))
		puts("nothing happened since the module was loaded");
	page_table(&page, table, 0);
}

static void show_json(const struct genl_events *events, char **names)
{
	struct json_object *root = json_object_new_object();
	struct json_object *array = json_object_new_array();
	size_t i;

	for (i = 0; i < events->n; i++)
		if (events_match(&events->v[i], names))
			json_object_array_add(array, events_json(&events->v[i]));
	json_put(root, "schema", json_object_new_int(JSON_SCHEMA));
	json_put(root, "events", array);
	json_print(root, false);
}

int cmd_history(int argc, char **argv)
{
	struct genl_events events;
	struct args args;
	int ret = args_read(argc, argv, "j", &args);

	if (ret)
		return ret == ARGS_DONE ? 0 : ret;
	ret = sysfs_replaced() ? recorded_events(&events) : genl_events(&events);
	if (ret)
		return cmd_no_netlink(argv[0], ret);
	if (args.json)
		show_json(&events, args.names);
	else
		show_text(&events, args.names);
	genl_events_free(&events);
	return 0;
}
