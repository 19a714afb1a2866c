# SPDX-License-Identifier: GPL-2.0
"""What the probe's logs say: which packets were lost when, and how that looks. Pure functions only.

Times are seconds of the host's wall clock. probe_log.c documents the logs. A packet that the guest
sent carries the guest's clock, which means nothing here: `dated` gives the lost ones the time between
their neighbours' arrivals on the host.
"""
import math
import re
from dataclasses import dataclass, field, replace
from typing import NamedTuple, Optional


class LogError(ValueError):
    """A log that is no probe's, or not whole."""


class Packet(NamedTuple):
    """sent is None where nobody can know it, got where it never arrived."""
    seq: int
    sent: Optional[float]
    got: Optional[float]
    error: str = ""


class Run(NamedTuple):
    """Packets lost in a row; start and end are the times at which the first and the last were sent."""
    first: int
    last: int
    start: float
    end: float

    @property
    def count(self):
        return self.last - self.first + 1


@dataclass(frozen=True)
class Stream:
    """One stream of a full log, its packets in the order of their numbers."""
    id: str
    kind: str
    flows: int
    rate: int
    packets: tuple
    extras: tuple = ()             # (seq, time) of each arrival after the first

    @property
    def lost(self):
        return [p for p in self.packets if p.got is None]


@dataclass(frozen=True)
class Ranges:
    """One stream of a log of runs: sets of sequence numbers, no times."""
    id: str
    next: int
    sent: frozenset = frozenset()
    failed: frozenset = frozenset()
    got: frozenset = frozenset()
    more: frozenset = frozenset()
    head: dict = field(default_factory=dict, compare=False)


def _blocks(text, form):
    lines = text.splitlines()
    if not lines or lines[0] != f"# probe 1 {form}":
        raise LogError(f"not a probe's log of the form '{form}': {lines[0] if lines else 'empty'!r}")
    block = None
    for line in lines[1:]:
        words = line.split()
        if not words:
            continue
        if words[0] == "stream":
            block = (words[1], dict(w.split("=", 1) for w in words[2:]), [])
        elif block is None:
            raise LogError(f"a line outside of any stream: {line!r}")
        elif words == ["end", block[0]]:
            yield block
            block = None
        else:
            block[2].append(words)
    if block:
        raise LogError(f"the log ends inside stream {block[0]}")


def _time(word):
    return None if word == "-" else int(word) / 1e9


def parse(text):
    """The streams of a full log. A recv log doesn't know what never came: see `dated` and `joined`."""
    streams = []
    for ident, head, lines in _blocks(text, "full"):
        packets, extras = [], []
        for kind, seq, *rest in lines:
            if kind == "p":
                error = rest[2].lstrip("!") if len(rest) > 2 else ""
                packets.append(Packet(int(seq), _time(rest[0]), _time(rest[1]), error))
            elif kind == "d":
                extras.append((int(seq), _time(rest[0])))
            else:
                raise LogError(f"unknown line in stream {ident}: {kind} {seq}")
        stream = Stream(ident, head["kind"], int(head["flows"]), int(head["rate"]),
                        tuple(sorted(packets)), tuple(extras))
        if len(packets) - len(stream.lost) != int(head["got"]):
            raise LogError(f"stream {ident}: {head['got']} arrivals announced, "
                           f"{len(packets) - len(stream.lost)} listed")
        streams.append(stream)
    return streams


def _numbers(ranges):
    found = set()
    for text in ranges:
        first, _, last = text.partition("-")
        found.update(range(int(first), int(last or first) + 1))
    return found


def parse_runs(text):
    """The streams of a log of runs."""
    streams = []
    for ident, head, lines in _blocks(text, "runs"):
        sets = {"sent": set(), "failed": set(), "got": set(), "more": set()}
        for word, *ranges in lines:
            if word not in sets:
                raise LogError(f"unknown line in stream {ident}: {word}")
            sets[word] |= _numbers(ranges)
        if len(sets["got"]) != int(head["got"]):
            raise LogError(f"stream {ident}: {head['got']} arrivals announced, {len(sets['got'])} listed")
        streams.append(Ranges(ident, int(head["next"]), head=head,
                              **{k: frozenset(v) for k, v in sets.items()}))
    return streams


