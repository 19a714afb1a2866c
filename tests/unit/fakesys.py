# SPDX-License-Identifier: GPL-2.0
"""A sysfs tree of a machine that is not there, and the netlink answer that belongs to it.

    devices/pci0000:00/<pci>/virtio<n>/net/eth0, eth1     a master and its standby
    devices/pci0000:00/<pci>/net/eth2                     a primary
    class/net/<name> -> ../../devices/…                   as in the real one
"""
import re
import struct
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
UAPI = TOP / "kmod/include/uapi/linux/net_failover.h"
STANDBY_BIT = 62


def uapi():
    """name -> value of every enum and bit of the uapi header."""
    text = re.sub(r"/\*.*?\*/", "", UAPI.read_text(encoding="utf-8"), flags=re.S)
    values = {}
    for body in re.findall(r"enum \w+ \{(.*?)\}", text, flags=re.S):
        names = [name.strip() for name in body.split(",") if name.strip()]
        values.update({name: number for number, name in enumerate(names)})
    for name, bit in re.findall(r"#define (\w+)\s+\(1 << (\d+)\)", text):
        values[name] = 1 << int(bit)
    return values


U = uapi()


class Tree:
    """Cards are added one by one; ifindex counts from 2."""

    def __init__(self, root):
        self.root, self.count, self.messages, self.events = Path(root), 1, b"", b""
        (self.root / "class/net").mkdir(parents=True)
        (self.root / "drivers").mkdir()

    def module(self, version=None):
        """Loads a module; ours has a version."""
        folder = self.root / "module/net_failover"
        folder.mkdir(parents=True)
        if version:
            (folder / "version").write_text(version + "\n")

    def _link(self, at, to):
        depth = len(at.relative_to(self.root).parts) - 1
        at.symlink_to(Path(*[".."] * depth, to.relative_to(self.root)))

    def _device(self, path, driver):
        device = self.root / "devices/pci0000:00" / path
        if not device.exists():
            device.mkdir(parents=True)
            (self.root / "drivers" / driver).mkdir(exist_ok=True)
            self._link(device / "driver", self.root / "drivers" / driver)
        return device

    def _netdev(self, device, name, mac, up=True, carrier=1, mtu=1500, speed=-1, **files):
        self.count += 1
        folder = device / "net" / name
        (folder / "statistics").mkdir(parents=True)
        texts = {"ifindex": self.count, "address": mac, "mtu": mtu, "speed": speed,
                 "flags": "0x1003" if up else "0x1002", **files}
        if up:                     # as in the kernel: not to be read while it is down
            texts["carrier"] = carrier
        for file, text in texts.items():
            (folder / file).write_text(f"{text}\n")
        for number, counter in enumerate(("rx_packets", "rx_bytes", "tx_packets", "tx_bytes")):
            (folder / "statistics" / counter).write_text(f"{self.count * 1000 + number}\n")
        self._link(folder / "device", device)
        self._link(self.root / "class/net" / name, folder)
        return self.count

    def virtio(self, name, mac, pci="0000:01:00.0", negotiated=True, **state):
        """A virtio-net card."""
        device = self._device(f"{pci}/virtio0", "virtio_net")
        bits = ["0"] * 64
        bits[STANDBY_BIT] = "1" if negotiated else "0"
        (device / "features").write_text("".join(bits) + "\n")
        port = {"phys_port_name": "sby"} if negotiated else {}
        return self._netdev(device, name, mac, **port, **state)

    def master(self, name, mac, pci="0000:01:00.0", **state):
        """The master on the same device as the virtio-net card there."""
        return self._netdev(self._device(f"{pci}/virtio0", "virtio_net"), name, mac, **state)

    def vf(self, name, mac, pci="0000:02:00.0", driver="ixgbevf", **state):
        """A passed-through card."""
        return self._netdev(self._device(pci, driver), name, mac, **state)

    def enslave(self, lower, master):
        """What `master` links say."""
        self._link((self.root / "class/net" / lower).resolve() / "master",
                   (self.root / "class/net" / master).resolve())

    def slot(self, pci):
        """A slot whose hotplug driver works."""
        folder = self.root / "bus/pci/slots" / str(self.count)
        folder.mkdir(parents=True)
        (folder / "address").write_text(pci.split(".")[0] + "\n")
        (folder / "power").write_text("1\n")

    def process(self, *words):
        """A program that runs."""
        self.count += 1
        folder = self.root / "proc" / str(self.count)
        folder.mkdir(parents=True)
        (folder / "cmdline").write_bytes(b"".join(word.encode() + b"\0" for word in words))

    def happen(self, kind, seq, master="eth0", ifindex=2, **attrs):
        """Adds an event to the recorded ring: `role=…, lower_ifname="eth2"`, …"""
        event = {"epoch": 7, "seq": seq, "kind": U.get(f"NET_FAILOVER_EVENT_{kind}", 99),
                 "boottime": 5_000_000_000, "realtime": 1_000_000_000_123_000_000, **attrs}
        body = struct.pack("=BBH", U["NET_FAILOVER_CMD_EVENT_GET"], 1, 0) + \
            nest("", {"ifindex": ifindex, "ifname": master}) + \
            attribute(U["NET_FAILOVER_A_EVENT"] | 0x8000, nest("EVENT_", event))
        self.events += struct.pack("=IHHII", len(body) + 16, 0x20, 2, 0, 0) + body
        (self.root / "genl-events").write_bytes(self.events)

    def pair(self, *lowers, **attrs):
        """Adds a pair to the recorded answer of our module: `ifindex=3, ifname="eth0"`, …"""
        body = struct.pack("=BBH", U["NET_FAILOVER_CMD_PAIR_GET"], 1, 0) + nest("", attrs)
        for lower in lowers:
            body += attribute(U["NET_FAILOVER_A_LOWER"] | 0x8000, nest("LOWER_", lower))
        self.messages += struct.pack("=IHHII", len(body) + 16, 0x20, 2, 0, 0) + body
        (self.root / "genl-pairs").write_bytes(self.messages)


WIDE = {"switches", "since", "tx_dropped", "flood_lost", "rx_packets", "rx_bytes", "tx_packets", "tx_bytes",
        "rx_idle", "rx_ignored", "tx_silenced", "epoch", "seq", "boottime", "realtime", "gap",
        "dropped"}


def attribute(number, payload):
    """One netlink attribute, padded."""
    return struct.pack("=HH", len(payload) + 4, number) + payload + b"\0" * (-len(payload) % 4)


def nest(prefix, attrs):
    """Attributes by their lower-case names."""
    out = b""
    for name, value in attrs.items():
        if isinstance(value, str):
            payload = value.encode() + b"\0"
        elif isinstance(value, bytes):
            payload = value
        else:
            payload = struct.pack("=Q" if name in WIDE else "=i" if value < 0 else "=I", value)
        out += attribute(U[f"NET_FAILOVER_A_{prefix}{name.upper()}"], payload)
    return out
