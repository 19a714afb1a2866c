# SPDX-License-Identifier: GPL-2.0
"""A newer QEMU than the machine's own, for what only that has: Debian trixie's, unpacked, by its own loader."""
from .suite import Suite


def qemu():
    """The words that start it: no chroot, so all paths are ours."""
    root = Suite("trixie").tools("qemu-system-x86").root
    usr = root / "usr"
    libraries = usr / "lib/x86_64-linux-gnu"
    return ("env", f"QEMU_MODULE_DIR={libraries}/qemu", str(root / "lib64/ld-linux-x86-64.so.2"), "--library-path",
            str(libraries), str(usr / "bin/qemu-system-x86_64"), "-L", str(usr / "share/qemu"),
            "-L", str(usr / "share/seabios"))