def joined(sent, received):
    """What the host sent (a full log), with what the guest says it got: the guest's clock isn't used.

    A packet that arrived counts as arrived when it was sent. Duplicates: the numbers, once each.
    """
    if received.id != sent.id:
        raise LogError(f"stream {received.id} is not stream {sent.id}")
    packets = tuple(p._replace(got=p.sent if p.seq in received.got else None) for p in sent.packets)
    when = {p.seq: p.sent for p in packets}
    return replace(sent, packets=packets, extras=tuple((n, when[n]) for n in sorted(received.more)))


def dated(stream, sent=None):
    """What the guest sent, as the host received it, each packet dated by arrivals on the host.

    The lost ones lie evenly between their neighbours' arrivals; those after the last arrival go on at
    the stream's rate. `sent`: how many the guest sent, where that is known (else: up to the last one that
    came). Out-of-order arrivals don't move a neighbour back in time.
    """
    arrived = {p.seq: p.got for p in stream.packets if p.got is not None}
    if not arrived:
        raise LogError(f"stream {stream.id}: nothing arrived, so nothing can be dated")
    end = max(sent or 0, max(arrived) + 1)
    known = sorted(arrived)
    step = 1 / stream.rate
    times = {}
    for n in range(known[0]):
        times[n] = arrived[known[0]] - (known[0] - n) * step
    for before, after in zip(known, known[1:]):
        times[before] = arrived[before]
        width = max(0.0, arrived[after] - arrived[before]) / (after - before)
        for n in range(before + 1, after):
            times[n] = arrived[before] + (n - before) * width
    for n in range(known[-1], end):
        times[n] = arrived[known[-1]] + (n - known[-1]) * step
    packets = tuple(Packet(n, times[n], arrived.get(n)) for n in range(end))
    return replace(stream, packets=packets)


def runs(stream):
    """The runs of lost packets, in order."""
    found = []
    for p in stream.lost:
        if found and found[-1].last == p.seq - 1:
            found[-1] = found[-1]._replace(last=p.seq, end=p.sent)
        else:
            found.append(Run(p.seq, p.seq, p.sent, p.sent))
    return found


def longest_gap(stream):
    """The longest time without an arrival, as (start, end); None with fewer than two arrivals."""
    times = sorted(p.got for p in stream.packets if p.got is not None)
    return max(zip(times, times[1:]), key=lambda pair: pair[1] - pair[0], default=None)


class Loss(NamedTuple):
    """Lost packets, counted."""
    total: int
    inside: int
    outside: int
    duplicates: int
    refused: int                   # of the total: sends that the host's own kernel refused


def loss(stream, pause, margins=(0.0, 0.0)):
    """What was lost inside and outside [STOP - d, RESUME + r]; a lost packet is where it was sent."""
    start, end = pause[0] - margins[0], pause[1] + margins[1]
    lost = stream.lost
    inside = sum(start <= p.sent <= end for p in lost)
    return Loss(len(lost), inside, len(lost) - inside, len(stream.extras),
                sum(bool(p.error) for p in lost))


def outside_runs(stream, pause, margins=(0.0, 0.0)):
    """The runs of lost packets that lie, in whole or in part, outside the widened pause."""
    start, end = pause[0] - margins[0], pause[1] + margins[1]
    return [r for r in runs(stream) if r.start < start or r.end > end]


def margins(floor, pause):
    """How far plain virtio-net stood still beyond its pause, before and after: (d, r) in seconds.

    Before, that is since the last packet that was answered until the stop. QEMU keeps its main loop waiting
    while it collects the pages that were written last, some milliseconds before it says that it stopped. What
    comes meanwhile waits in the taps; of which of them it is still read is up to the order of arrival.
    After, it is until the first packet that was answered. Both are moments at which the floor is known to have
    run: between two packets nothing is known of it, however late a busy machine was in sending the next.
    """
    answered = [p for p in floor.packets if p.got is not None]
    ran = max((p.sent for p in answered if p.got <= pause[0]), default=pause[0])
    lost = max((p.sent for p in floor.packets if p.got is None), default=pause[1])
    again = min((p.sent for p in answered if p.sent > max(lost, pause[1])), default=lost)
    return max(0.0, pause[0] - ran), max(0.0, again - pause[1])


def widest(pairs):
    """The worst of several (d, r)."""
    pairs = list(pairs)
    return max(d for d, _ in pairs), max(r for _, r in pairs)


