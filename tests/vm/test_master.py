# SPDX-License-Identifier: GPL-2.0
"""The master is a card like any other: its address, filters, features; its lowers follow, also a new VF."""
import pytest

from expect import carried_by_primary, carried_by_standby, flows, nothing_lost, ready, replug, usable, whole
from lab.flow import Echo
from lab.inject import frame, inject, who_has
from lab.qemu import Pair
from lab.sniff import Sniffer

OTHER = "52:54:00:99:00:01"
PEER = "52:54:00:99:00:03"


@pytest.mark.defect("C5")
def test_address(lab, variant):
    """Another address is given to both cards, to a VF plugged later too; and taken back."""
    guest, pair = ready(lab, variant)
    own = guest.machine.pairs[0].mac
    guest.run(f"ip link set {pair.master} address {OTHER}")
    assert guest.links()[pair.primary]["address"] == OTHER
    carried_by_primary(guest, mac=OTHER)
    with Echo(guest) as echo:
        echo.go_on()
        guest.vm.device_del("vf0")
        carried_by_standby(guest, mac=OTHER)
        guest.vm.device_add(guest.machine.pairs[0].primary_device())
        carried_by_primary(guest, mac=OTHER)
        echo.go_on()
    nothing_lost(echo.result)
    names = [n for n, link in guest.links().items() if link.get("address") == OTHER]
    assert len(names) >= 2, "the new VF does not have the master's address"
    guest.run(f"ip link set {pair.master} address {own}")
    whole(guest.wait_paired())
    usable(guest)
    carried_by_primary(guest)


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


def asks(guest, tag):
    """A peer without VLANs of its own asks for 10.88.0.2 in VLAN 7: an ARP request to the pair's address, with the tag."""
    request = who_has(PEER, "10.88.0.1", "10.88.0.2")
    return frame(guest.machine.pairs[0].mac, PEER, tag, bytes.fromhex("00070806") + request)


@pytest.mark.parametrize("proto, tag", [("802.1Q", 0x8100), ("802.1ad", 0x88a8)])
def test_vlan(lab, variant, proto, tag):
    """A VLAN on the master works by either card, and by a VF plugged later."""
    guest, pair = ready(lab, variant)
    if pair.ours:                  # else its cards would go on filtering, and let no VLAN through
        assert not guest.ok(f"ethtool -K {pair.master} rx-vlan-filter off")
    guest.run(f"ip link add link {pair.master} name v7 type vlan proto {proto} id 7; ip link set v7 up;"
              "ip addr add 10.88.0.2/24 dev v7")

    def answered_by(tap, name):
        with Sniffer(lab.net, [tap], guest.evidence / f"{name}.frames") as sniffer:
            inject(lab.net, "peer", "eth0", [asks(guest, tag)], rate=50, seconds=1)
        answers = [f for f in sniffer.frames if (f.dst, f.proto, f.vlan) == (PEER, "0806", 7)]
        assert answers, f"no answer in the VLAN by {tap}, {len(sniffer.frames)} other frames"
    answered_by(guest.vm.primary_tap(), "primary")
    guest.vm.device_del("vf0")
    carried_by_standby(guest)
    answered_by(guest.vm.standby_tap(), "standby")
    guest.vm.device_add(guest.machine.pairs[0].primary_device())
    guest.wait_carrier(guest.wait_paired().primary)
    carried_by_primary(guest)
    answered_by(guest.vm.primary_tap(), "returned")


@pytest.mark.defect("C7")
def test_features(lab, variant):
    """What is switched off at the master is off at its cards, also at a VF plugged later, until it is on again."""
    guest, pair = ready(lab, variant)

    def checksums(name):
        return "rx-checksumming: on" in guest.run(f"ethtool -k {name}")
    assert checksums(pair.primary) and checksums(pair.master)
    guest.run(f"ethtool -K {pair.master} rx off")
    assert not checksums(pair.primary) and not checksums(pair.master)
    pair = replug(guest)
    guest.wait_until(lambda: not checksums(pair.primary))
    guest.run(f"ethtool -K {pair.master} rx on")
    assert checksums(pair.primary) and checksums(pair.master)
    usable(guest)


def test_feature_that_a_card_has_off(lab):
    """What somebody switched off at a card for reasons of its own, the master does not switch on."""
    guest, pair = ready(lab, "ours")

    def hashes(name):
        return "receive-hashing: on" in guest.run(f"ethtool -k {name}")
    assert hashes(pair.primary) and hashes(pair.master)
    guest.run(f"ethtool -K {pair.primary} rxhash off")
    guest.wait_until(lambda: not hashes(pair.master))     # it shows what its cards do
    guest.run(f"ethtool -K {pair.master} rxhash off || true")   # it fails where it is off already
    assert not guest.ok(f"ethtool -K {pair.master} rxhash on"), "ethtool has to say that nothing was changed"
    assert not hashes(pair.primary)
    guest.run(f"ethtool -K {pair.primary} rxhash on")
    guest.wait_until(lambda: hashes(pair.master))
    usable(guest)


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
    """When the master goes the VF has what it had before: up, with its own MTU and features."""
    guest = lab.boot(variant, Pair(hidden=False), load=("e1000e", "virtio_pci"))
    guest.run("ip link set eth0 mtu 1400 up && ethtool -K eth0 rx off && modprobe virtio_net")
    pair = guest.wait_paired()
    guest.address(pair.master)
    guest.run(f"ethtool -K {pair.master} rx off; ethtool -K {pair.master} rx on; ethtool -K {pair.primary} rx on")
    guest.wait_carrier(pair.primary)
    carried_by_primary(guest)
    guest.run("modprobe -r virtio_net")
    link = guest.links()[pair.primary]
    assert "UP" in link["flags"] and link["mtu"] == 1400 and "master" not in link
    assert "rx-checksumming: off" in guest.run(f"ethtool -k {pair.primary}")
    guest.address(pair.primary)
    usable(guest)
