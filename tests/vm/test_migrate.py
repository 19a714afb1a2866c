# SPDX-License-Identifier: GPL-2.0
"""Live migration under traffic: nothing is lost but in the moment in which the VM is stopped.
Each way of it three times, there and back and there again.

    peer ── br0 ─┬─ standby, VF   source QEMU
                 └─ standby, VF   destination QEMU

A plain virtio-net card in the same guest is the measure: what it loses outside the pause is the floor.
"""
import pytest

from expect import back, nothing_lost, outside, ready
from lab.floor import PLAIN, Plain
from lab.flow import Echo, FromGuest, FromPeer, describe, lateness
from lab.migrate import migrate
from lab.qemu import Pair

TIMES = 3


def report(what, echo, plain, result):
    """For the closing summary."""
    return f"migration, {what}: pause {result.pause_ms:.0f} ms; {describe(echo.result)}; " \
        f"plain virtio-net beside it: {describe(plain.result)}; slowest answer {lateness(echo.result):.0f} ms"


@pytest.mark.defect("P2")
@pytest.mark.defect("P4")
@pytest.mark.parametrize("how", ["acpi", "pciehp", "postcopy", pytest.param("smp2", marks=pytest.mark.soak),
                                 pytest.param("vmxnet3", marks=pytest.mark.soak)])
def test_nothing_is_lost(lab, variant, measured, how):
    """Both directions, by each way of unplugging, precopy and postcopy."""
    guest, _ = ready(lab, variant, Pair(primary="vmxnet3" if how == "vmxnet3" else "e1000e"), PLAIN,
                     hotplug="pciehp" if how == "pciehp" else "acpi",
                     smp=2 if how == "smp2" else 1)
    for number in range(TIMES):
        with Echo(guest, name=f"echo{number}") as echo, Plain(guest, name=f"plain{number}") as plain:
            echo.go_on()
            result = migrate(guest, postcopy=how == "postcopy")
            assert result.status == "completed"
            back(guest)
            echo.go_on()
        measured(report(f"{variant}, {how}", echo, plain, result))
        nothing_lost(echo.result, result, plain.floor(result))


@pytest.mark.soak
def test_a_hundred_times(lab, measured):
    """One guest, there and back, fifty times: nothing lost in any of them, and nothing left over."""
    guest, pair = ready(lab, "ours", Pair(), PLAIN)
    links, pauses, sent, lost = len(pair.links), [], 0, 0
    for number in range(100):
        with Echo(guest, name=f"echo{number}") as echo, Plain(guest, name=f"plain{number}") as plain:
            echo.go_on()
            result = migrate(guest)
            assert result.status == "completed"
            pair = back(guest)
            echo.go_on()
        nothing_lost(echo.result, result, plain.floor(result))
        pauses.append(result.pause_ms)
        sent, lost = sent + len(echo.result.packets), lost + len(echo.result.lost)
    assert len(pair.links) == links
    measured(f"{len(pauses)} migrations of one guest: pauses of {min(pauses):.0f} to {max(pauses):.0f} ms; "
             f"{sent} packets, {lost} lost within the pauses, 0 outside")


@pytest.mark.soak
def test_intree_for_comparison(lab, measured):
    """The in-tree module through the same migration: the lab must see what it loses."""
    guest, _ = ready(lab, "intree", Pair(), PLAIN)
    with Echo(guest) as echo, Plain(guest) as plain:
        echo.go_on()
        result = migrate(guest)
        back(guest)
        echo.go_on()
    measured(report("in-tree, acpi", echo, plain, result))
    lost = outside(echo.result, result, plain.floor(result))
    assert lost > 500, f"the in-tree module lost only {lost}: is the lab blind?"


@pytest.mark.parametrize("direction", [pytest.param(FromPeer, marks=pytest.mark.defect("P4")), FromGuest])
def test_one_way(lab, variant, direction):
    """A guest that only listens is found again, one that only talks is heard."""
    guest, _ = ready(lab, variant, Pair(), PLAIN)
    with direction(guest, "oneway") as flow, Plain(guest) as plain:
        flow.go_on()
        result = migrate(guest)
        pair = guest.wait_paired()
        guest.wait_carrier(pair.primary)
        flow.go_on()
    nothing_lost(flow.result, result, plain.floor(result))


@pytest.mark.defect("P3")
@pytest.mark.parametrize("phase", ["wait-unplug", "active"])
def test_cancelled(lab, variant, phase):
    """A cancelled migration gives the primary back to the source, and costs nothing."""
    guest, _ = ready(lab, variant)
    for number in range(TIMES):
        with Echo(guest, name=f"echo{number}") as echo:
            echo.go_on()
            result = migrate(guest, cancel_in=phase, bandwidth=1 << 20)
            assert result.status == "cancelled"
            back(guest)
            echo.go_on()
        nothing_lost(echo.result)
