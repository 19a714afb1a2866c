/* SPDX-License-Identifier: GPL-2.0 */
/* Speaks ethtool's netlink family: the one file that knows its attributes. */
#ifndef COMMON_ETHNL_H
#define COMMON_ETHNL_H

#include "common/tune.h"

struct ethnl;

/* -ENOENT: a kernel without it (before 5.6). */
int ethnl_open(struct ethnl **ethnl);
void ethnl_close(struct ethnl *ethnl);

/* Adds what the driver tells; what it does not have is not there. */
void ethnl_read(struct ethnl *ethnl, uint32_t ifindex, struct tune *tune);
/* The same of its offloads alone. */
void ethnl_read_features(struct ethnl *ethnl, uint32_t ifindex, struct tune *tune);

/* Each group (flag, ring, ...) of values in one message. why: the kernel's words, or "". */
typedef void (*ethnl_refused)(void *data, const char *group, int error, const char *why);
void ethnl_write(struct ethnl *ethnl, uint32_t ifindex, const struct tune *values,
		 ethnl_refused refused, void *data);

/* A socket that is readable when somebody changed a setting of a card; -errno: there is none. */
int ethnl_watch(void);

#endif
