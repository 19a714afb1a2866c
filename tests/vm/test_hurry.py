# SPDX-License-Identifier: GPL-2.0
"""The five seconds of native PCIe hot-plug: failoverd completes the removal that the host asked for.

    peer ── br0 ─┬─ standby, VF   source QEMU: migrate, wait-unplug … the button … power off
                 └─ standby, VF   destination QEMU
"""
import json
from statistics import median

import pytest

from expect import back, carried_by_standby, judged, nothing_lost, outside, ready
from lab.daemon import Failoverd
from lab.floor import PLAIN, Plain
from lab.flow import Echo, around, describe
from lab.migrate import migrate
from lab.qemu import Pair

AT_ONCE = r"the host wants the primary \(\w+\) back: it leaves at once$"
PRESSED = "dmesg | grep -q -e 'ing off due to button press' -e 'will power off in 5 sec'"
PORT = "pcieport 0000:00:02.0: pciehp:"
SLOT = "2"                         # of the primary


def waited(result):
    """For how long QEMU waited for the guest to let the VF go."""
    return result.phases["active"] - result.phases["wait-unplug"]


def migrated(guest, name):
    """One migration under traffic in both directions: the migration, the traffic, and plain virtio-net beside it."""
    with Echo(guest, name=name) as echo, Plain(guest, name=f"{name}-plain") as plain:
        echo.go_on()
        result = migrate(guest)
        assert result.status == "completed"
        back(guest)
        echo.go_on()
    return result, echo.result, plain


def moved(guest, measured, what):
    """One migration; nothing is lost; how long QEMU waited."""
    result, stream, plain = migrated(guest, what.replace(" ", "-"))
    measured(f"pciehp, {what}: wait-unplug {waited(result):.2f} s, pause {result.pause_ms:.0f} ms; "
             f"{describe(stream)}; plain virtio-net beside it: {describe(plain.result)}")
    nothing_lost(stream, result, plain.floor(result))
    return waited(result)


def test_a_third(with_failoverd, measured):
    """QEMU waits at most a third as long; as long as without, where failoverd is stopped."""
    guest, _ = ready(with_failoverd, "ours", Pair(), PLAIN, hotplug="pciehp")
    without = moved(guest, measured, "without failoverd")
    daemon = Failoverd(guest).start()
    hurried = moved(guest, measured, "with failoverd")
    daemon.wait_told(AT_ONCE)
    assert not judged() or hurried <= without / 3, daemon.told()
    daemon.signal("STOP")
    stopped = moved(guest, measured, "failoverd stopped")
    assert hurried < stopped
    assert not judged() or stopped <= 1.5 * without


@pytest.mark.soak
def test_a_third_fifty_times(with_failoverd, measured):
    """Each of fifty migrations; all of them are made, also after one that lost something."""
    guest, _ = ready(with_failoverd, "ours", Pair(), PLAIN, hotplug="pciehp")
    without = moved(guest, measured, "without failoverd")
    daemon = Failoverd(guest).start()
    took, wrong = [], {}
    for number in range(50):
        result, stream, plain = migrated(guest, f"hurried-{number}")
        took.append(waited(result))
        lost = outside(stream, result, plain.floor(result))
        if lost or stream.extras:
            wrong[number] = f"{lost} lost outside the pause, {around(stream, result)}; {describe(stream)}"
    measured(f"pciehp, {len(took)} times with failoverd: wait-unplug {min(took):.2f} to {max(took):.2f} s, median "
             f"{median(took):.2f} s; in {len(wrong)} of them something was lost outside the pause, or came twice")
    assert not wrong, wrong
    assert max(took) <= without / 3, (took, daemon.told())


def test_killed_in_the_middle(with_failoverd, measured):
    """By SIGKILL, once the kernel told of the request, and once failoverd asked for it to be completed."""
    guest, _ = ready(with_failoverd, "ours", Pair(), PLAIN, hotplug="pciehp")
    daemon = Failoverd(guest)
    for when, condition in (("heard", PRESSED), ("asked", f"grep -q 'leaves at once' {daemon.out}")):
        guest.run(f"rm -f {daemon.out}; dmesg -c >/dev/null")
        daemon.start()
        guest.run(f"(until {condition}; do sleep 0.02; done; kill -9 $(cat /tmp/failoverd.pid); "
                  f"echo >/tmp/killed-{when}) >/dev/null 2>&1 &")
        moved(guest, measured, f"failoverd killed when it had {when}")
        assert guest.ok(f"[ -e /tmp/killed-{when} ]")


def switch_time(guest):
    """From the moment at which the primary's removal was announced until the standby was in use, in ms."""
    events = json.loads(guest.run("failoverctl history --json"))["events"]
    last = {event["event"]: event for event in events}
    return (last["switch"]["boottime_ns"] - last["leaving"]["boottime_ns"]) / 1e6


