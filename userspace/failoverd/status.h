/* SPDX-License-Identifier: GPL-2.0 */
/* What systemctl status says of the daemon. */
#ifndef FAILOVERD_STATUS_H
#define FAILOVERD_STATUS_H

#include "failoverd/policy.h"

/*
 * Why no module tells of events, as a sentence to be freed; its priority in
 * the journal. pairs: whether there are any, which are then watched all the same.
 */
char *status_untold(bool pairs, int *priority);
/* How many pairs there are, and how they do; to be freed. */
char *status_pairs(const struct policy *policy);

#endif
