# SPDX-License-Identifier: GPL-2.0
"""Boots a disk with a whole Debian in the lab; its kernel and initramfs are taken from the disk at each boot."""
import re
import shutil
import tempfile
import time
from pathlib import Path

from lab.guest import Guest, GuestError
from lab.net import Network
from lab.qemu import Machine, Pair, Qemu
from lab.run import BUILD, sh
from lab.testbed import Testbed

PATIENCE = 900                     # seconds for a boot on a busy machine without KVM
APPEND = "root=/dev/vda rw net.ifnames=1 systemd.mask=serial-getty@ttyS1.service"


def _version(release):
    return [int(n) for n in re.findall(r"\d+", release)]


def kernels_of(disk):
    """The releases of the kernels on a disk that have an initramfs, oldest first."""
    listing = sh("debugfs", "-R", "ls -p /boot", disk)
    names = {line.split("/")[5] for line in listing.splitlines() if line.count("/") >= 6}
    found = [n[len("vmlinuz-"):] for n in names if n.startswith("vmlinuz-")]
    return sorted((r for r in found if f"initrd.img-{r}" in names), key=_version)


class RealGuest(Guest):
    """A guest whose PID 1 is systemd."""

    def boot(self):
        self.vm.qmp.execute("cont")
        self._line(lambda line: line == "ready", PATIENCE, "the guest's boot")

    def reboot(self, bed, append=""):
        """As the guest's administrator does; the newest kernel on its disk comes up."""
        self.execute("(sleep 1; systemctl reboot --no-block) >/dev/null 2>&1 &")    # the answer comes first
        self.vm.proc.wait(PATIENCE)
        old = self.vm
        old.end()
        machine = bed.machine(bed.disk, append)
        self.past.append(old)
        self.connect(Qemu(machine, old.net, old.control_path.parent, self.evidence, old.generation + 1))
        self.boot()

    def release(self):
        """The kernel that runs."""
        return self.run("uname -r").strip()


class Bed(Testbed):
    """One test's network and guest, on a copy of a disk."""

    def __init__(self, evidence, exempt=()):
        super().__init__(None, evidence, exempt)
        self.disk = Path(tempfile.mkdtemp(prefix="disk-", dir=BUILD / "tests")) / "disk"

    def machine(self, disk, append="", pairs=(Pair(),), release=None, **options):
        """The machine that boots this disk."""
        release = release or kernels_of(disk)[-1]
        folder = disk.parent
        for name, to in ((f"vmlinuz-{release}", "vmlinuz"), (f"initrd.img-{release}", "initrd")):
            sh("debugfs", "-R", f"dump /boot/{name} {folder / to}", disk)
        drive = f"if=none,id=root,format=raw,cache=writeback,file={disk}"
        return Machine(folder / "vmlinuz", folder / "initrd", pairs, load=(), memory=640, append=f"{APPEND} {append}",
                       extra=("-drive", drive, "-device", "virtio-blk-pci,drive=root", "-device", "virtio-rng-pci"),
                       **options)

    def start(self, image, variant="ours", append="", pairs=(Pair(),), **options):
        """Boot a copy of the image, with these options of Machine; tests may write to it."""
        if self.net is None:
            self.net = Network().__enter__()
        sh("cp", "--sparse=always", image, self.disk, timeout=300)
        machine = self.machine(self.disk, append, pairs, **options)
        folder = self.evidence / f"guest{len(self.guests)}"
        folder.mkdir(parents=True)
        guest = RealGuest(Qemu(machine, self.net, self._rundir, folder), folder, variant)
        self.guests.append(guest)
        start = time.monotonic()
        guest.boot()
        guest.booted_in = time.monotonic() - start
        return guest

    def close(self):
        for guest in self.guests:
            try:
                (guest.evidence / "journal.log").write_text(guest.run("journalctl -b --no-pager", timeout=60))
            except Exception:      # pylint: disable=broad-except
                pass               # Testbed.close says that the guest does not answer
        found = super().close()
        shutil.rmtree(self.disk.parent, ignore_errors=True)
        return found


def addresses(guest):
    """Interface -> its addresses but loopback's, as the guest has them now."""
    found = {}
    for line in guest.run("ip -o addr show").splitlines():
        words = line.split()
        if words[1] != "lo":
            found.setdefault(words[1], []).append(words[3])
    return found


def settled(guest, timeout=120):
    """Wait until the pair is whole and configured: its names, after checking who has addresses.

    The master has exactly the addresses that it was given and one of its link; its lowers have none.
    (The in-tree module lets them have fe80 ones: defect P5.)
    """
    pair = guest.wait_paired(timeout=timeout)

    def right():
        have = addresses(guest)
        mine = have.pop(pair.master, [])
        if not pair.ours:
            have = [a for addresses in have.values() for a in addresses if not a.startswith("fe80")]
        return not have and sorted(a.split("/")[0][:4] for a in mine) == ["10.7", "fd77", "fe80"]
    try:
        guest.wait_until(right, timeout, "the addresses")
    except TimeoutError as e:
        raise GuestError(f"addresses on others than {pair.master}, or not those given: {addresses(guest)}") from e
    return pair.master, pair.standby, pair.primary
