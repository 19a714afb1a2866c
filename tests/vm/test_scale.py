# SPDX-License-Identifier: GPL-2.0
"""What looking costs: with 64 pairs, and with 1000 events in a second. Counted in instructions, not in time.

    pcie.0   slot 4 … 11   63 virtio-net cards, eight to a slot     (failover=on)
             slot 12 … 19  63 vmxnet3, plain cards with the standbys' MACs
    each pair on a hub of its own: nothing of it leaves QEMU
"""
import json
import re
from contextlib import contextmanager
from statistics import median

import pytest

from expect import judged
from lab.qemu import Pair
from lab.run import BUILD, TOP, sh
from lab.testbed import Images, Testbed

PAIRS = 64
SLOTS = {"virtio-net-pci": 4, "vmxnet3": 12}
LIMIT = 3                          # times `ip -d link`
STATUS_KIB, DAEMON_KIB = 5 * 1024, 6 * 1024
LOAD = ("virtio_pci", "virtio_net", "vmxnet3")
KEPT = 128                         # events in the module's ring
ALL_UP = "for m in /sys/class/net/*/net_failover; do m=${m%/*}; ip link set ${m##*/} up; done"


def counted(shift):
    """Every instruction takes 2^shift ns of the guest's time: its TSC counts them."""
    return ("-icount", f"shift={shift},sleep=off")


def card(number, driver, **options):
    """Arguments for one card of a pair."""
    slot, function = divmod(number, 8)
    netdev = f"{driver}{number}"
    device = {"driver": driver, "netdev": netdev, "mac": f"52:54:00:77:01:{number:02x}", "romfile": "",
              "addr": f"{SLOTS[driver] + slot:x}.{function}", "multifunction": True, **options}
    return ["-netdev", f"hubport,hubid={number},id={netdev}", "-device", json.dumps(device)]


def cards():
    """Arguments for all but the pair that the lab makes itself."""
    found = []
    for number in range(PAIRS - 1):
        found += card(number, "virtio-net-pci", failover=True, vectors=0)
        found += card(number, "vmxnet3")
    return tuple(found)


@pytest.fixture
def bed(images, evidence, leave_out):
    """A test bed whose guests have failoverd and the meter."""
    if not judged():
        leave_out("what looking costs", "a kernel that checks all it does takes as many instructions as it likes")
    sh("make", "--no-print-directory", "-C", TOP / "tests/vm", BUILD / "tests/meter", timeout=300)
    programs = (*images.programs, BUILD / "userspace/failoverd", BUILD / "tests/meter")
    testbed = Testbed(Images(images.kernel, programs, images.ours), evidence)
    yield testbed
    found = testbed.close()
    assert not found, found


def start_daemon(guest):
    """In the background; it writes to /tmp/failoverd.out."""
    guest.run("mkdir -p /run/failoverd; failoverd -v >/tmp/failoverd.out 2>&1 & echo $! >/tmp/failoverd.pid")
    guest.wait_until("grep -q NET_FAILOVER_SEQ /tmp/failoverd.out")


def meter(guest, command):
    """Instructions, in some unit, and KiB of a command."""
    return [int(word) for word in guest.run(f"meter run 5 {command}", 120).split()]


def status(guest):
    """All pairs."""
    return json.loads(guest.execute("failoverctl status --json", 60).out)["pairs"]


def on_primaries(guest):
    """How many pairs are on their primary."""
    return sum(pair["active"] == "primary" for pair in status(guest))


def test_64_pairs(bed, measured):
    """status costs at most three times `ip -d link`, and 5 MB; the daemon at most 6 MB, and it sleeps."""
    guest = bed.boot("ours", Pair(primary="vmxnet3"), load=LOAD, memory=1024, extra=(*cards(), *counted(4)))
    guest.run(ALL_UP, 120)
    guest.wait_until(lambda: on_primaries(guest) == PAIRS, 120, f"{PAIRS} pairs to be on their primaries")

    ip, _ = meter(guest, "ip -d link")
    for command in ("failoverctl status", "failoverctl status --json"):
        cost, kib = meter(guest, command)
        measured(f"{command}, {PAIRS} pairs: {cost / ip:.2f} times the instructions of ip -d link, {kib} KiB")
        assert cost <= LIMIT * ip, (command, cost / ip)
        assert kib <= STATUS_KIB, (command, kib)

    start_daemon(guest)
    look = "grep -e ^State -e ^voluntary -e ^VmRSS /proc/$(cat /tmp/failoverd.pid)/status"
    guest.wait_until(f"a=$({look}); sleep 2; [ \"$a\" = \"$({look})\" ] && echo \"$a\" | grep -q sleeping", 60)
    before = guest.run(look)
    guest.run("sleep 15")
    assert guest.run(look) == before
    kib = int(re.search(r"VmRSS:\s*(\d+) kB", before)[1])
    measured(f"failoverd, {PAIRS} pairs: {kib} KiB resident, no wake-up in 15 s")
    assert kib <= DAEMON_KIB


