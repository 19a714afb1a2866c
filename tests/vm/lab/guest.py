# SPDX-License-Identifier: GPL-2.0
"""A guest: runs commands over its second serial port, and knows its interfaces."""
import base64
import json
import re
import socket
import time
from types import SimpleNamespace

from . import LabError, run
from .run import wait_until

BOOT_TIMEOUT = 120
# One line a network device: name, driver of its device, ethtool's driver, port name, uevent's DEVTYPE.
LIST_LINKS = r"""
for d in /sys/class/net/*; do
	n=${d##*/}
	drv=$(readlink $d/device/driver) && drv=${drv##*/} || drv=-
	eth=$(ethtool -i $n 2>/dev/null | sed -n 's/^driver: //p' | tr ' ' _)
	port=$(cat $d/phys_port_name 2>/dev/null)
	type=$(sed -n 's/^DEVTYPE=//p' $d/uevent)
	parent=$(readlink -f $d/device)
	echo "$n ${drv:--} ${eth:--} ${port:--} ${type:--} ${parent:--}"
done
ip -d -j -s link show
"""


TOOK_TOO_LONG = 143                # what a command gives that its guest had to end


class GuestError(AssertionError):
    """A command in the guest failed."""


class Guest:
    """Talks to whichever QEMU runs the guest now (`vm`)."""

    def __init__(self, vm, evidence, variant):
        self.vm, self.evidence, self.variant = vm, evidence, variant
        self.past = []             # QEMUs that ran it before
        self._log = open(evidence / "commands.log", "w", encoding="utf-8")
        self._serial, self._buffer, self._sock = 0, b"", None
        self.connect(vm)

    @property
    def machine(self):
        return self.vm.machine

    @property
    def net(self):
        return self.vm.net

    def connect(self, vm):
        """Talk to this QEMU from now on."""
        vm.wait_socket(vm.control_path)
        sock = socket.socket(socket.AF_UNIX)
        sock.connect(str(vm.control_path))
        if self._sock:
            self._sock.close()
        self._sock, self._buffer, self.vm = sock, b"", vm

    def boot(self):
        """Let the virtual machine run and wait until its PID 1 serves commands."""
        self.vm.qmp.execute("cont")
        line = self._line(lambda line: line.startswith("ready"), BOOT_TIMEOUT * run.PATIENCE, "the guest's boot")
        if line != "ready":
            raise GuestError(f"modprobe failed:{line[5:]} (see {self.vm.console})")

    def _line(self, wanted, timeout, what):
        end = time.monotonic() + timeout
        while True:
            line, newline, rest = self._buffer.partition(b"\n")
            if newline:
                self._buffer = rest
                text = line.decode(errors="replace").strip()
                if wanted(text):
                    return text
                continue
            self._receive(end, timeout, what)

    def _receive(self, end, timeout, what):
        self._sock.settimeout(max(0.01, end - time.monotonic()))
        try:
            data = self._sock.recv(65536)
        except TimeoutError:
            raise TimeoutError(f"not within {timeout} s: {what} (console: {self.vm.console})") from None
        if not data:
            raise LabError(f"QEMU ended during {what}, see {self.evidence}")
        self._buffer += data

    def execute(self, command, timeout=20):
        """Run a shell command; gives rc, out and err."""
        timeout = int(timeout * run.PATIENCE)
        self._serial += 1
        serial = f"#{self._serial}"
        text = base64.b64encode(command.encode()).decode()
        start = time.time()
        self._sock.settimeout(timeout)
        self._sock.sendall(f"{serial} {timeout} {text}\n".encode())
        try:
            line = self._line(lambda l: l.startswith(serial + " ") and l.endswith(" " + serial),
                              timeout + 10, f"the guest's answer to: {command}")
        except TimeoutError:
            self.vm.note_processors()
            raise
        words = line.split(" ")
        if int(words[1]) == TOOK_TOO_LONG:
            self.vm.note_processors()
        dot = words.index(".")
        out, err = (base64.b64decode("".join(w)).decode(errors="replace")
                    for w in (words[2:dot], words[dot + 1:-1]))
        self._log.write(f"{start:.6f} +{time.time() - start:.3f}s rc={words[1]} $ {command}\n{out}{err}")
        self._log.flush()
        return SimpleNamespace(rc=int(words[1]), out=out, err=err)

    def run(self, command, timeout=20):
        """Run a shell command that must succeed, and return its standard output."""
        done = self.execute(command, timeout)
        if done.rc:
            why = "took too long" if done.rc == TOOK_TOO_LONG else f"exit code {done.rc}"
            raise GuestError(f"guest: `{command}`: {why}: {(done.err or done.out).strip()[-1000:]}")
        return done.out

    def ok(self, command, timeout=20):
        """Whether a command succeeds."""
        return self.execute(command, timeout).rc == 0

    def wait_until(self, condition, timeout=15, what=None):
        """Wait for a command to succeed, or for a predicate to be true; its value."""
        try:
            if callable(condition):
                return wait_until(condition, timeout, what or "a condition in the guest")
            wait_until(lambda: self.ok(condition), timeout, what or f"in the guest: {condition}")
            return True
        except TimeoutError:
            self.vm.note_processors()
            raise

    def links(self):
        """Every network device: name -> ip's JSON with driver, ethtool, port, devtype, parent."""
        words, _, rest = self.run(LIST_LINKS).partition("\n[")
        found = {link["ifname"]: link for link in json.loads("[" + rest)}
        links = {}
        for line in words.splitlines():
            name, driver, ethtool, port, devtype, parent = line.split(" ")
            if name in found:      # not one that came or went between the two lists
                links[name] = dict(found[name], driver=driver, ethtool=ethtool, port=port,
                                   devtype=devtype, parent=parent)
        return links

    def pair(self, index=0):
        """The interfaces of a pair: names of master, standby, primary (None where missing), and links."""
        links = self.links()
        mac, = (pair.mac for pair in self.machine.pairs if pair.index == index)
        mine = {n: l for n, l in links.items() if l.get("address") == mac}
        master = _only(n for n, l in mine.items() if l["ethtool"] == "net_failover")
        standby = _only(n for n, l in mine.items()
                        if l["driver"] == "virtio_net" and n != master)
        primary = _only(n for n, l in mine.items() if l["driver"] in ("e1000e", "vmxnet3", "igb"))
        return SimpleNamespace(master=master, standby=standby, primary=primary, links=links,
                               ours=self.variant == "ours")

    def wait_paired(self, index=0, timeout=20):
        """Wait until master, standby and primary are there and linked, and return them."""
        def paired():
            p = self.pair(index)
            linked = all(n and p.links[n].get("master") == p.master for n in (p.standby, p.primary))
            return p if p.master and linked else None
        return self.wait_until(paired, timeout, f"pair {index} of the guest to be complete")

    def wait_carrier(self, name, up=True, timeout=20):
        """Wait for a device's carrier (of a device that is up)."""
        self.wait_until(f"[ \"$(cat /sys/class/net/{name}/carrier)\" = {int(up)} ]", timeout,
                        f"carrier {'on' if up else 'off'} at {name}")

    def address(self, name, v4="10.77.0.2/24", v6="fd77::2/64"):
        """Bring a device up with the guest's usual addresses."""
        self.run(f"ip link set {name} up && ip addr add {v4} dev {name} && "
                 f"ip addr add {v6} dev {name} nodad")

    def spawn(self, *words):
        """Start a program in the background; `reap` ends it."""
        name = words[0]
        self.run(f"{' '.join(map(str, words))} >/tmp/{name}.out 2>&1 & echo $! >/tmp/{name}.pid")

    def reap(self, name):
        """Ask the program to end and wait until it has."""
        self.run(f"p=$(cat /tmp/{name}.pid); kill $p 2>/dev/null; "
                 "while [ -e /proc/$p/exe ]; do sleep 0.05; done")

    def send_file(self, source, path):
        """Put a small file of ours into the guest."""
        text = base64.b64encode(source.read_bytes()).decode()
        self.run(f"echo {text} | base64 -d >{path}")

    def serve_echo(self, port=7000):
        """Have the probe answer at that port."""
        if f":{port} " not in self.run("netstat -lun"):
            self.run(f"probe echo --port {port} --seconds 86400 >/tmp/echo-{port}.out 2>&1 &")
            self.wait_until(f"netstat -lun | grep -q ':{port} '")

    def clock(self):
        """How far the guest's wall clock is ahead of ours, in seconds."""
        before = time.time()
        theirs = float(self.run("date +%s.%N").strip())
        return theirs - (before + time.time()) / 2

    def dmesg(self):
        """The kernel's log, as far as the guest still answers."""
        return self.run("dmesg", timeout=20)

    def close(self):
        if self._sock:
            self._sock.close()
        self._log.close()
        for vm in [*self.past, self.vm]:
            vm.end()


