# SPDX-License-Identifier: GPL-2.0
"""The master's counters."""
import pytest

from expect import carried_by_standby, ready
from lab.flow import Echo

BROADCAST = """
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
for _ in range({count}):
    s.sendto(b"x" * 64, ("10.77.0.255", 9))
"""


def counters(guest, name):
    """Sum of what `ip -s` shows, and each of it."""
    stats = guest.links()[name]["stats64"]
    return {f"{d}.{k}": stats[d][k] for d in ("rx", "tx") for k in ("packets", "bytes", "dropped")}


@pytest.mark.both
@pytest.mark.defect("P7")
def test_counters_never_fall(lab, variant):
    """Unplugging, replugging and a lost link leave the master's counters growing."""
    guest, pair = ready(lab, variant)
    seen = []

    def look():
        seen.append(counters(guest, pair.master))

    with Echo(guest) as echo:
        echo.go_on()
        look()
        guest.vm.device_del("vf0")
        look()
        carried_by_standby(guest)
        look()
        guest.vm.device_add(guest.machine.pairs[0].primary_device())
        new = guest.wait_paired()
        look()
        guest.wait_carrier(new.primary)
        look()
        guest.run(f"ip link set {new.primary} down")
        look()
    look()
    for before, after in zip(seen, seen[1:]):
        fell = {k: (before[k], after[k]) for k in before if after[k] < before[k]}
        assert not fell, f"counters fell: {fell}"
    sent = len(echo.result.packets)
    assert seen[-1]["rx.packets"] - seen[0]["rx.packets"] > 0.5 * sent


@pytest.mark.defect("P8")
def test_broadcast_counts_once(lab, variant):
    """Both cards get each broadcast; the master delivers and counts it once."""
    guest, pair = ready(lab, variant)
    before = counters(guest, pair.master)["rx.packets"]
    count = 500
    guest.net.peer("/usr/bin/python3", "-c", BROADCAST.format(count=count))
    guest.wait_until(lambda: counters(guest, pair.master)["rx.packets"] - before >= count,
                     what="the broadcasts to arrive")
    got = counters(guest, pair.master)["rx.packets"] - before
    assert got < 1.1 * count, f"{count} broadcasts counted as {got}"
