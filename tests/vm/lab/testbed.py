# SPDX-License-Identifier: GPL-2.0
"""What a test holds in its hands: a network and guests, with their evidence, cleaned up after it."""
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from . import LabError, checkers, coverage, initramfs, net
from .guest import Guest, complaints
from .net import Network
from .qemu import QEMU, Machine, Pair, Qemu
from .run import which
from .tally import TALLY

HOST_TOOLS = ("nsenter", "unshare", "setpriv", "ip", "bridge", "ss", "depmod", "dpkg-deb", "flock")


def check_usable():
    """Raise LabError with one line where the lab cannot work."""
    missing = [p for p in (QEMU, *HOST_TOOLS, *initramfs.TOOLS, "busybox") if not which(p)]
    if missing:
        raise LabError(f"missing: {' '.join(missing)} (`make setup-check` as root installs them)")
    net.check_usable()


@dataclass(frozen=True)
class Images:
    """What guests are made of; `ours` is built when the first test asks for it."""
    kernel: object
    programs: tuple
    ours: object                   # () -> path of our module

    def initramfs(self, variant, extra_modules=()):
        ours = self.ours() if variant == "ours" else None
        return initramfs.build(self.kernel, variant, self.programs, ours, extra_modules)


def _for_checkers(machine):
    """The machine that a debug kernel needs: room for shadow memory, and races need two CPUs."""
    preempt = os.environ.get("NFO_PREEMPT", "full")
    append = machine.get("append", "")
    if "preempt=" not in append:
        append += f" preempt={preempt}"
    return machine | {"memory": max(768, machine.get("memory", 0)), "smp": max(2, machine.get("smp", 0)),
                      "append": f"{append} nfo.hung=120"}


class Testbed:
    """One test's network and guests."""
    __test__ = False               # not for pytest's collection

    def __init__(self, images, evidence, exempt=()):
        self.images, self.evidence = images, Path(evidence)
        self.exempt = list(exempt)  # complaints that the test expects: (pattern, defect)
        self.guests = []
        self.net = None
        self._rundir = Path(tempfile.mkdtemp(prefix="nfo-"))   # sockets want short paths

    @property
    def primary(self):
        """The usual primary: cloud kernels have no e1000e."""
        return "vmxnet3" if self.images.kernel.cloud else "e1000e"

    def boot(self, variant="ours", *pairs, mtu=1500, load=None, extra_modules=(), **machine):
        """Boot a guest; pairs default to one virtio-net with an e1000e hidden behind it."""
        if self.net is None:
            self.net = Network(mtu).__enter__()
        if load is not None:
            machine["load"] = tuple(load)
        if self.images.kernel.checked:
            machine = _for_checkers(machine)
        machine = Machine(self.images.kernel.image, self.images.initramfs(variant, extra_modules),
                          pairs or (Pair(),), arch=self.images.kernel.arch, **machine)
        folder = self.evidence / f"guest{len(self.guests)}-{variant}"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        guest = Guest(Qemu(machine, self.net, self._rundir, folder), folder, variant)
        self.guests.append(guest)
        guest.boot()
        TALLY[f"guests of {self.images.kernel.release}"] += 1
        if self.images.kernel.kcsan:
            checkers.watch_races(guest)
        return guest

    def close(self):
        """End everything; what the guests' kernels complained of, as (guest, line)."""
        found = []
        for guest in self.guests:
            found += [(guest.evidence.name, line) for line in self._complaints(guest)]
            guest.close()
        if self.net:
            self.net.close()
        shutil.rmtree(self._rundir, ignore_errors=True)
        return found

    @property
    def _debug(self):
        """Whole guests boot from their own disk, with no debug kernel."""
        return bool(self.images) and self.images.kernel.checked

    def _checked(self, guest):
        """The in-tree module is only there to compare, and lockdep gives up on it at boot."""
        return self._debug and guest.variant == "ours"

    def _complaints(self, guest):
        if self._debug and not self._checked(guest):
            return []
        try:
            wrong = list(checkers.verdict(guest, self.images.kernel)) if self._checked(guest) else []
            log = "\n".join([guest.dmesg(), *wrong])
            if coverage.WANTED and self._checked(guest):
                coverage.collect(guest)
            (guest.evidence / "dmesg.log").write_text(log)
        except Exception as e:     # pylint: disable=broad-except
            log = f"BUG: the guest does not answer any more: {e}\n"
        for vm in [*guest.past, guest.vm]:
            if vm.console.exists():
                log += vm.console.read_text(errors="replace")
        wrong = [line for line in complaints(log)
                 if not any(pattern in line for pattern in self.exempt)]
        if wrong and guest.vm.alive():
            guest.vm.note_processors()
        return wrong
