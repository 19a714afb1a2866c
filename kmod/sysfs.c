// SPDX-License-Identifier: GPL-2.0
/* /sys/class/net/<master>/net_failover/: the state for scripts, a value a file.
 * Its presence tells a master of ours. Never a directory named "bonding", which
 * other programs would take for a bond.
 */
#include <linux/netdevice.h>
#include "nfo.h"

const char *nfo_role_text(enum net_failover_role role)
{
	switch (role) {
	case NET_FAILOVER_ROLE_NONE:
		return "none";
	case NET_FAILOVER_ROLE_STANDBY:
		return "standby";
	case NET_FAILOVER_ROLE_PRIMARY:
		return "primary";
	}
	return "";
}

/* In plain English, as in the log. */
const char *nfo_reason_text(enum net_failover_reason reason)
{
	static const char * const text[] = {
		[NET_FAILOVER_REASON_UNSPEC] = "",
		[NET_FAILOVER_REASON_MASTER_DOWN] = "the master is down",
		[NET_FAILOVER_REASON_PRIMARY_FIT] = "the primary can carry traffic",
		[NET_FAILOVER_REASON_NO_PRIMARY] = "there is no primary",
		[NET_FAILOVER_REASON_PRIMARY_SETUP] = "the primary is not configured",
		[NET_FAILOVER_REASON_PRIMARY_DOWN] = "the primary is down",
		[NET_FAILOVER_REASON_PRIMARY_DETACHED] = "the primary's hardware is away",
		[NET_FAILOVER_REASON_PRIMARY_NO_CARRIER] = "the primary has no carrier",
		[NET_FAILOVER_REASON_PRIMARY_STARTING] = "the primary is starting",
		[NET_FAILOVER_REASON_PRIMARY_DRAINED] = "the primary is drained",
		[NET_FAILOVER_REASON_PRIMARY_LEAVING] = "the primary is leaving",
		[NET_FAILOVER_REASON_STANDBY_UNFIT] = "the standby cannot carry traffic",
		[NET_FAILOVER_REASON_NONE_FIT] = "no lower can carry traffic",
	};

	return reason <= NET_FAILOVER_REASON_MAX ? text[reason] : "";
}

static ssize_t nfo_show_lower(const struct nfo_lower *lower, char *buf)
{
	const struct net_device *dev;
	ssize_t len;

	rcu_read_lock();
	dev = lower ? rcu_dereference(lower->dev) : NULL;
	len = sysfs_emit(buf, "%s\n", dev ? dev->name : "");
	rcu_read_unlock();
	return len;
}

static struct nfo_pair *nfo_sysfs_pair(struct device *dev)
{
	return netdev_priv(to_net_dev(dev));
}

static ssize_t active_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct nfo_pair *pair = nfo_sysfs_pair(dev);
	ssize_t len;

	rcu_read_lock();
	len = nfo_show_lower(rcu_dereference(pair->active), buf);
	rcu_read_unlock();
	return len;
}
static DEVICE_ATTR_RO(active);

static ssize_t active_role_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct nfo_pair *pair = nfo_sysfs_pair(dev);

	return sysfs_emit(buf, "%s\n", nfo_role_text(READ_ONCE(pair->decision.active)));
}
static DEVICE_ATTR_RO(active_role);

static ssize_t reason_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct nfo_pair *pair = nfo_sysfs_pair(dev);

	return sysfs_emit(buf, "%s\n", nfo_reason_text(READ_ONCE(pair->decision.reason)));
}
static DEVICE_ATTR_RO(reason);

static ssize_t primary_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return nfo_show_lower(&nfo_sysfs_pair(dev)->lower[NFO_PRIMARY], buf);
}
static DEVICE_ATTR_RO(primary);

static ssize_t standby_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return nfo_show_lower(&nfo_sysfs_pair(dev)->lower[NFO_STANDBY], buf);
}
static DEVICE_ATTR_RO(standby);

static ssize_t switches_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%llu\n", READ_ONCE(nfo_sysfs_pair(dev)->switches));
}
static DEVICE_ATTR_RO(switches);

static struct attribute *nfo_attrs[] = {
	&dev_attr_active.attr,
	&dev_attr_active_role.attr,
	&dev_attr_reason.attr,
	&dev_attr_primary.attr,
	&dev_attr_standby.attr,
	&dev_attr_switches.attr,
	NULL
};

const struct attribute_group nfo_sysfs_group = {
	.name = "net_failover",
	.attrs = nfo_attrs,
};
