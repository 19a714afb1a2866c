# SPDX-License-Identifier: GPL-2.0
"""An XDP program of the master: run by both drivers, also by a VF plugged later, or refused in words.

It drops what comes for a UDP port. In native mode the master itself never runs it: where such a
packet is missing, the lower's driver dropped it. An igb has native XDP on every kernel, an e1000e on none.
"""
import time
from dataclasses import replace

import pytest

from expect import (answered, carried_by_primary, carried_by_standby, flows, nothing_lost, on_primary, ready,
                    ready_on_igb, replug)
from lab.flow import Echo
from lab.inject import frame, inject, who_has
from lab.net import GUEST4
from lab.sniff import Sniffer

SHUT = 7077
PEER = "52:54:00:99:00:05"


@pytest.fixture
def capable(lab, leave_out):
    """A guest on a primary that has native XDP, and its pair."""
    return ready_on_igb(lab, leave_out, smp=2)


def attach(guest, device, mode):
    """Have the kernel run the program there; what it said."""
    return guest.execute(f"xdp attach {device} {mode} {SHUT}")


def served(guest):
    """Somebody in the guest answers at the port."""
    guest.run(f"probe echo --port {SHUT} >/tmp/shut.out 2>&1 &")
    guest.wait_until(lambda: passes(guest), what="the port to answer")


def passes(guest):
    """Whether packets to the port are answered; others are."""
    flows(guest)
    return answered(guest, port=SHUT)


def held(guest):
    """How many XDP programs the kernel still has."""
    return int(guest.run("xdp count"))


def test_native(capable, kernel):
    """Both lowers run it, and a VF plugged later, and nothing is lost at their switches; then none."""
    guest, pair = capable
    served(guest)
    done = attach(guest, pair.master, "native")
    assert not done.rc, done.out
    assert "xdp" in guest.run(f"ip link show {pair.master}")
    on_primary(guest)      # igb resets its card
    assert not passes(guest)
    with Echo(guest) as echo:
        guest.vm.device_del("vf0")
        carried_by_standby(guest)
        assert not passes(guest)
        guest.vm.device_add(guest.machine.pairs[0].primary_device())
        on_primary(guest)
        assert not passes(guest)
        echo.go_on()
    nothing_lost(echo.result)
    done = attach(guest, guest.wait_paired().primary, "native")
    # 5.10 does not look at what is above.
    assert done.rc or kernel.release.startswith("5.10"), "a program was attached to a lower beside the master's"
    guest.run(f"ip link set {pair.master} xdpdrv off")
    on_primary(guest)
    assert passes(guest)
    guest.run(f"failoverctl drain {pair.master}")
    carried_by_standby(guest)
    assert passes(guest)
    guest.wait_until(lambda: not held(guest), what="the program to be freed")


@pytest.mark.soak
def test_another_program(capable):
    """One follows another; the last one goes with the pair."""
    guest, pair = capable
    served(guest)
    for _ in range(3):
        assert not attach(guest, pair.master, "native").rc
        assert not passes(guest)
    on_primary(guest)
    assert not passes(guest)
    guest.wait_until(lambda: held(guest) == 1, what="the former programs to be freed")
    standby = guest.run(f"basename $(readlink -f /sys/class/net/{pair.standby}/device)").strip()
    guest.run(f"echo {standby} >/sys/bus/virtio/drivers/virtio_net/unbind")
    guest.wait_until(f"! ip link show {pair.master}")
    guest.wait_until(lambda: not held(guest), what="the program to be freed")
    guest.address(pair.primary)
    assert passes(guest)


def test_refused(lab):
    """Where a driver has no native XDP nothing changes, and the kernel says what to do: generic mode works."""
    guest, pair = ready(lab, "ours")
    served(guest)
    done = attach(guest, pair.master, "native")
    assert done.rc == 1 and "no native XDP; use generic mode" in done.out, done.out
    assert "xdp" not in guest.run("ip link show")
    assert passes(guest)
    guest.run(f"failoverctl drain {pair.master}")
    carried_by_standby(guest)
    assert passes(guest), "the standby runs a program that was refused"
    guest.run(f"failoverctl undrain {pair.master}")

    assert not attach(guest, pair.master, "generic").rc
    carried_by_primary(guest)
    assert not passes(guest)
    replug(guest)
    assert not passes(guest)
    guest.run(f"failoverctl drain {pair.master}")
    carried_by_standby(guest)
    assert not passes(guest)


def answers(lab, guest):
    """Whether the guest answers somebody who asks for its address at the primary's port."""
    asks = frame(guest.machine.pairs[0].mac, PEER, 0x0806, who_has(PEER, "10.77.0.200", GUEST4))
    taps = [guest.vm.primary_tap(), guest.vm.standby_tap()]
    with Sniffer(lab.net, taps, guest.evidence / f"answers-{time.monotonic_ns()}.frames") as sniffer:
        inject(lab.net, "lab", taps[0], [asks], rate=20, seconds=1)
    return any((f.dst, f.proto) == (PEER, "0806") for f in sniffer.frames)


def test_a_vf_that_cannot(lab, capable):
    """Nothing gets past the program by it, and failoverctl says why; without the program it is used."""
    guest, pair = capable
    served(guest)
    assert not attach(guest, pair.master, "native").rc
    guest.vm.device_del("vf0")
    carried_by_standby(guest)
    guest.vm.device_add(replace(guest.machine.pairs[0], primary="e1000e").primary_device())
    guest.wait_until("failoverctl status | grep -q 'cannot be configured: Operation not supported'")
    assert "XDP" in guest.run("failoverctl status || :")
    carried_by_standby(guest)
    assert not passes(guest)
    vf = guest.wait_paired().primary
    guest.run(f"ip link set {vf} up")
    guest.wait_carrier(vf)
    assert not answers(lab, guest), "what came by it has not seen the program"
    carried_by_standby(guest)
    guest.run(f"ip link set {pair.master} xdpdrv off")
    on_primary(guest)
    assert passes(guest) and answers(lab, guest)


@pytest.mark.soak
def test_a_program_of_a_lower(capable):
    """What somebody attached to a card stays there: the master's is refused until it is gone."""
    guest, pair = capable
    served(guest)
    assert not attach(guest, pair.primary, "native").rc
    on_primary(guest)
    assert not passes(guest)
    done = attach(guest, pair.master, "native")
    assert done.rc == 1 and "detach it first" in done.out, done.out
    guest.run(f"failoverctl drain {pair.master}")
    carried_by_standby(guest)
    assert passes(guest)
    guest.run(f"failoverctl undrain {pair.master} && ip link set {pair.primary} xdpdrv off")
    carried_by_primary(guest)
    assert passes(guest)
    assert not attach(guest, pair.master, "native").rc
    assert not passes(guest)
