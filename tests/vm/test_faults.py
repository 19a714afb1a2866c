# SPDX-License-Identifier: GPL-2.0
"""What the in-tree module gives up at, ours tries again: errors put in by fault/nfo_fault.c."""
import pytest

from expect import carried_by_primary, carried_by_standby, nothing_lost, ready, usable, whole
from lab.flow import Echo
from lab.qemu import Pair

STRUCK = "/sys/module/nfo_fault/parameters/struck"


def inject(guest, event, count):
    """Let the next `count` such steps at an e1000e fail (-1: all)."""
    guest.run(f"modprobe nfo_fault driver=e1000e event={event} count={count}")


def stop_injecting(guest):
    """Let everything succeed from now on."""
    guest.run("echo 0 > /sys/module/nfo_fault/parameters/count")


@pytest.mark.defect("C11")
def test_primary_that_cannot_be_opened(lab, variant, fault_module):
    """The master comes up on the standby, and takes the VF when it can be opened at last."""
    guest = lab.boot(variant, load=("virtio_pci", "virtio_net"), extra_modules=[fault_module])
    inject(guest, "open", -1)
    guest.run("modprobe e1000e")
    pair = guest.wait_paired()
    guest.address(pair.master)
    usable(guest)
    carried_by_standby(guest)
    assert int(guest.run(f"cat {STRUCK}")) > 0
    with Echo(guest) as echo:
        stop_injecting(guest)
        guest.wait_carrier(pair.primary, timeout=60)
        carried_by_primary(guest)
    whole(guest.wait_paired())
    nothing_lost(echo.result)


@pytest.mark.defect("C12")
@pytest.mark.parametrize("event", ["enslave", "linked", "open"])
def test_one_error_at_plugging(lab, variant, fault_module, event):
    """A step fails twice when the VF comes back: it ends in the pair all the same."""
    guest, _ = ready(lab, variant, extra_modules=[fault_module])
    guest.vm.device_del("vf0")
    inject(guest, event, 2)
    with Echo(guest) as echo:
        guest.vm.device_add(guest.machine.pairs[0].primary_device())
        pair = guest.wait_paired(timeout=60)
        guest.wait_carrier(pair.primary, timeout=60)
        carried_by_primary(guest)
    whole(pair)
    assert int(guest.run(f"cat {STRUCK}")) == 2
    nothing_lost(echo.result)


@pytest.mark.parametrize("count", [1, -1], ids=["once", "always"])
def test_plain_card_again(lab, fault_module, count):
    """A VF that was up before its pair was, and could not be had at first or at all, is as before at the end."""
    guest = lab.boot("ours", Pair(hidden=False), load=("e1000e", "virtio_pci"), extra_modules=[fault_module])
    guest.run("ip link set eth0 up")
    inject(guest, "enslave", count)
    guest.run("modprobe virtio_net")
    if count > 0:
        guest.wait_paired()
    guest.wait_until(f"[ $(cat {STRUCK}) -ge 1 ]")
    guest.run("modprobe -r virtio_net")
    flags = guest.links()["eth0"]["flags"]
    assert "UP" in flags and "SLAVE" not in flags, flags
