// SPDX-License-Identifier: GPL-2.0
/* The generic netlink family: the only file that knows its attributes. What
 * they mean stands in include/uapi/linux/net_failover.h.
 */
#include <linux/rculist.h>
#include <net/genetlink.h>
#include <net/sock.h>
#include "event.h"

static struct genl_family nfo_family;
static bool nfo_family_there;

static const struct nla_policy nfo_policy[NET_FAILOVER_A_MAX + 1] = {
	[NET_FAILOVER_A_IFINDEX] = NLA_POLICY_MIN(NLA_S32, 1),
	[NET_FAILOVER_A_IFNAME] = { .type = NLA_NUL_STRING, .len = IFNAMSIZ - 1 },
};

static u32 nfo_lower_state(const struct nfo_lower *lower)
{
	struct nfo_lower_facts facts;
	u32 state = 0;

	nfo_switch_facts(lower, &facts);
	if (facts.configured)
		state |= NET_FAILOVER_LOWER_CONFIGURED;
	if (facts.up)
		state |= NET_FAILOVER_LOWER_UP;
	if (facts.attached)
		state |= NET_FAILOVER_LOWER_ATTACHED;
	if (facts.carrier)
		state |= NET_FAILOVER_LOWER_CARRIER;
	if (facts.activated)
		state |= NET_FAILOVER_LOWER_ACTIVATED;
	if (facts.drained)
		state |= NET_FAILOVER_LOWER_DRAINED;
	if (facts.leaving)
		state |= NET_FAILOVER_LOWER_LEAVING;
	if (READ_ONCE(lower->flags) & NFO_ADMIN_DOWN)
		state |= NET_FAILOVER_LOWER_ADMIN_DOWN;
	return state;
}

static int nfo_put_u64(struct sk_buff *msg, int attr, u64 value)
{
	return nla_put_u64_64bit(msg, attr, value, NET_FAILOVER_A_PAD);
}

static int nfo_put_lower(struct sk_buff *msg, const struct nfo_lower *lower,
			 const struct nfo_path_sums *sums)
{
	const struct net_device *dev = rcu_dereference(lower->dev);
	struct nlattr *nest;

	if (!dev)
		return 0;
	nest = nla_nest_start(msg, NET_FAILOVER_A_LOWER);
	if (!nest)
		return -EMSGSIZE;
	if (nla_put_u32(msg, NET_FAILOVER_A_LOWER_ROLE,
			lower->index == NFO_STANDBY ? NET_FAILOVER_ROLE_STANDBY :
						      NET_FAILOVER_ROLE_PRIMARY) ||
	    nla_put_u32(msg, NET_FAILOVER_A_LOWER_IFINDEX, dev->ifindex) ||
	    nla_put_string(msg, NET_FAILOVER_A_LOWER_IFNAME, dev->name) ||
	    nla_put_u32(msg, NET_FAILOVER_A_LOWER_STATE, nfo_lower_state(lower)) ||
	    nla_put_s32(msg, NET_FAILOVER_A_LOWER_ERROR, READ_ONCE(lower->err)) ||
	    nfo_put_u64(msg, NET_FAILOVER_A_LOWER_RX_PACKETS, sums->rx_packets) ||
	    nfo_put_u64(msg, NET_FAILOVER_A_LOWER_RX_BYTES, sums->rx_bytes) ||
	    nfo_put_u64(msg, NET_FAILOVER_A_LOWER_TX_PACKETS, sums->tx_packets) ||
	    nfo_put_u64(msg, NET_FAILOVER_A_LOWER_TX_BYTES, sums->tx_bytes) ||
	    nfo_put_u64(msg, NET_FAILOVER_A_LOWER_RX_IDLE, sums->rx_idle) ||
	    nfo_put_u64(msg, NET_FAILOVER_A_LOWER_RX_IGNORED, sums->rx_ignored) ||
	    nfo_put_u64(msg, NET_FAILOVER_A_LOWER_TX_SILENCED, sums->tx_silenced))
		return -EMSGSIZE;	/* the caller cancels the whole message */
	nla_nest_end(msg, nest);
	return 0;
}

