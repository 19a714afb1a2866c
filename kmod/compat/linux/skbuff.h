/* SPDX-License-Identifier: GPL-2.0 */
#ifndef NFO_COMPAT_LINUX_SKBUFF_H
#define NFO_COMPAT_LINUX_SKBUFF_H

#include_next <linux/skbuff.h>

/* 5.12, fa82117010430: the kernel's name for a checksum that is none of the Internet's. */
#ifndef NFO_HAVE_SKB_CSUM_IS_SCTP
#define skb_csum_is_sctp(skb) ((skb)->csum_not_inet)
#endif

#endif /* NFO_COMPAT_LINUX_SKBUFF_H */
