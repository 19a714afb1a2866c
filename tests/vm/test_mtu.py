# SPDX-License-Identifier: GPL-2.0
"""The host's MTU (host_mtu=) reaches the master and both cards."""
import pytest

from expect import carried_by_primary, carried_by_standby, flows, nothing_lost, ready, whole
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
