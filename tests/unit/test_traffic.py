# SPDX-License-Identifier: GPL-2.0
"""The traffic probe and what reads its logs: losses and duplicates that are made on purpose must be found."""
import signal
import socket
import struct
import subprocess
import threading
import time
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

import traffic
from traffic import Packet, Run, Stream

TOP = Path(__file__).resolve().parents[2]
PROBE = TOP / "build/tests/probe"
HEAD = struct.Struct("=6Iq")       # magic, kind, stream, seq, flows, rate, sent
REPLY = 1


def stream(lost=(), count=1000, rate=1000, start=100.0, extras=()):
    """A stream that sent `count` packets from `start` on, losing those numbers."""
    lost = set(lost)
    packets = tuple(Packet(n, start + n / rate, None if n in lost else start + n / rate + 0.001)
                    for n in range(count))
    return Stream("00000001", "ping", 1, rate, packets, tuple(extras))


def test_runs_are_what_was_lost_in_a_row():
    found = traffic.runs(stream([0, 10, 11, 12, 500]))
    assert [(r.first, r.last, r.count) for r in found] == [(0, 0, 1), (10, 12, 3), (500, 500, 1)]
    assert found[1].start == pytest.approx(100.010) and found[1].end == pytest.approx(100.012)


def test_nothing_lost():
    whole = stream()
    assert traffic.runs(whole) == []
    assert traffic.loss(whole, (100.2, 100.3)) == (0, 0, 0, 0, 0)
    assert traffic.margins(whole, (100.2005, 100.3005)) == pytest.approx((0.0015, 0.0005))


def test_loss_is_split_at_the_widened_pause():
    lossy = stream(range(195, 305), extras=[(400, 100.41)])
    pause = (100.1999, 100.2999)
    assert traffic.loss(lossy, pause) == (110, 100, 10, 1, 0)
    assert traffic.loss(lossy, pause, (0.003, 0)).outside == 7
    assert traffic.loss(lossy, pause, (0.005, 0.0052)).outside == 0
    assert traffic.outside_runs(lossy, pause) == traffic.runs(lossy)
    assert traffic.outside_runs(lossy, pause, (0.005, 0.0052)) == []


def test_margins_come_from_the_floors_worst():
    d, r = traffic.margins(stream(range(190, 302)), (100.2, 100.3))
    assert d == pytest.approx(0.011) and r == pytest.approx(0.002)
    assert traffic.widest([(0.1, 0.0), (0.0, 0.2)]) == (0.1, 0.2)


def test_margins_begin_when_the_floor_was_not_answered_any_more():
    """Three packets before the stop at 100.2 are answered after it, none is lost before it."""
    packets = [Packet(n, 100 + n / 1000, None if 200 <= n < 300 else 100.31 if 197 <= n < 200 else 100.0002 + n / 1000)
               for n in range(400)]
    d, r = traffic.margins(Stream("1", "ping", 1, 400, tuple(packets)), (100.2, 100.3))
    assert d == pytest.approx(0.004) and r == pytest.approx(0.001)


def test_margins_when_the_floor_was_late_itself():
    """Its sender slept from 100.195 to 100.1995 and from 100.2995 to 100.303: what was between, it can't tell."""
    def when(n):
        return 100.1995 if 196 <= n < 200 else 100.303 if 300 <= n < 303 else 100 + n / 1000
    packets = [Packet(n, when(n), None if 196 <= n < 300 else when(n) + 0.0002) for n in range(400)]
    d, r = traffic.margins(Stream("1", "ping", 1, 400, tuple(packets)), (100.2, 100.3))
    assert d == pytest.approx(0.005) and r == pytest.approx(0.003)


def test_guest_sent_losses_are_dated_by_their_neighbours():
    """The guest's stamps are of another age; 4..7 were lost between arrivals at 50.3 and 50.8."""
    arrivals = {2: 50.2, 3: 50.3, 8: 50.8, 9: 50.9}
    raw = Stream("1", "recv", 1, 10, tuple(Packet(n, 9999.0 - n, t) for n, t in arrivals.items()))
    whole = traffic.dated(raw, sent=12)
    assert [p.seq for p in whole.packets] == list(range(12))
    assert [(r.first, r.last) for r in traffic.runs(whole)] == [(0, 1), (4, 7), (10, 11)]
    assert traffic.runs(whole)[1] == Run(4, 7, pytest.approx(50.4), pytest.approx(50.7))
    assert traffic.runs(whole)[2].start == pytest.approx(51.0)


def test_longest_gap():
    assert traffic.longest_gap(stream(range(300, 400))) == pytest.approx((100.300, 100.401))
    assert traffic.longest_gap(stream(range(1000))) is None


