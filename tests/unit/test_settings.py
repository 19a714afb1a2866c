# SPDX-License-Identifier: GPL-2.0
"""Settings of primaries: failoverd-tune's refusals, [Settings], and both programs at a veth pair."""
import os
import re
import shutil
import socket
import subprocess
import time

import pytest

from fakesys import TOP, Tree
from test_failoverctl import make_pair, program, say_pair

assert program          # the fixture that builds failoverctl, and with it all programs
BUILD = TOP / "build/tests/userspace"
TOOLS = ("unshare", "nsenter", "ip", "tc", "ethtool", "systemd-socket-activate")
MISSING = [tool for tool in TOOLS if not shutil.which(tool, path="/usr/bin:/bin:/usr/sbin:/sbin")]
needs_tools = pytest.mark.skipif(MISSING, reason=f"NOT RUN: no {' '.join(MISSING)} here")


@pytest.mark.parametrize("request_,why", [
    ("", "nothing is asked for"), ("ring.rx=5\n", "nothing is asked for"), ("card x\n", "nothing is asked for"),
    ("card 1\nring.rx=5\n", "this card is not the primary of a failover pair"),
    ("master 1\nmtu=5\n", "this is not the master of a failover pair"), ("master 1\nring.rx=5\n", "an unknown setting"),
    ("release 1\n", "this card is not the primary of a failover pair"), ("release x\n", "nothing is asked for"),
    ("card 1\nmtu=5\n", "an unknown setting"), ("card 1\nring.rx\n", "an unknown setting"),
    ("card 1\nrps.0=" + "f" * 20000 + "\n", "an unknown setting"), ("card 1\nring.rx=5", "an unknown setting")],
    ids=lambda value: repr(value[:24]))
def test_tune_refuses(request_, why):
    """It touches primaries alone, and only what it knows."""
    done = subprocess.run([BUILD / "failoverd-tune"], input=request_, text=True, capture_output=True, check=False)
    assert done.returncode == 1 and done.stdout.startswith(f"refused: {why}"), (done.stdout, done.stderr)


@pytest.mark.parametrize("line", ["Set=ring.rx=5", "Set=all", "Set=all ring.rx", "Set=all mtu=9000", "Set=all ring.rx=",
                                  "Set=52:54:00:00:12 ring.rx=5", "Set=52:54:00:00:12:530 ring.rx=5", "Restore=maybe",
                                  "Set=all feature.rx-vlan-filter=off", "Set=all rps.0=" + "f" * 2000],
                         ids=lambda value: value[:24])
def test_what_is_wrong(tmp_path, line):
    """One line says where and what."""
    (tmp_path / "conf").write_text(f"[Settings]\n{line}\n")
    done = subprocess.run([BUILD / "failoverd", "--check-config", tmp_path / "conf"], text=True, capture_output=True,
                          check=False)
    assert done.returncode == 1 and f":2: {line.split('=')[0]}: wants " in done.stdout, done.stdout


def test_what_is_right(tmp_path):
    """The examples of failoverd.conf(5), and one more than fits."""
    conf = tmp_path / "conf"
    conf.write_text("[Settings]\nRestore=no\nSet=all ring.rx=4096\nSet=52:54:00:00:12:53 coalesce.rx-usecs=50\n"
                    "Set=all  feature.tx-tcp-segmentation=off\n" + "Set=all xps.1=3\n" * 61)
    command = [BUILD / "failoverd", "--check-config", conf]
    assert subprocess.run(command, check=False).returncode == 0
    with conf.open("a") as file:
        file.write("Set=all xps.1=3\n")
    done = subprocess.run(command, text=True, capture_output=True, check=False)
    assert done.returncode == 1 and "there are too many" in done.stdout


