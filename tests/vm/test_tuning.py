# SPDX-License-Identifier: GPL-2.0
"""What an administrator set on the VF is set on the one that comes back: by ethtool, tc, ip and in sysfs.

    before: set each to a value that is not the default     after the migration: look at each again
"""
import shutil

import pytest

from expect import carried_by_primary, carried_by_standby, ready, ready_on_igb
from lab.daemon import ACTIVATE, FINDS, Failoverd, programs
from lab.migrate import migrate
from lab.qemu import Pair, one_thread
from lab.testbed import Images, Testbed

pytestmark = pytest.mark.skipif(not shutil.which(ACTIVATE, path=FINDS), reason=f"NOT RUN: no {ACTIVATE} here")

QUEUES = "cd /sys/class/net/{}/queues"
FLAG = "$(ethtool --show-priv-flags {} | sed -n 's/ *: off$//p' | head -n 1)"
KEY = "$(ethtool -x {} | grep :..:)"
# What, how to look at it, how to change it. {}: the card. A driver need not have all of them. The last
# is one that the kernel tells of, as it does not of RPS and XPS: settled() waits for it.
SETTINGS = [
    ("ring sizes", "ethtool -g {}", "ethtool -G {} rx 512 tx 1024"),
    ("channels", "ethtool -l {}", "ethtool -L {} combined 2"),
    ("coalescing", "ethtool -c {}", "ethtool -C {} rx-usecs 77"),
    ("offloads", "ethtool -k {}", "ethtool -K {} tso off gro off"),
    ("RSS table", "ethtool -x {} | grep '^ *[0-9]*: '", "ethtool -X {} weight 1 3"),
    ("RSS key", "ethtool -x {} | grep :..:",
     f'key="{KEY}"; [ "$key" ] || {{ echo "no RSS key" >&2; exit 1; }}; '
     "ethtool -X {} hkey $(echo $key | tr 0-9 1-90)"),
    ("private flags", "ethtool --show-priv-flags {}",
     f'flag="{FLAG}"; [ "$flag" ] || {{ echo "no private flag" >&2; exit 1; }}; '
     'ethtool --set-priv-flags {} "$flag" on || { echo "$flag: the card has it not" >&2; exit 1; }'),
    ("qdisc", "tc qdisc show dev {} root | sed 's/ [0-9a-f]*: / /'", "tc qdisc replace dev {} root pfifo limit 55"),
    ("RPS", QUEUES + " && cat rx-0/rps_cpus", QUEUES + " && echo 6 > rx-0/rps_cpus"),
    ("XPS", QUEUES + " && cat tx-0/xps_cpus",
     QUEUES + " && { [ -e tx-1 ] || { echo 'one transmit queue' >&2; exit 1; }; } && echo 6 > tx-0/xps_cpus"),
    ("txqueuelen", "cat /sys/class/net/{}/tx_queue_len", "ip link set {} txqueuelen 777"),
]
ALL = {"ring sizes", "offloads", "txqueuelen", "qdisc", "RPS"}
# What must be there to be tested at all, by driver. None of these cards has an RSS key that can be set.
HAVE = {"e1000e": ALL | {"coalescing"}, "vmxnet3": ALL | {"RSS table", "XPS"},
        "igb": ALL | {"coalescing", "channels", "RSS table", "private flags", "XPS"}}


@pytest.fixture
def bed(images, evidence):
    """A test bed whose guests have failoverd."""
    testbed = Testbed(Images(images.kernel, (*images.programs, *programs()), images.ours), evidence)
    yield testbed
    found = testbed.close()
    assert not found, found


def look(guest, card):
    """Each setting as text, None where the driver has none."""
    found = {}
    for name, command, _ in SETTINGS:
        done = guest.execute(command.replace("{}", card))
        found[name] = None if done.rc else done.out.replace(card, "CARD").strip()
    return found


def change(guest, card):
    """Changes all that the driver can; what it said where it cannot."""
    refused = {}
    for name, _, command in SETTINGS:
        done = guest.execute(command.replace("{}", card))
        if done.rc:
            refused[name] = (done.err or done.out or "no word").strip().splitlines()[-1]
    return refused


def shown(text, other):
    """The lines that the other has not, for the table."""
    line = ", ".join(" ".join(line.split()) for line in (text or "").splitlines() if line not in other.splitlines())
    return line if len(line) <= 48 else line[:47] + "…"


