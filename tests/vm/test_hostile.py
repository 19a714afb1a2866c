# SPDX-License-Identifier: GPL-2.0
"""Whoever wishes the guest ill: a program in it, and a station of its network.

    peer ── br0 ─┬─ n0g0  standby ─┐
                 └─ v0g0  primary ─┴─ master

Work stays bounded, nothing breaks, and when it is over nothing of it lasts.
"""
import json
import os
import random

from expect import carried_by_primary, flows, judged, ready, usable, whole
from lab.flow import Echo, describe
from lab.inject import arp, frame, inject
from lab.net import GUEST4
from lab.sniff import Sniffer

SEED = int(os.environ.get("NFO_SEED", random.randrange(1 << 31)))
SECONDS = 3
BROADCAST = "ff:ff:ff:ff:ff:ff"
STRANGER = "02:00:00:00:66:66"


def switches(guest):
    """What `failoverctl status` says of the pair."""
    shown, = json.loads(guest.execute("failoverctl status --json").out)["pairs"]
    return shown["switches"]


def fuzz(guest, who, count):
    """Have the guest's fuzzer send its messages; what it says of them, and how often traffic moved."""
    before = switches(guest)
    said = guest.run(f"nlfuzz {SEED} {count} {who if who != 'root' else ''}", timeout=120).strip()
    assert "EINVAL" in said and " 0 told" not in said, f"seed {SEED}: the fuzzer is blind: {said}"
    return said, switches(guest) - before


def test_netlink_messages(lab, measured):
    """Random and structured messages to our family. Without the right nothing can be changed by them."""
    guest, pair = ready(lab, "ours", smp=2)
    count = int(os.environ.get("NFO_MESSAGES", 20000))
    for who in ("user", "userns", "root"):
        said, moved = fuzz(guest, who, count)
        measured(f"netlink messages as {who}, seed {SEED}: {said}")
        if who == "root":
            assert moved, f"seed {SEED}: no drain was among them: {said}"
        else:
            assert "EPERM" in said and not moved, f"seed {SEED}: as {who}: {moved} switches, {said}"
    guest.run(f"failoverctl undrain {pair.master}")
    usable(guest)
    carried_by_primary(guest)


def hostile_frames(mac):
    """Where they are sent, and what."""
    return {
        "our address as source": ("peer", "eth0", [
            frame(BROADCAST, mac, 0x88b5), frame(mac, mac, 0x88b5), frame("01:00:5e:00:00:01", mac, 0x88b5)]),
        "forged announcements": ("peer", "eth0", [
            arp(mac, GUEST4), arp(mac, GUEST4, reverse=True), arp(STRANGER, GUEST4)]),
        "flood on the standby": ("lab", "standby", [
            frame(mac, STRANGER, 0x88b5), frame(BROADCAST, STRANGER, 0x88b5), frame(mac, mac, 0x88b5),
            frame("01:00:5e:7f:66:66", STRANGER, 0x88b5)]),
        "broken frames": ("lab", "standby", [
            frame(mac, STRANGER, 0x8100, b"\xff\xff\x81\x00\xff\xff\x81\x00"), frame(mac, STRANGER, 0x0800, b"\x4f" * 46),
            frame(mac, "01:00:00:00:00:00", 0x86dd, b"\x6f" * 46), frame(mac, "00:00:00:00:00:00", 0xffff)]),
    }


def attack(guest, what, where, device, frames):
    """Send the frames; few announcements answer them, and afterwards traffic is as before."""
    device = guest.vm.standby_tap() if device == "standby" else device
    taps = [guest.vm.standby_tap(), guest.vm.primary_tap()]
    name = what.replace(" ", "-")
    with Sniffer(guest.net, taps, guest.evidence / f"{name}.frames") as sniffer:
        sent = inject(guest.net, where, device, frames, seconds=SECONDS)
        flows(guest)
    taught = sum(f.proto == "8035" for f in sniffer.frames)
    assert taught <= 6 * (SECONDS + 2), f"{what}: {taught} announcements in answer to {sent} frames"
    guest.net.peer("ip", "neigh", "flush", "dev", "eth0")
    usable(guest)
    carried_by_primary(guest)
    with Echo(guest, name=name) as after:
        after.go_on(1)
    assert not judged() or not after.result.lost, f"lost after {what}: {describe(after.result)}"
    return f"{what}: {sent} frames, {taught} announcements"


def test_frames(lab, measured):
    """A station sends with our address, forges our announcements, floods the standby, breaks rules."""
    guest, _ = ready(lab, "ours", smp=2)
    for what, how in hostile_frames(guest.machine.pairs[0].mac).items():
        measured(f"hostile peer, {attack(guest, what, *how)}")
    whole(guest.wait_paired())
