// SPDX-License-Identifier: GPL-2.0
/* What systemctl status says of the daemon. */
#include <syslog.h>

#include "common/mem.h"
#include "common/sysfs.h"
#include "failoverd/status.h"

#define DERIVED	"events are concluded from links, so when exactly they happened " \
		"and what they cost is not known"

char *status_untold(bool pairs, int *priority)
{
	struct module module;

	sysfs_module(&module);
	*priority = module.kind == MODULE_NONE && !pairs ? LOG_INFO : LOG_WARNING;
	switch (module.kind) {
	case MODULE_OURS:
		return mem_printf("net_failover %s is older than failoverd and tells nothing: "
				  DERIVED, module.version);
	case MODULE_NONE:
		if (!pairs)
			return mem_printf("no net_failover module is loaded");
		break;		/* the in-tree one, built into the kernel */
	case MODULE_IN_TREE:
		break;
	}
	return mem_printf("net_failover is the in-tree module, which tells nothing: " DERIVED);
}

char *status_pairs(const struct policy *policy)
{
	size_t i, away = 0, degraded = 0;

	for (i = 0; i < policy->n; i++) {
		away += policy->v[i].away;
		degraded += policy->v[i].degraded;
	}
	return mem_printf("watching %zu pair%s: %zu not on the primary, %zu degraded", policy->n,
			  policy->n == 1 ? "" : "s", away, degraded);
}
