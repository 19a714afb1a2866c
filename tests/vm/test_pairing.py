# SPDX-License-Identifier: GPL-2.0
"""A pair forms in every order in which its two cards can appear, and only where it should."""
import pytest

from expect import carried_by_primary, carried_by_standby, flows, nothing_lost, ready, usable, whole
from lab.flow import Echo
from lab.qemu import Pair

VIRTIO, VF = ("virtio_pci", "virtio_net"), ("e1000e",)


def hot_add_primary(guest):
    guest.vm.device_add(guest.machine.pairs[0].primary_device())


def hot_add_standby(guest):
    guest.vm.device_add(guest.machine.pairs[0].standby_device())


def load_primary(guest):
    guest.run("modprobe e1000e")


def load_standby(guest):
    guest.run("modprobe virtio_net")


ORDERS = {
    "QEMU plugs the VF after the handshake": (Pair(), VIRTIO + VF, None),
    "virtio driver first": (Pair(hidden=False), VIRTIO, load_primary),
    "VF driver first": (Pair(hidden=False), VF + ("virtio_pci",), load_standby),
    "both cards there at boot": (Pair(hidden=False), VF + VIRTIO, None),
    "VF hot-added": (Pair(hidden=False, present=False), VIRTIO + VF, hot_add_primary),
    "virtio hot-added": (Pair(hidden=False, standby=False), VIRTIO + VF, hot_add_standby),
}


def id_of(order):
    return order.replace(" ", "-")


@pytest.mark.parametrize("order", ORDERS, ids=id_of)
def test_orders(lab, variant, order):
    """Whatever comes first, the pair is whole and the primary carries the traffic."""
    pair, load, then = ORDERS[order]
    guest = lab.boot(variant, pair, load=load)
    if then:
        then(guest)
    names = guest.wait_paired()
    whole(names)
    guest.address(names.master)
    guest.wait_carrier(names.primary)
    usable(guest)
    carried_by_primary(guest)


@pytest.mark.both
def test_shape(lab, variant):
    """What other programs rely on is the in-tree module's shape: the check holds there too."""
    _, pair = ready(lab, variant)
    whole(pair)


@pytest.mark.defect("P2")
def test_primary_driver_reloaded(lab, variant):
    """The VF's driver goes and comes back under traffic."""
    guest, _ = ready(lab, variant)
    with Echo(guest) as echo:
        echo.go_on()
        guest.run("modprobe -r e1000e")
        carried_by_standby(guest)
        guest.run("modprobe e1000e")
        pair = guest.wait_paired()
        guest.wait_carrier(pair.primary)
        carried_by_primary(guest)
    nothing_lost(echo.result)
    whole(pair)


@pytest.mark.defect("P9")
def test_module_reloaded_under_traffic(lab, variant):
    """virtio_net and the module go and come back while packets arrive; the pair works again."""
    guest, pair = ready(lab, variant, smp=2)
    with Echo(guest):
        for _ in range(3):
            guest.run("modprobe -r virtio_net")
            assert not guest.ok("grep -q ^net_failover /proc/modules")
            links = guest.links()
            assert pair.master not in links or links[pair.master]["ethtool"] != "net_failover"
            guest.run("modprobe virtio_net")
            pair = guest.wait_paired()
            whole(pair)
            guest.address(pair.master)
            guest.wait_carrier(pair.primary)
            flows(guest)
    usable(guest)
    carried_by_primary(guest)


def test_virtio_unbound_and_bound(lab, variant):
    """The standby goes and comes back by sysfs; the VF is a plain card in between."""
    guest, pair = ready(lab, variant)
    device = guest.run(f"readlink -f /sys/class/net/{pair.standby}/device").strip().rsplit("/", 1)[1]
    guest.run(f"echo {device} > /sys/bus/virtio/drivers/virtio_net/unbind")
    alone = guest.links()[pair.primary]
    assert "master" not in alone and "SLAVE" not in alone["flags"]
    guest.run(f"echo {device} > /sys/bus/virtio/drivers/virtio_net/bind")
    pair = guest.wait_paired()
    whole(pair)
    guest.address(pair.master)
    guest.wait_carrier(pair.primary)
    usable(guest)


def test_other_mac_is_left_alone(lab, variant):
    """With differing MACs there is no pair, and both cards work."""
    guest = lab.boot(variant, Pair(primary_mac="52:54:00:77:99:99"))
    guest.wait_until("grep -q 52:54:00:77:99:99 /sys/class/net/*/address")
    links = guest.links()
    master, = (n for n, l in links.items() if l["ethtool"] == "net_failover")
    other, = (n for n, l in links.items() if l["driver"] == "e1000e")
    assert "master" not in links[other] and "SLAVE" not in links[other]["flags"]
    guest.address(master)
    usable(guest)
    guest.run(f"ip link set {master} down; ip addr flush dev {master}")
    guest.net.peer("ip", "neigh", "flush", "all")
    guest.address(other)
    usable(guest)
    assert "master" not in guest.links()[other]


def test_other_namespace_is_left_alone(lab, variant):
    """A VF that lives in another network namespace is not taken from there, nor linked across."""
    guest = lab.boot(variant, Pair(hidden=False), load=VF + ("virtio_pci",))
    guest.run("ip netns add other && ip link set eth0 netns other && modprobe virtio_net")
    pair = guest.wait_until(lambda: guest.pair() if guest.pair().standby else None)
    assert pair.master and "master" in pair.links[pair.standby]
    assert "master" not in guest.run("ip netns exec other ip -d link show eth0")
    guest.address(pair.master)
    usable(guest)
    carried_by_standby(guest)


@pytest.mark.defect("C10")
def test_moved_to_another_namespace(lab, variant):
    """A VF that is moved away belongs to nobody there; it is taken again when it comes back."""
    guest, pair = ready(lab, variant)
    guest.run(f"ip netns add other && ip link set {pair.primary} netns other")
    carried_by_standby(guest)
    there = guest.run(f"ip -n other -d link show {pair.primary}")
    assert "master" not in there and "SLAVE" not in there, there
    guest.run(f"ip netns exec other ip link set {pair.primary} netns 1")
    pair = guest.wait_paired()
    guest.wait_carrier(pair.primary)
    carried_by_primary(guest)
    whole(pair)


def test_two_pairs(lab, variant):
    """Each VF finds its own standby."""
    guest = lab.boot(variant, Pair(0), Pair(1))
    first, second = guest.wait_paired(0), guest.wait_paired(1)
    whole(first)
    whole(second)
    assert len({first.master, first.standby, first.primary,
                second.master, second.standby, second.primary}) == 6
