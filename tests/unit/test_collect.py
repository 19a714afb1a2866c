# SPDX-License-Identifier: GPL-2.0
"""pytest finds all tests: else `make check` ends before its first one."""
import subprocess
import sys

from fakesys import TOP


def test_all_are_collected():
    """No module of tests fails to be imported, nor has a namesake in another folder."""
    command = [sys.executable, "-m", "pytest", TOP / "tests", "--collect-only", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, cwd=TOP)
    assert done.returncode == 0, done.stdout[-4000:]
