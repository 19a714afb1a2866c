// SPDX-License-Identifier: GPL-2.0
/*
 * For tests: makes the n-th call of a function by net_failover fail, and only that call.
 *
 *	modprobe nfo_sweep; modprobe virtio_net		(in this order: it sees net_failover load)
 *	echo dev_open >/sys/module/nfo_sweep/parameters/what
 *	echo 1 >/sys/module/nfo_sweep/parameters/nth
 *
 * Writing nth begins to count anew; `reached` tells how many calls there were since, `struck`
 * whether one was made to fail, `known` which functions there are. 0 lets all succeed.
 */
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/moduleparam.h>

static noinline notrace long nfo_sweep_nothing(void)
{
	return 0;
}

static noinline notrace long nfo_sweep_no_memory(void)
{
	return -ENOMEM;
}

struct nfo_target {
	const char *name;
	long (*result)(void);	/* runs in the place of the function */
	struct kprobe probe;
	bool probed;
};

#define POINTER(function) { .name = #function, .result = nfo_sweep_nothing }
#define NUMBER(function) { .name = #function, .result = nfo_sweep_no_memory }

static struct nfo_target targets[] = {
	POINTER(alloc_etherdev_mqs),
	POINTER(__alloc_percpu_gfp),
	POINTER(__alloc_percpu),
	POINTER(kmalloc_trace),
	POINTER(kmem_cache_alloc_trace),
	POINTER(__alloc_skb),
	POINTER(genlmsg_put),
	POINTER(arp_create),
	POINTER(skb_clone),
	NUMBER(register_netdevice),
	NUMBER(register_netdevice_notifier),
	NUMBER(bus_register_notifier),
	NUMBER(genl_register_family),
	NUMBER(netdev_rx_handler_register),
	NUMBER(netdev_master_upper_dev_link),
	NUMBER(dev_open),
	NUMBER(dev_set_mtu),
	NUMBER(dev_set_mac_address),
	NUMBER(dev_set_promiscuity),
	NUMBER(dev_set_allmulti),
	NUMBER(dev_uc_sync_multiple),
	NUMBER(dev_mc_sync_multiple),
	NUMBER(vlan_vid_add),
	NUMBER(vlan_vids_add_by_dev),
	NUMBER(nf_register_net_hook),
	NUMBER(__netpoll_setup),
	NUMBER(kobject_uevent_env),
	NUMBER(netlink_unicast),
};

static const struct module *subject;	/* net_failover, while it is there */
static struct nfo_target *target;
static atomic_t reached = ATOMIC_INIT(0);
static int nth;
static bool struck;
module_param(struck, bool, 0444);

static int nfo_sweep_call(struct kprobe *probe, struct pt_regs *regs)
{
	struct nfo_target *called = container_of(probe, struct nfo_target, probe);
	unsigned long caller = *(unsigned long *)regs->sp;

	if (called != READ_ONCE(target) || !READ_ONCE(subject) || !within_module(caller, subject))
		return 0;
	if (atomic_inc_return(&reached) != READ_ONCE(nth))
		return 0;
	struck = true;
	pr_info("nfo_sweep: %s fails for %pS\n", called->name, (void *)caller);
	regs->ip = (unsigned long)called->result;
	return 1;
}

NOKPROBE_SYMBOL(nfo_sweep_call);

/* With it a kprobe is not made into a jump, which would go on after nfo_sweep_call() as if nothing
 * had been changed (a kernel without function tracing does that after a moment).
 */
static void nfo_sweep_after(struct kprobe *probe, struct pt_regs *regs, unsigned long flags)
{
}

NOKPROBE_SYMBOL(nfo_sweep_after);

static int what_set(const char *text, const struct kernel_param *kp)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(targets); i++) {
		if (sysfs_streq(text, targets[i].name)) {
			WRITE_ONCE(target, &targets[i]);
			return 0;
		}
	}
	return -ENOENT;
}

static int what_get(char *text, const struct kernel_param *kp)
{
	return sysfs_emit(text, "%s\n", target ? target->name : "");
}

static const struct kernel_param_ops what_ops = { .set = what_set, .get = what_get };
module_param_cb(what, &what_ops, NULL, 0644);

static int nth_set(const char *text, const struct kernel_param *kp)
{
	WRITE_ONCE(nth, 0);
	struck = false;
	atomic_set(&reached, 0);
	return param_set_int(text, kp);
}

static const struct kernel_param_ops nth_ops = { .set = nth_set, .get = param_get_int };
module_param_cb(nth, &nth_ops, &nth, 0644);

static int reached_get(char *text, const struct kernel_param *kp)
{
	return sysfs_emit(text, "%d\n", atomic_read(&reached));
}

static const struct kernel_param_ops reached_ops = { .get = reached_get };
module_param_cb(reached, &reached_ops, NULL, 0444);

static int known_get(char *text, const struct kernel_param *kp)
{
	size_t i;
	int len = 0;

	for (i = 0; i < ARRAY_SIZE(targets); i++)
		if (targets[i].probed)
			len += sysfs_emit_at(text, len, "%s\n", targets[i].name);
	return len;
}

static const struct kernel_param_ops known_ops = { .get = known_get };
module_param_cb(known, &known_ops, NULL, 0444);

static int nfo_sweep_module(struct notifier_block *nb, unsigned long state, void *data)
{
	struct module *module = data;

	if (strcmp(module->name, "net_failover"))
		return NOTIFY_DONE;
	WRITE_ONCE(subject, state == MODULE_STATE_GOING ? NULL : module);
	return NOTIFY_DONE;
}

static struct notifier_block nfo_sweep_modules = { .notifier_call = nfo_sweep_module };

/* Functions that this kernel does not have are left out. */
static int __init nfo_sweep_init(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(targets); i++) {
		targets[i].probe.symbol_name = targets[i].name;
		targets[i].probe.pre_handler = nfo_sweep_call;
		targets[i].probe.post_handler = nfo_sweep_after;
		targets[i].probed = !register_kprobe(&targets[i].probe);
	}
	return register_module_notifier(&nfo_sweep_modules);
}

static void __exit nfo_sweep_exit(void)
{
	size_t i;

	unregister_module_notifier(&nfo_sweep_modules);
	for (i = 0; i < ARRAY_SIZE(targets); i++)
		if (targets[i].probed)
			unregister_kprobe(&targets[i].probe);
}

module_init(nfo_sweep_init);
module_exit(nfo_sweep_exit);
MODULE_DESCRIPTION("Makes calls of net_failover fail one by one, for tests");
MODULE_LICENSE("GPL");