def test_timeline_shows_share_and_marks():
    lossy = stream([*range(200, 300), 500, *range(600, 620), *range(700, 770)])
    line = traffic.timeline(lossy, 99.8995, 100.9995, columns=11)
    assert line == " ··█··░░▓··"
    marks = traffic.mark_line({"S": 100.21, "R": 100.29, "U": 100.05, "P": 200}, 99.9, 101.0, 11)
    assert marks == " U SR"
    assert len(traffic.timeline(lossy, 99, 102)) == 100


def test_svg_is_xml_with_a_bar_for_each_lossy_bin():
    tracks = [traffic.Track("in-tree <1>", stream(range(200, 300)), 100.2, {"S": 100.2, "R": 100.3}),
              traffic.Track("ours", stream(), 100.2, {"S": 100.2, "R": 100.3})]
    root = ET.fromstring(traffic.svg("a & b", tracks, 0.2, 0.8, bin_ms=20))
    bars = [e for e in root.iter() if e.get("fill") == "#c0392b"]
    assert len(bars) in (5, 6)
    names = [e.text for e in root.iter() if e.text]
    assert names.index("in-tree <1>") < names.index("ours") and "a & b" in names


@pytest.mark.parametrize("text", ["", "garbage", "# probe 1 full\nstream 1 got=0",
                                  "# probe 1 full\np 1 2 3\n",
                                  "# probe 1 full\nstream 1 kind=ping flows=1 rate=1 got=7\np 0 1 2\nend 1\n"])
def test_a_damaged_log_is_refused(text):
    with pytest.raises((traffic.LogError, KeyError)):
        traffic.parse(text)


# The probe itself, on loopback.

@pytest.fixture(scope="module", autouse=True)
def probe():
    subprocess.run(["make", "-s", "-C", TOP / "tests/vm"], check=True, timeout=120)


def run(*args, timeout=20):
    return subprocess.run([PROBE, *map(str, args)], capture_output=True, text=True, timeout=timeout)


def start(*args):
    """Start a probe that listens, and wait until it does."""
    proc = subprocess.Popen([PROBE, *map(str, args)], stdout=subprocess.PIPE, text=True)
    assert proc.stdout.readline() == "probe: ready\n"
    return proc


def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_read(port, timeout=10):
    """Wait until whoever listens there has read all that came."""
    def waiting():
        rows = [line.split() for name in ("udp", "udp6") if (table := Path("/proc/net", name)).exists()
                for line in table.read_text().splitlines()[1:]]
        return any(row[1].endswith(f":{port:04X}") and not row[4].endswith(":00000000") for row in rows)
    end = time.monotonic() + timeout
    while waiting():
        assert time.monotonic() < end, "the receiver does not read"
        time.sleep(0.01)


class Stub:
    """A server that drops and doubles on purpose: `answers(seq)` says how often to answer (or forward)."""

    def __init__(self, answers, forward=None):
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        self.sock.bind(("127.0.0.1", 0))
        self.port = self.sock.getsockname()[1]
        self.answers, self.forward = answers, forward
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self):
        while True:
            data, peer = self.sock.recvfrom(65536)
            if not data:
                return
            head = list(HEAD.unpack_from(data))
            if not self.forward:
                head[1] = REPLY
            for _ in range(self.answers(head[3])):
                self.sock.sendto(HEAD.pack(*head) + data[HEAD.size:], self.forward or peer)

    def close(self):
        self.sock.sendto(b"", ("127.0.0.1", self.port))
        self.thread.join(5)
        self.sock.close()


def test_probe_finds_the_losses_and_duplicates_of_a_bad_server(tmp_path):
    stub = Stub(lambda seq: 0 if 100 <= seq < 150 or seq == 300 else 3 if seq in (7, 8) else 1)
    log = tmp_path / "log"
    done = run("ping", "--to", "127.0.0.1", "--port", stub.port, "--rate", 2000, "--count", 600,
               "--flows", 3, "--drain", 200, "--log", log)
    stub.close()
    assert done.returncode == 0
    assert done.stdout == "probe: sent 600 failed 0 got 549 lost 51 extra 4\n"
    [found] = traffic.parse(log.read_text())
    assert [(r.first, r.last) for r in traffic.runs(found)] == [(100, 149), (300, 300)]
    assert sorted(n for n, _ in found.extras) == [7, 7, 8, 8]
    assert len(found.packets) == 600 and found.flows == 3
    [ranges] = traffic.parse_runs(run("report", log).stdout)
    assert ranges.got == {p.seq for p in found.packets if p.got is not None}
    assert ranges.more == {7, 8} and ranges.sent == set(range(600))


