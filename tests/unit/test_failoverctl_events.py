# SPDX-License-Identifier: GPL-2.0
"""failoverctl's history, monitor, drain and metrics, on machines that are made of files."""
import json
import os
import re
import signal
import subprocess
import time

import pytest

from fakesys import Tree, U
from openmetrics import check_openmetrics
from test_failoverctl import (BAD, COUNT, CTL, DEGRADED, GOOD, MAC, REPORT, UNKNOWN, USAGE, Maybe,
                              check_form, ctl, make_pair, program, say_pair)

assert program          # the fixture that builds it

ROLE = Maybe({"primary", "standby", "none"})
EVENT = {
    "type": {"event"}, "event": str, "time": str, "boottime_ns": int, "epoch": Maybe(str),
    "seq": COUNT, "derived": bool, "master": str, "ifindex": int, "role": ROLE,
    "lower": Maybe(str), "lower_ifindex": COUNT, "from": ROLE, "to": ROLE, "reason": Maybe(str),
    "reason_text": Maybe(str), "gap_ns": COUNT, "dropped": COUNT, "error": int,
    "error_text": Maybe(str),
}
HISTORY = {"schema": {1}, "events": [EVENT]}
STATE = {**REPORT, "type": {"state"}}
NOTICE = {"type": {"notice"}, "code": {"overrun", "reloaded", "lost"}, "events": int, "text": str}
FORMS = {"event": EVENT, "state": STATE, "notice": NOTICE}
PRIMARY, STANDBY = U["NET_FAILOVER_ROLE_PRIMARY"], U["NET_FAILOVER_ROLE_STANDBY"]


@pytest.fixture(name="tree")
def fixture_tree(tmp_path):
    """A healthy pair on our module."""
    tree = Tree(tmp_path / "sys")
    make_pair(tree)
    say_pair(tree)
    (tree.root / "genl-events").touch()
    return tree


def to_standby(tree, seq, **attrs):
    """A switch."""
    tree.happen("SWITCH", seq, **{"role": STANDBY, "from": PRIMARY, "to": STANDBY,
                                  "lower_ifindex": 3, "lower_ifname": "eth1",
                                  "reason": U["NET_FAILOVER_REASON_PRIMARY_LEAVING"],
                                  "gap": 0, "dropped": 0, **attrs})


def to_primary(tree, seq):
    """And back."""
    tree.happen("SWITCH", seq, **{"role": PRIMARY, "from": STANDBY, "to": PRIMARY,
                                  "lower_ifindex": 4, "lower_ifname": "eth2",
                                  "reason": U["NET_FAILOVER_REASON_PRIMARY_FIT"],
                                  "gap": 0, "dropped": 0})


# --- history --------------------------------------------------------------------------------------

def history(tree, *names):
    """Its events, checked for their form."""
    done = ctl(tree, "history", "--json", *names)
    assert done.returncode == GOOD, done.stderr
    report = json.loads(done.stdout)
    check_form(report, HISTORY)
    return report["events"]


def test_history(tree):
    tree.happen("CREATED", 1)
    tree.happen("FAILED", 2, role=PRIMARY, lower_ifindex=4, lower_ifname="eth2", error=-16)
    to_standby(tree, 3, gap=12_345_678, dropped=4)
    first, failed, switch = history(tree)
    assert (first["event"], first["seq"], first["epoch"], first["lower"]) == ("created", 1, "7", None)
    assert first["time"] == "2001-09-09T01:46:40.123000Z"
    assert failed["error"] == -16 and failed["error_text"] == "Device or resource busy"
    assert (switch["from"], switch["to"], switch["reason"]) == ("primary", "standby", "primary-leaving")
    assert (switch["gap_ns"], switch["dropped"], switch["lower"]) == (12_345_678, 4, "eth1")
    text = ctl(tree, "history").stdout
    assert re.search(r"^2001-09-09 01:46:40\.123 +eth0 +switch +standby +eth1 +primary -> standby: the primary "
                     r"is being removed; nothing carried traffic for 12\.3 ms; 4 frames dropped$", text, re.M)
    assert "take it out of its bridge" in text


def test_history_of_some_devices(tree):
    tree.happen("CREATED", 1)
    tree.happen("CREATED", 2, master="net1", ifindex=9)
    to_standby(tree, 3)
    assert [e["seq"] for e in history(tree, "eth0")] == [1, 3]
    assert [e["seq"] for e in history(tree, "eth1", "net1")] == [2, 3]


def test_empty_history(tree):
    (tree.root / "genl-events").write_bytes(b"")
    assert history(tree) == []
    assert "nothing happened" in ctl(tree, "history").stdout


