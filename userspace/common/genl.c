// SPDX-License-Identifier: GPL-2.0
/* Speaks the generic netlink family net_failover: the one user of libmnl. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <libmnl/libmnl.h>
#include <linux/genetlink.h>

#include "common/escape.h"
#include "common/genl.h"
#include "common/mem.h"

#define BUFFER_SIZE	32768	/* what the kernel fills at most in a dump */
#define ATTEMPTS	5	/* at a dump that changes under our hands */

/* A table of attributes by number, each valid by its type or NULL. */
struct attrs {
	const struct nlattr **tb;
	const enum mnl_attr_data_type *types;
	unsigned int max;
};

static const enum mnl_attr_data_type family_types[CTRL_ATTR_MAX + 1] = {
	[CTRL_ATTR_FAMILY_ID] = MNL_TYPE_U16,
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
		lower->error = (int32_t)error;
	lower->has_path = get_u64(tb[NET_FAILOVER_A_LOWER_RX_PACKETS], &lower->path.rx_packets);
	get_u64(tb[NET_FAILOVER_A_LOWER_RX_BYTES], &lower->path.rx_bytes);
	get_u64(tb[NET_FAILOVER_A_LOWER_TX_PACKETS], &lower->path.tx_packets);
	get_u64(tb[NET_FAILOVER_A_LOWER_TX_BYTES], &lower->path.tx_bytes);
	get_u64(tb[NET_FAILOVER_A_LOWER_RX_IDLE], &lower->rx_idle);
	get_u64(tb[NET_FAILOVER_A_LOWER_RX_IGNORED], &lower->rx_ignored);
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

/* One message: one pair. */
static int add_pair(const struct nlmsghdr *nlh, void *data)
{
	const struct nlattr *tb[NET_FAILOVER_A_MAX + 1] = { NULL };
	struct attrs attrs = { tb, pair_types, NET_FAILOVER_A_MAX };
	const size_t head = sizeof(struct genlmsghdr);
	struct pair pair = { 0 };
	struct pairs *pairs = data;
	const struct nlattr *attr;

	if (mnl_nlmsg_get_payload_len(nlh) < head) {
		errno = EBADMSG;
		return MNL_CB_ERROR;
	}
	if (mnl_attr_parse(nlh, head, keep_attr, &attrs) < 0)
		return MNL_CB_ERROR;
	parse_pair(tb, &pair);
	if (!pair.ifindex || !pair.name[0]) {
		errno = EBADMSG;
		return MNL_CB_ERROR;
	}
	mnl_attr_for_each(attr, nlh, head)
		if (mnl_attr_get_type(attr) == NET_FAILOVER_A_LOWER &&
		    parse_lower(attr, &pair) < 0)
			return MNL_CB_ERROR;

	pairs->v = mem_grow(pairs->v, pairs->n, sizeof(*pairs->v));
	pairs->v[pairs->n++] = pair;
	return MNL_CB_OK;
}

static int add_family(const struct nlmsghdr *nlh, void *data)
{
	const struct nlattr *tb[CTRL_ATTR_MAX + 1] = { NULL };
	struct attrs attrs = { tb, family_types, CTRL_ATTR_MAX };
	uint16_t *id = data;

	if (mnl_attr_parse(nlh, sizeof(struct genlmsghdr), keep_attr, &attrs) < 0)
		return MNL_CB_ERROR;
	if (tb[CTRL_ATTR_FAMILY_ID])
		*id = mnl_attr_get_u16(tb[CTRL_ATTR_FAMILY_ID]);
	return MNL_CB_OK;
}

static struct nlmsghdr *put_request(void *buf, uint16_t type, uint16_t flags, uint8_t cmd)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct genlmsghdr *genl = mnl_nlmsg_put_extra_header(nlh, sizeof(*genl));

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | flags;
	nlh->nlmsg_seq = time(NULL);
	genl->cmd = cmd;
	genl->version = 1;	/* of both families that we speak */
	return nlh;
}

/*
 * mnl_cb_run(), but only over messages that fit: libmnl 1.0.4 takes a length
 * of 2 GB and more for a negative one and runs off the buffer.
 */
static int run(const char *buf, size_t len, unsigned int seq, unsigned int port,
	       mnl_cb_t cb, void *data)
{
	size_t at = 0;

	while (at < len) {
		const struct nlmsghdr *nlh = (const struct nlmsghdr *)(buf + at);

		if (len - at < sizeof(*nlh) || nlh->nlmsg_len < sizeof(*nlh) ||
		    nlh->nlmsg_len > len - at) {
			errno = EBADMSG;
			return MNL_CB_ERROR;
		}
		at += MNL_ALIGN((size_t)nlh->nlmsg_len);
	}
	return mnl_cb_run(buf, len, seq, port, cb, data);
}

/* Sends the request in buf and hands every message of the answer to cb. */
static int talk(struct mnl_socket *nl, char *buf, mnl_cb_t cb, void *data)
{
	struct nlmsghdr *nlh = (struct nlmsghdr *)buf;
	unsigned int seq = nlh->nlmsg_seq, port = mnl_socket_get_portid(nl);
	int ret = MNL_CB_OK;

	if (mnl_socket_sendto(nl, nlh, nlh->nlmsg_len) < 0)
		return -errno;
	while (ret > MNL_CB_STOP) {
		ssize_t n = mnl_socket_recvfrom(nl, buf, BUFFER_SIZE);

		if (n < 0)
			return -errno;
		ret = run(buf, n, seq, port, cb, data);
	}
	return ret < 0 ? -errno : 0;
}

static int find_family(struct mnl_socket *nl, char *buf, uint16_t *id)
{
	struct nlmsghdr *nlh = put_request(buf, GENL_ID_CTRL, NLM_F_ACK, CTRL_CMD_GETFAMILY);
	int ret;

	*id = 0;
	mnl_attr_put_strz(nlh, CTRL_ATTR_FAMILY_NAME, NET_FAILOVER_GENL_NAME);
	ret = talk(nl, buf, add_family, id);
	return !ret && !*id ? -EBADMSG : ret;
}

static void drop_pairs(struct pairs *pairs)
{
	free(pairs->v);
	*pairs = (struct pairs){ 0 };
}

static int dump_pairs(struct mnl_socket *nl, char *buf, struct pairs *pairs)
{
	uint16_t family;
	int i, ret = find_family(nl, buf, &family);

	if (ret)
		return ret;
	for (i = 0; i < ATTEMPTS; i++) {
		put_request(buf, family, NLM_F_DUMP, NET_FAILOVER_CMD_PAIR_GET);
		ret = talk(nl, buf, add_pair, pairs);
		if (!ret)
			break;
		drop_pairs(pairs);
		if (ret != -EINTR)	/* libmnl's word for NLM_F_DUMP_INTR */
			break;
	}
	return ret;
}

int genl_pairs(struct pairs *pairs)
{
	struct mnl_socket *nl = mnl_socket_open(NETLINK_GENERIC);
	char *buf;
	int ret;

	*pairs = (struct pairs){ 0 };
	if (!nl)
		return -errno;
	buf = mem_grow(NULL, 0, BUFFER_SIZE);
	ret = mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) < 0 ? -errno :
	      dump_pairs(nl, buf, pairs);
	free(buf);
	mnl_socket_close(nl);
	return ret;
}

int genl_parse(const void *dump, size_t len, struct pairs *pairs)
{
	int ret;

	*pairs = (struct pairs){ 0 };
	ret = run(dump, len, 0, 0, add_pair, pairs) < 0 ? -errno : 0;
	if (ret)
		drop_pairs(pairs);
	return ret;
}
