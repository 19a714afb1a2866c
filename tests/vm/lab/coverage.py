# SPDX-License-Identifier: GPL-2.0
"""Which lines of the module ran, over all guests on the debug kernel (NFO_GCOV=y).

Started as a program it prints a line for each file, and which of its lines never ran.
"""
import base64
import json
import os
import shutil
from pathlib import Path

from lab.run import BUILD, TOP, sh

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


def missed(source):
    """A line for people on one file of the module."""
    told = json.loads(sh("gcov", "--json-format", "--stdout", "-o", FOLDER / "total", f"{source.stem}.gcda", cwd=FOLDER))
    ran = {}                       # an inlined function's line stands there more than once
    for file in told["files"]:
        if file["file"].endswith(f"kmod/{source.name}"):
            for line in file["lines"]:
                ran[line["line_number"]] = ran.get(line["line_number"], 0) + line["count"]
    left = [number for number, count in ran.items() if not count]
    return f"{source.name:12} {100 * (1 - len(left) / len(ran)):5.1f} % of {len(ran):3} lines" + \
        (f"; not {ranges(left)}" if left else "")


def report(objects):
    """Lines for people; objects: where the module was built."""
    for notes in objects.glob("*.gcno"):
        shutil.copy(notes, FOLDER / "total")
    for source in sorted((TOP / "kmod").glob("*.c")):
        if (FOLDER / f"total/{source.stem}.gcda").exists():
            yield missed(source)


if __name__ == "__main__":
    for built in (BUILD / "tests/module").glob("*-nfo-debug/kmod"):
        print("coverage of the module's lines:", *report(built), sep="\n  ")
