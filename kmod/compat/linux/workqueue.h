/* SPDX-License-Identifier: GPL-2.0 */
#ifndef NFO_COMPAT_LINUX_WORKQUEUE_H
#define NFO_COMPAT_LINUX_WORKQUEUE_H

#include_next <linux/workqueue.h>

/* 6.17, 128ea9f6ccfb: system_wq has a new name, the old one is deprecated. */
#ifndef NFO_HAVE_SYSTEM_PERCPU_WQ
#define system_percpu_wq system_wq
#endif

#endif /* NFO_COMPAT_LINUX_WORKQUEUE_H */
