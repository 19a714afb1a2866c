// SPDX-License-Identifier: GPL-2.0
/* What the messages of our family and of genetlink's controller say. Pure. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <libmnl/libmnl.h>
#include <linux/genetlink.h>

#include "common/escape.h"
#include "common/genl_parse.h"
#include "common/mem.h"

#define HEAD	sizeof(struct genlmsghdr)
#define MAX_ERRNO 4095	/* the kernel's */

/* A table of attributes by number, each valid by its type or NULL. */
struct attrs {
	const struct nlattr **tb;
	const enum mnl_attr_data_type *types;
	unsigned int max;
};

static const enum mnl_attr_data_type family_types[CTRL_ATTR_MAX + 1] = {
	[CTRL_ATTR_FAMILY_ID] = MNL_TYPE_U16,
	[CTRL_ATTR_FAMILY_NAME] = MNL_TYPE_NUL_STRING,
	[CTRL_ATTR_MCAST_GROUPS] = MNL_TYPE_NESTED,
};

static const enum mnl_attr_data_type group_types[CTRL_ATTR_MCAST_GRP_MAX + 1] = {
	[CTRL_ATTR_MCAST_GRP_NAME] = MNL_TYPE_NUL_STRING,
	[CTRL_ATTR_MCAST_GRP_ID] = MNL_TYPE_U32,
};

static const enum mnl_attr_data_type pair_types[NET_FAILOVER_A_MAX + 1] = {
	[NET_FAILOVER_A_IFINDEX] = MNL_TYPE_U32,
	[NET_FAILOVER_A_IFNAME] = MNL_TYPE_NUL_STRING,
	[NET_FAILOVER_A_MAC] = MNL_TYPE_BINARY,
	[NET_FAILOVER_A_ACTIVE] = MNL_TYPE_U32,
	[NET_FAILOVER_A_REASON] = MNL_TYPE_U32,
	[NET_FAILOVER_A_SWITCHES] = MNL_TYPE_U64,
	[NET_FAILOVER_A_SINCE] = MNL_TYPE_U64,
	[NET_FAILOVER_A_TX_DROPPED] = MNL_TYPE_U64,
	[NET_FAILOVER_A_FLOOD_LOST] = MNL_TYPE_U64,
};

static const enum mnl_attr_data_type lower_types[NET_FAILOVER_A_LOWER_MAX + 1] = {
	[NET_FAILOVER_A_LOWER_ROLE] = MNL_TYPE_U32,
	[NET_FAILOVER_A_LOWER_IFINDEX] = MNL_TYPE_U32,
	[NET_FAILOVER_A_LOWER_IFNAME] = MNL_TYPE_NUL_STRING,
	[NET_FAILOVER_A_LOWER_STATE] = MNL_TYPE_U32,
	[NET_FAILOVER_A_LOWER_ERROR] = MNL_TYPE_U32,
	[NET_FAILOVER_A_LOWER_RX_PACKETS] = MNL_TYPE_U64,
	[NET_FAILOVER_A_LOWER_RX_BYTES] = MNL_TYPE_U64,
	[NET_FAILOVER_A_LOWER_TX_PACKETS] = MNL_TYPE_U64,
	[NET_FAILOVER_A_LOWER_TX_BYTES] = MNL_TYPE_U64,
	[NET_FAILOVER_A_LOWER_RX_IDLE] = MNL_TYPE_U64,
	[NET_FAILOVER_A_LOWER_RX_IGNORED] = MNL_TYPE_U64,
	[NET_FAILOVER_A_LOWER_TX_SILENCED] = MNL_TYPE_U64,
};

static const enum mnl_attr_data_type message_types[NET_FAILOVER_A_MAX + 1] = {
	[NET_FAILOVER_A_IFINDEX] = MNL_TYPE_U32,
	[NET_FAILOVER_A_IFNAME] = MNL_TYPE_NUL_STRING,
	[NET_FAILOVER_A_EVENT] = MNL_TYPE_NESTED,
};

