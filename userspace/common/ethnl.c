// SPDX-License-Identifier: GPL-2.0
/* Speaks ethtool's netlink family. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <libmnl/libmnl.h>
#include <linux/ethtool_netlink.h>
#include <linux/genetlink.h>

#include "common/ethnl.h"
#include "common/genl_parse.h"
#include "common/mem.h"

#define ATTRS	64

struct ethnl {
	struct mnl_socket *nl;
	uint16_t family;
	uint32_t monitor;	/* the multicast group */
	unsigned int seq;
	char buf[32768];
};

/* Every request begins with the same header, as attribute 1. */
struct number {
	const char *key;
	uint16_t attr, max;	/* max 0: none */
	bool byte;
};

static const struct number channels[] = {
	{ "channels.rx", ETHTOOL_A_CHANNELS_RX_COUNT, ETHTOOL_A_CHANNELS_RX_MAX, false },
	{ "channels.tx", ETHTOOL_A_CHANNELS_TX_COUNT, ETHTOOL_A_CHANNELS_TX_MAX, false },
	{ "channels.other", ETHTOOL_A_CHANNELS_OTHER_COUNT, ETHTOOL_A_CHANNELS_OTHER_MAX, false },
	{ "channels.combined", ETHTOOL_A_CHANNELS_COMBINED_COUNT,
	  ETHTOOL_A_CHANNELS_COMBINED_MAX, false },
	{ NULL, 0, 0, false },
};

static const struct number rings[] = {
	{ "ring.rx", ETHTOOL_A_RINGS_RX, ETHTOOL_A_RINGS_RX_MAX, false },
	{ "ring.rx-mini", ETHTOOL_A_RINGS_RX_MINI, ETHTOOL_A_RINGS_RX_MINI_MAX, false },
	{ "ring.rx-jumbo", ETHTOOL_A_RINGS_RX_JUMBO, ETHTOOL_A_RINGS_RX_JUMBO_MAX, false },
	{ "ring.tx", ETHTOOL_A_RINGS_TX, ETHTOOL_A_RINGS_TX_MAX, false },
	{ NULL, 0, 0, false },
};

static const struct number coalesce[] = {
	{ "coalesce.rx-usecs", ETHTOOL_A_COALESCE_RX_USECS, 0, false },
	{ "coalesce.rx-frames", ETHTOOL_A_COALESCE_RX_MAX_FRAMES, 0, false },
	{ "coalesce.rx-usecs-irq", ETHTOOL_A_COALESCE_RX_USECS_IRQ, 0, false },
	{ "coalesce.rx-frames-irq", ETHTOOL_A_COALESCE_RX_MAX_FRAMES_IRQ, 0, false },
	{ "coalesce.tx-usecs", ETHTOOL_A_COALESCE_TX_USECS, 0, false },
	{ "coalesce.tx-frames", ETHTOOL_A_COALESCE_TX_MAX_FRAMES, 0, false },
	{ "coalesce.tx-usecs-irq", ETHTOOL_A_COALESCE_TX_USECS_IRQ, 0, false },
	{ "coalesce.tx-frames-irq", ETHTOOL_A_COALESCE_TX_MAX_FRAMES_IRQ, 0, false },
	{ "coalesce.stats-block-usecs", ETHTOOL_A_COALESCE_STATS_BLOCK_USECS, 0, false },
	{ "coalesce.adaptive-rx", ETHTOOL_A_COALESCE_USE_ADAPTIVE_RX, 0, true },
	{ "coalesce.adaptive-tx", ETHTOOL_A_COALESCE_USE_ADAPTIVE_TX, 0, true },
	{ "coalesce.pkt-rate-low", ETHTOOL_A_COALESCE_PKT_RATE_LOW, 0, false },
	{ "coalesce.rx-usecs-low", ETHTOOL_A_COALESCE_RX_USECS_LOW, 0, false },
	{ "coalesce.rx-frames-low", ETHTOOL_A_COALESCE_RX_MAX_FRAMES_LOW, 0, false },
	{ "coalesce.tx-usecs-low", ETHTOOL_A_COALESCE_TX_USECS_LOW, 0, false },
	{ "coalesce.tx-frames-low", ETHTOOL_A_COALESCE_TX_MAX_FRAMES_LOW, 0, false },
	{ "coalesce.pkt-rate-high", ETHTOOL_A_COALESCE_PKT_RATE_HIGH, 0, false },
	{ "coalesce.rx-usecs-high", ETHTOOL_A_COALESCE_RX_USECS_HIGH, 0, false },
	{ "coalesce.rx-frames-high", ETHTOOL_A_COALESCE_RX_MAX_FRAMES_HIGH, 0, false },
	{ "coalesce.tx-usecs-high", ETHTOOL_A_COALESCE_TX_USECS_HIGH, 0, false },
	{ "coalesce.tx-frames-high", ETHTOOL_A_COALESCE_TX_MAX_FRAMES_HIGH, 0, false },
	{ "coalesce.sample-interval", ETHTOOL_A_COALESCE_RATE_SAMPLE_INTERVAL, 0, false },
	{ NULL, 0, 0, false },
};

