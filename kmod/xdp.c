// SPDX-License-Identifier: GPL-2.0
/* A native XDP program of the master runs in the drivers of both lowers.
 *
 * There it sees what arrives by the idle lower, too, and each flooded frame
 * twice. A lower that cannot run it carries nothing: a program may be there to
 * keep something out. So a program that a present lower cannot take is refused,
 * and a primary plugged later that cannot stays unconfigured.
 *
 * RTNL. The master holds a reference to its program, each lower's driver one of
 * its own. The core keeps others from attaching to a lower meanwhile (5.15 on).
 */
#include <linux/bpf.h>
#include <net/xdp.h>
#include "lower.h"
#include "xdp.h"

static bool nfo_xdp_able(const struct net_device *dev)
{
	return dev->netdev_ops->ndo_bpf;
}

/* A program that somebody attached to the lower itself. */
static bool nfo_xdp_taken(const struct net_device *dev)
{
	const struct bpf_xdp_entity *native = &dev->xdp_state[XDP_MODE_DRV];

	return native->prog || native->link;
}

static int nfo_xdp_put_on(struct nfo_lower *lower, struct net_device *dev, struct bpf_prog *prog,
			  struct netlink_ext_ack *extack)
{
	struct netdev_bpf xdp = {
		.command = XDP_SETUP_PROG,
		.flags = XDP_FLAGS_DRV_MODE,
		.prog = prog,
		.extack = extack,
	};
	int err;

	if (lower->xdp == prog)
		return 0;
	if (nfo_xdp_taken(dev)) {
		/* On 5.10 it can have taken the place of ours. */
		if (!prog) {
			lower->xdp = NULL;
			return 0;
		}
		NL_SET_ERR_MSG_MOD(extack, "a lower has a program of its own; detach it first");
		return -EBUSY;
	}
	/* Drivers reset the card for it, which a suspended one cannot. */
	if (!netif_device_present(dev) && (prog || netif_running(dev))) {
		NL_SET_ERR_MSG_MOD(extack, "a lower is detached by its driver; try again later");
		return -ENODEV;
	}
	if (prog)
		bpf_prog_inc(prog);
	err = dev_xdp_propagate(dev, &xdp);
	if (!err)
		lower->xdp = prog;
	else if (prog)
		bpf_prog_put(prog);
	return err;
}

/**
 * nfo_xdp_apply() - have a lower run the master's program
 * @lower: the lower
 * @dev: its device
 *
 * RTNL, not from a notifier. Return: 0, or why it cannot.
 */
int nfo_xdp_apply(struct nfo_lower *lower, struct net_device *dev)
{
	if (!nfo_xdp_able(dev) && lower->pair->xdp)
		return -EOPNOTSUPP;
	return nfo_xdp_put_on(lower, dev, lower->pair->xdp, NULL);
}

/**
 * nfo_xdp_remove() - take the master's program from a lower that is let go
 * @lower: the lower
 * @dev: its device, closed
 */
void nfo_xdp_remove(struct nfo_lower *lower, struct net_device *dev)
{
	if (nfo_xdp_put_on(lower, dev, NULL, NULL))
		netdev_warn(dev, "the driver keeps the master's XDP program\n");
	lower->xdp = NULL;
}

/* Also of a lower that is not configured yet. */
static bool nfo_xdp_all_able(const struct nfo_pair *pair)
{
	int i;

	for (i = 0; i < NFO_LOWERS; i++) {
		const struct net_device *dev = rtnl_dereference(pair->lower[i].dev);

		if (dev && !nfo_xdp_able(dev))
			return false;
	}
	return true;
}

static void nfo_xdp_undo(struct nfo_lower *lower)
{
	struct net_device *dev = nfo_configured(lower);

	if (dev && nfo_xdp_put_on(lower, dev, lower->pair->xdp, NULL))
		nfo_lower_unconfigure(lower);
}

/* A program: all lowers or none. None: the core does not take a refusal, so a
 * lower that cannot be rid of its program now carries nothing until it can.
 *
 * The one in use comes last: a driver that resets its card finds the other ready.
 */
static int nfo_xdp_set(struct nfo_pair *pair, struct bpf_prog *prog, struct netlink_ext_ack *extack)
{
	int first = rcu_access_pointer(pair->active) == &pair->lower[NFO_STANDBY];
	struct bpf_prog *old = pair->xdp;
	int i, err;

	if (prog && !nfo_xdp_all_able(pair)) {
		NL_SET_ERR_MSG_MOD(extack, "a lower has no native XDP; use generic mode");
		return -EOPNOTSUPP;
	}
	for (i = 0; i < NFO_LOWERS; i++) {
		struct nfo_lower *lower = &pair->lower[i ^ first];
		struct net_device *dev = nfo_configured(lower);

		err = dev ? nfo_xdp_put_on(lower, dev, prog, extack) : 0;
		if (err && prog)
			goto undo;
		if (err)
			nfo_lower_unconfigure(lower);
	}
	WRITE_ONCE(pair->xdp, prog);
	if (old)
		bpf_prog_put(old);
	/* One that could not run the former program may run this one, or none. */
	nfo_pair_retry(pair);
	return 0;

undo:
	while (i--)
		nfo_xdp_undo(&pair->lower[i ^ first]);
	return err;
}

/* The reference that comes with the program is ours if we return 0. */
int nfo_bpf(struct net_device *master, struct netdev_bpf *bpf)
{
	switch (bpf->command) {
	case XDP_SETUP_PROG:
		return nfo_xdp_set(netdev_priv(master), bpf->prog, bpf->extack);
	default:
		return -EINVAL;
	}
}