static const enum mnl_attr_data_type event_types[NET_FAILOVER_A_EVENT_MAX + 1] = {
	[NET_FAILOVER_A_EVENT_EPOCH] = MNL_TYPE_U64,
	[NET_FAILOVER_A_EVENT_SEQ] = MNL_TYPE_U64,
	[NET_FAILOVER_A_EVENT_KIND] = MNL_TYPE_U32,
	[NET_FAILOVER_A_EVENT_BOOTTIME] = MNL_TYPE_U64,
	[NET_FAILOVER_A_EVENT_REALTIME] = MNL_TYPE_U64,
	[NET_FAILOVER_A_EVENT_ROLE] = MNL_TYPE_U32,
	[NET_FAILOVER_A_EVENT_LOWER_IFINDEX] = MNL_TYPE_U32,
	[NET_FAILOVER_A_EVENT_LOWER_IFNAME] = MNL_TYPE_NUL_STRING,
	[NET_FAILOVER_A_EVENT_FROM] = MNL_TYPE_U32,
	[NET_FAILOVER_A_EVENT_TO] = MNL_TYPE_U32,
	[NET_FAILOVER_A_EVENT_REASON] = MNL_TYPE_U32,
	[NET_FAILOVER_A_EVENT_GAP] = MNL_TYPE_U64,
	[NET_FAILOVER_A_EVENT_DROPPED] = MNL_TYPE_U64,
	[NET_FAILOVER_A_EVENT_ERROR] = MNL_TYPE_U32,
};

/* Attributes that this program does not know are a newer module's: skipped. */
static int keep_attr(const struct nlattr *attr, void *data)
{
	struct attrs *attrs = data;
	unsigned int type = mnl_attr_get_type(attr);

	if (type > attrs->max || attrs->types[type] == MNL_TYPE_UNSPEC)
		return MNL_CB_OK;
	if (mnl_attr_validate(attr, attrs->types[type]) < 0)
		return MNL_CB_ERROR;
	attrs->tb[type] = attr;
	return MNL_CB_OK;
}

int genl_error(int32_t number)
{
	return number <= 0 && number >= -MAX_ERRNO ? number : -EBADMSG;
}

static bool get_u32(const struct nlattr *attr, uint32_t *value)
{
	if (attr)
		*value = mnl_attr_get_u32(attr);
	return attr;
}

static bool get_u64(const struct nlattr *attr, uint64_t *value)
{
	if (attr)
		*value = mnl_attr_get_u64(attr);
	return attr;
}

static void get_name(const struct nlattr *attr, char *name)
{
	if (attr)
		escape_copy(name, NAME_LEN, mnl_attr_get_str(attr));
}

static struct lower *lower_of_role(struct pair *pair, uint32_t role)
{
	if (role == NET_FAILOVER_ROLE_PRIMARY)
		return &pair->primary;
	return role == NET_FAILOVER_ROLE_STANDBY ? &pair->standby : NULL;
}

