# SPDX-License-Identifier: GPL-2.0
"""What a debug kernel knows at a guest's end that its log does not say by itself."""
import re

# kmemleak tells of a block only when two scans found no pointer to it, and it is five seconds old.
SCAN = "echo scan > /sys/kernel/debug/kmemleak"
KCSAN = "/sys/kernel/debug/kcsan"
# As the log's lines look in which the lab seeks complaints.
COMPLAINT = "BUG: {}"


# Who forgets memory without us: igb its interrupt vectors, when it gets fewer queues.
FORGETFUL = re.compile(r"\] igb_alloc_q_vector")


def watch_races(guest):
    """Have KCSAN watch from now on, each 500th access; a boot under it takes long and tells nothing."""
    guest.run(f"echo 500 >/sys/module/kcsan/parameters/skip_watch; echo on >{KCSAN}")


def verdict(guest, kernel):
    """What is wrong with a guest that is about to end, as lines for its log.

    The module is unloaded: what it forgot to free has no pointer to it any more then, and what still
    holds it is a reference too many. Not in a guest that was migrated: QEMU 7.2 ends when a virtio-net
    card is reset whose announcement was made by others (announce_rounds=0, see migrate.py).
    """
    if kernel.kcsan and "enabled: 1" not in guest.run(f"cat {KCSAN}"):
        yield COMPLAINT.format("KCSAN has switched itself off on the way")
    if kernel.debug and guest.run("sed -n 's/^ *debug_locks: *//p' /proc/lockdep_stats").strip() != "1":
        yield COMPLAINT.format("lockdep has switched itself off on the way")
    if not guest.past and not guest.ok("modprobe -r virtio_net net_failover", timeout=60):
        yield COMPLAINT.format("net_failover cannot be unloaded: something holds it")
    if not kernel.debug:
        return
    if guest.ok("test -e /sys/kernel/debug/kmemleak"):
        yield from leaks(guest)
    else:
        yield COMPLAINT.format("no kmemleak: it was not built in, or switched itself off")


def leaks(guest):
    """Memory that nothing points to; the backtraces go to the evidence."""
    guest.run(f"{SCAN}; sleep 5; {SCAN}", timeout=120)
    report = guest.run("cat /sys/kernel/debug/kmemleak")
    if report.strip():
        (guest.evidence / "kmemleak.log").write_text(report)
    for block in re.split(r"^(?=unreferenced object )", report, flags=re.M)[1:]:
        if not FORGETFUL.search(block):
            yield COMPLAINT.format(f"kmemleak: {block.splitlines()[0]}")
