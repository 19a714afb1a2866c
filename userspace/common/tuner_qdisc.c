// SPDX-License-Identifier: GPL-2.0
/*
 * A card's queueing discipline and the length of its queue, by rtnetlink. The
 * options of a qdisc are kept as the kernel told them: what a classless one
 * tells, it also takes. One with classes is more than its root: it is named,
 * and not made again.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>

#include "common/tuner.h"
#include "common/genl_parse.h"
#include "common/mem.h"

#define OPTIONS_MAX	1024

static const char * const classless[] = {
	"fq", "fq_codel", "codel", "pie", "fq_pie", "cake", "sfq", "pfifo", "bfifo", "pfifo_fast",
	"noqueue", "mq",
};

struct card {
	uint32_t ifindex;
	struct tune *tune;
	struct mnl_socket *nl;
	char buf[32768];
};

static bool is_classless(const char *kind)
{
	size_t i;

	for (i = 0; i < sizeof(classless) / sizeof(*classless); i++)
		if (!strcmp(classless[i], kind))
			return true;
	return false;
}

static int take_qdisc_attr(const struct nlattr *attr, void *data)
{
	const struct nlattr **attrs = data;
	uint16_t type = mnl_attr_get_type(attr);

	if (type == TCA_KIND)
		attrs[0] = attr;
	else if (type == TCA_OPTIONS)
		attrs[1] = attr;
	return MNL_CB_OK;
}

/* " " and the options in hex, if there are any. */
static void put_options(const struct nlattr *attr, char *text)
{
	const uint8_t *options = mnl_attr_get_payload(attr);
	size_t i, len = mnl_attr_get_payload_len(attr);

	for (i = 0; i < len; i++)
		text += snprintf(text, 4, "%s%02x", i ? "" : " ", options[i]);
}

/* The root alone; mq's children are its own. */
static int take_qdisc(const struct nlmsghdr *nlh, void *data)
{
	const struct tcmsg *tcm = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *attrs[2] = { NULL, NULL };
	char text[64 + 2 * OPTIONS_MAX];
	struct card *card = data;
	size_t at;

	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*tcm) ||
	    tcm->tcm_ifindex != (int)card->ifindex || tcm->tcm_parent != TC_H_ROOT)
		return MNL_CB_OK;
	mnl_attr_parse(nlh, sizeof(*tcm), take_qdisc_attr, attrs);
	if (!attrs[0] || mnl_attr_validate(attrs[0], MNL_TYPE_NUL_STRING) < 0)
		return MNL_CB_OK;
	/* That of a card that is down says nothing. */
	if (!strcmp(mnl_attr_get_str(attrs[0]), "noop"))
		return MNL_CB_OK;
	at = snprintf(text, 64, "%s", mnl_attr_get_str(attrs[0]));
	if (at >= 32 || (attrs[1] && mnl_attr_get_payload_len(attrs[1]) > OPTIONS_MAX))
		return MNL_CB_OK;
	if (attrs[1])
		put_options(attrs[1], text + at);
	tune_put(card->tune, "qdisc", text, 0, false);
	return MNL_CB_OK;
}

static int take_length(const struct nlattr *attr, void *data)
{
	struct card *card = data;

	if (mnl_attr_get_type(attr) == IFLA_TXQLEN &&
	    mnl_attr_validate(attr, MNL_TYPE_U32) >= 0)
		tune_put_number(card->tune, "txqueuelen", mnl_attr_get_u32(attr), 0);
	return MNL_CB_OK;
}

static int take_link(const struct nlmsghdr *nlh, void *data)
{
	return mnl_attr_parse(nlh, sizeof(struct ifinfomsg), take_length, data);
}

static int ask(struct card *card, struct nlmsghdr *nlh, mnl_cb_t answer)
{
	unsigned int port = mnl_socket_get_portid(card->nl);
	int ret = 1;

	nlh->nlmsg_seq = 1;
	if (mnl_socket_sendto(card->nl, nlh, nlh->nlmsg_len) < 0)
		return -errno;
	while (ret > 0) {
		ssize_t n = mnl_socket_recvfrom(card->nl, card->buf, sizeof(card->buf));

		if (n < 0)
			return -errno;
		if (genl_check_frames(card->buf, n))
			return -EBADMSG;
		ret = mnl_cb_run(card->buf, n, 1, port, answer, card);
	}
	return ret < 0 ? -errno : 0;
}

