# SPDX-License-Identifier: GPL-2.0
"""Packages of any Debian suite and architecture, from the mirrors that this machine's apt knows.

    trixie = Suite("trixie")
    trixie.newest("linux-image-amd64")           what that meta package depends on today
    trixie.unpack(folder, "linux-image-…")       into a folder
    tools = trixie.tools("gcc", "make")          a root with these and all that they need
    tools.run("make", "-C", top, binds=[top])    in there, where our folders keep their paths

Nothing is installed and no package's script runs; all of it works without root. Lists and roots are
kept in ~/.cache/net_failover ($NFO_CACHE).
"""
import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from . import LabError, NotRun
from .run import cache_dir, sh

KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
LISTS_LAST = 2 * 86400             # seconds; older lists may name what the archive has dropped
NO_SECURITY_PART = ("sid", "unstable", "experimental")
# What any script expects of a system, and what only a running one needs.
BASICS = ("bash", "dash", "coreutils", "sed", "grep", "mawk", "findutils", "diffutils")
USELESS = ("linux-image-*", "linux-binary-*", "linux-modules-*", "linux-base*", "initramfs-tools*", "dracut*",
           "klibc-utils", "systemd", "udev", "mount", "logsave", "perl-modules*", "libperl*")
# Root, folders of ours, "--", command: bind mounts in a namespace of their own, gone with it.
ENTER = r"""
root=$1; shift
mount --rbind /proc "$root/proc"; mount --rbind /dev "$root/dev"; mount -t tmpfs tmp "$root/tmp"
while [ "$1" != -- ]; do mkdir -p "$root$1"; mount --bind "$1" "$root$1"; shift; done
shift
exec chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/tmp LC_ALL=C "$@"
"""


@contextmanager
def lock(name):
    """One process at a time fills that part of the cache."""
    cache_dir().mkdir(parents=True, exist_ok=True)
    with open(cache_dir() / f".lock-{name}", "w", encoding="ascii") as f:
        fcntl.flock(f, fcntl.LOCK_EX)
        yield


