# SPDX-License-Identifier: GPL-2.0
# What the kernel's headers have: NFO_HAVE_<name> where a regular expression matches in one of them.
# make takes the expression as an argument: no comma, no parenthesis without its partner.
nfo-has = $(shell grep -Eqs '$(3)' $(srctree)/include/$(2) && echo -DNFO_HAVE_$(1))

nfo-have := $(call nfo-has,ETH_HW_ADDR_SET,linux/etherdevice.h,\beth_hw_addr_set\b)
nfo-have += $(call nfo-has,ETH_IOCTL,linux/netdevice.h,\bndo_eth_ioctl\b)
nfo-have += $(call nfo-has,GSO_IPV4_MAX_SIZE,linux/netdevice.h,\bgso_ipv4_max_size;)
nfo-have += $(call nfo-has,GSO_MAX_SIZE_OF_SKB,linux/netdevice.h,\bnetif_get_gso_max_size\b)
nfo-have += $(call nfo-has,HWTSTAMP_LOWER,linux/netdevice.h,\bgeneric_hwtstamp_set_lower\b)
nfo-have += $(call nfo-has,KERNEL_TS_INFO,linux/ethtool.h,\bkernel_ethtool_ts_info\b)
nfo-have += $(call nfo-has,NETDEV_LOCK,net/netdev_lock.h,\bnetdev_lock_ops\b)
nfo-have += $(call nfo-has,NETPOLL_INFO_ARG,linux/netdevice.h,struct netpoll_info .info.;)
nfo-have += $(call nfo-has,NOLOCK_EMPTY,net/sch_generic.h,\bnolock_qdisc_is_empty\b)
nfo-have += $(call nfo-has,NO_ADDRCONF,linux/netdevice.h,\bIFF_NO_ADDRCONF\b)
nfo-have += $(call nfo-has,PKT_SEGS,net/sch_generic.h,\bpkt_segs;)
nfo-have += $(call nfo-has,PRESENT_CONST,linux/netdevice.h,netif_device_present.const )
nfo-have += $(call nfo-has,QDISC_DEFER,net/sch_generic.h,\bdefer_list;)
nfo-have += $(call nfo-has,RUN_END_DROPS,net/sch_generic.h,struct sk_buff .qdisc_run_end\b)
nfo-have += $(call nfo-has,SET_MAC_STORAGE,linux/netdevice.h,\bdev_set_mac_address.struct net_device .dev. struct sockaddr_storage)
nfo-have += $(call nfo-has,SKB_CSUM_IS_SCTP,linux/skbuff.h,\bskb_csum_is_sctp\b)
nfo-have += $(call nfo-has,SYSTEM_PERCPU_WQ,linux/workqueue.h,\bsystem_percpu_wq;)
nfo-have += $(call nfo-has,TCX,linux/netdevice.h,\btcx_egress;)
nfo-have += $(call nfo-has,TIMER_DELETE_SYNC,linux/timer.h,int timer_delete_sync\b)
nfo-have += $(call nfo-has,TS_INFO_BY_LAYER,linux/ethtool.h,\bethtool_get_ts_info_by_layer\b)
nfo-have += $(call nfo-has,XDP_FEATURES,net/xdp.h,\bxdp_set_features_flag\b)
nfo-have += $(call nfo-has,XDP_PROPAGATE,linux/netdevice.h,\bdev_xdp_propagate\b)

# Before the kernel's own folders, whose headers ours include: ccflags-y would come after them, and is not
# there for every file that sees these headers (net_failover.mod.c).
LINUXINCLUDE := $(nfo-have) -I$(src)/kmod/compat $(LINUXINCLUDE)
