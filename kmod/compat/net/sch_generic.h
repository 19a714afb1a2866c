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

/* After 6.12, with TCQ_F_DEQUEUE_DROPS: who ends a run frees what the discipline
 * has dropped, without its lock.
 */
#ifdef NFO_HAVE_RUN_END_DROPS
#define nfo_qdisc_run_end(qdisc) qdisc_run_end(qdisc)
#else
#define nfo_qdisc_run_end(qdisc) (qdisc_run_end(qdisc), (struct sk_buff *)NULL)
#endif

#endif /* NFO_COMPAT_NET_SCH_GENERIC_H */