/* In the order in which they are set. A group has numbers, or a set of named bits. */
static const struct group {
	const char *prefix;
	const struct number *numbers;
	uint8_t get, set;
	uint16_t bits;		/* of what is on */
	uint16_t able;		/* of what may be changed; 0: everything that is listed */
} groups[] = {
	{ "flag.", NULL, ETHTOOL_MSG_PRIVFLAGS_GET, ETHTOOL_MSG_PRIVFLAGS_SET,
	  ETHTOOL_A_PRIVFLAGS_FLAGS, 0 },
	{ "channels.", channels, ETHTOOL_MSG_CHANNELS_GET, ETHTOOL_MSG_CHANNELS_SET, 0, 0 },
	{ "ring.", rings, ETHTOOL_MSG_RINGS_GET, ETHTOOL_MSG_RINGS_SET, 0, 0 },
	{ "coalesce.", coalesce, ETHTOOL_MSG_COALESCE_GET, ETHTOOL_MSG_COALESCE_SET, 0, 0 },
	{ "feature.", NULL, ETHTOOL_MSG_FEATURES_GET, ETHTOOL_MSG_FEATURES_SET,
	  ETHTOOL_A_FEATURES_WANTED, ETHTOOL_A_FEATURES_HW },
};

#define GROUPS (sizeof(groups) / sizeof(*groups))

struct attrs {
	const struct nlattr *v[ATTRS];
};

static int take_attr(const struct nlattr *attr, void *data)
{
	struct attrs *attrs = data;

	if (mnl_attr_get_type(attr) < ATTRS)
		attrs->v[mnl_attr_get_type(attr)] = attr;
	return MNL_CB_OK;
}

static void parse(const struct nlmsghdr *nlh, struct attrs *attrs)
{
	mnl_attr_parse(nlh, sizeof(struct genlmsghdr), take_attr, attrs);
}

/* The one message that answers a request without ACK. */
static int take_reply(const struct nlmsghdr *nlh, void *data)
{
	parse(nlh, data);
	return MNL_CB_STOP;
}

/* why: room for the kernel's words, or NULL. */
static int ask(struct ethnl *ethnl, struct nlmsghdr *nlh, mnl_cb_t answer, void *data, char *why)
{
	unsigned int port = mnl_socket_get_portid(ethnl->nl);
	int ret = 1;

	nlh->nlmsg_seq = ++ethnl->seq;
	if (mnl_socket_sendto(ethnl->nl, nlh, nlh->nlmsg_len) < 0)
		return -errno;
	while (ret > 0) {
		ssize_t n = mnl_socket_recvfrom(ethnl->nl, ethnl->buf, sizeof(ethnl->buf));
		const struct nlmsghdr *reply = (const struct nlmsghdr *)(const void *)ethnl->buf;

		if (n < 0)
			return -errno;
		if (genl_check_frames(ethnl->buf, n))
			return -EBADMSG;
		if (why && n >= (ssize_t)sizeof(*reply) && reply->nlmsg_type == NLMSG_ERROR)
			genl_read_why(reply, why);
		ret = mnl_cb_run(ethnl->buf, n, ethnl->seq, port, answer, data);
	}
	return ret < 0 ? -errno : 0;
}

