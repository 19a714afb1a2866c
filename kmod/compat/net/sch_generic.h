/* SPDX-License-Identifier: GPL-2.0 */
#ifndef NFO_COMPAT_NET_SCH_GENERIC_H
#define NFO_COMPAT_NET_SCH_GENERIC_H

#include_next <net/sch_generic.h>

/* 5.14, d3e0f57501bd: whether a lockless discipline is empty can be told. Before,
 * nothing may pass by one.
 */
#ifndef NFO_HAVE_NOLOCK_EMPTY
static inline bool nolock_qdisc_is_empty(const struct Qdisc *qdisc)
{
	return false;
}
#endif

/* 6.19, "net: dev_queue_xmit() llist adoption": packets may wait for a discipline
 * outside of its queue. The caller has its lock.
 */
static inline bool nfo_qdisc_defers(const struct Qdisc *qdisc)
{
#ifdef NFO_HAVE_QDISC_DEFER
	return !llist_empty(&qdisc->defer_list);
#else
	return false;
#endif
}

#endif /* NFO_COMPAT_NET_SCH_GENERIC_H */