static int parse_lower(const struct nlattr *nest, struct pair *pair)
{
	const struct nlattr *tb[NET_FAILOVER_A_LOWER_MAX + 1] = { NULL };
	struct attrs attrs = { tb, lower_types, NET_FAILOVER_A_LOWER_MAX };
	uint32_t role = 0, error = 0;
	struct lower *lower;

	if (mnl_attr_validate(nest, MNL_TYPE_NESTED) < 0 ||
	    mnl_attr_parse_nested(nest, keep_attr, &attrs) < 0)
		return MNL_CB_ERROR;
	get_u32(tb[NET_FAILOVER_A_LOWER_ROLE], &role);
	lower = lower_of_role(pair, role);
	if (!lower)
		return MNL_CB_OK;

	lower->present = true;
	get_u32(tb[NET_FAILOVER_A_LOWER_IFINDEX], &lower->ifindex);
	get_name(tb[NET_FAILOVER_A_LOWER_IFNAME], lower->name);
	lower->has_state = get_u32(tb[NET_FAILOVER_A_LOWER_STATE], &lower->state);
	if (get_u32(tb[NET_FAILOVER_A_LOWER_ERROR], &error))
		lower->error = genl_error((int32_t)error);
	lower->has_path = get_u64(tb[NET_FAILOVER_A_LOWER_RX_PACKETS], &lower->path.rx_packets);
	get_u64(tb[NET_FAILOVER_A_LOWER_RX_BYTES], &lower->path.rx_bytes);
	get_u64(tb[NET_FAILOVER_A_LOWER_TX_PACKETS], &lower->path.tx_packets);
	get_u64(tb[NET_FAILOVER_A_LOWER_TX_BYTES], &lower->path.tx_bytes);
	get_u64(tb[NET_FAILOVER_A_LOWER_RX_IDLE], &lower->rx_idle);
	get_u64(tb[NET_FAILOVER_A_LOWER_RX_IGNORED], &lower->rx_ignored);
	lower->has_silenced = get_u64(tb[NET_FAILOVER_A_LOWER_TX_SILENCED], &lower->tx_silenced);
	return MNL_CB_OK;
}

static void parse_pair(const struct nlattr **tb, struct pair *pair)
{
	const struct nlattr *mac = tb[NET_FAILOVER_A_MAC];

	get_u32(tb[NET_FAILOVER_A_IFINDEX], &pair->ifindex);
	get_name(tb[NET_FAILOVER_A_IFNAME], pair->name);
	pair->has_mac = mac && mnl_attr_get_payload_len(mac) == MAC_LEN;
	if (pair->has_mac)
		memcpy(pair->mac, mnl_attr_get_payload(mac), MAC_LEN);
	get_u32(tb[NET_FAILOVER_A_ACTIVE], &pair->active);
	get_u32(tb[NET_FAILOVER_A_REASON], &pair->reason);
	pair->has_switches = get_u64(tb[NET_FAILOVER_A_SWITCHES], &pair->switches);
	pair->has_since = get_u64(tb[NET_FAILOVER_A_SINCE], &pair->since);
	pair->has_dropped = get_u64(tb[NET_FAILOVER_A_TX_DROPPED], &pair->tx_dropped);
	pair->has_flood_lost = get_u64(tb[NET_FAILOVER_A_FLOOD_LOST], &pair->flood_lost);
}

/* The attributes of one message of ours. */
static int parse_message(const struct nlmsghdr *nlh, struct attrs *attrs)
{
	if (mnl_nlmsg_get_payload_len(nlh) < HEAD) {
		errno = EBADMSG;
		return MNL_CB_ERROR;
	}
	return mnl_attr_parse(nlh, HEAD, keep_attr, attrs);
}

int genl_add_pair(const struct nlmsghdr *nlh, void *data)
{
	const struct nlattr *tb[NET_FAILOVER_A_MAX + 1] = { NULL };
	struct attrs attrs = { tb, pair_types, NET_FAILOVER_A_MAX };
	struct pair pair = { 0 };
	struct pairs *pairs = data;
	const struct nlattr *attr;

	if (parse_message(nlh, &attrs) < 0)
		return MNL_CB_ERROR;
	parse_pair(tb, &pair);
	if (!pair.ifindex || !pair.name[0]) {
		errno = EBADMSG;
		return MNL_CB_ERROR;
	}
	mnl_attr_for_each(attr, nlh, HEAD)
		if (mnl_attr_get_type(attr) == NET_FAILOVER_A_LOWER &&
		    parse_lower(attr, &pair) < 0)
			return MNL_CB_ERROR;

	pairs->v = mem_grow(pairs->v, pairs->n, sizeof(*pairs->v));
	pairs->v[pairs->n++] = pair;
	return MNL_CB_OK;
}

