# SPDX-License-Identifier: GPL-2.0
"""From streams to figures, and from figures to a table and a CSV file. Pure functions only."""
import csv
import io
import re
from dataclasses import dataclass, field
from typing import NamedTuple, Optional

import traffic

FAR = 0.25          # seconds: so far from its pause a loss of plain virtio-net's is the lab's own
RTO = 0.4           # seconds: TCP's first retransmission time-out, and how busy machines stretch it
IN, OUT = "to guest", "from guest"


class Way(NamedTuple):
    """One direction of one run."""
    sent: int
    lost: tuple                    # when each lost packet was sent
    gaps: tuple                    # (count, start, end) of each run of lost packets
    longest: float                 # seconds without an arrival
    duplicates: int


class Margins(NamedTuple):
    """d and r, in seconds: how far plain virtio-net's losses reach beyond its pauses, at worst."""
    before: float = 0.0
    after: float = 0.0
    runs: int = 0


class Tcp(NamedTuple):
    """Two paced streams, one each way: silences are the guest's stream's, time-outs the peer's."""
    longest: float
    timeouts: tuple                # when, each


@dataclass
class Outcome:
    """One run of one scenario."""
    peer: str
    scenario: str
    number: int
    ways: dict = field(default_factory=dict)
    pause: Optional[tuple] = None  # (the VM stopped, the network was told where it is)
    resume: Optional[float] = None
    said: Optional[float] = None   # when QEMU said STOP
    tcp: Optional[Tcp] = None
    unplug: Optional[float] = None
    detected: Optional[float] = None    # carrier: when the driver noticed, in seconds after the loss
    dropped: int = 0               # by the lab's own taps, where QEMU did not read them in time
    rate: int = 0                  # packets/s where it isn't the usual rate
    margin: Margins = Margins()
    note: str = ""
    failed: str = ""


def way(stream):
    """What the figures need of a stream (a soak has too many packets to keep them all)."""
    gap = traffic.longest_gap(stream)
    return Way(len(stream.packets), tuple(p.sent for p in stream.lost),
               tuple((r.count, r.start, r.end) for r in traffic.runs(stream)),
               gap[1] - gap[0] if gap else 0.0, len(stream.extras))


def tcp(received, sent):
    """From the log of the peer's tcp-recv and that of its tcp-send."""
    longest = re.search(r"^recv .*longest=(\d+)", received, re.M)
    if not longest or "\nsend " not in sent:
        raise traffic.LogError("not the logs of two TCP streams")
    timeouts = [int(t) / 1e9 for t, n in re.findall(r"^timeout (\d+) (\d+)", sent, re.M) for _ in range(int(n))]
    return Tcp(int(longest[1]) / 1e9, tuple(timeouts))


def stopped(log, since):
    """The moment after `since` at which QEMU's own trace sees the VM leave `running`, or None."""
    for line in log.splitlines():
        found = re.match(r"\d+@(\d+\.\d+):runstate_set current_run_state \d+ \(running\)", line)
        if found and float(found[1]) > since:
            return float(found[1])
    return None


def judge(outcomes, default_rate):
    """Give each outcome the margins that virtio-net alone showed at its rate, to within two packets."""
    for rate in {o.rate for o in outcomes}:
        found = margins([o for o in outcomes if o.rate == rate], rate or default_rate)
        for o in outcomes:
            if o.rate == rate:
                o.margin = found


def margins(outcomes, rate):
    """From the floor's runs. What it loses far from its pause is the lab's doing, and not counted."""
    before = after = 0.0
    seen = [o for o in outcomes if o.peer == "plain" and o.pause and not o.failed]
    for o in seen:
        for w in o.ways.values():
            near = [t for t in w.lost if o.pause[0] - FAR < t < o.pause[1] + FAR]
            before = max([before, *(o.pause[0] - t for t in near)])
            after = max([after, *(t - o.pause[1] for t in near)])
    return Margins(before + 2 / rate, after + 2 / rate, len(seen))


def split(outcome, w):
    """(lost in the widened pause, lost outside)"""
    if not outcome.pause:
        return 0, len(w.lost)
    start, end = outcome.pause[0] - outcome.margin.before, outcome.pause[1] + outcome.margin.after
    inside = sum(start <= t <= end for t in w.lost)
    return inside, len(w.lost) - inside


def late_timeouts(outcome):
    """TCP's time-outs that no pause explains.

    The time-out doubles: the last one for what was lost in a pause comes as long after it as it took, and
    the first time-out later.
    """
    if not outcome.tcp:
        return 0
    if not outcome.pause:
        return len(outcome.tcp.timeouts)
    start, end = outcome.pause
    return sum(not start - outcome.margin.before <= t <= end + outcome.margin.after + max(end - start + RTO, 1.5 * RTO)
               for t in outcome.tcp.timeouts)


