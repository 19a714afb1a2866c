# SPDX-License-Identifier: GPL-2.0
"""A host asks: failoverd-port at a terminal that stands for its port, failover-host-check at a socket."""
import json
import os
import select
import socket
import subprocess
import threading
import time
import tty

import pytest

from fakesys import TOP, Tree
from test_failoverctl import MAC, ctl, make_pair, program, say_pair

assert program          # the fixture that builds them
BUILD = TOP / "build/tests/userspace"


class Port:
    """failoverd-port in a guest of files; the test is the host."""

    def __init__(self, tree):
        self.host, self.guest = os.openpty()
        tty.setraw(self.guest)
        os.set_blocking(self.host, False)
        # pylint: disable=consider-using-with  # close() ends it
        self.proc = subprocess.Popen([BUILD / "failoverd-port", os.ttyname(self.guest)],
                                     env={**os.environ, "FAILOVERCTL_SYSFS": str(tree.root)})
        self.text = b""

    def send(self, data):
        """All of it, as fast as it is taken."""
        while data:
            assert select.select([], [self.host], [], 20)[1], "the guest takes nothing"
            data = data[os.write(self.host, data):]

    def line(self, seconds=20):
        """The next line of the guest."""
        end = time.monotonic() + seconds
        while b"\n" not in self.text:
            assert select.select([self.host], [], [], max(0, end - time.monotonic()))[0], "no answer"
            self.text += os.read(self.host, 65536)
        line, self.text = self.text.split(b"\n", 1)
        return json.loads(line)

    def ask(self, request, seconds=20):
        """One request, one answer."""
        self.send(request)
        return self.line(seconds)

    def close(self):
        """It must still be there."""
        alive = self.proc.poll() is None
        self.proc.kill()
        self.proc.wait()
        os.close(self.host)
        os.close(self.guest)
        assert alive, "failoverd-port ended"


@pytest.fixture(name="tree")
def fixture_tree(tmp_path):
    """A healthy pair."""
    tree = Tree(tmp_path / "sys")
    make_pair(tree)
    say_pair(tree)
    tree.slot("0000:02:00.0")
    tree.process("/usr/sbin/failoverd")
    return tree


@pytest.fixture(name="port")
def fixture_port(tree):
    """A guest that answers."""
    port = Port(tree)
    yield port
    port.close()


def test_same_answer_as_failoverctl(tree, port):
    """But for the id of the request."""
    report = json.loads(ctl(tree, "check", "--json").stdout)
    assert port.ask(b"check\n") == {**report, "id": None}
    assert port.ask(b"check a-4711\n") == {**report, "id": "a-4711"}
    (tree.root / "class/net/eth1/carrier").write_text("0\n")
    assert port.ask(b"check 2\r\n")["state"] == "not-ready"


@pytest.mark.parametrize("request_", [b"drain eth0\n", b"check a b\n", b"check ../x\n", b"CHECK\n", b"{}\n",
                                      b"check \0\n", b"checker\n", b"\xff\xfe\n", b"x" * 5000 + b"\n"],
                         ids=lambda value: repr(value[:12]))
def test_what_is_no_request(port, request_):
    """An error that says what to write, and the next request is answered."""
    assert set(port.ask(request_)) == {"schema", "error"}
    assert port.ask(b"check 1\n")["id"] == "1"


def cpu_seconds(proc):
    """What it used."""
    words = open(f"/proc/{proc.pid}/stat", encoding="ascii").read().rsplit(")", 1)[1].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


@pytest.mark.parametrize("flood", [b"check\n", b"\n", b"x", bytes(range(11, 256))], ids=["ask", "empty", "endless", "bytes"])
def test_flood(port, flood):
    """A host that sends without end costs little, and its requests are answered afterwards."""
    start = time.monotonic()
    sent = 0
    while time.monotonic() < start + 3:
        if select.select([], [port.host], [], 0.1)[1]:
            try:
                sent += os.write(port.host, flood * 16)
            except BlockingIOError:
                pass
        if select.select([port.host], [], [], 0)[0]:
            os.read(port.host, 65536)
    assert cpu_seconds(port.proc) < 1.5, f"{sent} bytes"
    assert port.proc.poll() is None


def test_last_request_counts(port):
    """Whoever asked before has given up."""
    port.send(b"check 1\ncheck 2\n\ncheck 3\n")
    assert port.line()["id"] == "3"
    port.send(b"check 4\n")
    assert port.line()["id"] == "4"


def test_host_that_does_not_read(port):
    """Answers that nobody takes are dropped; the next host is answered."""
    for _ in range(20):
        try:
            os.write(port.host, b"check unread\n" * 20)
        except BlockingIOError:
            break
    time.sleep(6)
    assert port.proc.poll() is None and cpu_seconds(port.proc) < 3
    port.send(b"\ncheck last\n")
    end = time.monotonic() + 120
    while time.monotonic() < end:
        try:
            if port.line().get("id") == "last":
                return
        except json.JSONDecodeError:
            pass                   # the one that was cut
    assert False, "not answered any more"


