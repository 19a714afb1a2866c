# SPDX-License-Identifier: GPL-2.0
"""The master's counters."""
import pytest

from expect import carried_by_standby, on_primary, ready
from lab.flow import Echo

BROADCAST = """
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
for _ in range({count}):
    s.sendto(b"x" * 64, ("10.77.0.255", 9))
"""


def received(guest, name):
    """How many packets a device counts as received."""
    return int(guest.run(f"cat /sys/class/net/{name}/statistics/rx_packets"))


# Every 20 ms or so: packets received and sent, as the kernel says.
WATCH = """
cd /sys/class/net/{master}/statistics
while :; do
	read -r rx <rx_packets; read -r rb <rx_bytes; read -r tx <tx_packets; read -r tb <tx_bytes
	echo $rx $rb $tx $tb; usleep 20000
done >/tmp/watch.log"""


@pytest.mark.both
@pytest.mark.defect("P7")
def test_counters_never_fall(lab, variant):
    """Unplugging, replugging and a lost link leave the master's counters growing."""
    guest, pair = ready(lab, variant)
    guest.run(f"echo '{WATCH.format(master=pair.master)}' >/tmp/watch")
    with Echo(guest) as echo:
        guest.spawn("dash", "/tmp/watch")
        echo.go_on()
        guest.vm.device_del("vf0")
        carried_by_standby(guest)
        guest.vm.device_add(guest.machine.pairs[0].primary_device())
        new = on_primary(guest)
        guest.run(f"ip link set {new.primary} down")
        echo.go_on(1)
        guest.reap("dash")
    seen = [[int(word) for word in line.split()] for line in guest.run("cat /tmp/watch.log").splitlines()]
    for before, after in zip(seen, seen[1:]):
        assert all(b <= a for b, a in zip(before, after)), f"rx, tx counters fell: {before} {after}"
    arrived = len(echo.result.packets) - len(echo.result.lost)
    assert seen[-1][0] - seen[0][0] > 0.5 * arrived


@pytest.mark.defect("P8")
def test_broadcast_counts_once(lab, variant):
    """Both cards get each broadcast; the master delivers and counts it once."""
    guest, pair = ready(lab, variant)
    before = received(guest, pair.master)
    count = 500
    guest.net.peer("/usr/bin/python3", "-c", BROADCAST.format(count=count))
    guest.wait_until(lambda: received(guest, pair.master) - before >= count,
                     what="the broadcasts to arrive")
    got = received(guest, pair.master) - before
    assert got < 1.1 * count, f"{count} broadcasts counted as {got}"
