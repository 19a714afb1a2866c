/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The network links of this namespace as the kernel's own notifications show
 * them; nothing polls. Who wants to know of changes registers a watcher; who
 * wants to know how it stands asks for a link. The only user of libnl-route-3.
 *
 *	link_open(&links, event);
 *	link_watch(links, &(struct link_watcher){ .changed = on_link, .data = me });
 *	...
 *	static void on_link(void *data, const struct link_state *before,
 *			    const struct link_state *now)
 *	{
 *		if (now && now->master == pair->ifindex && link_carries(now) &&
 *		    !(before && link_carries(before)))
 *			the VF (or standby) of the pair is up with carrier;
 *	}
 */
#ifndef FAILOVERD_LINK_H
#define FAILOVERD_LINK_H

#include <systemd/sd-event.h>

#include "common/model.h"

struct link_state {
	uint32_t ifindex;
	char ifname[IFNAMSIZ];	/* as the kernel has it: for its interfaces */
	char name[NAME_LEN];	/* the same fit for people, the journal and JSON */
	char bus[WORD_LEN];	/* "0000:02:00.0", as struct link has it; "": no hardware */
	uint8_t mac[MAC_LEN];
	bool has_mac;
	uint32_t master;	/* ifindex; 0: none */
	bool up;		/* an administrator (or the module) set it up */
	bool carrier;		/* and the driver sees a link */
	bool slave;		/* IFF_SLAVE: a lower of a failover pair, a bond or a team */
	bool bridge;
	uint32_t mtu;
};

struct link_watcher {
	/* before NULL: it came; now NULL: it left. Both are valid during the call alone. */
	void (*changed)(void *data, const struct link_state *before, const struct link_state *now);
	/*
	 * After all the changes that came at once. resynced: notifications were
	 * lost, and all links were read again; changed() told the differences.
	 */
	void (*settled)(void *data, bool resynced);
	void *data;
};

struct links_view;

/* Knows all links on return: 0, or a negative errno. Calls no watcher before the loop runs. */
int link_open(struct links_view **view, sd_event *event);
/* Either function may be NULL. Watchers are called in the order in which they came. */
void link_watch(struct links_view *view, const struct link_watcher *watcher);
void link_close(struct links_view *view);

/* NULL: none. What they return is valid until the event loop goes on. */
const struct link_state *link_by_index(const struct links_view *view, uint32_t ifindex);
const struct link_state *link_by_name(const struct links_view *view, const char *ifname);
/* Several links may share a MAC or a device: the first one after that one (NULL: at all). */
const struct link_state *link_by_mac(const struct links_view *view, const uint8_t mac[MAC_LEN],
				     const struct link_state *after);
const struct link_state *link_by_bus(const struct links_view *view, const char *bus,
				     const struct link_state *after);
const struct link_state *link_next(const struct links_view *view, const struct link_state *after);

/* It is there, up, and has carrier. */
bool link_carries(const struct link_state *link);

#endif