static struct nlmsghdr *begin(void *buf, uint16_t family, uint8_t cmd, uint8_t version)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct genlmsghdr *genl;

	nlh->nlmsg_type = family;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	genl = mnl_nlmsg_put_extra_header(nlh, sizeof(*genl));
	genl->cmd = cmd;
	genl->version = version;
	return nlh;
}

static int take_group(const struct nlattr *attr, void *data)
{
	struct ethnl *ethnl = data;
	struct attrs attrs = { 0 };

	mnl_attr_parse_nested(attr, take_attr, &attrs);
	if (attrs.v[CTRL_ATTR_MCAST_GRP_NAME] && attrs.v[CTRL_ATTR_MCAST_GRP_ID] &&
	    !strcmp(mnl_attr_get_str(attrs.v[CTRL_ATTR_MCAST_GRP_NAME]),
		    ETHTOOL_MCGRP_MONITOR_NAME))
		ethnl->monitor = mnl_attr_get_u32(attrs.v[CTRL_ATTR_MCAST_GRP_ID]);
	return MNL_CB_OK;
}

static int take_family(const struct nlmsghdr *nlh, void *data)
{
	struct ethnl *ethnl = data;
	struct attrs attrs = { 0 };

	parse(nlh, &attrs);
	if (attrs.v[CTRL_ATTR_FAMILY_ID])
		ethnl->family = mnl_attr_get_u16(attrs.v[CTRL_ATTR_FAMILY_ID]);
	if (attrs.v[CTRL_ATTR_MCAST_GROUPS])
		mnl_attr_parse_nested(attrs.v[CTRL_ATTR_MCAST_GROUPS], take_group, ethnl);
	return MNL_CB_OK;
}

static int find_family(struct ethnl *ethnl)
{
	char buf[256];
	struct nlmsghdr *nlh = begin(buf, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 1);
	int ret;

	mnl_attr_put_strz(nlh, CTRL_ATTR_FAMILY_NAME, ETHTOOL_GENL_NAME);
	ret = ask(ethnl, nlh, take_family, ethnl, NULL);
	return ret || ethnl->family ? ret : -ENOENT;
}

int ethnl_open(struct ethnl **ethnl)
{
	struct ethnl *new = mem_grow(NULL, 0, sizeof(*new));
	const struct timeval patience = { .tv_sec = 5 };
	int on = 1, ret;

	*ethnl = NULL;
	*new = (struct ethnl){ .nl = mnl_socket_open2(NETLINK_GENERIC, SOCK_CLOEXEC),
			       .seq = (unsigned int)time(NULL) };
	ret = new->nl && !mnl_socket_bind(new->nl, 0, MNL_SOCKET_AUTOPID) ? 0 : -errno;
	if (!ret) {
		mnl_socket_setsockopt(new->nl, NETLINK_EXT_ACK, &on, sizeof(on));
		setsockopt(mnl_socket_get_fd(new->nl), SOL_SOCKET, SO_RCVTIMEO, &patience,
			   sizeof(patience));
		ret = find_family(new);
	}
	if (ret)
		ethnl_close(new);
	else
		*ethnl = new;
	return ret;
}

void ethnl_close(struct ethnl *ethnl)
{
	if (ethnl && ethnl->nl)
		mnl_socket_close(ethnl->nl);
	free(ethnl);
}

static void put_header(struct nlmsghdr *nlh, uint32_t ifindex)
{
	struct nlattr *header = mnl_attr_nest_start(nlh, 1);

	mnl_attr_put_u32(nlh, ETHTOOL_A_HEADER_DEV_INDEX, ifindex);
	mnl_attr_nest_end(nlh, header);
}

