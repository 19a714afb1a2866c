#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Runs the commands that come over the second serial port, one at a time, as ../vm/lab/init.sh does.
# Started by systemd once the machine is up and online.
export HOME=/root
stty -F /dev/ttyS1 raw -echo
exec 3<>/dev/ttyS1
echo ready >&3
while read -r id limit text <&3; do
	echo "$text" | base64 -d >/run/lab.cmd
	timeout -k 1 "$limit" /bin/dash /run/lab.cmd >/run/lab.out 2>/run/lab.err </dev/null 3<&-
	rc=$?
	echo "$id $rc $(base64 -w0 /run/lab.out) . $(base64 -w0 /run/lab.err) $id" >&3
done
