// SPDX-License-Identifier: GPL-2.0
/* Asks the generic netlink family net_failover. With genl_*.c the only user of libmnl. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <libmnl/libmnl.h>
#include <linux/genetlink.h>

#include "common/genl_parse.h"
#include "common/talk.h"

/* A conversation with our family. */
struct call {
	struct talk talk;
	struct genl_family family;
};

static struct nlmsghdr *put_request(struct call *call, uint16_t type, uint16_t flags, uint8_t cmd)
{
	struct nlmsghdr *nlh = talk_request(&call->talk, type, flags);
	struct genlmsghdr *genl = mnl_nlmsg_put_extra_header(nlh, sizeof(*genl));

	genl->cmd = cmd;
	genl->version = 1;	/* of both families that we speak */
	return nlh;
}

static int find_family(struct call *call)
{
	struct nlmsghdr *nlh = put_request(call, GENL_ID_CTRL, NLM_F_ACK, CTRL_CMD_GETFAMILY);
	int ret;

	mnl_attr_put_strz(nlh, CTRL_ATTR_FAMILY_NAME, NET_FAILOVER_GENL_NAME);
	ret = talk_exchange(&call->talk, genl_add_family, &call->family);
	return !ret && !call->family.id ? -EBADMSG : ret;
}

static void hang_up(struct call *call)
{
	talk_close(&call->talk);
}

static int dial(struct call *call)
{
	int ret;

	*call = (struct call){ 0 };
	ret = talk_open(&call->talk, NETLINK_GENERIC);
	if (ret)
		return ret;
	ret = find_family(call);
	if (ret)
		hang_up(call);
	return ret;
}

static int dump(uint8_t cmd, mnl_cb_t cb, void *data)
{
	struct call call;
	int ret = dial(&call);

	if (ret)
		return ret;
	put_request(&call, call.family.id, NLM_F_DUMP, cmd);
	ret = talk_exchange(&call.talk, cb, data);
	hang_up(&call);
	return ret;
}

int genl_pairs(struct pairs *pairs)
{
	int i, ret = -EINTR;

	*pairs = (struct pairs){ 0 };
	for (i = 0; i < TALK_ATTEMPTS && ret == -EINTR; i++) {
		ret = dump(NET_FAILOVER_CMD_PAIR_GET, genl_add_pair, pairs);
		if (!ret)
			break;
		free(pairs->v);
		*pairs = (struct pairs){ 0 };
	}
	return ret;
}

int genl_events(struct genl_events *events)
{
	int i, ret = -EINTR;

	*events = (struct genl_events){ 0 };
	for (i = 0; i < TALK_ATTEMPTS && ret == -EINTR; i++) {
		ret = dump(NET_FAILOVER_CMD_EVENT_GET, genl_add_event, events);
		if (ret)
			genl_events_free(events);
	}
	return ret;
}

int genl_request(enum net_failover_cmd cmd, const char *ifname, char why[GENL_WHY_LEN])
{
	struct call call;
	int ret = dial(&call);

	why[0] = '\0';
	if (ret)
		return ret;
	mnl_attr_put_strz(put_request(&call, call.family.id, NLM_F_ACK, cmd),
			  NET_FAILOVER_A_IFNAME, ifname);
	ret = talk_exchange(&call.talk, NULL, NULL);
	memcpy(why, call.talk.why, sizeof(call.talk.why));
	hang_up(&call);
	return ret;
}

int genl_find_family(struct genl_family *family)
{
	struct call call;
	int ret = dial(&call);

	*family = (struct genl_family){ 0 };
	if (ret)
		return ret;
	*family = call.family;
	hang_up(&call);
	return 0;
}
