# SPDX-License-Identifier: GPL-2.0
"""Anything that may happen to a pair, at random, under traffic: afterwards it is as a fresh one.

The seed stands in the summary; NFO_SEED= runs the same steps again, NFO_STEPS= more of them.
"""
import os
import random

from churn import Churn, changed, fell, shape, steps
from expect import carried_by_primary, judged, ready, usable, whole
from lab.flow import Echo

SEED = int(os.environ.get("NFO_SEED", random.randrange(1 << 32)))


def same_again(guest, fresh, what):
    """Nothing of a pair differs from what it was; what is still under way has a while."""
    try:
        guest.wait_until(lambda: not changed(fresh, shape(guest)), 10)
    except TimeoutError:
        raise AssertionError(f"{what}: not as before: {changed(fresh, shape(guest))}") from None


def churn(lab, measured, count, **options):
    """Do it, and compare."""
    guest, pair = ready(lab, "ours", smp=2, **options)
    # netconsole hears of everything, but of nothing under lockdep: see test_drivers.py.
    guest.run(f"echo {7 if judged() else 1} >/proc/sys/kernel/printk")
    fresh = shape(guest)
    random_steps = Churn(guest)
    what = f"churn, seed {SEED} {options}"
    print(what)                    # shown with whichever failure
    with Echo(guest, rate=200):
        guest.run("sh /tmp/churn.sh watch >/tmp/watch.log 2>&1 & echo $! >/tmp/watch.pid")
        random_steps.run(steps(SEED, count))
        random_steps.settle()
    pair = guest.wait_paired(timeout=60)
    guest.wait_carrier(pair.primary, timeout=60)
    guest.run("kill $(cat /tmp/watch.pid)")
    usable(guest)
    carried_by_primary(guest)
    whole(pair)
    same_again(guest, fresh, what)
    backwards, masters = fell(guest.run("cat /tmp/watch.log"))
    assert not backwards, f"{what}: counters fell: {backwards[:5]}"
    measured(f"{what}: {random_steps.done} steps, {masters} masters")


def test_churn(lab, measured):
    """On Debian's kernel, with either way of unplugging."""
    churn(lab, measured, int(os.environ.get("NFO_STEPS", 1000)), hotplug=("acpi", "pciehp")[SEED % 2])
