# SPDX-License-Identifier: GPL-2.0
"""The programs of a guest: this machine's own, or Debian 12's for another architecture."""
import re
import subprocess
from functools import lru_cache
from pathlib import Path

from . import LabError
from .run import sh, which
from .suite import Suite

FOREIGN = ("kmod", "iproute2", "ethtool", "busybox-static")


class Native:
    """What is installed here; the dynamic linker tells which libraries a program loads."""

    @staticmethod
    def find(name):
        """The path of a program."""
        path = which(name)
        if not path:
            raise LabError(f"{name} is missing: run `make setup-check`")
        return Path(path)

    @staticmethod
    def libraries(program):
        """Path in the guest -> path here."""
        text = subprocess.run(["ldd", program], capture_output=True, text=True, check=False).stdout
        return {p.lstrip("/"): Path(p) for p in re.findall(r"(/\S+) \(0x", text)}


class Foreign:
    """Unpacked packages of another architecture, which cannot run here."""

    def __init__(self, root):
        self.root = root

    def find(self, name):
        """The path of a program."""
        for folder in ("usr/bin", "usr/sbin"):
            if (self.root / folder / name).exists():
                return self.root / folder / name
        raise LabError(f"no {name} in {self.root}")

    def libraries(self, program):
        """Path in the guest -> path here, for all that the program and its libraries need."""
        found, todo = {}, [Path(program)]
        while todo:
            said = sh("readelf", "-l", "-d", todo.pop())
            names = re.findall(r"\(NEEDED\).*\[(\S+)\]", said)
            for name in names + re.findall(r"interpreter: /lib/(\S+)\]", said):
                path = next((p for p in (self.root / "usr/lib").rglob(name)), None)
                if path and f"lib/{name}" not in found:
                    found[f"lib/{name}"] = path
                    todo.append(path)
        return found


@lru_cache
def of(arch):
    """The programs for that architecture."""
    return Native() if arch == "amd64" else Foreign(Suite("bookworm", arch).tools(*FOREIGN).root)
