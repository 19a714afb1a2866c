/* SPDX-License-Identifier: GPL-2.0 */
/* Private structs of the module.
 *
 * Locking, from the outside in:
 *
 *   RTNL		a lower is claimed, configured and released under it;
 *			nfo_pairs, nfo_lower.flags, .saved_*, .taken_features, .err,
 *			.promisc, .allmulti and .silencer are its own. Never held
 *			while waiting for anything but the kernel's own grace periods.
 *   nfo_pair.lock	(bh) what the choice of the active lower depends on and
 *			yields: nfo_lower.dev (writes; RTNL as well), the HOLD
 *			bits, .active, .decision, .phase, .switches, .since;
 *			and whether anything may still be queued. Taken in
 *			softirq at transmit when the active lower went away, so
 *			nothing is sent, printed or allocated under it.
 *   RCU		readers of nfo_lower.dev, nfo_pair.active and nfo_pairs.
 *
 * A lower's rx_handler_data is its struct nfo_lower: that, never the MAC
 * address, is how a lower that was claimed is found again (drivers rewrite
 * perm_addr when they reset).
 *
 * create.c includes this file, and what is included there decides the CRCs of
 * the exported symbols: include nothing here but what follows.
 */
#ifndef NFO_H
#define NFO_H

#include <linux/netdevice.h>
#include <linux/etherdevice.h>
#include <linux/u64_stats_sync.h>
#include <linux/workqueue.h>
#include <linux/timer.h>
#include <net/net_failover.h>
#include "select.h"

enum nfo_lower_index {
	NFO_STANDBY,
	NFO_PRIMARY,
	NFO_LOWERS,
};

/* struct nfo_lower.flags (RTNL) */
#define NFO_CONFIGURED	BIT(0)	/* has the master's MTU, addresses and VLANs */
#define NFO_ADMIN_DOWN	BIT(1)	/* set down by somebody else: not reopened */
#define NFO_WAS_UP	BIT(2)	/* was up when claimed: up again when released */
#define NFO_ADDR_ADDED	BIT(3)	/* receives for added_addr beside its own */

/* struct nfo_lower.hold (nfo_pair.lock) */
#define NFO_HOLD_CLOSING BIT(0)	/* NETDEV_GOING_DOWN was said */
#define NFO_HOLD_DRAINED BIT(1)
#define NFO_HOLD_LEAVING BIT(2)	/* about to be released */

/* What a lower delivers (struct nfo_lower.rx_mode, bits); phase.c tells when.
 * Unicast for the master is delivered by any lower, in any mode.
 */
#define NFO_RX_USE	BIT(0)	/* everything: the lower in use, and alone the usual case */
#define NFO_RX_OWN	BIT(1)	/* but not what we sent ourselves */
#define NFO_RX_FLOOD	BIT(2)	/* flooded frames are noted, see flood.c */
#define NFO_RX_FIRST	BIT(3)	/* and delivered by whichever lower is first */
#define NFO_RX_LEARN	BIT(4)	/* mind who sends, see station.c */

/* The phases of a switch, in their order; see phase.c. */
enum nfo_phase {
	NFO_STEADY,
	NFO_RECORD,
	NFO_GRACE,
	NFO_TAIL,
	NFO_SETTLE,
};

/* How long flooded frames are noted before a switch: more than the two copies
 * of one are apart.
 */
#define NFO_RECORD_MS	20

struct nfo_path_stats;

struct nfo_lower {
	struct net_device __rcu *dev;
	struct nfo_pair *pair;
	u8 rx_mode;		/* NFO_RX_*; written under nfo_pair.lock */
	u8 index;		/* enum nfo_lower_index, constant */
	u8 hold;		/* NFO_HOLD_* */
	u8 flags;		/* NFO_CONFIGURED ... */
	struct nfo_path_stats __percpu *stats;	/* constant, as the next */
	struct net_device *master;
	bool promisc;		/* our count is on the lower */
	bool allmulti;
	struct nf_hook_ops *silencer;	/* while it is registered; see silence.c */
	int err;		/* of the last attempt to configure it */
	unsigned int saved_mtu;	/* the lower's own, before it was claimed; as the next */
	netdev_features_t saved_features;
	u8 saved_addr[ETH_ALEN];
	u8 added_addr[ETH_ALEN];	/* RTNL; see addr.c */
	netdev_features_t taken_features;	/* on, had the master not switched them off */
	struct bpf_prog *xdp;	/* RTNL: the one of ours that its driver runs */
	struct netpoll __rcu *np;	/* while the master is polled; writes under RTNL */
};

/* Per CPU. 64 bit counters that never fall. */
struct nfo_path_stats {
	u64_stats_t rx_packets;
	u64_stats_t rx_bytes;		/* without ETH_HLEN for each packet */
	u64_stats_t rx_multicast;
	u64_stats_t rx_link_local;	/* of these: not flooded, but each port's own */
	u64_stats_t rx_idle;
	u64_stats_t rx_ignored;
	u64_stats_t rx_flood_ignored;	/* of these: others', flooded to both lowers */
	u64_stats_t tx_packets;
	u64_stats_t tx_bytes;
	u64_stats_t tx_silenced;
	u64_stats_t tx_not_taken;
	struct u64_stats_sync syncp;
};

