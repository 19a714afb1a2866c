# SPDX-License-Identifier: GPL-2.0
"""A network for one test: a bridge with taps, and a peer, in namespaces without a name.

    peer namespace            lab namespace
    eth0 10.77.0.1  ── veth ── br0 ─┬─ n0g0, v0g0  standby and VF of pair 0, QEMU no. 0
         fd77::1                    ├─ n0g1, v0g1  the same, QEMU no. 1 (migrated to)
                                    └─ …

Each namespace is held open by a process that ends with this one, so nothing can be left behind.
"""
import os
import signal
import subprocess

from . import LabError
from .run import sh

PEER4, PEER6 = "10.77.0.1", "fd77::1"
GUEST4, GUEST6 = "10.77.0.2", "fd77::2"


def _hold(*enter):
    """Start a process in new namespaces that lives as long as the pipe to us."""
    proc = subprocess.Popen([*enter, "sh", "-c", "echo in; exec cat"], stdin=subprocess.PIPE,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if proc.stdout.readline() != b"in\n":
        raise LabError("no network namespace: " + proc.stderr.read().decode().strip())
    return proc


def check_usable():
    """Raise LabError with one line where neither root nor user namespaces can make taps."""
    try:
        with Network() as net:
            net.add_tap("probe")
    except LabError as e:
        hint = "" if os.geteuid() == 0 else " (run as root, or open /dev/net/tun to this user)"
        why = str(e).splitlines()[0].rpartition(": ")[2]
        raise LabError(f"no taps in a network namespace of our own{hint}: {why}") from e


class Network:
    """The bridge, its taps and the peer; `with Network() as net:`."""

    def __init__(self, mtu=1500):
        self.mtu = mtu
        self._user = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
        self._lab = self._peer = None
        self._procs = []
        self._taps = set()

    def __enter__(self):
        try:
            self._lab = _hold("unshare", *self._user, "--net")
            self._peer = _hold(*self._enter(self._lab), "unshare", "--net")
            self._build()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *exc):
        self.close()

    def _enter(self, holder):
        user = ["--user", "--preserve-credentials"] if self._user else []
        return ["nsenter", "--target", str(holder.pid), *user, "--net"]

    def _build(self):
        self._batch(f"""
            link add br0 mtu {self.mtu} type bridge stp_state 0 forward_delay 0
            link add vpeer mtu {self.mtu} type veth peer name eth0 mtu {self.mtu} netns {self._peer.pid}
            link set vpeer master br0
            link set vpeer up
            link set br0 addrgenmode none
            link set br0 up""")
        self.peer("ip", "-batch", "-", data=_lines(f"""
            link set lo up
            link set eth0 up
            addr add {PEER4}/24 dev eth0
            addr add {PEER6}/64 dev eth0 nodad"""))

    def _batch(self, text):
        self.lab("ip", "-batch", "-", data=_lines(text))

    def lab(self, *cmd, **kw):
        """Run a command where the bridge and the taps are."""
        return sh(*self._enter(self._lab), *cmd, **kw)

    def peer(self, *cmd, **kw):
        """Run a command on the guest's partner."""
        return sh(*self._enter(self._peer), *cmd, **kw)

    def add_tap(self, name):
        """A tap on the bridge; QEMU gives it carrier when it opens it.

        Its queue is long, so that a busy machine's stalls lose nothing.
        """
        if name in self._taps:
            return name
        self._taps.add(name)
        self._batch(f"""
            tuntap add dev {name} mode tap
            link set {name} mtu {self.mtu} txqueuelen 5000 addrgenmode none master br0
            link set {name} up""")
        return name

    def remove_tap(self, name):
        """The end of a host: its ports are gone, and what the bridge learned there."""
        if name in self._taps:
            self._taps.discard(name)
            self._batch(f"link del {name}")

    def port_of(self, mac):
        """The port behind which the bridge believes the address to be (None: unknown)."""
        for line in self.lab("bridge", "fdb", "show", "br", "br0").splitlines():
            words = line.split()
            if words[0] == mac and "permanent" not in words:
                return words[words.index("dev") + 1]
        return None

    def start(self, *cmd, where="lab", **kw):
        """Start a process in the lab or peer namespace that ends with this one at the latest."""
        holder = self._lab if where == "lab" else self._peer
        proc = subprocess.Popen([*self._enter(holder), "setpriv", "--pdeathsig", "KILL",
                                 *map(str, cmd)], stdin=subprocess.DEVNULL, **kw)
        self._procs.append(proc)
        return proc

    def close(self):
        """End our own processes, by pid; the namespaces go with the last of them."""
        for proc in self._procs:
            stop(proc)
        for holder in (self._peer, self._lab):
            if holder:
                holder.stdin.close()
                stop(holder)
                holder.stdout.close()
                holder.stderr.close()
        self._procs, self._peer, self._lab = [], None, None


def stop(proc, sig=signal.SIGTERM, patience=15):
    """Ask one process of ours to end, then make it."""
    if proc.poll() is None:
        proc.send_signal(sig)
        try:
            proc.wait(patience)
        except subprocess.TimeoutExpired:
            proc.kill()
    return proc.wait()


def _lines(text):
    return "\n".join(line.strip() for line in text.strip().splitlines()) + "\n"
