# SPDX-License-Identifier: GPL-2.0
"""Debian systems, made once by mmdebstrap into the cache; each test works on a layer of its own.

Each has a kernel with its headers, and in /srv/kernel the packages of one with another ABI.
"""
import fcntl
import hashlib
import os
import re
import shutil
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from lab import LabError, NotRun
from lab.qemu import Pair
from lab.run import BUILD, TOP, cache_dir, sh, which

HERE = Path(__file__).resolve().parent
BASE = ("systemd systemd-sysv udev dbus kmod initramfs-tools busybox zstd xz-utils openssl dkms gcc make "
        "pkg-config libmnl-dev libnl-route-3-dev libjson-c-dev libsmartcols-dev libsystemd-dev iproute2 ethtool")

MAC = Pair().mac


def _networkd():
    return {"etc/systemd/network/50-lab.network": """[Match]
Name=en*
[Network]
Address=10.77.0.2/24
Address=fd77::2/64
IPv6AcceptRA=no
"""}


def _network_manager():
    """A profile for any card: it would take the lowers as well."""
    return {"etc/NetworkManager/system-connections/lab.nmconnection": """[connection]
id=lab
type=ethernet
multi-connect=3
[ipv4]
method=manual
address1=10.77.0.2/24
[ipv6]
method=manual
address1=fd77::2/64
"""}


def _ifupdown():
    """The lowers are named, too, as helpers of clouds do with every card that they see."""
    return {"etc/network/interfaces": """auto lo
iface lo inet loopback
auto enp1s0
iface enp1s0 inet static
    address 10.77.0.2/24
iface enp1s0 inet6 static
    address fd77::2/64
allow-hotplug enp1s0nsby
iface enp1s0nsby inet static
    address 10.77.0.3/24
allow-hotplug enp2s0
iface enp2s0 inet static
    address 10.77.0.4/24
"""}


def _netplan():
    """By address and with a name to set, as clouds do: three cards have that address."""
    return {"etc/netplan/50-lab.yaml": f"""network:
  version: 2
  renderer: networkd
  ethernets:
    lab:
      match: {{macaddress: "{MAC}"}}
      set-name: enp1s0
      addresses: [10.77.0.2/24, "fd77::2/64"]
      accept-ra: false
"""}


def _cloud_init():
    """Its own reading of the cards: the network is told by their address. Nothing is done that can't be here."""
    seed = "var/lib/cloud/seed/nocloud"
    config = "#cloud-config\nlocale: C.UTF-8\nresize_rootfs: false\nssh_genkeytypes: []\n"
    return {f"{seed}/meta-data": "instance-id: lab\n", f"{seed}/user-data": config,
            "etc/cloud/cloud.cfg.d/90-lab.cfg": "datasource_list: [NoCloud]\n",
            f"{seed}/network-config": f"""version: 1
config:
  - type: physical
    name: enp1s0
    mac_address: "{MAC}"
    subnets:
      - {{type: static, address: 10.77.0.2/24}}
      - {{type: static6, address: "fd77::2/64"}}
"""}


AGENT_UNIT = """[Unit]
Wants=network-online.target
After=network-online.target multi-user.target
[Service]
ExecStart=/usr/local/sbin/lab-agent
StandardOutput=journal
[Install]
WantedBy=multi-user.target
"""

# The second newest kernel of the suite's series is installed, the newest one lies ready.
# Not 6.1.0-55: its ext4 oopses when it allocates blocks (Debian bug 1154101, mended in -56).
CUSTOMIZE = r"""
set -e
export DEBIAN_FRONTEND=noninteractive
series=$(apt-cache depends linux-image-amd64 | sed -n 's/.*Depends: linux-image-\([0-9]*\)[.]\([0-9]*\)[.].*/\1[.]\2[.]/p' | head -n 1)
abis=$(apt-cache --names-only search "^linux-image-$series.*-amd64$" | sed 's/^linux-image-//; s/ .*//' |
	grep -v -e cloud -e rt- -e unsigned -e '^6[.]1[.]0-55-' | sort -V | tail -n 2)
old=${abis%%
*}
new=${abis##*
}
apt-get -qy --no-install-recommends install linux-image-$old linux-headers-$old
apt-get clean
mkdir -p /srv/kernel
if [ $old != $new ]; then
	apt-get -qy --no-install-recommends --download-only install linux-image-$new linux-headers-$new
	mv /var/cache/apt/archives/*.deb /srv/kernel/
fi
echo lab >/etc/hostname
passwd -d root
ln -s /bin/busybox /usr/local/bin/netstat
systemctl enable lab-agent.service ENABLE
systemctl mask apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer fstrim.timer
rm -f /usr/share/initramfs-tools/hooks/fsck
"""


