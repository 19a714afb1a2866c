# SPDX-License-Identifier: GPL-2.0
"""failoverctl in real guests: it says what QEMU says happened, and what is true at each step."""
import json
import time
from datetime import datetime

import pytest

from expect import carried_by_primary, carried_by_standby, nothing_lost, ready
from lab import run
from lab.flow import Echo
from lab.migrate import migrate

GOOD, DEGRADED, BAD, UNKNOWN = 0, 1, 2, 3
SLACK = 0.3                        # seconds by which both clocks may be compared wrongly
PATIENCE = 20 * run.PATIENCE       # seconds that a step of the guest may take, on a busy machine


def ask(guest, *words):
    """Exit code and JSON of a command."""
    done = guest.execute(f"failoverctl {' '.join(words)} --json")
    assert done.out, done.err
    return done.rc, json.loads(done.out)


def history(guest, after=0):
    """The events since that one."""
    code, told = ask(guest, "history")
    assert code == GOOD
    return [event for event in told["events"] if event["seq"] > after]


def short(event):
    """An event in a few words."""
    if event["event"] == "switch":
        return f"switch to {event['to']}: {event['reason']}"
    return " ".join(word for word in (event["event"], event["role"]) if word)


def clock(guest):
    """How far the guest's clock is ahead; the best of some, as each takes a while."""
    tries = []
    for _ in range(5):
        start = time.monotonic()
        offset = guest.clock()
        tries.append((time.monotonic() - start, offset))
    return min(tries)[1]


def when(event, offset):
    """When it happened, by our clock."""
    return datetime.fromisoformat(event["time"].replace("Z", "+00:00")).timestamp() - offset


def in_order(*steps):
    """Each (what, time) is not before the one ahead of it."""
    for (first, start), (second, end) in zip(steps, steps[1:]):
        assert start - SLACK <= end <= start + PATIENCE, \
            f"{second} {1000 * (end - start):+.0f} ms after {first}: {steps}"


def true_state(guest, active, reason, code, ready_code=None):
    """What status and check must say now; gives status's pair."""
    rc, report = ask(guest, "status")
    shown, = report["pairs"]
    assert (rc, shown["active"], shown["reason"]) == (code, active, reason), report
    rc, answer = ask(guest, "check")
    assert rc == (code if ready_code is None else ready_code), answer
    assert answer["state"] == ("ready", "degraded", "not-ready", "unknown")[rc]
    return shown


LEFT = ["leaving primary", "switch to standby: primary-leaving", "released primary"]
CAME = ["claimed primary", "configured primary", "switch to primary: primary-fit"]


def test_tells_what_qemu_tells(lab):
    """An unplug, a replug and a migration: history and monitor tell QMP's story, at QMP's times."""
    guest, pair = ready(lab, "ours")
    last = history(guest)[-1]["seq"]
    switches = true_state(guest, "primary", "primary-fit", GOOD)["switches"]
    guest.spawn("failoverctl", "monitor", "--json")
    guest.wait_until("grep -q state /tmp/failoverctl.out")
    offset = clock(guest)

    asked = time.time()
    deleted = guest.vm.device_del("vf0")["time"]
    carried_by_standby(guest)
    assert true_state(guest, "standby", "no-primary", DEGRADED)["primary"] is None
    gone = history(guest, last)
    assert [short(event) for event in gone] == LEFT
    in_order(("device_del", asked), *((short(e), when(e, offset)) for e in gone), ("DEVICE_DELETED", deleted))
    assert {event["lower"] for event in gone} == {pair.primary, pair.standby}

    asked = time.time()
    guest.vm.device_add(guest.machine.pairs[0].primary_device())
    guest.wait_carrier(guest.wait_paired().primary)
    carried_by_primary(guest)
    true_state(guest, "primary", "primary-fit", GOOD)
    came = history(guest, gone[-1]["seq"])
    assert [short(event) for event in came] == CAME
    in_order(("device_add", asked), *((short(e), when(e, offset)) for e in came))

    offset = clock(guest)
    result = migrate(guest)
    guest.wait_carrier(guest.wait_paired().primary)
    carried_by_primary(guest)
    assert true_state(guest, "primary", "primary-fit", GOOD)["switches"] == switches + 4
    moved = history(guest, came[-1]["seq"])
    assert [short(event) for event in moved] == LEFT + CAME
    in_order(("UNPLUG_PRIMARY", result.unplug), *((short(e), when(e, offset)) for e in moved[:3]),
             ("STOP", result.stop))
    offset = clock(guest)          # it stood still while the guest did
    in_order(("RESUME", result.resume), *((short(e), when(e, offset)) for e in moved[3:]))

    guest.reap("failoverctl")
    state, *told = map(json.loads, guest.run("cat /tmp/failoverctl.out").splitlines())
    assert state["type"] == "state" and state["pairs"][0]["active"] == "primary"
    assert told == gone + came + moved


