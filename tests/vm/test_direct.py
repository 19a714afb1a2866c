# SPDX-License-Identifier: GPL-2.0
"""The short way from the master into a lower (kmod/direct.c) leaves out nothing that somebody relies on.

Which way a packet takes is seen by net_dev_queue, the trace point of dev_queue_xmit(): on the short way
there is none at the lower.
"""
import re

import pytest

from expect import carried_by_standby, judged, ready
from lab.flow import Echo
from lab.qemu import Pair
from lab.run import which
from lab.testbed import Images

CARD = ("-device", "pci-testdev")
TRACE = "/sys/kernel/tracing"
COUNT = 200
THEM = "10.99.0.1"


def send(count=COUNT, to="10.77.0.1", rate=2000):
    """Packets of one flow of the guest's."""
    return f"probe send --to {to} --port 9 --rate {rate} --count {count}"


def traced(guest, device):
    """Count from now on what dev_queue_xmit() has to do with the probe's packets at this device."""
    guest.run(f"mount -t tracefs none {TRACE} 2>/dev/null; cd {TRACE} && echo 0 >tracing_on && echo >trace && "
              f"echo 'name == \"{device}\" && len == 106' >events/net/net_dev_queue/filter && "
              "echo 1 >events/net/net_dev_queue/enable && echo 1 >tracing_on")


def the_long_way(guest):
    """How many went through it since."""
    return int(guest.run(f"grep -c net_dev_queue: {TRACE}/trace || :"))


def short(guest):
    """Whether the short way was taken, but where an interrupt came between.

    A guest under checkers is too slow to tell: the card's queue is stopped now and then (byte queue limits).
    """
    return not judged() or the_long_way(guest) <= COUNT // 10


def by_qdisc(guest, device):
    """How many packets its disciplines say that they have passed on."""
    return int(re.search(r"Sent \d+ bytes (\d+) pkt", guest.run(f"tc -s qdisc show dev {device}")).group(1))


@pytest.fixture
def with_tcpdump(request, images, evidence):
    """As `lab`, with a guest that has tcpdump."""
    from conftest import testbed
    more = (*images.programs, which("tcpdump"))
    yield from testbed(request, Images(images.kernel, more, images.ours), evidence)


def settle(guest, pair, qdisc):
    """One discipline, and the announcements of the last switch are over."""
    guest.run(f"tc qdisc replace dev {pair.primary} root {qdisc}; sleep 2")


def test_short_way(lab):
    """It is taken past each discipline that lets packets pass, and the discipline counts them.

    Linux 5.10 lets none pass by a lockless one.
    """
    guest, pair = ready(lab, "ours")
    old = guest.run("uname -r").startswith("5.10.")
    for qdisc in ("fq_codel", "noqueue") if old else ("pfifo_fast", "fq_codel", "noqueue"):
        settle(guest, pair, qdisc)
        before = by_qdisc(guest, pair.primary) if qdisc != "noqueue" else 0
        traced(guest, pair.primary)
        guest.run(send())
        assert short(guest), qdisc
        assert qdisc == "noqueue" or by_qdisc(guest, pair.primary) - before >= COUNT, qdisc


def test_disciplines_are_honoured(lab):
    """One that shapes has every packet, and delays it."""
    guest, pair = ready(lab, "ours")
    settle(guest, pair, "netem delay 300ms")
    traced(guest, pair.primary)
    with Echo(guest, rate=100) as echo:
        echo.go_on(1.5)
    assert not echo.result.lost
    assert min(p.got - p.sent for p in echo.result.packets) > 0.25
    assert the_long_way(guest) >= len(echo.result.packets)
    guest.run(f"tc qdisc replace dev {pair.primary} root pfifo limit 3000 && tc qdisc replace dev {pair.primary} "
              "root stab overhead 100 mtu 2048 tsize 256 pfifo limit 3000")
    traced(guest, pair.primary)
    guest.run(send())
    assert the_long_way(guest) >= COUNT, "the discipline's own idea of a packet's length was left out"


