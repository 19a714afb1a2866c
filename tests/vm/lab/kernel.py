# SPDX-License-Identifier: GPL-2.0
"""Which kernel the guests run, and its headers: from the machine's own apt, unpacked into a cache."""
import fcntl
import lzma
import os
import re
import shutil
import struct
import subprocess
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from . import LabError, NotRun
from .run import TOP, cache_dir, sh

META = {"debian12": ("linux-image-amd64", r"linux-image-(6\.1\.0-\d+-amd64)")}
# Not wanted in any guest of ours, and most of the package's bulk.
LEFT_OUT = ("*/drivers/gpu", "*/drivers/media", "*/drivers/infiniband", "*/sound",
            "*/drivers/staging", "*/drivers/scsi", "*/drivers/iio", "*/drivers/usb")


@dataclass(frozen=True)
class Kernel:
    """A kernel image, the root under which lib/modules/<release> lies, and its build folder."""
    release: str
    image: Path
    modules_root: Path
    kdir: Path

    @property
    def debug(self):
        """Whether it is the one of debug-kernel/, with all its checkers."""
        return (self.kdir / "include/config/KASAN").exists()

    @property
    def modules(self):
        return self.modules_root / "lib/modules" / self.release


def get(suite="debian12"):
    """The kernel to test on; NFO_KERNEL_IMAGE, NFO_KERNEL_MODULES and NFO_KDIR name another one."""
    if os.environ.get("NFO_KERNEL_IMAGE"):
        return _from_environment()
    try:
        return _cached(newest_release(suite))
    except NotRun:
        if os.geteuid() != 0:
            raise
    sh("apt-get", "update", timeout=600)       # the lists may be older than the archive
    return _cached(newest_release(suite))


def get_debug():
    """The debug kernel, if it was built on this machine: that takes too long to do it unasked."""
    if under_checkers():
        return _from_environment()
    try:
        told = sh(TOP / "tests/vm/debug-kernel/build", "--cached")
    except LabError as e:
        raise NotRun("the debug kernel is not built here; `make check-debug` builds it, once") from e
    told = dict(line.split("=", 1) for line in told.splitlines())
    return Kernel(told["NFO_KERNEL_RELEASE"], Path(told["NFO_KERNEL_IMAGE"]),
                  Path(told["NFO_KERNEL_MODULES"]), Path(told["NFO_KDIR"]))


def under_checkers():
    """Whether all tests run on the debug kernel, as `make check-debug` has it."""
    return bool(os.environ.get("NFO_KERNEL_IMAGE")) and _from_environment().debug


def _cached(release):
    root = cache_dir() / "kernels" / release
    with _lock(release):
        if not (root / "complete").exists():
            _fetch(release, root)
    return Kernel(release, root / "boot/image", root,
                  root / f"usr/src/linux-headers-{release}")


def newest_release(suite="debian12"):
    """The newest kernel release that this machine's apt offers for the suite."""
    meta, pattern = META[suite]
    found = re.findall(r"Depends: " + pattern + "$", sh("apt-cache", "depends", meta, check=False),
                       re.M)
    if not found:
        return _newest_cached(suite)
    return found[-1]


def _newest_cached(suite):
    pattern = META[suite][1].replace("linux-image-", "", 1)
    have = [p.parent.name for p in (cache_dir() / "kernels").glob("*/complete")]
    have = [r for r in have if re.fullmatch(pattern, r)]
    if not have:
        raise NotRun(f"{suite}: apt offers no {META[suite][0]} (sources.list, or `apt-get update`?)")
    return max(have, key=lambda r: [int(n) for n in re.findall(r"\d+", r)])


def _from_environment():
    image = Path(os.environ["NFO_KERNEL_IMAGE"]).resolve()
    kdir = Path(os.environ.get("NFO_KDIR", "")).resolve()
    release_file = kdir / "include/config/kernel.release"
    if not image.exists() or not release_file.exists():
        raise LabError("NFO_KERNEL_IMAGE needs an image, and NFO_KDIR that kernel's build folder")
    modules_root = Path(os.environ.get("NFO_KERNEL_MODULES", "/nonexistent")).resolve()
    return Kernel(release_file.read_text().strip(), image, modules_root, kdir)


@contextmanager
def _lock(name):
    cache_dir().mkdir(parents=True, exist_ok=True)
    with open(cache_dir() / f".lock-{name}", "w", encoding="ascii") as f:
        fcntl.flock(f, fcntl.LOCK_EX)
        yield


def _packages(release):
    """The image and the headers; the headers' own dependencies name the shared parts."""
    headers = f"linux-headers-{release}"
    deps = re.findall(r"Depends: (linux-(?:headers|kbuild)-\S+)", sh("apt-cache", "depends", headers))
    return [f"linux-image-{release}", headers, *deps]


def _fetch(release, root):
    """Download and unpack into a folder beside the final one, then rename it: never half a cache."""
    root.parent.mkdir(parents=True, exist_ok=True)
    for left in root.parent.glob(f".{release}.*"):    # by a run that was killed: we hold the lock
        shutil.rmtree(left, ignore_errors=True)
    tmp = Path(tempfile.mkdtemp(prefix=f".{release}.", dir=root.parent))
    try:
        os.chmod(tmp, 0o755)
        print(f"lab: downloading {release} (once, into {root})", flush=True)
        debs = tmp / "debs"
        debs.mkdir()
        try:
            sh("apt-get", "-o", "APT::Sandbox::User=root", "download", *_packages(release),
               cwd=debs, timeout=600)
        except LabError as e:
            raise NotRun(f"{release}: the archive does not serve it today: {e}") from e
        for deb in debs.iterdir():
            _unpack(deb, tmp)
        shutil.rmtree(debs)
        _relocate(tmp, root, release)
        _inflate(tmp / f"boot/vmlinuz-{release}", tmp / "boot/image")
        sh("/sbin/depmod", "-b", tmp, release)
        (tmp / "complete").touch()
        shutil.rmtree(root, ignore_errors=True)
        tmp.rename(root)
    finally:
        shutil.rmtree(tmp, ignore_errors=True)


def _unpack(deb, where):
    with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", deb], stdout=subprocess.PIPE) as data:
        tar = ["tar", "-x", "--no-same-owner", "-C", where, *(f"--exclude={p}" for p in LEFT_OUT)]
        subprocess.run(tar, stdin=data.stdout, check=True)
    if data.returncode:
        raise LabError(f"{deb.name} is damaged")


def _relocate(tmp, root, release):
    """Make the headers work from where they will lie: one include line names an absolute path."""
    makefile = tmp / f"usr/src/linux-headers-{release}/Makefile"
    makefile.write_text(makefile.read_text().replace(" /usr/src/", f" {root}/usr/src/"))
    (tmp / "lib/modules" / release).mkdir(parents=True, exist_ok=True)
    for name in ("build", "source"):
        link = tmp / "lib/modules" / release / name
        if link.is_symlink():
            target = str(link.readlink())
            link.unlink()
            link.symlink_to(f"{root}{target}")


def _inflate(image, out):
    """Take the kernel proper out of a bzImage: without KVM, unpacking it at each boot costs 3 s.

    QEMU starts an ELF image by its PVH note; without one, or not xz-packed, the bzImage stays.
    """
    data = image.read_bytes()
    offset, length = struct.unpack_from("<II", data, 0x248)
    payload = data[(data[0x1f1] + 1) * 512 + offset:][:length]
    if payload.startswith(b"\xfd7zXZ"):
        vmlinux = lzma.LZMADecompressor().decompress(payload)
        if b"Xen\0" in vmlinux:
            data = vmlinux
    out.write_bytes(data)
