# SPDX-License-Identifier: GPL-2.0
"""Rules of this project that no tool knows. Reads the names of files on standard input."""
import re
import sys
from pathlib import Path

FILE_LINES = 500
FUNCTION_LINES = 80
README_LINES = 150

SPDX_SUFFIXES = {".c", ".h", ".py", ".sh", ".bash", ".mk", ".yaml"}
NO_VERSIONS = re.compile(r"\b(LINUX_VERSION_CODE|KERNEL_VERSION\s*\()")
MACHINE_PATH = re.compile(r"(^|[^\w.])/(" + "|".join(("work", "root", "farm")) + ")/")
PACKAGE_HOST = re.compile(r"^ *deb(-src)? +(\[[^]]*\] +)?https?://|URIs: *https?://|mmdebstrap.*https?://")


def long_functions(lines):
    """(line, length) of functions that are too long; kernel style opens and ends them in column 0."""
    start = 0
    for number, line in enumerate(lines, 1):
        if line == "{":
            start = number
        elif line.startswith("}") and start:
            if number - start + 1 > FUNCTION_LINES:
                yield start, number - start + 1
            start = 0


def check_c(name, lines):
    """Sizes, and kernel versions in their one place."""
    if len(lines) > FILE_LINES:
        yield 1, f"{len(lines)} lines (at most {FILE_LINES})"
    for number, length in long_functions(lines):
        yield number, f"a function of {length} lines (at most {FUNCTION_LINES})"
    if name.startswith("kmod/") and not name.startswith("kmod/compat/"):
        for number, line in enumerate(lines, 1):
            if NO_VERSIONS.search(line):
                yield number, "a kernel version tested outside kmod/compat/"


def check(name):
    """(line, what is wrong)"""
    path = Path(name)
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return
    lines = text.splitlines()
    script = text.startswith("#!")
    if (path.suffix in SPDX_SUFFIXES or script or path.name in ("Makefile", "Kbuild")) and \
            not any("SPDX-License-Identifier: " in line for line in lines[:2 + script]):
        yield 1, "no SPDX line"
    if path.suffix in (".c", ".h"):
        yield from check_c(name, lines)
    if name == "README.md" and len(lines) > README_LINES:
        yield 1, f"{len(lines)} lines (at most {README_LINES})"
    for number, line in enumerate(lines, 1):
        if MACHINE_PATH.search(line) or PACKAGE_HOST.search(line):
            yield number, "a path or a package host of one machine"


def main():
    """One line a finding, as compilers write them."""
    for name in sys.stdin.read().splitlines():
        for number, what in check(name):
            print(f"{name}:{number}: {what}")


main()
