# SPDX-License-Identifier: GPL-2.0
"""Frames of one's own making, sent by a device: `inject(net, "peer", "eth0", frames, rate, seconds)`.

Started as a program it is the part that runs inside a namespace: the frames come as hexadecimal.
"""
import socket
import sys
import time


def frame(dst, src, proto, payload=b""):
    """An Ethernet frame, filled up to its least length."""
    raw = bytes.fromhex((dst + src).replace(":", "")) + proto.to_bytes(2, "big") + payload
    return raw.ljust(60, b"\0")


def arp(mac, ip, *, reverse=False):
    """A broadcast that says that the address lives at the sender's port (reverse: RARP)."""
    station = bytes.fromhex(mac.replace(":", "")) + (b"\0" * 4 if reverse else socket.inet_aton(ip))
    head = bytes.fromhex("0001080006040003" if reverse else "0001080006040001")
    return frame("ff:ff:ff:ff:ff:ff", mac, 0x8035 if reverse else 0x0806, head + station + station)


def who_has(sender, sender_ip, ip):
    """What an ARP request consists of behind its Ethernet header."""
    return bytes.fromhex("0001080006040001" + sender.replace(":", "")) + socket.inet_aton(sender_ip) + bytes(6) + \
        socket.inet_aton(ip)


def inject(net, where, device, frames, *, rate=1000, seconds=3):
    """Send the frames in turn, at that rate, for so long; where: lab or peer. How many were sent."""
    run = net.lab if where == "lab" else net.peer
    return int(run("/usr/bin/python3", __file__, device, rate, seconds, *(f.hex() for f in frames),
                   timeout=seconds + 60))


def main(device, rate, seconds, *frames):
    """At a steady pace; what cannot be sent at once is left out."""
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    sock.bind((device, 0))
    frames = [bytes.fromhex(text) for text in frames]
    start, sent, rate, seconds = time.monotonic(), 0, float(rate), float(seconds)
    while (now := time.monotonic() - start) < seconds:
        while sent < now * rate:
            try:
                sock.send(frames[sent % len(frames)])
            except OSError:
                pass
            sent += 1
        time.sleep(0.002)
    print(sent)


if __name__ == "__main__":
    main(*sys.argv[1:])
