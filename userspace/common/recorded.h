/* SPDX-License-Identifier: GPL-2.0 */
/* What netlink would answer on a machine that a test made of files. */
#ifndef COMMON_RECORDED_H
#define COMMON_RECORDED_H

#include "common/genl.h"

/* Of the files genl-pairs and genl-events: messages as the kernel sends them. */
int recorded_pairs(struct pairs *pairs);
int recorded_events(struct genl_events *events);
/* Of the file genl-request: an errno and the kernel's words. */
int recorded_request(char why[GENL_WHY_LEN]);
/* A pipe, "wake": whatever is written there stands for news. -1: none. */
int recorded_wake(void);

#endif
