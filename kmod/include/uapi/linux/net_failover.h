/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * net_failover: a generic netlink family that shows failover pairs.
 *
 * A pair is one master interface over two lowers that share its MAC address:
 * the standby (virtio-net, always there) and the primary (a passed-through
 * VF, which comes and goes). The kernel alone decides which lower carries
 * traffic; this family tells what it decided and why.
 *
 * Commands
 *
 *   NET_FAILOVER_CMD_PAIR_GET   Everybody may ask. A "do" request names the
 *	master by NET_FAILOVER_A_IFINDEX or NET_FAILOVER_A_IFNAME and is
 *	answered by one message; a dump is answered by one message a pair.
 *	Only the pairs of the caller's network namespace are seen.
 *	Errors: -EINVAL no master named, -ENODEV no such device,
 *	-EOPNOTSUPP the device is no failover master.
 *
 *   NET_FAILOVER_CMD_EVENT_GET  Everybody may ask. Dump only: what happened,
 *	oldest first, one message an event. The module keeps the last
 *	NET_FAILOVER_EVENTS_KEPT of all pairs, also of those that ended.
 *
 *   NET_FAILOVER_CMD_DRAIN, _UNDRAIN, _ANNOUNCE   CAP_NET_ADMIN in the user
 *	namespace of the pair's network namespace. "do" requests that name
 *	the master. DRAIN moves traffic to the standby and holds the primary
 *	back until UNDRAIN or until it leaves: -ENODEV there is no primary,
 *	-ENETDOWN the standby cannot carry traffic (nothing changes).
 *	ANNOUNCE tells the network anew where the master is.
 *
 *   NET_FAILOVER_CMD_EVENT_NTF  Sent to the multicast group
 *	NET_FAILOVER_MCGRP_EVENTS as each event happens.
 *
 * A message of a pair carries the NET_FAILOVER_A_* attributes, and one
 * NET_FAILOVER_A_LOWER nest for each lower that is there. A message of an
 * event carries NET_FAILOVER_A_IFINDEX, _IFNAME and one NET_FAILOVER_A_EVENT
 * nest. Events are numbered from 1 within an epoch, which is the life of the
 * module; a reader that misses a number asks for a dump.
 *
 * Attributes are only ever appended. A reader ignores those that it does not
 * know and does without those that are missing.
 */
#ifndef _UAPI_LINUX_NET_FAILOVER_H
#define _UAPI_LINUX_NET_FAILOVER_H

#define NET_FAILOVER_GENL_NAME		"net_failover"
#define NET_FAILOVER_GENL_VERSION	1
#define NET_FAILOVER_MCGRP_EVENTS	"events"
#define NET_FAILOVER_EVENTS_KEPT	128

enum net_failover_cmd {
	NET_FAILOVER_CMD_UNSPEC,
	NET_FAILOVER_CMD_PAIR_GET,
	NET_FAILOVER_CMD_EVENT_GET,
	NET_FAILOVER_CMD_DRAIN,
	NET_FAILOVER_CMD_UNDRAIN,
	NET_FAILOVER_CMD_ANNOUNCE,
	NET_FAILOVER_CMD_EVENT_NTF,

	__NET_FAILOVER_CMD_MAX,
};
#define NET_FAILOVER_CMD_MAX (__NET_FAILOVER_CMD_MAX - 1)

/* What a lower is to its master. */
enum net_failover_role {
	NET_FAILOVER_ROLE_NONE,		/* as NET_FAILOVER_A_ACTIVE: neither */
	NET_FAILOVER_ROLE_STANDBY,
	NET_FAILOVER_ROLE_PRIMARY,
};