/* What must be read together is: the choice and its reason under the lock. */
static int nfo_put_pair(struct sk_buff *msg, struct nfo_pair *pair)
{
	struct nfo_decision decision;
	struct nfo_sums sums;
	u64 switches, since, lost;
	int i, err;

	spin_lock_bh(&pair->lock);
	decision = pair->decision;
	switches = pair->switches;
	since = pair->since;
	lost = pair->flood.lost;
	spin_unlock_bh(&pair->lock);
	nfo_stats_sum(pair, &sums);

	if (nla_put_u32(msg, NET_FAILOVER_A_IFINDEX, pair->dev->ifindex) ||
	    nla_put_string(msg, NET_FAILOVER_A_IFNAME, pair->dev->name) ||
	    nla_put(msg, NET_FAILOVER_A_MAC, ETH_ALEN, pair->dev->perm_addr) ||
	    nla_put_u32(msg, NET_FAILOVER_A_ACTIVE, decision.active) ||
	    nla_put_u32(msg, NET_FAILOVER_A_REASON, decision.reason) ||
	    nfo_put_u64(msg, NET_FAILOVER_A_SWITCHES, switches) ||
	    nfo_put_u64(msg, NET_FAILOVER_A_SINCE, since) ||
	    nfo_put_u64(msg, NET_FAILOVER_A_TX_DROPPED, sums.tx_dropped) ||
	    nla_put_string(msg, NET_FAILOVER_A_MODULE_VERSION, NFO_VERSION) ||
	    nfo_put_u64(msg, NET_FAILOVER_A_FLOOD_LOST, lost))
		return -EMSGSIZE;
	for (i = 0; i < NFO_LOWERS; i++) {
		err = nfo_put_lower(msg, &pair->lower[i], &sums.path[i]);
		if (err)
			return err;
	}
	return 0;
}

static int nfo_fill_pair(struct sk_buff *msg, struct nfo_pair *pair,
			 struct netlink_callback *cb, u32 portid, u32 seq, int flags)
{
	void *hdr = genlmsg_put(msg, portid, seq, &nfo_family, flags, NET_FAILOVER_CMD_PAIR_GET);

