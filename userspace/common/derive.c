// SPDX-License-Identifier: GPL-2.0
/* What happened where the module tells nothing: sysfs, looked at again and again. */
#include <time.h>

#include "common/changes.h"
#include "common/derive.h"

static uint64_t clock_ns(clockid_t id)
{
	struct timespec ts = { 0 };

	clock_gettime(id, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

int derive_look(struct derive *derive, struct genl_events *events)
{
	struct genl_event now = { 0 };
	struct view view;
	int ret;

	ret = pairs_gather(&view);
	if (ret) {
		pairs_free(&view);
		return ret;
	}
	now.boottime = clock_ns(CLOCK_BOOTTIME);
	now.realtime = clock_ns(CLOCK_REALTIME);
	if (events && derive->looked)
		changes_find(&derive->seen.pairs, &view.pairs, &now, events);
	pairs_free(&derive->seen);
	derive->seen = view;
	derive->looked = true;
	return 0;
}

void derive_forget(struct derive *derive)
{
	pairs_free(&derive->seen);
	derive->looked = false;
}