/* Why the lower in use is the one in use (NET_FAILOVER_A_REASON). */
enum net_failover_reason {
	NET_FAILOVER_REASON_UNSPEC,
	NET_FAILOVER_REASON_MASTER_DOWN,	/* none: the master is down */
	NET_FAILOVER_REASON_PRIMARY_FIT,	/* primary: it can carry traffic */
	NET_FAILOVER_REASON_NO_PRIMARY,		/* standby: there is no primary */
	NET_FAILOVER_REASON_PRIMARY_SETUP,	/* standby: the primary is not configured yet */
	NET_FAILOVER_REASON_PRIMARY_DOWN,	/* standby: the primary is down */
	NET_FAILOVER_REASON_PRIMARY_DETACHED,	/* standby: the primary's driver took it away */
	NET_FAILOVER_REASON_PRIMARY_NO_CARRIER,	/* standby: the primary has no carrier */
	NET_FAILOVER_REASON_PRIMARY_STARTING,	/* standby: it has carrier, but no queues yet */
	NET_FAILOVER_REASON_PRIMARY_DRAINED,	/* standby: held back by an administrator */
	NET_FAILOVER_REASON_PRIMARY_LEAVING,	/* standby: the primary is being removed */
	NET_FAILOVER_REASON_STANDBY_UNFIT,	/* primary, held back: the standby can't */
	NET_FAILOVER_REASON_NONE_FIT,		/* none: neither lower can carry traffic */

	__NET_FAILOVER_REASON_MAX,
};
#define NET_FAILOVER_REASON_MAX (__NET_FAILOVER_REASON_MAX - 1)

/* What happened (NET_FAILOVER_A_EVENT_KIND). */
enum net_failover_event {
	NET_FAILOVER_EVENT_UNSPEC,
	NET_FAILOVER_EVENT_CREATED,	/* a master appeared */
	NET_FAILOVER_EVENT_DESTROYED,	/* and is gone */
	NET_FAILOVER_EVENT_CLAIMED,	/* a lower belongs to the master */
	NET_FAILOVER_EVENT_CONFIGURED,	/* it has the master's MTU, addresses and VLANs */
	NET_FAILOVER_EVENT_FAILED,	/* it could not be claimed, configured or opened: ERROR */
	NET_FAILOVER_EVENT_LEAVING,	/* its removal was announced */
	NET_FAILOVER_EVENT_RELEASED,	/* it is gone */
	NET_FAILOVER_EVENT_SWITCH,	/* the lower in use changed: FROM, TO, REASON */
	NET_FAILOVER_EVENT_DRAINED,	/* an administrator holds the primary back */
	NET_FAILOVER_EVENT_UNDRAINED,

	__NET_FAILOVER_EVENT_MAX,
};
#define NET_FAILOVER_EVENT_MAX (__NET_FAILOVER_EVENT_MAX - 1)

/* What is known of a lower (NET_FAILOVER_A_LOWER_STATE, bits). */
#define NET_FAILOVER_LOWER_CONFIGURED	(1 << 0) /* has the master's MTU, addresses and VLANs */
#define NET_FAILOVER_LOWER_UP		(1 << 1) /* running */
#define NET_FAILOVER_LOWER_ATTACHED	(1 << 2) /* its driver says that the hardware is there */
#define NET_FAILOVER_LOWER_CARRIER	(1 << 3) /* has carrier */
#define NET_FAILOVER_LOWER_ACTIVATED	(1 << 4) /* its transmit queues accept frames */
#define NET_FAILOVER_LOWER_DRAINED	(1 << 5) /* held back by an administrator */
#define NET_FAILOVER_LOWER_LEAVING	(1 << 6) /* its removal has begun */
#define NET_FAILOVER_LOWER_ADMIN_DOWN	(1 << 7) /* somebody else set it down; we leave it so */

enum net_failover_attr {
	NET_FAILOVER_A_UNSPEC,
	NET_FAILOVER_A_PAD,
	NET_FAILOVER_A_IFINDEX,		/* u32: the master */
	NET_FAILOVER_A_IFNAME,		/* string: the master */
	NET_FAILOVER_A_MAC,		/* binary, 6 bytes: by which lowers are matched */
	NET_FAILOVER_A_ACTIVE,		/* u32: enum net_failover_role */
	NET_FAILOVER_A_REASON,		/* u32: enum net_failover_reason */
	NET_FAILOVER_A_SWITCHES,	/* u64: how often the lower in use changed */
	NET_FAILOVER_A_SINCE,		/* u64: CLOCK_BOOTTIME of the last change, ns */
	NET_FAILOVER_A_TX_DROPPED,	/* u64: frames that no lower could take */
	NET_FAILOVER_A_LOWER,		/* nest of NET_FAILOVER_A_LOWER_*, one a lower */
	NET_FAILOVER_A_MODULE_VERSION,	/* string */
	NET_FAILOVER_A_FLOOD_LOST,	/* u64: flooded frames that no lower delivered */
	NET_FAILOVER_A_EVENT,		/* nest of NET_FAILOVER_A_EVENT_* */

