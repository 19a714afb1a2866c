# SPDX-License-Identifier: GPL-2.0
"""failoverd as its users see it: fed with events from files, watched as systemd would.

A second program, failoverd with fed_watch.c in the kernel's place, runs the whole daemon.
"""
import os
import re
import select
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest

from fakesys import TOP, Tree, U

HERE = Path(__file__).resolve().parent
BUILD = TOP / "build/tests/userspace"
DAEMON = BUILD / "failoverd"
FED = TOP / "build/tests/unit/failoverd-fed"
RUN_HOOKS = TOP / "userspace/failoverd/failoverd-run-hooks"
SANITIZED = ["-O1", "-g", "-fno-omit-frame-pointer", "-fsanitize=address,undefined",
             "-fno-sanitize-recover=all"]
MAC = "52:54:00:12:34:56"
PRIMARY, STANDBY = U["NET_FAILOVER_ROLE_PRIMARY"], U["NET_FAILOVER_ROLE_STANDBY"]
FIT, NO_PRIMARY = U["NET_FAILOVER_REASON_PRIMARY_FIT"], U["NET_FAILOVER_REASON_NO_PRIMARY"]


def build():
    """The programs; make knows what is old."""
    for command in (
            ["make", "--no-print-directory", "-C", HERE, "userspace"],
            ["sh", "-c", 'mkdir -p "${1%/*}" && o=$1 && shift && exec "$@" -o "$o" '
             "$(pkg-config --cflags --libs libsystemd libnl-route-3.0 libmnl)", "sh", FED,
             "cc", "-std=gnu11", "-D_GNU_SOURCE", *SANITIZED, f"-I{TOP}/userspace", f"-I{TOP}/kmod/include/uapi",
             HERE / "fed_watch.c",
             *sorted((TOP / "userspace/failoverd").glob("*.c")), '-DVERSION="0"', BUILD / "libcommon.a"]):
        done = subprocess.run(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              check=False)
        assert done.returncode == 0, done.stdout


@pytest.fixture(scope="session", autouse=True)
def programs():
    """Built once for all tests here."""
    build()


def boot_ns():
    """Now, as the kernel stamps events."""
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME)


