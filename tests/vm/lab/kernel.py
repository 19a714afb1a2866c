# SPDX-License-Identifier: GPL-2.0
"""The kernels that guests run, their headers and their compilers, unpacked into a cache.

A name is the version, with "-cloud" or "-arm64" where it is not the usual amd64 flavour: 5.10, 6.1,
6.12-cloud; the suite's name serves too. Debian 12's own compiler builds for 6.1, each other suite's
in a root of its own.
"""
import lzma
import os
import re
import struct
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

from . import LabError, NotRun
from .run import TOP, cache_dir, sh, which
from .suite import Suite, Tools, filled, lock

SUITES = {"5.10": "bullseye", "6.1": "bookworm", "6.12": "trixie", "7.2": "sid"}
FLAVOURS = {"amd64": "amd64", "cloud": "cloud-amd64", "arm64": "arm64"}
DEFAULT = "6.1"
ALL = ("5.10", "6.1", "6.12", "7.2", "6.12-cloud", "6.1-arm64")
CROSS = {"arm64": ("gcc-aarch64-linux-gnu", "libc6-dev-arm64-cross")}
PREFIX = {"arm64": "aarch64-linux-gnu-"}
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
    name: str = DEFAULT
    arch: str = "amd64"
    tools: Optional[Tools] = None  # where its compiler runs; None: on this machine

    @property
    def modules(self):
        return self.modules_root / "lib/modules" / self.release

    @property
    def debug(self):
        """Whether it is the one of debug-kernel/ with KASAN, lockdep and kmemleak."""
        return (self.kdir / "include/config/KASAN").exists()

    @property
    def kcsan(self):
        """Whether it is the one of debug-kernel/ that tells of data races."""
        return (self.kdir / "include/config/KCSAN").exists()

    @property
    def checked(self):
        """Whether it is one of these."""
        return self.debug or self.kcsan

    @property
    def cloud(self):
        return "cloud" in self.release

    @property
    def build(self):
        """The build folder as `make` sees it."""
        return Path("/") / self.kdir.relative_to(self.tools.root) if self.tools else self.kdir

    def make(self, *args, timeout=600):
        """make with what this kernel was built with; what subprocess.run() gives."""
        words = ["make", "--no-print-directory", *map(str, args)]
        if self.arch in PREFIX:
            words += [f"ARCH={self.arch}", f"CROSS_COMPILE={PREFIX[self.arch]}"]
        if self.tools:
            return self.tools.run(*words, binds=[TOP], timeout=timeout)
        return subprocess.run(words, capture_output=True, text=True, timeout=timeout, check=False,
                              stdin=subprocess.DEVNULL)

    def make_module(self, where, *args):
        """`make modules` for this kernel into a folder below the top; what subprocess.run() gives."""
        return self.make("-C", TOP, f"-j{os.cpu_count()}", "modules", f"KVER={self.release}",
                         f"KDIR={self.build}", f"MODDIR={Path(where).relative_to(TOP)}", *args)


def split(name):
    """A kernel's name -> suite, flavour; the name of a suite will do for the version."""
    version, _, flavour = name.partition("-")
    suite = SUITES.get(version, version)
    flavour = flavour or "amd64"
    if suite not in SUITES.values() or flavour not in FLAVOURS:
        raise LabError(f"no kernel '{name}': {' '.join(SUITES)}, or one of these with -cloud or -arm64")
    return suite, flavour


def get(name=DEFAULT):
    """The kernel to test on; NFO_KERNEL_IMAGE, NFO_KERNEL_MODULES and NFO_KDIR name another one."""
    if from_environment():
        return _from_environment()
    suite, flavour = split(name)
    arch = "arm64" if flavour == "arm64" else "amd64"
    source = Suite(suite, arch)
    image = source.newest(f"linux-image-{FLAVOURS[flavour]}")
    release = image.removeprefix("linux-image-")
    if name in SUITES and not release.startswith(f"{name}."):
        # Sid goes on: what is asked for by a version must be that version.
        if not re.match(rf"{re.escape(name)}\b", release):
            raise NotRun(f"{suite} has {release} now, not {name} (KERNELS={suite} takes what it has)")
    native = arch == "amd64" and suite == _here()
    root = cache_dir() / "kernels" / release
    with lock(release):
        if not (root / "complete").exists():
            _fetch(source, release, root, native)
    kernel = Kernel(release, root / "boot/image", root, root / f"usr/src/linux-headers-{release}", name, arch)
    return kernel if native else _with_tools(kernel, suite)


def get_debug():
    """The debug kernel, if it was built on this machine: that takes too long to do it unasked."""
    return _from_environment() if under_checkers() else _built("make check-debug")