static int parse_event(const struct nlattr *nest, struct genl_event *event)
{
	const struct nlattr *tb[NET_FAILOVER_A_EVENT_MAX + 1] = { NULL };
	struct attrs attrs = { tb, event_types, NET_FAILOVER_A_EVENT_MAX };
	uint32_t error = 0;

	if (mnl_attr_parse_nested(nest, keep_attr, &attrs) < 0)
		return MNL_CB_ERROR;
	get_u64(tb[NET_FAILOVER_A_EVENT_EPOCH], &event->epoch);
	get_u64(tb[NET_FAILOVER_A_EVENT_SEQ], &event->seq);
	get_u32(tb[NET_FAILOVER_A_EVENT_KIND], &event->kind);
	get_u64(tb[NET_FAILOVER_A_EVENT_BOOTTIME], &event->boottime);
	get_u64(tb[NET_FAILOVER_A_EVENT_REALTIME], &event->realtime);
	get_u32(tb[NET_FAILOVER_A_EVENT_ROLE], &event->role);
	get_u32(tb[NET_FAILOVER_A_EVENT_LOWER_IFINDEX], &event->lower_ifindex);
	get_name(tb[NET_FAILOVER_A_EVENT_LOWER_IFNAME], event->lower);
	get_u32(tb[NET_FAILOVER_A_EVENT_FROM], &event->from);
	event->has_switch = get_u32(tb[NET_FAILOVER_A_EVENT_TO], &event->to);
	get_u32(tb[NET_FAILOVER_A_EVENT_REASON], &event->reason);
	event->has_gap = get_u64(tb[NET_FAILOVER_A_EVENT_GAP], &event->gap);
	event->has_dropped = get_u64(tb[NET_FAILOVER_A_EVENT_DROPPED], &event->dropped);
	if (get_u32(tb[NET_FAILOVER_A_EVENT_ERROR], &error))
		event->error = genl_error((int32_t)error);
	return MNL_CB_OK;
}

int genl_add_event(const struct nlmsghdr *nlh, void *data)
{
	const struct nlattr *tb[NET_FAILOVER_A_MAX + 1] = { NULL };
	struct attrs attrs = { tb, message_types, NET_FAILOVER_A_MAX };
	struct genl_events *events = data;
	struct genl_event event = { 0 };

	if (parse_message(nlh, &attrs) < 0)
		return MNL_CB_ERROR;
	get_u32(tb[NET_FAILOVER_A_IFINDEX], &event.ifindex);
	get_name(tb[NET_FAILOVER_A_IFNAME], event.name);
	if (tb[NET_FAILOVER_A_EVENT] && parse_event(tb[NET_FAILOVER_A_EVENT], &event) < 0)
		return MNL_CB_ERROR;
	if (!event.ifindex || !event.name[0] || !event.seq) {
		errno = EBADMSG;
		return MNL_CB_ERROR;
	}
	events->v = mem_grow(events->v, events->n, sizeof(*events->v));
	events->v[events->n++] = event;
	return MNL_CB_OK;
}

static int parse_group(const struct nlattr *nest, struct genl_family *family)
{
	const struct nlattr *tb[CTRL_ATTR_MCAST_GRP_MAX + 1] = { NULL };
	struct attrs attrs = { tb, group_types, CTRL_ATTR_MCAST_GRP_MAX };

	if (mnl_attr_validate(nest, MNL_TYPE_NESTED) < 0 ||
	    mnl_attr_parse_nested(nest, keep_attr, &attrs) < 0)
		return MNL_CB_ERROR;
	if (tb[CTRL_ATTR_MCAST_GRP_NAME] &&
	    !strcmp(mnl_attr_get_str(tb[CTRL_ATTR_MCAST_GRP_NAME]), NET_FAILOVER_MCGRP_EVENTS))
		get_u32(tb[CTRL_ATTR_MCAST_GRP_ID], &family->group);
	return MNL_CB_OK;
}

