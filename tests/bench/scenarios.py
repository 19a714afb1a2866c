# SPDX-License-Identifier: GPL-2.0
"""What is done to each peer under traffic. A function a scenario: (bench, peer, guest, outcome)."""
import re
import time
from dataclasses import dataclass
from pathlib import Path

import figures
from figures import IN, OUT
from flows import Traffic
from lab import LabError
from lab.net import GUEST4

SLOW = 1 << 20                     # bytes/s: slow enough to be cancelled in active


def unplug(bench, peer, guest, outcome):
    """The host takes the primary."""
    with Traffic(guest, outcome, bench.rate) as flows:
        flows.go_on()
        outcome.unplug = peer.unplug(guest)
        flows.go_on(1.2)


def replug(bench, peer, guest, outcome):
    """The host gives it back; until it carries traffic again."""
    with Traffic(guest, outcome, bench.rate) as flows:
        flows.go_on()
        peer.replug(guest)
        peer.settled(guest)
        flows.go_on(1.2)


def migration(bench, peer, guest, outcome, rate=None, ways=None, **how):
    """Live migration, from before the unplug until the destination's primary carries traffic."""
    options = {"ways": ways, "with_tcp": False} if ways else {}
    with Traffic(guest, outcome, rate or bench.rate, **options) as flows:
        flows.go_on()
        began = time.time()
        result, outcome.unplug = peer.migrate(guest, **how)
        wanted = "cancelled" if "cancel_in" in how else "completed"
        if result.status != wanted:
            raise LabError(f"the migration {result.status}")
        if wanted == "completed":
            told(guest, outcome, result, began)
        peer.settled(guest)
        flows.go_on(1.2)
    bench.keep(outcome, flows.streams, unplug=result.unplug or began, resume=outcome.resume)


def told(guest, outcome, result, began):
    """The pause: from QEMU's own trace, which sees the stop earlier than STOP says it."""
    log = Path(guest.past[-1]._log.name).read_text(errors="replace")
    traced = figures.stopped(log, began)
    outcome.said, outcome.resume = result.stop, result.resume
    outcome.pause = (min(result.stop, traced or result.stop), result.told[1])


def postcopy(bench, peer, guest, outcome):
    migration(bench, peer, guest, outcome, postcopy=True)


def listening(bench, peer, guest, outcome):
    """The guest only listens: nothing but an announcement says where it is."""
    migration(bench, peer, guest, outcome, ways=(IN,))


def cancel_wait(bench, peer, guest, outcome):
    migration(bench, peer, guest, outcome, cancel_in="wait-unplug", bandwidth=SLOW)
    if not peer.failover:
        outcome.note = "no such phase: the VF is unplugged and given back"


def cancel_active(bench, peer, guest, outcome):
    migration(bench, peer, guest, outcome, cancel_in="active", bandwidth=SLOW)


def carrier(bench, peer, guest, outcome):
    """The host takes the primary's carrier away, and gives it back."""
    guest.run("dmesg -c >/dev/null")
    with Traffic(guest, outcome, bench.rate) as flows:
        flows.go_on()
        lost = time.time()
        guest.vm.set_link("vf0", False)
        flows.go_on(2.5)
        guest.vm.set_link("vf0", True)
        peer.settled(guest)
        flows.go_on(1.2)
    outcome.detected = _noticed(guest, flows.flows[OUT].ahead) - lost
    outcome.note = f"the driver noticed after {1000 * outcome.detected:.0f} ms"


def _noticed(guest, ahead):
    """When the primary's driver said that its link is down, on our clock."""
    text = guest.run("for i in 1 2 3 4 5; do echo bench: >/dev/kmsg; echo bench: $(date +%s.%N) >/dev/kmsg; done;"
                     "dmesg")
    # `date` ran between the two records: the closest ones tell best.
    marks = re.findall(r"^\[ *(\d+\.\d+)\] bench:\n\[ *(\d+\.\d+)\] bench: (\d+\.\d+)", text, re.M)
    first, second, wall = min(((float(a), float(b), float(c)) for a, b, c in marks), key=lambda m: m[1] - m[0])
    down = re.search(r"^\[ *(\d+\.\d+)\] .*NIC Link is Down", text, re.M)
    return float(down[1]) + wall - (first + second) / 2 - ahead