static struct mnl_socket *open_socket(void)
{
	struct mnl_socket *nl = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);

	if (nl && mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) < 0) {
		mnl_socket_close(nl);
		nl = NULL;
	}
	return nl;
}

static struct nlmsghdr *begin_qdisc(void *buf, uint16_t type, uint16_t flags, uint32_t ifindex)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct tcmsg *tcm;

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | flags;
	tcm = mnl_nlmsg_put_extra_header(nlh, sizeof(*tcm));
	tcm->tcm_ifindex = (int)ifindex;
	tcm->tcm_parent = type == RTM_GETQDISC ? 0 : TC_H_ROOT;
	return nlh;
}

static struct nlmsghdr *begin_link(void *buf, uint16_t type, uint32_t ifindex)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct ifinfomsg *ifi;

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	ifi = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifi));
	ifi->ifi_index = (int)ifindex;
	return nlh;
}

void qdisc_read(uint32_t ifindex, struct tune *tune)
{
	struct card card = { .ifindex = ifindex, .tune = tune, .nl = open_socket() };
	char buf[256];

	if (!card.nl)
		return;
	ask(&card, begin_link(buf, RTM_GETLINK, ifindex), take_link);
	ask(&card, begin_qdisc(buf, RTM_GETQDISC, NLM_F_DUMP, ifindex), take_qdisc);
	mnl_socket_close(card.nl);
}

static int set_length(struct card *card, uint32_t length)
{
	char buf[256];
	struct nlmsghdr *nlh = begin_link(buf, RTM_NEWLINK, card->ifindex);

	mnl_attr_put_u32(nlh, IFLA_TXQLEN, length);
	return ask(card, nlh, NULL);
}

/* mq, noqueue and pfifo_fast are what the kernel makes by itself once there is no other. */
static int set_qdisc(struct card *card, const char *value)
{
	char buf[2048], kind[32] = "";
	uint8_t options[OPTIONS_MAX];
	const char *hex = value + strcspn(value, " ");
	struct nlmsghdr *nlh;
	size_t n = 0;

	snprintf(kind, sizeof(kind), "%.*s", (int)(hex - value), value);
	if (!is_classless(kind))
		return -EOPNOTSUPP;
	if (!strcmp(kind, "mq") || !strcmp(kind, "noqueue") || !strcmp(kind, "pfifo_fast"))
		return ask(card, begin_qdisc(buf, RTM_DELQDISC, NLM_F_ACK, card->ifindex), NULL);
	for (hex += strspn(hex, " "); *hex && n < sizeof(options); hex += 2)
		if (!hex[1] || sscanf(hex, "%2hhx", &options[n++]) != 1)
			return -EINVAL;
	nlh = begin_qdisc(buf, RTM_NEWQDISC, NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE,
			  card->ifindex);
	mnl_attr_put_strz(nlh, TCA_KIND, kind);
	if (n)
		mnl_attr_put(nlh, TCA_OPTIONS, n, options);
	return ask(card, nlh, NULL);
}

void qdisc_write(uint32_t ifindex, const struct tune *values, ethnl_refused refused, void *data)
{
	const struct tune_item *length = tune_find(values, "txqueuelen");
	const struct tune_item *qdisc = tune_find(values, "qdisc");
	struct card card = { .ifindex = ifindex };
	int ret;

	if (!length && !qdisc)
		return;
	card.nl = open_socket();
	ret = card.nl ? 0 : -errno;
	if (!ret && length) {
		ret = set_length(&card, (uint32_t)strtoul(length->value, NULL, 10));
		if (ret)
			refused(data, length->key, ret, "");
	}
	if (card.nl && qdisc) {
		ret = set_qdisc(&card, qdisc->value);
		if (ret)
			refused(data, qdisc->key, ret,
				ret == -EOPNOTSUPP ? "it has classes or filters of its own" : "");
	}
	if (!card.nl)
		refused(data, "qdisc", ret, "");
	else
		mnl_socket_close(card.nl);
}