def get_kcsan():
    """The one with KCSAN, likewise."""
    return _built("make soak", "--kcsan")


def _built(target, *args):
    try:
        told = sh(TOP / "tests/vm/debug-kernel/build", "--cached", *args)
    except LabError as e:
        raise NotRun(f"this kernel is not built here; `{target}` builds it, once") from e
    told = dict(line.split("=", 1) for line in told.splitlines())
    return Kernel(told["NFO_KERNEL_RELEASE"], Path(told["NFO_KERNEL_IMAGE"]),
                  Path(told["NFO_KERNEL_MODULES"]), Path(told["NFO_KDIR"]))


def from_environment():
    """Whether the environment names the kernel."""
    return bool(os.environ.get("NFO_KERNEL_IMAGE"))


def under_checkers():
    """Whether all tests run on a debug kernel, as `make check-debug` has it."""
    return from_environment() and _from_environment().checked


def _here():
    """This machine's own suite."""
    found = re.search(r"^VERSION_CODENAME=(\w+)", Path("/etc/os-release").read_text(encoding="utf-8"), re.M)
    return found[1] if found else None


def _with_tools(kernel, suite):
    """The compiler that the suite's headers name, for all flavours the same, and these headers."""
    host = Suite(suite)
    headers = f"linux-headers-{kernel.release}"
    first = host.newest("linux-image-amd64").replace("image", "headers", 1)
    tools = host.tools("make", first, *CROSS.get(kernel.arch, ()))
    there = tools.root / "usr/src" / headers
    with lock(kernel.release):
        if not (there / "Makefile").exists():
            common = [p for p in Suite(suite, kernel.arch).depends(headers) if p.endswith("-common")]
            Suite(suite, kernel.arch).unpack(tools.root, headers, *common)
    return Kernel(kernel.release, kernel.image, kernel.modules_root, there, kernel.name, kernel.arch, tools)


def _from_environment():
    image = Path(os.environ["NFO_KERNEL_IMAGE"]).resolve()
    kdir = Path(os.environ.get("NFO_KDIR", "")).resolve()
    release_file = kdir / "include/config/kernel.release"
    if not image.exists() or not release_file.exists():
        raise LabError("NFO_KERNEL_IMAGE needs an image, and NFO_KDIR that kernel's build folder")
    modules_root = Path(os.environ.get("NFO_KERNEL_MODULES", "/nonexistent")).resolve()
    return Kernel(release_file.read_text().strip(), image, modules_root, kdir)


def _fetch(source, release, root, native):
    """The image, and the headers too where this machine's own compiler is to use them."""
    print(f"lab: downloading {release} (once, into {root})", flush=True)
    image = f"linux-image-{release}"
    parts = [p for p in source.depends(image) if p.endswith(f"-{release}")]    # split up since 6.17
    headers = f"linux-headers-{release}"
    if native:
        parts += [headers, *(p for p in source.depends(headers) if re.match("linux-(headers|kbuild)-", p))]
    with filled(root) as tmp:
        for part in ("boot", "lib"):
            (tmp / part).mkdir()
        source.unpack(tmp, image, *parts, exclude=LEFT_OUT)
        if not (tmp / "lib/modules").exists():
            (tmp / "lib/modules").symlink_to("../usr/lib/modules")
        if native:
            _relocate(tmp, root, release)
        places = (tmp / f"boot/vmlinuz-{release}", tmp / f"lib/modules/{release}/vmlinuz")
        _inflate(next(p for p in places if p.exists()), tmp / "boot/image")
        sh("/sbin/depmod", "-b", tmp, release)


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


def _unpacked(payload):
    """The kernel proper, where a decompressor for it is here."""
    if payload.startswith(b"\xfd7zXZ"):
        return lzma.LZMADecompressor().decompress(payload)
    if payload.startswith(b"\x28\xb5\x2f\xfd") and which("zstd"):
        return subprocess.run(["zstd", "-dcq"], input=payload, capture_output=True, check=False).stdout
    return b""


def _inflate(image, out):
    """Take the kernel proper out of a bzImage: without KVM, unpacking it at each boot costs 3 s.

    QEMU starts an ELF image by its PVH note; without one the bzImage stays.
    """
    data = image.read_bytes()
    if data[0x1fe:0x200] == b"\x55\xaa" and data[0x202:0x206] == b"HdrS":
        offset, length = struct.unpack_from("<II", data, 0x248)
        vmlinux = _unpacked(data[(data[0x1f1] + 1) * 512 + offset:][:length])
        if b"Xen\0" in vmlinux:
            data = vmlinux
    out.write_bytes(data)
