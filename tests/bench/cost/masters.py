# SPDX-License-Identifier: GPL-2.0
"""What is compared: how each master is made of a standby and a primary, on plain commands."""
from lab.qemu import Pair
from lab.run import wait_until


class QuietPair(Pair):
    """QEMU handles a packet when the guest has told it all, so that the guest always executes the same."""

    def standby_device(self):
        return super().standby_device() | {"ioeventfd": False, "tx": "timer"}


class Bare:
    """The lower itself, no master."""
    key, title, variant, failover = "bare", "the lower alone", "intree", False
    append = ""

    def attach(self, guest, standby, primary):
        """Put the primary to use; the name of the device on top."""
        return primary

    def use_standby(self, guest, standby, primary, top):
        """Have the standby carry; the name of the device on top."""
        return standby


class NetFailover(Bare):
    """Both forms pair by themselves."""
    failover = True

    def attach(self, guest, standby, primary):
        def paired():
            links = guest.links()
            return (primary in links and links[primary].get("master") == links[standby].get("master")
                    and links[standby].get("master"))
        return wait_until(paired, 30, f"{primary} to be claimed")

    def use_standby(self, guest, standby, primary, top):
        guest.run(f"ip link set {primary} down")
        return top


class Ours(NetFailover):
    key, title, variant = "ours", "this net_failover", "ours"


class Loud(Ours):
    key, title, append = "loud", "this, silence=0", "net_failover.silence=0"


class InTree(NetFailover):
    key, title, variant = "intree", "in-tree net_failover", "intree"


class Bonding(Bare):
    key, title = "bonding", "bonding active-backup"

    def attach(self, guest, standby, primary):
        guest.run("modprobe bonding max_bonds=0; [ -e /sys/class/net/bond0 ] || "
                  "ip link add bond0 type bond mode active-backup miimon 100; "
                  f"for n in {standby} {primary}; do [ -e /sys/class/net/$n/master ] && continue; "
                  f"ip link set $n down; ip link set $n master bond0; done; "
                  f"ip link set bond0 type bond primary {primary}; ip link set bond0 up")
        guest.wait_until(f"grep -qx {primary} /sys/class/net/bond0/bonding/active_slave", timeout=30)
        return "bond0"

    def use_standby(self, guest, standby, primary, top):
        guest.run(f"ip link set {primary} down")
        guest.wait_until(f"grep -qx {standby} /sys/class/net/bond0/bonding/active_slave", timeout=30)
        return top


class Team(Bare):
    """The kernel's part alone: teamd would only choose the port."""
    key, title = "team", "team activebackup"

    def attach(self, guest, standby, primary):
        guest.run("modprobe team_mode_activebackup; [ -e /sys/class/net/team0 ] || { "
                  f"ip link add team0 address {guest.machine.pairs[0].mac} type team && teamnl team0 setoption mode activebackup; }}; "
                  f"for n in {standby} {primary}; do [ -e /sys/class/net/$n/master ] && continue; "
                  f"ip link set $n down; ip link set $n master team0; done; ip link set team0 up; "
                  f"teamnl team0 setoption activeport $(cat /sys/class/net/{primary}/ifindex)")
        return "team0"

    def use_standby(self, guest, standby, primary, top):
        guest.run(f"teamnl team0 setoption activeport $(cat /sys/class/net/{standby}/ifindex)")
        return top


MASTERS = (Bare, Ours, Loud, InTree, Bonding, Team)