struct nfo_pcpu_stats {
	struct nfo_path_stats path[NFO_LOWERS];
	u64_stats_t tx_dropped;		/* where there was no path */
	struct u64_stats_sync syncp;
};

/* Sums over all CPUs. */
struct nfo_path_sums {
	u64 rx_packets, rx_bytes, rx_multicast, rx_link_local;
	u64 rx_idle, rx_ignored, rx_flood_ignored;
	u64 tx_packets, tx_bytes, tx_silenced, tx_not_taken;
};

struct nfo_sums {
	struct nfo_path_sums path[NFO_LOWERS];
	u64 tx_dropped;
};

/* Flooded frames of the switch under way. */
#define NFO_FLOOD_RING 128U

struct nfo_flooded {
	u32 hash;
	u8 index;		/* enum nfo_lower_index: which lower brought it */
	bool delivered;
	bool matched;		/* its copy came by the other */
	bool early;		/* its copy may have come before noting began */
};

/* How many flooded frames each lower brought, at a moment. */
struct nfo_flood_mark {
	u64 alive;		/* whatever the lower in use brought */
	u64 delivered;		/* of that, flooded ones */
	u64 ignored;		/* flooded ones that the other brought */
};

struct nfo_flood {
	spinlock_t lock;	/* of all that follows; inside nfo_pair.lock */
	u32 seed;		/* of the hashes: nobody can make two frames alike */
	unsigned int noted;	/* since start; the ring holds the last ones */
	unsigned long start;	/* jiffies */
	u64 lost;		/* over all switches */
	u8 old;			/* enum nfo_lower_index: the path that is left */
	unsigned int ahead;	/* what the other brought, in vain, that it has not yet */
	unsigned int behind;	/* what it brought that the other has not yet */
	struct nfo_flooded *ring;	/* of NFO_FLOOD_RING; so that a master fits into 4 KiB */
};

struct nfo_vlan_tag {
	__be16 proto;		/* 0: untagged */
	u16 id;
};

#define NFO_STATION_BUCKETS 64

/* The master's netdev_priv(). */
struct nfo_pair {
	/* read for every packet */
	struct net_device __rcu *tx;	/* where to, without a closer look; never NULL */
	struct nfo_path_stats __percpu *tx_stats;
	struct nfo_lower __rcu *active;
	struct nfo_pcpu_stats __percpu *stats;
	struct net_device *dev;		/* the master */
	bool learn;			/* others send through the master; written under lock */
	bool polled;			/* netpoll may send; written under RTNL and lock */
	struct nfo_lower lower[NFO_LOWERS];

	spinlock_t lock;		/* see the top */
	struct nfo_decision decision;
	u64 switches;
	u64 since;			/* boot clock of the last switch, ns */
	u64 dark_drops;			/* tx_dropped when the last lower was left */
	bool dark_by_intent;		/* and it was since the master went down */
	unsigned long last_heal;	/* jiffies of the last healing announcement */

	struct list_head list;		/* nfo_pairs */
	struct net_device *standby_dev;	/* virtio_net's; compared, never followed */
	bool dying;			/* RTNL and lock: nothing is queued any more */
	bool own_change;		/* RTNL: it is us who change a lower's MTU or address */
	bool addr_change;		/* written under RTNL: the master's address changes */
	struct bpf_prog *xdp;		/* written under RTNL: for both lowers; a reference */
	unsigned int retry_ms;		/* back-off of config_work */
	unsigned int announce_round;	/* lock */
	struct delayed_work config_work;
	struct delayed_work announce_work;
	struct work_struct tell_work;
	u64 told;			/* tell_work's own: number of the last event */
	struct timer_list watch;

	enum nfo_phase phase;		/* lock */
	bool settling;			/* lock: what we sent ourselves may come back */
	struct timer_list phase_timer;
	struct nfo_flood flood;
	struct nfo_flood_mark flood_first;	/* lock, as the next: see flood.c */
	struct nfo_flood_mark flood_mark[2];
	unsigned long flood_marked;	/* jiffies of the last look */

	spinlock_t station_lock;	/* writers; readers by RCU */
	unsigned int station_count;
	u32 station_seed;
	unsigned long station_expired;	/* jiffies of the last look for who is gone */
	struct hlist_head stations[NFO_STATION_BUCKETS];

	struct failover failover;	/* virtio_net's handle; opaque to it */
};

static inline struct nfo_pair *nfo_pair_of_failover(struct failover *failover)
{
	return container_of(failover, struct nfo_pair, failover);
}

static inline enum net_failover_role nfo_role(const struct nfo_lower *lower)
{
	return lower->index == NFO_STANDBY ? NET_FAILOVER_ROLE_STANDBY : NET_FAILOVER_ROLE_PRIMARY;
}

