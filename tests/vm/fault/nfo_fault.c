// SPDX-License-Identifier: GPL-2.0
/*
 * For tests: makes a step fail at the devices of one driver, by refusing a netdevice notification.
 *
 *	modprobe nfo_fault driver=e1000e event=open count=2
 *
 * refuses the next two attempts to open an e1000e. Events: open, mtu, enslave. A count below 0
 * refuses for ever; /sys/module/nfo_fault/parameters/ changes it and tells how often it struck.
 * Event early refuses nothing: it counts in `struck` who opens a device, or changes its MTU, inside
 * the notification of its registration, where many drivers would deadlock.
 *
 *	echo 52:54:00:77:00:99 >/sys/module/nfo_fault/parameters/{perm_addr,address}
 *
 * gives them this permanent address, or all their addresses, as VF drivers do when they were reset.
 *
 *	echo leak >/sys/module/nfo_fault/parameters/misbehave
 *
 * forgets some memory; overrun reads beyond some, race writes from two CPUs what no lock
 * protects: to see that a debug kernel says so.
 */
#include <linux/device.h>
#include <linux/etherdevice.h>
#include <linux/module.h>
#include <linux/netdevice.h>
#include <linux/rtnetlink.h>
#include <linux/slab.h>
#include <linux/smp.h>

static char *driver = "e1000e";
module_param(driver, charp, 0444);
static char *event = "open";
module_param(event, charp, 0444);
static int count;
module_param(count, int, 0644);
static uint struck;
module_param(struck, uint, 0444);

static const struct {
	const char *name;
	unsigned long event;
} steps[] = {
	{ "open", NETDEV_PRE_UP },
	{ "mtu", NETDEV_PRECHANGEMTU },
	{ "enslave", NETDEV_PRECHANGEUPPER },
	{ "linked", NETDEV_CHANGEUPPER },
	{ "early", NETDEV_REGISTER },
};

static unsigned long refused;	/* the notification of the step that is to fail */

static struct net_device *registering;	/* RTNL; for the event early */

static bool fault_meant(const struct net_device *dev)
{
	const struct device *parent = dev->dev.parent;

	return parent && parent->driver && !strcmp(parent->driver->name, driver);
}

static void fault_early(struct net_device *dev, unsigned long what)
{
	if (what == NETDEV_REGISTER)
		registering = dev;
	else if (dev == registering && (what == NETDEV_PRE_UP || what == NETDEV_PRECHANGEMTU))
		struck++;
}

static int fault_event(struct notifier_block *nb, unsigned long what, void *ptr)
{
	struct net_device *dev = netdev_notifier_info_to_dev(ptr);

	if (!fault_meant(dev))
		return NOTIFY_DONE;
	if (refused == NETDEV_REGISTER) {
		fault_early(dev, what);
		return NOTIFY_DONE;
	}
	if (what != refused || !count)
		return NOTIFY_DONE;
	if (count > 0)
		count--;
	struck++;
	return notifier_from_errno(-ENOMEM);
}

static struct notifier_block fault_notifier = {
	.notifier_call = fault_event,
	.priority = INT_MAX,
};

/* All others have heard of the registration. */
static int fault_last(struct notifier_block *nb, unsigned long what, void *ptr)
{
	if (what == NETDEV_REGISTER && netdev_notifier_info_to_dev(ptr) == registering)
		registering = NULL;
	return NOTIFY_DONE;
}

static struct notifier_block fault_last_notifier = {
	.notifier_call = fault_last,
	.priority = INT_MIN,
};

static void fault_readdress(struct net_device *dev, const u8 *addr, bool all)
{
	ether_addr_copy(dev->perm_addr, addr);
	if (!all)
		return;
	eth_hw_addr_set(dev, addr);
	call_netdevice_notifiers(NETDEV_CHANGEADDR, dev);
}

static int fault_set_address(const char *text, const struct kernel_param *kp)
{
	struct net_device *dev;
	u8 addr[ETH_ALEN];

	if (sscanf(text, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", &addr[0], &addr[1], &addr[2], &addr[3],
		   &addr[4], &addr[5]) != ETH_ALEN)
		return -EINVAL;
	rtnl_lock();
	for_each_netdev(&init_net, dev)
		if (fault_meant(dev))
			fault_readdress(dev, addr, *(bool *)kp->arg);
	rtnl_unlock();
	return 0;
}

static const struct kernel_param_ops fault_address_ops = { .set = fault_set_address };
static bool perm_only, all_addresses = true;
module_param_cb(perm_addr, &fault_address_ops, &perm_only, 0200);
module_param_cb(address, &fault_address_ops, &all_addresses, 0200);

static int raced;

static void fault_race(void *unused)
{
	int i;

	for (i = 0; i < 1000000; i++) {
		raced++;
		barrier();
	}
}

/* Not a real fault of the device's: what the checkers must find. */
static int fault_misbehave(const char *text, const struct kernel_param *kp)
{
	char *memory;

	if (sysfs_streq(text, "race")) {
		on_each_cpu(fault_race, NULL, 1);
		return 0;
	}
	memory = kmalloc(100, GFP_KERNEL);
	if (!memory)
		return -ENOMEM;
	memset(memory, 0, 100);
	if (sysfs_streq(text, "leak"))
		return 0;
	OPTIMIZER_HIDE_VAR(memory);
	pr_info("nfo_fault: beyond the end: %d\n", READ_ONCE(memory[100]));
	kfree(memory);
	return 0;
}

static const struct kernel_param_ops fault_misbehave_ops = { .set = fault_misbehave };
module_param_cb(misbehave, &fault_misbehave_ops, NULL, 0200);

static int __init fault_init(void)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(steps); i++)
		if (!strcmp(event, steps[i].name))
			refused = steps[i].event;
	if (!refused)
		return -EINVAL;
	i = register_netdevice_notifier(&fault_notifier);
	if (i)
		return i;
	i = register_netdevice_notifier(&fault_last_notifier);
	if (i)
		unregister_netdevice_notifier(&fault_notifier);
	return i;
}

static void __exit fault_exit(void)
{
	unregister_netdevice_notifier(&fault_last_notifier);
	unregister_netdevice_notifier(&fault_notifier);
}

module_init(fault_init);
module_exit(fault_exit);
MODULE_DESCRIPTION("Makes steps of network drivers fail, for tests");
MODULE_LICENSE("GPL");
