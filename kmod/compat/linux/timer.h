/* SPDX-License-Identifier: GPL-2.0 */
#ifndef NFO_COMPAT_LINUX_TIMER_H
#define NFO_COMPAT_LINUX_TIMER_H

#include_next <linux/timer.h>

/* 6.16, 41cb08555c41: from_timer() has a new name. */
#ifndef timer_container_of
#define timer_container_of(var, timer, field) container_of(timer, typeof(*(var)), field)
#endif

/* 6.2, 9b13df3fb64e: del_timer_sync() has a new name; gone since 6.15. */
#ifndef NFO_HAVE_TIMER_DELETE_SYNC
static inline int timer_delete_sync(struct timer_list *timer)
{
	return del_timer_sync(timer);
}
#endif

#endif /* NFO_COMPAT_LINUX_TIMER_H */
