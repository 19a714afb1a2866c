// SPDX-License-Identifier: GPL-2.0
/* What a master itself has: MTU, whether it is up, and what tuner_qdisc.c reads and sets. */
#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "common/tuner.h"

/* One that is down has none yet, and will have that of a device without a queue. */
static void read_qdisc(uint32_t ifindex, struct tune *tune)
{
	qdisc_read(ifindex, tune);
	if (!tune_find(tune, "qdisc"))
		tune_put(tune, "qdisc", "noqueue", 0, false);
}

void tuner_read_master(uint32_t ifindex, struct tune *tune)
{
	struct ifreq ifreq = { 0 };

	if (tuner_ioctl(ifindex, SIOCGIFMTU, &ifreq))
		return;
	read_qdisc(ifindex, tune);
	tune_put_number(tune, "mtu", (uint32_t)ifreq.ifr_mtu, 0);
	if (!tuner_ioctl(ifindex, SIOCGIFFLAGS, &ifreq))
		tune_put(tune, "up", ifreq.ifr_flags & IFF_UP ? "yes" : "no", 0, false);
}

static int set_mtu(uint32_t ifindex, const char *value)
{
	struct ifreq ifreq = { .ifr_mtu = (int)strtoul(value, NULL, 10) };

	return tuner_ioctl(ifindex, SIOCSIFMTU, &ifreq);
}

/* Up alone: nobody's master is set down. */
static int set_up(uint32_t ifindex, const char *value)
{
	struct ifreq ifreq = { 0 };
	int ret;

	if (strcmp(value, "yes"))
		return -EINVAL;
	ret = tuner_ioctl(ifindex, SIOCGIFFLAGS, &ifreq);
	if (ret)
		return ret;
	ifreq.ifr_flags |= IFF_UP;
	return tuner_ioctl(ifindex, SIOCSIFFLAGS, &ifreq);
}

void tuner_write_master(uint32_t ifindex, const struct tune *values, ethnl_refused refused,
			void *data)
{
	const struct tune_item *mtu = tune_find(values, "mtu"), *up = tune_find(values, "up");
	int ret;

	ret = mtu ? set_mtu(ifindex, mtu->value) : 0;
	if (ret)
		refused(data, "mtu", ret, "");
	ret = up ? set_up(ifindex, up->value) : 0;
	if (ret)
		refused(data, "up", ret, "");
	/* Last: opening the device may give it the qdisc of its kind. */
	qdisc_write(ifindex, values, refused, data);
}
