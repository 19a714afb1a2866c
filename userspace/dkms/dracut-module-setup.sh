#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# dracut: net_failover with all that loading it takes, also the distribution's to fall back to.

# Wherever virtio-net may be: what the kernel says at boot decides.
check() {
	return 0
}

depends() {
	echo base
}

installkernel() {
	# The distribution's module needs failover, ours does not.
	hostonly='' instmods net_failover failover virtio_net
}

install() {
	inst_multiple modprobe insmod sh
	inst_simple /usr/lib/net_failover/load-module
	# shellcheck disable=SC2154  # dracut's
	inst_simple "/lib/modules/$kernel/net_failover.distribution" || return 0
}