class Space:
    """A network namespace with the primary, a veth pair; what else failoverd sees is made of files."""

    def __init__(self, folder):
        self.user = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
        # pylint: disable=consider-using-with  # close() ends them
        self.holder = subprocess.Popen(["unshare", *self.user, "--net", "sleep", "1000"])
        self.folder, self.procs, self.tree = folder, [self.holder], Tree(folder / "sys")
        self.env = {**os.environ, "FAILOVERCTL_SYSFS": str(self.tree.root)}
        wait(lambda: os.readlink(f"/proc/{self.holder.pid}/ns/net") != os.readlink("/proc/self/ns/net"), "a namespace")
        make_pair(self.tree)
        self.card(4)

    def inside(self, *words):
        """A command's words to run it in there."""
        user = ["-U", "--preserve-credentials"] if self.user else []
        return ["nsenter", "-t", str(self.holder.pid), *user, "-n", *map(str, words)]

    def run(self, text):
        """A shell's output."""
        done = subprocess.run(self.inside("sh", "-ec", text), text=True, capture_output=True, check=False)
        assert done.returncode == 0, (text, done.stderr)
        return done.stdout

    def card(self, ifindex):
        """A new primary; the module's answer says so."""
        (self.tree.root / "class/net/eth2/ifindex").write_text(f"{ifindex}\n")   # before it can be looked at
        (self.tree.root / "class/net/eth2/queues/rx-0").mkdir(parents=True, exist_ok=True)
        (self.tree.root / "class/net/eth2/queues/rx-0/rps_cpus").write_text("0\n")
        self.run(f"ip link del eth2 2>/dev/null || :; ip link add eth2 index {ifindex} type veth peer name p2; "
                 "ip link set p2 up; ip link set eth2 up")
        self.tree.messages = b""
        say_pair(self.tree, primary={"ifindex": ifindex})
        self.run("ip link set p2 down; ip link set p2 up")     # a reason to look

    def start(self, conf="", tune=True):
        """failoverd, and what systemd would do for failoverd-tune."""
        (self.folder / "conf").write_text(conf)
        if tune:
            self.spawn("systemd-socket-activate", "-a", "--inetd", "-E", "FAILOVERCTL_SYSFS", "-l", self.folder / "tune",
                       BUILD / "failoverd-tune")
            wait(lambda: f"Listening on {self.folder}/tune" in self.said(), self.said)
        self.spawn(BUILD / "failoverd", "-v", "--config", self.folder / "conf", "--state", self.folder / "state",
                   "--settings", self.folder / "settings", "--tune-socket", self.folder / "tune")

    def spawn(self, *words):
        """Runs it in there until close()."""
        with (self.folder / "said").open("ab") as out:
            # pylint: disable=consider-using-with
            self.procs.append(subprocess.Popen(self.inside(*words), env=self.env, stdout=out, stderr=out))

    def said(self):
        """All that failoverd said."""
        return (self.folder / "said").read_text()

    def stop(self):
        """failoverd and failoverd-tune; what they said is gone."""
        for proc in self.procs[1:]:
            proc.kill()
            proc.wait()
        del self.procs[1:]
        (self.folder / "tune").unlink()
        (self.folder / "said").unlink()

    def wait_learned(self, *lines):
        """Until the file below /run would have these."""
        def there():
            path = self.folder / "settings"
            return path.exists() and set(lines) <= set(path.read_text().splitlines())
        wait(there, lambda: f"{lines}\n{self.said()}")

    def wait_said(self, pattern):
        """The match."""
        wait(lambda: re.search(pattern, self.said(), re.M), lambda: f"{pattern}\n{self.said()}")
        return re.search(pattern, self.said(), re.M)

    def close(self):
        """Ends what was started."""
        for proc in reversed(self.procs):
            proc.kill()
            proc.wait()