class Machine:
    """What the daemon sees of kernel and systemd, and what they see of it."""

    def __init__(self, folder):
        self.folder, self.seq, self.epoch, self.proc, self.text = folder, 0, 77, None, ""
        os.mkfifo(folder / "poke")
        self.poke = os.open(folder / "poke", os.O_RDWR)
        self.conf, self.hooks = folder / "failoverd.conf", folder / "hooks.d"
        self.hooks.mkdir()
        self.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notify.bind(str(folder / "notify"))
        self.said = []          # to systemd

    def event(self, kind, lower="eth2", role=PRIMARY, to=0, reason=0, error=0, when=None):
        """Adds one to the ring."""
        self.seq += 1
        with (self.folder / "events").open("a", encoding="ascii") as ring:
            ring.write(f"{self.epoch} {self.seq} {when or boot_ns()} {U[f'NET_FAILOVER_EVENT_{kind}']} 2 eth0 "
                       f"{role} {lower} {error} {to} {reason}\n")

    def to_standby(self, **more):
        """The primary left."""
        self.event("SWITCH", "eth1", STANDBY, STANDBY, NO_PRIMARY, **more)
        self.pair(STANDBY, NO_PRIMARY)

    def to_primary(self):
        """And came back."""
        self.event("SWITCH", "eth2", PRIMARY, PRIMARY, FIT)
        self.pair(PRIMARY, FIT)

    def pair(self, active, reason):
        """What a dump tells."""
        (self.folder / "pairs").write_text(f"2 eth0 {active} {reason} {boot_ns()}\n")

    def news(self, **flags):
        """Wakes the daemon."""
        words = " ".join(k if v is True else f"{k}={v}" for k, v in flags.items())
        (self.folder / "flags").write_text(words)
        os.write(self.poke, b"!")

    def start(self, program=FED, wrapper=(), **env):
        """Runs it until it says that it is ready."""
        command = [*wrapper, program, "--verbose", "--config", self.conf, "--state", self.folder / "state",
                   "--hook-socket", self.folder / "hook.socket", "--hooks", self.hooks,
                   "--slot-socket", self.folder / "slot.socket"]
        while select.select([self.notify], [], [], 0)[0]:
            self.notify.recv(4096)      # of one that ended
        self.said.clear()
        # pylint: disable=consider-using-with  # stop() ends it
        self.proc = subprocess.Popen(
            command, text=True, stderr=subprocess.PIPE, bufsize=1, env={
                **os.environ, "FED": str(self.folder), "NOTIFY_SOCKET": str(self.folder / "notify"), **env})
        os.set_blocking(self.proc.stderr.fileno(), False)
        self.wait_said("READY=1")
        return self

    def read(self, timeout=0.05):
        """What came on standard error and for systemd."""
        ready, _, _ = select.select([self.proc.stderr, self.notify], [], [], timeout)
        if self.proc.stderr in ready:
            self.text += self.proc.stderr.read() or ""
        if self.notify in ready:
            self.said += self.notify.recv(4096).decode().splitlines()

    def wait(self, what, seconds=10):
        """Until what() holds; fails with all that was said."""
        end = time.monotonic() + seconds
        while not what():
            if time.monotonic() > end or (self.proc.poll() is not None and not self.read(0)):
                assert what(), f"{self.text}\nto systemd: {self.said}"
            self.read()

    def wait_text(self, pattern, seconds=10):
        """Until the daemon told it."""
        self.wait(lambda: re.search(pattern, self.text, re.M), seconds)

    def wait_said(self, word):
        """Until systemd heard it."""
        self.wait(lambda: word in self.said)

    def count(self, event):
        """How often a kind was told."""
        return self.text.count(f"NET_FAILOVER_EVENT={event}\n")

    def stop(self, sig=signal.SIGTERM):
        """Ends it; the exit code."""
        self.proc.send_signal(sig)
        code = self.proc.wait(10)
        os.set_blocking(self.proc.stderr.fileno(), True)
        self.text += self.proc.stderr.read()
        self.proc.stderr.close()
        self.proc = None
        assert "Sanitizer" not in self.text and "runtime error" not in self.text, self.text
        return code


class Links:
    """A network namespace that the daemon runs in; its links are changed to wake it."""

    def __init__(self, machine):
        self.machine, self.count = machine, 0
        self.wrapper = ["unshare", "--net"] if os.geteuid() == 0 else ["unshare", "--user", "--map-root-user", "--net"]

    def change(self):
        """Something of no concern."""
        self.count += 1
        enter = ["nsenter", f"--target={self.machine.proc.pid}", "--preserve-credentials", "--net",
                 *([] if os.geteuid() == 0 else ["--user"])]
        subprocess.run([*enter, "ip", "link", "set", "lo", "mtu", str(2000 + self.count)], check=True, timeout=10)


@pytest.fixture
def machine(tmp_path):
    """A machine without a daemon yet."""
    made = Machine(tmp_path)
    yield made
    if made.proc:
        assert made.stop() == 0


def check(path, text):
    """--check-config of a file with this text."""
    path.write_bytes(text.encode("latin-1"))
    done = subprocess.run([DAEMON, "--check-config", path], text=True, capture_output=True, check=False,
                          timeout=30)
    assert "Sanitizer" not in done.stderr and "runtime error" not in done.stderr, done.stderr
    return done.returncode, done.stdout.replace(f"{path}:", "").splitlines()


def test_check_config(tmp_path):
    """One line a mistake with its number; exit code 1."""
    path = tmp_path / "c"
    assert check(path, "") == (0, [])
    assert check(path, "# a\n\n[Degraded]\nAfterSec = 5min ; so\n[Hooks]\nEnable=no\nEvents=switch,degraded\n") \
        == (0, [])
    assert check(path, "[Degraded]\nAfterSec=never") == (0, [])
    code, lines = check(path, "AfterSec=1\n[Degraded]\nAfterSec=abc\nAfter=1\n[Nope]\nX=1\nrubbish\n"
                              "[Hooks]\nEvents=switch bogus\nEnable=perhaps\n[Hooks\n\0\nAfterSec=1\n")
    assert code == 1
    assert [int(line.split(":")[0]) for line in lines] == [1, 3, 4, 5, 7, 9, 10, 11, 12]
    for value in ("-1", "1e9", "1y", "99999999999999999999", "", "9999h9"):
        code, lines = check(path, f"[Degraded]\nAfterSec={value}\n")
        assert code == 1 and "AfterSec: wants a time" in lines[0], value
    assert check(path, "[" + "x" * 100000)[0] == 1


