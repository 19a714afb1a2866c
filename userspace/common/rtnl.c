// SPDX-License-Identifier: GPL-2.0
/*
 * The links of this network namespace. A file of sysfs for each fact costs ten
 * times as much. With genl*.c and talk.c the only user of libmnl.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <linux/if_link.h>
#include <linux/rtnetlink.h>

#include "common/escape.h"
#include "common/mem.h"
#include "common/rtnl.h"
#include "common/talk.h"

#define LAST	IFLA_PHYS_PORT_NAME

static const enum mnl_attr_data_type types[LAST + 1] = {
	[IFLA_IFNAME] = MNL_TYPE_NUL_STRING,
	[IFLA_MTU] = MNL_TYPE_U32,
	[IFLA_ADDRESS] = MNL_TYPE_BINARY,
	[IFLA_MASTER] = MNL_TYPE_U32,
	[IFLA_CARRIER] = MNL_TYPE_U8,
	[IFLA_STATS64] = MNL_TYPE_BINARY,
	[IFLA_PHYS_PORT_NAME] = MNL_TYPE_NUL_STRING,
};

static int keep_attr(const struct nlattr *attr, void *data)
{
	unsigned int type = mnl_attr_get_type(attr);
	const struct nlattr **tb = data;

	if (type > LAST || types[type] == MNL_TYPE_UNSPEC)
		return MNL_CB_OK;
	if (mnl_attr_validate(attr, types[type]) < 0)
		return MNL_CB_ERROR;
	tb[type] = attr;
	return MNL_CB_OK;
}

/* The first four of struct rtnl_link_stats64, which newer kernels make longer. */
static void take_counters(const struct nlattr *attr, struct counters *counters)
{
	uint64_t values[4];

	if (!attr || mnl_attr_get_payload_len(attr) < sizeof(values))
		return;
	memcpy(values, mnl_attr_get_payload(attr), sizeof(values));
	*counters = (struct counters){ .rx_packets = values[0], .tx_packets = values[1],
				       .rx_bytes = values[2], .tx_bytes = values[3] };
}

static void take_mac(const struct nlattr *attr, struct link *link)
{
	link->has_mac = attr && mnl_attr_get_payload_len(attr) == MAC_LEN;
	if (link->has_mac)
		memcpy(link->mac, mnl_attr_get_payload(attr), MAC_LEN);
}

static void take(const struct ifinfomsg *info, const struct nlattr **tb, struct link *link)
{
	*link = (struct link){ .ifindex = info->ifi_index, .up = info->ifi_flags & IFF_UP,
			       .carrier = -1, .speed = -1 };
	snprintf(link->ifname, sizeof(link->ifname), "%s", mnl_attr_get_str(tb[IFLA_IFNAME]));
	escape_copy(link->name, sizeof(link->name), link->ifname);
	if (tb[IFLA_MASTER])
		link->master_ifindex = mnl_attr_get_u32(tb[IFLA_MASTER]);
	if (tb[IFLA_MTU])
		link->mtu = (int)mnl_attr_get_u32(tb[IFLA_MTU]);
	if (link->up && tb[IFLA_CARRIER])
		link->carrier = mnl_attr_get_u8(tb[IFLA_CARRIER]) == 1;
	if (tb[IFLA_PHYS_PORT_NAME])
		link->standby_port = !strcmp(mnl_attr_get_str(tb[IFLA_PHYS_PORT_NAME]), "sby");
	take_mac(tb[IFLA_ADDRESS], link);
	take_counters(tb[IFLA_STATS64], &link->counters);
}

int rtnl_add_link(const struct nlmsghdr *nlh, void *data)
{
	const struct ifinfomsg *info = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *tb[LAST + 1] = { NULL };
	struct links *links = data;

	if (nlh->nlmsg_type != RTM_NEWLINK)
		return MNL_CB_OK;
	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*info) || info->ifi_index <= 0 ||
	    mnl_attr_parse(nlh, sizeof(*info), keep_attr, tb) < 0 || !tb[IFLA_IFNAME]) {
		errno = EBADMSG;
		return MNL_CB_ERROR;
	}
	links->v = mem_grow(links->v, links->n, sizeof(*links->v));
	take(info, tb, &links->v[links->n++]);
	return MNL_CB_OK;
}

static int by_ifindex(const void *a, const void *b)
{
	const struct link *x = a, *y = b;

	return x->ifindex < y->ifindex ? -1 : x->ifindex > y->ifindex;
}

/* A master in another namespace has no name here. */
static void name_masters(struct links *links)
{
	size_t i;

	for (i = 0; i < links->n; i++) {
		const struct link key = { .ifindex = links->v[i].master_ifindex };
		const struct link *master = !key.ifindex ? NULL :
			bsearch(&key, links->v, links->n, sizeof(key), by_ifindex);

		if (master)
			memcpy(links->v[i].master, master->name, sizeof(master->name));
	}
}

static int dump(struct links *links)
{
	struct ifinfomsg *info;
	struct talk talk;
	int ret;

	*links = (struct links){ 0 };
	ret = talk_open(&talk, NETLINK_ROUTE);
	if (ret)
		return ret;
	info = mnl_nlmsg_put_extra_header(talk_request(&talk, RTM_GETLINK, NLM_F_DUMP),
					  sizeof(*info));
	info->ifi_family = AF_UNSPEC;
	ret = talk_exchange(&talk, rtnl_add_link, links);
	talk_close(&talk);
	return ret;
}

int rtnl_links(struct links *links)
{
	int i, ret = -EINTR;

	for (i = 0; i < TALK_ATTEMPTS && ret == -EINTR; i++) {
		ret = dump(links);
		if (!ret)
			break;
		free(links->v);
		*links = (struct links){ 0 };
	}
	if (ret || !links->n)
		return ret;
	qsort(links->v, links->n, sizeof(*links->v), by_ifindex);
	name_masters(links);
	return 0;
}
