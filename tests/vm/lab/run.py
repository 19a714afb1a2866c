# SPDX-License-Identifier: GPL-2.0
"""Small things that every part of the lab needs: paths, commands, waiting."""
import os
import shutil
import subprocess
import time
from pathlib import Path

from . import LabError

TOP = Path(__file__).resolve().parents[3]
BUILD = TOP / "build"
# By how much longer than usual anything may take: on a kernel that checks all it does. Loss and
# time are then not judged.
PATIENCE = float(os.environ.get("NFO_PATIENCE", 1))


def cache_dir():
    """Where downloads are kept between runs and checkouts."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(os.environ.get("NFO_CACHE") or Path(base) / "net_failover").resolve()


def sh(*cmd, timeout=120, check=True, env=None, cwd=None, data=None):
    """Run a command and return its standard output; its own words when it fails."""
    try:
        done = subprocess.run([str(c) for c in cmd], capture_output=True, text=True,
                              timeout=timeout, env=env, cwd=cwd, input=data,
                              stdin=None if data is not None else subprocess.DEVNULL)
    except FileNotFoundError as e:
        raise LabError(f"{cmd[0]} is missing: run `make setup-check`") from e
    if check and done.returncode:
        words = (done.stderr or done.stdout).strip()[-2000:]
        raise LabError(f"{' '.join(map(str, cmd))}: exit code {done.returncode}: {words}")
    return done.stdout


def which(program):
    """The path of a program, sbin included."""
    return shutil.which(program, path="/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin")


def wait_until(predicate, timeout, what, interval=0.02):
    """Poll until predicate() is true and return its value; TimeoutError says what was waited for."""
    end = time.monotonic() + timeout * PATIENCE
    while True:
        value = predicate()
        if value:
            return value
        if time.monotonic() > end:
            raise TimeoutError(f"not within {timeout} s: {what}")
        time.sleep(interval)
