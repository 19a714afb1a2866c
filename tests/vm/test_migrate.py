# SPDX-License-Identifier: GPL-2.0
"""Live migration under traffic: nothing is lost but in the moment in which the VM is stopped.

    peer ── br0 ─┬─ standby, VF   source QEMU
                 └─ standby, VF   destination QEMU
"""
import pytest

from expect import carried_by_primary, nothing_lost, outside, ready, whole
from lab.flow import Echo, FromGuest, FromPeer, describe
from lab.migrate import migrate
from lab.qemu import Pair


def back(guest):
    """The destination gave the primary back and it carries traffic."""
    pair = guest.wait_paired()
    guest.wait_carrier(pair.primary)
    carried_by_primary(guest)
    whole(pair)
    return pair


@pytest.mark.defect("P2")
@pytest.mark.defect("P4")
@pytest.mark.parametrize("how", ["acpi", "pciehp", "postcopy", "smp2", "vmxnet3"])
def test_nothing_is_lost(lab, variant, floor, measured, how):
    """Both directions, by each way of unplugging, precopy and postcopy."""
    guest, _ = ready(lab, variant, Pair(primary="vmxnet3" if how == "vmxnet3" else "e1000e"),
                     hotplug="pciehp" if how == "pciehp" else "acpi",
                     smp=2 if how == "smp2" else 1)
    with Echo(guest) as echo:
        echo.go_on()
        result = migrate(guest, postcopy=how == "postcopy")
        assert result.status == "completed"
        back(guest)
        echo.go_on()
    measured(f"{variant}, migration, {how}: {describe(echo.result)}; pause {result.pause_ms:.0f} ms")
    nothing_lost(echo.result, result, floor)


def test_intree_for_comparison(lab, floor, measured):
    """The in-tree module through the same migration: the lab must see what it loses."""
    guest, _ = ready(lab, "intree")
    with Echo(guest) as echo:
        echo.go_on()
        result = migrate(guest)
        back(guest)
        echo.go_on()
    measured(f"in-tree, migration, acpi: {describe(echo.result)}; pause {result.pause_ms:.0f} ms")
    lost = outside(echo.result, result, floor)
    assert lost > 500, f"the in-tree module lost only {lost}: is the lab blind?"


@pytest.mark.defect("P2")
def test_there_and_back(lab, variant, floor):
    """Migrations in a row."""
    guest, _ = ready(lab, variant)
    for number in range(2):
        with Echo(guest, name=f"echo{number}") as echo:
            result = migrate(guest)
            assert result.status == "completed"
            back(guest)
        nothing_lost(echo.result, result, floor)


@pytest.mark.parametrize("direction", [pytest.param(FromPeer, marks=pytest.mark.defect("P4")), FromGuest])
def test_one_way(lab, variant, floor, direction):
    """A guest that only listens is found again, one that only talks is heard."""
    guest, _ = ready(lab, variant)
    with direction(guest, "oneway") as flow:
        flow.go_on()
        result = migrate(guest)
        pair = guest.wait_paired()
        guest.wait_carrier(pair.primary)
        flow.go_on()
    nothing_lost(flow.result, result, floor)


@pytest.mark.defect("P3")
@pytest.mark.parametrize("phase", ["wait-unplug", "active"])
def test_cancelled(lab, variant, phase):
    """A cancelled migration gives the primary back to the source, and costs nothing."""
    guest, _ = ready(lab, variant)
    with Echo(guest) as echo:
        echo.go_on()
        result = migrate(guest, cancel_in=phase, bandwidth=1 << 20)
        assert result.status == "cancelled"
        back(guest)
        echo.go_on()
    nothing_lost(echo.result)
