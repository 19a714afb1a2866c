# SPDX-License-Identifier: GPL-2.0
"""One QEMU process: its command line, made from a description of the machine, and its end."""
import json
import os
import subprocess
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Optional

from . import LabError
from .net import stop
from .qmp import Qmp, QmpError
from .run import wait_until

QEMU = "qemu-system-x86_64"



@dataclass(frozen=True)
class Platform:
    """What differs between architectures: the machine's options, and which serial port is which."""
    options: tuple
    console: str
    control: str                   # of the second serial port, whose device `port` is
    port: tuple


def platform(arch, accel=""):
    """PCs may use KVM, with hot-plug by ACPI or natively; arm64 is emulated and hot-plugs natively."""
    if arch == "arm64":
        return Platform(("qemu-system-aarch64", "-M", "virt,gic-version=3", "-accel", "tcg", "-cpu", "cortex-a57"),
                        "ttyAMA0", "ttyS0", ("-device", "pci-serial,chardev=ctl"))
    accel = accel or accelerator()
    cpu = ("-cpu", "host") if accel == "kvm" else ()
    return Platform((QEMU, "-M", "q35", "-accel", accel, *cpu),
                    "ttyS0", "ttyS1", ("-serial", "chardev:ctl"))


@dataclass(frozen=True)
class Pair:
    """A standby and its primary, without boot ROMs (their RAM would have to match at a migration).
    `hidden`: QEMU itself pairs them, as in real use."""
    index: int = 0
    standby: bool = True           # there when the machine starts
    primary: Optional[str] = "e1000e"   # e1000e, vmxnet3, igb (QEMU 8), or None
    present: bool = True           # the primary is there when the machine starts
    hidden: bool = True            # failover_pair_id= on the primary
    failover: bool = True          # failover=on at the standby
    primary_mac: Optional[str] = None   # None: the standby's
    host_mtu: Optional[int] = None

    @property
    def mac(self):
        return f"52:54:00:77:00:{self.index + 2:02x}"

    @property
    def net_id(self):
        return f"net{self.index}"

    @property
    def vf_id(self):
        return f"vf{self.index}"

    def standby_device(self):
        """Options of the virtio-net device, as device_add takes them."""
        options = {"driver": "virtio-net-pci", "id": self.net_id, "netdev": f"h{self.net_id}",
                   "mac": self.mac, "romfile": "", "bus": f"rp{2 * self.index}"}
        if self.failover:
            options["failover"] = True
        if self.host_mtu:
            options["host_mtu"] = self.host_mtu
        return options

    def primary_device(self):
        """Options of the primary."""
        options = {"driver": self.primary, "id": self.vf_id, "netdev": f"h{self.vf_id}",
                   "mac": self.primary_mac or self.mac, "romfile": "",
                   "bus": f"rp{2 * self.index + 1}"}
        if self.hidden and self.failover:
            options["failover_pair_id"] = self.net_id
        return options


@dataclass(frozen=True)
class Machine:
    """What a guest is; both ends of a migration are made from the same one."""
    kernel: Path
    initramfs: Path
    pairs: tuple = (Pair(),)
    load: tuple = ("virtio_pci", "virtio_net", "e1000e", "vmxnet3")
    smp: int = 1
    memory: int = 256          # MiB
    arch: str = "amd64"
    qemu: tuple = ()               # another QEMU than the machine's own: the words that start it
    hotplug: str = "acpi"          # or pciehp, which is all that arm64 has
    append: str = ""
    spare_ports: int = 1
    channels: tuple = ()           # names of virtio-serial ports; Qemu.channel() is the host's end
    accel: str = ""                # what a PC's QEMU runs on; empty: the best that is there
    extra: tuple = field(default=())   # further QEMU arguments

    def but(self, **changes):
        """The same machine with some things different."""
        return replace(self, **changes)


def memory_size(mib):
    """For -m: that much, and 8 KiB.

    Of memory in whole 256 KiB, QEMU before 9.0 reads in one go which pages a TCG guest has written since the
    last round of a migration, and does not tell the guest's TLB: what is written next to such a page is lost
    ("physmem: Fix migration dirty bitmap coherency with TCG memory access", March 2024). The guest goes on with
    stale memory, and now and then panics. Other sizes are read page by page, and the TLB is told.
    """
    return f"{mib * 1024 + 8}K"


def accelerator():
    """KVM only where the processor really has it: a nested /dev/kvm may be there and hang."""
    flags = Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace").split()
    if ("vmx" in flags or "svm" in flags) and os.access("/dev/kvm", os.R_OK | os.W_OK):
        return "kvm"
    return "tcg"


def one_thread():
    """For a guest whose processors need not really run at once.

    With a thread for each, QEMU's TCG (10.0 oftener than 7.2) now and then leaves one idle for ever: its APIC has a vector
    in service whose handler is over, or never began, and so gives it neither its timer nor anything else. On a
    busy machine that came in 2 of some 20 boots with 4 processors, and with one thread in none of 28.
    """
    return "tcg,thread=single" if accelerator() == "tcg" else ""


