# SPDX-License-Identifier: GPL-2.0
"""Steps at random, from a seed, and what a pair looks like before and after them."""
import json
import random
import re
from contextlib import suppress
from pathlib import Path

from lab.qmp import QmpError
from lab.run import wait_until

SCRIPT = Path(__file__).with_name("churn.sh")
LOWERS, ALL = ("primary", "standby"), ("master", "primary", "standby")
NUMBERS = (1, 2, 3)

# (how often, what, values for each word)
STEPS = (
    (12, "updown", ALL, ("down", "up", "up")),
    (10, "mtu", ("master", "master", *LOWERS), (1400, 1450, 1500)),
    (6, "mac", ALL, ("52:54:00:77:00:02", "52:54:00:77:55:01")),
    (8, "flag", ALL, ("promisc", "allmulticast"), ("on", "off")),
    (4, "name", LOWERS, ("one", "two", "three")),
    (8, "vlan_add", NUMBERS), (6, "vlan_del", NUMBERS),
    (8, "macvlan_add", NUMBERS), (6, "macvlan_del", NUMBERS),
    (5, "addr_add", NUMBERS), (4, "addr_del", NUMBERS),
    (4, "feature", ("master", "primary"), ("tso", "gso"), ("on", "off")),
    (5, "ctl", ("drain", "undrain", "announce")),
    (4, "console", ("on", "off")),
    (3, "namespace", LOWERS),
    (4, "unbind"), (4, "bind"), (4, "remove"), (5, "rescan"), (2, "power", (0, 1, 1)),
    (1, "standby_gone"), (8, "standby_back"), (1, "reload"),
    (4, "host_plug"), (3, "host_link", ("net0", "vf0"), (False, True, True)),
)
BLOCK = 40                         # steps that the guest gets at a time


def steps(seed, count):
    """That many steps, each a list of words."""
    rng = random.Random(seed)
    kinds = rng.choices(STEPS, [kind[0] for kind in STEPS], k=count)
    return [[kind[1], *(rng.choice(values) for values in kind[2:])] for kind in kinds]


class Churn:
    """Carries them out, and puts the pair back afterwards."""

    def __init__(self, guest):
        self.guest, self.done, self._block = guest, 0, []
        self._leaving = None       # the point in QEMU's events before the last device_del
        guest.send_file(SCRIPT, "/tmp/churn.sh")

    def run(self, todo):
        """All of them; the guest's answers stand in its commands.log."""
        for name, *words in todo:
            if name.startswith("host_"):
                self.flush()
                getattr(self, name)(*words)
                self.done += 1
            else:
                self._block.append(" ".join(map(str, (name, *words))))
                if len(self._block) == BLOCK:
                    self.flush()
        self.flush()

    def flush(self):
        """Have the guest do what has gathered."""
        if self._block:
            text = "\n".join(self._block)
            self.guest.run(f"sh /tmp/churn.sh run <<'END'\n{text}\nEND", timeout=120)
        self.done += len(self._block)
        self._block = []

    def plugged(self):
        """Whether QEMU has the primary, shown to the guest or hidden."""
        there = self.guest.vm.qmp.execute("qom-list", path="/machine/peripheral")
        return any(entry["name"] == "vf0" for entry in there)

    def host_plug(self):
        """The host takes the primary, or gives it back; it may be busy with that."""
        try:
            if self.plugged():
                mark = self.guest.vm.qmp.mark()
                self.guest.vm.qmp.execute("device_del", id="vf0")
                self._leaving = mark
            else:
                self.guest.vm.device_add(self.guest.machine.pairs[0].primary_device())
        except QmpError:
            pass

    def host_link(self, name, up):
        """Carrier as a host's administrator sets it."""
        if name == "net0" or self.plugged():
            try:
                self.guest.vm.set_link(name, up)
            except QmpError:
                pass               # it left meanwhile

    def settle(self):
        """Everything as it was at first, and the pair whole."""
        guest = self.guest
        if self._leaving is not None:
            with suppress(TimeoutError):  # pciehp carries it out after 5 s; a guest may also refuse it
                guest.vm.qmp.wait_event("DEVICE_DELETED", 10, self._leaving, device="vf0")

        def back():
            guest.run(f"sh /tmp/churn.sh restore {guest.machine.pairs[0].mac}; true", timeout=60)
            if not self.plugged():
                self.host_plug()
            for name in ("net0", "vf0"):
                self.host_link(name, True)
            pair = guest.pair()
            return pair if pair.primary and pair.links[pair.primary].get("master") else None
        return wait_until(back, 60, "the primary to be back", 1)


# The core switches LRO off below a VLAN, and on again at whichever change of features comes next.
CORE_OWN = ("large-receive-offload",)
KEYS = ("flags", "mtu", "operstate", "promiscuity", "allmulti", "address", "qdisc", "min_mtu", "max_mtu")


def shape(guest):
    """What can be seen of a pair and must be the same whenever nothing is under way: (role, what) -> value."""
    pair = guest.pair()
    names = {pair.master: "master", pair.standby: "standby", pair.primary: "primary"}
    seen = {("guest", "devices"): len(pair.links)}
    for name, role in names.items():
        link = pair.links[name]
        seen |= {(role, key): sorted(link["flags"]) if key == "flags" else link.get(key) for key in KEYS}
        for line in guest.run(f"ethtool -k {name}").splitlines()[1:]:
            feature, _, state = line.partition(":")
            if feature not in CORE_OWN:
                seen[role, feature.strip()] = state.strip()
    for line in guest.run("cat /proc/net/dev_mcast").splitlines():
        _, name, users, _, address = line.split()
        if name in names:
            seen[names[name], f"group {address}"] = users
    report, = json.loads(guest.execute("failoverctl status --json").out)["pairs"]
    for role in LOWERS:
        seen[role, "state"] = report[role] and (report[role]["state"], report[role]["error"])
    return seen


def changed(before, after):
    """What differs: (role, what) -> both values."""
    return {key: (before.get(key), after.get(key)) for key in sorted({*before, *after})
            if before.get(key) != after.get(key)}


def fell(log):
    """Lines of `watch` in which a counter of one master is below what it was."""
    last, found = {}, []
    for line in re.findall(r"^\d+(?: \d+){4}$", log, re.M):
        index, *values = map(int, line.split())
        if any(new < old for new, old in zip(values, last.get(index, values))):
            found.append(f"{last[index]} -> {values}")
        last[index] = values
    return found, len(last)
