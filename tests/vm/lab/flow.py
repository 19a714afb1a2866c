# SPDX-License-Identifier: GPL-2.0
"""Runs the probe between peer and guest; `result` is what traffic.py reads from its logs."""
import time

import traffic

from . import LabError, run
from .net import GUEST4, PEER4, stop
from .run import BUILD, wait_until

PROBE = BUILD / "tests/probe"
PORT = 7000
FOREVER = 600                      # seconds; the end of a flow is ours to say
MAX_PACKETS = 1 << 23              # what the probe keeps a record of (MAX_SEQ)


class Flow:
    """A flow that runs while the `with` block does: `rate` packets/s, fewer where guests take their time.

    Under KASAN on a busy machine a guest answers 300 a second; from more, its rings never get empty.
    """
    result = None

    def __init__(self, guest, name, rate=1000):
        self.guest = guest
        self.rate = rate if run.PATIENCE <= 1 else min(rate, round(1000 / run.PATIENCE))
        self.log = guest.evidence / f"{name}.log"

    def start(self):
        """Start both ends; the receiver first."""
        raise NotImplementedError

    def end(self):
        """End both, and return the stream."""
        raise NotImplementedError

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *exc):
        if exc[0]:
            stop(self.proc)        # its log stays as evidence
            return
        self.result = self.end()
        (self.log.with_suffix(".lost")).write_text(describe(self.result) + "\n", encoding="utf-8")

    @property
    def forever(self):
        """For how long the probe can send, at most."""
        return min(FOREVER, MAX_PACKETS // self.rate)

    def go_on(self, seconds=0.5):
        """Let the flow run: here time itself is what a test waits for."""
        assert self.proc.poll() is None, "the probe ended"
        time.sleep(seconds)

    def _peer(self, command, *options):
        self.proc = self.guest.net.start(PROBE, command, "--log", self.log, "--port", self.port,
                                         *options, where="peer")

    def _stream(self):
        code = stop(self.proc)
        if code:
            raise LabError(f"the probe at the peer ended with {code}")
        return traffic.parse(self.log.read_text(encoding="ascii"))[0]


class Echo(Flow):
    """The peer sends, the guest answers: both directions at once."""
    port = PORT

    def __init__(self, guest, rate=1000, to=GUEST4, name="echo", size=64):
        super().__init__(guest, name, rate)
        self.to, self.size = to, size

    def start(self):
        self.guest.serve_echo(self.port)
        self._peer("ping", "--to", self.to, "--rate", self.rate, "--size", self.size,
                   "--seconds", self.forever, "--drain", 2000)

    def end(self):
        return self._stream()


class FromPeer(Flow):
    """The peer sends and the guest listens, in silence."""
    port = PORT + 1

    def start(self):
        self.guest.spawn("probe", "recv", "--port", self.port, "--log", "/tmp/flow.log", "--runs")
        self.guest.wait_until(f"netstat -lun | grep -q ':{self.port} '")
        self._peer("send", "--to", GUEST4, "--rate", self.rate, "--seconds", self.forever)

    def end(self):
        sent = self._stream()
        self.go_on_without(0.3)
        self.guest.reap("probe")
        return traffic.joined(sent, traffic.parse_runs(self.guest.run("cat /tmp/flow.log"))[0])

    @staticmethod
    def go_on_without(seconds):
        """Time for what is still on its way."""
        time.sleep(seconds)


class FromGuest(Flow):
    """The guest sends and the peer listens."""
    port = PORT + 2

    def start(self):
        self._peer("recv")
        wait_until(lambda: f":{self.port} " in self.guest.net.peer("ss", "-Hlun"), 5, "the receiver")
        self.guest.spawn("probe", "send", "--to", PEER4, "--port", self.port, "--rate", self.rate,
                         "--seconds", self.forever)

    def end(self):
        self.guest.reap("probe")
        FromPeer.go_on_without(0.3)
        return traffic.dated(self._stream())


def describe(stream):
    """One line for people."""
    gaps = "; ".join(f"{r.count} in {1000 * (r.end - r.start):.0f} ms" for r in traffic.runs(stream))
    twice = f", {len(stream.extras)} duplicates" if stream.extras else ""
    return f"{len(stream.packets)} sent, {len(stream.lost)} lost" + (f" ({gaps})" if gaps else "") + twice


def lateness(stream):
    """How long the slowest answer took, in ms: how busy the machine was."""
    return 1000 * max((p.got - p.sent for p in stream.packets if p.got is not None), default=0)


def around(stream, migration):
    """Where the lost runs lie relative to a migration's pause."""
    return ", ".join(f"{r.count} from STOP{1000 * (r.start - migration.stop):+.0f} ms "
                     f"to RESUME{1000 * (r.end - migration.resume):+.0f} ms" for r in traffic.runs(stream))