class Qemu:
    """A running QEMU; generation tells the ends of a migration apart and names the taps."""

    def __init__(self, machine, net, rundir, evidence, generation=0, incoming=False):
        self.machine, self.net, self.generation = machine, net, generation
        base = self._base = Path(rundir) / f"q{os.urandom(3).hex()}"
        self.control_path, self.incoming_path = Path(f"{base}.ctl"), Path(f"{base}.mig")
        self.console = Path(evidence) / f"console-{generation}.log"
        self._log = open(Path(evidence) / f"qemu-{generation}.log", "w", encoding="utf-8")
        args = self._arguments(f"{base}.qmp", incoming)
        self._log.write(" ".join(args) + "\n")
        self._log.flush()
        self.proc = net.start(*args, stdout=self._log, stderr=subprocess.STDOUT)
        self.qmp = Qmp(f"{base}.qmp", Path(evidence) / f"qmp-{generation}.log", self.alive)

    def _arguments(self, qmp_path, incoming):
        m = self.machine
        p = platform(m.arch, m.accel)
        args = [*(m.qemu or p.options[:1]), *p.options[1:], "-nodefaults",
                "-no-user-config", "-display", "none", "-smp", str(m.smp), "-m", memory_size(m.memory),
                "-kernel", str(m.kernel), "-initrd", str(m.initramfs),
                "-append", f"console={p.console} quiet panic=-1 cryptomgr.notests nfo.tty={p.control} "
                           f"nfo.load={','.join(m.load)} {m.append}",
                "-no-reboot",
                "-chardev", f"file,id=con,path={self.console}", "-serial", "chardev:con",
                "-chardev", f"socket,id=ctl,path={self.control_path},server=on,wait=off",
                *p.port,
                "-qmp", f"unix:{qmp_path},server=on,wait=off"]
        args += ["-incoming", f"unix:{self.incoming_path}"] if incoming else ["-S"]
        if m.hotplug == "pciehp" and m.arch == "amd64":
            args += ["-global", "ICH9-LPC.acpi-pci-hotplug-with-bridge-support=off"]
        ports = [p for pair in m.pairs for p in (2 * pair.index, 2 * pair.index + 1)]
        for port in [*ports, *range(max(ports) + 1, max(ports) + 1 + m.spare_ports)]:
            args += ["-device", f"pcie-root-port,id=rp{port},chassis={port + 1},slot={port + 1}"]
        for pair in m.pairs:
            args += self._pair_arguments(pair)
        return [*args, *self._channel_arguments(), *m.extra]

    def channel(self, name):
        """The host's end of a virtio-serial port: a socket."""
        return Path(f"{self._base}.ch{self.machine.channels.index(name)}")

    def _channel_arguments(self):
        args = ["-device", "virtio-serial-pci,id=serial"] if self.machine.channels else []
        for number, name in enumerate(self.machine.channels):
            args += ["-chardev", f"socket,id=ch{number},path={self.channel(name)},server=on,wait=off",
                     "-device", f"virtserialport,id=port{number},chardev=ch{number},name={name}"]
        return args

    def _pair_arguments(self, pair):
        # As JSON, like libvirt: QEMU would keep the ID of a hidden -device for ever in the other form.
        args = self._netdev(f"h{pair.net_id}", f"n{pair.index}g{self.generation}")
        if pair.standby:
            args += ["-device", json.dumps(pair.standby_device())]
        if pair.primary:
            args += self._netdev(f"h{pair.vf_id}", f"v{pair.index}g{self.generation}")
            if pair.present:
                args += ["-device", json.dumps(pair.primary_device())]
        return args

    def _netdev(self, netdev, tap):
        self.net.add_tap(tap)
        return ["-netdev", f"tap,id={netdev},ifname={tap},script=no,downscript=no"]

    def standby_tap(self, index=0):
        return f"n{index}g{self.generation}"

    def primary_tap(self, index=0):
        return f"v{index}g{self.generation}"

    def alive(self):
        return self.proc.poll() is None

    def device_add(self, options):
        """Hot-plug, with the same options as on the command line."""
        self.qmp.execute("device_add", **options)

    def device_add_on(self, tap, options):
        """Hot-plug a card that the machine was not described with, behind a tap of its own."""
        self.net.add_tap(tap)
        self.qmp.execute("netdev_add", type="tap", id=f"h{tap}", ifname=tap, script="no", downscript="no")
        self.device_add(dict(options, netdev=f"h{tap}"))

    def device_del(self, device, timeout=20):
        """Hot-unplug and wait until the guest has let it go."""
        mark = self.qmp.mark()
        self.qmp.execute("device_del", id=device)
        return self.qmp.wait_event("DEVICE_DELETED", timeout, mark, device=device)

    def set_link(self, name, up):
        """Carrier of a device's netdev, as a host administrator sets it."""
        self.qmp.execute("set_link", name=name, up=up)

    def note_processors(self):
        """Write down where each processor stands, its timer and its pending interrupts: why a guest stands still."""
        commands = ["info registers -a"]
        if self.machine.arch == "amd64":
            commands += [f"info lapic {cpu}" for cpu in range(self.machine.smp)]
        for command in commands * 2:       # twice: what moves, and what does not
            try:
                told = self.qmp.execute("human-monitor-command", **{"command-line": command})
            except (OSError, QmpError) as e:
                told = e
            self._log.write(f"{time.time():.6f} {command}\n{told}\n")
        self._log.flush()

    def end(self):
        """Stop the process and take its taps away, as the end of a host would."""
        stop(self.proc)
        self.qmp.close()
        self._log.close()
        for pair in self.machine.pairs:
            self.net.remove_tap(self.standby_tap(pair.index))
            self.net.remove_tap(self.primary_tap(pair.index))

    def wait_socket(self, path):
        """QEMU makes its sockets a moment after it starts."""
        def there():
            if not self.alive():
                raise LabError(f"QEMU ended at once, see {self._log.name}")
            return Path(path).exists()
        wait_until(there, 20, f"QEMU's socket {path}")
