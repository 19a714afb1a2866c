# SPDX-License-Identifier: GPL-2.0
"""The master is a card like any other: its lowers follow, also a new VF."""
import pytest

from expect import carried_by_primary, carried_by_standby, flows, nothing_lost, ready, usable
from lab.flow import Echo
from lab.qemu import Pair

OTHER = "52:54:00:99:00:01"


@pytest.mark.defect("C5")
def test_address_of_a_lower(lab, variant):
    """Refused, since it would cut the traffic."""
    guest, pair = ready(lab, variant)
    for lower in (pair.primary, pair.standby):
        assert not guest.ok(f"ip link set {lower} address {OTHER}")
    usable(guest)


@pytest.mark.defect("C6")
@pytest.mark.parametrize("above", ["bridge", "macvlan"])
def test_stations(lab, variant, above):
    """A bridge's station or a macvlan is reached by either card, and by a VF plugged later."""
    guest, pair = ready(lab, variant)
    guest.run("ip netns add st")
    if above == "bridge":
        guest.run("ip link add br0 type bridge && ip link set br0 up && ip link add v0 type veth peer name e0 netns st"
                  f" && ip link set v0 master br0 up && ip addr flush dev {pair.master} && "
                  f"ip link set {pair.master} master br0 && ip addr add 10.77.0.2/24 dev br0 && "
                  f"ip -n st link set e0 address {OTHER}")
    else:
        guest.run(f"ip link add link {pair.master} name e0 address {OTHER} netns st type macvlan mode bridge")
    guest.run("ip -n st link set lo up && ip -n st link set e0 up && ip -n st addr add 10.77.0.9/24 dev e0 && "
              "ip netns exec st probe echo --port 7000 >/tmp/station.out 2>&1 &")
    carried_by_primary(guest, mac=OTHER, to="10.77.0.9")
    with Echo(guest, to="10.77.0.9") as echo:
        echo.go_on()
        guest.vm.device_del("vf0")
        carried_by_standby(guest, mac=OTHER, to="10.77.0.9")
        guest.vm.device_add(guest.machine.pairs[0].primary_device())
        carried_by_primary(guest, mac=OTHER, to="10.77.0.9")
        echo.go_on()
    nothing_lost(echo.result)


@pytest.mark.defect("C8")
def test_spare_primary(lab, variant):
    """A second VF with the address waits, and takes over when the first one goes."""
    guest, pair = ready(lab, variant)
    guest.vm.device_add_on("spare", {"driver": "vmxnet3", "id": "spare", "mac": guest.machine.pairs[0].mac,
                                     "romfile": "", "bus": "rp2"})
    guest.wait_until("ls /sys/bus/pci/drivers/vmxnet3/*/net")
    usable(guest)
    carried_by_primary(guest)
    guest.vm.device_del("vf0")
    spare = guest.wait_paired().primary
    guest.wait_carrier(spare)
    flows(guest)
    guest.wait_until(lambda: guest.net.port_of(guest.machine.pairs[0].mac) == "spare")
    usable(guest)


@pytest.mark.defect("C13")
def test_primary_as_it_was(lab, variant):
    """When the master goes the VF has what it had before: up, with its own MTU."""
    guest = lab.boot(variant, Pair(hidden=False), load=("e1000e", "virtio_pci"))
    guest.run("ip link set eth0 mtu 1400 up && modprobe virtio_net")
    pair = guest.wait_paired()
    guest.address(pair.master)
    guest.wait_carrier(pair.primary)
    carried_by_primary(guest)
    guest.run("modprobe -r virtio_net")
    link = guest.links()[pair.primary]
    assert "UP" in link["flags"] and link["mtu"] == 1400 and "master" not in link
    guest.address(pair.primary)
    usable(guest)
