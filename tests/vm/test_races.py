# SPDX-License-Identifier: GPL-2.0
"""No data races, as KCSAN sees them: the hot path, the selection of a lower, the counters.

Any report that names a function of the module fails the test (lab/guest.py). The kernel is built by
`make soak`, once.
"""
import os

import pytest

from expect import carried_by_standby, on_primary, ready, usable, whole
from lab.flow import Echo, FromGuest
from lab.guest import complaints
from lab.qemu import Pair
from test_churn import churn

pytestmark = pytest.mark.soak
ROUNDS = 5

# Whatever reads what the hot path and the selection write, for ever.
READERS = """
while :; do
	for d in /sys/class/net/*/net_failover; do cat $d/* ${d%/*}/statistics/*; done
	ip -s link; ethtool -S $(basename $(dirname $d)); failoverctl status --json
done >/dev/null 2>&1"""


def reports(guest):
    """How many races KCSAN told of, the kernel's own included."""
    return guest.dmesg().count("BUG: KCSAN")


@pytest.mark.allow("nfo_fault", "put in on purpose")
def test_races_are_seen(kcsan_lab, kcsan_fault_module):
    """A race fails a test: the checker is not blind, and the filter does not swallow it."""
    guest = kcsan_lab.boot("ours", extra_modules=[kcsan_fault_module])
    guest.run("modprobe nfo_fault; echo race >/sys/module/nfo_fault/parameters/misbehave", timeout=60)
    assert any("nfo_fault" in line for line in complaints(guest.dmesg())), guest.dmesg()[-2000:]


def test_switches_under_traffic(kcsan_lab, measured):
    """Traffic both ways on both CPUs while the lower in use changes in every way, and counters are read."""
    guest, pair = ready(kcsan_lab, "ours", Pair(primary="vmxnet3"), smp=2)    # shows a lost carrier
    guest.run(f"echo '{READERS}' >/tmp/readers")
    with Echo(guest), FromGuest(guest, "out"):
        guest.spawn("dash", "/tmp/readers")
        for _ in range(ROUNDS):
            guest.run(f"ip link set {pair.primary} down; sleep 1; ip link set {pair.primary} up")
            guest.wait_carrier(pair.primary)
            guest.run(f"failoverctl drain {pair.master}; sleep 1; failoverctl undrain {pair.master}")
            guest.run(f"ip link set {pair.master} mtu 1400; ip link set {pair.master} promisc on; sleep 1;"
                      f"ip link set {pair.master} promisc off; ip link set {pair.master} mtu 1500")
            guest.vm.set_link("vf0", False)
            carried_by_standby(guest)
            guest.vm.set_link("vf0", True)
            guest.vm.device_del("vf0")
            carried_by_standby(guest)
            guest.vm.device_add(guest.machine.pairs[0].primary_device())
            pair = on_primary(guest)
        guest.reap("dash")
    usable(guest)
    whole(pair)
    measured(f"KCSAN: {ROUNDS} rounds of switches under traffic; races of the kernel's own: {reports(guest)}")


def test_churn(kcsan_lab, measured):
    """Steps at random, as in test_churn.py."""
    churn(kcsan_lab, measured, int(os.environ.get("NFO_STEPS", 400)))
