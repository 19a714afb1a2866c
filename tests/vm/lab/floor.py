# SPDX-License-Identifier: GPL-2.0
"""What plain virtio-net loses around the VM's pause: the measure for everything else."""
from dataclasses import dataclass

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
        pauses = ", ".join(f"{1000 * p:.0f}" for p in self.pauses)
        return f"plain virtio-net: {self.lost} lost in pauses of {pauses} ms, from " \
               f"{1000 * self.before:.1f} ms before STOP to {1000 * self.after:.1f} ms after the announcement"


def measure(testbed, flows, rate=1000, migrations=3):
    """Migrate a plain virtio guest under the same traffic; the worst that was seen.

    The resolution is two packets of the probe.
    """
    guest = testbed.boot("intree", Pair(primary=None, failover=False))
    guest.address("eth0")
    flows(guest)
    before = after = 2 / rate
    lost, pauses = 0, []
    for number in range(migrations):
        with Echo(guest, rate, name=f"floor{number}") as echo:
            result = migrate(guest)
            echo.go_on()
        for _, _, start, end in echo.result.runs():
            before = max(before, result.stop - start + 1 / rate)
            after = max(after, end - result.announced + 1 / rate)
        lost += len(echo.result.lost)
        pauses.append(result.resume - result.stop)
    return Floor(before, after, lost, tuple(pauses))