def test_check_config_as_installed():
    """The file that is installed has no mistakes and changes nothing."""
    path = TOP / "userspace/failoverd/failoverd.conf"
    done = subprocess.run([DAEMON, "--check-config", path], text=True, capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")
    assert not [line for line in path.read_text(encoding="utf-8").splitlines()
                if line and line[0] not in "#["]


def test_usage(tmp_path):
    """Bad use gets one line and 64; a file that is not there one line and 1."""
    for args in (["extra"], ["--bogus"]):
        done = subprocess.run([DAEMON, *args], text=True, capture_output=True, check=False)
        assert done.returncode == 64 and len(done.stderr.splitlines()) == 1
    done = subprocess.run([DAEMON, "--check-config", tmp_path / "no"], text=True, capture_output=True,
                          check=False)
    assert (done.returncode, done.stdout) == (1, f"{tmp_path}/no: No such file or directory\n")


CONCLUDED = "events are concluded from links, so when exactly they happened and what they cost is not known"
IN_TREE = f"net_failover is the in-tree module, which tells nothing: {CONCLUDED}"


@pytest.mark.parametrize("version, words", [
    (None, IN_TREE),
    ("0.0.1", f"net_failover 0.0.1 is older than failoverd and tells nothing: {CONCLUDED}"),
    ("", "no net_failover module is loaded")], ids=["in-tree", "old", "none"])
def test_module_is_not_ours(machine, tmp_path, version, words):
    """One clear line, which is also in STATUS; READY all the same, and asleep."""
    tree = Tree(tmp_path / "sys")
    if version != "":
        tree.module(version)
    machine.start(FAILOVERCTL_SYSFS=str(tree.root))
    machine.wait_said(f"STATUS=idle: {words}")
    assert machine.text.splitlines()[0] == words
    assert machine.count("module") == 1


def test_in_tree_module(machine, tmp_path):
    """What links show is told as events, without number; also that the primary stays away."""
    tree, links = Tree(tmp_path / "sys"), Links(machine)
    tree.module()
    machine.conf.write_text("[Degraded]\nAfterSec=300ms\n")
    machine.start(wrapper=links.wrapper, FAILOVERCTL_SYSFS=str(tree.root))
    tree.master("eth0", MAC)
    tree.virtio("eth1", MAC)
    tree.enslave("eth1", "eth0")
    links.change()
    machine.wait_text(r"^eth0: on the standby \(eth1\) now: there is no primary$")
    machine.wait_text("^eth0: degraded, for 0.[3-9] s not on the primary: there is no primary$")
    machine.wait_said(f"STATUS=watching 1 pair: 1 not on the primary, 1 degraded; {IN_TREE}")
    machine.stop()
    machine.start(wrapper=links.wrapper, FAILOVERCTL_SYSFS=str(tree.root))
    tree.vf("eth2", MAC)
    tree.enslave("eth2", "eth0")
    links.change()
    machine.wait_text(r"^eth0: on the primary \(eth2\) now: ")
    machine.wait(lambda: machine.count("recovered") == 1)
    machine.wait_text("^eth0: no longer degraded, after ")
    links.change()
    kinds = ("created", "claimed", "switch", "degraded", "recovered")
    assert [machine.count(kind) for kind in kinds] == [1, 2, 2, 1, 1]
    assert "NET_FAILOVER_SEQ" not in machine.text
    assert machine.text.count("NET_FAILOVER_DERIVED=yes\n") == 5


def test_events_are_told(machine):
    """Each with its words and fields; and those that come later."""
    machine.event("CREATED", "eth2", 0)
    machine.event("CLAIMED")
    machine.event("FAILED", error=-22)
    machine.start()
    assert [machine.count(kind) for kind in ("created", "claimed", "failed")] == [1, 1, 1]
    machine.wait_text(r"^eth0: the primary \(eth2\) cannot be used: Invalid argument$")
    machine.to_standby()
    machine.news()
    machine.wait_text(r"^eth0: on the standby \(eth1\) now: there is no primary; 0\.0 ms without a path")
    for field in ("NET_FAILOVER_EPOCH=77", "NET_FAILOVER_SEQ=4", "NET_FAILOVER_TO=standby",
                  "NET_FAILOVER_REASON=no-primary", "NET_FAILOVER_MASTER=eth0", "PRIORITY=5",
                  "MESSAGE_ID=fec8711456894fbfad2b3ee6ed1fadc1"):
        machine.wait_text(f"^    {field}$")
    machine.wait_said("STATUS=watching 1 pair: 1 not on the primary, 0 degraded")


def test_newer_event(machine):
    """A kind of a newer module is told as far as it can be."""
    U["NET_FAILOVER_EVENT_NEW"] = 99
    machine.event("NEW")
    machine.start().wait_text("^eth0: event 99, which only a newer failoverd knows$")


def test_restart_tells_nothing_twice(machine):
    """Killed at any moment, it goes on where it was; what happened meanwhile is told."""
    machine.event("CREATED")
    machine.to_standby()
    machine.start().wait(lambda: machine.count("switch") == 1)
    machine.stop(signal.SIGKILL)
    machine.to_primary()
    machine.start().wait(lambda: machine.count("switch") == 2)
    machine.stop()
    machine.start()
    assert machine.count("created") == 1 and machine.count("switch") == 2


def test_killed_over_and_over(machine):
    """Events in a steady stream, the daemon killed without warning: nothing missing, and only the one that it
    was about to tell (and the journal, not there in this test, could vouch for) may come twice."""
    machine.pair(PRIMARY, FIT)
    kills = 15
    for number in range(kills):
        machine.start()
        for _ in range(20):
            machine.event("CLAIMED")
            machine.news()
        time.sleep(number % 5 / 500)
        machine.stop(signal.SIGKILL)
    machine.start().wait(lambda: f"NET_FAILOVER_SEQ={machine.seq}\n" in machine.text)
    told = [int(seq) for seq in re.findall(r"NET_FAILOVER_SEQ=(\d+)\n", machine.text)]
    assert set(told) == set(range(1, machine.seq + 1))
    assert len(told) - len(set(told)) <= kills


def test_reloaded_module(machine):
    """A new epoch begins at 1 again."""
    machine.event("CREATED")
    machine.start()
    machine.epoch, machine.seq = 78, 0
    (machine.folder / "events").unlink()
    machine.event("CREATED")
    machine.news()
    machine.wait(lambda: machine.count("created") == 2)


def test_degraded_and_back(machine):
    """By a timer; told once, also over a restart; and when it ends."""
    machine.conf.write_text("[Degraded]\nAfterSec=700ms\n")
    machine.to_standby()
    machine.start()
    assert machine.count("degraded") == 0
    machine.wait_text(r"^eth0: degraded, for [01]\.\d s not on the primary: there is no primary$")
    machine.wait_text("NET_FAILOVER_ADVICE=normal during a migration")
    machine.wait_said("STATUS=watching 1 pair: 1 not on the primary, 1 degraded")
    machine.stop(signal.SIGKILL)
    machine.start()
    machine.to_primary()
    machine.news()
    machine.wait_text("^eth0: no longer degraded, after ")
    machine.stop()
    machine.start()
    assert machine.count("degraded") == 1 and machine.count("recovered") == 1


def test_returned(machine):
    """One report when a primary is back, some seconds later, also of a time in which the daemon was killed."""
    machine.to_primary()
    machine.start()
    machine.event("LEAVING")
    machine.to_standby()
    machine.event("RELEASED")
    machine.news()
    machine.wait(lambda: machine.count("released") == 1)
    machine.stop(signal.SIGKILL)
    machine.event("CLAIMED", "eth3")
    machine.event("SWITCH", "eth3", PRIMARY, PRIMARY, FIT)
    machine.pair(PRIMARY, FIT)
    machine.start()
    machine.wait_text(r"^eth0: back on a primary \(eth3\) after \d\.\d s, the standby had \d\.\d s; 0\.0 ms without "
                      r"a path, 0 frames dropped$")
    for field in ("NET_FAILOVER_LOWER=eth3", "NET_FAILOVER_GAP_NSEC=0", "NET_FAILOVER_EVENT=returned"):
        machine.wait_text(f"^    {field}$")
    machine.stop(signal.SIGKILL)
    machine.start()
    machine.read(2.5)
    assert machine.count("returned") == 1, machine.text


def test_away_while_the_daemon_was(machine):
    """What began long ago is degraded at once."""
    machine.to_standby(when=boot_ns() - 100 * 10**9)
    machine.start().wait_text(r"^eth0: degraded, for 100\.\d s not on the primary")


def test_overrun(machine):
    """Reported; with how much is gone for good, where anything is."""
    machine.event("CREATED")
    machine.start()
    machine.news(overrun=True)
    machine.wait_text("^events came too fast, but the kernel's ring had them all$")
    machine.news(overrun=True, lost=5)
    machine.wait_text("^at least 5 events are lost")


def test_error_passes(machine):
    """Told once, then tried again by itself."""
    machine.event("CREATED")
    machine.start()
    machine.event("CLAIMED")
    machine.news(error=True)
    machine.wait_text("^cannot read events: Input/output error; trying again$")
    machine.wait(lambda: machine.count("claimed") == 1)


def test_burst(machine):
    """A thousand events at once are told, each once, within seconds under sanitizers."""
    machine.start()
    for _ in range(1000):
        machine.event("CLAIMED")
    machine.news()
    machine.wait(lambda: machine.count("claimed") == 1000, 20)


def test_broken_state(machine):
    """A line, and all that the kernel remembers."""
    (machine.folder / "state").write_text("failoverd 1\nplace 77 x\n")
    machine.event("CREATED")
    machine.start().wait_text("cannot read .*state: Bad message; telling all that the kernel remembers")
    assert machine.count("created") == 1


def test_configuration_with_mistakes(machine):
    """At the start the good lines count; at a reload the old settings stay."""
    machine.conf.write_text("[Degraded]\nBogus=1\nAfterSec=1s\n")
    machine.to_standby()
    machine.start().wait_text("failoverd.conf:2: no key 'Bogus' in \\[Degraded\\]")
    machine.conf.write_text("[Degraded]\nAfterSec=x\n")
    machine.said.clear()
    machine.proc.send_signal(signal.SIGHUP)
    machine.wait_said("READY=1")
    assert "RELOADING=1" in machine.said
    machine.wait_text("has mistakes: going on with the settings of before")
    machine.wait_text("^eth0: degraded, for 1")


def test_reload(machine):
    """SIGHUP: the new time counts from when the primary left."""
    machine.to_standby(when=boot_ns() - 10**10)
    machine.start()
    machine.conf.write_text("[Degraded]\nAfterSec=5\n")
    machine.proc.send_signal(signal.SIGHUP)
    machine.wait_text(r"^eth0: degraded, for 10\.")


def switches(machine):
    """How often it woke up."""
    status = Path(f"/proc/{machine.proc.pid}/status").read_text(encoding="ascii")
    return int(re.search(r"^voluntary_ctxt_switches:\s*(\d+)", status, re.M)[1])


def test_idle_is_asleep(machine):
    """No wake-ups, with a pair on its primary and with none."""
    machine.event("CREATED")
    machine.to_primary()
    machine.start()
    time.sleep(0.3)
    before = switches(machine)
    time.sleep(2)
    assert switches(machine) == before


def test_watchdog(machine):
    """It keeps systemd's watchdog fed."""
    machine.start(WATCHDOG_USEC="400000")
    machine.wait(lambda: machine.said.count("WATCHDOG=1") >= 2)


def serve_hooks(machine):
    """The socket of systemd's that starts a service for each connection."""
    server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    server.bind(str(machine.folder / "hook.socket"))
    server.listen()
    server.settimeout(10)
    return server


def next_request(server):
    """(connection, what was asked for)"""
    connection, _ = server.accept()
    connection.settimeout(10)
    request = b""
    while data := connection.recv(4096):
        request += data
    return connection, dict(line.split("=", 1) for line in request.decode().splitlines())


def test_hooks_one_after_the_other(machine):
    """Each event asks once, in order, and waits for the one before; what fails is told."""
    (machine.hooks / "tell").touch()
    server = serve_hooks(machine)
    machine.event("CLAIMED")
    machine.to_primary()
    machine.start()
    connection, asked = next_request(server)
    assert asked["NET_FAILOVER_EVENT"] == "claimed" and asked["NET_FAILOVER_MASTER"] == "eth0"
    assert asked["NET_FAILOVER_MESSAGE"] == "eth0: the primary (eth2) is there"
    server.settimeout(0.3)
    with pytest.raises(TimeoutError):
        server.accept()
    server.settimeout(10)
    connection.sendall(b"tell 3\nslow 124\n")
    connection.close()
    machine.wait_text("^hook tell failed: exit code 3$")
    machine.wait_text(r"^hook slow failed: exit code 124 \(it took too long\)$")
    connection, asked = next_request(server)
    assert asked["NET_FAILOVER_EVENT"] == "switch" and asked["NET_FAILOVER_TO"] == "primary"
    connection.close()


def test_hooks_chosen(machine):
    """Only the events that the configuration names; none at all without hooks."""
    machine.conf.write_text("[Hooks]\nEvents=switch\n")
    (machine.hooks / "tell").touch()
    server = serve_hooks(machine)
    machine.event("CLAIMED")
    machine.to_primary()
    machine.start()
    connection, asked = next_request(server)
    assert asked["NET_FAILOVER_EVENT"] == "switch"
    connection.close()
    (machine.hooks / "tell").unlink()
    machine.to_standby()
    machine.news()
    machine.wait(lambda: machine.count("switch") == 2)
    server.settimeout(0.3)
    with pytest.raises(TimeoutError):
        server.accept()


def test_nobody_runs_hooks(machine):
    """Said once."""
    (machine.hooks / "tell").touch()
    machine.event("CLAIMED")
    machine.to_primary()
    machine.start()
    machine.wait_text("^no hooks are run: .*hook.socket: No such file or directory")
    assert machine.count("hook") == 1


def run_hooks(folder, request, limit=5):
    """What failoverd-hook@.service runs."""
    return subprocess.run([RUN_HOOKS, folder, str(limit)], input=request, text=True, capture_output=True,
                          check=False, timeout=60)


def hook(folder, name, text, mode=0o755):
    """Writes one."""
    (folder / name).write_text(f"#!/bin/sh\n{text}\n")
    (folder / name).chmod(mode)


def test_run_hooks(tmp_path):
    """In the order of their names, with the fields as environment; others' variables do not get in."""
    hook(tmp_path, "10-a", "env | grep -e NET_ -e EVIL -e PATH=/tmp; echo out")
    hook(tmp_path, "20-b", "exit 3")
    hook(tmp_path, "30-slow", "sleep 30")
    hook(tmp_path, "40-c", "echo last >&2")
    hook(tmp_path, "50-backup~", "echo never")
    hook(tmp_path, "60-not-executable", "echo never", 0o644)
    done = run_hooks(tmp_path, "NET_FAILOVER_EVENT=switch\nEVIL=1\nPATH=/tmp\nNET_FAILOVER_x=1\nNET_FAILOVER_=1\n"
                               "NET_FAILOVER_MESSAGE=$(id) `id`; \"x\"\nNET_FAILOVER_A\nNET_FAILOVER_B=\x1b[1m\n", 1)
    assert done.stdout == "20-b 3\n30-slow 124\n"
    assert sorted(done.stderr.splitlines()) == [
        "NET_FAILOVER_EVENT=switch", 'NET_FAILOVER_MESSAGE=$(id) `id`; "x"', "last", "out"]
    assert run_hooks(tmp_path / "none", "").stdout == ""
