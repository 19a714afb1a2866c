// SPDX-License-Identifier: GPL-2.0
/* failoverctl check: may this guest be migrated now? As monitoring plugins answer. */
#include <stdio.h>
#include <stdlib.h>

#include "common/answer.h"
#include "common/json.h"
#include "common/ready.h"
#include "failoverctl/args.h"
#include "failoverctl/cmd.h"
#include "failoverctl/page.h"
#include "failoverctl/view.h"

static void show(const struct view *view, const struct findings *findings, bool json)
{
	enum severity worst = findings_worst(findings, NULL);
	const struct page page = page_stdout();
	char *text;
	size_t i;

	if (json) {
		json_print(answer_json(view, findings), false);
		return;
	}
	text = answer_summary(view, findings);
	fputs("FAILOVER ", stdout);
	page_state(&page, worst, answer_plugin(worst));
	printf(" - %s\n", text);
	for (i = 0; i < findings->n; i++)
		page_finding(&page, &findings->v[i]);
	free(text);
}

static int refuse(char *why)
{
	printf("FAILOVER %s - %s\n", answer_plugin(SEVERITY_UNKNOWN), why);
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