/* True while frames handed to @dev can leave it: one load and mask. The
 * kernel's own news of a lost carrier comes up to a second later.
 */
static inline bool nfo_can_send(const struct net_device *dev)
{
	const unsigned long ready = BIT(__LINK_STATE_START) | BIT(__LINK_STATE_PRESENT);

	return (READ_ONCE(dev->state) & (ready | BIT(__LINK_STATE_NOCARRIER))) == ready;
}

/* pair.c */
extern struct list_head nfo_pairs;
struct nfo_pair *nfo_pair_create(struct net_device *standby);
void nfo_pair_destroy(struct nfo_pair *pair);
void nfo_pair_retry(struct nfo_pair *pair);
unsigned int nfo_pair_generation(void);

/* notify.c */
int nfo_notify_init(void);
void nfo_notify_exit(void);

/* leave.c */
int nfo_leave_init(void);
void nfo_leave_exit(void);

/* switch.c */
void nfo_switch_init(struct nfo_pair *pair);
void nfo_switch_stop(struct nfo_pair *pair);
void nfo_switch_update(struct nfo_pair *pair);
void nfo_switch_hold(struct nfo_lower *lower, const struct net_device *dev, u8 set, u8 clear);
void nfo_switch_set_dev(struct nfo_lower *lower, struct net_device *dev);
bool nfo_switch_steadily_idle(struct nfo_lower *lower);
void nfo_switch_learn(struct nfo_pair *pair, bool learn);
void nfo_switch_recorded(struct nfo_pair *pair);
void nfo_switch_facts(const struct nfo_lower *lower, struct nfo_lower_facts *facts);

/* phase.c */
void nfo_phase_init(struct nfo_pair *pair);
void nfo_phase_stop(struct nfo_pair *pair);
void nfo_phase_enter(struct nfo_pair *pair, enum nfo_phase phase);
void nfo_phase_apply(struct nfo_pair *pair);

/* flood.c */
int nfo_flood_init(struct nfo_flood *flood);
void nfo_flood_exit(struct nfo_flood *flood);
bool nfo_flood_accept(struct nfo_lower *lower, const struct sk_buff *skb, bool first);
void nfo_flood_count_lost(struct nfo_flood *flood);
void nfo_flood_mark_first(struct nfo_pair *pair, const struct nfo_lower *active);
void nfo_flood_mark(struct nfo_pair *pair, const struct nfo_lower *active);
void nfo_flood_begin(struct nfo_pair *pair, const struct nfo_lower *old, bool broken);

/* silence.c */
int nfo_silence_update(struct nfo_lower *lower, bool idle);

/* station.c */
void nfo_station_init(struct nfo_pair *pair);
void nfo_station_clear(struct nfo_pair *pair);
void nfo_station_learn(struct nfo_pair *pair, const struct sk_buff *skb);
void nfo_station_forget(struct nfo_pair *pair, const u8 *addr);
bool nfo_station_known(struct nfo_pair *pair, const u8 *addr);
void nfo_station_each(struct nfo_pair *pair,
		      void (*fn)(struct net_device *to, const u8 *addr, struct nfo_vlan_tag tag),
		      struct net_device *to);

/* announce.c */
void nfo_announce_init(struct nfo_pair *pair);
void nfo_announce_start(struct nfo_pair *pair);
void nfo_announce_stop(struct nfo_pair *pair);
void nfo_announce_heal(struct nfo_pair *pair, const struct sk_buff *skb);

/* xmit.c */
netdev_tx_t nfo_start_xmit(struct sk_buff *skb, struct net_device *dev);
rx_handler_result_t nfo_handle_frame(struct sk_buff **pskb);
void nfo_xmit_route(struct nfo_pair *pair);

/* netdev.c */
extern const struct net_device_ops nfo_netdev_ops;
void nfo_netdev_setup(struct net_device *master, const struct net_device *standby);
void nfo_netdev_update(struct nfo_pair *pair);

static inline bool nfo_is_master(const struct net_device *dev)
{
	return dev->netdev_ops == &nfo_netdev_ops;
}

/* addr.c */
bool nfo_addr_fits(const struct nfo_lower *lower, const struct net_device *dev);
int nfo_addr_set(struct nfo_lower *lower, const u8 *addr);
void nfo_addr_restore(struct nfo_lower *lower, struct net_device *dev, bool gone);
int nfo_addr_set_master(struct net_device *master, void *data);

/* ethtool.c */
extern const struct ethtool_ops nfo_ethtool_ops;

/* stats.c */
int nfo_stats_init(struct nfo_pair *pair);
void nfo_stats_sum(const struct nfo_pair *pair, struct nfo_sums *sums);
void nfo_stats_get64(struct net_device *dev, struct rtnl_link_stats64 *stats);

/* sysfs.c */
extern const struct attribute_group nfo_sysfs_group;
const char *nfo_role_text(enum net_failover_role role);
const char *nfo_reason_text(enum net_failover_reason reason);

/* netlink.c */
int nfo_netlink_init(void);
void nfo_netlink_exit(void);

#endif /* NFO_H */