@pytest.mark.parametrize("kind", [n[len("NET_FAILOVER_EVENT_"):] for n in U
                                  if n.startswith("NET_FAILOVER_EVENT_")] + ["OF_A_NEWER_MODULE"])
def test_every_kind_of_event_has_a_word(tree, kind):
    tree.happen(kind, 1)
    expected = "newer" if kind.startswith("OF_A") else kind.lower()
    assert history(tree)[0]["event"] == expected
    assert expected in ctl(tree, "history").stdout


@pytest.mark.parametrize("command", ["history", "drain"])
def test_in_tree_has_none(tmp_path, command):
    tree = Tree(tmp_path / "other")
    make_pair(tree, version=None)
    done = ctl(tree, command, *["eth0"] * (command == "drain"))
    assert done.returncode == UNKNOWN and "in-tree" in done.stderr and "install" in done.stderr
    assert done.stderr.count("\n") == 1


# --- monitor --------------------------------------------------------------------------------------

class Monitor:
    """It runs; .lines come in as they are written."""

    def __init__(self, tree, *args):
        os.mkfifo(tree.root / "wake")
        self.wake = os.open(tree.root / "wake", os.O_RDWR)
        self.child = subprocess.Popen([CTL, "monitor", *args], text=True, stdout=subprocess.PIPE,
                                      stderr=subprocess.PIPE,
                                      env={**os.environ, "FAILOVERCTL_SYSFS": str(tree.root),
                                           "LC_ALL": "C.UTF-8", "TZ": "UTC"})

    def line(self):
        """The next one."""
        return self.child.stdout.readline()

    def object(self):
        """The next one of --json, checked for its form."""
        line = self.line()
        assert line, self.child.stderr.read()
        value = json.loads(line)
        check_form(value, FORMS[value["type"]])
        return value

    def news(self):
        """Something changed on the machine."""
        os.write(self.wake, b"x")

    def end(self, signum=signal.SIGTERM):
        """Stops it; it must end well."""
        self.child.send_signal(signum)
        rest, errors = self.child.communicate(timeout=20)
        os.close(self.wake)
        assert (self.child.returncode, errors) == (0, ""), (self.child.returncode, errors)
        return rest


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_monitor(tree, signum):
    to_standby(tree, 1)            # long ago
    monitor = Monitor(tree, "--json")
    state = monitor.object()
    assert state["type"] == "state" and state["pairs"][0]["active"] == "primary"
    tree.happen("LEAVING", 2, role=PRIMARY, lower_ifindex=4, lower_ifname="eth2")
    to_standby(tree, 3)
    monitor.news()
    assert [monitor.object()["event"] for _ in range(2)] == ["leaving", "switch"]
    monitor.news()
    to_primary(tree, 4)
    monitor.news()
    event = monitor.object()
    assert (event["seq"], event["to"], event["derived"]) == (4, "primary", False)
    assert monitor.end(signum) == ""


def test_monitor_of_an_older_module(tree):
    (tree.root / "genl-events").unlink()
    monitor = Monitor(tree, "--count", "1")
    assert monitor.line() == "! the loaded module is too old to tell events: they are derived from sysfs\n"
    assert "eth0  state  good" in monitor.line()
    monitor.end()


def test_monitor_as_text(tree):
    monitor = Monitor(tree, "--count", "2")
    assert re.search(r"eth0  state  good, on primary eth2: the primary can carry traffic$", monitor.line())
    to_standby(tree, 1)
    tree.happen("RELEASED", 2, role=PRIMARY, lower_ifindex=4, lower_ifname="eth2")
    monitor.news()
    assert re.search(r"eth0  switch standby eth1  primary -> standby: the primary is being removed$",
                     monitor.line())
    assert re.search(r"eth0  released primary eth2  is gone$", monitor.line())
    assert monitor.child.wait(timeout=20) == 0


def test_monitor_says_what_it_missed(tree):
    tree.happen("CREATED", 1)
    monitor = Monitor(tree, "--json", "--count=128")
    monitor.object()
    tree.events = b""
    for seq in range(200, 328):
        to_standby(tree, seq)
    monitor.news()
    notice = monitor.object()
    assert (notice["code"], notice["events"]) == ("lost", 198)
    assert [monitor.object()["seq"] for _ in range(128)] == list(range(200, 328))
    assert monitor.child.wait(timeout=20) == 0


def test_monitor_of_some_devices(tree):
    monitor = Monitor(tree, "--json", "eth0")
    monitor.object()
    tree.happen("CREATED", 1, master="net1", ifindex=9)
    to_standby(tree, 2)
    monitor.news()
    assert monitor.object()["seq"] == 2
    monitor.end()


