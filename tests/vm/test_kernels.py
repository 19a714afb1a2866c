# SPDX-License-Identifier: GPL-2.0
"""What every kernel must do, in two guests; on the default kernel other tests look closer at each.

A suite's network core differs most in names, flags and locks, so this goes through each life of a
pair once: formed in both orders, MTU, carrier, unplug and replug, a migration, the module reloaded.
"""
import pytest

from expect import back, carried_by_primary, carried_by_standby, flows, nothing_lost, ready, usable, whole
from lab.floor import PLAIN, Plain
from lab.flow import Echo
from lab.migrate import migrate
from lab.qemu import Pair

pytestmark = pytest.mark.kernels
MTU = 1450


def test_reload_and_migration(lab, kernel, measured):
    """QEMU plugs the VF after the handshake; the module goes, finds the VF there when it returns, and moves.

    In this order: see lab/checkers.py on cards that were migrated.
    """
    guest, pair = ready(lab, "ours", Pair(host_mtu=MTU, primary=lab.primary), PLAIN, mtu=MTU)
    assert {pair.links[n]["mtu"] for n in (pair.master, pair.standby, pair.primary)} == {MTU}
    for lower in (pair.standby, pair.primary):
        assert "inet" not in guest.run(f"ip addr show dev {lower}")
    guest.run("modprobe -r virtio_net")
    assert not guest.ok("grep -q ^net_failover /proc/modules")
    guest.run("modprobe virtio_net")
    guest.address(guest.wait_paired().master)
    back(guest)
    usable(guest)

    with Echo(guest) as echo, Plain(guest) as plain:
        echo.go_on()
        result = migrate(guest)
        assert result.status == "completed"
        back(guest)
        echo.go_on()
    measured(f"migration, {kernel.release}: pause {result.pause_ms:.0f} ms")
    nothing_lost(echo.result, result, plain.floor(result))


def test_carrier_and_unplug(lab):
    """The VF's driver is there first; its link goes and comes, then the card itself."""
    guest = lab.boot("ours", Pair(hidden=False, primary="vmxnet3"), load=("vmxnet3", "virtio_pci", "virtio_net"))
    pair = guest.wait_paired()
    whole(pair)
    guest.address(pair.master)
    back(guest)

    with Echo(guest, name="carrier"):
        guest.vm.set_link("vf0", False)
        guest.wait_carrier(pair.primary, up=False)
        carried_by_standby(guest)
    with Echo(guest, name="again") as again:
        guest.vm.set_link("vf0", True)
        guest.wait_carrier(pair.primary)
        carried_by_primary(guest)
    nothing_lost(again.result)

    with Echo(guest, name="unplug") as unplug:
        unplug.go_on()
        guest.vm.device_del("vf0")
        carried_by_standby(guest)
    with Echo(guest, name="replug") as replug:
        guest.vm.device_add(guest.machine.pairs[0].primary_device())
        back(guest)
        replug.go_on()
    nothing_lost(unplug.result)
    nothing_lost(replug.result)
    flows(guest)
