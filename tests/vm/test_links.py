# SPDX-License-Identifier: GPL-2.0
"""Carrier and administrative state decide who carries traffic, not mere presence."""
import time

import pytest

import traffic
from expect import carried_by_primary, carried_by_standby, flows, judged, nothing_lost, ready
from lab.flow import Echo, FromGuest, FromPeer, describe
from lab.qemu import Pair
from lab.sniff import Sniffer

# Long enough to show what a dead path costs, and for the kernel's late carrier news.
WATCH = 3


@pytest.mark.defect("P1")
def test_primary_comes_without_carrier(lab, variant):
    """A VF whose port has no link yet must not take the traffic."""
    guest, _ = ready(lab, variant, Pair(primary="vmxnet3"))
    guest.vm.device_del("vf0")
    carried_by_standby(guest)
    guest.run("modprobe -r vmxnet3")
    guest.vm.device_add(guest.machine.pairs[0].primary_device())
    guest.vm.set_link("vf0", False)
    with Echo(guest) as echo:
        guest.run("modprobe vmxnet3")
        pair = guest.wait_paired()
        guest.wait_carrier(pair.primary, up=False)
        echo.go_on(WATCH)
        guest.vm.set_link("vf0", True)
        guest.wait_carrier(pair.primary)
        carried_by_primary(guest)
    nothing_lost(echo.result)


@pytest.mark.defect("P1")
def test_primary_loses_carrier(lab, variant, measured):
    """What was on its way is lost; once the guest has switched, nothing is any more."""
    guest, pair = ready(lab, variant, Pair(primary="vmxnet3"))
    with Echo(guest, name="loss") as loss:
        loss.go_on()
        told = time.time()
        guest.vm.set_link("vf0", False)
        guest.wait_carrier(pair.primary, up=False)
        seen = time.time()
        carried_by_standby(guest)
    measured(f"{variant}, primary loses carrier: {describe(loss.result)}")
    with Echo(guest, name="without") as without:
        without.go_on(WATCH)
    with Echo(guest, name="again") as again:
        guest.vm.set_link("vf0", True)
        guest.wait_carrier(pair.primary)
        carried_by_primary(guest)
    nothing_lost(without.result)
    nothing_lost(again.result)
    late = traffic.outside_runs(loss.result, (told, seen), (2 / loss.rate, 0))
    assert not late or not judged(), f"lost after anybody could see that the carrier is gone: {describe(loss.result)}"


@pytest.mark.both
@pytest.mark.defect("P1")
def test_primary_set_down(lab, variant):
    """An administrator sets the VF down and up again: both are planned, so nothing is lost."""
    guest, pair = ready(lab, variant)
    with Echo(guest) as echo:
        echo.go_on()
        guest.run(f"ip link set {pair.primary} down")
        carried_by_standby(guest)
        echo.go_on(WATCH)
        guest.run(f"ip link set {pair.primary} up")
        guest.wait_carrier(pair.primary)
        carried_by_primary(guest)
    nothing_lost(echo.result)


@pytest.mark.defect("P5")
def test_standby_without_carrier(lab, variant):
    """Hosts are told to keep the standby's link down in normal service: the VF must not mind."""
    guest, pair = ready(lab, variant)
    with Echo(guest) as echo:
        guest.vm.set_link("net0", False)
        guest.wait_carrier(pair.standby, up=False)
        echo.go_on(WATCH)
        guest.vm.set_link("net0", True)
        guest.wait_carrier(pair.standby)
        echo.go_on()
    nothing_lost(echo.result)


@pytest.mark.defect("P1")
@pytest.mark.defect("P9")
def test_both_without_carrier(lab, variant):
    """The master has carrier while one of the two has."""
    guest, pair = ready(lab, variant, Pair(primary="vmxnet3"))
    guest.vm.set_link("net0", False)
    guest.vm.set_link("vf0", False)
    guest.wait_carrier(pair.master, up=False)
    guest.vm.set_link("net0", True)
    guest.wait_carrier(pair.master)
    flows(guest)
    carried_by_standby(guest)
    guest.vm.set_link("vf0", True)
    carried_by_primary(guest)


@pytest.mark.defect("P5")
def test_standby_says_nothing(lab, variant):
    """The standby is silent while the primary is in use, or the network would send there."""
    guest, pair = ready(lab, variant)
    vm = guest.vm
    with Sniffer(guest.net, [vm.standby_tap()], guest.evidence / "frames.log") as sniffer, \
            FromPeer(guest, "listen") as flow:
        vm.set_link("net0", False)
        guest.wait_carrier(pair.standby, up=False)
        vm.set_link("net0", True)
        guest.wait_carrier(pair.standby)
        guest.run(f"ip addr add fd77::77/64 dev {pair.master}")
        flow.go_on(2 * WATCH)
        assert guest.net.port_of(guest.machine.pairs[0].mac) == vm.primary_tap()
    mac = guest.machine.pairs[0].mac
    assert not [f for f in sniffer.frames if f.src == mac], "the standby spoke"
    nothing_lost(flow.result)


@pytest.mark.defect("P5")
@pytest.mark.defect("P6")
def test_lowers_have_no_addresses(lab, variant):
    """IPv6 runs on the master alone, and its own probes don't come back as a duplicate."""
    guest, pair = ready(lab, variant)
    for _ in range(3):
        guest.run(f"ip link set {pair.master} down && ip link set {pair.master} up")
        guest.wait_carrier(pair.primary)
        guest.wait_until(f"ip -6 addr show dev {pair.master} scope link | grep fe80 | grep -vq tentative")
        assert "dadfailed" not in guest.run(f"ip -6 addr show dev {pair.master}")
    for lower in (pair.standby, pair.primary):
        assert "inet" not in guest.run(f"ip addr show dev {lower}")
    assert guest.run("ip -6 neigh show proxy; dmesg").count("duplicate address") == 0


@pytest.mark.defect("P9")
def test_flapping_links(lab, variant):
    """Links that come and go under traffic leave nothing in the log (the fixture looks)."""
    guest, pair = ready(lab, variant, Pair(primary="vmxnet3"), smp=2)
    with Echo(guest), FromGuest(guest, "send"):
        for _ in range(5):
            for device, name in (("vf0", pair.primary), ("net0", pair.standby)):
                guest.vm.set_link(device, False)
                guest.wait_carrier(name, up=False)
            for device, name in (("vf0", pair.primary), ("net0", pair.standby)):
                guest.vm.set_link(device, True)
                guest.wait_carrier(name)
    flows(guest)
    carried_by_primary(guest)


@pytest.mark.defect("C9")
def test_rename_leaves_a_down_primary_down(lab, variant):
    """What an administrator set down stays so when udev renames it."""
    guest, pair = ready(lab, variant)
    guest.run(f"ip link set {pair.primary} down && ip link set {pair.primary} name renamed0")
    with Echo(guest) as echo:
        echo.go_on(1)
    assert "UP" not in guest.links()["renamed0"]["flags"]
    nothing_lost(echo.result)
    guest.run("ip link set renamed0 up")
    guest.wait_carrier("renamed0")
    carried_by_primary(guest)
