/* SPDX-License-Identifier: GPL-2.0 */
/* What the messages say: between genl.c, genl_watch.c and their tests. */
#ifndef COMMON_GENL_PARSE_H
#define COMMON_GENL_PARSE_H

#include "common/genl.h"

struct nlmsghdr;

struct genl_family {
	uint16_t id;		/* 0: the kernel does not have it */
	uint32_t group;		/* 0: a module without events */
};

/*
 * libmnl's callbacks: one message added to struct pairs, struct genl_events or
 * struct genl_family (left alone by another family's).
 */
int genl_add_pair(const struct nlmsghdr *nlh, void *data);
int genl_add_event(const struct nlmsghdr *nlh, void *data);
int genl_add_family(const struct nlmsghdr *nlh, void *data);

/* A number from a message as a negative errno, or 0: -EBADMSG for what is neither. */
int genl_error(int32_t number);

/* The kernel's own words in an error message: GENL_WHY_LEN bytes, "" if none. */
void genl_read_why(const struct nlmsghdr *nlh, char *why);

/*
 * 0 where every message lies within len. To be asked before mnl_cb_run():
 * libmnl 1.0.4 takes a length of 2 GB and more for a negative one and runs off
 * the buffer.
 */
int genl_check_frames(const char *buf, size_t len);

/* The controller's answer about our family. */
int genl_find_family(struct genl_family *family);

#endif
