# SPDX-License-Identifier: GPL-2.0
"""Module and programs of different ages: what both know works, what one lacks is said in clear words.

    older module     from git, before events; and today's without what was appended last
    newer module     today's, with attributes, a kind of event, a reason and a state that nobody knows yet
    older programs   from git, the first failoverctl and the first failoverd
"""
import json
import re
import subprocess

import pytest

from expect import carried_by_standby, ready
from lab.run import BUILD, TOP, sh
from lab.testbed import Images, Testbed
from test_daemon import start, told, wait_told

GOOD, DEGRADED, UNKNOWN = 0, 1, 3
HEADER = "kmod/include/uapi/linux/net_failover.h"
PUT = r"(?:nla|nfo)_put_\w+\(msg, NET_FAILOVER_A_{}, (?:[^()]|\([^()]*\))*\)"
APPENDED = ("FLOOD_LOST", "LOWER_RX_IGNORED", "LOWER_TX_SILENCED", "EVENT_GAP", "EVENT_DROPPED",
            "EVENT_REALTIME", "SINCE", "SWITCHES", "LOWER_ERROR")


def git(*words):
    """What git says about this project; None where there is no (whole) history."""
    done = subprocess.run(["git", "-C", TOP, *words], capture_output=True, check=False)
    return None if done.returncode else done.stdout


@pytest.fixture
def history(leave_out):
    """Calling it unpacks paths as they were at a revision, once; gives the folder."""
    top = git("rev-parse", "--show-toplevel")
    if not top or top.decode().strip() != str(TOP) or git("rev-parse", "--is-shallow-repository") != b"false\n":
        leave_out("older versions", "no git history here (this is a tarball or a shallow clone)")

    def unpack(revision, *paths):
        where = BUILD / "tests/old" / git("rev-parse", "--short", revision).decode().strip()
        where.mkdir(parents=True, exist_ok=True)
        subprocess.run(["tar", "-x", "-C", where], input=git("archive", revision, *paths), check=True)
        return where
    return unpack


def first(path, *search):
    """The commit that brought a file, or text into it."""
    return git("log", "--reverse", "--format=%H", *search, "--", path).decode().split()[0]


def build_module(kernel, where):
    """The module of a source tree."""
    sh("make", "-C", kernel.kdir, f"M={where}", "modules", timeout=600)
    return where / "net_failover.ko"


def amended(kernel, name, amend):
    """Today's module with another netlink.c: amend(text) -> text."""
    where = BUILD / "tests" / f"module-{name}"
    where.mkdir(parents=True, exist_ok=True)
    sh("cp", "-rp", *(TOP / part for part in ("Kbuild", "dkms.conf", "kmod")), where)
    source = where / "kmod/netlink.c"
    source.write_text(amend(source.read_text(encoding="utf-8")))
    return build_module(kernel, where)


def cut(text):
    """Without what was appended last."""
    for name in APPENDED:
        text, count = re.subn(PUT.format(name), "0", text)
        assert count == 1, name
    return text


def newer(text):
    """With what nobody knows yet."""
    for old, new in (
            ("nla_put_u32(msg, NET_FAILOVER_A_IFINDEX, pair->dev->ifindex) ||",
             r'\g<0> nla_put_string(msg, 200, "new") ||'),
            ("nla_put_u32(msg, NET_FAILOVER_A_LOWER_IFINDEX, dev->ifindex) ||", r"\g<0> nla_put_u32(msg, 201, 7) ||"),
            ("nfo_put_u64(msg, NET_FAILOVER_A_EVENT_SEQ, event->seq) ||", r"\g<0> nla_put_u32(msg, 202, 7) ||"),
            ("NET_FAILOVER_A_REASON, decision.reason", r"\g<0> + 70"),
            ("NET_FAILOVER_A_LOWER_STATE, nfo_lower_state(lower)", r"\g<0> | 1 << 20"),
            ("NET_FAILOVER_A_EVENT_KIND, event->kind",
             r"NET_FAILOVER_A_EVENT_KIND, event->kind == NET_FAILOVER_EVENT_CONFIGURED ? 60 : event->kind")):
        text, count = re.subn(re.escape(old), new, text)
        assert count == 1, old
    return text


@pytest.fixture
def boot(images, evidence):
    """Boots a complete pair with this module (path; None: today's) and these programs instead of today's."""
    beds = []

    def made(module=None, programs=()):
        names = {program.name for program in programs}
        today = (*images.programs, BUILD / "userspace/failoverd")
        bed = Testbed(Images(images.kernel, (*(p for p in today if p.name not in names), *programs),
                             (lambda: module) if module else images.ours), evidence)
        beds.append(bed)
        return ready(bed, "ours")
    yield made
    found = [line for bed in beds for line in bed.close()]
    assert not found, found


