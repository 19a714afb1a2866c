# SPDX-License-Identifier: GPL-2.0
"""A host asks whether its guest may be migrated, through the guest agent.

    QMP-like JSON       ── unix socket ── QEMU ── virtio-serial ── qemu-ga ── failoverctl check
"""
import base64
import json
import socket
from contextlib import contextmanager

import pytest

from expect import carried_by_standby, ready
from lab import NotRun, debs
from lab.migrate import migrate
from lab.run import wait_until
from lab.testbed import Images, Testbed

AGENT = "org.qemu.guest_agent.0"
LOAD = ("virtio_pci", "virtio_net", "e1000e", "virtio_console")


@contextmanager
def guests_with(images, evidence, *programs):
    """Guests with these programs, too."""
    bed = Testbed(Images(images.kernel, (*images.programs, *programs), images.ours), evidence)
    yield bed
    found = bed.close()
    assert not found, found


@pytest.fixture(scope="module")
def agent(pytestconfig):
    """Debian's qemu-ga."""
    try:
        return debs.unpacked("qemu-guest-agent") / "usr/sbin/qemu-ga"
    except NotRun as e:
        return pytest.skip(f"NOT RUN: {e}")


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
