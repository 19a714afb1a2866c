# SPDX-License-Identifier: GPL-2.0
"""What a packet costs, as far as it can be said absolutely: which memory it writes to.

The figures are `make bench-cost`'s.
"""
import shutil

import pytest

from expect import ready
from lab.run import BUILD, TOP, sh

RUN = "/sys/module/nfo_cost/parameters/run"


@pytest.fixture(scope="session")
def cost_module(kernel):
    """bench/cost/guest/nfo_cost.ko, built for the guests' kernel."""
    where = BUILD / "tests/cost" / kernel.release
    where.mkdir(parents=True, exist_ok=True)
    for source in (TOP / "tests/bench/cost/guest").iterdir():
        if not (where / source.name).exists() or source.read_bytes() != (where / source.name).read_bytes():
            shutil.copyfile(source, where / source.name)
    sh("flock", where, "make", "-C", kernel.kdir, f"M={where}", "modules")
    return where / "nfo_cost.ko"


def test_nothing_shared_is_written(lab, cost_module):
    """On several CPUs no packet writes to what they share of the master: seen by the CPU's own watchpoints.

    The master's timers do, a few times in a second: a store counts that half of the packets make.
    """
    guest, pair = ready(lab, "ours", smp=2, extra_modules=[cost_module])
    guest.run("sleep 2; modprobe nfo_cost")         # a switch is over after a second and a bit
    for way, by in (("tx", pair.master), ("rx", pair.primary)):
        guest.run(f"echo 'writes {way} {by} {pair.master}' >{RUN}", timeout=120)
        first, *seen = guest.run(f"cat {RUN}").splitlines()
        size, packets = (int(word) for word in first.split() if word.isdigit())
        assert size > 2000 and packets >= 10, first
        stores = [line for line in seen if int(line.split()[-1]) >= packets / 2]
        assert not stores, f"{way} stores to what all CPUs share: {stores}"
