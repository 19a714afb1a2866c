# SPDX-License-Identifier: GPL-2.0
"""Which lines of the module ran, over all guests on the debug kernel (NFO_GCOV=y).

Started as a program it prints a line for each file, and which functions never ran.
"""
import base64
import os
import re
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


def report(objects):
    """Lines for people; objects: where the module was built."""
    for notes in objects.glob("*.gcno"):
        shutil.copy(notes, FOLDER / "total")
    for source in sorted((TOP / "kmod").glob("*.c")):
        if not (FOLDER / f"total/{source.stem}.gcda").exists():
            continue
        said = sh("gcov", "-n", "-f", "-o", FOLDER / "total", f"{source.stem}.gcda", cwd=FOLDER, check=False)
        lines = re.search(rf"File '\S*kmod/{source.name}'\nLines executed:([0-9.]+)% of (\d+)", said)
        never = re.findall(r"Function '(\w+)'\nLines executed:0.00%", said)
        if lines:
            yield f"{source.name:14} {lines[1]:>6} % of {lines[2]:>4} lines" + \
                (f"; never ran: {', '.join(sorted(never))}" if never else "")


if __name__ == "__main__":
    for built in (BUILD / "tests/module").glob("*-nfo-debug/kmod"):
        print("coverage of the module's lines:", *report(built), sep="\n  ")
