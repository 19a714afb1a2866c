# SPDX-License-Identifier: GPL-2.0
"""The primary goes and comes back without a migration."""
import pytest

from expect import carried_by_primary, carried_by_standby, nothing_lost, ready, whole
from lab.flow import Echo, FromPeer
from lab.qemu import Pair


@pytest.mark.defect("P2")
@pytest.mark.parametrize("primary, hotplug", [
    ("e1000e", "acpi"), ("vmxnet3", "pciehp"),
    pytest.param("e1000e", "pciehp", marks=pytest.mark.soak), pytest.param("vmxnet3", "acpi", marks=pytest.mark.soak)])
def test_unplug_and_replug(lab, variant, hotplug, primary):
    """Nothing is lost when the host takes the VF, nor when it gives it back."""
    guest, pair = ready(lab, variant, Pair(primary=primary), hotplug=hotplug)
    with Echo(guest, name="unplug") as unplug:
        unplug.go_on()
        guest.vm.device_del("vf0")
        carried_by_standby(guest)
        unplug.go_on()
    assert pair.primary not in guest.links()
    with Echo(guest, name="replug") as replug:
        guest.vm.device_add(guest.machine.pairs[0].primary_device())
        pair = guest.wait_paired()
        guest.wait_carrier(pair.primary)
        carried_by_primary(guest)
        replug.go_on()
    whole(pair)
    nothing_lost(unplug.result)
    nothing_lost(replug.result)


@pytest.mark.defect("P4")
def test_silent_guest_is_found_at_the_standby(lab, variant):
    """A guest that only listens must say where it is now: nothing else would."""
    guest, _ = ready(lab, variant)
    with FromPeer(guest, "unplug") as flow:
        flow.go_on()
        guest.vm.device_del("vf0")
        flow.go_on(1)
    nothing_lost(flow.result)


@pytest.mark.defect("P2")
def test_rapid_unplug_and_replug(lab, variant):
    """Unplugged again before the guest is done with the plugging, several times."""
    guest, _ = ready(lab, variant, smp=2)
    with Echo(guest) as echo:
        for _ in range(4):
            guest.vm.device_del("vf0")
            guest.vm.device_add(guest.machine.pairs[0].primary_device())
            guest.wait_until("grep -q e1000e /proc/interrupts || ls -d /sys/bus/pci/drivers/e1000e/0*")
        pair = guest.wait_paired()
        guest.wait_carrier(pair.primary)
        carried_by_primary(guest)
    whole(pair)
    nothing_lost(echo.result)


@pytest.mark.defect("P2")
@pytest.mark.parametrize("way", ["remove", "unbind"])
def test_taken_in_the_guest(lab, variant, way):
    """An administrator of the guest removes the card, or unbinds its driver, and brings it back."""
    guest, pair = ready(lab, variant)
    device = guest.run(f"basename $(readlink -f /sys/class/net/{pair.primary}/device)").strip()
    driver = "/sys/bus/pci/drivers/e1000e"
    take, give = {"remove": (f"/sys/bus/pci/devices/{device}/remove", "/sys/bus/pci/rescan"),
                  "unbind": (f"{driver}/unbind", f"{driver}/bind")}[way]
    with Echo(guest) as echo:
        echo.go_on()
        guest.run(f"echo {1 if way == 'remove' else device} > {take}")
        carried_by_standby(guest)
        guest.run(f"echo {1 if way == 'remove' else device} > {give}")
        pair = guest.wait_paired()
        guest.wait_carrier(pair.primary)
        carried_by_primary(guest)
    whole(pair)
    nothing_lost(echo.result)
