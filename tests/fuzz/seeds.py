# SPDX-License-Identifier: GPL-2.0
"""Writes what a target reads in real life into a folder: where the fuzzer starts. seeds.py TARGET FOLDER"""
import json
import struct
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "unit"))
from fakesys import U, Tree, attribute, nest  # noqa: E402

ROLES = ("STANDBY", "PRIMARY")


def lower(role):
    """A lower with every attribute."""
    return {"role": U[f"NET_FAILOVER_ROLE_{role}"], "ifindex": 3, "ifname": "eth1", "state": 31,
            "error": -22, "rx_packets": 1, "rx_bytes": 2, "tx_packets": 3, "tx_bytes": 4,
            "rx_idle": 5, "rx_ignored": 6, "tx_silenced": 7}


def family():
    """The controller's answer."""
    group = attribute(1, b"events\0") + attribute(2, struct.pack("=I", 9))
    body = struct.pack("=BBH", 1, 2, 0) + attribute(2, b"net_failover\0") + \
        attribute(1, struct.pack("=H", 33)) + attribute(7 | 0x8000, attribute(1 | 0x8000, group))
    return struct.pack("=IHHII", len(body) + 16, 16, 0, 0, 0) + body


def error():
    """A refusal with its reason."""
    body = struct.pack("=i", -1) + struct.pack("=IHHII", 16, 33, 0, 0, 0) + \
        attribute(1, b"the standby cannot carry traffic\0")
    return struct.pack("=IHHII", len(body) + 16, 2, 0x300, 0, 0) + body


def link():
    """A network card by rtnetlink."""
    body = struct.pack("=BBHiII", 0, 0, 1, 4, 0x11043, 0) + attribute(3, b"eth2\0") + \
        attribute(4, struct.pack("=I", 1500)) + attribute(1, bytes(6)) + attribute(10, struct.pack("=I", 2)) + \
        attribute(33, b"\1") + attribute(38, b"sby\0") + attribute(23, bytes(200))
    return struct.pack("=IHHII", len(body) + 16, 16, 2, 0, 0) + body


def recorded():
    """A dump of pairs, and one of events."""
    with tempfile.TemporaryDirectory() as root:
        tree = Tree(Path(root) / "sys")
        tree.pair(*map(lower, ROLES), ifindex=2, ifname="eth0", mac=bytes(6), active=2, reason=2,
                  switches=3, since=4, tx_dropped=5, flood_lost=6, module_version="0.1.0")
        tree.happen("SWITCH", 1, **{"role": 2, "lower_ifindex": 3, "lower_ifname": "eth2",
                                    "from": 1, "to": 2, "reason": 2, "gap": 8, "dropped": 9,
                                    "error": -16})
        return tree.messages, tree.events


def kmsg():
    """Records of the kernel's log."""
    words = ("Powering off due to button press", "Button press: will power off in 5 sec", "Button cancel",
             "Action canceled due to button press", "Button press: canceling request to power off", "Card present")
    return [f"6,512,7000000,-;pcieport 0000:00:02.0: pciehp: Slot(2-1): {text}\n SUBSYSTEM=pci\n"
            " DEVICE=+pci:0000:00:02.0\n".encode() for text in words]


SEEDS = {
    "pairs": lambda: recorded()[:1],
    "events": lambda: recorded()[1:],
    "family": lambda: [family()],
    "links": lambda: [link()],
    "error": lambda: [error(), nest("", {"ifindex": 1})],
    "kmsg": kmsg,
    "config": lambda: [b"# a\n[Degraded]\nAfterSec = 5min ; so\n[Hooks]\nEnable=no\nEvents=switch,degraded all\n",
                       b"[Degraded]\nAfterSec=never\n", b"[Settings]\nRestore=no\nSet=52:54:00:00:12:53 ring.rx=512\nSet=all flag.a=on\n"
                       b"[Unplug]\nHurry=no\n"],
    "setting": lambda: [b"ring.rx=512\nfeature.rx-gro=on\nrss.table=0,1,0,1\nqdisc=fq 0800\nxps.0=3\n\n"
                        b"ring.rx=256\nfeature.rx-gro=off\nrss.table=0,1\nqdisc=fq 0400\nxps.0=1\n"],
    "state": lambda: [b"failoverd 1\nplace 77 5 1\npair 2 eth0 1 123456789 3 0\npair 3 eth1 0 0 2 1\n"
                      b"trip 2 eth0 1 12 0 1 13 14 1 15 16 1 17\nbefore e1000e 8086:10d3 1 1\n"],
    "request": lambda: [b"\ncheck 1\r\ncheck a-B\nx y\n"],
    "reply": lambda: [json.dumps({"schema": 1, "state": "ready", "summary": "s", "id": "1", "findings": [
        {"severity": "bad", "code": "c", "device": "eth0", "text": "t", "advice": None}]}).encode()],
    "answer": lambda: [b"tell 3\nslow 124\n"],
    "cmdline": lambda: [b"/sbin/udhcpc\0-f\0-i\0eth0\0", b"dhcpcd: eth0 [ip4]\0-ie\0"],
}


def main():
    """One file a seed."""
    folder = Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(SEEDS[sys.argv[1]]()):
        (folder / f"seed-{number}").write_bytes(seed)


main()
