/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What is known of this machine's failover pairs: plain structs that the
 * readers fill (sysfs.c, genl.c), pairs.c joins and the programs print.
 * Every string in here is printable ASCII: readers escape what is not, since
 * an interface name may hold any byte but '/', ':' and white space.
 */
#ifndef COMMON_MODEL_H
#define COMMON_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <net/if.h>
#include <linux/net_failover.h>

#define NAME_LEN	(4 * IFNAMSIZ)	/* each byte escaped as \xNN */
#define WORD_LEN	64
#define MAC_LEN		6

struct counters {
	uint64_t rx_packets, rx_bytes, tx_packets, tx_bytes;
};

/* A network card. Devices without hardware are left out. */
struct link {
	char ifname[IFNAMSIZ];		/* as the kernel has it; not for printing */
	char name[NAME_LEN];
	char master[NAME_LEN];		/* empty: none */
	uint32_t master_ifindex;	/* from netlink alone */
	char driver[WORD_LEN];
	char bus[WORD_LEN];		/* PCI address, else the name on its bus */
	uint64_t device;		/* equal for netdevs of the same device */
	uint32_t ifindex;
	uint8_t mac[MAC_LEN];
	bool has_mac;
	bool up;
	int carrier;			/* 1, 0, or -1: not known (device is down) */
	int mtu;
	int speed;			/* Mbit/s, -1: not known */
	struct counters counters;
	bool virtio;			/* its driver is virtio_net */
	bool negotiated;		/* VIRTIO_NET_F_STANDBY */
	bool standby_port;		/* phys_port_name says "sby" */
	uint32_t pair;			/* ifindex of the master of its pair; 0: of none */
};

/* In the order of their ifindex. */
struct links {
	struct link *v;
	size_t n;
};

struct lower {
	bool present;
	uint32_t ifindex;
	char name[NAME_LEN];
	const struct link *link;	/* NULL: gone meanwhile */

	/* From our module alone. */
	bool has_state, has_path, has_silenced;
	uint32_t state;			/* NET_FAILOVER_LOWER_* */
	int error;			/* negative errno of the last attempt to configure it */
	struct counters path;
	uint64_t rx_idle, rx_ignored, tx_silenced;
};

struct pair {
	uint32_t ifindex;
	char name[NAME_LEN];
	uint8_t mac[MAC_LEN];
	bool has_mac;
	const struct link *link;	/* of the master; NULL: gone meanwhile */
	bool derived;			/* active and reason are concluded from sysfs */
	uint32_t active;		/* enum net_failover_role, or a newer module's */
	uint32_t reason;		/* enum net_failover_reason, or a newer module's */
	struct lower primary, standby;

	/* From our module alone. */
	bool has_switches, has_since, has_dropped, has_flood_lost;
	uint64_t switches, since, tx_dropped, flood_lost;
};

struct pairs {
	struct pair *v;
	size_t n;
};

enum module_kind {
	MODULE_NONE,
	MODULE_IN_TREE,			/* the distribution's */
	MODULE_OURS,
};

struct module {
	enum module_kind kind;
	char version[WORD_LEN];		/* ours alone has one */
	char refused[4 * WORD_LEN];	/* why the kernel did not take ours; empty: it did */
};

#endif