def table(measured, primary, found, refused):
    """What was changed: as it was by default, before the migration and after it."""
    default, before, after = found
    measured(f"settings of {primary:10}{'by default':49} {'before the migration':49} after it")
    for name, *_ in SETTINGS:
        if name in refused or before[name] == default[name]:
            measured(f"  {name:20}not with this driver: {refused.get(name, 'it stays as it is')}")
        else:
            cells = shown(default[name], before[name]), shown(before[name], default[name]), shown(after[name], default[name])
            measured(f"  {name:20}{cells[0]:49} {cells[1]:49} {cells[2]}")


def settled(guest, daemon, card):
    """failoverd knows how the card is: it looks a moment after each change."""
    guest.wait_until("grep -q '^set txqueuelen=777$' /run/failoverd/settings", what=f"{card}: failoverd to have learned\n"
                     + daemon.told())


def booted(bed, primary, leave_out):
    """The guest, on that primary."""
    if primary == "igb":
        return ready_on_igb(bed, leave_out, smp=4)
    return ready(bed, "ours", Pair(primary=primary), smp=4, accel=one_thread())


def moved(guest):
    """A live migration, with the VF away meanwhile: by QEMU, or by hand, as before it knew of pairs."""
    by_hand = not guest.machine.pairs[0].hidden
    if by_hand:
        guest.vm.device_del("vf0")
    assert migrate(guest).status == "completed"
    if by_hand:
        guest.vm.device_add(guest.machine.pairs[0].primary_device())


@pytest.mark.parametrize("primary", [pytest.param("e1000e", marks=pytest.mark.soak),
                                     pytest.param("vmxnet3", marks=pytest.mark.soak), "igb"])
def test_back_after_a_migration(bed, measured, leave_out, primary):
    """Each setting that the driver has is equal before and after; the table shows them."""
    guest, pair = booted(bed, primary, leave_out)
    daemon = Failoverd(guest).start(slots=False)
    guest.wait_until("grep -q '^has ' /run/failoverd/settings")
    default = look(guest, pair.primary)
    refused = change(guest, pair.primary)
    before = look(guest, pair.primary)
    changed = [name for name, *_ in SETTINGS if name not in refused and before[name] != default[name]]
    assert HAVE[primary] <= set(changed), (refused, default, before)
    settled(guest, daemon, pair.primary)
    carried_by_primary(guest)
    moved(guest)
    again = guest.wait_paired()
    daemon.wait_told(rf"^{again.master}: the primary \({again.primary}\) (has|does not have all) its settings: ", timeout=60)
    guest.wait_carrier(again.primary)
    carried_by_primary(guest)
    after = look(guest, again.primary)
    table(measured, primary, (default, before, after), refused)
    assert {name: after[name] for name in changed} == {name: before[name] for name in changed}, daemon.told()
    assert "NET_FAILOVER_SETTINGS_FAILED=0\n" in daemon.told(), daemon.told()


def test_another_driver(bed):
    """Wishes are put on a card of another driver as far as it can; the rest is said once; a restart forgets nothing."""
    guest, pair = ready(bed, "ours", Pair(primary="e1000e"), smp=2)
    daemon = Failoverd(guest).start(slots=False)
    guest.wait_until("grep -q '^has ' /run/failoverd/settings")
    guest.run(f"ethtool -G {pair.primary} rx 512 && ethtool -C {pair.primary} rx-usecs 77 && "
              f"ip link set {pair.primary} txqueuelen 777")
    settled(guest, daemon, pair.primary)
    carried_by_primary(guest)
    guest.vm.device_del("vf0")
    carried_by_standby(guest)
    daemon.signal("KILL")
    daemon.start(slots=False)
    guest.vm.device_add({**guest.machine.pairs[0].primary_device(), "driver": "vmxnet3"})
    again = guest.wait_paired()
    told = daemon.wait_told(rf"^{again.master}: the primary \({again.primary}\) does not have all its settings: (.*)$",
                            timeout=60)
    assert "coalesce.rx-usecs=77 (the driver has none)" in told[1] and "ring.rx" in told[1], told[0]
    assert daemon.told().count("does not have all its settings") == 1
    assert guest.run(f"ethtool -g {again.primary} | grep '^RX:' | tail -n 1").split()[1] == "512"
    assert guest.run(f"cat /sys/class/net/{again.primary}/tx_queue_len").strip() == "777"
    # What another driver had by default is not forced on this one.
    assert "tso" not in told[1] and "feature" not in told[1], told[0]


