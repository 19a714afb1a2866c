# SPDX-License-Identifier: GPL-2.0
"""Builds the guests' initramfs: real kmod, iproute2 and ethtool over busybox, and the modules."""
import hashlib
import os
import shutil
import tempfile
from pathlib import Path

from . import userland
from .run import BUILD, sh

# busybox's own modprobe ignores updates/, its ip knows little: these are the real ones.
TOOLS = ("dash", "kmod", "ip", "bridge", "tc", "ethtool", "date")
KMOD_NAMES = ("modprobe", "insmod", "rmmod", "lsmod", "depmod", "modinfo")
MODULES = ("virtio_pci", "virtio_net", "net_failover", "failover", "e1000e", "vmxnet3", "igb",
           "8021q", "bridge", "macvlan", "dummy", "veth", "bonding", "virtio_console", "netconsole",
           "sch_netem", "sch_fq_codel", "sch_ingress", "cls_matchall", "act_gact", "pktgen")
INIT = Path(__file__).with_name("init.sh")


def build(kernel, variant, programs=(), ours=None, extra_modules=()):
    """The path of the initramfs for a variant; it is built only when its content is new."""
    files = {"init": INIT}
    land = userland.of(kernel.arch)
    for path in (*map(land.find, TOOLS), *programs):
        files[f"bin/{Path(path).name}"] = Path(path)
        files |= land.libraries(path)
    files["bin/busybox"] = land.find("busybox")
    modules = _modules(kernel) | {f"extra/{Path(m).name}": Path(m) for m in extra_modules}
    if variant == "ours":
        modules["updates/dkms/net_failover.ko"] = Path(ours)
    out = BUILD / "tests/initramfs" / f"{_hash(kernel, files, modules)}.cpio"
    if not out.exists():
        out.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=out.parent) as tmp:
            _fill(Path(tmp) / "root", kernel, files, modules)
            _pack(Path(tmp) / "root", Path(tmp) / "cpio")
            os.rename(Path(tmp) / "cpio", out)
    return out


def _modules(kernel):
    """MODULES and what they depend on, by their path below lib/modules/<release>."""
    if not (kernel.modules / "modules.dep").exists():
        return {}
    depends = {}
    for line in (kernel.modules / "modules.dep").read_text().splitlines():
        path, _, needs = line.partition(":")
        depends[path] = needs.split()
    by_name = {Path(p).name.split(".")[0].replace("-", "_"): p for p in depends}
    wanted = set()
    for name in MODULES:
        if name in by_name:
            wanted |= {by_name[name], *depends[by_name[name]]}
    return {p: kernel.modules / p for p in sorted(wanted)}


def _hash(kernel, files, modules):
    digest = hashlib.sha256(f"{kernel.release} {kernel.image}".encode())
    for name, path in sorted({**files, **modules}.items()):
        digest.update(name.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    digest.update(Path(__file__).read_bytes())
    return digest.hexdigest()[:16]


def _fill(root, kernel, files, modules):
    for folder in ("bin", "proc", "sys", "dev", "run", "tmp", "etc", "var", "root"):
        (root / folder).mkdir(parents=True)
    for name in ("sbin", "usr/bin", "usr/sbin"):
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).symlink_to("/bin")
    tree = root / "lib/modules" / kernel.release
    tree.mkdir(parents=True)
    for name in ("modules.order", "modules.builtin", "modules.builtin.modinfo"):
        if (kernel.modules / name).exists():
            shutil.copy(kernel.modules / name, tree)
    for base, entries in ((root, files), (tree, modules)):
        for name, path in entries.items():
            (base / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, base / name)
    for name in KMOD_NAMES:
        (root / "bin" / name).symlink_to("kmod")
    (root / "bin/sh").symlink_to("dash")
    for name in sh(userland.of("amd64").find("busybox"), "--list").split():   # the same in each architecture
        if not os.path.lexists(root / "bin" / name):
            (root / "bin" / name).symlink_to("busybox")
    (root / "init").chmod(0o755)
    sh("/sbin/depmod", "-b", root, kernel.release)


def _pack(root, out):
    """Write the tree as a newc archive, everything owned by root."""
    with open(out, "wb") as f:
        paths = [root, *sorted(root.rglob("*"))]
        for number, path in enumerate(paths, 1):
            name = "." if path == root else str(path.relative_to(root))
            f.write(_entry(number, name, path))
        f.write(_record(0, "TRAILER!!!", 0, b""))


def _entry(number, name, path):
    mode = path.lstat().st_mode
    if path.is_symlink():
        return _record(number, name, mode, os.readlink(path).encode())
    return _record(number, name, mode, b"" if path.is_dir() else path.read_bytes())


def _record(number, name, mode, data):
    raw = name.encode() + b"\0"
    head = (number, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(raw), 0)
    record = b"070701" + b"".join(b"%08X" % n for n in head) + raw
    record += b"\0" * (-len(record) % 4)
    return record + data + b"\0" * (-len(data) % 4)
