# SPDX-License-Identifier: GPL-2.0
"""The short form of `make check-debug`: pairs on the debug kernel, where that was built already."""
import os

import pytest

from expect import carried_by_primary, carried_by_standby, ready, whole
from lab.checkers import leaks
from lab.guest import complaints
from test_churn import churn


@pytest.mark.defect("S1")
@pytest.mark.defect("S2")
def test_lockdep_stays_on(debug_lab, variant):
    """Locks are initialised and RCU pointers used by the rules.

    The in-tree module fails at the first: lockdep then sees nothing of the second any more.
    """
    guest, pair = ready(debug_lab, variant)
    guest.vm.device_del("vf0")
    carried_by_standby(guest)
    guest.vm.device_add(guest.machine.pairs[0].primary_device())
    pair = guest.wait_paired()
    guest.wait_carrier(pair.primary)
    guest.run(f"ip link set {pair.master} down; ip link set {pair.master} up; ip link set {pair.master} mtu 1400")
    guest.wait_carrier(pair.primary)
    carried_by_primary(guest)
    whole(pair)
    state = guest.run("sed -n 's/^ *debug_locks: *//p' /proc/lockdep_stats").strip()
    assert state == "1", "lockdep has switched itself off: " + "\n".join(guest.dmesg().splitlines()[-5:])


@pytest.mark.allow("KASAN", "put in on purpose")
@pytest.mark.allow("Call Trace", "of that report")
@pytest.mark.allow("lockdep has switched itself off", "it does at any such report")
def test_reports_are_seen(debug_lab, debug_fault_module):
    """Memory that is forgotten, or read beyond its end, fails a test: the checkers are not blind."""
    guest = debug_lab.boot("ours", extra_modules=[debug_fault_module])
    guest.run("modprobe nfo_fault; cd /sys/module/nfo_fault/parameters; echo overrun >misbehave;"
              "for i in 1 2 3 4 5; do echo leak >misbehave; done")
    assert any("KASAN: slab-out-of-bounds" in line for line in complaints(guest.dmesg())), guest.dmesg()[-2000:]
    found = list(leaks(guest))
    assert found, "kmemleak has seen nothing"
    guest.run("echo clear >/sys/kernel/debug/kmemleak")


def test_churn(debug_lab, measured):
    """Some of the steps of test_churn.py under KASAN, lockdep and kmemleak, where nothing preempts."""
    churn(debug_lab, measured, int(os.environ.get("NFO_STEPS", 60)), append="preempt=none")
