// SPDX-License-Identifier: GPL-2.0
/* A conversation with the kernel by netlink. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/genl_parse.h"
#include "common/mem.h"
#include "common/talk.h"

#define BUFFER_SIZE	32768	/* what the kernel fills at most in a dump */

int talk_open(struct talk *talk, int protocol)
{
	int on = 1, ret = 0;

	*talk = (struct talk){ .nl = mnl_socket_open2(protocol, SOCK_CLOEXEC) };
	if (!talk->nl)
		return -errno;
	/* Kernels before 4.12 have no such text. */
	mnl_socket_setsockopt(talk->nl, NETLINK_EXT_ACK, &on, sizeof(on));
	mnl_socket_setsockopt(talk->nl, NETLINK_CAP_ACK, &on, sizeof(on));
	if (mnl_socket_bind(talk->nl, 0, MNL_SOCKET_AUTOPID) < 0)
		ret = -errno;
	talk->buf = mem_grow(NULL, 0, BUFFER_SIZE);
	if (ret)
		talk_close(talk);
	return ret;
}

struct nlmsghdr *talk_request(struct talk *talk, uint16_t type, uint16_t flags)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(talk->buf);

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | flags;
	nlh->nlmsg_seq = time(NULL);
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

int talk_exchange(struct talk *talk, mnl_cb_t cb, void *data)
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

void talk_close(struct talk *talk)
{
	mnl_socket_close(talk->nl);
	free(talk->buf);
}