def test_hooks_are_honoured(lab):
    """What tc drops when it leaves the lower does not leave it; a hook that is gone costs nothing more."""
    guest, pair = ready(lab, "ours")
    settle(guest, pair, "fq_codel")
    guest.run(f"tc qdisc add dev {pair.primary} clsact && "
              f"tc filter add dev {pair.primary} egress protocol ip matchall action drop")
    guest.run(send())
    shown = guest.run(f"tc -s filter show dev {pair.primary} egress")
    assert int(re.search(r"dropped (\d+)", shown).group(1)) >= COUNT, shown
    guest.run(f"tc qdisc del dev {pair.primary} clsact")
    traced(guest, pair.primary)
    guest.run(send())
    assert short(guest)


def test_taps_are_honoured(with_tcpdump):
    """tcpdump on the lower sees what the master sends."""
    guest, pair = ready(with_tcpdump, "ours")
    settle(guest, pair, "fq_codel")
    guest.run("echo tcpdump:x:99:99::/:/bin/sh >>/etc/passwd; echo tcpdump:x:99: >>/etc/group")
    guest.run(f"tcpdump -n -i {pair.primary} -Q out udp and dst port 9 >/tmp/seen 2>/tmp/tcpdump & echo $! >/tmp/pid")
    guest.wait_until("grep -q listening /tmp/tcpdump")
    guest.run(send())
    guest.run("sleep 1; kill -INT $(cat /tmp/pid)")
    guest.wait_until("grep -q 'packets captured' /tmp/tcpdump")
    assert int(guest.run("grep -c . /tmp/seen")) == COUNT


def counters(guest):
    """What the card of nfo_ring has counted."""
    where = "/sys/module/nfo_ring/parameters"
    return {name: int(guest.run(f"cat {where}/{name}")) for name in ("seen", "late", "entered", "stopped", "refused")}


@pytest.mark.parametrize("queues, qdisc, busy", [
    pytest.param(1, "pfifo_fast", 97, marks=pytest.mark.soak), (4, "pfifo_fast", 0),
    pytest.param(1, "pfifo", 97, marks=pytest.mark.soak),
    pytest.param(4, "pfifo", 0, marks=pytest.mark.soak)])
def test_order_with_full_rings(lab, ring_module, queues, qdisc, busy):
    """Two CPUs send to a card that is full all the time: nothing is lost, doubled or overtaken.

    (Where a driver refuses a packet, Linux itself puts it behind others that it has to send again.)
    """
    guest, pair = ready(lab, "ours", Pair(), smp=2, extra=CARD, extra_modules=[ring_module])
    guest.vm.device_del("vf0")
    carried_by_standby(guest)
    guest.run(f"echo {qdisc} >/proc/sys/net/core/default_qdisc; "
              f"modprobe nfo_ring mac={guest.machine.pairs[0].mac} queues={queues} busy={busy}")
    card, = [name for name, link in guest.links().items() if link["driver"] == "nfo_ring"]
    guest.run(f"ip addr add 10.99.0.2/24 dev {pair.master}; "
              f"ip neigh replace {THEM} lladdr 02:00:00:00:00:01 dev {pair.master} nud permanent")

    def in_use():
        guest.run(send(1, THEM))
        return counters(guest)["seen"] > 0
    guest.wait_until(in_use, 20, "the card to be used")
    guest.run("sleep 2")
    before = counters(guest)["seen"]
    # Fewer at a time than the disciplines hold, faster than the card takes them.
    senders = " & ".join([f"{send(100, THEM, 100000)} --flows 2 >>/tmp/sent"] * 3)
    guest.run(f"for i in $(seq 50); do {senders} & wait; sleep 0.1; done", timeout=180)
    lines = guest.run("cat /tmp/sent").splitlines()
    assert lines == ["probe: sent 100 failed 0"] * 150, lines
    sent = 15000

    def arrived():
        return counters(guest)["seen"] - before >= sent
    guest.wait_until(arrived, 30, f"{sent} packets to arrive")
    found = counters(guest)
    assert found["stopped"] > 100 and (found["refused"] > 100) == bool(busy), found
    assert (found["seen"] - before, found["entered"]) == (sent, 0), found
    assert busy or not found["late"], found
