# SPDX-License-Identifier: GPL-2.0
# The steps of test_churn.py and test_sweep.py, in the guest. Names change while they run, so each looks
# for its device. Most of them may fail, as a user's would: what counts is how the pair is afterwards.
# driver: of the primary.
export PATH=/bin
virtio=/sys/bus/virtio/drivers/virtio_net
vf=/sys/bus/pci/drivers/${driver:-e1000e}

first() { [ -e "$1" ] && echo "$1"; }
master() { set -- /sys/class/net/*/net_failover; [ -e "$1" ] && m=${1%/net_failover} && echo "${m##*/}"; }
primary() { set -- "$vf"/0*/net/*; [ -e "$1" ] && echo "${1##*/}"; }
standby() {
	for d in "$virtio"/virtio*/net/*; do
		[ -e "$d" ] && ! [ -e "$d/net_failover" ] && echo "${d##*/}" && return
	done
}

# The addresses that the test talks to; a new master has none.
address() {
	m=$(master) || return
	ip link set "$m" up
	ip addr replace 10.77.0.2/24 dev "$m"
	ip addr replace fd77::2/64 dev "$m" nodad
}

updown() { ip link set "$($1)" "$2"; }
mtu() { ip link set "$($1)" mtu "$2"; }
mac() { ip link set "$($1)" address "$2"; }
flag() { ip link set "$($1)" "$2" "$3"; }
name() { ip link set "$($1)" name "$2"; }
vlan_add() { ip link add link "$(master)" name "vlan$1" type vlan id "$1" && ip link set "vlan$1" up; }
vlan_del() { ip link del "vlan$1"; }
macvlan_add() { ip link add link "$(master)" name "mac$1" type macvlan mode bridge && ip link set "mac$1" up; }
macvlan_del() { ip link del "mac$1"; }
addr_add() { ip addr add "fd77::1:$1/64" dev "$(master)"; }
addr_del() { ip addr del "fd77::1:$1/64" dev "$(master)"; }
feature() { ethtool -K "$($1)" "$2" "$3"; }
ctl() { failoverctl "$1" "$(master)"; }

# netconsole over the master.
console() {
	case $1 in
	on) modprobe netconsole "netconsole=6666@10.77.0.2/$(master),6666@10.77.0.1/" ;;
	off) rmmod netconsole ;;
	esac
}

# A namespace gives its cards back to the first one when it ends.
namespace() { ip netns add churn && ip link set "$($1)" netns churn; ip netns del churn; }

unbind() { d=$(first "$vf"/0*) && echo "${d##*/}" >"$vf/unbind"; }
bind() { for d in /sys/bus/pci/devices/*; do [ -e "$d/driver" ] || echo "${d##*/}" >"$vf/bind"; done; }
remove() { d=$(first "$vf"/0*) && echo 1 >"$d/remove"; }
rescan() { echo 1 >/sys/bus/pci/rescan; }
# The primary's slot: off ejects the card, and the host has it again.
power() {
	d=$(first "$vf"/0*)
	for s in /sys/bus/pci/slots/*; do
		[ -e "$s/power" ] || continue
		read -r slot <"$s/address"
		read -r is <"$s/power"
		[ "$1$is" = 10 ] && echo 1 >"$s/power"
		[ "$1" = 0 ] && [ "${d##*/}" = "$slot.0" ] && echo 0 >"$s/power"
	done
}
standby_gone() { d=$(first "$virtio"/virtio*) && echo "${d##*/}" >"$virtio/unbind"; }
standby_back() { for d in /sys/bus/virtio/devices/*; do [ -e "$d/driver" ] || echo "${d##*/}" >"$virtio/bind"; done; address; }
reload() { modprobe -r virtio_net; modprobe virtio_net; address; }

# Made anew: a device that came up with another MAC keeps the one which belongs to that.
link_local() {
	ip addr flush dev "$1" scope link
	for mode in 1 0; do echo $mode >"/proc/sys/net/ipv6/conf/$1/addr_gen_mode"; done
}

# All that the steps may have left behind, taken away.
restore() {
	ip netns del churn; console off; rescan; bind; standby_back
	for n in 1 2 3; do vlan_del $n; macvlan_del $n; addr_del $n; done
	m=$(master) || return
	mtu master 1500
	for f in promisc allmulticast; do
		for r in master standby primary; do flag $r $f off; done
	done
	mac master "$1"
	for r in master primary; do feature $r tso on; feature $r gso on; done
	feature primary tx-tcp-mangleid-segmentation off	# "tso" is this one, too; drivers have it off
	for r in master standby primary; do updown $r up; done
	ctl undrain; address; link_local "$m"
} 2>/dev/null

# Packets and bytes of the master, for ever; a new master counts anew.
watch() {
	while :; do
		for d in /sys/class/net/*/net_failover; do
			s=${d%/*}
			read -r i <"$s/ifindex" && read -r a <"$s/statistics/rx_packets" &&
				read -r b <"$s/statistics/rx_bytes" && read -r c <"$s/statistics/tx_packets" &&
				read -r e <"$s/statistics/tx_bytes" && echo "$i $a $b $c $e"
		done 2>/dev/null
		usleep 50000
	done
}

# The steps on standard input, one a line.
run() {
	while read -r step; do
		# shellcheck disable=SC2086  # a command and its words
		$step >/tmp/step 2>&1 && echo "$step" || echo "$step: $(cat /tmp/step)"
	done
}

[ -n "$library" ] || "$@"
