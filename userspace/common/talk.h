/* SPDX-License-Identifier: GPL-2.0 */
/* A conversation with the kernel by netlink: between the readers that use libmnl. */
#ifndef COMMON_TALK_H
#define COMMON_TALK_H

#include <libmnl/libmnl.h>

#include "common/genl.h"

#define TALK_ATTEMPTS	5	/* at a dump that changes under our hands */

struct talk {
	struct mnl_socket *nl;
	char *buf;		/* the request, then each part of the answer */
	char why[GENL_WHY_LEN];	/* the kernel's words on the last error */
	mnl_cb_t cb;
	void *data;
};

/* 0 or a negative errno: then there is nothing to close. */
int talk_open(struct talk *talk, int protocol);
/* Begins the request in talk->buf. */
struct nlmsghdr *talk_request(struct talk *talk, uint16_t type, uint16_t flags);
/*
 * Sends the request and hands every message of the answer to cb (NULL: only
 * errors matter). -EINTR: a dump that changed meanwhile, libmnl's word for it.
 * What is left of it would be taken for the next answer: after any error of a
 * dump, close.
 */
int talk_exchange(struct talk *talk, mnl_cb_t cb, void *data);
void talk_close(struct talk *talk);

#endif