def _only(names):
    names = list(names)
    if len(names) > 1:
        raise GuestError(f"more than one device of that kind: {names}")
    return names[0] if names else None


# What no guest may say in any test. Of KCSAN's reports those that name a function of ours: the kernel
# has races of its own, many of them known and meant.
COMPLAINTS = re.compile(
    r"WARNING:|BUG:(?! KCSAN)|KCSAN: .*\[(net_failover|nfo_\w+)\]|Oops|Call Trace|general protection|KASAN:|refcount_t|ODEBUG|leaked reference"
    r"|suspicious RCU|possible (recursive|circular) locking|inconsistent lock state"
    r"|trying to register non-static key|turning off the locking correctness|DEBUG_LOCKS_WARN"
    r"|sleeping function called|scheduling while atomic|blocked for more than|rcu_\w+ detected stall"
    r"|asks to queue packet|unregister_netdevice: waiting|Dead loop on virtual device")


def complaints(text):
    """What a kernel log must not say, each once, at its first time."""
    found = {}
    for line in text.splitlines():
        if COMPLAINTS.search(line):
            found.setdefault(re.sub(r"^\[[ 0-9.]+\] *", "", line.strip()), line.strip())
    return list(found.values())


def complained(found, evidence):
    """What a test says that fails by its guests' complaints, (guest, line) each."""
    lines = [f"  {guest}: {line}" for guest, line in found[:20]]
    return "\n".join([f"the guest's kernel complained ({evidence}):", *lines])
