# SPDX-License-Identifier: GPL-2.0
"""The lab itself: what is measured in it is not QEMU's own loss."""
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

from lab.net import stop
from lab.qemu import accelerator, memory_size, platform
from lab.qmp import Qmp
from lab.run import sh, wait_until

HOT, PAGES = 0x100000, 64
SLOW, FAST = {"max-bandwidth": 100 << 20, "downtime-limit": 20}, {"max-bandwidth": 1 << 32, "downtime-limit": 3000}


class Machine:
    """A PC that has nothing but a disk, whose boot sector is hot.S."""

    def __init__(self, folder, name, *more):
        words = [*platform("amd64").options, "-nodefaults", "-no-user-config", "-display", "none",
                 "-m", memory_size(128),
                 "-drive", f"file={folder}/disk,format=raw,if=none,id=disk,snapshot=on",
                 "-device", "ide-hd,drive=disk,bootindex=0",
                 "-qmp", f"unix:{folder}/{name}.qmp,server=on,wait=off", *more]
        # pylint: disable=consider-using-with  # close() ends it
        self.proc = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.qmp = Qmp(f"{folder}/{name}.qmp", folder / f"{name}.log", lambda: self.proc.poll() is None)

    def hot(self, folder):
        """What the hot pages have counted to."""
        self.qmp.execute("pmemsave", val=HOT, size=PAGES << 12, filename=f"{folder}/memory")
        return (folder / "memory").read_bytes()[::4096]

    def close(self):
        """End it."""
        self.qmp.close()
        stop(self.proc)


@pytest.fixture(name="folder")
def fixture_folder():
    """Sockets want short paths."""
    folder = Path(tempfile.mkdtemp(prefix="nfo-"))
    yield folder
    shutil.rmtree(folder)


def migrate(source, folder):
    """In several rounds, at the end of which pages are still being written."""
    source.qmp.execute("migrate-set-parameters", **SLOW)
    source.qmp.execute("migrate", uri=f"unix:{folder}/stream")
    wait_until(lambda: source.qmp.execute("query-migrate").get("ram", {}).get("dirty-sync-count", 0) > 6, 60, "rounds")
    source.qmp.execute("migrate-set-parameters", **FAST)
    wait_until(lambda: source.qmp.execute("query-migrate")["status"] == "completed", 60, "the migration")


@pytest.mark.soak
def test_migration_loses_no_write(folder):
    """What a guest writes while it is migrated arrives; QEMU before 9.0 forgets some (see lab/qemu.py)."""
    if accelerator() != "tcg":
        pytest.skip("NOT RUN: with KVM it is the processor that keeps account of what is written")
    sh("gcc", "-c", "-m32", Path(__file__).parent / "hot.S", "-o", folder / "hot.o")
    sh("ld", "-m", "elf_i386", "-Ttext", "0x7c00", "--oformat", "binary", "-o", folder / "disk", folder / "hot.o")
    with (folder / "disk").open("ab") as disk:
        disk.truncate(1 << 20)
    source = Machine(folder, "source")
    target = Machine(folder, "target", "-incoming", f"unix:{folder}/stream")
    try:
        wait_until(lambda: max(source.hot(folder)) > 3, 60, "the guest to count")
        migrate(source, folder)
        time.sleep(0.2)                                            # it goes on from what arrived
        target.qmp.execute("stop")
        pages = target.hot(folder)
    finally:
        source.close()
        target.close()
    late = [(page, count) for page, count in enumerate(pages) if (count - pages[-1]) % 256 > 1]
    assert not late, f"of {PAGES} pages these arrived as they had been, the last had {pages[-1]}: {late}"
