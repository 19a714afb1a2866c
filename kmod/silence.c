// SPDX-License-Identifier: GPL-2.0
/* Nobody but the master sends through a lower that is not in use.
 *
 * Whatever leaves it bears the shared address and makes the network send
 * everything for the master to the wrong lower. IPv6 is kept off the lowers by
 * IFF_SLAVE; this keeps programs off (DHCP clients, LLDP), where the kernel has
 * hooks for outgoing frames (NETFILTER_EGRESS, 5.16). Elsewhere the first stale
 * frame heals the damage, see announce.c.
 *
 * The hook is there only while a lower is steadily out of use. It is set and
 * taken away by the pair's work item. While any such hook exists, every packet of
 * the machine looks for one at the devices where it passes dev_queue_xmit(): 31
 * instructions at the master on 6.1, where nobody else has one. That cannot be had
 * for less: nothing tells of a packet socket or a route before its first frame is
 * on its way. Who would rather have the instructions switches it off.
 */
#include <linux/moduleparam.h>
#include <linux/netfilter.h>
#include <linux/rtnetlink.h>
#include <linux/slab.h>
#include "lower.h"

static bool silence = true;
module_param(silence, bool, 0644);
MODULE_PARM_DESC(silence, "keep others from sending by a lower that is not in use, from 5.16 on (0: no, which makes each packet a little cheaper; default 1)");

#ifdef CONFIG_NETFILTER_EGRESS
static unsigned int nfo_silence_hook(void *priv, struct sk_buff *skb,
				     const struct nf_hook_state *state)
{
	struct nfo_lower *lower = priv;
	struct nfo_path_stats *stats;

	/* In use again, or was until a moment ago. */
	if ((READ_ONCE(lower->rx_mode) & NFO_RX_USE) ||
	    READ_ONCE(lower->pair->phase) != NFO_STEADY)
		return NF_ACCEPT;

	/* Packet sockets that bypass the queue come here preemptible. */
	local_bh_disable();
	stats = this_cpu_ptr(lower->stats);
	u64_stats_update_begin(&stats->syncp);
	u64_stats_inc(&stats->tx_silenced);
	u64_stats_update_end(&stats->syncp);
	local_bh_enable();
	return NF_DROP;
}

/* Its own rcu_head: not every kernel's struct nf_hook_ops has one. */
struct nfo_silencer {
	struct nf_hook_ops ops;
	struct rcu_head rcu;
};

static struct nf_hook_ops *nfo_silence_set(struct nfo_lower *lower, struct net_device *dev)
{
	struct nfo_silencer *silencer = kzalloc(sizeof(*silencer), GFP_KERNEL);
	struct nf_hook_ops *ops;

	if (!silencer)
		return NULL;
	ops = &silencer->ops;
	ops->hook = nfo_silence_hook;
	ops->dev = dev;
	ops->priv = lower;
	ops->pf = NFPROTO_NETDEV;
	ops->hooknum = NF_NETDEV_EGRESS;
	ops->priority = INT_MIN;
	if (!nf_register_net_hook(dev_net(dev), ops))
		return ops;
	kfree(silencer);
	return NULL;
}

static void nfo_silence_unset(struct nf_hook_ops *ops)
{
	struct nfo_silencer *silencer = container_of(ops, struct nfo_silencer, ops);

	nf_unregister_net_hook(dev_net(ops->dev), ops);
	kfree_rcu(silencer, rcu);
}
#else
static struct nf_hook_ops *nfo_silence_set(struct nfo_lower *lower, struct net_device *dev)
{
	return NULL;
}

static void nfo_silence_unset(struct nf_hook_ops *ops)
{
}
#endif

/**
 * nfo_silence_update() - silence a lower, or no longer
 * @lower: a lower, or an empty place
 * @idle: whether it is steadily out of use
 *
 * RTNL. A lower that cannot be silenced works all the same.
 * Return: 0, or -ENOMEM where that is worth another attempt.
 */
int nfo_silence_update(struct nfo_lower *lower, bool idle)
{
	struct net_device *dev = rtnl_dereference(lower->dev);
	bool want = idle && READ_ONCE(silence);

	ASSERT_RTNL();
	if (!dev || want == !!lower->silencer)
		return 0;
	if (want) {
		lower->silencer = nfo_silence_set(lower, dev);
		return lower->silencer || !IS_ENABLED(CONFIG_NETFILTER_EGRESS) ? 0 : -ENOMEM;
	}
	nfo_silence_unset(lower->silencer);
	lower->silencer = NULL;
	return 0;
}
