# SPDX-License-Identifier: GPL-2.0
"""The five seconds of native PCIe hot-plug: failoverd completes the removal that the host asked for.

    peer ── br0 ─┬─ standby, VF   source QEMU: migrate, wait-unplug … the button … power off
                 └─ standby, VF   destination QEMU
"""
import pytest

from expect import carried_by_primary, nothing_lost, ready
from lab.daemon import Failoverd, programs
from lab.floor import PLAIN, Plain
from lab.flow import Echo, describe
from lab.migrate import migrate
from lab.qemu import Pair
from lab.testbed import Images, Testbed


@pytest.fixture
def bed(images, evidence):
    """A test bed whose guests have failoverd."""
    testbed = Testbed(Images(images.kernel, (*images.programs, *programs()), images.ours), evidence)
    yield testbed
    found = testbed.close()
    assert not found, found


def waited(result):
    """For how long QEMU waited for the guest to let the VF go."""
    return result.phases["active"] - result.phases["wait-unplug"]


def back(guest):
    """The destination gave the VF back and it carries traffic."""
    pair = guest.wait_paired()
    guest.wait_carrier(pair.primary)
    carried_by_primary(guest)


def moved(guest, measured, what):
    """One migration under traffic in both directions; nothing is lost; how long QEMU waited."""
    name = what.replace(" ", "-")
    with Echo(guest, name=name) as echo, Plain(guest, name=f"{name}-plain") as plain:
        echo.go_on()
        result = migrate(guest)
        assert result.status == "completed"
        back(guest)
        echo.go_on()
    measured(f"pciehp, {what}: wait-unplug {waited(result):.2f} s, pause {result.pause_ms:.0f} ms; "
             f"{describe(echo.result)}; plain virtio-net beside it: {describe(plain.result)}")
    nothing_lost(echo.result, result, plain.floor(result))
    return waited(result)


def test_a_third(bed, measured):
    """With failoverd QEMU waits at most a third as long; with one that is stopped as long as without any."""
    guest, pair = ready(bed, "ours", Pair(), PLAIN, hotplug="pciehp")
    without = moved(guest, measured, "without failoverd")
    daemon = Failoverd(guest).start()
    hurried = moved(guest, measured, "with failoverd")
    daemon.wait_told(rf"^{pair.master}: the host wants the primary \({pair.primary}\) back: it leaves at once$")
    assert hurried <= without / 3, daemon.told()
    daemon.signal("STOP")
    stopped = moved(guest, measured, "failoverd stopped")
    assert stopped <= 1.5 * without