def events(guest):
    """What the ring holds."""
    return json.loads(guest.run("failoverctl history --json"))["events"]


def latency(guest, master):
    """How long after it was asked for a switch comes, ns: the median of some."""
    return median(map(int, guest.run(f"meter switch {master} 20 100000", 120).split()))


@contextmanager
def storm(guest, master):
    """Events of another pair, at 1000 a second and more; each is too short for a switch."""
    before = events(guest)[-1]["seq"]
    guest.run(f"meter drain {master} 300 >/tmp/meter.out 2>&1 & echo $! >/tmp/meter.pid")
    guest.wait_until(lambda: events(guest)[-1]["seq"] > before + 2 * KEPT)
    yield
    assert guest.ok("[ -e /proc/$(cat /tmp/meter.pid)/exe ]"), guest.run("cat /tmp/meter.out")
    guest.reap("meter")
    guest.wait_until("a=$(failoverctl history); sleep 0.2; [ \"$a\" = \"$(failoverctl history)\" ]")


def rate(before, after):
    """Events in a second between two."""
    return (after["seq"] - before["seq"]) * 1e9 / (after["boottime_ns"] - before["boottime_ns"])


def test_1000_events_in_a_second(bed, measured):
    """Readers that cannot keep up say how many they missed, tell the rest, and do not slow down switches."""
    extra = (*card(0, "virtio-net-pci", failover=True), *card(0, "vmxnet3"), *counted(2))
    guest = bed.boot("ours", Pair(primary="vmxnet3"), load=LOAD, extra=extra)
    guest.run(ALL_UP)
    guest.wait_until(lambda: on_primaries(guest) == 2)
    quiet, busy = (pair["name"] for pair in status(guest))
    alone = latency(guest, quiet)

    start_daemon(guest)
    guest.run("failoverctl monitor --json >/tmp/monitor.out 2>&1 & echo $! >/tmp/monitor.pid")
    guest.wait_until("grep -q state /tmp/monitor.out")
    first = events(guest)[-1]["seq"]
    guest.run("kill -STOP $(cat /tmp/monitor.pid /tmp/failoverd.pid)")
    with storm(guest, busy):
        before = events(guest)[-1]
        watched = latency(guest, quiet)
        per_second = rate(before, events(guest)[-1])
    guest.run("kill -CONT $(cat /tmp/monitor.pid /tmp/failoverd.pid)")
    measured(f"{per_second:.0f} events a second with two readers overrun: a switch {watched / 1e6:.1f} ms after "
             f"it was asked for; without events or readers {alone / 1e6:.1f} ms")
    assert per_second >= 1000 and watched < 1.25 * alone

    last = events(guest)[-1]["seq"]
    guest.wait_until(f"grep -q '\"seq\":{last},' /tmp/monitor.out && grep -q SEQ={last}$ /tmp/failoverd.out")
    lines = [json.loads(line) for line in guest.run("cat /tmp/monitor.out").splitlines()]
    notices = {line["code"]: line["events"] for line in lines if line["type"] == "notice"}
    told = [line["seq"] for line in lines if line["type"] == "event"]
    assert "overrun" in notices and told[-1] == last and len(set(told)) == len(told) > KEPT
    assert len(told) + notices["lost"] == last - first

    text = guest.run("cat /tmp/failoverd.out")
    told = [int(number) for number in re.findall(r"NET_FAILOVER_SEQ=(\d+)$", text, re.M)]
    lost, = re.findall(r"^at least (\d+) events are lost", text, re.M)
    assert told[-1] == last and len(set(told)) == len(told)
    assert len(told) + int(lost) == last - told[0] + 1
