# SPDX-License-Identifier: GPL-2.0
"""Frames that come out of QEMU's taps: `with Sniffer(net, taps) as s: …`, then s.frames.

Started as a program it is the part that runs inside the lab's namespace.
"""
import signal
import socket
import struct
import sys
from collections import namedtuple

Frame = namedtuple("Frame", "time tap src dst proto size vlan")   # vlan: None where untagged


class Sniffer:
    """Records what the guest sends on each of the taps (not what is sent to it)."""

    def __init__(self, net, taps, log):
        self.net, self.taps, self.log = net, taps, log
        self.frames = []

    def __enter__(self):
        from .run import wait_until
        self.proc = self.net.start("/usr/bin/python3", __file__, self.log, *self.taps)
        wait_until(self.log.exists, 10, "the sniffer")
        return self

    def __exit__(self, *exc):
        from .net import stop
        stop(self.proc)
        for line in self.log.read_text(encoding="ascii").splitlines():
            time, tap, src, dst, proto, size, vlan = line.split()
            self.frames.append(Frame(float(time), tap, src, dst, proto, int(size),
                                     None if vlan == "-" else int(vlan)))


def _address(raw):
    return ":".join(f"{b:02x}" for b in raw)


def _vlan(aux):
    """The tag, which the kernel takes off the frame (struct tpacket_auxdata)."""
    status, _, _, _, _, tci, _ = struct.unpack("IIIHHHH", aux)
    return tci & 0xfff if status & 0x10 else "-"               # TP_STATUS_VLAN_VALID


def main(log, taps):
    """Write a line for each frame that came in by one of the taps."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    sock.setsockopt(socket.SOL_SOCKET, 33, 8 << 20)       # SO_RCVBUFFORCE
    sock.setsockopt(socket.SOL_SOCKET, 35, 1)             # SO_TIMESTAMPNS
    sock.setsockopt(263, 8, 1)                            # SOL_PACKET, PACKET_AUXDATA
    with open(log, "w", encoding="ascii", buffering=1 << 16) as out:
        while True:
            data, extra, _, where = sock.recvmsg(64, 256)
            if where[0] in taps and where[2] != socket.PACKET_OUTGOING:
                extra = {level: value for level, _, value in extra}
                seconds, nanoseconds = struct.unpack("qq", extra[socket.SOL_SOCKET])
                out.write(f"{seconds}.{nanoseconds:09d} {where[0]} {_address(data[6:12])} "
                          f"{_address(data[:6])} {data[12:14].hex()} {len(data)} {_vlan(extra[263])}\n")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