def test_in_tree_module(lab):
    """Without our module status, check and monitor tell QMP's story, and what is missing; the rest says why not."""
    guest, pair = ready(lab, "intree")
    guest.spawn("failoverctl", "monitor", "--json")
    guest.wait_until("grep -q state /tmp/failoverctl.out")
    shown = true_state(guest, "primary", "primary-fit", DEGRADED)
    assert shown["derived"] and shown["switches"] is None
    guest.vm.device_del("vf0")
    carried_by_standby(guest)
    true_state(guest, "standby", "no-primary", DEGRADED)
    guest.vm.device_add(guest.machine.pairs[0].primary_device())
    guest.wait_carrier(guest.wait_paired().primary)
    true_state(guest, "primary", "primary-fit", DEGRADED)
    wanted = ["released primary", "switch to standby: no-primary", "claimed primary"]

    def told():
        lines = map(json.loads, guest.run("cat /tmp/failoverctl.out").splitlines())
        return [event for event in lines if event["type"] == "event"]

    def back(switches):
        return [short(event) for event in told()].count("switch to primary: primary-fit") == switches
    guest.wait_until(lambda: back(1))
    assert [short(event) for event in told() if "switch to primary" not in short(event)] == wanted
    before, offset = len(told()), clock(guest)
    result = migrate(guest)
    guest.wait_carrier(guest.wait_paired().primary)
    guest.wait_until(lambda: back(2))
    true_state(guest, "primary", "primary-fit", DEGRADED)
    moved = told()[before:]
    assert [short(event) for event in moved] == [*wanted, "switch to primary: primary-fit"]
    in_order(("UNPLUG_PRIMARY", result.unplug), *((short(e), when(e, offset)) for e in moved[:2]),
             ("STOP", result.stop))
    offset = clock(guest)
    in_order(("RESUME", result.resume), *((short(e), when(e, offset)) for e in moved[2:]))
    assert all(event["derived"] and event["seq"] is None for event in told())
    guest.reap("failoverctl")
    assert "in-tree" in guest.execute("failoverctl status").out
    assert "in-tree" in guest.execute("failoverctl check").out
    assert "in-tree" in guest.run("failoverctl monitor --timeout=0.1")
    for command in ("history", f"drain {pair.master}", f"undrain {pair.master}"):
        done = guest.execute(f"failoverctl {command}")
        assert done.rc == UNKNOWN and "(in-tree) module cannot" in done.err, (command, done)


def test_drain_and_undrain(lab):
    """Traffic moves to the standby and back, and nothing is lost."""
    guest, pair = ready(lab, "ours")
    last = history(guest)[-1]["seq"]
    with Echo(guest) as echo:
        echo.go_on()
        guest.run(f"failoverctl drain {pair.master}")
        carried_by_standby(guest)
        true_state(guest, "standby", "primary-drained", DEGRADED, GOOD)
        echo.go_on()
        guest.run(f"failoverctl undrain {pair.master}")
        carried_by_primary(guest)
        true_state(guest, "primary", "primary-fit", GOOD)
        echo.go_on()
    nothing_lost(echo.result)
    assert [short(event) for event in history(guest, last)] == [
        "drained primary", "switch to standby: primary-drained",
        "undrained primary", "switch to primary: primary-fit"]


def test_drain_ends_with_the_primary(lab):
    """A primary that was unplugged while drained is used when it comes back."""
    guest, pair = ready(lab, "ours")
    guest.run(f"failoverctl drain {pair.master}")
    guest.vm.device_del("vf0")
    guest.vm.device_add(guest.machine.pairs[0].primary_device())
    guest.wait_carrier(guest.wait_paired().primary)
    carried_by_primary(guest)
    true_state(guest, "primary", "primary-fit", GOOD)


def test_drain_is_refused(lab):
    """Not to a standby without carrier: it says so, and traffic stays where it is."""
    guest, pair = ready(lab, "ours")
    with Echo(guest) as echo:
        echo.go_on()
        guest.vm.set_link("net0", False)
        guest.wait_carrier(pair.standby, False)
        done = guest.execute(f"failoverctl drain {pair.master}")
        assert done.rc == BAD and "the standby cannot carry traffic" in done.err, done
        echo.go_on()
        true_state(guest, "primary", "primary-fit", GOOD, BAD)
    nothing_lost(echo.result)
    guest.vm.set_link("net0", True)
    guest.wait_carrier(pair.standby)
    guest.vm.device_del("vf0")
    carried_by_standby(guest)
    done = guest.execute(f"failoverctl drain {pair.master}")
    assert done.rc == BAD and "there is no primary" in done.err, done


@pytest.mark.parametrize("who", ["su -s /bin/sh nobody -c", "unshare --user --map-root-user sh -c"],
                         ids=["nobody", "root-of-another-user-namespace"])
def test_unprivileged(lab, who):
    """Others than the administrator may look, and may change nothing."""
    guest, pair = ready(lab, "ours")
    guest.run("printf 'root:x:0:0::/root:/bin/sh\\nnobody:x:65534:65534::/tmp:/bin/sh\\n' >/etc/passwd")
    before = guest.run("failoverctl history")
    for command, code in (("status", GOOD), ("status --json", GOOD), ("check", GOOD), ("history", GOOD),
                          ("monitor --timeout=0.2", GOOD), ("metrics", GOOD)):
        done = guest.execute(f"{who} 'failoverctl {command}'")
        assert done.rc == code and pair.master in done.out and not done.err, (command, done)
    for command in ("drain", "undrain", "announce"):
        done = guest.execute(f"{who} 'failoverctl {command} {pair.master}'")
        assert done.rc == UNKNOWN and "not permitted" in done.err, (command, done)
    assert guest.run("failoverctl history") == before


def test_another_network_namespace(lab):
    """In a namespace without the master there is no pair, also for its root."""
    guest, pair = ready(lab, "ours")
    inside = "unshare --user --map-root-user --net sh -c"
    done = guest.execute(f"{inside} 'failoverctl history --json'")
    assert done.rc == GOOD and not json.loads(done.out)["events"], done
    done = guest.execute(f"{inside} 'failoverctl drain {pair.master}'")
    assert done.rc == UNKNOWN and done.err, done
