# SPDX-License-Identifier: GPL-2.0
"""A host asks whether its guest may be migrated: through the guest agent, and on a port of our own.

    failover-host-check ── unix socket ── QEMU ── virtio-serial ── failoverd-port (guest)
    QMP-like JSON       ── unix socket ── QEMU ── virtio-serial ── qemu-ga ── failoverctl check
"""
import base64
import json
import socket
import time
from contextlib import contextmanager

import pytest

from expect import carried_by_standby, ready
from lab import NotRun, debs
from lab.host import PORT, host_check
from lab.migrate import migrate
from lab.run import BUILD, wait_until
from lab.testbed import Images, Testbed

AGENT = "org.qemu.guest_agent.0"
LOAD = ("virtio_pci", "virtio_net", "e1000e", "virtio_console")
PROGRAMS = [BUILD / "userspace" / name for name in ("failoverd-port", "failoverd")]


@contextmanager
def guests_with(images, evidence, *programs):
    """Guests with these programs, too."""
    bed = Testbed(Images(images.kernel, (*images.programs, *programs), images.ours), evidence)
    yield bed
    found = bed.close()
    assert not found, found


def serve(guest):
    """Starts failoverd-port as its unit would: at the port of the name, wherever it is; sets its pid aside."""
    find = f"p=$(grep -lx {PORT} /sys/class/virtio-ports/*/name) && p=${{p%/name}} && p=/dev/${{p##*/}}"
    guest.wait_until(f"{find} && [ -e $p ]")
    guest.run(f"{find} && {{ failoverd-port $p >>/tmp/port.out 2>&1 & echo $! >/tmp/port.pid; }}")


def quiet(guest, seconds=3):
    """failoverd-port does not run while nobody asks."""
    look = "grep ^voluntary /proc/$(cat /tmp/port.pid)/status"
    before = guest.run(look)
    time.sleep(seconds)
    assert guest.run(look) == before


def test_port(images, evidence):
    """The same answer as failoverctl's in the guest, before and after a migration, and while the VF is away."""
    with guests_with(images, evidence, *PROGRAMS) as lab:
        guest, pair = ready(lab, "ours", load=LOAD, channels=(PORT,))
        guest.run("mkdir -p /run/failoverd; failoverd >/tmp/failoverd.out 2>&1 & echo $! >/tmp/failoverd.pid")
        serve(guest)
        quiet(guest)               # with no host connected
        ours = guest.run("failoverctl check")
        assert host_check(guest) == (0, ours)
        assert ours.startswith(f"FAILOVER OK - {pair.master} may be migrated: on the primary ({pair.primary})")
        code, text = host_check(guest, "--json")
        assert code == 0 and json.loads(text) == json.loads(guest.run("failoverctl check --json"))
        quiet(guest)               # and after it has gone
        assert migrate(guest).status == "completed"
        guest.wait_paired()
        wait_until(lambda: host_check(guest)[0] == 0, 30, "the guest to be ready again")
        guest.vm.device_del("vf0")
        carried_by_standby(guest)
        code, text = host_check(guest)
        assert code == 1 and text.startswith("FAILOVER WARNING - "), text
        guest.vm.set_link("net0", False)
        wait_until(lambda: host_check(guest)[0] == 2, 20, "a standby without carrier to be told of")
        def first_lines():
            return host_check(guest)[1].splitlines()[0], guest.execute("failoverctl check").out.splitlines()[0]
        wait_until(lambda: len(set(first_lines())) == 1, 20, "both answers to be the same")


def test_port_comes_and_goes(images, evidence):
    """A port that is unplugged ends failoverd-port; one that is plugged in later is served; without, nobody answers."""
    with guests_with(images, evidence, *PROGRAMS) as lab:
        guest, _ = ready(lab, "ours", load=LOAD, channels=(PORT,))
        code, text = host_check(guest, "--timeout=1")
        assert code == 3 and "no answer within 1 s" in text, text
        serve(guest)
        assert host_check(guest)[0] == 0
        guest.vm.device_del("port0")
        guest.wait_until("[ ! -e /proc/$(cat /tmp/port.pid)/exe ]")
        guest.vm.device_add({"driver": "virtserialport", "id": "port1", "chardev": "ch0", "name": PORT})
        serve(guest)
        assert host_check(guest)[0] == 0


def test_hostile_host(images, evidence):
    """Garbage without end, requests without reading: the guest's traffic goes on, and the next host is answered."""
    with guests_with(images, evidence, *PROGRAMS) as lab:
        guest, _ = ready(lab, "ours", load=LOAD, channels=(PORT,))
        serve(guest)
        for data in (b"\xff" * 4096, b"check\n" * 700, b"\n" * 4096):
            with socket.socket(socket.AF_UNIX) as host:
                host.connect(str(guest.vm.channel(PORT)))
                host.setblocking(False)
                end = time.monotonic() + 4
                while time.monotonic() < end:
                    try:
                        host.send(data)
                    except BlockingIOError:
                        time.sleep(0.05)
        ticks = guest.run("cut -d' ' -f14,15 /proc/$(cat /tmp/port.pid)/stat").split()
        assert sum(map(int, ticks)) < 400, f"{ticks} ticks of 1/100 s in 12 s"
        wait_until(lambda: host_check(guest)[0] == 0, 60, "an answer after the floods")


@pytest.fixture(scope="module")
def agent(leave_out):
    """Debian's qemu-ga."""
    try:
        return debs.unpacked("qemu-guest-agent") / "usr/sbin/qemu-ga"
    except NotRun as e:
        return leave_out("the guest agent", e)


class Agent:
    """The socket of the guest agent, as any program on the host speaks to it."""

    def __init__(self, path):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(30)
        self.sock.connect(str(path))
        self.lines = self.sock.makefile("rw", encoding="utf-8")

    def execute(self, command, **arguments):
        """One command, one answer."""
        self.lines.write(json.dumps({"execute": command, "arguments": arguments}) + "\n")
        self.lines.flush()
        return json.loads(self.lines.readline())["return"]

    def check(self):
        """failoverctl check by guest-exec: exit code and JSON, as failover-host-check(8) shows it."""
        pid = self.execute("guest-exec", path="failoverctl", arg=["check", "--json"],
                           **{"capture-output": True})["pid"]
        done = wait_until(lambda: (s := self.execute("guest-exec-status", pid=pid))["exited"] and s, 20, "its end")
        return done["exitcode"], json.loads(base64.b64decode(done["out-data"]))


def test_guest_agent(images, evidence, agent):
    """guest-exec gives the exit code and the JSON, also after a migration."""
    with guests_with(images, evidence, agent) as lab:
        guest, _ = ready(lab, "ours", load=LOAD, channels=(AGENT,))
        guest.run("mkdir -p /var/run /var/local/run && "
                  "{ qemu-ga --method=virtio-serial --path=/dev/vport0p1 -t /tmp >/tmp/qga.out 2>&1 || "
                  "qemu-ga -p /dev/$(ls /sys/class/virtio-ports | head -n 1) -t /tmp >/tmp/qga.out 2>&1; } &")
        code, report = Agent(guest.vm.channel(AGENT)).check()
        assert (code, report) == (0, json.loads(guest.run("failoverctl check --json")))
        assert migrate(guest).status == "completed"
        guest.wait_paired()
        host = Agent(guest.vm.channel(AGENT))
        wait_until(lambda: host.check()[0] == 0, 30, "the guest to be ready again")
        guest.vm.device_del("vf0")
        carried_by_standby(guest)
        assert host.check()[0] == 1
