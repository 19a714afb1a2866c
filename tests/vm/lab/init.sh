#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# PID 1 of the lab's guests: load what nfo.load= names, in that order, then run
# the commands that come over the second serial port, one at a time.
export PATH=/bin HOME=/root
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev 2>/dev/null
mount -t tmpfs tmp /tmp
mount -t tmpfs run /run
mount -t debugfs debug /sys/kernel/debug 2>/dev/null
mount -t tracefs trace /sys/kernel/tracing 2>/dev/null
mkdir -p /run/netns /dev/pts
option() { tr ' ' '\n' </proc/cmdline | sed -n "s/^nfo\.$1=//p"; }
hung=$(option hung)
echo "${hung:-15}" >/proc/sys/kernel/hung_task_timeout_secs 2>/dev/null
dmesg -n 7
ip link set lo up

for module in $(option load | tr ',' ' '); do
	modprobe -n -q "$module" || continue	# this kernel does not have it
	modprobe "$module" 2>/dev/kmsg || failed="$failed $module"
done

tty=/dev/$(option tty)
stty -F "$tty" raw -echo
exec 3<>"$tty"
echo "ready$failed" >&3
while read -r id limit text <&3; do
	echo "$text" | base64 -d >/tmp/.cmd
	timeout -k 1 "$limit" /bin/dash /tmp/.cmd >/tmp/.out 2>/tmp/.err </dev/null 3<&-
	rc=$?
	{
		echo "$id $rc $(base64 /tmp/.out | tr -d '\n') . $(base64 /tmp/.err | tr -d '\n') $id"
	} >&3
done
echo "lab: the command channel closed" >/dev/kmsg
while :; do sleep 1000; done
