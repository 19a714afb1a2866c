# SPDX-License-Identifier: GPL-2.0
"""What the bench makes of streams: losses put where they belong, and a table that says so."""
import csv
import io
import sys
from pathlib import Path

import pytest

from traffic import LogError, Packet, Stream

sys.path.append(str(Path(__file__).resolve().parents[1] / "bench"))

import figures  # noqa: E402  pylint: disable=wrong-import-position
from figures import IN, OUT, Outcome, Tcp  # noqa: E402  pylint: disable=wrong-import-position


def stream(lost=(), extras=()):
    """1000 packets from 100.0 on, one each ms."""
    packets = tuple(Packet(n, 100 + n / 1000, None if n in lost else 100 + n / 1000) for n in range(1000))
    return Stream("1", "send", 1, 1000, packets, tuple(extras))


def outcome(peer, lost, pause=(100.2, 100.3), **more):
    return Outcome(peer, "migration", 0, ways={IN: figures.way(stream(lost))}, pause=pause, **more)


def test_margins_are_the_floors_worst_at_that_rate():
    floor = outcome("plain", range(190, 321))
    ours = outcome("ours", [189, 250, 321, 330, 331])
    fast = outcome("ours", [199], rate=3000)
    far = outcome("plain", [900])
    figures.judge([floor, ours, fast, far], 1000)
    assert ours.margin.before == pytest.approx(0.012) and ours.margin.after == pytest.approx(0.022)
    assert figures.split(ours, ours.ways[IN]) == (3, 2)
    assert figures.split(fast, fast.ways[IN]) == (0, 1)
    assert figures.outside_gaps(ours) == ["to guest: 2 from STOP+130 ms to the announcement+31 ms"]
    assert figures.split(far, far.ways[IN]) == (0, 1)


def test_without_a_pause_everything_lost_is_outside():
    one = outcome("ours", [1, 2, 500], pause=None)
    assert figures.split(one, one.ways[IN]) == (0, 3)
    assert figures.longest_loss(one) == pytest.approx(0.001)


def test_stop_is_the_first_end_of_running_after_the_begin():
    log = ("7@90.5:runstate_set current_run_state 9 (running) new_state 4 (paused)\n"
           "7@100.25:runstate_set current_run_state 9 (running) new_state 7 (finish-migrate)\n"
           "7@100.5:runstate_set current_run_state 7 (finish-migrate) new_state 10 (postmigrate)\n")
    assert figures.stopped(log, 99) == 100.25
    assert figures.stopped(log, 101) is None


def test_tcp_timeouts_that_the_pause_explains():
    tcp = figures.tcp("# probe 1 tcp\nrecv bytes=9 longest=250000000\nend\n",
                      "# probe 1 tcp\nsend bytes=9 retrans=3 timeouts=3\n"
                      "timeout 100500000000 2\ntimeout 104000000000 1\nend\n")
    assert tcp == Tcp(0.25, (100.5, 100.5, 104.0))
    assert figures.late_timeouts(outcome("ours", [], tcp=tcp)) == 1
    assert figures.late_timeouts(outcome("ours", [], pause=None, tcp=tcp)) == 3
    with pytest.raises(LogError):
        figures.tcp("", "")


def test_table_and_csv():
    runs = [outcome("plain", range(200, 300)), outcome("ours", range(200, 300), unplug=0.25),
            outcome("ours", [], failed="failed: no carrier")]
    runs[1].ways[OUT] = figures.way(stream([700], extras=[(1, 100.0)]))
    figures.judge(runs, 1000)
    text = figures.table(runs, {"plain": "floor", "ours": "ours"}, ["unplug", "migration"])
    lines = {line.split()[0]: line.split() for line in text.splitlines() if line.strip()}
    assert lines["floor"][1:5] == ["1", "1000", "100", "0"]
    assert lines["ours"][1:8] == ["1/2", "1000", "100", "0", "1000", "0", "1"]
    assert "failed: no carrier" in text and "unplug by" not in text
    rows = list(csv.DictReader(io.StringIO(figures.results(runs))))
    assert [r["from_lost_outside"] for r in rows] == ["", "1", ""]
    assert rows[1]["duplicates"] == "1" and rows[1]["unplug_s"] == "0.250" and rows[1]["pause_ms"] == "100.0"
