# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034
# What install and uninstall share.
PATH=/usr/sbin:/usr/bin:/sbin:/bin
lib=/usr/lib/net_failover
manifest=$lib/manifest
tool=$lib/kernel-module

say() { echo "net_failover: $*"; }
die() { echo "make: $*" >&2; exit 1; }

check_root() {
	[ "$(id -u)" = 0 ] || die "$1 must be run as root"
	! dpkg-query -W -f '${db:Status-Status}' net-failover-dkms 2>/dev/null | grep -qx installed ||
		die "the package net-failover-dkms is installed: use apt, or remove it first"
}

# The files that the manifest names, but not those of this list (one a line). An administrator's
# changes stay.
remove_files() {
	sed -n 's/^file //p' "$manifest" | while read -r sum file; do
		printf '%s\n' "$1" | grep -qxF "$file" && continue
		case $file in
		/etc/*.conf)
			if [ -e "$file" ] && [ "$(sha256sum <"$file")" != "$sum  -" ]; then
				say "$file was changed and stays"
				continue
			fi ;;
		esac
		rm -f "$file"
	done
	sed -n 's/^dir //p' "$manifest" | sort -r | while read -r dir; do
		rmdir "$dir" 2>/dev/null || :
	done
}

on_systemd() { [ -d /run/systemd/system ]; }

# The host's port, if it gave one, gets its owner and its service at once.
reload_udev() {
	[ -S /run/udev/control ] || return 0
	udevadm control --reload && udevadm trigger --settle --subsystem-match=virtio-ports || :
}