def test_monitor_of_the_in_tree_module(tmp_path):
    tree = Tree(tmp_path / "other")
    make_pair(tree, version=None)
    monitor = Monitor(tree)
    assert "in-tree" in monitor.line() and "not known" in monitor.line()
    assert "primary eth2" in monitor.line()
    (tree.root / "class/net/eth2/carrier").write_text("0\n")
    monitor.news()
    assert re.search(r"eth0  switch standby eth1  primary -> standby: the primary has no carrier$",
                     monitor.line())
    (tree.root / "class/net/eth2").unlink()
    monitor.news()
    assert re.search(r"eth0  released primary eth2  is gone$", monitor.line())
    monitor.end()


def test_monitor_waits_no_longer_than_asked(tree):
    started = time.monotonic()
    done = ctl(tree, "monitor", "--timeout=0.3")
    assert done.returncode == 0 and 0.25 < time.monotonic() - started < 15


def test_monitor_ends_with_its_reader(tree):
    monitor = Monitor(tree)
    monitor.line()
    monitor.child.stdout.close()
    assert monitor.child.wait(timeout=20) == 0
    assert monitor.child.stderr.read() == ""
    os.close(monitor.wake)


def test_status_watched(tree):
    done = ctl(tree, "status", "--watch=0.1", "--count=3", "--json")
    lines = done.stdout.splitlines()
    assert len(lines) == 3 and done.returncode == GOOD
    for line in lines:
        check_form(json.loads(line), REPORT)
    assert ctl(tree, "status", "-w0.1", "-t0.3").stdout.count("\neth0: good") >= 2


# --- drain, undrain, announce ---------------------------------------------------------------------

@pytest.mark.parametrize("answer, code, words", [
    ("-1", UNKNOWN, "run it as root"),
    ("-100 the standby cannot carry traffic: primary kept in use", BAD,
     "eth0: the standby cannot carry traffic: primary kept in use"),
    ("-19 there is no primary to drain", BAD, "eth0: there is no primary to drain"),
    ("-95", UNKNOWN, "too old"),
    ("-16", BAD, "Device or resource busy"),
])
@pytest.mark.parametrize("command", ["drain", "undrain", "announce"])
def test_requests_that_fail(tree, command, answer, code, words):
    (tree.root / "genl-request").write_text(answer + "\n")
    done = ctl(tree, command, "eth0")
    assert (done.returncode, done.stdout) == (code, "")
    assert words in done.stderr and done.stderr.count("\n") == 1
    assert done.stderr.startswith(f"failoverctl {command}: ")


def test_a_request_that_is_met(tree):
    (tree.root / "genl-request").write_text("0\n")
    done = ctl(tree, "drain", "eth0")
    assert (done.returncode, done.stderr) == (GOOD, "")
    assert done.stdout == "eth0: on the primary: the primary can carry traffic\n"
    check_form(json.loads(ctl(tree, "drain", "--json", "eth0").stdout), REPORT)


def test_a_lowers_name_is_not_the_masters(tree):
    done = ctl(tree, "drain", "eth2")
    assert done.returncode == USAGE and "give the master's name, eth0" in done.stderr


# --- metrics --------------------------------------------------------------------------------------

def metrics(tree):
    """name{labels} -> value, of a file that a strict reader takes."""
    done = ctl(tree, "metrics")
    assert done.returncode == GOOD, done.stderr
    return check_openmetrics(done.stdout)


def test_metrics(tree):
    values = metrics(tree)
    assert values['net_failover_active{master="eth0",role="primary"}'] == 1
    assert values['net_failover_active{master="eth0",role="standby"}'] == 0
    assert values['net_failover_switches_total{master="eth0"}'] == 3
    assert values['net_failover_module_info{kind="out-of-tree",version="0.1.0"}'] == 1
    card = 'master="eth0",lower="eth2",role="primary"'
    assert values['net_failover_lower_receive_packets_total{%s}' % card] == 11
    assert values['net_failover_lower_transmit_silenced_packets_total{%s}' % card] == 15


def test_metrics_of_the_in_tree_module(tmp_path):
    tree = Tree(tmp_path / "other")
    make_pair(tree, version=None)
    values = metrics(tree)
    assert values['net_failover_state{master="eth0"}'] == DEGRADED
    assert not any("switches" in name or "silenced" in name for name in values)


def test_metrics_of_nothing(tmp_path):
    assert metrics(Tree(tmp_path / "other"))["net_failover_pairs"] == 0


def test_metrics_with_a_name_to_be_quoted(tmp_path):
    tree = Tree(tmp_path / "other")
    tree.module()
    tree.master('a"\n\\', MAC)
    tree.virtio("eth1", MAC)
    tree.enslave("eth1", 'a"\n\\')
    assert any(r'master="a\"\\x0a\\x5c"' in name for name in metrics(tree))
