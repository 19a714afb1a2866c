# SPDX-License-Identifier: GPL-2.0
"""Builds each test_*.c of this folder and runs it: one cmocka program, one test."""
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
PROGRAMS = HERE.parent.parent / "build/tests/unit"
TESTS = sorted(path.stem for path in HERE.glob("test_*.c"))


def run(*command):
    """Runs a command; when it fails, the test fails with all that it said."""
    done = subprocess.run(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          errors="replace", timeout=300, check=False)
    if done.returncode:
        words = " ".join(map(str, command))
        pytest.fail(f"{words}: exit {done.returncode}\n{done.stdout}", pytrace=False)


@pytest.mark.parametrize("name", TESTS)
def test_c(name):
    """The program's own list says what it checks."""
    run("make", "--no-print-directory", "-C", HERE, f"../../build/tests/unit/{name}")
    run(PROGRAMS / name)