	__NET_FAILOVER_A_MAX,
};
#define NET_FAILOVER_A_MAX (__NET_FAILOVER_A_MAX - 1)

enum net_failover_lower_attr {
	NET_FAILOVER_A_LOWER_UNSPEC,
	NET_FAILOVER_A_LOWER_PAD,
	NET_FAILOVER_A_LOWER_ROLE,	/* u32: enum net_failover_role */
	NET_FAILOVER_A_LOWER_IFINDEX,	/* u32 */
	NET_FAILOVER_A_LOWER_IFNAME,	/* string */
	NET_FAILOVER_A_LOWER_STATE,	/* u32: NET_FAILOVER_LOWER_* bits */
	NET_FAILOVER_A_LOWER_ERROR,	/* s32: negative errno of its last configuration, or 0 */
	NET_FAILOVER_A_LOWER_RX_PACKETS,/* u64: frames that the master took from this path */
	NET_FAILOVER_A_LOWER_RX_BYTES,	/* u64: with Ethernet header, as on the wire */
	NET_FAILOVER_A_LOWER_TX_PACKETS,/* u64: frames that the master sent by this path */
	NET_FAILOVER_A_LOWER_TX_BYTES,	/* u64 */
	NET_FAILOVER_A_LOWER_RX_IDLE,	/* u64: delivered though this path was not in use */
	NET_FAILOVER_A_LOWER_RX_IGNORED,/* u64: frames dropped since this path was not in use */
	NET_FAILOVER_A_LOWER_TX_SILENCED,/* u64: others' frames, kept from leaving it unused */

	__NET_FAILOVER_A_LOWER_MAX,
};
#define NET_FAILOVER_A_LOWER_MAX (__NET_FAILOVER_A_LOWER_MAX - 1)

enum net_failover_event_attr {
	NET_FAILOVER_A_EVENT_UNSPEC,
	NET_FAILOVER_A_EVENT_PAD,
	NET_FAILOVER_A_EVENT_EPOCH,	/* u64: of the module's life; see above */
	NET_FAILOVER_A_EVENT_SEQ,	/* u64: from 1 */
	NET_FAILOVER_A_EVENT_KIND,	/* u32: enum net_failover_event */
	NET_FAILOVER_A_EVENT_BOOTTIME,	/* u64: CLOCK_BOOTTIME, ns */
	NET_FAILOVER_A_EVENT_REALTIME,	/* u64: CLOCK_REALTIME, ns */
	NET_FAILOVER_A_EVENT_ROLE,	/* u32: enum net_failover_role of the lower meant */
	NET_FAILOVER_A_EVENT_LOWER_IFINDEX, /* u32: that lower (SWITCH: the one in use now) */
	NET_FAILOVER_A_EVENT_LOWER_IFNAME, /* string */
	NET_FAILOVER_A_EVENT_FROM,	/* u32: enum net_failover_role (SWITCH) */
	NET_FAILOVER_A_EVENT_TO,	/* u32: enum net_failover_role (SWITCH) */
	NET_FAILOVER_A_EVENT_REASON,	/* u32: enum net_failover_reason (SWITCH) */
	NET_FAILOVER_A_EVENT_GAP,	/* u64: ns without a lower in use before it (SWITCH) */
	NET_FAILOVER_A_EVENT_DROPPED,	/* u64: frames dropped at transmit in that time (SWITCH) */
	NET_FAILOVER_A_EVENT_ERROR,	/* s32: negative errno (FAILED) */

	__NET_FAILOVER_A_EVENT_MAX,
};
#define NET_FAILOVER_A_EVENT_MAX (__NET_FAILOVER_A_EVENT_MAX - 1)

#endif /* _UAPI_LINUX_NET_FAILOVER_H */