@dataclass(frozen=True)
class System:
    """What a guest is made of."""
    suite: str
    name: str
    packages: str
    files: dict
    enable: str

    @property
    def key(self):
        text = repr((self.suite, self.packages, sorted(self.files.items()), self.enable, CUSTOMIZE,
                     BASE, AGENT_UNIT, (HERE / "agent.sh").read_text()))
        return f"{self.name}-{hashlib.sha256(text.encode()).hexdigest()[:12]}"


# How the network is configured -> packages, files, units to enable.
MANAGERS = {
    "networkd": ("", _networkd, "systemd-networkd.service"),
    "nm": ("network-manager", _network_manager, "NetworkManager.service NetworkManager-wait-online.service"),
    "ifupdown": ("ifupdown", _ifupdown, "networking.service"),
    "netplan": ("netplan.io", _netplan, "systemd-networkd.service"),
    "cloud": ("cloud-init netplan.io", _cloud_init, "systemd-networkd.service"),
}
DEFAULT = "bookworm-networkd trixie-nm"
SOAK = ("bookworm-nm bookworm-ifupdown bookworm-netplan bookworm-cloud trixie-networkd trixie-ifupdown "
        "trixie-netplan trixie-cloud bullseye-ifupdown bullseye-networkd sid-networkd")


def _system(name):
    suite, manager = name.split("-")
    packages, files, enable = MANAGERS[manager]
    return System(suite, name, packages, files(), enable)


SYSTEMS = {name: _system(name) for name in f"{DEFAULT} {SOAK}".split()}


def _mirrors():
    """Site of the machine's own main and security archive, by apt."""
    found = {}
    for line in sh("apt-get", "indextargets", "--format", "$(CREATED_BY) $(RELEASE) $(REPO_URI)").splitlines():
        kind, release, uri = line.split()
        if kind == "Packages" and re.fullmatch(r"[a-z]+(-security)?", release):
            found.setdefault("security" if release.endswith("-security") else "main", uri)
    if "main" not in found:
        raise NotRun("apt knows no Debian mirror (sources.list, or `apt-get update`?)")
    return found


def _sources(suite):
    uri = _mirrors()
    lines = [f"deb {uri['main']} {suite} main"]
    if suite != "sid":
        lines.append(f"deb {uri['main']} {suite}-updates main")
        if "security" in uri:
            lines.append(f"deb {uri['security']} {suite}-security main")
    return "\n".join(lines) + "\n"


def get(name):
    """The folder with the system's root, made if it is not in the cache."""
    system = SYSTEMS[name]
    if os.geteuid() != 0:
        raise NotRun("a root file system can only be made by root")
    missing = [p for p in ("mmdebstrap", "mke2fs", "debugfs", "unshare") if not which(p)]
    if missing:
        raise LabError(f"missing: {' '.join(missing)} (`make setup-check` as root installs them)")
    home = cache_dir() / "rootfs"
    home.mkdir(parents=True, exist_ok=True)
    with _lock(home / f".lock-{system.name}"):
        tree = home / system.key
        if not tree.exists():
            _make(system, tree)
    return tree


@contextmanager
def _lock(path):
    with open(path, "w", encoding="ascii") as f:
        fcntl.flock(f, fcntl.LOCK_EX)
        yield


