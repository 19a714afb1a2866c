/* SPDX-License-Identifier: GPL-2.0 */
#ifndef NFO_COMPAT_LINUX_DYNAMIC_QUEUE_LIMITS_H
#define NFO_COMPAT_LINUX_DYNAMIC_QUEUE_LIMITS_H

/* 6.9, 6025b9135f7a: it uses jiffies, and does not include them. */
#include <linux/jiffies.h>

#include_next <linux/dynamic_queue_limits.h>

#endif /* NFO_COMPAT_LINUX_DYNAMIC_QUEUE_LIMITS_H */
