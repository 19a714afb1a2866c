// SPDX-License-Identifier: GPL-2.0
/* The ring of events, and telling of them: log, uevent, netlink.
 *
 * Recorded at once, from any context; told by the pair's work item, which
 * takes them from the ring in their order. The ring outlives pairs, so that
 * the end of one can be looked up, and daemons.
 */
#include <linux/kobject.h>
#include <linux/ktime.h>
#include <net/net_namespace.h>
#include "event.h"

#define CREATE_TRACE_POINTS
#include "trace.h"

static struct nfo_event nfo_ring[NET_FAILOVER_EVENTS_KEPT];
static u64 nfo_last_seq;
static DEFINE_SPINLOCK(nfo_ring_lock);	/* bh; inside nfo_pair.lock */
static u64 nfo_epoch;			/* wall clock of the first event, ns */

/* Number and keep an event, and have it told. Any context but hard interrupts. */
static void nfo_event_record(struct nfo_pair *pair, struct nfo_event *event)
{
	event->boot_ns = ktime_get_boottime_ns();
	event->real_ns = ktime_get_real_ns();
	rcu_read_lock();
	event->netns = dev_net(pair->dev)->ns.inum;
	rcu_read_unlock();
	event->master_ifindex = pair->dev->ifindex;
	strscpy(event->master, pair->dev->name, sizeof(event->master));

	spin_lock_bh(&nfo_ring_lock);
	if (!nfo_epoch)
		nfo_epoch = event->real_ns;
	event->seq = ++nfo_last_seq;
	nfo_ring[event->seq % NET_FAILOVER_EVENTS_KEPT] = *event;
	spin_unlock_bh(&nfo_ring_lock);
	trace_net_failover_event(event);
	queue_work(system_percpu_wq, &pair->tell_work);
}

static void nfo_event_set_lower(struct nfo_event *event, const struct net_device *dev)
{
	if (!dev)
		return;
	event->lower_ifindex = dev->ifindex;
	strscpy(event->lower, dev->name, sizeof(event->lower));
}

/**
 * nfo_event_lower() - record what happened to a lower
 * @lower: its place
 * @dev: its device
 * @kind: what
 * @err: negative errno for NET_FAILOVER_EVENT_FAILED, else 0
 */
void nfo_event_lower(const struct nfo_lower *lower, const struct net_device *dev,
		     enum net_failover_event kind, int err)
{
	struct nfo_event event = {
		.kind = kind,
		.role = nfo_role(lower),
		.err = err,
	};

	nfo_event_set_lower(&event, dev);
	nfo_event_record(lower->pair, &event);
}

/**
 * nfo_event_pair() - record the beginning or end of a pair
 * @pair: the pair
 * @kind: which
 */
void nfo_event_pair(struct nfo_pair *pair, enum net_failover_event kind)
{
	struct nfo_event event = { .kind = kind };

	nfo_event_record(pair, &event);
}

/**
 * nfo_event_switch() - record that another lower carries traffic
 * @pair: the pair; its decision is the reason
 * @from: what carried before
 * @to: the device that carries now, NULL for none
 * @gap_ns: for how long none did
 * @dropped: frames dropped at transmit meanwhile
 *
 * nfo_pair.lock.
 */
void nfo_event_switch(struct nfo_pair *pair, enum net_failover_role from,
		      const struct net_device *to, u64 gap_ns, u64 dropped)
{
	struct nfo_event event = {
		.kind = NET_FAILOVER_EVENT_SWITCH,
		.role = pair->decision.active,
		.from = from,
		.to = pair->decision.active,
		.reason = pair->decision.reason,
		.gap_ns = gap_ns,
		.dropped = dropped,
	};

	nfo_event_set_lower(&event, to);
	nfo_event_record(pair, &event);
}

u64 nfo_event_epoch(void)
{
	return READ_ONCE(nfo_epoch);
}

/**
 * nfo_event_next() - copy the first event after a number
 * @after: a sequence number, 0 for the oldest that is kept
 * @event: where to
 *
 * Return: whether there was one.
 */
bool nfo_event_next(u64 after, struct nfo_event *event)
{
	bool found;

	spin_lock_bh(&nfo_ring_lock);
	if (nfo_last_seq > NET_FAILOVER_EVENTS_KEPT)
		after = max(after, nfo_last_seq - NET_FAILOVER_EVENTS_KEPT);
	found = after < nfo_last_seq;
	if (found)
		*event = nfo_ring[(after + 1) % NET_FAILOVER_EVENTS_KEPT];
	spin_unlock_bh(&nfo_ring_lock);
	return found;
}