def _make(system, tree):
    print(f"lab: making {system.name} (once, into {tree})", flush=True)
    for left in tree.parent.glob(f".{system.name}.*"):        # by a run that was killed: we hold the lock
        shutil.rmtree(left, ignore_errors=True)
    tmp = Path(tempfile.mkdtemp(prefix=f".{system.name}.", dir=tree.parent))
    files = dict(system.files, **{"etc/systemd/system/lab-agent.service": AGENT_UNIT,
                                  "usr/local/sbin/lab-agent": (HERE / "agent.sh").read_text()})
    (tmp / "customize").write_text(CUSTOMIZE.replace("ENABLE", system.enable))
    hooks = []
    for path, text in files.items():
        (tmp / Path(path).name).write_text(text)
        mode = "755" if "/sbin/" in path else "600" if path.endswith(("connection", "yaml")) else "644"
        hooks.append(f'--customize-hook=install -D -m {mode} {tmp}/{Path(path).name} "$1"/{path}')
    try:
        sh("mmdebstrap", "--quiet", "--variant=minbase", "--mode=root",
           f"--include={','.join((BASE + ' ' + system.packages).split())}",
           "--aptopt=Acquire::Check-Valid-Until \"false\"", "--skip=cleanup/apt/lists",
           "--dpkgopt=force-unsafe-io", "--dpkgopt=path-exclude=/usr/share/locale/*",
           "--dpkgopt=path-exclude=/usr/share/doc/*",
           *hooks, f'--customize-hook=chroot "$1" sh <{tmp}/customize',
           '--customize-hook=rm -rf "$1"/var/lib/apt/lists',
           system.suite, tmp / "root", "-", data=_sources(system.suite), timeout=1800)
    except LabError as e:
        shutil.rmtree(tmp, ignore_errors=True)
        raise NotRun(f"{system.suite}: the archive does not serve it today: {e}") from e
    (tmp / "root").rename(tree)
    shutil.rmtree(tmp, ignore_errors=True)


# The first three words are the layer; proc is what programs want, and nothing of the machine's /dev or /sys.
ENTER = r"""
set -e
lower=$1 layer=$2 how=$3; shift 3
mount -t overlay overlay -o lowerdir=$lower,upperdir=$layer/upper,workdir=$layer/work $layer/merged
mount -t proc proc $layer/merged/proc
case $how in
in)  exec chroot $layer/merged "$@" ;;
out) umount $layer/merged/proc; cd $layer/merged; exec "$@" ;;
esac
"""


class Layer:
    """A system with what a test changed in it."""

    def __init__(self, lower, folder):
        self.lower, self.folder = lower, Path(folder)       # lower: also several, `upper:lower`
        for name in ("upper", "work", "merged"):
            (self.folder / name).mkdir(parents=True)

    def _enter(self, how, *cmd, **kw):
        return sh("unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", ENTER, "enter",
                  self.lower, self.folder, how, *cmd, **kw)

    def run(self, command, timeout=600, **kw):
        """Run a shell command in it as root, and return what it said."""
        return self._enter("in", "/usr/bin/env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root",
                           "LC_ALL=C", "sh", "-c", command + "\n", timeout=timeout, **kw)

    def ok(self, command):
        """Whether a command succeeds."""
        return self.run(f"({command}) >/dev/null 2>&1 && echo yes || :").strip() == "yes"

    def put_sources(self):
        """What a user has after a clone, in /srv/net_failover; and the lab's probe."""
        sh("make", "--no-print-directory", "-C", TOP / "tests/vm", timeout=300)
        self.put("usr/local/bin/probe", (BUILD / "tests/probe").read_bytes(), 0o755)
        where = self.folder / "upper/srv/net_failover"
        where.mkdir(parents=True, exist_ok=True)
        for name in ("Kbuild", "Makefile", "dkms.conf", "LICENSE", "kmod", "userspace"):
            sh("cp", "-a", "--no-preserve=ownership", TOP / name, where)

    def paths(self):
        """What may differ from the system's own root: every path that a layer of ours has."""
        uppers = [self.folder / "upper", *(Path(p) for p in str(self.lower).split(":")[:-1])]
        return {"/" + str(path.relative_to(upper)) for upper in uppers for path in upper.rglob("*")}

    def describe(self, paths):
        """A line for each path that there is: kind, target, content."""
        self.put("tmp/paths", "\n".join(sorted(paths)).encode())
        return set(self.run(r"""xargs -d '\n' stat -c '%n %F %N' </tmp/paths 2>/dev/null
            xargs -d '\n' sha256sum </tmp/paths 2>/dev/null | sed 's/^\([^ ]*\)  \(.*\)/\2 \1/'
            rm /tmp/paths""").splitlines())

    def put(self, path, data, mode=0o644):
        """Write a file into it."""
        target = self.folder / "upper" / path.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
        target.chmod(mode)

    def image(self, path, size="3G"):
        """A disk with it."""
        self._enter("out", "mke2fs", "-q", "-t", "ext4", "-E", "nodiscard,lazy_itable_init=1", "-d", ".", path, size,
                    timeout=600)
        return Path(path)
