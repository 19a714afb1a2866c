// SPDX-License-Identifier: GPL-2.0
/* A view for a command, of the devices that it was asked about. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/escape.h"
#include "common/mem.h"
#include "common/sysfs.h"
#include "failoverctl/view.h"

int view_gather(const char *command, struct view *view)
{
	int ret = pairs_gather(view);

	if (!ret)
		return 0;
	fprintf(stderr, "%s: cannot read %s/class/net: %s\n", command, sysfs_root(),
		strerror(-ret));
	pairs_free(view);
	return SEVERITY_UNKNOWN;
}

/* Why a name is of no pair. */
static const char *why_not(const struct links *links, const char *name)
{
	size_t i;

	for (i = 0; i < links->n; i++) {
		if (strcmp(links->v[i].name, name))
			continue;
		return links->v[i].virtio && !links->v[i].negotiated ?
		       "of no failover pair: VIRTIO_NET_F_STANDBY was not negotiated" :
		       "of no failover pair";
	}
	return "no such network card";
}

char *view_why_not(const struct view *view, char **names)
{
	char name[NAME_LEN];

	for (; *names; names++) {
		escape_copy(name, sizeof(name), *names);
		if (!pairs_find(&view->pairs, name))
			return mem_printf("%s: %s", name, why_not(&view->links, name));
	}
	return NULL;
}

int view_check(const char *command, const struct view *view, char **names)
{
	char *why = view_why_not(view, names);

	if (!why)
		return 0;
	fprintf(stderr, "%s: %s\n", command, why);
	free(why);
	return SEVERITY_UNKNOWN;
}

static bool is_asked_for(const struct pair *pair, char **names)
{
	struct pairs one = { (struct pair *)pair, 1 };
	char name[NAME_LEN];

	for (; *names; names++) {
		escape_copy(name, sizeof(name), *names);
		if (pairs_find(&one, name))
			return true;
	}
	return false;
}

static void keep_pairs(struct pairs *pairs, char **names)
{
	size_t i, kept = 0;

	for (i = 0; i < pairs->n; i++)
		if (is_asked_for(&pairs->v[i], names))
			pairs->v[kept++] = pairs->v[i];
	pairs->n = kept;
}

void view_keep(struct view *view, struct findings *findings, char **names)
{
	if (!*names)
		return;
	keep_pairs(&view->pairs, names);
	findings_keep(findings, &view->pairs);
}