/* "Data path switched to VF" is what Hyper-V's netvsc says, and what people
 * search logs for.
 */
static void nfo_log(const struct net_device *master, const struct nfo_event *event)
{
	const char *role = nfo_role_text(event->role);

	switch (event->kind) {
	case NET_FAILOVER_EVENT_UNSPEC:
	case NET_FAILOVER_EVENT_CREATED:
	case NET_FAILOVER_EVENT_DESTROYED:
	case NET_FAILOVER_EVENT_CONFIGURED:
	case __NET_FAILOVER_EVENT_MAX:
		break;
	case NET_FAILOVER_EVENT_CLAIMED:
		netdev_info(master, "%s is the %s now\n", event->lower, role);
		break;
	case NET_FAILOVER_EVENT_FAILED:
		netdev_warn(master, "cannot configure %s %s (error %d), will try again\n",
			    role, event->lower, event->err);
		break;
	case NET_FAILOVER_EVENT_LEAVING:
		netdev_info(master, "%s %s is about to be removed\n", role, event->lower);
		break;
	case NET_FAILOVER_EVENT_RELEASED:
		netdev_info(master, "%s is no longer the %s\n", event->lower, role);
		break;
	case NET_FAILOVER_EVENT_SWITCH:
		if (event->to == NET_FAILOVER_ROLE_NONE)
			netdev_info(master, "Data path down: %s\n",
				    nfo_reason_text(event->reason));
		else
			netdev_info(master, "Data path switched %s VF: %s (%s)\n",
				    event->to == NET_FAILOVER_ROLE_PRIMARY ? "to" : "from",
				    event->lower, nfo_reason_text(event->reason));
		break;
	case NET_FAILOVER_EVENT_DRAINED:
		netdev_info(master, "%s %s is drained\n", role, event->lower);
		break;
	case NET_FAILOVER_EVENT_UNDRAINED:
		netdev_info(master, "%s %s is no longer drained\n", role, event->lower);
		break;
	}
}

/* A change uevent of the master, for udev rules: at a switch. */
static void nfo_uevent(struct net_device *master, const struct nfo_event *event)
{
	char what[] = "NET_FAILOVER_EVENT=switch";
	char active[32], lower[32 + IFNAMSIZ];
	char *env[4] = { what, active, lower };

	if (event->kind != NET_FAILOVER_EVENT_SWITCH)
		return;
	snprintf(active, sizeof(active), "NET_FAILOVER_ACTIVE=%s", nfo_role_text(event->to));
	snprintf(lower, sizeof(lower), "NET_FAILOVER_ACTIVE_LOWER=%s", event->lower);
	kobject_uevent_env(&master->dev.kobj, KOBJ_CHANGE, env);
}

/* The master's namespace, to be put; NULL while it ends, and the master leaves it. */
static struct net *nfo_hold_net(const struct net_device *master)
{
	struct net *net;

	rcu_read_lock();
	net = maybe_get_net(dev_net(master));
	rcu_read_unlock();
	return net;
}

/* Tell everything of this pair that has not been told. */
static void nfo_event_tell(struct work_struct *work)
{
	struct nfo_pair *pair = container_of(work, struct nfo_pair, tell_work);
	struct nfo_event event;
	struct net *net;

	while (nfo_event_next(pair->told, &event)) {
		pair->told = event.seq;
		net = nfo_hold_net(pair->dev);
		if (!net)
			continue;	/* who listened there is gone */
		if (event.master_ifindex == pair->dev->ifindex && event.netns == net->ns.inum) {
			nfo_log(pair->dev, &event);
			nfo_uevent(pair->dev, &event);
			nfo_netlink_notify(net, &event);
		}
		put_net(net);
	}
}

void nfo_event_init(struct nfo_pair *pair)
{
	INIT_WORK(&pair->tell_work, nfo_event_tell);
	spin_lock_bh(&nfo_ring_lock);
	pair->told = nfo_last_seq;
	spin_unlock_bh(&nfo_ring_lock);
}

/* On return all that was recorded of the pair was told. */
void nfo_event_stop(struct nfo_pair *pair)
{
	flush_work(&pair->tell_work);
}
