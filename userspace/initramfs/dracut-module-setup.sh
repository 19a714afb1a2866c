#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# dracut: the udev rule and networkd's file, so that what runs in the
# initramfs leaves the lowers alone as well.

# Wherever virtio-net may be: what the kernel says at boot decides.
check() {
	return 0
}

depends() {
	echo udev-rules
}

install() {
	inst_rules 65-net-failover.rules
	local file
	# shellcheck disable=SC2154  # dracut's
	for file in {/usr,}/lib/systemd/network/{01,10}-net-failover-lower.{network,link}; do
		[[ -e $dracutsysrootdir$file ]] && inst_simple "$file"
	done
	return 0
}
