# SPDX-License-Identifier: GPL-2.0
"""The host's MTU (host_mtu=) reaches the master and both cards."""
import pytest

from expect import carried_by_primary, carried_by_standby, flows, nothing_lost, ready, replug, whole
from lab.flow import Echo
from lab.qemu import Pair


@pytest.mark.defect("C1")
@pytest.mark.parametrize("mtu", [1450, 9000])
def test_host_mtu(lab, variant, mtu):
    """The pair is whole at that MTU, and full-size packets pass by either card."""
    guest, pair = ready(lab, variant, Pair(host_mtu=mtu), mtu=max(mtu, 1500))
    whole(pair)
    assert {pair.links[n]["mtu"] for n in (pair.master, pair.standby)} == {mtu}
    guest.wait_until(lambda: guest.links()[pair.primary]["mtu"] == mtu)
    size = mtu - 28
    with Echo(guest, rate=200, name="primary", size=size) as primary:
        primary.go_on()
    with Echo(guest, rate=200, name="unplug", size=size) as unplug:
        guest.vm.device_del("vf0")
        carried_by_standby(guest)
        unplug.go_on()
    nothing_lost(primary.result)
    nothing_lost(unplug.result)
    guest.vm.device_add(guest.machine.pairs[0].primary_device())
    pair = guest.wait_paired()
    guest.wait_carrier(pair.primary)
    carried_by_primary(guest)
    assert guest.links()[pair.primary]["mtu"] == mtu
    flows(guest)


@pytest.mark.defect("C2")
def test_primary_cannot_take_the_mtu(lab, variant):
    """A VF that cannot take the master's MTU is said to, carries nothing, and is used once it can."""
    guest = lab.boot(variant, Pair(primary="vmxnet3", host_mtu=9200), mtu=9200)
    pair = guest.wait_paired()
    guest.address(pair.master)
    carried_by_standby(guest)
    assert "cannot configure primary" in guest.dmesg()
    guest.run(f"ip link set {pair.master} mtu 9000")
    guest.wait_carrier(pair.primary)
    carried_by_primary(guest)
    assert {guest.links()[n]["mtu"] for n in (pair.master, pair.standby, pair.primary)} == {9000}


@pytest.mark.defect("C3")
def test_mtu_that_one_cannot_take(lab, variant):
    """Refused before anything is touched: the VF's link stays, no packet is lost."""
    guest, pair = ready(lab, variant, Pair(host_mtu=2000), mtu=2000)
    names = (pair.master, pair.standby, pair.primary)
    with Echo(guest) as echo:
        echo.go_on()
        assert not guest.ok(f"ip link set {pair.master} mtu 4000")
        echo.go_on()
    assert {guest.links()[n]["mtu"] for n in names} == {2000}
    assert guest.links()[pair.master]["max_mtu"] == 2000
    nothing_lost(echo.result)


@pytest.mark.defect("C4")
def test_mtu_of_a_lower(lab, variant):
    """It is the master's: changed there, and nowhere else."""
    guest, pair = ready(lab, variant)
    assert not guest.ok(f"ip link set {pair.primary} mtu 1400")
    assert not guest.ok(f"ip link set {pair.standby} mtu 1400")
    guest.run(f"ip link set {pair.master} mtu 1400")
    assert {guest.links()[n]["mtu"] for n in (pair.master, pair.standby, pair.primary)} == {1400}
    replug(guest)
    assert {link["mtu"] for link in guest.pair().links.values() if link["address"] == guest.machine.pairs[0].mac} \
        == {1400}
