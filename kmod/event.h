/* SPDX-License-Identifier: GPL-2.0 */
/* What happened, kept for whoever asks later. */
#ifndef NFO_EVENT_H
#define NFO_EVENT_H

#include "nfo.h"

/* One entry of the ring; zero is "nothing to say" in each field but seq. */
struct nfo_event {
	u64 seq;
	u64 boot_ns, real_ns;
	unsigned int netns;		/* number of the master's namespace */
	int master_ifindex, lower_ifindex;
	char master[IFNAMSIZ], lower[IFNAMSIZ];
	enum net_failover_event kind;
	enum net_failover_role role;
	enum net_failover_role from, to;
	enum net_failover_reason reason;
	u64 gap_ns, dropped;
	int err;
};

u64 nfo_event_epoch(void);
bool nfo_event_next(u64 after, struct nfo_event *event);
void nfo_event_lower(const struct nfo_lower *lower, const struct net_device *dev,
		     enum net_failover_event kind, int err);
void nfo_event_pair(struct nfo_pair *pair, enum net_failover_event kind);
void nfo_event_switch(struct nfo_pair *pair, enum net_failover_role from,
		      const struct net_device *to, u64 gap_ns, u64 dropped);
void nfo_event_init(struct nfo_pair *pair);
void nfo_event_stop(struct nfo_pair *pair);

/* netlink.c: to the multicast group. Process context. */
void nfo_netlink_notify(struct net *net, const struct nfo_event *event);

#endif /* NFO_EVENT_H */
