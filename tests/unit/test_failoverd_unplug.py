# SPDX-License-Identifier: GPL-2.0
"""The five seconds of native PCIe hot-plug: failoverd and failoverd-slot with a kernel's log made up."""
import array
import os
import re
import signal
import socket
import subprocess
from pathlib import Path

import pytest

from fakesys import Tree, U
from test_failoverd import BUILD, FIT, PRIMARY, STANDBY, Machine, build

MAC = "52:54:00:00:00:01"
ALL = sum(U[f"NET_FAILOVER_LOWER_{bit}"] for bit in ("CONFIGURED", "UP", "ATTACHED", "CARRIER", "ACTIVATED"))
OFF = "Slot(2): Powering off due to button press"
NEW_OFF = "Slot(2): Button press: will power off in 5 sec"
CANCEL = "Slot(2): Button press: canceling request to power off"


@pytest.fixture(scope="session", autouse=True)
def programs():
    """Built once for all tests here."""
    build()


class Host(Machine):
    """A machine whose primary eth2 is in slot 2, with a log and failoverd-slot's socket."""

    def __init__(self, folder):
        super().__init__(folder)
        self.tree = Tree(folder / "sys")
        self.tree.module("0.1.0")
        self.tree.master("eth0", MAC)
        self.tree.virtio("eth1", MAC)
        self.tree.vf("eth2", MAC)
        self.tree.enslave("eth1", "eth0")
        self.tree.enslave("eth2", "eth0")
        (self.tree.root / "class/net/eth0/net_failover").mkdir()
        slot = self.tree.root / "bus/pci/slots/2"
        slot.mkdir(parents=True)
        (slot / "address").write_text("0000:02:00\n")
        (slot / "power").write_text("1\n")
        self.function("0000:02:00.0")
        self.pair(PRIMARY, FIT)
        self.lowers()
        self.server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.server.bind(str(folder / "slot.socket"))
        self.server.listen()
        self.server.settimeout(10)
        self.log = None
        self.level = 6

    def function(self, pci):
        """As a PCI device among others."""
        devices = self.tree.root / "bus/pci/devices"
        devices.mkdir(exist_ok=True)
        device = self.tree.root / "devices/pci0000:00" / pci
        device.mkdir(exist_ok=True)
        (devices / pci).symlink_to(device)

    def lowers(self, standby=ALL):
        """What a dump tells of them; ifindex as in sysfs."""
        index = {name: (self.tree.root / "class/net" / name / "ifindex").read_text().strip()
                 for name in ("eth1", "eth2")}
        (self.folder / "lowers").write_text(f"2 {STANDBY} {index['eth1']} eth1 {standby}\n"
                                            f"2 {PRIMARY} {index['eth2']} eth2 {ALL}\n")

    def listen(self):
        """Starts the daemon, and hands it the log that it asks for."""
        self.start(FAILOVERCTL_SYSFS=str(self.tree.root))
        connection, asked = self.asked()
        assert asked == "kmsg\n"
        self.log, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        theirs.setblocking(False)
        connection.sendmsg([b"\0"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [theirs.fileno()]))])
        connection.close()
        theirs.close()
        return self

    def asked(self):
        """The next request to failoverd-slot: (connection, text)"""
        connection, _ = self.server.accept()
        connection.settimeout(10)
        request = b""
        while data := connection.recv(4096):
            request += data
        return connection, request.decode()

    def says(self, *texts):
        """The kernel does."""
        for text in texts:
            self.log.send(f"{self.level},1,1,-;pcieport 0000:00:02.0: pciehp: {text}\n SUBSYSTEM=pci\n".encode())

    def silent(self):
        """Nobody asks for anything."""
        self.server.settimeout(0.3)
        with pytest.raises(TimeoutError):
            self.server.accept()
        self.server.settimeout(10)


@pytest.fixture
def host(tmp_path):
    """Without a daemon yet."""
    made = Host(tmp_path)
    yield made
    if made.proc:
        assert made.stop() == 0


@pytest.mark.parametrize("words", [OFF, NEW_OFF])
def test_hurried(host, words):
    """At once, whatever else the kernel says; the answer is awaited without blocking the daemon."""
    host.listen().says("Slot(3): Link Up", "Slot(2): Attention button pressed", words)
    connection, asked = host.asked()
    assert asked == "off 2\n"
    host.wait_text(r"^eth0: the host wants the primary \(eth2\) back: it leaves at once$")
    for field in ("NET_FAILOVER_UNPLUG=hurried", "NET_FAILOVER_SLOT=2", "NET_FAILOVER_LOWER=eth2", "PRIORITY=5"):
        host.wait_text(f"^    {field}$")
    host.event("LEAVING")           # while the answer is not there
    host.news()
    host.wait_text(r"^eth0: the primary \(eth2\) is being removed$")
    connection.close()
    host.silent()
    host.wait(lambda: host.count("unplug") == 1)