int genl_add_family(const struct nlmsghdr *nlh, void *data)
{
	const struct nlattr *tb[CTRL_ATTR_MAX + 1] = { NULL };
	struct attrs attrs = { tb, family_types, CTRL_ATTR_MAX };
	const struct nlattr *name, *group;
	struct genl_family *family = data;

	if (parse_message(nlh, &attrs) < 0)
		return MNL_CB_ERROR;
	name = tb[CTRL_ATTR_FAMILY_NAME];
	if (!name || !tb[CTRL_ATTR_FAMILY_ID] ||
	    strcmp(mnl_attr_get_str(name), NET_FAILOVER_GENL_NAME))
		return MNL_CB_OK;
	family->id = mnl_attr_get_u16(tb[CTRL_ATTR_FAMILY_ID]);
	if (!tb[CTRL_ATTR_MCAST_GROUPS])
		return MNL_CB_OK;
	mnl_attr_for_each_nested(group, tb[CTRL_ATTR_MCAST_GROUPS])
		if (parse_group(group, family) < 0)
			return MNL_CB_ERROR;
	return MNL_CB_OK;
}

static int keep_text(const struct nlattr *attr, void *data)
{
	char *why = data;

	if (mnl_attr_get_type(attr) == NLMSGERR_ATTR_MSG &&
	    !mnl_attr_validate(attr, MNL_TYPE_NUL_STRING))
		escape_copy(why, GENL_WHY_LEN, mnl_attr_get_str(attr));
	return MNL_CB_OK;
}

/* The kernel repeats our request before its text, unless it says "capped". */
void genl_read_why(const struct nlmsghdr *nlh, char *why)
{
	const struct nlmsgerr *err = mnl_nlmsg_get_payload(nlh);
	size_t before = sizeof(*err);

	*why = '\0';
	if (mnl_nlmsg_get_payload_len(nlh) < before || !(nlh->nlmsg_flags & NLM_F_ACK_TLVS))
		return;
	if (!(nlh->nlmsg_flags & NLM_F_CAPPED)) {
		if (err->msg.nlmsg_len < sizeof(err->msg) ||
		    err->msg.nlmsg_len > mnl_nlmsg_get_payload_len(nlh))
			return;
		before += MNL_ALIGN(err->msg.nlmsg_len) - sizeof(err->msg);
	}
	if (before < mnl_nlmsg_get_payload_len(nlh))
		mnl_attr_parse(nlh, before, keep_text, why);
}

int genl_check_frames(const char *buf, size_t len)
{
	size_t at = 0;

	while (at < len) {
		const struct nlmsghdr *nlh = (const struct nlmsghdr *)(buf + at);

		if (len - at < sizeof(*nlh) || nlh->nlmsg_len < sizeof(*nlh) ||
		    nlh->nlmsg_len > len - at)
			return -EBADMSG;
		at += MNL_ALIGN((size_t)nlh->nlmsg_len);
	}
	return 0;
}

static int parse_all(const void *dump, size_t len, mnl_cb_t cb, void *data)
{
	int ret = genl_check_frames(dump, len);

	if (!ret && mnl_cb_run(dump, len, 0, 0, cb, data) < 0)
		ret = errno > 0 ? genl_error(-errno) : -EBADMSG;
	return ret;
}

int genl_parse(const void *dump, size_t len, struct pairs *pairs)
{
	int ret;

	*pairs = (struct pairs){ 0 };
	ret = parse_all(dump, len, genl_add_pair, pairs);
	if (ret) {
		free(pairs->v);
		*pairs = (struct pairs){ 0 };
	}
	return ret;
}

int genl_parse_events(const void *dump, size_t len, struct genl_events *events)
{
	int ret;

	*events = (struct genl_events){ 0 };
	ret = parse_all(dump, len, genl_add_event, events);
	if (ret)
		genl_events_free(events);
	return ret;
}

void genl_events_free(struct genl_events *events)
{
	free(events->v);
	*events = (struct genl_events){ 0 };
}
