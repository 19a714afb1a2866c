# SPDX-License-Identifier: GPL-2.0
"""The measure for a migration: a plain virtio-net card beside the pair, through the same pause.

    peer 10.77.0.1 ──── 10.77.0.2  the pair's master
         10.78.0.1 ──── 10.78.0.2  the plain card, no failover

Both lose what is under way when QEMU stops the CPUs, and both suffer when the machine is busy.
"""
from dataclasses import dataclass

import traffic

from .flow import Echo
from .qemu import Pair

PLAIN = Pair(7, failover=False, primary=None)
PEER, PLAIN4 = "10.78.0.1/24", "10.78.0.2"


@dataclass(frozen=True)
class Floor:
    """Seconds before STOP and after the announcement within which plain virtio-net loses packets."""
    before: float
    after: float


class Plain(Echo):
    """The flow of the plain card; `floor(migration)` afterwards."""
    port = Echo.port + 5

    def __init__(self, guest, rate=1000, name="plain"):
        super().__init__(guest, rate, to=PLAIN4, name=name)

    def start(self):
        links = self.guest.links().items()
        name, = (n for n, link in links if link.get("address") == PLAIN.mac)
        if "UP" not in dict(links)[name]["flags"]:
            # Without arp_ignore either card would answer for the other's address.
            self.guest.run("echo 1 >/proc/sys/net/ipv4/conf/all/arp_ignore && "
                           f"ip link set {name} up && ip addr add {PLAIN4}/24 dev {name}")
            self.guest.net.peer("ip", "addr", "add", PEER, "dev", "eth0")
            self.guest.net.peer("ip", "neigh", "replace", PLAIN4, "lladdr", PLAIN.mac, "dev", "eth0",
                                "nud", "permanent")
        super().start()

    def floor(self, migration):
        """How far outside the pause it stood still; the pair's nearest packet is up to one packet's time away."""
        before, after = traffic.margins(self.result, migration.told)
        return Floor(before + 1 / self.rate, after + 1 / self.rate)
