# SPDX-License-Identifier: GPL-2.0
"""The short way from the master into a lower (kmod/direct.h) leaves out nothing that somebody relies on.

Which way a packet takes is seen by net_dev_queue, the trace point of dev_queue_xmit(): on the short way
there is none at the lower.
"""
import hashlib
import re
import sys

import pytest

from expect import carried_by_primary, carried_by_standby, judged, ready
from lab.flow import Echo
from lab.qemu import Pair
from lab.run import which
from lab.testbed import Images

CARD = ("-device", "pci-testdev")
TRACE = "/sys/kernel/tracing"
COUNT = 200
THEM, THEM6 = "10.99.0.1", "fd99::1"


def send(count=COUNT, to="10.77.0.1", rate=2000):
    """Packets of one flow of the guest's."""
    return f"probe send --to {to} --port 9 --rate {rate} --count {count}"


def traced(guest, device, size=106):
    """Count from now on what dev_queue_xmit() has to do with the probe's packets, of that size, at this device."""
    guest.run(f"mount -t tracefs none {TRACE} 2>/dev/null; cd {TRACE} && echo 0 >tracing_on && echo >trace && "
              f"echo 'name == \"{device}\" && len == {size}' >events/net/net_dev_queue/filter && "
              "echo 1 >events/net/net_dev_queue/enable && echo 1 >tracing_on")


def the_long_way(guest):
    """How many went through it since."""
    return int(guest.run(f"grep -c net_dev_queue: {TRACE}/trace || :"))


def short(guest):
    """Whether the short way was taken, but where an interrupt came between.

    A guest under checkers is too slow to tell: the card's queue is stopped now and then (byte queue limits).
    """
    return not judged() or the_long_way(guest) <= COUNT // 10


def sent_by_qdisc(guest, device):
    """How many bytes, and packets, its disciplines say that they have passed on."""
    shown = guest.run(f"tc -s qdisc show dev {device}")
    return tuple(map(int, re.search(r"Sent (\d+) bytes (\d+) pkt", shown).groups()))


def by_qdisc(guest, device):
    """How many packets."""
    return sent_by_qdisc(guest, device)[1]


@pytest.fixture
def with_tcpdump(request, images, evidence):
    """As `lab`, with a guest that has tcpdump."""
    from conftest import testbed
    more = (*images.programs, which("tcpdump"))
    yield from testbed(request, Images(images.kernel, more, images.ours), evidence)


def settle(guest, pair, qdisc):
    """One discipline, and the announcements of the last switch are over."""
    guest.run(f"tc qdisc replace dev {pair.primary} root {qdisc} && sleep 2")


@pytest.mark.allow("asks to queue packet", "by a full ring, where there is no discipline")
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


def counters(guest, module="nfo_ring", names=("seen", "late", "entered", "stopped", "refused")):
    """What a module of fault/ has counted."""
    where = f"/sys/module/{module}/parameters"
    return {name: int(guest.run(f"cat {where}/{name}")) for name in names}


SIZE = 1 << 20                     # bytes of a stream
RECEIVE = """import socket, sys
c = socket.create_server(("", 7100)).accept()[0]
for data in iter(lambda: c.recv(65536), b""):
    sys.stdout.buffer.write(data)"""
VLAN_PEER = "10.78.0.1"            # which nobody has: only what is sent is looked at
# What is switched off at a lower, and how it comes back; what the driver is then not given.
OFF = (("ethtool -K {} tso off", "ethtool -K {} tso on", "gso"),
       ("ethtool -K {} sg off", "ethtool -K {} sg on tso on", "gso"),
       ("ethtool -K {} tx off", "ethtool -K {} tx on sg on tso on", "gso"),
       ("ip link set {} gso_max_size 4000", "ip link set {} gso_max_size 65536", None),
       ("ip link set {} gso_max_segs 2", "ip link set {} gso_max_segs 65535", None),
       ("ethtool -K {} rxvlan off", "ethtool -K {} rxvlan on", "tagged"))     # an e1000e has both or none


def stream(guest, host):
    """Bytes from the guest to the peer by TCP, which have to arrive as they were."""
    received = host / "received"
    with open(received, "wb") as out:
        listener = guest.net.start(sys.executable, "-c", RECEIVE, where="peer", stdout=out)
        guest.wait_until(lambda: ":7100 " in guest.net.peer("ss", "-Htln"), 10, "the peer to listen")
        guest.run(f"dd if=/dev/urandom of=/tmp/sent bs={SIZE} count=1 2>/dev/null; nc 10.77.0.1 7100 </tmp/sent", 60)
        guest.wait_until(lambda: listener.poll() is not None, 30, "the stream to end")
    assert hashlib.sha256(received.read_bytes()).hexdigest() == guest.run("sha256sum /tmp/sent").split()[0]