def density(stream, start, end, columns):
    """For each of the columns of [start, end): the lost share of what was sent then, None for nothing sent."""
    sent, lost = [0] * columns, [0] * columns
    for p in stream.packets:
        column = math.floor((p.sent - start) / (end - start) * columns)
        if 0 <= column < columns:
            sent[column] += 1
            lost[column] += p.got is None
    return [lo / se if se else None for lo, se in zip(lost, sent)]


SHADES = "░▒▓█"


def timeline(stream, start, end, columns=100):
    """One line: · delivered, ░▒▓█ the share that was lost, blank where nothing was sent."""
    def shade(share):
        if share is None:
            return " "
        return SHADES[min(3, math.ceil(share * 4) - 1)] if share else "·"
    return "".join(map(shade, density(stream, start, end, columns)))


def mark_line(marks, start, end, columns=100):
    """The letters of `marks` (letter -> time) over a timeline; one that finds its place taken goes right."""
    line = [" "] * columns
    for letter, when in sorted(marks.items(), key=lambda m: m[1]):
        column = math.floor((when - start) / (end - start) * columns)
        while 0 <= column < columns and line[column] != " ":
            column += 1
        if 0 <= column < columns:
            line[column] = letter
    return "".join(line).rstrip()


@dataclass(frozen=True)
class Track:
    """One row of a picture; zero is the moment that all tracks have in common."""
    name: str
    stream: Stream
    zero: float
    marks: dict                    # letter -> time
    note: str = ""


def svg(title, tracks, before, after, bin_ms=20):
    """Lost packets over time, a row for each track, from `before` seconds before its zero to `after` after."""
    left, width, height, gap, top = 170, 900, 90, 40, 80
    total = top + len(tracks) * (height + gap)
    scale = width / (before + after)
    columns = math.ceil((before + after) * 1000 / bin_ms)
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {left + width + 20} {total}" '
           'font-family="sans-serif" font-size="13">',
           '<rect width="100%" height="100%" fill="#fff"/>',
           f'<text x="{left}" y="24" font-size="16">{_escape(title)}</text>',
           f'<text x="{left}" y="46" fill="#555">red: the share lost in each {bin_ms} ms; U unplug asked '
           'for, S–R the VM stopped, P new VF registered, C it has carrier</text>']
    for row, track in enumerate(tracks):
        y = top + row * (height + gap)
        shares = density(track.stream, track.zero - before, track.zero + after, columns)
        out += _svg_track(track, shares, left, y, width, height, lambda t, z=track.zero: (t - z + before) * scale)
    base = top + len(tracks) * (height + gap) - gap + 18
    for second in range(math.ceil(-before), math.floor(after) + 1):
        out.append(f'<text x="{left + (second + before) * scale:.1f}" y="{base}" text-anchor="middle" '
                   f'fill="#555">{second} s</text>')
    return "\n".join(out + ["</svg>", ""])


def _svg_track(track, shares, left, y, width, height, place):
    out = [f'<text x="{left - 10}" y="{y + height / 2}" text-anchor="end">{_escape(track.name)}</text>',
           f'<text x="{left - 10}" y="{y + height / 2 + 17}" text-anchor="end" fill="#555">'
           f'{_escape(track.note)}</text>',
           f'<rect x="{left}" y="{y}" width="{width}" height="{height}" fill="#f3f5f7"/>']
    if {"S", "R"} <= track.marks.keys():
        a, b = place(track.marks["S"]), place(track.marks["R"])
        out.append(f'<rect x="{left + a:.1f}" y="{y}" width="{b - a:.1f}" height="{height}" fill="#cfd8e3">'
                   '<title>the VM is stopped</title></rect>')
    step = width / len(shares)
    for column, share in enumerate(shares):
        if share:
            tall = share * height
            out.append(f'<rect x="{left + column * step:.1f}" y="{y + height - tall:.1f}" '
                       f'width="{step:.1f}" height="{tall:.1f}" fill="#c0392b" shape-rendering="crispEdges"/>')
    for letter, when in track.marks.items():
        x = left + place(when)
        if left <= x <= left + width:
            out += [f'<line x1="{x:.1f}" y1="{y - 2}" x2="{x:.1f}" y2="{y + height}" stroke="#34495e" '
                    'stroke-dasharray="3 2"/>',
                    f'<text x="{x:.1f}" y="{y - 5}" text-anchor="middle">{_escape(letter)}</text>']
    return out


def _escape(text):
    return re.sub("[&<>\"]", lambda m: f"&#{ord(m.group())};", text)
