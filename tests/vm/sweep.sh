# SPDX-License-Identifier: GPL-2.0
# test_sweep.py, in the guest: makes net_failover's calls of functions fail, one call at a time, and
# looks whether the pair becomes whole without help. One line for each: scenario, function, number.
library=1
# shellcheck source=tests/vm/churn.sh
. /tmp/churn.sh
sweep=/sys/module/nfo_sweep/parameters
# Calls that come late in a switch: its announcements, its end.
late=" kmalloc_trace kmem_cache_alloc_trace __alloc_skb genlmsg_put arp_create nf_register_net_hook kobject_uevent_env "

# The groups that a device listens to.
groups() { while read -r _ name _ _ group; do [ "$name" = "$1" ] && echo "$group"; done </proc/net/dev_mcast; }

# A lower is linked and marked and has the master's MTU and groups.
belongs() {
	read -r flags <"/sys/class/net/$1/flags" && read -r mtu <"/sys/class/net/$1/mtu" || return 1
	[ "$(readlink "/sys/class/net/$1/master")" ] && [ $((flags & 0x800)) != 0 ] && [ "$mtu" = "$2" ] || return 1
	has=" $(groups "$1" | tr '\n' ' ') "
	for group in $3; do
		case $has in *" $group "*) ;; *) return 1 ;; esac
	done
}

whole() {
	m=$(master) && p=$(primary) && s=$(standby) || return 1
	read -r role <"/sys/class/net/$m/net_failover/active_role" && read -r mtu <"/sys/class/net/$m/mtu" || return 1
	all=$(groups "$m")
	[ "$role" = primary ] && belongs "$p" "$mtu" "$all" && belongs "$s" "$mtu" "$all"
}

# No master could be made: both cards work by themselves, and nobody's mark is on them.
apart() {
	! m=$(master) && p=$(primary) || return 1
	read -r flags <"/sys/class/net/$p/flags" && ! [ -e "/sys/class/net/$p/master" ] && [ $((flags & 0x800)) = 0 ]
}

wait_for() {
	tries=0
	until "$@"; do
		[ $tries -lt 400 ] || return 1
		tries=$((tries + 1)); usleep 50000
	done
}

struck() { read -r is <$sweep/struck && [ "$is" = Y ]; }

# $1: the scenario, $2: the n-th call at most; then functions.
sweep() {
	scenario=$1 most=$2
	shift 2
	for what; do
		echo "$what" 2>/dev/null >$sweep/what || continue
		n=1
		while [ $n -le "$most" ] && once; do
			n=$((n + 1))
		done
	done
	echo 0 >$sweep/nth
}

# Whether the n-th call was there to fail.
once() {
	echo "$n" >$sweep/nth
	$scenario >/tmp/out 2>&1
	[ -z "$broken" ] || fail "a whole pair meanwhile"
	if struck && ! master >/dev/null; then
		wait_for apart || fail "both cards apart"
		echo "$scenario $what $n: no master"
		rebind
	fi
	wait_for whole || fail "a whole pair"
	tries=0
	case $late in *" $what "*) until struck || [ $tries = 30 ]; do usleep 100000; tries=$((tries + 1)); done ;; esac
	struck || return 1
	wait_for whole || fail "a whole pair"
	echo "$scenario $what $n"
}

fail() {
	echo "FAILED $scenario $what $n: not $1"
	cat /tmp/out
	ip -d link
	cat /proc/net/dev_mcast
	echo 0 >$sweep/nth
	exit 1
}

# The scenarios.
replug() { unbind; bind; }
rebind() { standby_gone; standby_back; }
down_up() { updown master down; updown master up; }
mtus() { mtu master 1400; mtu master 1450; }
vlans() { vlan_add 1; vlan_del 1; }
join() {
	ip maddr add 01:00:5e:00:00:77 dev "$(master)"
	wait_for whole || broken=1
	ip maddr del 01:00:5e:00:00:77 dev "$(master)"
}
polled() { console on; replug; console off; }
drains() { ctl drain; ctl undrain; failoverctl status; failoverctl history; }

"$@"