static uint32_t number_of(const struct nlattr *attr, bool byte)
{
	if (mnl_attr_get_payload_len(attr) < (byte ? sizeof(uint8_t) : sizeof(uint32_t)))
		return 0;
	return byte ? mnl_attr_get_u8(attr) : mnl_attr_get_u32(attr);
}

/* A maximum of 0 says that there is none of the kind. */
static void take_numbers(const struct number *number, const struct attrs *attrs,
			 struct tune *tune)
{
	for (; number->key; number++) {
		uint32_t max = 0;

		if (number->max && attrs->v[number->max])
			max = number_of(attrs->v[number->max], false);
		if (attrs->v[number->attr] && (max || !number->max))
			tune_put_number(tune, number->key,
					number_of(attrs->v[number->attr], number->byte), max);
	}
}

enum meaning {
	BITS_VALUES,		/* each bit that is there has a value */
	BITS_ABLE,		/* those that are on may be changed */
	BITS_WANTED,		/* of those that may be changed, these are on */
};

struct bits {
	enum meaning meaning;
	const char *prefix;
	bool all_on;		/* a list of what is on, not of bits with values */
	struct tune *tune;
};

static void put_bit(const struct bits *bits, const char *key, bool on)
{
	switch (bits->meaning) {
	case BITS_VALUES:
		tune_put(bits->tune, key, on ? "on" : "off", 0, false);
		break;
	case BITS_ABLE:
		if (on)
			tune_put(bits->tune, key, "off", 0, false);
		break;
	case BITS_WANTED:
		if (on && tune_find(bits->tune, key))
			tune_put(bits->tune, key, "on", 0, false);
		break;
	}
}

static int take_bit(const struct nlattr *attr, void *data)
{
	const struct bits *bits = data;
	struct attrs attrs = { 0 };
	const struct nlattr *name;
	char *key;

	mnl_attr_parse_nested(attr, take_attr, &attrs);
	name = attrs.v[ETHTOOL_A_BITSET_BIT_NAME];
	if (!name || mnl_attr_validate(name, MNL_TYPE_NUL_STRING) < 0)
		return MNL_CB_OK;
	key = mem_printf("%s%s", bits->prefix, mnl_attr_get_str(name));
	if (tune_knows(key))
		put_bit(bits, key, bits->all_on || attrs.v[ETHTOOL_A_BITSET_BIT_VALUE]);
	free(key);
	return MNL_CB_OK;
}

static void take_bitset(const struct nlattr *attr, struct bits *bits)
{
	struct attrs attrs = { 0 };

	mnl_attr_parse_nested(attr, take_attr, &attrs);
	bits->all_on = attrs.v[ETHTOOL_A_BITSET_NOMASK];
	if (attrs.v[ETHTOOL_A_BITSET_BITS])
		mnl_attr_parse_nested(attrs.v[ETHTOOL_A_BITSET_BITS], take_bit, bits);
}

static void take_bits(const struct group *group, const struct attrs *attrs, struct tune *tune)
{
	struct bits bits = { .prefix = group->prefix, .tune = tune };

	if (group->able) {
		bits.meaning = BITS_ABLE;
		if (attrs->v[group->able])
			take_bitset(attrs->v[group->able], &bits);
		bits.meaning = BITS_WANTED;
	}
	if (attrs->v[group->bits])
		take_bitset(attrs->v[group->bits], &bits);
}

static void read_group(struct ethnl *ethnl, uint32_t ifindex, const struct group *group,
		       struct tune *tune)
{
	struct attrs attrs = { 0 };
	struct nlmsghdr *nlh;
	char buf[256];

	nlh = begin(buf, ethnl->family, group->get, ETHTOOL_GENL_VERSION);
	put_header(nlh, ifindex);
	/* The attributes lie in ethnl->buf, where an ACK would overwrite them. */
	nlh->nlmsg_flags &= ~NLM_F_ACK;
	if (ask(ethnl, nlh, take_reply, &attrs, NULL))
		return;
	if (group->numbers)
		take_numbers(group->numbers, &attrs, tune);
	else
		take_bits(group, &attrs, tune);
}

