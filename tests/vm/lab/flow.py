# SPDX-License-Identifier: GPL-2.0
"""Sequence-numbered traffic between peer and guest, and what of it was lost when."""
import time

from . import LabError
from .net import GUEST4, PEER4, stop
from .run import BUILD, wait_until

PROBE = BUILD / "tests/probe"


class Lost:
    """What became of a flow: its packets as (number, sent, arrived or None), seconds of the wall clock."""

    def __init__(self, packets, duplicates, offset=0.0):
        self.packets = [(n, sent - offset, got) for n, sent, got in packets]
        self.duplicates = duplicates

    @property
    def lost(self):
        return [p for p in self.packets if p[2] is None]

    def outside(self, start, end):
        """The lost ones that were sent before start or after end."""
        return [p for p in self.lost if not start <= p[1] <= end]

    def runs(self):
        """Runs of lost packets: (first number, last number, sent first, sent last)."""
        runs = []
        for number, sent, _ in self.lost:
            if runs and number == runs[-1][1] + 1:
                runs[-1] = (runs[-1][0], number, runs[-1][2], sent)
            else:
                runs.append((number, number, sent, sent))
        return runs

    def __str__(self):
        runs = "; ".join(f"{last - first + 1} packets in {1000 * (end - start):.0f} ms at {start:.3f}"
                         for first, last, start, end in self.runs())
        return f"{len(self.packets)} sent, lost {len(self.lost)}: {runs or 'none'}; " \
               f"{self.duplicates} duplicates"


class Echo:
    """The peer sends, the guest echoes: `with Echo(guest) as echo: …`, then echo.result."""

    PORT = 7000

    def __init__(self, guest, rate=1000, to=GUEST4, name="echo", port=PORT):
        self.guest, self.rate, self.to, self.port = guest, rate, to, port
        self.log = guest.evidence / f"{name}.log"
        self.result = None

    def __enter__(self):
        self.guest.serve_echo(self.port)
        self.proc = self.guest.net.start(PROBE, "ping", "--to", self.to, "--port", self.port,
                                         "--rate", self.rate, "--seconds", 600, "--drain", 300,
                                         "--log", self.log, where="peer")
        return self

    def go_on(self, seconds=0.5):
        """Let the flow run: here time itself is what a test waits for."""
        time.sleep(seconds)

    def __exit__(self, *exc):
        code = stop(self.proc)
        if not exc[0]:
            if code or not self.log.exists():
                raise LabError(f"probe ping ended with {code}")
            self.result = read(self.log)


class OneWay:
    """Packets in one direction only: `sender` is "peer" or "guest"; the other side is silent."""

    def __init__(self, guest, sender="peer", rate=1000, name="oneway", port=Echo.PORT + 1):
        self.guest, self.sender, self.rate, self.port = guest, sender, rate, port
        self.log = guest.evidence / f"{name}.log"
        self.result = None

    go_on = Echo.go_on

    def _send(self, to):
        return f"send --to {to} --port {self.port} --rate {self.rate} --seconds 600 --log".split()

    def _recv(self):
        return f"recv --port {self.port} --log".split()

    def __enter__(self):
        net = self.guest.net
        if self.sender == "peer":
            self.guest.spawn("probe", *self._recv(), "/tmp/oneway.log", "--runs")
            self.guest.wait_until(f"netstat -lun | grep -q ':{self.port} '")
            self.proc = net.start(PROBE, *self._send(GUEST4), self.log, where="peer")
        else:
            self.offset = self.guest.clock()
            self.proc = net.start(PROBE, *self._recv(), self.log, where="peer")
            wait_until(lambda: f":{self.port} " in net.peer("ss", "-Hlun"), 5, "the receiver")
            self.guest.spawn("probe", *self._send(PEER4), "/tmp/oneway.log")
        return self

    def __exit__(self, *exc):
        if exc[0]:
            stop(self.proc)
        elif self.sender == "peer":
            stop(self.proc)
            self.guest.reap("probe")
            got = _ranges(self.guest.run("cat /tmp/oneway.log"), "got")
            sent = read(self.log)
            self.result = Lost([(n, t, t if n in got else None) for n, t, _ in sent.packets], 0)
        else:
            self.guest.reap("probe")
            self.go_on(0.3)
            stop(self.proc)
            self.result = read(self.log, self.offset)


def _ranges(text, word):
    """The numbers of a short log's ranges: `got 0-2 5`."""
    numbers = set()
    for line in text.splitlines():
        words = line.split()
        if words[0] == word:
            for part in words[1:]:
                first, _, last = part.partition("-")
                numbers.update(range(int(first), int(last or first) + 1))
    return numbers


def read(log, offset=0.0):
    """Read a probe's log; `recv` leaves out what did not arrive: such numbers get the time between."""
    packets, duplicates = {}, 0
    for line in log.read_text(encoding="ascii").splitlines():
        words = line.split()
        if words[0] == "p":
            sent = None if words[2] == "-" else int(words[2]) / 1e9
            packets[int(words[1])] = (sent, None if words[3] == "-" else int(words[3]) / 1e9)
        elif words[0] == "d":
            duplicates += 1
    return Lost(_filled(packets), duplicates, offset)


def _filled(packets):
    numbers = sorted(packets)
    filled = []
    for before, number in zip([None, *numbers], numbers):
        if before is not None and number > before + 1:
            start, end = packets[before][0], packets[number][0]
            step = (end - start) / (number - before)
            filled += [(before + i, start + i * step, None) for i in range(1, number - before)]
        filled.append((number, *packets[number]))
    return filled