@contextmanager
def filled(folder):
    """A folder to fill, that takes its place when it is complete: never half a cache. Locked."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    for left in folder.parent.glob(f".{folder.name}.*"):     # by a run that was killed
        shutil.rmtree(left, ignore_errors=True)
    tmp = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        tmp.chmod(0o755)
        yield tmp
        (tmp / "complete").touch()
        shutil.rmtree(folder, ignore_errors=True)
        tmp.rename(folder)
    finally:
        shutil.rmtree(tmp, ignore_errors=True)


def last_line(error):
    """What apt said last: of many errors the one that stopped it."""
    return str(error).strip().splitlines()[-1]


def unpack_deb(deb, where, exclude=()):
    """The files of one package. Links such as /bin stay links."""
    with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", deb], stdout=subprocess.PIPE) as data:
        tar = ["tar", "-x", "--no-same-owner", "--keep-directory-symlink", "-C", where,
               *(f"--exclude={p}" for p in exclude)]
        subprocess.run(tar, stdin=data.stdout, check=True)
    if data.returncode:
        raise LabError(f"{deb.name} is damaged")


@dataclass(frozen=True)
class Tools:
    """A root folder with programs of a suite."""
    root: Path

    def run(self, *cmd, binds=(), timeout=600):
        """subprocess.run() in there; `binds` are folders of ours that it sees, at the same paths."""
        user = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
        return subprocess.run(["unshare", *user, "--mount", "--propagation", "private", "sh", "-ec", ENTER,
                               "enter", self.root, *binds, "--", *map(str, cmd)],
                              capture_output=True, text=True, timeout=timeout, check=False,
                              stdin=subprocess.DEVNULL)


@dataclass(frozen=True)
class Suite:
    """A suite of Debian with its security part, for one architecture."""
    name: str
    arch: str = "amd64"

    @property
    def folder(self):
        return cache_dir() / "suites" / f"{self.name}-{self.arch}"

    def newest(self, meta):
        """The package of the same kind that a meta package depends on today."""
        kind = re.match(r"linux-[a-z]+-|", meta)[0]
        found = [name for name in self.depends(meta) if name.startswith(kind)]
        if not found:
            raise NotRun(f"{self.name}: the archive has no {meta} for {self.arch} today")
        return found[0]

    def depends(self, package):
        """What a package depends on directly, alternatives left out."""
        with self._locked():
            return re.findall(r"^ +Depends: ([^<\s]+)$",
                              self._apt("apt-cache", "depends", package, check=False), re.M)

    def unpack(self, where, *packages, exclude=()):
        """The files of these packages alone."""
        with self._locked():
            for deb in self._download(where, packages):
                unpack_deb(deb, where, exclude)
                deb.unlink()

    def tools(self, *packages):
        """A root with these packages, the shell's usual programs, and what all of them need."""
        name = "tools-" + hashlib.sha256(" ".join(packages).encode()).hexdigest()[:8]
        root = self.folder / name
        with self._locked():
            if not (root / "complete").exists():
                print(f"lab: unpacking {', '.join(packages)} of {self.name} (once, into {root})", flush=True)
                with filled(root) as tmp:
                    self._fill(tmp, self._closure([*BASICS, *packages]))
        return Tools(root)

    def _fill(self, root, wanted):
        for part in ("bin", "sbin", "lib", "lib64"):
            (root / "usr" / part).mkdir(parents=True)
            (root / part).symlink_to(f"usr/{part}")
        for part in ("proc", "dev", "tmp"):
            (root / part).mkdir()
        for deb in self._download(root, wanted):
            unpack_deb(deb, root, ("./usr/share/doc", "./usr/share/man", "./usr/share/locale"))
            deb.unlink()
        for name, target in (("sh", "dash"), ("awk", "mawk")):   # made by scripts of the packages
            if not os.path.lexists(root / "usr/bin" / name):
                (root / "usr/bin" / name).symlink_to(target)

    def _closure(self, packages):
        """The packages, and those that they need, as name=version."""
        said = self._apt("apt-get", "-s", "-y", "--no-install-recommends", "install", *packages)
        found = re.findall(r"^Inst (\S+) \((\S+)", said, re.M)
        return [f"{name}={version}" for name, version in found
                if not any(fnmatch(name, pattern) for pattern in USELESS)]

    def _download(self, where, packages):
        """The packages' files, in a folder beside `where`."""
        debs = Path(where) / ".debs"
        debs.mkdir(exist_ok=True)
        try:
            self._apt("apt-get", "-qq", "download", *packages, cwd=debs)
        except LabError as e:
            raise NotRun(f"{self.name}: the archive does not serve it today: {last_line(e)}") from e
        return sorted(debs.glob("*.deb"))

    @contextmanager
    def _locked(self):
        with lock(self.folder.name):
            self._update()
            yield

    def _update(self):
        """Fetch the lists if there are none, or old ones; those serve where there is no network."""
        stamp = self.folder / "updated"
        if stamp.exists() and time.time() - stamp.stat().st_mtime < LISTS_LAST:
            return
        for part in ("state/lists/partial", "cache/archives/partial"):
            (self.folder / part).mkdir(parents=True, exist_ok=True)
        (self.folder / "status").touch()
        (self.folder / "sources.list").write_text(self._sources(), encoding="ascii")
        try:
            self._apt("apt-get", "-qq", "--error-on=any", "update")
        except LabError as e:
            if not stamp.exists():
                raise NotRun(f"{self.name}: the archive does not serve it today: {last_line(e)}") from e
        else:
            stamp.touch()

    def _sources(self):
        """The main and the security part, from where this machine gets its own."""
        said = sh("apt-get", "indextargets", "--format", "$(LABEL) $(REPO_URI)", "Identifier: Packages")
        mirrors = dict(line.split(" ", 1) for line in said.splitlines() if line.count(" ") == 1)
        if "Debian" not in mirrors:
            raise NotRun(f"{self.name}: this machine's apt knows no mirror of Debian (`apt-get update`?)")
        signed = f"[signed-by={KEYRING}] " if KEYRING.exists() else ""
        lines = [f"deb {signed}{mirrors['Debian']} {self.name} main"]
        if "Debian-Security" in mirrors and self.name not in NO_SECURITY_PART:
            lines.append(f"deb {signed}{mirrors['Debian-Security']} {self.name}-security main")
        return "\n".join(lines) + "\n"

    def _apt(self, program, *args, check=True, cwd=None):
        own = {"Dir::State": self.folder / "state", "Dir::State::status": self.folder / "status",
               "Dir::Cache": self.folder / "cache", "Dir::Etc::sourcelist": self.folder / "sources.list",
               "Dir::Etc::sourceparts": "/dev/null", "Dir::Etc::preferences": "/dev/null",
               "Dir::Etc::preferencesparts": "/dev/null", "APT::Architecture": self.arch,
               "APT::Architectures": self.arch, "APT::Sandbox::User": "root", "Debug::NoLocking": "true",
               "Acquire::Languages": "none", "Acquire::Check-Valid-Until": "false", "Acquire::Retries": 3}
        options = [word for key, value in own.items() for word in ("-o", f"{key}={value}")]
        return sh(program, *options, *args, timeout=900, check=check, cwd=cwd or self.folder)
