# SPDX-License-Identifier: GPL-2.0
"""What plain virtio-net loses around the VM's pause: the measure for everything else."""
from dataclasses import dataclass

import traffic

from .flow import Echo
from .migrate import migrate
from .qemu import Pair


@dataclass(frozen=True)
class Floor:
    """Seconds before STOP and after the announcement within which plain virtio-net loses packets."""
    before: float
    after: float
    lost: int
    pauses: tuple

    def __str__(self):
        pauses = ", ".join(f"{p:.0f}" for p in self.pauses)
        return f"plain virtio-net: {self.lost} lost in pauses of {pauses} ms, from " \
               f"{1000 * self.before:.1f} ms before STOP to {1000 * self.after:.1f} ms after the announcement"


def measure(testbed, flows, rate=1000, migrations=3):
    """Migrate a plain virtio guest under the same traffic; the worst that was seen.

    The resolution is two packets of the probe.
    """
    guest = testbed.boot("intree", Pair(primary=None, failover=False))
    guest.address("eth0")
    flows(guest)
    seen = [(2 / rate, 2 / rate)]
    lost, pauses = 0, []
    for number in range(migrations):
        with Echo(guest, rate, name=f"floor{number}") as echo:
            result = migrate(guest)
            echo.go_on()
        seen.append(traffic.margins(echo.result, result.told))
        lost += len(echo.result.lost)
        pauses.append(result.pause_ms)
    before, after = traffic.widest(seen)
    return Floor(before + 1 / rate, after + 1 / rate, lost, tuple(pauses))