class Fake:
    """A socket at which a test is the guest: answer gets the id and gives bytes, or None to be silent."""

    def __init__(self, path, answer):
        self.path = path
        self.server = socket.socket(socket.AF_UNIX)
        self.server.bind(str(path))
        self.server.listen()
        self.thread = threading.Thread(target=self._serve, args=(answer,), daemon=True)
        self.thread.start()

    def _serve(self, answer):
        conn, _ = self.server.accept()
        with conn:
            id_ = conn.recv(1000).decode().split()[-1]
            reply = answer(id_)
            try:
                conn.sendall(reply or b"")
                while reply is None and conn.recv(1):
                    pass
            except OSError:
                pass


def host_check(path, *options):
    """Runs it."""
    return subprocess.run([BUILD / "failover-host-check", *options, path], text=True, capture_output=True,
                          timeout=60, check=False)


def reply(id_, state="ready", **more):
    """As failoverd-port says it."""
    return json.dumps({"schema": 1, "id": id_, "state": state, "summary": "all is well", **more}).encode() + b"\n"


@pytest.mark.parametrize("state,code,word", [("ready", 0, "OK"), ("degraded", 1, "WARNING"),
                                             ("not-ready", 2, "CRITICAL"), ("unknown", 3, "UNKNOWN")])
def test_exit_codes(tmp_path, state, code, word):
    """As a monitoring plugin's."""
    finding = {"severity": "bad", "device": "eth0", "text": "what is so", "advice": "what to do"}
    Fake(tmp_path / "s", lambda id_: reply(id_, state, findings=[finding]))
    done = host_check(tmp_path / "s")
    assert (done.returncode, done.stdout, done.stderr) == (
        code, f"FAILOVER {word} - all is well\n  bad  eth0: what is so\n      -> what to do\n", "")


def test_json(tmp_path):
    """The answer without our id."""
    Fake(tmp_path / "s", reply)
    done = host_check(tmp_path / "s", "--json")
    assert done.returncode == 0
    assert json.loads(done.stdout) == {"schema": 1, "state": "ready", "summary": "all is well"}


@pytest.mark.parametrize("before", [
    b"half a line\n", b'{"id":"old","state":"ready","summary":"x"}\n', b"\xff\x1b[2J\n", b"[" * 5000 + b"\n",
    b"x" * 200000 + b"\n", b'{"state":1}\n', b"null\n", b"\n\n\n"], ids=lambda value: repr(value[:12]))
def test_older_and_broken_lines_are_skipped(tmp_path, before):
    """What another program left does not matter."""
    Fake(tmp_path / "s", lambda id_: before + reply(id_, "not-ready"))
    assert host_check(tmp_path / "s").returncode == 2


@pytest.mark.parametrize("answer,why", [
    (lambda id_: None, "no answer within 0.5 s"),
    (lambda id_: b"", "the connection was closed"),
    (lambda id_: reply(id_, "fine"), "closed"),
    (lambda id_: reply("other"), "closed"),
    (lambda id_: reply(id_)[:-1], "closed"),
    (lambda id_: b"x" * 1000000, "closed")])
def test_no_answer(tmp_path, answer, why):
    """Nobody knows, and within the time given."""
    Fake(tmp_path / "s", answer)
    start = time.monotonic()
    done = host_check(tmp_path / "s", "--timeout=0.5")
    assert done.returncode == 3 and time.monotonic() - start < 20
    assert done.stdout.startswith("FAILOVER UNKNOWN - ") and why in done.stdout, done.stdout


def test_terminal_is_safe(tmp_path):
    """Escapes of JSON do not become those of a terminal."""
    Fake(tmp_path / "s", lambda id_: reply(id_).replace(b"all is", b"\\u001b[2J\\u009b\\n"))
    assert host_check(tmp_path / "s").stdout == "FAILOVER OK - \\x1b[2J\\xc2\\x9b\\x0a well\n"


@pytest.mark.parametrize("path", ["/nonexistent/socket", "/dev/null", "x" * 200], ids=["none", "file", "long"])
def test_no_socket(path):
    """One line, and nobody knows."""
    done = host_check(path)
    assert done.returncode == 3 and done.stdout.startswith(f"FAILOVER UNKNOWN - {path}: ")
    assert done.stdout.count("\n") == 1


@pytest.mark.parametrize("words", [[], ["a", "b"], ["--timeout=x", "a"], ["--timeout=0", "a"], ["--what", "a"]])
def test_usage(words):
    """Wrong usage is told apart."""
    done = subprocess.run([BUILD / "failover-host-check", *words], text=True, capture_output=True, check=False)
    assert done.returncode == 64 and done.stderr and not done.stdout


def test_both(tree):
    """The host's program at the guest's, through a terminal and a socket."""
    port = Port(tree)
    path = tree.root / "socket"
    server = socket.socket(socket.AF_UNIX)
    server.bind(str(path))
    server.listen()

    def carry():
        conn, _ = server.accept()
        with conn:
            port.send(conn.recv(1000))
            conn.sendall(json.dumps(port.line()).encode() + b"\n")
    thread = threading.Thread(target=carry, daemon=True)
    thread.start()
    done = host_check(path, "--timeout=20")
    thread.join(20)
    port.close()
    assert MAC and done.stdout == ctl(tree, "check").stdout and done.returncode == 0