def test_offloads_of_the_master(bed):
    """What the master takes off its cards is no wish of theirs; what a card alone has off is, for the next one, too."""
    def offload(card, name):
        return guest.run(f"ethtool -k {card} | sed -n 's/^{name}: //p'").split()[0]
    guest, pair = ready(bed, "ours", Pair(primary="e1000e"))
    daemon = Failoverd(guest).start(slots=False)
    guest.wait_until("grep -q '^has feature.rx-checksum=on' /run/failoverd/settings")
    guest.run(f"ethtool -K {pair.master} rx off && ethtool -K {pair.primary} rxhash off && "
              f"ip link set {pair.primary} txqueuelen 777")
    settled(guest, daemon, pair.primary)
    carried_by_primary(guest)
    guest.vm.device_del("vf0")
    carried_by_standby(guest)
    guest.vm.device_add(guest.machine.pairs[0].primary_device())
    again = guest.wait_paired()
    told = daemon.wait_told(rf"^{again.master}: the primary \({again.primary}\) has its settings: (.*)$", timeout=60)
    assert "feature.rx-hashing" in told[1] and "feature.rx-checksum" not in told[1], told[0]
    assert [offload(again.primary, name) for name in ("receive-hashing", "rx-checksumming")] == ["off", "off"]
    guest.run(f"ethtool -K {again.master} rx on")
    guest.wait_until(lambda: offload(again.primary, "rx-checksumming") == "on")
    assert offload(again.primary, "receive-hashing") == "off"
    guest.run("grep -q '^has feature.rx-checksum=on' /run/failoverd/settings")


# Runs failoverd-tune, and the first one is killed as soon as it holds the primary back.
DYING_TUNE = """#!/bin/sh
me=$$
[ -e /tmp/killed ] || (
	until read active </sys/class/net/MASTER/net_failover/active_role && [ "$active" != primary ]; do :; done
	echo >/tmp/killed
	kill -9 $me
) >/dev/null 2>&1 </dev/null &
exec /bin/failoverd-tune
"""


def test_killed_halfway(bed):
    """failoverd-tune killed while it holds the primary back: failoverd sees to it that it is used again."""
    guest, pair = ready(bed, "ours", smp=2)
    guest.run(f"cat >/bin/dying-tune <<'END'\n{DYING_TUNE.replace('MASTER', pair.master)}END\nchmod +x /bin/dying-tune")
    daemon = Failoverd(guest, "[Settings]\nSet=all ring.rx=512\nSet=all ring.tx=512\nSet=all feature.rx-checksum=off")
    daemon.tune = "/bin/dying-tune"
    daemon.start(slots=False)
    guest.wait_until("grep -q 'was still held back, and is used again' /tmp/tune.out",
                     what="another failoverd-tune to let the primary go")
    daemon.wait_told(rf"^{pair.master}: the primary \({pair.primary}\) is no longer held back")
    guest.wait_until(f"grep -q primary /sys/class/net/{pair.master}/net_failover/active_role")
    carried_by_primary(guest)


def test_fixed_by_configuration(bed):
    """What failoverd.conf says is set on the first VF, too; Restore=no leaves everything alone."""
    guest = bed.boot("ours", smp=2)
    mac = guest.machine.pairs[0].mac
    daemon = Failoverd(guest, f"[Settings]\nSet={mac} ring.rx=512\nSet=all txqueuelen=55\n"
                              "Set=00:00:00:00:00:01 ring.rx=1024").start(slots=False)
    pair = guest.wait_paired()
    guest.address(pair.master)
    daemon.wait_told(rf"^{pair.master}: the primary \({pair.primary}\) has its settings: .*ring.rx")
    guest.wait_carrier(pair.primary)
    assert guest.run(f"cat /sys/class/net/{pair.primary}/tx_queue_len").strip() == "55"
    guest.vm.device_del("vf0")
    guest.wait_until(lambda: not guest.pair().primary)
    guest.run("echo '[Settings]\nRestore=no' >/tmp/conf")
    daemon.signal("HUP")
    guest.vm.device_add(guest.machine.pairs[0].primary_device())
    again = guest.wait_paired()
    guest.wait_carrier(again.primary)
    assert guest.run(f"cat /sys/class/net/{again.primary}/tx_queue_len").strip() != "55"
