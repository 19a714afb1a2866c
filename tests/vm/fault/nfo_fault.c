// SPDX-License-Identifier: GPL-2.0
/*
 * For tests: makes a step fail at the devices of one driver, by refusing a netdevice notification.
 *
 *	modprobe nfo_fault driver=e1000e event=open count=2
 *
 * refuses the next two attempts to open an e1000e. Events: open, mtu, enslave. A count below 0
 * refuses for ever; /sys/module/nfo_fault/parameters/ changes it and tells how often it struck.
 */
#include <linux/device.h>
#include <linux/module.h>
#include <linux/netdevice.h>

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
};

static unsigned long refused;	/* the notification of the step that is to fail */

static int fault_event(struct notifier_block *nb, unsigned long what, void *ptr)
{
	struct net_device *dev = netdev_notifier_info_to_dev(ptr);
	struct device *parent = dev->dev.parent;

	if (what != refused || !count || !parent || !parent->driver ||
	    strcmp(parent->driver->name, driver))
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

static int __init fault_init(void)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(steps); i++)
		if (!strcmp(event, steps[i].name))
			refused = steps[i].event;
	return refused ? register_netdevice_notifier(&fault_notifier) : -EINVAL;
}

static void __exit fault_exit(void)
{
	unregister_netdevice_notifier(&fault_notifier);
}

module_init(fault_init);
module_exit(fault_exit);
MODULE_DESCRIPTION("Makes steps of network drivers fail, for tests");
MODULE_LICENSE("GPL");
