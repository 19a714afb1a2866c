/* SPDX-License-Identifier: GPL-2.0 */
/* The tracepoint net_failover:net_failover_event, at the moment of each event. */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM net_failover

#if !defined(NFO_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define NFO_TRACE_H

#include <linux/tracepoint.h>
#include "event.h"

TRACE_EVENT(net_failover_event,

	TP_PROTO(const struct nfo_event *event),

	TP_ARGS(event),

	TP_STRUCT__entry(
		__field(u64, seq)
		__field(u32, kind)
		__field(u32, role)
		__field(u32, from)
		__field(u32, to)
		__field(u32, reason)
		__field(u64, gap_ns)
		__field(u64, dropped)
		__field(int, err)
		__array(char, master, IFNAMSIZ)
		__array(char, lower, IFNAMSIZ)
	),

	TP_fast_assign(
		__entry->seq = event->seq;
		__entry->kind = event->kind;
		__entry->role = event->role;
		__entry->from = event->from;
		__entry->to = event->to;
		__entry->reason = event->reason;
		__entry->gap_ns = event->gap_ns;
		__entry->dropped = event->dropped;
		__entry->err = event->err;
		memcpy(__entry->master, event->master, IFNAMSIZ);
		memcpy(__entry->lower, event->lower, IFNAMSIZ);
	),

	/* The numbers are those of <linux/net_failover.h>. */
	TP_printk("master=%s seq=%llu kind=%u role=%u lower=%s from=%u to=%u reason=%u gap_ns=%llu dropped=%llu err=%d",
		  __entry->master, __entry->seq, __entry->kind, __entry->role,
		  __entry->lower, __entry->from, __entry->to, __entry->reason,
		  __entry->gap_ns, __entry->dropped, __entry->err)
);

#endif /* NFO_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