void ethnl_read(struct ethnl *ethnl, uint32_t ifindex, struct tune *tune)
{
	size_t i;

	for (i = 0; i < GROUPS; i++)
		read_group(ethnl, ifindex, &groups[i], tune);
}

void ethnl_read_features(struct ethnl *ethnl, uint32_t ifindex, struct tune *tune)
{
	size_t i;

	for (i = 0; i < GROUPS; i++)
		if (groups[i].get == ETHTOOL_MSG_FEATURES_GET)
			read_group(ethnl, ifindex, &groups[i], tune);
}

static bool put_numbers(struct nlmsghdr *nlh, const struct number *number,
			const struct tune *values)
{
	bool any = false;

	for (; number->key; number++) {
		const struct tune_item *item = tune_find(values, number->key);
		unsigned long value = item ? strtoul(item->value, NULL, 10) : 0;

		if (!item)
			continue;
		if (number->byte)
			mnl_attr_put_u8(nlh, number->attr, (uint8_t)value);
		else
			mnl_attr_put_u32(nlh, number->attr, (uint32_t)value);
		any = true;
	}
	return any;
}

static bool put_bits(struct nlmsghdr *nlh, size_t size, const struct group *group,
		     const struct tune *values)
{
	struct nlattr *set = mnl_attr_nest_start(nlh, group->bits);
	struct nlattr *list = mnl_attr_nest_start(nlh, ETHTOOL_A_BITSET_BITS);
	size_t i, len = strlen(group->prefix);
	bool any = false;

	for (i = 0; i < values->n; i++) {
		const struct tune_item *item = &values->v[i];
		struct nlattr *bit;

		if (strncmp(item->key, group->prefix, len) ||
		    nlh->nlmsg_len + strlen(item->key) + 64 > size)
			continue;
		bit = mnl_attr_nest_start(nlh, ETHTOOL_A_BITSET_BITS_BIT);
		mnl_attr_put_strz(nlh, ETHTOOL_A_BITSET_BIT_NAME, item->key + len);
		if (!strcmp(item->value, "on"))
			mnl_attr_put(nlh, ETHTOOL_A_BITSET_BIT_VALUE, 0, NULL);
		mnl_attr_nest_end(nlh, bit);
		any = true;
	}
	mnl_attr_nest_end(nlh, list);
	mnl_attr_nest_end(nlh, set);
	return any;
}

void ethnl_write(struct ethnl *ethnl, uint32_t ifindex, const struct tune *values,
		 ethnl_refused refused, void *data)
{
	size_t i;

	for (i = 0; i < GROUPS; i++) {
		const struct group *group = &groups[i];
		char buf[8192], why[GENL_WHY_LEN] = "";
		struct nlmsghdr *nlh = begin(buf, ethnl->family, group->set, ETHTOOL_GENL_VERSION);
		int ret;

		put_header(nlh, ifindex);
		if (group->numbers ? !put_numbers(nlh, group->numbers, values) :
				     !put_bits(nlh, sizeof(buf), group, values))
			continue;
		ret = ask(ethnl, nlh, NULL, NULL, why);
		if (ret)
			refused(data, group->prefix, ret, why);
	}
}

int ethnl_watch(void)
{
	struct ethnl *ethnl;
	int ret = ethnl_open(&ethnl), fd;

	if (ret)
		return ret;
	fd = dup(mnl_socket_get_fd(ethnl->nl));
	ret = fd < 0 ? -errno : 0;
	if (!ret && ethnl->monitor &&
	    mnl_socket_setsockopt(ethnl->nl, NETLINK_ADD_MEMBERSHIP, &ethnl->monitor,
				  sizeof(ethnl->monitor)) < 0)
		ret = -errno;
	ethnl_close(ethnl);
	if (ret && fd >= 0)
		close(fd);
	return ret ? ret : fd;
}
