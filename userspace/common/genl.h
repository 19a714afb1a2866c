/* SPDX-License-Identifier: GPL-2.0 */
/* Speaks the generic netlink family net_failover. */
#ifndef COMMON_GENL_H
#define COMMON_GENL_H

#include "common/model.h"

/*
 * All pairs of this network namespace, as our module tells them. -ENOENT:
 * the kernel does not have the family; -EBADMSG and -ERANGE: an answer that
 * breaks the protocol. On failure pairs is empty.
 */
int genl_pairs(struct pairs *pairs);

/*
 * The same from a dump of len bytes in memory, aligned as malloc does and with
 * room up to the next multiple of 4: libmnl rounds every length up.
 */
int genl_parse(const void *dump, size_t len, struct pairs *pairs);

struct genl_event {
	uint64_t epoch, seq;		/* seq counts from 1 within an epoch */
	uint64_t boottime, realtime;	/* ns */
	uint32_t kind;			/* enum net_failover_event, or a newer module's */
	uint32_t ifindex;		/* the master */
	char name[NAME_LEN];
	uint32_t role;			/* the lower meant; ROLE_NONE and "": none */
	uint32_t lower_ifindex;
	char lower[NAME_LEN];
	int error;			/* negative errno, or 0 */

	/* Of a switch. */
	bool has_switch, has_gap, has_dropped;
	uint32_t from, to, reason;
	uint64_t gap;			/* ns without a lower in use */
	uint64_t dropped;		/* frames dropped at transmit meanwhile */
};

struct genl_events {
	struct genl_event *v;
	size_t n;
};

/*
 * What the module's ring holds, oldest first. Fails as genl_pairs() does;
 * -EOPNOTSUPP: a module that is older than events.
 */
int genl_events(struct genl_events *events);
int genl_parse_events(const void *dump, size_t len, struct genl_events *events);
void genl_events_free(struct genl_events *events);

/*
 * DRAIN, UNDRAIN or ANNOUNCE of the master that has this name in the kernel.
 * On failure why holds the kernel's own words, or is empty.
 */
#define GENL_WHY_LEN 256
int genl_request(enum net_failover_cmd cmd, const char *ifname, char why[GENL_WHY_LEN]);

/*
 * Events as they happen, each once, none missed unnoticed: a subscription that
 * reads the ring by itself at its start, where numbers are missing, and where
 * the kernel had to drop messages. Lives on across reloads of the module.
 */
struct genl_watch;

struct genl_news {
	struct genl_events events;	/* oldest first */
	bool present;			/* the family is there, with events */
	bool overrun;			/* messages were dropped; the ring was read again */
	bool reloaded;			/* the first of a new epoch are among them */
	uint64_t lost;			/* at least so many events the ring had forgotten */
};

/*
 * Starts after event seq of epoch (all that the ring holds: 0, 0). Works
 * without the module: its events come once it is loaded. Call
 * genl_watch_read() once right away, then whenever the fd is readable.
 */
int genl_watch_open(struct genl_watch **watch, uint64_t epoch, uint64_t seq);
int genl_watch_fd(const struct genl_watch *watch);
/*
 * Never blocks for long. -EAGAIN: the ring moved too fast; call again soon.
 * Another error may pass; calling again resumes. Free news->events always.
 */
int genl_watch_read(struct genl_watch *watch, struct genl_news *news);
void genl_watch_close(struct genl_watch *watch);

#endif
