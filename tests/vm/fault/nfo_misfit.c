// SPDX-License-Identifier: GPL-2.0
/*
 * For tests: looks at each packet that a driver is given, whether its card can send it as it is.
 *
 *	modprobe nfo_misfit driver=e1000e:e1000_xmit_frame	the driver's ndo_start_xmit()
 *
 * It counts:
 *
 *	seen	packets
 *	gso	of these, those that the card has to segment
 *	tagged	those with a VLAN tag that the card has to insert
 *	misfit	those that ask the card for what it does not do, or has switched off
 *
 * And it tells and sets what `ip` may be too old for:
 *
 *	limit	of a packet by IPv4, in bytes, at the device whose name is in `of`
 */
#include <linux/if_vlan.h>
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/netdevice.h>
#include <linux/rtnetlink.h>
#include <linux/version.h>

static char *driver;
module_param(driver, charp, 0444);

static atomic_t seen, gso, tagged, misfit;

module_param_named(seen, seen.counter, int, 0644);
module_param_named(gso, gso.counter, int, 0644);
module_param_named(tagged, tagged.counter, int, 0644);
module_param_named(misfit, misfit.counter, int, 0644);

static char of[IFNAMSIZ];
module_param_string(of, of, sizeof(of), 0644);

static unsigned int *limit_of(struct net_device *dev)
{
#if KERNEL_VERSION(6, 3, 0) <= LINUX_VERSION_CODE
	return &dev->gso_ipv4_max_size;
#else
	return &dev->gso_max_size;
#endif
}

static int limit_get(char *buffer, const struct kernel_param *kp)
{
	struct net_device *dev = dev_get_by_name(&init_net, of);
	unsigned int limit;

	if (!dev)
		return -ENODEV;
	limit = *limit_of(dev);
	dev_put(dev);
	return sprintf(buffer, "%u\n", limit);
}

static int limit_set(const char *text, const struct kernel_param *kp)
{
	struct net_device *dev;
	unsigned int limit;
	int err = kstrtouint(text, 0, &limit);

	if (err)
		return err;
	dev = dev_get_by_name(&init_net, of);
	if (!dev)
		return -ENODEV;
	rtnl_lock();
	WRITE_ONCE(*limit_of(dev), limit);
	rtnl_unlock();
	dev_put(dev);
	return 0;
}

static const struct kernel_param_ops limit_ops = { .get = limit_get, .set = limit_set };
module_param_cb(limit, &limit_ops, NULL, 0644);

static bool fits(struct sk_buff *skb)
{
	netdev_features_t features = netif_skb_features(skb);

	if (netif_needs_gso(skb, features))
		return false;
	if (skb_vlan_tag_present(skb) && !vlan_hw_offload_capable(features, skb->vlan_proto))
		return false;
	if (skb_is_nonlinear(skb) && !(features & NETIF_F_SG))
		return false;
	return skb->ip_summed != CHECKSUM_PARTIAL || can_checksum_protocol(features, skb->protocol);
}

static int look(struct kprobe *probe, struct pt_regs *regs)
{
	struct sk_buff *skb = (void *)regs_get_kernel_argument(regs, 0);

	atomic_inc(&seen);
	if (skb_is_gso(skb))
		atomic_inc(&gso);
	if (skb_vlan_tag_present(skb))
		atomic_inc(&tagged);
	if (!fits(skb))
		atomic_inc(&misfit);
	return 0;
}

static struct kprobe probe = { .pre_handler = look };

static int __init misfit_init(void)
{
	if (!driver)
		return -EINVAL;
	probe.symbol_name = driver;
	return register_kprobe(&probe);
}

static void __exit misfit_exit(void)
{
	unregister_kprobe(&probe);
}

module_init(misfit_init);
module_exit(misfit_exit);
MODULE_DESCRIPTION("Sees what a driver is given that its card cannot send, for tests");
MODULE_LICENSE("GPL");