def steady(bench, peer, guest, outcome):
    """Nothing happens, the guest says nothing of itself: but the standby may talk (IPv6)."""
    mac = guest.machine.pairs[0].mac
    guest.net.peer("ip", "neigh", "replace", GUEST4, "lladdr", mac, "nud", "permanent", "dev", "eth0")
    with Traffic(guest, outcome, 100, ways=(IN,), with_tcp=False) as flows:
        flows.go_on(bench.steady)
    guest.net.peer("ip", "neigh", "del", GUEST4, "dev", "eth0")


RATES = (1000, 1500, 2000, 3000, 4000, 6000, 8000, 12000, 16000, 24000, 32000)


def sustained(guest, rate, seconds=2):
    """Whether nothing is lost at that rate, in both directions; one disturbance is forgiven."""
    for number in range(2):
        outcome = figures.Outcome("", f"rate {rate}", number)
        with Traffic(guest, outcome, rate, with_tcp=False) as flows:
            flows.go_on(seconds)
        if not any(w.lost for w in outcome.ways.values()):
            return True
    return False


def rate_search(bench, _peer, guest, outcome):
    """The highest rate that is sustained, and again when it is looked at a second time.

    What is measured at "that rate" is what both cards sustain, each alone.
    """
    good = []
    for rate in RATES:
        if not sustained(guest, rate):
            break
        good.append(rate)
    while good and not sustained(guest, good[-1], 3):
        good.pop()
    if not good:
        raise LabError("a card alone loses packets at 1000/s: this machine is too busy to measure on")
    bench.limit = min(good[-1], bench.limit or good[-1])
    outcome.note = f"{good[-1]} packets/s each way"


def at_limit(bench, _peer, guest, outcome):
    """Nothing happens, at the highest rate that plain virtio-net sustained."""
    with Traffic(guest, outcome, bench.limit, with_tcp=False) as flows:
        flows.go_on(3)
    outcome.note = f"{bench.limit} packets/s each way"


def migration_at_limit(bench, peer, guest, outcome):
    """A migration at that rate."""
    migration(bench, peer, guest, outcome, rate=bench.limit, ways=(IN, OUT))
    outcome.rate = bench.limit
    outcome.note = f"{bench.limit} packets/s each way"


@dataclass(frozen=True)
class Scenario:
    """share: how many of N runs; `machine` says on which guest it is done."""
    name: str
    run: object
    machine: str = "acpi"
    plain: bool = False            # also without a primary
    soak: int = 1                  # in units of N, for ours
    once: bool = False
    needs_limit: bool = False      # the rate that the floor's search found
    only: tuple = ()               # for these peers only


# In this order on one guest: each leaves it as it found it, an unplug is followed by its replug.
SCENARIOS = (
    Scenario("steady state while the guest listens", steady, plain=True, once=True),
    Scenario("unplug by ACPI", unplug, soak=2),
    Scenario("replug by ACPI", replug, soak=2),
    Scenario("migration by ACPI", migration, plain=True),
    Scenario("migration by postcopy", postcopy, plain=True),
    Scenario("migration while the guest listens", listening, plain=True),
    Scenario("cancel in wait-unplug", cancel_wait),
    Scenario("cancel in active", cancel_active, plain=True),
    Scenario("highest rate without loss", rate_search, plain=True, once=True, only=("vf", "plain")),
    Scenario("steady state at that rate", at_limit, plain=True, once=True, needs_limit=True),
    Scenario("migration at that rate", migration_at_limit, plain=True, needs_limit=True),
    Scenario("unplug by pciehp", unplug, "pciehp"),
    Scenario("replug by pciehp", replug, "pciehp"),
    Scenario("migration by pciehp", migration, "pciehp"),
    Scenario("primary loses carrier", carrier, "vmxnet3"),
)
MACHINES = {"acpi": {}, "pciehp": {"hotplug": "pciehp"}, "vmxnet3": {"primary": "vmxnet3"}}