def wait(condition, what, seconds=20):
    """Polls it."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, what() if callable(what) else what
        time.sleep(0.02)


@pytest.fixture(name="space")
def fixture_space(tmp_path):
    """Everything is gone afterwards."""
    space = Space(tmp_path)
    yield space
    space.close()


CHANGE = ("ip link set eth2 txqueuelen 777; ethtool -K eth2 tso off; ethtool -L eth2 rx 2; "
          "tc qdisc replace dev eth2 root pfifo limit 55")
WISHES = ("set txqueuelen=777", "set feature.tx-tcp-segmentation=off", "set channels.rx=2", "set qdisc=pfifo 37000000")


def look(space):
    """Of the kernel, by other programs."""
    return space.run("ip -d link show eth2 | grep -o 'qlen [0-9]*'; ethtool -k eth2 | grep -w tx-tcp-segmentation; "
                     "ethtool -l eth2 | grep RX:; tc qdisc show dev eth2 root | grep -o 'limit .*' || :").split("\n")


@needs_tools
def test_learned_and_put_back(space):
    """By netlink, on real cards: what was set is set on the next one, and nothing else is touched."""
    space.start()
    space.wait_learned("has txqueuelen=1000", "has channels.rx=1")
    space.run(CHANGE)
    space.wait_learned(*WISHES, "has channels.tx=1")
    (space.tree.root / "class/net/eth2/queues/rx-0/rps_cpus").write_text("6\n")
    space.run("ip link set p2 down; ip link set p2 up")
    space.wait_learned("set rps.0=6")
    before = look(space)
    space.card(14)
    words = space.wait_said(r"^eth0: the primary \(eth2\) has its settings: (.*)$")[1]
    assert set(words.split(", ")) >= {"channels.rx", "feature.tx-tcp-segmentation", "txqueuelen", "qdisc", "rps.0"}
    assert look(space) == before
    assert (space.tree.root / "class/net/eth2/queues/rx-0/rps_cpus").read_text().strip() == "6"
    assert "NET_FAILOVER_SETTINGS_FAILED=0\n" in space.said()


@needs_tools
def test_restart_and_what_fails(space):
    """A restart forgets nothing; what cannot be put back is said once and stays a wish."""
    space.start("[Settings]\nSet=all ring.rx=512\nSet=all channels.rx=9\n")
    space.wait_said(r"^eth0: the primary \(eth2\) does not have all its settings: "
                    r"channels.rx=9 \(the driver allows 2\), ring.rx=512 \(the driver has none\)$")
    assert "RX:\t\t2" in look(space)[-3]
    space.run("ip link set eth2 txqueuelen 777")
    space.wait_learned("set txqueuelen=777")
    space.stop()
    space.card(14)
    space.start()
    space.wait_said(r"^eth0: the primary \(eth2\) has its settings: .*txqueuelen")
    assert "qlen 777" in look(space)


@needs_tools
def test_restart_beside_the_same_card(space):
    """A card that differs from what is wanted was not changed by anybody: neither by Set=, nor by what it cannot do."""
    space.start("[Settings]\nSet=all txqueuelen=555\nSet=all channels.rx=9\n")
    space.wait_said(r"channels.rx=9 \(the driver allows 2\)")
    space.wait_learned("has txqueuelen=1000", "was txqueuelen=555", "has channels.rx=1", "was channels.rx=2")
    space.stop()
    space.start()
    space.run("tc qdisc replace dev eth2 root pfifo limit 55")
    space.wait_learned("set qdisc=pfifo 37000000", "has txqueuelen=1000", "has channels.rx=1")
    space.card(14)
    space.wait_said(r"^eth0: the primary \(eth2\) has its settings: qdisc$")
    assert "qlen 1000" in look(space)


@needs_tools
def test_only_what_is_configured(space):
    """Restore=no: Set= stands, what was learned does not come back."""
    space.start("[Settings]\nRestore=no\nSet=all txqueuelen=555\n")
    space.wait_said(r"^eth0: the primary \(eth2\) has its settings: txqueuelen$")
    space.run("tc qdisc replace dev eth2 root pfifo limit 55")
    space.wait_learned("set qdisc=pfifo 37000000")
    space.card(14)
    wait(lambda: len(re.findall(r"has its settings: txqueuelen$", space.said(), re.M)) == 2, space.said)
    assert "qlen 555" in look(space) and "limit 55p" not in look(space)


def heard(server):
    """What failoverd asks for, and the connection."""
    server.settimeout(20)
    connection, _ = server.accept()
    with connection.makefile() as lines:
        return lines.read(), connection


@needs_tools
@pytest.mark.parametrize("more", [b"", b"ring. Invalid argument: " + b"x" * 9000 + b"\n"], ids=["soon", "late"])
def test_tune_ends_halfway(space, more):
    """One that held the primary back and did not come to its end: another one is asked to let it go."""
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(space.folder / "tune"))
        server.listen()
        space.start("[Settings]\nSet=all channels.rx=2\n", tune=False)
        asked, connection = heard(server)
        assert asked == "card 4\nchannels.rx=2\n"
        connection.sendall(b"held\n" + more)
        connection.close()
        asked, connection = heard(server)
        connection.close()
        assert asked == "release 4\n"
    space.wait_said(r"does not have all its settings: channels.rx=2 \(failoverd-tune: ended halfway\)$")


@needs_tools
@pytest.mark.parametrize("answer", [b"held\nring. Invalid argument: " + b"x" * 9000 + b"\ndone\n", b"", b"refused: no\n"],
                         ids=["done", "nothing", "refused"])
def test_tune_holds_nothing(space, answer):
    """One that came to its end, or did not begin, is not followed by another one."""
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(space.folder / "tune"))
        server.listen()
        space.start("[Settings]\nSet=all channels.rx=2\n", tune=False)
        _, connection = heard(server)
        connection.sendall(answer)
        connection.close()
        space.wait_said(r"does not have all its settings: channels.rx=2")
        server.settimeout(0.5)
        with pytest.raises(TimeoutError):
            server.accept()


@needs_tools
def test_without_tune(space):
    """Where failoverd-tune cannot be asked, that is the reason given."""
    space.start()
    space.wait_learned("has txqueuelen=1000")
    space.run("ip link set eth2 txqueuelen 777")
    space.wait_learned("set txqueuelen=777")
    space.procs[1].kill()
    space.procs[1].wait()
    (space.folder / "tune").unlink()
    space.card(14)
    space.wait_said(r"^eth0: the primary \(eth2\) does not have all its settings: txqueuelen=777 \(.*: No such file or directory\)$")