def given(guest, host):
    """What the driver was given for a stream to the peer, which has to arrive as it was, and for a VLAN's packets."""
    names = ("seen", "gso", "tagged", "misfit")
    for name in names:
        guest.run(f"echo 0 >/sys/module/nfo_misfit/parameters/{name}")
    stream(guest, host)
    guest.run(send(20, VLAN_PEER))
    return counters(guest, "nfo_misfit", names)


def card_gets_what_it_can_send(guest, lower, in_use, driver, host):
    """For each thing that the lower may have switched off, while the other one has it. A card may reset itself then."""
    guest.run(f"modprobe nfo_misfit driver={driver}")
    features = guest.run(f"ethtool -k {lower}")
    at_first = given(guest, host)
    tags = "tx-vlan-offload: on" in features
    assert at_first["gso"] and not at_first["misfit"] and bool(at_first["tagged"]) == tags, (lower, at_first)
    for off, on, none in OFF:
        if tags or none != "tagged":
            guest.run(off.format(lower))
            in_use(guest)
            found = given(guest, host)
            guest.run(on.format(lower))
            in_use(guest)
            assert found["seen"] and not found["misfit"] and not (none and found[none]), (off.format(lower), found)
    found = given(guest, host)
    assert found["gso"] and bool(found["tagged"]) == tags, (lower, found)
    guest.run("modprobe -r nfo_misfit")


def test_card_gets_what_it_can_send(lab, misfit_module, tmp_path):
    """What a lower does not do, or has switched off, the kernel does; streams arrive as they were."""
    guest, pair = ready(lab, "ours", extra_modules=[misfit_module])
    guest.run(f"ip link add link {pair.master} name vlan5 type vlan id 5 && ip link set vlan5 up && "
              f"ip addr add 10.78.0.2/24 dev vlan5 && ip neigh replace {VLAN_PEER} lladdr 02:00:00:00:00:01 dev vlan5 "
              "nud permanent")
    card_gets_what_it_can_send(guest, pair.primary, carried_by_primary, "e1000e:e1000_xmit_frame", tmp_path)
    guest.run(f"ip link set {pair.primary} down")
    carried_by_standby(guest)
    card_gets_what_it_can_send(guest, pair.standby, carried_by_standby, "virtio_net:start_xmit", tmp_path)


def use_ring(guest, qdisc, **options):
    """Have a card of nfo_ring as the primary; its name."""
    guest.vm.device_del("vf0")
    carried_by_standby(guest)
    master = guest.pair().master
    words = " ".join(f"{name}={value}" for name, value in options.items())
    guest.run(f"echo {qdisc} >/proc/sys/net/core/default_qdisc && "
              f"modprobe nfo_ring mac={guest.machine.pairs[0].mac} {words}")
    card, = [name for name, link in guest.links().items() if link["driver"] == "nfo_ring"]
    for address, neighbour in (("10.99.0.2/24", THEM), ("fd99::2/64 nodad", THEM6)):
        guest.run(f"ip addr add {address} dev {master}; "
                  f"ip neigh replace {neighbour} lladdr 02:00:00:00:00:01 dev {master} nud permanent")

    def in_use():
        guest.run(send(1, THEM))
        return counters(guest)["seen"] > 0
    guest.wait_until(in_use, 20, f"{card} to be used")
    guest.run("sleep 2")
    return card


PKTGEN = """modprobe pktgen && cd /proc/net/pktgen && echo "add_device {0}" >kpktgend_0 &&
for word in "count {1}" "pkt_size 60" "dst {2}" "dst_mac 02:00:00:00:00:01"; do echo "$word" >{0}; done && echo start >pgctrl"""


