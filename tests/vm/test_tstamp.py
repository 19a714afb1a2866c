# SPDX-License-Identifier: GPL-2.0
"""Hardware time stamps of the master: those of the card in use, and what becomes of them at a switch."""
import itertools
import struct

from expect import carried_by_standby, on_primary, ready_on_igb
from lab.inject import frame, inject

PEER = "52:54:00:99:00:04"
PTP = 0x88f7                       # Ethertype
NUMBERS = itertools.count(1)


def sync(number):
    """A Sync message, version 2, with this sequence number (IEEE 1588-2008, 13.3)."""
    return struct.pack(">4s26xH12x", bytes.fromhex("0002002c"), number)


def clock(guest, device):
    """The index of its hardware clock, as ethtool says it."""
    line, = [line for line in guest.run(f"ethtool -T {device}").splitlines() if "Hardware" in line and "lock" in line]
    return line.split(":")[1].strip()


def stamped(lab, guest, device):
    """Which stamp a PTP message has that is sent now; earlier ones may still be on their way."""
    number = next(NUMBERS)
    guest.run(f"tstamp receive {device} 10 {number} >/tmp/stamp.out 2>&1 &")
    inject(lab.net, "peer", "eth0", [frame(guest.machine.pairs[0].mac, PEER, PTP, sync(number))], rate=20, seconds=1)
    guest.wait_until("[ -s /tmp/stamp.out ]")
    return guest.run("cat /tmp/stamp.out").strip()


def test_of_the_card_in_use(lab, leave_out):
    """The master shows the primary's clock and has it stamp; not by the standby; a new card begins anew."""
    guest, pair = ready_on_igb(lab, leave_out)
    assert clock(guest, pair.master) == clock(guest, pair.primary) != "none"
    assert guest.run(f"tstamp get {pair.master}") == "off\n"
    guest.run(f"tstamp set {pair.master} on")
    assert guest.run(f"tstamp get {pair.master}") == guest.run(f"tstamp get {pair.primary}") == "on\n"
    assert stamped(lab, guest, pair.master) == "hardware"

    guest.vm.device_del("vf0")
    carried_by_standby(guest)
    assert clock(guest, pair.master) == "none"
    refused = guest.execute(f"tstamp set {pair.master} on")
    assert refused.rc == 1 and "not supported" in refused.err, refused
    assert stamped(lab, guest, pair.master) == "none"

    guest.vm.device_add(guest.machine.pairs[0].primary_device())
    pair = on_primary(guest)
    assert clock(guest, pair.master) == clock(guest, pair.primary) != "none"
    assert guest.run(f"tstamp get {pair.master}") == "off\n"
    assert stamped(lab, guest, pair.master) == "none"
    guest.run(f"tstamp set {pair.master} on")
    assert stamped(lab, guest, pair.master) == "hardware"
