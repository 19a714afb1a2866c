/* SPDX-License-Identifier: GPL-2.0 */
/* Where monitor's events come from: the module, or looking again at sysfs. */
#ifndef FAILOVERCTL_SOURCE_H
#define FAILOVERCTL_SOURCE_H

#include "common/derive.h"
#include "common/genl.h"
#include "common/genl_watch.h"

struct source {
	struct genl_watch *watch;	/* NULL on a machine that a test made */
	struct genl_place place;	/* there */
	int links;			/* is readable when a network card changed; -1: none */
	struct derive derive;		/* for what no module tells */
	bool told;			/* by a module of ours */
};

/* What happened before is none of our business. 0 or a negative errno. */
int source_open(struct source *source);
int source_fds(const struct source *source, int *fds);
/* Never blocks. Free news->events. 0, or a negative errno that may pass. */
int source_read(struct source *source, struct genl_news *news);
void source_close(struct source *source);

#endif