def shown(guest, command, code=GOOD):
    """The JSON of a command that must end so, silently."""
    done = guest.execute(f"failoverctl {command} --json")
    assert done.rc == code and not done.err, done
    return json.loads(done.out)


def unplug(guest):
    """The primary leaves."""
    guest.vm.device_del("vf0")
    carried_by_standby(guest)


def test_older_module(boot, history, kernel):
    """One without events: how it stands is shown; they are concluded from links; the rest says why not."""
    module = build_module(kernel, history(first(HEADER, "-SNET_FAILOVER_CMD_EVENT_GET") + "^",
                                          "Kbuild", "dkms.conf", "kmod"))
    guest, pair = boot(module)
    start(guest)
    wait_told(guest, "^net_failover .* is older than failoverd and tells nothing: ")
    guest.spawn("failoverctl", "monitor", "--timeout=60")
    guest.wait_until("grep -q '^! the loaded module is too old to tell events' /tmp/failoverctl.out")
    state, = shown(guest, "status")["pairs"]
    assert state["active"] == "primary" and not state["derived"] and state["switches"]
    assert shown(guest, "check")["state"] == "ready"
    for command in ("history", f"drain {pair.master}", f"announce {pair.master}"):
        done = guest.execute(f"failoverctl {command}")
        assert done.rc == UNKNOWN and re.fullmatch(r"failoverctl .* is too old for this\n", done.err), done
    unplug(guest)
    wait_told(guest, rf"^{pair.master}: on the standby \({pair.standby}\) now: ")
    guest.wait_until("grep -q 'primary -> standby' /tmp/failoverctl.out")


def test_module_without_what_was_appended(boot, kernel):
    """Each fact that it does not tell is left out, and nothing else."""
    guest, pair = boot(amended(kernel, "cut", cut))
    start(guest)
    state, = shown(guest, "status")["pairs"]
    assert state["active"] == "primary" and state["switches"] is None
    assert pair.primary in guest.run("failoverctl status")
    assert shown(guest, "check")["state"] == "ready"
    assert guest.ok("failoverctl metrics")
    unplug(guest)
    last = shown(guest, "history")["events"][-2]
    assert (last["event"], last["to"], last["gap_ns"], last["dropped"]) == ("switch", "standby", None, None)
    wait_told(guest, rf"^{pair.master}: on the standby \({pair.standby}\) now: [^;]*$")
    shown(guest, "status", DEGRADED)


def test_newer_module(boot, kernel):
    """What nobody knows yet is named as such or left alone; nothing that is known is hurt by it."""
    guest, pair = boot(amended(kernel, "newer", newer))
    start(guest)
    state, = shown(guest, "status")["pairs"]
    assert (state["active"], state["reason"], state["primary"]["name"]) == ("primary", "newer", pair.primary)
    assert "only a newer failoverctl knows" in guest.run("failoverctl status")
    assert shown(guest, "check")["state"] == "ready"
    assert "newer" in {event["event"] for event in shown(guest, "history")["events"]}
    assert guest.ok("failoverctl history && failoverctl metrics")
    unplug(guest)
    wait_told(guest, rf"^{pair.master}: on the standby \({pair.standby}\) now: the primary is being removed")
    wait_told(guest, rf"^{pair.master}: event 60, which only a newer failoverd knows$")


def test_older_programs(boot, history):
    """They show and tell of today's module what they know."""
    programs = []
    for name in ("failoverctl", "failoverd"):
        tree = history(first(f"userspace/{name}/main.c", "--diff-filter=A"), "userspace", "kmod/include", "dkms.conf")
        sh("make", "-C", tree / "userspace", timeout=300)
        programs.append(tree / "build/userspace" / name)
    guest, pair = boot(programs=programs)
    start(guest)
    wait_told(guest, rf"^{pair.master}: on the primary \({pair.primary}\) now: ")
    state, = shown(guest, "status")["pairs"]
    assert (state["active"], state["reason"]) == ("primary", "primary-fit")
    unplug(guest)
    wait_told(guest, rf"^{pair.master}: on the standby \({pair.standby}\) now: the primary is being removed")
    state, = shown(guest, "status", DEGRADED)["pairs"]
    assert (state["active"], state["reason"]) == ("standby", "no-primary")
    numbers = [int(number) for number in re.findall(r"NET_FAILOVER_SEQ=(\d+)$", told(guest), re.M)]
    assert numbers == list(range(1, len(numbers) + 1))