	if (!hdr)
		return -EMSGSIZE;
	if (cb)
		genl_dump_check_consistent(cb, hdr);
	if (nfo_put_pair(msg, pair)) {
		genlmsg_cancel(msg, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(msg, hdr);
	return 0;
}

/* The master that a request names. RCU. */
static struct nfo_pair *nfo_named_pair(struct genl_info *info)
{
	struct net *net = genl_info_net(info);
	struct net_device *dev;

	if (info->attrs[NET_FAILOVER_A_IFINDEX]) {
		dev = dev_get_by_index_rcu(net, nla_get_s32(info->attrs[NET_FAILOVER_A_IFINDEX]));
	} else if (info->attrs[NET_FAILOVER_A_IFNAME]) {
		dev = dev_get_by_name_rcu(net, nla_data(info->attrs[NET_FAILOVER_A_IFNAME]));
	} else {
		GENL_SET_ERR_MSG(info, "name the master by ifindex or ifname");
		return ERR_PTR(-EINVAL);
	}
	if (!dev) {
		GENL_SET_ERR_MSG(info, "no such device");
		return ERR_PTR(-ENODEV);
	}
	if (!nfo_is_master(dev)) {
		GENL_SET_ERR_MSG(info, "not the master of a failover pair");
		return ERR_PTR(-EOPNOTSUPP);
	}
	return netdev_priv(dev);
}

static int nfo_pair_get(struct sk_buff *skb, struct genl_info *info)
{
	struct sk_buff *msg = genlmsg_new(NLMSG_GOODSIZE, GFP_KERNEL);
	struct nfo_pair *pair;
	int err;

	if (!msg)
		return -ENOMEM;
	rcu_read_lock();
	pair = nfo_named_pair(info);
	err = IS_ERR(pair) ? PTR_ERR(pair) :
		nfo_fill_pair(msg, pair, NULL, info->snd_portid, info->snd_seq, 0);
	rcu_read_unlock();
	if (err) {
		nlmsg_free(msg);
		return err;
	}
	return genlmsg_reply(msg, info);
}

/* args[0]: how many pairs were told of in earlier messages. */
static int nfo_pair_dump(struct sk_buff *msg, struct netlink_callback *cb)
{
	struct net *net = sock_net(msg->sk);
	struct nfo_pair *pair;
	int told = 0;

	/* A dump in which a pair came or went meanwhile is marked as such. */
	cb->seq = nfo_pair_generation();
	rcu_read_lock();
	list_for_each_entry_rcu(pair, &nfo_pairs, list) {
		if (!net_eq(dev_net(pair->dev), net) || told++ < cb->args[0])
			continue;
		if (nfo_fill_pair(msg, pair, cb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
				  NLM_F_MULTI)) {
			told--;
			break;
		}
	}
	rcu_read_unlock();
	cb->args[0] = told;
	return msg->len;
}

static int nfo_put_switch(struct sk_buff *msg, const struct nfo_event *event)
{
	if (event->kind != NET_FAILOVER_EVENT_SWITCH)
		return 0;
	if (nla_put_u32(msg, NET_FAILOVER_A_EVENT_FROM, event->from) ||
	    nla_put_u32(msg, NET_FAILOVER_A_EVENT_TO, event->to) ||
	    nla_put_u32(msg, NET_FAILOVER_A_EVENT_REASON, event->reason) ||
	    nfo_put_u64(msg, NET_FAILOVER_A_EVENT_GAP, event->gap_ns) ||
	    nfo_put_u64(msg, NET_FAILOVER_A_EVENT_DROPPED, event->dropped))
		return -EMSGSIZE;
	return 0;
}

static int nfo_put_event_lower(struct sk_buff *msg, const struct nfo_event *event)
{
	if (event->role && nla_put_u32(msg, NET_FAILOVER_A_EVENT_ROLE, event->role))
		return -EMSGSIZE;
	if (!event->lower_ifindex)
		return 0;
	if (nla_put_u32(msg, NET_FAILOVER_A_EVENT_LOWER_IFINDEX, event->lower_ifindex) ||
	    nla_put_string(msg, NET_FAILOVER_A_EVENT_LOWER_IFNAME, event->lower))
		return -EMSGSIZE;
	return 0;
}

static int nfo_put_event(struct sk_buff *msg, const struct nfo_event *event)
{
	struct nlattr *nest;

	if (nla_put_u32(msg, NET_FAILOVER_A_IFINDEX, event->master_ifindex) ||
	    nla_put_string(msg, NET_FAILOVER_A_IFNAME, event->master))
		return -EMSGSIZE;
	nest = nla_nest_start(msg, NET_FAILOVER_A_EVENT);
	if (!nest)
		return -EMSGSIZE;
	if (nfo_put_u64(msg, NET_FAILOVER_A_EVENT_EPOCH, nfo_event_epoch()) ||
	    nfo_put_u64(msg, NET_FAILOVER_A_EVENT_SEQ, event->seq) ||
	    nla_put_u32(msg, NET_FAILOVER_A_EVENT_KIND, event->kind) ||
	    nfo_put_u64(msg, NET_FAILOVER_A_EVENT_BOOTTIME, event->boot_ns) ||
	    nfo_put_u64(msg, NET_FAILOVER_A_EVENT_REALTIME, event->real_ns) ||
	    nfo_put_event_lower(msg, event) || nfo_put_switch(msg, event) ||
	    (event->err && nla_put_s32(msg, NET_FAILOVER_A_EVENT_ERROR, event->err)))
		return -EMSGSIZE;	/* the caller cancels the whole message */
	nla_nest_end(msg, nest);
	return 0;
}

static int nfo_fill_event(struct sk_buff *msg, const struct nfo_event *event, u32 portid,
			  u32 seq, int flags, u8 cmd)
{
	void *hdr = genlmsg_put(msg, portid, seq, &nfo_family, flags, cmd);

	if (!hdr)
		return -EMSGSIZE;
	if (nfo_put_event(msg, event)) {
		genlmsg_cancel(msg, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(msg, hdr);
	return 0;
}

/* args[0]: number of the last event that was told of in earlier messages. */
static int nfo_event_dump(struct sk_buff *msg, struct netlink_callback *cb)
{
	unsigned int netns = sock_net(msg->sk)->ns.inum;
	struct nfo_event event;

	while (nfo_event_next(cb->args[0], &event)) {
		if (event.netns == netns &&
		    nfo_fill_event(msg, &event, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
				   NLM_F_MULTI, NET_FAILOVER_CMD_EVENT_GET))
			break;
		cb->args[0] = event.seq;
	}
	return msg->len;
}

/**
 * nfo_netlink_notify() - send an event to those who listen
 * @net: the master's namespace
 * @event: the event
 *
 * Process context. One that cannot be sent is missed as a gap in the numbers.
 */
void nfo_netlink_notify(struct net *net, const struct nfo_event *event)
{
	struct sk_buff *msg;

	if (!nfo_family_there)
		return;
	msg = genlmsg_new(NLMSG_GOODSIZE, GFP_KERNEL);
	if (!msg)
		return;
	if (nfo_fill_event(msg, event, 0, 0, 0, NET_FAILOVER_CMD_EVENT_NTF))
		nlmsg_free(msg);
	else
		genlmsg_multicast_netns(&nfo_family, net, msg, 0, 0, GFP_KERNEL);
}

/* RCU. */
static int nfo_drain(struct nfo_pair *pair, struct genl_info *info)
{
	struct nfo_lower *primary = &pair->lower[NFO_PRIMARY];
	const struct net_device *dev = rcu_dereference(primary->dev);
	struct nfo_lower_facts standby;

	if (!dev) {
		GENL_SET_ERR_MSG(info, "there is no primary to drain");
		return -ENODEV;
	}
	if (READ_ONCE(primary->hold) & NFO_HOLD_DRAINED)
		return 0;
	nfo_switch_facts(&pair->lower[NFO_STANDBY], &standby);
	if (!nfo_fit(&standby)) {
		GENL_SET_ERR_MSG(info, "the standby cannot carry traffic: primary kept in use");
		return -ENETDOWN;
	}
	nfo_event_lower(primary, dev, NET_FAILOVER_EVENT_DRAINED, 0);
	nfo_switch_hold(primary, dev, NFO_HOLD_DRAINED, 0);
	return 0;
}

/* RCU. */
static int nfo_undrain(struct nfo_pair *pair)
{
	struct nfo_lower *primary = &pair->lower[NFO_PRIMARY];
	const struct net_device *dev = rcu_dereference(primary->dev);

	if (!dev || !(READ_ONCE(primary->hold) & NFO_HOLD_DRAINED))
		return 0;
	nfo_event_lower(primary, dev, NET_FAILOVER_EVENT_UNDRAINED, 0);
	nfo_switch_hold(primary, dev, 0, NFO_HOLD_DRAINED);
	return 0;
}

/* Drain, undrain, announce. */
static int nfo_pair_do(struct sk_buff *skb, struct genl_info *info)
{
	struct nfo_pair *pair;
	int err = 0;

	rcu_read_lock();
	pair = nfo_named_pair(info);
	if (IS_ERR(pair))
		err = PTR_ERR(pair);
	else if (info->genlhdr->cmd == NET_FAILOVER_CMD_DRAIN)
		err = nfo_drain(pair, info);
	else if (info->genlhdr->cmd == NET_FAILOVER_CMD_UNDRAIN)
		err = nfo_undrain(pair);
	else
		nfo_announce_start(pair);
	rcu_read_unlock();
	return err;
}

static const struct genl_small_ops nfo_ops[] = {
	{
		.cmd = NET_FAILOVER_CMD_PAIR_GET,
		.doit = nfo_pair_get,
		.dumpit = nfo_pair_dump,
	},
	{
		.cmd = NET_FAILOVER_CMD_EVENT_GET,
		.dumpit = nfo_event_dump,
	},
	{
		.cmd = NET_FAILOVER_CMD_DRAIN,
		.doit = nfo_pair_do,
		.flags = GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd = NET_FAILOVER_CMD_UNDRAIN,
		.doit = nfo_pair_do,
		.flags = GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd = NET_FAILOVER_CMD_ANNOUNCE,
		.doit = nfo_pair_do,
		.flags = GENL_UNS_ADMIN_PERM,
	},
};

static const struct genl_multicast_group nfo_groups[] = {
	{ .name = NET_FAILOVER_MCGRP_EVENTS },
};

static struct genl_family nfo_family = {
	.name = NET_FAILOVER_GENL_NAME,
	.version = NET_FAILOVER_GENL_VERSION,
	.maxattr = NET_FAILOVER_A_MAX,
	.policy = nfo_policy,
	.netnsok = true,
	.parallel_ops = true,
	.module = THIS_MODULE,
	.small_ops = nfo_ops,
	.n_small_ops = ARRAY_SIZE(nfo_ops),
	.mcgrps = nfo_groups,
	.n_mcgrps = ARRAY_SIZE(nfo_groups),
};

int nfo_netlink_init(void)
{
	int err = genl_register_family(&nfo_family);

	nfo_family_there = !err;
	return err;
}

void nfo_netlink_exit(void)
{
	if (nfo_family_there)
		genl_unregister_family(&nfo_family);
}