def test_refused(host):
    """What failoverd-slot says is told."""
    host.listen().says(OFF)
    connection, _ = host.asked()
    connection.sendall(b"slot 2: no removal is pending any more\n")
    connection.close()
    host.wait_text(r"^eth0: the host wants the primary \(eth2\) back: could not be hurried: slot 2: no removal is "
                   "pending any more$")


def test_unfit(host):
    """Not hurried, and said why; an unfit standby's pair keeps its five seconds."""
    host.lowers(standby=ALL & ~U["NET_FAILOVER_LOWER_CARRIER"])
    host.listen().says(OFF)
    host.wait_text(r"^eth0: the host wants the primary \(eth2\) back: not hurried, the standby \(eth1\) has no carrier$")
    host.wait_text("^    PRIORITY=4$")
    host.silent()


def test_cancelled(host):
    """The last word counts: both in one reading, and after it was hurried."""
    host.listen()
    host.proc.send_signal(signal.SIGSTOP)
    host.says("Slot(2): Attention button pressed", NEW_OFF, "Slot(2): Attention button pressed", CANCEL)
    host.proc.send_signal(signal.SIGCONT)
    host.wait_text(r"^eth0: the host wants the primary \(eth2\) to stay: it has changed its mind$")
    host.silent()
    host.says(OFF)
    host.asked()[0].close()
    host.says("Slot(2): Button cancel", "Slot(2): Action canceled due to button press")
    host.wait(lambda: host.text.count("NET_FAILOVER_UNPLUG=cancelled") >= 2)


def test_others(host):
    """Slots of others, slots that are shared, words of others: nobody is asked."""
    host.listen()
    host.level = 14
    host.says(OFF)
    host.level = 6
    host.says("Slot(3): Powering off due to button press", "Slot(../2): Powering off due to button press")
    host.function("0000:02:00.1")
    host.says(OFF)
    host.wait_text(r"^eth0: the host wants the primary \(eth2\) back: not hurried, its slot has more in it$")
    (host.tree.root / "class/net/eth0/net_failover").rmdir()
    host.says(OFF)
    host.silent()
    host.event("CLAIMED")           # told after all of that
    host.news()
    host.wait(lambda: host.count("claimed") == 1)
    assert host.count("unplug") == 1


def test_switched_off(host):
    """Hurry=no: the log is not even asked for; at a reload it is, and no more."""
    host.conf.write_text("[Unplug]\nHurry=no\n")
    host.start(FAILOVERCTL_SYSFS=str(host.tree.root))
    host.silent()
    host.conf.write_text("[Unplug]\nHurry=yes\n")
    host.proc.send_signal(signal.SIGHUP)
    connection, asked = host.asked()
    assert asked == "kmsg\n"
    connection.sendall(b"/dev/kmsg: Operation not permitted\n")
    connection.close()
    host.wait_text("^native hot-plug will not be hurried: /dev/kmsg: Operation not permitted$")


def test_log_ends(host):
    """Said once, and the daemon goes on."""
    host.listen().log.close()
    host.wait_text("^native hot-plug will not be hurried: the kernel's log: ")
    host.event("CLAIMED")
    host.news()
    host.wait(lambda: host.count("claimed") == 1)


def test_killed_meanwhile(host):
    """Once asked, failoverd-slot does it without the daemon; the next one asks for the log anew."""
    host.listen().says(OFF)
    connection, _ = host.asked()
    host.stop(signal.SIGKILL)
    connection.close()
    host.listen()
    host.silent()


def test_idle_with_a_log(host):
    """It sleeps until the kernel says something."""
    host.listen()
    before = None
    for _ in range(2):
        host.read(1)
        text = Path(f"/proc/{host.proc.pid}/status").read_text(encoding="ascii")
        now = re.search(r"^voluntary_ctxt_switches:\s*(\d+)", text, re.M)[1]
        assert before in (None, now)
        before = now


@pytest.mark.parametrize("request_, words", [
    ("", "nothing is asked for"), ("on 2", "an unknown request"), ("off ../2", "no name of a slot"),
    ("off ", "no name of a slot"), ("off 9", "slot 9: No such file or directory"),
    ("off 3", "slot 3: not just primaries of net_failover"), ("off " + "2" * 300, "no name of a slot")])
def test_slot_refuses(host, request_, words):
    """failoverd-slot touches nothing that it was not made for; a line says so."""
    slot = host.tree.root / "bus/pci/slots/3"
    slot.mkdir()
    (slot / "address").write_text("0000:03:00\n")
    (slot / "power").write_text("1\n")
    host.tree.vf("eth3", MAC, pci="0000:03:00.0")
    host.function("0000:03:00.0")
    done = subprocess.run([BUILD / "failoverd-slot"], input=request_ + "\n" if request_ else "", text=True,
                          capture_output=True, check=False, timeout=30,
                          env={**os.environ, "FAILOVERCTL_SYSFS": str(host.tree.root)})
    assert done.returncode == 1 and done.stdout.startswith(words) and len(done.stdout.splitlines()) == 1
    assert "Sanitizer" not in done.stderr and "runtime error" not in done.stderr, done.stderr
    assert (slot / "power").read_text() == "1\n"
