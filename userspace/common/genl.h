/* SPDX-License-Identifier: GPL-2.0 */
/* Speaks the generic netlink family net_failover. */
#ifndef COMMON_GENL_H
#define COMMON_GENL_H

#include "common/model.h"

/*
 * All pairs of this network namespace, as our module tells them. -ENOENT:
 * the kernel does not have the family; -EBADMSG and -ERANGE: an answer that
 * breaks the protocol. On failure pairs is empty.
 */
int genl_pairs(struct pairs *pairs);

/*
 * The same from a dump of len bytes in memory, aligned as malloc does and with
 * room up to the next multiple of 4: libmnl rounds every length up.
 */
int genl_parse(const void *dump, size_t len, struct pairs *pairs);

#endif
