# SPDX-License-Identifier: GPL-2.0
"""What a whole pair looks like from inside and outside, and whether traffic passes."""
import traffic
from lab import NotRun, newer, run
from lab.flow import PORT, PROBE, around, describe
from lab.net import GUEST4, GUEST6
from lab.qemu import Pair, one_thread
from lab.run import wait_until


def ready(lab, variant, *pairs, **options):
    """Boot a guest with a pair, its master configured and the primary carrying traffic."""
    guest = lab.boot(variant, *pairs, **options)
    pair = guest.wait_paired()
    guest.address(pair.master)
    guest.wait_carrier(pair.primary)
    flows(guest)
    carried_by_primary(guest)
    return guest, pair


def on_primary(guest):
    """Wait until the primary carries traffic; the pair."""
    pair = guest.wait_paired()
    guest.wait_carrier(pair.primary)
    carried_by_primary(guest)
    return pair


def ready_on_igb(lab, leave_out, **machine):
    """The same on an igb, which a newer QEMU has. It hides none for us (igb is multifunction): it is plugged by hand."""
    try:
        qemu = newer.qemu()
    except NotRun as e:
        leave_out("igb", e)
    guest = lab.boot("ours", Pair(primary="igb", present=False, hidden=False), qemu=qemu,
                     load=("virtio_pci", "virtio_net", "igb", "e1000e"), accel=one_thread(), **machine)
    guest.address(guest.wait_until(lambda: guest.pair().master, what="the master"))
    guest.vm.device_add(guest.machine.pairs[0].primary_device())
    return guest, on_primary(guest)


def flows(guest, to=GUEST4, timeout=15):
    """Wait until the guest answers its peer."""
    guest.serve_echo()
    wait_until(lambda: answered(guest, to), timeout, f"the guest to answer at {to}")


def answered(guest, to=GUEST4, port=PORT):
    """Whether the guest answers its peer, by at least one packet of three."""
    out = guest.net.peer(PROBE, "ping", "--to", to, "--port", port, "--rate", 50, "--count", 3,
                         "--drain", round(200 * run.PATIENCE), "--log", "-", "--runs", check=False)
    return "\ngot " in out


def carried_by_primary(guest, timeout=15, mac=None, to=GUEST4):
    """Wait until the network sends to the primary's port what is for the guest."""
    carried_by(guest, guest.vm.primary_tap(), timeout, mac, to)


def carried_by_standby(guest, timeout=15, mac=None, to=GUEST4):
    """Wait until the network sends to the standby's port what is for the guest."""
    carried_by(guest, guest.vm.standby_tap(), timeout, mac, to)


def carried_by(guest, tap, timeout=15, mac=None, to=GUEST4):
    """Wait until what is for an address of the guest, usually the pair's, goes to that port."""
    mac = mac or guest.machine.pairs[0].mac

    def learned():
        flows(guest, to)
        return guest.net.port_of(mac) == tap
    wait_until(learned, timeout, f"{mac} to be behind {tap}, it is behind {guest.net.port_of(mac)}")


def whole(pair):
    """The shape that other programs rely on: three plain devices, linked, known by their drivers.

    Ours marks the lowers as SLAVE too, which keeps IPv6 and network managers off them.
    """
    master, standby, primary = (pair.links[n] for n in (pair.master, pair.standby, pair.primary))
    assert standby["master"] == primary["master"] == pair.master
    assert master["ethtool"] == "net_failover"
    assert master["parent"] == standby["parent"] and "virtio" in master["parent"]
    assert standby["port"] == "sby" and master["port"] == "-"
    assert standby["driver"] == "virtio_net"
    assert "linkinfo" not in master, "the master has an rtnl_link_ops kind"
    assert master["devtype"] == "-", "the master has a DEVTYPE"
    assert not pair.ours or ("SLAVE" in primary["flags"] and "SLAVE" in standby["flags"])
    assert "SLAVE" not in master["flags"] and "MASTER" not in master["flags"]


def back(guest):
    """The primary is there again and carries traffic; the pair as it is now."""
    pair = on_primary(guest)
    whole(pair)
    return pair


def replug(guest):
    """Take the VF away and give it back, as a migration does; the pair as it is then."""
    guest.vm.device_del("vf0")
    guest.vm.device_add(guest.machine.pairs[0].primary_device())
    return back(guest)


def usable(guest):
    """The guest answers over IPv4 and IPv6."""
    flows(guest, GUEST4)
    flows(guest, GUEST6)


def outside(stream, migration, floor):
    """How many packets were lost outside the pause, widened by what plain virtio-net loses there."""
    return traffic.loss(stream, migration.told, (floor.before, floor.after)).outside


def judged():
    """Whether loss and time say anything about the module: not on a kernel that checks all it does."""
    return run.PATIENCE == 1


def nothing_lost(stream, migration=None, floor=None):
    """No packet lost, but in a migration's pause, and none twice."""
    if not judged():
        return
    if migration:
        lost = outside(stream, migration, floor)
        assert not lost, f"{lost} lost outside the pause of {migration.pause_ms:.0f} ms: " \
            f"{around(stream, migration)}; {describe(stream)}"
    else:
        assert not stream.lost, describe(stream)
    assert not stream.extras, describe(stream)
