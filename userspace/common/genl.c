// SPDX-License-Identifier: GPL-2.0
/* Asks the generic netlink family net_failover. With genl_*.c the only user of libmnl. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <libmnl/libmnl.h>
#include <linux/genetlink.h>

#include "common/genl_parse.h"
#include "common/mem.h"

#define BUFFER_SIZE	32768	/* what the kernel fills at most in a dump */
#define ATTEMPTS	5	/* at a dump that changes under our hands */

/* A conversation. */
struct talk {
	struct mnl_socket *nl;
	char *buf;
	struct genl_family family;
	char why[GENL_WHY_LEN];	/* of the last error */
	mnl_cb_t cb;
	void *data;
};

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

/* Also the answer "done", which is error 0. */
static int take_error(const struct nlmsghdr *nlh, void *data)
{
	const struct nlmsgerr *err = mnl_nlmsg_get_payload(nlh);
	struct talk *talk = data;

	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*err)) {
		errno = EBADMSG;
		return MNL_CB_ERROR;
	}
	if (!err->error)
		return MNL_CB_STOP;
	genl_read_why(nlh, talk->why);
	errno = -genl_error(err->error);
	return MNL_CB_ERROR;
}

/* A dump that failed in the middle ends with its error. */
static int take_done(const struct nlmsghdr *nlh, void *data)
{
	int error = 0;

	(void)data;
	if (mnl_nlmsg_get_payload_len(nlh) >= sizeof(error))
		memcpy(&error, mnl_nlmsg_get_payload(nlh), sizeof(error));
	if (error >= 0)
		return MNL_CB_STOP;
	errno = -genl_error(error);
	return MNL_CB_ERROR;
}

static int take_data(const struct nlmsghdr *nlh, void *data)
{
	struct talk *talk = data;

	return talk->cb ? talk->cb(nlh, talk->data) : MNL_CB_OK;
}

static mnl_cb_t control[] = {	/* libmnl takes no const */
	[NLMSG_ERROR] = take_error,
	[NLMSG_DONE] = take_done,
};

/* Sends the request in buf and hands every message of the answer to cb. */
static int exchange(struct talk *talk, mnl_cb_t cb, void *data)
{
	struct nlmsghdr *nlh = (struct nlmsghdr *)talk->buf;
	unsigned int seq = nlh->nlmsg_seq, port = mnl_socket_get_portid(talk->nl);
	int ret = MNL_CB_OK;

	talk->cb = cb;
	talk->data = data;
	talk->why[0] = '\0';
	if (mnl_socket_sendto(talk->nl, nlh, nlh->nlmsg_len) < 0)
		return -errno;
	while (ret > MNL_CB_STOP) {
		ssize_t n = mnl_socket_recvfrom(talk->nl, talk->buf, BUFFER_SIZE);

		if (n < 0)
			return -errno;
		if (genl_check_frames(talk->buf, n))
			return -EBADMSG;
		ret = mnl_cb_run2(talk->buf, n, seq, port, take_data, talk, control,
				  sizeof(control) / sizeof(*control));
	}
	return ret < 0 ? -errno : 0;
}

static int find_family(struct talk *talk)
{
	struct nlmsghdr *nlh = put_request(talk->buf, GENL_ID_CTRL, NLM_F_ACK,
					   CTRL_CMD_GETFAMILY);
	int ret;

	mnl_attr_put_strz(nlh, CTRL_ATTR_FAMILY_NAME, NET_FAILOVER_GENL_NAME);
	ret = exchange(talk, genl_add_family, &talk->family);
	return !ret && !talk->family.id ? -EBADMSG : ret;
}

static void hang_up(struct talk *talk)
{
	mnl_socket_close(talk->nl);
	free(talk->buf);
}

static int call(struct talk *talk)
{
	int on = 1, ret;

	*talk = (struct talk){ .nl = mnl_socket_open2(NETLINK_GENERIC, SOCK_CLOEXEC) };
	if (!talk->nl)
		return -errno;
	/* Kernels before 4.12 have no such text. */
	mnl_socket_setsockopt(talk->nl, NETLINK_EXT_ACK, &on, sizeof(on));
	mnl_socket_setsockopt(talk->nl, NETLINK_CAP_ACK, &on, sizeof(on));
	talk->buf = mem_grow(NULL, 0, BUFFER_SIZE);
	ret = mnl_socket_bind(talk->nl, 0, MNL_SOCKET_AUTOPID) < 0 ? -errno : find_family(talk);
	if (ret)
		hang_up(talk);
	return ret;
}

static int dump(struct talk *talk, uint8_t cmd, mnl_cb_t cb, void *data)
{
	put_request(talk->buf, talk->family.id, NLM_F_DUMP, cmd);
	return exchange(talk, cb, data);
}

int genl_pairs(struct pairs *pairs)
{
	struct talk talk;
	int i, ret;

	*pairs = (struct pairs){ 0 };
	ret = call(&talk);
	if (ret)
		return ret;
	for (i = 0; i < ATTEMPTS; i++) {
		ret = dump(&talk, NET_FAILOVER_CMD_PAIR_GET, genl_add_pair, pairs);
		if (!ret)
			break;
		free(pairs->v);
		*pairs = (struct pairs){ 0 };
		if (ret != -EINTR)	/* libmnl's word for NLM_F_DUMP_INTR */
			break;
	}
	hang_up(&talk);
	return ret;
}

int genl_events(struct genl_events *events)
{
	struct talk talk;
	int i, ret;

	*events = (struct genl_events){ 0 };
	ret = call(&talk);
	if (ret)
		return ret;
	for (i = 0; i < ATTEMPTS; i++) {
		ret = dump(&talk, NET_FAILOVER_CMD_EVENT_GET, genl_add_event, events);
		if (!ret)
			break;
		genl_events_free(events);
		if (ret != -EINTR)
			break;
	}
	hang_up(&talk);
	return ret;
}

int genl_request(enum net_failover_cmd cmd, const char *ifname, char why[GENL_WHY_LEN])
{
	struct talk talk;
	int ret = call(&talk);

	why[0] = '\0';
	if (ret)
		return ret;
	mnl_attr_put_strz(put_request(talk.buf, talk.family.id, NLM_F_ACK, cmd),
			  NET_FAILOVER_A_IFNAME, ifname);
	ret = exchange(&talk, NULL, NULL);
	memcpy(why, talk.why, sizeof(talk.why));
	hang_up(&talk);
	return ret;
}

int genl_find_family(struct genl_family *family)
{
	struct talk talk;
	int ret = call(&talk);

	*family = (struct genl_family){ 0 };
	if (ret)
		return ret;
	*family = talk.family;
	hang_up(&talk);
	return 0;
}