@pytest.mark.kernels
def test_sent_without_a_queue(lab, ring_module):
    """Who sends past the master's queue (pktgen, AF_XDP) has no CPU yet, by which XPS picks the lower's: 5.10 would die.

    And their packets have no length yet for the disciplines to count.
    """
    guest, pair = ready(lab, "ours", Pair(primary=lab.primary), smp=2, extra=CARD, extra_modules=[ring_module])
    card = use_ring(guest, "fq_codel", queues=4, size=1000, limits=0)
    guest.run(f"for queue in /sys/class/net/{card}/queues/tx-*; do echo 3 >$queue/xps_cpus; done")
    before = sent_by_qdisc(guest, card)
    guest.run(PKTGEN.format(pair.master, COUNT, THEM))
    length, packets = (now - then for now, then in zip(sent_by_qdisc(guest, card), before))
    assert packets >= COUNT and 60 * COUNT <= length < 70 * COUNT, (length, packets)


def test_disciplines_count_what_they_pass(lab, tmp_path):
    """What the kernel segmented for the master is counted by its parts, not each part as the whole."""
    guest, pair = ready(lab, "ours")
    settle(guest, pair, "fq_codel")
    guest.run(f"ethtool -K {pair.master} tso off")
    carried_by_primary(guest)
    before = sent_by_qdisc(guest, pair.primary)
    stream(guest, tmp_path)
    length, packets = (now - then for now, then in zip(sent_by_qdisc(guest, pair.primary), before))
    assert packets > SIZE // 1500 and SIZE < length < 1.2 * SIZE, (length, packets)


@pytest.mark.kernels
def test_limit_of_a_card_that_left(lab, ring_module, misfit_module):
    """A card that takes small packets alone limits the master, but not those that come after it, nor what was chosen."""
    guest, pair = ready(lab, "ours", Pair(primary=lab.primary), extra=CARD,
                        extra_modules=[ring_module, misfit_module])
    guest.run(f"modprobe nfo_misfit driver=virtio_net:start_xmit of={pair.master}")

    def limits():
        size = re.search(r"gso_max_size (\d+)", guest.run(f"ip -d link show {pair.master}")).group(1)
        return int(size), counters(guest, "nfo_misfit", ("limit",))["limit"]
    fresh = limits()
    use_ring(guest, "fq_codel", tso=16000)
    assert limits() == (16000, 16000)
    guest.run("modprobe -r nfo_ring")
    guest.wait_until(lambda: limits() == fresh, 10, f"the limits to be {fresh} again")
    if guest.run("uname -r").startswith("5."):
        return                     # there, what was chosen cannot be told from what a driver allows
    guest.run("echo 10000 >/sys/module/nfo_misfit/parameters/limit")
    for command, role in ((f"modprobe nfo_ring mac={guest.machine.pairs[0].mac} tso=16000", "primary"),
                          ("modprobe -r nfo_ring", "standby")):
        guest.run(command)
        guest.wait_until(f"[ $(cat /sys/class/net/{pair.master}/net_failover/active_role) = {role} ]")
        assert limits()[1] == 10000, command


@pytest.mark.parametrize("sums", [4, pytest.param(6, marks=pytest.mark.soak)])
def test_checksums(lab, ring_module, misfit_module, sums):
    """A card may know the checksums of IPv4 alone, or of TCP and UDP: the others are the kernel's work."""
    guest, _ = ready(lab, "ours", Pair(), extra=CARD, extra_modules=[ring_module, misfit_module])
    card = use_ring(guest, "fq_codel", sums=sums, size=1000, limits=0)    # never stopped
    guest.run("modprobe nfo_misfit driver=nfo_ring:ring_xmit")
    for to, knows in ((THEM, True), (THEM6, sums == 6)):
        traced(guest, card, 106 if to == THEM else 126)
        guest.run(send(to=to))
        assert short(guest) if knows else the_long_way(guest) >= COUNT, to
    found = counters(guest, "nfo_misfit", ("seen", "misfit"))
    assert found["seen"] >= 2 * COUNT and not found["misfit"], found


@pytest.mark.parametrize("queues, qdisc, busy", [
    pytest.param(1, "pfifo_fast", 97, marks=pytest.mark.soak), (4, "pfifo_fast", 0),
    pytest.param(1, "pfifo", 97, marks=pytest.mark.soak),
    pytest.param(4, "pfifo", 0, marks=pytest.mark.soak)])
def test_order_with_full_rings(lab, ring_module, queues, qdisc, busy):
    """Two CPUs send to a card that is full all the time: nothing is lost, doubled or overtaken.

    (Where a driver refuses a packet, Linux itself puts it behind others that it has to send again.)
    """
    guest, _ = ready(lab, "ours", Pair(), smp=2, extra=CARD, extra_modules=[ring_module])
    use_ring(guest, qdisc, queues=queues, busy=busy)
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
