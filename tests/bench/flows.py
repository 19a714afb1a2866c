# SPDX-License-Identifier: GPL-2.0
"""One-way probes in both directions at once, and a TCP stream each way.

    to guest     peer ── udp 7001 ──> guest     dated when the peer sent
    from guest   peer <── udp 7002 ── guest     dated by arrival; a lost one by its neighbours'
    TCP          peer ── 7003 ──> guest, peer <── 7004 ── guest, 200 kB/s each
"""
import json
import time

import traffic
from figures import IN, OUT, tcp, way
from lab.flow import FOREVER, Flow
from lab.net import GUEST4, PEER4, stop
from lab.run import wait_until

FLOWS = 8                          # UDP flows in each direction
TCP_RATE = 200_000                 # bytes/s


def listening(guest, proto, port):
    """Wait for the peer's receiver."""
    wait_until(lambda: f":{port} " in guest.net.peer("ss", f"-Hln{proto}"), 5, "the receiver")


class In(Flow):
    """The guest only listens."""
    port = 7001

    def start(self):
        self.guest.spawn("probe-in", "recv", "--port", self.port, "--log", "/tmp/in.log", "--runs")
        self.guest.wait_until(f"netstat -lun | grep -q ':{self.port} '")
        self._peer("send", "--to", GUEST4, "--rate", self.rate, "--seconds", self.forever, "--flows", FLOWS)

    def end(self):
        sent = self._stream()
        time.sleep(0.3)            # what is still on its way
        self.guest.reap("probe-in")
        return traffic.joined(sent, traffic.parse_runs(self.guest.run("cat /tmp/in.log"))[0])


class Out(Flow):
    """The peer only listens."""
    port = 7002
    ahead = 0.0

    def start(self):
        self._peer("recv")
        listening(self.guest, "u", self.port)
        self.guest.spawn("probe-out", "send", "--to", PEER4, "--port", self.port, "--rate", self.rate,
                         "--seconds", self.forever, "--flows", FLOWS)

    def end(self):
        self.guest.reap("probe-out")
        time.sleep(0.3)
        words = self.guest.run("cat /tmp/probe-out.out").split()
        stream = self._stream()
        # The fastest packet tells best how far the guest's clock is ahead of ours.
        self.ahead = max(p.sent - p.got for p in stream.packets)
        return traffic.dated(stream, sent=int(words[2]))


class Tcp(Flow):
    """Both streams; `result` is not a stream but figures.Tcp."""
    port = 7003

    def start(self):
        back = self.log.with_suffix(".back.log")
        self._back = self.guest.net.start(*self._receiver(back), where="peer")
        listening(self.guest, "t", self.port + 1)
        self.guest.spawn("probe-tcp-in", "tcp-recv", "--port", self.port)
        self.guest.wait_until(f"netstat -ltn | grep -q ':{self.port} '")
        self.guest.spawn("probe-tcp-out", "tcp-send", "--to", PEER4, "--port", self.port + 1,
                         "--rate", TCP_RATE, "--seconds", FOREVER)
        self._peer("tcp-send", "--to", GUEST4, "--rate", TCP_RATE, "--seconds", FOREVER)

    def _receiver(self, log):
        from lab.flow import PROBE
        return PROBE, "tcp-recv", "--log", log, "--port", self.port + 1

    def end(self):
        stop(self.proc)
        self.guest.reap("probe-tcp-out")
        self.guest.reap("probe-tcp-in")
        stop(self._back)
        return tcp(self.log.with_suffix(".back.log").read_text(), self.log.read_text())


def dropped(guest):
    """tap -> frames that found its queue full: QEMU did not read for 500 packets' time."""
    vm = guest.vm
    text = guest.net.lab("ip", "-s", "-j", "link")
    return {link["ifname"]: link["stats64"]["tx"]["dropped"] for link in json.loads(text)
            if link["ifname"] in (vm.standby_tap(), vm.primary_tap())}


class Traffic:
    """All of it at once; `outcome` gets the figures, `streams` keeps what was measured."""
    KINDS = {IN: In, OUT: Out}

    def __init__(self, guest, outcome, rate=1000, ways=(IN, OUT), with_tcp=True):
        name = f"{outcome.scenario}-{outcome.number}".replace(" ", "-").replace(",", "")
        self.guest, self.outcome, self.streams = guest, outcome, {}
        self.flows = {w: self.KINDS[w](guest, f"{name}-{w[:2]}", rate) for w in ways}
        if with_tcp:
            self.flows["tcp"] = Tcp(guest, f"{name}-tcp")

    def __enter__(self):
        self._dropped = dropped(self.guest)
        for flow in self.flows.values():
            flow.start()
        return self

    def __exit__(self, *exc):
        if exc[0]:
            for flow in self.flows.values():
                stop(flow.proc)
            return
        for name, flow in reversed(self.flows.items()):
            done = flow.end()
            if name == "tcp":
                self.outcome.tcp = done
            else:
                self.streams[name] = done
                self.outcome.ways[name] = way(done)
        before = self._dropped
        self.outcome.dropped = sum(n - before.get(tap, 0) for tap, n in dropped(self.guest).items())

    @staticmethod
    def go_on(seconds=0.7):
        """Let it run: here time itself is what is waited for."""
        time.sleep(seconds)
