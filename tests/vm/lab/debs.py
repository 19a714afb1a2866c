# SPDX-License-Identifier: GPL-2.0
"""Programs for guests from Debian packages that the machine itself need not have: unpacked into the cache."""
import os
import re
import shutil
import tempfile
from pathlib import Path

from . import NotRun
from .run import cache_dir, sh
from .suite import lock


def unpacked(package):
    """The folder with the files of the version that this machine's apt offers."""
    found = re.search(r"Candidate: (\S+)", sh("apt-cache", "policy", package, check=False))
    if not found or found[1] == "(none)":
        raise NotRun(f"apt offers no {package} (sources.list, or `apt-get update`?)")
    root = cache_dir() / "debs" / f"{package}_{found[1].replace(':', '%3a')}"
    with lock(f"deb-{package}"):
        if not root.exists():
            _fetch(package, root)
    return root


def _fetch(package, root):
    """Into a folder beside the final one, then renamed: never half of it."""
    root.parent.mkdir(parents=True, exist_ok=True)
    tmp = Path(tempfile.mkdtemp(prefix=f".{package}.", dir=root.parent))
    try:
        sh("apt-get", "-o", "APT::Sandbox::User=root", "download", package, cwd=tmp, timeout=600)
        deb, = tmp.glob("*.deb")
        sh("dpkg-deb", "-x", deb, tmp / "root")
        os.rename(tmp / "root", root)
    finally:
        shutil.rmtree(tmp, ignore_errors=True)
