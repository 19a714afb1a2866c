# SPDX-License-Identifier: GPL-2.0
"""failoverctl as its users see it, on machines that are made of files (fakesys.py)."""
import json
import os
import pty
import re
import subprocess
from pathlib import Path

import pytest

from fakesys import TOP, Tree, U

HERE = Path(__file__).resolve().parent
CTL = TOP / "build/tests/userspace/failoverctl"       # under sanitizers
MAC, OTHER = "52:54:00:12:34:56", "52:54:00:12:34:57"
GOOD, DEGRADED, BAD, UNKNOWN, USAGE = 0, 1, 2, 3, 64
READY = sum(U[f"NET_FAILOVER_LOWER_{bit}"]
            for bit in ("CONFIGURED", "UP", "ATTACHED", "CARRIER", "ACTIVATED"))


@pytest.fixture(scope="session", autouse=True)
def program():
    """Built once for all tests here."""
    done = subprocess.run(["make", "--no-print-directory", "-C", HERE, "userspace"], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    assert done.returncode == 0, done.stdout


@pytest.fixture
def tree(tmp_path):
    """An empty machine."""
    return Tree(tmp_path / "sys")


def ctl(tree, *args, **environment):
    """Runs it; .returncode .stdout .stderr"""
    env = {**os.environ, "FAILOVERCTL_SYSFS": str(tree.root), "LC_ALL": "C.UTF-8", "TZ": "UTC",
           **environment}
    done = subprocess.run([CTL, *args], text=True, capture_output=True, env=env, check=False,
                          timeout=60)
    assert "Sanitizer" not in done.stderr and "runtime error" not in done.stderr, done.stderr
    return done


def status(tree, *names, expect=GOOD):
    """The JSON of `status`, checked for its form; fails with what was said."""
    done = ctl(tree, "status", "--json", *names)
    assert done.returncode == expect, done.stdout + done.stderr
    report = json.loads(done.stdout)
    check_form(report, REPORT)
    return report


def codes(report):
    """What was found."""
    return {finding["code"] for finding in report["findings"]}


def make_pair(tree, version="0.1.0", **primary):
    """A healthy pair, but for what is said of the primary."""
    tree.module(version)
    tree.master("eth0", MAC)
    tree.virtio("eth1", MAC)
    tree.vf("eth2", MAC, **{"speed": 10000, **primary})
    tree.enslave("eth1", "eth0")
    tree.enslave("eth2", "eth0")


def lower(role, ifindex, name, **attrs):
    """A lower of the recorded netlink answer."""
    return {"role": U[f"NET_FAILOVER_ROLE_{role}"], "ifindex": ifindex, "ifname": name,
            "state": READY, "error": 0, "rx_packets": 11, "rx_bytes": 12, "tx_packets": 13,
            "tx_bytes": 14, "rx_idle": 0, "rx_ignored": 0, "tx_silenced": 15, **attrs}


def say_pair(tree, reason="PRIMARY_FIT", active="PRIMARY", primary=None):
    """What our module tells of the pair of make_pair()."""
    tree.pair(lower("STANDBY", 3, "eth1"), {**lower("PRIMARY", 4, "eth2"), **(primary or {})},
              **{"ifindex": 2, "ifname": "eth0", "mac": bytes.fromhex(MAC.replace(":", "")),
                 "active": U[f"NET_FAILOVER_ROLE_{active}"],
                 "reason": U.get(f"NET_FAILOVER_REASON_{reason}", 99), "switches": 3, "since": 1,
                 "tx_dropped": 0, "flood_lost": 1})


# --- the form of the JSON -------------------------------------------------------------------------

class Maybe:
    """Null, or this."""
    def __init__(self, form):
        self.form = form


STATE = {"good", "degraded", "bad"}
COUNT = Maybe(int)
CARD = Maybe({
    "name": str, "ifindex": int, "driver": Maybe(str), "bus": Maybe(str), "summary": str,
    "state": Maybe([{"configured", "up", "attached", "carrier", "activated", "drained", "leaving",
                     "admin-down"}]),
    "up": Maybe(bool), "carrier": Maybe(bool), "mtu": COUNT, "speed": COUNT,
    "error": int, "error_text": Maybe(str),
    "counters": {"source": {"module", "card"}, "rx_packets": COUNT, "rx_bytes": COUNT,
                 "tx_packets": COUNT, "tx_bytes": COUNT, "rx_idle": COUNT, "rx_ignored": COUNT,
                 "tx_silenced": COUNT},
})
REPORT = {
    "schema": {1},
    "state": STATE,
    "module": {"kind": {"out-of-tree", "in-tree", "none"}, "version": Maybe(str),
               "source": {"netlink", "sysfs"}},
    "pairs": [{
        "name": str, "ifindex": int, "mac": Maybe(str), "up": Maybe(bool), "carrier": Maybe(bool),
        "mtu": COUNT, "state": STATE, "active": {"primary", "standby", "none", "unknown"},
        "reason": str, "reason_text": str, "derived": bool, "switches": COUNT,
        "last_switch": Maybe(str), "last_switch_boottime_ns": COUNT, "tx_dropped": COUNT,
        "flood_lost": COUNT, "primary": CARD, "standby": CARD,
    }],
    "virtio": [{"name": str, "ifindex": int, "mac": Maybe(str), "bus": Maybe(str),
                "standby_negotiated": bool, "pair": Maybe(str)}],
    "findings": [{"severity": STATE, "code": str, "device": Maybe(str), "text": str,
                  "advice": Maybe(str)}],
}


def check_form(value, form, where="top"):
    """A type, a set of values, a list or an object of forms; every key must be there, and no other."""
    if isinstance(form, Maybe):
        if value is not None:
            check_form(value, form.form, where)
    elif isinstance(form, set):
        assert value in form, f"{where}: {value!r}"
    elif isinstance(form, list):
        assert isinstance(value, list), where
        for number, element in enumerate(value):
            check_form(element, form[0], f"{where}[{number}]")
    elif isinstance(form, dict):
        assert set(value) == set(form), f"{where}: {set(value) ^ set(form)}"
        for key in form:
            check_form(value[key], form[key], f"{where}.{key}")
    else:
        assert type(value) is form, f"{where}: {value!r}"      # True is no int here


# --- machines -------------------------------------------------------------------------------------

def test_no_card_at_all(tree):
    report = status(tree)
    assert report["pairs"] == [] and report["virtio"] == [] and report["module"]["kind"] == "none"
    assert codes(report) == {"no-pair"}


def test_not_negotiated_says_what_the_host_must_do(tree):
    tree.virtio("eth0", MAC, negotiated=False)
    report = status(tree)
    assert [(v["name"], v["standby_negotiated"], v["bus"], v["pair"]) for v in report["virtio"]] == \
        [("eth0", False, "0000:01:00.0", None)]
    text = ctl(tree, "status").stdout
    assert "not negotiated" in text and "failover=on" in text and "<teaming" in text


def test_ours(tree):
    make_pair(tree)
    say_pair(tree)
    report = status(tree)
    pair, = report["pairs"]
    assert report["module"] == {"kind": "out-of-tree", "version": "0.1.0", "source": "netlink"}
    assert (pair["active"], pair["reason"], pair["derived"]) == ("primary", "primary-fit", False)
    assert (pair["mac"], pair["switches"], pair["tx_dropped"]) == (MAC, 3, 0)
    assert pair["flood_lost"] == 1
    assert pair["primary"]["driver"] == "ixgbevf" and pair["primary"]["bus"] == "0000:02:00.0"
    assert pair["primary"]["speed"] == 10000
    assert pair["primary"]["counters"]["rx_packets"] == 11
    assert pair["primary"]["counters"]["tx_silenced"] == 15
    assert pair["standby"]["state"] == ["configured", "up", "attached", "carrier", "activated"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", pair["last_switch"])
    assert [v["name"] for v in report["virtio"]] == ["eth1"]
    assert not report["findings"]


def test_in_tree_is_derived_and_degraded(tree):
    make_pair(tree, version=None)
    report = status(tree, expect=DEGRADED)
    pair, = report["pairs"]
    assert report["module"] == {"kind": "in-tree", "version": None, "source": "sysfs"}
    assert (pair["active"], pair["reason"], pair["derived"]) == ("primary", "primary-fit", True)
    assert pair["primary"]["counters"]["source"] == "card"
    assert pair["switches"] is None and pair["primary"]["state"] is None
    assert codes(report) == {"module-in-tree"}


@pytest.mark.parametrize("reason, advice", [
    ("could not insert 'net_failover': Operation not permitted", "mokutil"),
    ("could not insert 'net_failover': Key was rejected by service", "mokutil"),
    ("could not insert 'net_failover': Exec format error", "build it again"),
    ("net_failover=distribution on the command line", "off the kernel's command line"),
])
def test_our_module_was_refused(tree, reason, advice):
    """What modprobe's fallback left is told instead of what the in-tree module means."""
    make_pair(tree, version=None)
    (tree.root / "net_failover.refused").write_text(reason + "\n")
    report = status(tree, expect=DEGRADED)
    finding, = report["findings"]
    assert finding["code"] == "module-refused" and reason in finding["text"]
    assert advice in finding["advice"]


def test_an_old_refusal_is_history(tree):
    make_pair(tree)
    (tree.root / "net_failover.refused").write_text("long ago\n")
    assert "module-refused" not in codes(status(tree))


def test_in_tree_built_into_the_kernel(tree):
    make_pair(tree, version=None)
    (tree.root / "module/net_failover").rmdir()
    assert status(tree, expect=DEGRADED)["module"]["kind"] == "in-tree"


def test_in_tree_primary_without_carrier_is_bad(tree):
    make_pair(tree, version=None, carrier=0)
    report = status(tree, expect=BAD)
    assert report["pairs"][0]["active"] == "standby"
    assert "in-tree-deaf" in codes(report)


def test_vf_absent(tree):
    tree.module("0.1.0")
    tree.master("eth0", MAC)
    tree.virtio("eth1", MAC)
    tree.enslave("eth1", "eth0")
    tree.pair(lower("STANDBY", 3, "eth1"), ifindex=2, ifname="eth0",
              active=U["NET_FAILOVER_ROLE_STANDBY"], reason=U["NET_FAILOVER_REASON_NO_PRIMARY"])
    report = status(tree, expect=DEGRADED)
    assert codes(report) == {"no-primary"} and report["pairs"][0]["primary"] is None


def test_nothing_carries_traffic(tree):
    make_pair(tree, carrier=0)
    say_pair(tree, reason="NONE_FIT", active="NONE")
    assert status(tree, expect=BAD)["pairs"][0]["active"] == "none"


@pytest.mark.parametrize("reason", [n[len("NET_FAILOVER_REASON_"):] for n in U
                                    if n.startswith("NET_FAILOVER_REASON_")])
def test_every_reason_is_in_the_man_page(tree, reason):
    make_pair(tree)
    say_pair(tree, reason=reason)
    pair, = json.loads(ctl(tree, "status", "--json").stdout)["pairs"]
    assert pair["reason"] == reason.lower().replace("_", "-")
    manual = " ".join((TOP / "userspace/man/failoverctl.8").read_text(encoding="utf-8").split())
    assert pair["reason"] + "," in manual


def test_a_newer_modules_reason(tree):
    make_pair(tree)
    say_pair(tree, reason="OF_A_NEWER_MODULE")
    assert status(tree)["pairs"][0]["reason"] == "newer"


def test_configure_error(tree):
    make_pair(tree)
    say_pair(tree, reason="PRIMARY_SETUP", active="STANDBY", primary={"error": -22})
    report = status(tree, expect=DEGRADED)
    assert report["pairs"][0]["primary"]["error_text"] == "Invalid argument"
    assert "MTU" in next(f["advice"] for f in report["findings"] if f["code"] == "lower-error")


def test_ours_without_its_family(tree):
    make_pair(tree)
    report = status(tree)
    assert report["module"] == {"kind": "out-of-tree", "version": "0.1.0", "source": "sysfs"}
    assert report["pairs"][0]["derived"] and codes(report) == {"netlink-unusable"}


def test_garbage_from_netlink(tree):
    make_pair(tree)
    (tree.root / "genl-pairs").write_bytes(os.urandom(4096))
    assert codes(status(tree)) == {"netlink-unusable"}


def test_duplicate_mac(tree):
    make_pair(tree)
    say_pair(tree)
    tree.vf("eth3", MAC, pci="0000:03:00.0")
    tree.vf("eth4", OTHER, pci="0000:04:00.0")
    finding, = status(tree, expect=DEGRADED)["findings"]
    assert finding["code"] == "duplicate-mac" and "eth3" in finding["text"]


def test_files_that_hold_nonsense(tree):
    make_pair(tree, version=None)
    for file in ("address", "mtu", "flags", "speed", "carrier", "phys_port_name"):
        (tree.root / "class/net/eth2" / file).write_text("\x1b[31m" * 5000)
    (tree.root / "class/net/bonding_masters").write_text("\n")
    assert status(tree, expect=BAD)["pairs"][0]["primary"]["name"] == "eth2"


def test_a_name_with_control_characters(tree):
    tree.module("0.1.0")
    tree.virtio("\x1b[1m\xe9", MAC, negotiated=False)
    text = ctl(tree, "status").stdout
    assert "\x1b" not in text and r"\x1b[1m\xc3\xa9" in text
    assert status(tree)["virtio"][0]["name"] == r"\x1b[1m\xc3\xa9"


def test_three_pairs_and_one_that_is_named(tree):
    make_pair(tree, version=None)
    for number in (1, 2):
        pci, mac = f"0000:1{number}:00.0", f"52:54:00:12:34:0{number}"
        tree.master(f"net{number}", mac, pci=pci)
        tree.virtio(f"net{number}sby", mac, pci=pci)
        tree.enslave(f"net{number}sby", f"net{number}")
    assert [p["name"] for p in status(tree, expect=DEGRADED)["pairs"]] == ["eth0", "net1", "net2"]
    for name in ("net1", "net1sby"):
        report = status(tree, name, expect=DEGRADED)
        assert [p["name"] for p in report["pairs"]] == ["net1"]
        assert [v["name"] for v in report["virtio"]] == ["net1sby"]
        assert {f["device"] for f in report["findings"]} == {None, "net1"}


# --- text -----------------------------------------------------------------------------------------

def test_text_shows_who_carries_traffic(tree):
    make_pair(tree)
    say_pair(tree, reason="PRIMARY_NO_CARRIER", active="STANDBY",
             primary={"state": READY & ~U["NET_FAILOVER_LOWER_CARRIER"]})
    done = ctl(tree, "status")
    assert done.returncode == DEGRADED
    assert "eth0: degraded, on the standby (eth1): the primary has no carrier\n" in done.stdout
    assert re.search(r"^ +> standby +eth1 +virtio_net +0000:01:00.0 +ready", done.stdout, re.M)
    assert re.search(r"^ +primary +eth2 .* no carrier", done.stdout, re.M)
    assert max(map(len, done.stdout.splitlines())) <= 100 and "\x1b" not in done.stdout


def on_terminal(tree, **environment):
    """What a terminal gets."""
    ours, theirs = pty.openpty()
    with subprocess.Popen([CTL, "status"], stdout=theirs,
                          env={"FAILOVERCTL_SYSFS": str(tree.root), "TERM": "xterm",
                               **environment}) as child:
        os.close(theirs)
        out = b""
        while True:
            try:
                chunk = os.read(ours, 4096)
            except OSError:
                break
            if not chunk:
                break
            out += chunk
        child.wait()
    os.close(ours)
    return out


def test_colour_on_a_terminal_only_and_not_against_no_color(tree):
    make_pair(tree)
    say_pair(tree)
    assert b"\x1b[32mgood" in on_terminal(tree)
    assert b"\x1b" not in on_terminal(tree, NO_COLOR="1")
    assert b"\x1b" not in on_terminal(tree, TERM="dumb")


# --- usage ----------------------------------------------------------------------------------------

@pytest.mark.parametrize("code, args", [
    (USAGE, []), (USAGE, ["stauts"]), (USAGE, ["status", "--jsno"]), (USAGE, ["status", "-x"]),
    (USAGE, ["status", "../../etc"]), (USAGE, ["status", "a" * 16]), (USAGE, ["status", ""]),
    (USAGE, ["version", "now"]), (USAGE, ["help", "me"]),
    (USAGE, ["status", "--watch=0"]), (USAGE, ["status", "--watch=soon"]),
    (USAGE, ["monitor", "--count=-1"]), (USAGE, ["monitor", "--timeout=1e9"]),
    (USAGE, ["metrics", "eth0"]), (USAGE, ["drain"]), (USAGE, ["drain", "eth0", "eth1"]),
    (USAGE, ["drain", "eth1"]), (UNKNOWN, ["announce", "eth9"]), (UNKNOWN, ["history"]),
    (UNKNOWN, ["drain", "eth0"]), (UNKNOWN, ["status", "eth9"]), (UNKNOWN, ["status", "--json", "eth0", "eth9"]),
])
def test_bad_input_gets_one_line(tree, code, args):
    make_pair(tree)
    done = ctl(tree, *args)
    assert (done.returncode, done.stdout) == (code, "")
    assert done.stderr.startswith("failoverctl") and done.stderr.count("\n") == 1


def test_no_sysfs(tree):
    tree.root = tree.root / "nowhere"
    done = ctl(tree, "status")
    assert done.returncode == UNKNOWN and "nowhere/class/net" in done.stderr
    assert done.stderr.count("\n") == 1


def test_full_disk(tree):
    with open("/dev/full", "w", encoding="utf-8") as full:
        done = subprocess.run([CTL, "help"], stdout=full, stderr=subprocess.PIPE, text=True,
                              env={"FAILOVERCTL_SYSFS": str(tree.root)}, check=False)
    assert done.returncode == UNKNOWN and done.stderr.count("\n") == 1


def test_version(tree):
    tree.module("9.9")
    wanted = re.search(r'PACKAGE_VERSION="(.*)"', (TOP / "dkms.conf").read_text(encoding="utf-8"))[1]
    for word in ("version", "--version"):
        assert ctl(tree, word).stdout == f"failoverctl {wanted}\nnet_failover 9.9\n"


# --- what must agree with the table of commands -----------------------------------------------------

@pytest.fixture(name="commands")
def fixture_commands(tree):
    """name -> help, as `help` tells."""
    return dict(re.findall(r"^  failoverctl (\w+)\b.*\n      (\S.*)$", ctl(tree, "help").stdout, re.M))


def test_help(tree, commands):
    assert {"status", "help", "version"} <= set(commands)
    for command in commands:
        assert f"failoverctl {command}" in ctl(tree, "help", command).stdout
        assert ctl(tree, "--help").stdout == ctl(tree, "help").stdout


def test_man_page_has_every_command(commands):
    manual = (TOP / "userspace/man/failoverctl.8").read_text(encoding="utf-8")
    assert set(re.findall(r"^\.It Cm (\w+)(?: (?:O[op]|Ar) .*)?$", manual.split(".Ss Which module")[0], re.M)) == \
        set(commands)


def test_bash_completion(tree, commands):
    script = f"""
        . {TOP}/userspace/completion/failoverctl.bash
        COMP_WORDS=(failoverctl "") COMP_CWORD=1; _failoverctl; echo "${{COMPREPLY[*]}}"
        COMP_WORDS=(failoverctl status --j) COMP_CWORD=2; _failoverctl; echo "${{COMPREPLY[*]}}"
    """
    words, option = subprocess.run(["bash", "-c", script], text=True, capture_output=True,
                                   check=True).stdout.splitlines()
    assert set(words.split()) == set(commands)
    assert option == "--json" and option in ctl(tree, "help", "status").stdout


def test_zsh_completion(commands):
    text = (TOP / "userspace/completion/_failoverctl").read_text(encoding="utf-8")
    assert dict(re.findall(r"^\t'(\w+):(.*)'$", text, re.M)) == commands


@pytest.mark.parametrize("version", ["0.1.0", None])
def test_many_pairs(tree, version):
    """64 pairs, told in another order than sysfs lists their cards; each gets its own cards."""
    tree.module(version)
    said = []
    for i in range(64):
        mac, pci = f"52:54:00:12:34:{i:02x}", f"0000:{i + 1:02x}:00.0"
        cards = {"STANDBY": tree.virtio(f"s{i}", mac, pci=pci), "MASTER": tree.master(f"m{i}", mac, pci=pci),
                 "PRIMARY": tree.vf(f"p{i}", mac, pci=f"0000:{i + 101:02x}:00.0")}
        tree.enslave(f"s{i}", f"m{i}")
        tree.enslave(f"p{i}", f"m{i}")
        said.append((i, mac, cards))
    for i, mac, cards in reversed(said):
        tree.pair(lower("STANDBY", cards["STANDBY"], f"s{i}"), lower("PRIMARY", cards["PRIMARY"], f"p{i}"),
                  ifindex=cards["MASTER"], ifname=f"m{i}", mac=bytes.fromhex(mac.replace(":", "")),
                  active=U["NET_FAILOVER_ROLE_PRIMARY"], reason=U["NET_FAILOVER_REASON_PRIMARY_FIT"])
    tree.vf("spare", said[5][1], pci="0000:f0:00.0")
    report = status(tree, expect=DEGRADED)
    assert [p["name"] for p in report["pairs"]] == [f"m{i}" for i in range(64)]
    assert [(p["primary"]["name"], p["standby"]["name"], p["primary"]["driver"]) for p in report["pairs"]] == \
        [(f"p{i}", f"s{i}", "ixgbevf") for i in range(64)]
    assert [v["pair"] for v in report["virtio"]] == [f"m{i}" for i in range(64)]
    assert [f["device"] for f in report["findings"] if f["code"] == "duplicate-mac"] == ["m5"]
    assert codes(report) <= {"duplicate-mac", "module-in-tree"}
    assert [p["name"] for p in status(tree, "m9", "s40", expect=GOOD if version else DEGRADED)["pairs"]] == ["m9", "m40"]