def switched(guest, name, times=3):
    """The quickest of some removals, by hand, which begin at once; nothing is lost in any."""
    took = []
    with Echo(guest, name=name) as echo:
        for _ in range(times):
            primary = guest.wait_paired().primary
            device = guest.run(f"basename $(readlink -f /sys/class/net/{primary}/device)").strip()
            guest.run(f"echo {device} >/sys/bus/pci/drivers/vmxnet3/unbind")
            carried_by_standby(guest)
            took.append(switch_time(guest))
            guest.run(f"echo {device} >/sys/bus/pci/drivers/vmxnet3/bind")
            back(guest)
    nothing_lost(echo.result)
    return min(took)


def test_switch_needs_no_daemon(with_failoverd, measured):
    """Stopped, or eating all the CPU: the switch takes as long as without it, and costs as little."""
    guest, _ = ready(with_failoverd, "ours", Pair(primary="vmxnet3"), hotplug="pciehp")
    daemon = Failoverd(guest)
    without = switched(guest, "without")
    daemon.start().signal("STOP")
    stopped = switched(guest, "stopped")
    daemon.signal("CONT")
    guest.run("while kill -HUP $(cat /tmp/failoverd.pid); do :; done >/dev/null 2>&1 &")
    eating = switched(guest, "eating")
    measured(f"switch after a removal began: without failoverd {without:.0f} ms, with one that is stopped "
             f"{stopped:.0f} ms, that eats the CPU {eating:.0f} ms")
    assert not judged() or max(stopped, eating) <= 2 * without


def press(guest):
    """The host asks for the VF, without waiting for it."""
    guest.run("dmesg -c >/dev/null")
    mark = guest.vm.qmp.mark()
    guest.vm.qmp.execute("device_del", id="vf0")
    guest.wait_until(PRESSED)
    return mark


def gone(guest, mark):
    """The guest has let it go."""
    guest.vm.qmp.wait_event("DEVICE_DELETED", 30, mark, device="vf0")
    guest.wait_until(lambda: not guest.pair().primary)


def test_standby_unfit(with_failoverd):
    """Its host's link is down: failoverd says so and leaves the five seconds, in which it may come up."""
    guest, pair = ready(with_failoverd, "ours", hotplug="pciehp")
    daemon = Failoverd(guest).start()
    guest.vm.set_link("net0", False)
    guest.wait_carrier(pair.standby, up=False)
    with Echo(guest) as echo:
        mark = press(guest)
        daemon.wait_told(rf"^{pair.master}: the host wants the primary \({pair.primary}\) back: "
                         rf"not hurried, the standby \({pair.standby}\) has no carrier$", 4)
        guest.vm.set_link("net0", True)
        gone(guest, mark)
        carried_by_standby(guest)
    nothing_lost(echo.result)


def test_cancelled(with_failoverd, say_module):
    """Taken back in time, or never asked for: nothing is removed. QEMU cannot press twice, so that the kernel's
    words of the second press come from a module; the first press is real."""
    guest, _ = ready(with_failoverd, "ours", hotplug="pciehp", extra_modules=[say_module])
    daemon = Failoverd(guest).start()
    guest.run("modprobe nfo_say")
    guest.run(f"echo '<6>{PORT} Slot({SLOT}): Powering off due to button press' >/dev/kmsg")
    ask = f"echo 'off {SLOT}' | failoverd-slot"
    assert "no removal is pending\n" in guest.execute(ask).out
    daemon.signal("STOP")
    guest.run("dmesg -c >/dev/null")
    # In the guest, so that no stall of the host makes it last for five seconds.
    guest.run(f"""(until {PRESSED}; do sleep 0.02; done
        echo '{PORT} Slot({SLOT}): Button press: canceling request to power off' >/sys/module/nfo_say/parameters/say
        kill -CONT $(cat /tmp/failoverd.pid)
        until grep -q 'to stay: it has changed its mind$' {daemon.out}; do sleep 0.02; done
        {ask}
        cat /sys/bus/pci/slots/{SLOT}/power) >/tmp/cancelled 2>&1 &""")
    guest.vm.device_del("vf0")     # the kernel itself hears of no second press, and removes it in the end
    assert guest.run("grep -v ^failoverd-slot /tmp/cancelled") == f"slot {SLOT}: no removal is pending any more\n1\n"
    assert "at once" not in daemon.told()


def test_words_lost(with_failoverd):
    """More was said than the kernel keeps: the request may have been taken back since, so it is left alone."""
    guest, _ = ready(with_failoverd, "ours", hotplug="pciehp")
    daemon = Failoverd(guest).start()
    daemon.signal("STOP")
    mark = press(guest)
    guest.run("echo on >/proc/sys/kernel/printk_devkmsg; words=$(printf '<7>%0900d' 0); i=0; "
              "while [ $i -lt 2000 ]; do i=$((i + 1)); echo \"$words\" >/dev/kmsg; done")
    assert not guest.ok(PRESSED)
    daemon.signal("CONT")
    gone(guest, mark)
    daemon.wait_told(r"the primary \(\w+\) is gone$")
    assert "the host wants" not in daemon.told()
