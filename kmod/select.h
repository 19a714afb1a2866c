/* SPDX-License-Identifier: GPL-2.0 */
/* What is known of both lowers, and what follows from it. No side effects;
 * compiles in the kernel and on the host, where tests/unit/test_select.c runs it.
 */
#ifndef NFO_SELECT_H
#define NFO_SELECT_H

#ifdef __KERNEL__
#include <linux/types.h>
#else
#include <stdbool.h>
#endif
#include <linux/net_failover.h>

struct nfo_lower_facts {
	bool present;		/* there is such a lower */
	bool configured;	/* has the master's MTU, addresses and VLANs */
	bool up;		/* running, and not about to be closed */
	bool attached;		/* netif_device_present() */
	bool carrier;
	bool activated;		/* its queues are not the noop qdisc */
	bool drained;		/* an administrator holds it back */
	bool leaving;		/* its removal has begun */
};

struct nfo_facts {
	bool master_up;
	struct nfo_lower_facts standby;
	struct nfo_lower_facts primary;
};

struct nfo_decision {
	enum net_failover_role active;
	enum net_failover_reason reason;
};

bool nfo_fit(const struct nfo_lower_facts *lower);
struct nfo_decision nfo_select(const struct nfo_facts *facts);

#endif /* NFO_SELECT_H */
