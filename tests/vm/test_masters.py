# SPDX-License-Identifier: GPL-2.0
"""What a master costs: memory and time to form, the first as the 64th, beside the in-tree module's.

    pcie.0   slot 4 … 11   63 virtio-net cards, eight to a slot     (failover=on: each makes a master)
             slot 12 … 19  63 more, without: what such a card itself takes

virtio's driver is unbound from them and bound again one after another, with -icount: the guest's clock
counts instructions.
"""
import json
from statistics import median

import pytest

from lab.qemu import Pair
from lab.testbed import Testbed

COUNT = 63
GROUPS = {"standby": (4, 1, True), "plain": (12, 2, False)}   # slot, part of the address, failover=
LOAD = ("virtio_pci", "virtio_net")
DRIVER = "/sys/bus/virtio/drivers/virtio_net"
MEMORY = "echo 3 >/proc/sys/vm/drop_caches; awk '/^(Slab|Percpu|VmallocUsed):/ { s += $2 } END { print s }' /proc/meminfo"


def cards(group):
    """Arguments for the cards of a group, each on a hub of its own."""
    first, part, failover = GROUPS[group]
    found = []
    for number in range(COUNT):
        slot, function = divmod(number, 8)
        netdev = f"{group}{number}"
        device = {"driver": "virtio-net-pci", "netdev": netdev, "mac": f"52:54:00:77:{part:02x}:{number:02x}",
                  "romfile": "", "addr": f"{first + slot:x}.{function}", "multifunction": True, "vectors": 0,
                  **({"failover": True} if failover else {})}
        found += ["-netdev", f"hubport,hubid={len(GROUPS) * number + part},id={netdev}", "-device", json.dumps(device)]
    return tuple(found)


def names(guest, group):
    """The virtio devices of a group's cards, in order."""
    first = GROUPS[group][0]
    return guest.run(f"for n in $(seq 0 {COUNT - 1}); do s=$(({first} + n / 8)); "
                     "basename /sys/bus/pci/devices/0000:00:$(printf %02x $s).$((n % 8))/virtio*; done").split()


def bound(guest, devices):
    """KiB, and the guest's nanoseconds for each, that the driver takes for these devices."""
    guest.run(f"for d in {' '.join(devices)}; do echo $d >{DRIVER}/unbind; done; sleep 1", 300)
    before = int(guest.run(MEMORY))
    times = guest.run(f"for d in {' '.join(devices)}; do a=$(date +%s%N); echo $d >{DRIVER}/bind; "
                      "b=$(date +%s%N); echo $((b - a)); done; sleep 1", 600)
    return int(guest.run(MEMORY)) - before, [int(word) for word in times.split()]


def bare(guest):
    """KiB that the kernel takes for any Ethernet device with one queue."""
    kib = 0
    for _ in range(2):             # once before, as above
        before = int(guest.run(MEMORY))
        guest.run(f"for n in $(seq {COUNT}); do ip link add x$n type dummy; done; sleep 1", 300)
        kib = int(guest.run(MEMORY)) - before
        guest.run(f"for n in $(seq {COUNT}); do ip link del x$n; done; sleep 1", 300)
    return kib / COUNT


def costs(images, evidence, variant):
    """Of one master: KiB, and nanoseconds for each to form; KiB of a bare device."""
    bed = Testbed(images, evidence)
    guest = bed.boot(variant, Pair(primary=None), load=LOAD, memory=1024,
                     extra=(*cards("standby"), *cards("plain"), "-icount", "shift=4,sleep=off"))
    kib, ns = {}, {}
    for group in GROUPS:
        devices = names(guest, group)
        bound(guest, devices)      # once before, for what is allocated but once
        kib[group], ns[group] = bound(guest, devices)
    device = bare(guest)
    assert not bed.close()
    return ((kib["standby"] - kib["plain"]) / COUNT, [pair - card for pair, card in zip(ns["standby"], ns["plain"])],
            device)


@pytest.mark.soak
def test_masters(images, evidence, measured):
    """Beyond a bare device at most half of the in-tree module's memory; none forms later for the others."""
    found = {variant: costs(images, evidence, variant) for variant in ("intree", "ours")}
    more, late = {}, {}
    for variant, (kib, ns, device) in found.items():
        first, last = median(ns[:8]), median(ns[-8:])
        more[variant], late[variant] = kib - device, last - first
        measured(f"a master of {variant}: {kib:.1f} KiB (a bare device {device:.1f}); forms in {first / 1e6:.2f} ms "
                 f"of the guest's time, the last of {COUNT} in {last / 1e6:.2f} ms")
    assert more["ours"] <= more["intree"] / 2
    # The core looks through all devices for a free name.
    assert median(found["ours"][1]) <= median(found["intree"][1]) and late["ours"] <= 1.25 * late["intree"]
