# SPDX-License-Identifier: GPL-2.0
"""Guests that are broken in ways that users meet: failoverctl names it and says what to do.

Each is an example in failoverctl(8), in these words; what was printed is in build/tests/<test>/.
"""
import json
from dataclasses import replace

from expect import carried_by_standby, ready
from lab.migrate import migrate
from lab.qemu import Pair
from lab.run import TOP

GOOD, DEGRADED, BAD = 0, 1, 2
MANUAL = " ".join((TOP / "userspace/man/failoverctl.8").read_text(encoding="utf-8").split())


def show(guest, command):
    """Exit code and findings by their code; the text stays as evidence."""
    text = guest.execute(f"failoverctl {command}")
    answer = guest.execute(f"failoverctl {command} --json")
    (guest.evidence / f"{command}.txt").write_text(f"$ failoverctl {command}\n{text.out}{text.err}$ {text.rc}\n")
    assert text.rc == answer.rc, (text, answer)
    found = {finding["code"]: finding for finding in json.loads(answer.out)["findings"]}
    for finding in found.values():
        assert finding["advice"], finding
        assert finding["text"].split()[-1] in text.out and finding["advice"].split()[-1] in text.out
    return text.rc, found


def named(found, code, severity, *words):
    """It was found, as bad as that, in these words, which the manual shows."""
    assert code in found, found.keys()
    assert found[code]["severity"] == severity, found[code]
    for word in words:
        assert word in found[code]["text"] + found[code]["advice"], found[code]
    for text in (found[code]["text"], found[code]["advice"]):
        assert text in MANUAL, f"failoverctl(8) shows other words for {code}: {text}"


def test_primary_never_came_back(lab):
    """The new host has no VF for the guest."""
    guest, pair = ready(lab, "ours")
    guest.vm.device_del("vf0")
    carried_by_standby(guest)
    guest.vm.machine = guest.machine.but(pairs=(replace(guest.machine.pairs[0], present=False),))
    migrate(guest)
    carried_by_standby(guest)
    for command in ("status", "check"):
        code, found = show(guest, command)
        assert code == DEGRADED
        named(found, "no-primary", "degraded", f"on the standby ({pair.standby})", "(again), or gave it another MAC")


def test_standby_down(lab):
    """Somebody set the standby down: nothing is wrong yet, but a migration would cut the guest off."""
    guest, pair = ready(lab, "ours")
    guest.run(f"ip link set {pair.standby} down")
    code, found = show(guest, "status")
    assert code == GOOD
    named(found, "standby-no-carrier", "good", f"({pair.standby}) is down", f"ip link set {pair.standby} up")
    code, found = show(guest, "check")
    assert code == BAD
    named(found, "standby-no-carrier", "bad", f"({pair.standby}) is down", f"ip link set {pair.standby} up")


def test_dhcp_on_the_vf(lab):
    """A network manager that knows nothing of pairs configured the VF."""
    guest, pair = ready(lab, "ours")
    guest.run(f"ip addr add 10.77.0.66/24 dev {pair.primary}; udhcpc -f -i {pair.primary} >/dev/null 2>&1 &")
    guest.wait_until("pidof udhcpc")
    assert show(guest, "status")[0] == GOOD
    code, found = show(guest, "check")
    assert code == DEGRADED
    named(found, "address-on-lower", "degraded", f"({pair.primary})", "10.77.0.66", "take them off")
    named(found, "dhcp-on-lower", "degraded", f"({pair.primary})", "udhcpc", "stop it")


def test_in_tree_module(lab):
    """DKMS did not build, or the initramfs has the old module."""
    guest, _ = ready(lab, "intree")
    for command in ("status", "check"):
        code, found = show(guest, command)
        assert code == DEGRADED
        named(found, "module-in-tree", "degraded", "cuts traffic for seconds", "install the net_failover DKMS module")


def test_mtu_mismatch(lab):
    """The host promises an MTU that its VF cannot do."""
    guest = lab.boot("ours", Pair(host_mtu=9500), mtu=9500)
    pair = guest.wait_paired()
    guest.address(pair.master)
    carried_by_standby(guest)
    for command in ("status", "check"):
        code, found = show(guest, command)
        assert code == DEGRADED
        named(found, "primary-setup", "degraded", f"on the standby ({pair.standby})")
        named(found, "lower-error", "degraded", f"({pair.primary}) cannot be configured", "the master's MTU?")
        named(found, "mtu-differs", "degraded", f"({pair.primary}) has MTU 1500, the master 9500",
              "host_mtu and the VF's limit must allow it")
