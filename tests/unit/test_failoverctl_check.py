# SPDX-License-Identifier: GPL-2.0
"""failoverctl check: may this guest be migrated now? On machines that are made of files."""
import json
import re

import pytest

from fakesys import TOP, Tree, U
from test_failoverctl import (BAD, DEGRADED, GOOD, MAC, READY, REPORT, UNKNOWN, check_form, codes,
                              ctl, lower, make_pair, program, say_pair)

assert program          # the fixture that builds it

FINDING = {**REPORT["findings"][0], "severity": {"good", "degraded", "bad", "unknown"}}
STATES = {GOOD: "ready", DEGRADED: "degraded", BAD: "not-ready", UNKNOWN: "unknown"}
WORDS = {GOOD: "OK", DEGRADED: "WARNING", BAD: "CRITICAL", UNKNOWN: "UNKNOWN"}
FORM = {"schema": {1}, "state": set(STATES.values()), "summary": str,
        "pairs": [{"name": str, "state": set(STATES.values())}], "findings": [FINDING]}


@pytest.fixture(name="tree")
def fixture_tree(tmp_path):
    """A healthy pair on our module, failoverd, and everything for an unplug."""
    tree = Tree(tmp_path / "sys")
    make_pair(tree)
    say_pair(tree)
    tree.slot("0000:02:00.0")
    tree.process("/usr/sbin/failoverd")
    return tree


def check(tree, *names, expect=GOOD):
    """The JSON, checked for its form and against the text."""
    done = ctl(tree, "check", "--json", *names)
    assert done.returncode == expect, done.stdout + done.stderr
    report = json.loads(done.stdout)
    check_form(report, FORM)
    assert report["state"] == STATES[expect]
    text = ctl(tree, "check", *names)
    assert text.returncode == expect
    assert text.stdout.splitlines()[0] == f"FAILOVER {WORDS[expect]} - {report['summary']}"
    assert all(f["advice"] for f in report["findings"]), "each says what to do"
    return report


def test_ready(tree):
    report = check(tree)
    assert report["findings"] == [] and report["pairs"] == [{"name": "eth0", "state": "ready"}]
    assert report["summary"] == "eth0 may be migrated: on the primary (eth2), standby (eth1) ready"


def test_failoverd_is_advice_only(tree):
    for folder in (tree.root / "proc").iterdir():
        (folder / "cmdline").write_bytes(b"sleep\0")
    assert codes(check(tree)) == {"no-failoverd"}


def test_in_tree(tmp_path):
    tree = Tree(tmp_path / "other")
    make_pair(tree, version=None)
    tree.slot("0000:02:00.0")
    assert codes(check(tree, expect=DEGRADED)) == {"module-in-tree", "no-failoverd"}


def test_no_pair(tmp_path):
    assert codes(check(Tree(tmp_path / "other"), expect=UNKNOWN)) == {"no-pair"}


def test_a_pair_that_is_none(tmp_path):
    tree = Tree(tmp_path / "other")
    tree.virtio("eth0", MAC, negotiated=False)
    tree.vf("eth1", MAC)
    report = check(tree, expect=BAD)
    assert "not-negotiated" in codes(report) and "eth1" in report["summary"]


@pytest.mark.parametrize("state", [{"carrier": 0}, {"up": False}])
@pytest.mark.parametrize("version", ["0.1.0", None])
def test_standby_that_could_not_carry(tmp_path, version, state):
    tree = Tree(tmp_path / "other")
    tree.module(version)
    tree.master("eth0", MAC)
    tree.virtio("eth1", MAC, **state)
    tree.vf("eth2", MAC)
    tree.enslave("eth1", "eth0")
    tree.enslave("eth2", "eth0")
    tree.slot("0000:02:00.0")
    if version:
        say_pair(tree)
    assert "standby-no-carrier" in codes(check(tree, expect=BAD))


def test_vf_absent(tmp_path):
    tree = Tree(tmp_path / "other")
    tree.module("0.1.0")
    tree.master("eth0", MAC)
    tree.virtio("eth1", MAC)
    tree.enslave("eth1", "eth0")
    tree.pair(lower("STANDBY", 3, "eth1"), ifindex=2, ifname="eth0",
              active=U["NET_FAILOVER_ROLE_STANDBY"], reason=U["NET_FAILOVER_REASON_NO_PRIMARY"])
    report = check(tree, expect=DEGRADED)
    assert "no-primary" in codes(report) and "no-hotplug" not in codes(report)