def outside_gaps(outcome):
    """Words for each run of lost packets that lies, in whole or in part, outside the widened pause."""
    words = []
    for name, w in outcome.ways.items():
        for count, start, end in w.gaps:
            if not outcome.pause:
                words.append(f"{name}: {count} in {1000 * (end - start):.0f} ms")
            elif start < outcome.pause[0] - outcome.margin.before or end > outcome.pause[1] + outcome.margin.after:
                words.append(f"{name}: {count} from STOP{1000 * (start - outcome.pause[0]):+.0f} ms "
                             f"to the announcement{1000 * (end - outcome.pause[1]):+.0f} ms")
    return words


def longest_loss(outcome):
    """How long nothing arrived of what was sent, in the direction where it was worst."""
    return max((end - start for w in outcome.ways.values() for _, start, end in w.gaps), default=0.0)


HEAD = ("", "runs", "sent", "in pause", "outside", "sent", "in pause", "outside",
        "gap to", "gap from", "dup", "TCP gap", "RTO", "unplug", "pause")
UNITS = ("", "", "", "", "", "", "", "", "ms", "ms", "", "ms", "", "s", "ms")


def _worst(values, scale=1000, digits=0):
    values = [v for v in values if v is not None]
    return f"{max(values) * scale:.{digits}f}" if values else "–"


def row(title, outcomes):
    """The cells of one line: sums of packets, the worst of times."""
    good = [o for o in outcomes if not o.failed]
    cells = [title, f"{len(good)}" if len(good) == len(outcomes) else f"{len(good)}/{len(outcomes)}"]
    for name in (IN, OUT):
        seen = [(o, o.ways[name]) for o in good if name in o.ways]
        parts = [split(o, w) for o, w in seen]
        paused = any(o.pause for o, _ in seen)
        cells += [str(sum(w.sent for _, w in seen)), str(sum(p[0] for p in parts)) if paused else "–",
                  str(sum(p[1] for p in parts))] if seen else ["–"] * 3
    cells += [_worst(o.ways[n].longest for o in good if n in o.ways) for n in (IN, OUT)]
    cells += [str(sum(w.duplicates for o in good for w in o.ways.values())),
              _worst(o.tcp.longest for o in good if o.tcp)]
    cells += [str(sum(late_timeouts(o) for o in good)) if any(o.tcp for o in good) else "–"]
    return [*cells, _worst((o.unplug for o in good), 1, 2),
            _worst(o.pause[1] - o.pause[0] if o.pause else None for o in good)]


def table(outcomes, titles, scenarios):
    """Aligned text: a block a scenario, a line a peer. `titles`: key -> name; both in the table's order."""
    lines, groups = [], {name: {} for name in scenarios}
    for o in outcomes:
        groups.setdefault(o.scenario, {}).setdefault(o.peer, []).append(o)
    rows = [list(HEAD), list(UNITS)]
    for scenario, peers in groups.items():
        rows += [scenario] if peers else []
        for key in titles:
            if key in peers:
                rows.append(row("  " + titles[key], peers[key]))
                notes = dict.fromkeys(o.note or o.failed for o in peers[key] if o.note or o.failed)
                rows += [f"      {note}" for note in notes]
    widths = [max(len(r[i]) for r in rows if isinstance(r, list)) for i in range(len(HEAD))]
    over = " " * (widths[0] + widths[1] + 4)
    lines.append(over + "lost to guest".center(sum(widths[2:5]) + 4) + "  "
                 + "lost from guest".center(sum(widths[5:8]) + 4))
    for r in rows:
        lines.append(r if isinstance(r, str) else
                     "  ".join([r[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(r[1:], widths[1:]))]).rstrip())
    return "\n".join(lines) + "\n"


FIELDS = ("scenario", "peer", "run", "to_sent", "to_lost_in_pause", "to_lost_outside", "from_sent",
          "from_lost_in_pause", "from_lost_outside", "to_longest_gap_ms", "from_longest_gap_ms", "duplicates",
          "tcp_gap_ms", "tcp_timeouts_outside", "tcp_timeouts_at_ms", "unplug_s", "pause_ms", "stop_said_after_ms", "dropped_by_taps", "note")


def results(outcomes):
    """The CSV file: a line a run."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(FIELDS)
    for o in outcomes:
        line = [o.scenario, o.peer, o.number]
        for name in (IN, OUT):
            w = o.ways.get(name)
            line += [w.sent, *split(o, w)] if w else ["", "", ""]
        line += [_ms(o.ways[n].longest) if n in o.ways else "" for n in (IN, OUT)]
        line += [sum(w.duplicates for w in o.ways.values()), _ms(o.tcp.longest) if o.tcp else "",
                 late_timeouts(o) if o.tcp else "",
                 " ".join(f"{1000 * (t - o.pause[1]):+.0f}" if o.pause else "?" for t in o.tcp.timeouts)
                 if o.tcp else "", "" if o.unplug is None else f"{o.unplug:.3f}",
                 _ms(o.pause[1] - o.pause[0]) if o.pause else "",
                 _ms(o.said - o.pause[0]) if o.said else "", o.dropped, o.failed or o.note]
        writer.writerow(line)
    return out.getvalue()


def _ms(seconds):
    return f"{1000 * seconds:.1f}"