def test_probe_sends_all_and_none_early():
    """Packet N is sent N/1000 s after the start, or later: how late is the machine's doing (test_pace.c)."""
    stub = Stub(lambda seq: 1)
    began = time.time()
    text = run("ping", "--to", "127.0.0.1", "--port", stub.port, "--rate", 1000, "--count", 500,
               "--drain", 200, "--log", "-").stdout
    stub.close()
    [found] = traffic.parse(text[:text.rindex("probe:")])
    assert [p.seq for p in found.packets] == list(range(500))
    assert all(p.sent >= began + n / 1000 - 0.001 for n, p in enumerate(found.packets))


def test_one_way_halves_agree_across_a_lossy_path(tmp_path):
    """sender -> stub (drops 50..59, doubles 70) -> receiver: both ways of reading it find the same."""
    port = free_port()
    received, brief, sent = tmp_path / "recv", tmp_path / "runs", tmp_path / "sent"
    receiver = start("recv", "--port", port, "--seconds", 10, "--log", received)
    stub = Stub(lambda seq: 0 if 50 <= seq < 60 else 2 if seq == 70 else 1, ("127.0.0.1", port))
    assert run("send", "--to", "127.0.0.1", "--port", stub.port, "--rate", 1000, "--count", 200,
               "--stream", "abc", "--log", sent).stdout == "probe: sent 200 failed 0\n"
    stub.close()                   # has handed on all
    wait_read(port)
    receiver.send_signal(signal.SIGTERM)
    assert receiver.wait(5) == 0
    [theirs] = traffic.parse(received.read_text())
    assert theirs.id == "00000abc" and len(theirs.extras) == 1
    assert [(r.first, r.last) for r in traffic.runs(traffic.dated(theirs, sent=200))] == [(50, 59)]
    brief.write_text(run("report", received).stdout)
    assert len(brief.read_text()) < 250
    whole = traffic.joined(traffic.parse(sent.read_text())[0], traffic.parse_runs(brief.read_text())[0])
    assert [(r.first, r.last) for r in traffic.runs(whole)] == [(50, 59)]
    assert [n for n, _ in whole.extras] == [70]


def test_echo_answers_both_families():
    port = free_port()
    echo = start("echo", "--port", port, "--seconds", 10)
    for address in ("127.0.0.1", "::1"):
        if ":" in address and not Path("/proc/net/if_inet6").exists():
            continue
        done = run("ping", "--to", address, "--port", port, "--rate", 1000, "--count", 50, "--drain", 300)
        assert done.stdout == "probe: sent 50 failed 0 got 50 lost 0 extra 0\n"
    echo.terminate()
    assert echo.wait(5) == 0


def test_tcp_halves_agree(tmp_path):
    port = free_port()
    receiver = start("tcp-recv", "--port", port, "--seconds", 10, "--log", tmp_path / "log")
    done = run("tcp-send", "--to", "127.0.0.1", "--port", port, "--rate", 100000, "--seconds", 1)
    assert receiver.wait(5) == 0
    sent = int(done.stdout.split()[2])
    assert 90000 <= sent <= 100000
    assert (tmp_path / "log").read_text().splitlines()[1].startswith(f"recv bytes={sent} longest=")


def test_a_refused_send_is_counted_apart():
    """From 127.0.0.1 nothing goes beyond the machine: the kernel says no, the probe goes on."""
    done = run("ping", "--to", "192.0.2.1", "--bind", "127.0.0.1", "--port", 9, "--rate", 1000,
               "--count", 3, "--drain", 10, "--log", "-")
    assert done.returncode == 0 and "failed 3 got 0 lost 3" in done.stdout
    [found] = traffic.parse(done.stdout[:done.stdout.rindex("probe:")])
    assert all(p.error.startswith("E") for p in found.packets)
    assert traffic.loss(found, (0, 1)).refused == 3


@pytest.mark.parametrize("args, words", [
    ((), "usage:"),
    (("ping", "--port", "1"), "--to, --rate and one of"),
    (("ping", "--to", "nowhere", "--port", "1", "--rate", "1", "--count", "1"), "not an address: nowhere"),
    (("ping", "--to", "::1", "--port", "99999", "--rate", "1", "--count", "1"), "--port: not a number"),
    (("echo",), "--port must be given"),
    (("dance", "--port", "1"), "no such command: dance"),
])
def test_wrong_use_is_one_clear_line_and_64(args, words):
    done = run(*args)
    assert done.returncode == 64 and words in done.stderr and not done.stdout
    assert len(done.stderr.splitlines()) == 1 or words == "usage:"