def test_no_hotplug_driver(tree):
    for slot in (tree.root / "bus/pci/slots").iterdir():
        (slot / "power").unlink()          # a slot's name alone is no driver
    report = check(tree, expect=BAD)
    assert codes(report) == {"no-hotplug"} and "eth2, 0000:02:00.0" in report["summary"]


def test_mtu_differs(tmp_path):
    tree = Tree(tmp_path / "other")
    make_pair(tree, mtu=9000)
    say_pair(tree)
    tree.slot("0000:02:00.0")
    assert "mtu-differs" in codes(check(tree, expect=DEGRADED))


def test_features_differ(tree):
    for card, features in (("eth1", "7"), ("eth2", "f")):
        (tree.root / "class/net" / card / "ethtool-features").write_text(features)
    finding, = check(tree)["findings"]
    assert finding["code"] == "features-differ" and "has: TSO;" in finding["text"]


def test_addresses_on_lowers(tree):
    (tree.root / "addresses").write_text("lo 127.0.0.1\neth0 10.0.0.9\neth2 10.0.0.1\neth2 fe80::1\n")
    finding, = check(tree, expect=DEGRADED)["findings"]
    assert finding["code"] == "address-on-lower"
    assert finding["text"] == "the primary (eth2) has an IP address of its own: 10.0.0.1, fe80::1"


@pytest.mark.parametrize("words", [
    ("/sbin/dhclient", "-4", "-v", "eth2"), ("udhcpc", "-ieth2"), ("udhcpc", "-i", "eth2"),
    ("/usr/sbin/dhcpcd", "-q", "eth2"), ("udhcpc", "eth2", "-ieth2", "eth2"),
])
def test_dhcp_client_on_a_lower(tree, words):
    tree.process(*words)
    finding, = check(tree, expect=DEGRADED)["findings"]
    assert finding["code"] == "dhcp-on-lower" and finding["text"].endswith(": " + words[0].rsplit("/", 1)[-1])


@pytest.mark.parametrize("words", [("/sbin/dhclient", "eth0"), ("grep", "eth2"), ("udhcpc",)])
def test_programs_that_are_none_of_our_business(tree, words):
    tree.process(*words)
    check(tree)


def test_configure_error(tmp_path):
    tree = Tree(tmp_path / "other")
    make_pair(tree)
    say_pair(tree, reason="PRIMARY_SETUP", active="STANDBY", primary={"error": -16})
    tree.slot("0000:02:00.0")
    assert {"lower-error", "primary-setup"} <= codes(check(tree, expect=DEGRADED))


def test_drained_is_ready(tmp_path):
    tree = Tree(tmp_path / "other")
    make_pair(tree)
    say_pair(tree, reason="PRIMARY_DRAINED", active="STANDBY",
             primary={"state": READY | U["NET_FAILOVER_LOWER_DRAINED"]})
    tree.slot("0000:02:00.0")
    assert codes(check(tree)) == {"primary-drained", "no-failoverd"}


def test_duplicate_mac(tree):
    tree.vf("eth3", MAC, pci="0000:03:00.0")
    assert codes(check(tree, expect=DEGRADED)) == {"duplicate-mac"}


def test_one_of_two_pairs(tree):
    tree.pair(lower("STANDBY", 99, "net1sby"), ifindex=98, ifname="net1",
              active=U["NET_FAILOVER_ROLE_STANDBY"], reason=U["NET_FAILOVER_REASON_NO_PRIMARY"])
    assert check(tree, "eth0")["pairs"] == [{"name": "eth0", "state": "ready"}]
    assert [p["state"] for p in check(tree, expect=DEGRADED)["pairs"]] == ["ready", "degraded"]


def test_a_card_of_no_pair(tree):
    done = ctl(tree, "check", "eth9")
    assert (done.returncode, done.stdout) == \
        (UNKNOWN, "FAILOVER UNKNOWN - eth9: no such network card\n")


def test_every_code_is_in_the_man_page():
    manual = " ".join((TOP / "userspace/man/failoverctl.8").read_text(encoding="utf-8").split())
    for name in ("findings.c", "ready.c"):
        source = (TOP / "userspace/common" / name).read_text(encoding="utf-8")
        found = re.findall(r'SEVERITY_\w+, "([a-z-]+)"', source)
        assert found
        for code in found:
            assert re.search(rf"{code}[,. ]", manual), code
