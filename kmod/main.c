// SPDX-License-Identifier: GPL-2.0
/* Init and exit, nothing else. */
#include <linux/module.h>
#include "nfo.h"

/* virtio_net links to this module in every virtio guest, paired or not, so a
 * failing init would leave it without any network: only what pairing cannot
 * do without may fail here.
 */
static int __init nfo_init(void)
{
	int err = nfo_notify_init();

	if (err)
		return err;
	err = nfo_leave_init();
	if (err)
		pr_warn("net_failover: no notice of PCI removals (%d): unplugging a primary will lose packets\n",
			err);
	err = nfo_netlink_init();
	if (err)
		pr_warn("net_failover: no netlink family (%d): failover works, failoverctl sees less\n",
			err);
	return 0;
}
module_init(nfo_init);

static void __exit nfo_exit(void)
{
	nfo_netlink_exit();
	nfo_leave_exit();
	nfo_notify_exit();
}
module_exit(nfo_exit);

MODULE_DESCRIPTION("Failover pair of a virtio-net standby and a passed-through primary");
MODULE_VERSION(NFO_VERSION);
MODULE_LICENSE("GPL");
