# SPDX-License-Identifier: GPL-2.0
"""failoverctl status in a real guest, on either module."""
import json

import pytest

from expect import carried_by_standby, ready
from lab.qemu import Pair

GOOD, DEGRADED = 0, 1


def status(guest):
    """Exit code and JSON of `failoverctl status`."""
    done = guest.execute("failoverctl status --json")
    assert done.out, done.err
    return done.rc, json.loads(done.out)


@pytest.mark.both
def test_status(lab, variant):
    """It tells the modules apart, and which card carries traffic before and after an unplug."""
    guest, pair = ready(lab, variant)
    code, report = status(guest)
    shown, = report["pairs"]
    assert report["module"]["kind"] == ("out-of-tree" if pair.ours else "in-tree")
    assert code == (GOOD if pair.ours else DEGRADED), report["findings"]
    assert (shown["name"], shown["mac"]) == (pair.master, guest.machine.pairs[0].mac)
    assert shown["primary"]["name"] == pair.primary and shown["standby"]["name"] == pair.standby
    assert shown["active"] == "primary"
    assert [v["standby_negotiated"] for v in report["virtio"]] == [True]

    guest.vm.device_del("vf0")
    carried_by_standby(guest)
    code, report = status(guest)
    shown, = report["pairs"]
    assert code == DEGRADED and shown["active"] == "standby" and shown["primary"] is None
    assert shown["reason"] == "no-primary"
    assert guest.execute("failoverctl status").rc == DEGRADED


def test_without_a_pair(lab, variant):
    """STANDBY not offered by the host: it says so, and nothing is wrong."""
    guest = lab.boot(variant, Pair(failover=False, primary=None))
    code, report = status(guest)
    assert code == GOOD and not report["pairs"]
    assert [v["standby_negotiated"] for v in report["virtio"]] == [False]
