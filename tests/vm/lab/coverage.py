# SPDX-License-Identifier: GPL-2.0
"""Which lines of the module ran, over all guests on the debug kernel (NFO_GCOV=y).

Started as a program it prints a line for each file, and which of its lines never ran.
"""
import base64
import json
import os
import shutil
from pathlib import Path

from lab.run import BUILD, sh

WANTED = os.environ.get("NFO_GCOV") == "y"
FOLDER = BUILD / "tests/coverage"
FILES = "cd /sys/kernel/debug/gcov && find . -name '*.gcda' | while read -r f; do " \
    "echo \"$f $(base64 \"$f\" | tr -d '\\n')\"; done"


def collect(guest):
    """Add what one guest counted; the kernel keeps it when the module is unloaded."""
    new, total = FOLDER / "new", FOLDER / "total"
    shutil.rmtree(new, ignore_errors=True)
    for line in guest.run(FILES, timeout=60).splitlines():
        path, _, data = line.partition(" ")
        if "/kmod/" in path:
            new.mkdir(parents=True, exist_ok=True)
            (new / Path(path).name).write_bytes(base64.b64decode(data))
    if new.exists() and total.exists():
        sh("gcov-tool", "merge", "-o", FOLDER / "sum", total, new)
        shutil.rmtree(total)
        (FOLDER / "sum").rename(total)
    elif new.exists():
        new.rename(total)


def ranges(numbers):
    """[1, 2, 3, 7] -> "1-3, 7"."""
    runs = []
    for number in sorted(numbers):
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ", ".join(f"{first}-{last}" if last > first else f"{first}" for first, last in runs)


def counts():
    """How often each line of the module ran: file -> line -> count. Headers' lines are in more than one object."""
    ran = {}
    for counted in sorted((FOLDER / "total").glob("*.gcda")):
        told = json.loads(sh("gcov", "--json-format", "--stdout", "-o", FOLDER / "total", counted.name, cwd=FOLDER))
        for file in told["files"]:
            _, ours, name = file["file"].rpartition("/kmod/")
            if ours:
                lines = ran.setdefault(name, {})
                for line in file["lines"]:
                    lines[line["line_number"]] = lines.get(line["line_number"], 0) + line["count"]
    return ran


def report(objects):
    """Lines for people, one for each file; objects: where the module was built."""
    for notes in objects.glob("*.gcno"):
        shutil.copy(notes, FOLDER / "total")
    ran = counts()
    width = max(map(len, ran), default=0)
    for name, lines in sorted(ran.items()):
        left = [number for number, count in lines.items() if not count]
        yield f"{name:{width}} {100 * (1 - len(left) / len(lines)):5.1f} % of {len(lines):3} lines" + \
            (f"; not {ranges(left)}" if left else "")
    every = [count for lines in ran.values() for count in lines.values()]
    if every:
        yield f"all {100 * sum(map(bool, every)) / len(every):.1f} % of {len(every)}"


if __name__ == "__main__":
    for built in (BUILD / "tests/module").glob("*-nfo-debug/kmod"):
        print("coverage of the module's lines:", *report(built), sep="\n  ")
