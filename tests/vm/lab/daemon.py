# SPDX-License-Identifier: GPL-2.0
"""failoverd in a guest: started as systemd would start it, with what it said.

systemd-socket-activate stands in for failoverd-slot.socket and failoverd-tune.socket: it starts the program
anew for each connection.
"""
import re
import shutil

from .run import BUILD

ACTIVATE = "systemd-socket-activate"
FINDS = "/usr/bin:/bin:/usr/sbin:/sbin"


def programs():
    """What a guest needs for it, beside what all guests have."""
    found = [BUILD / "userspace" / name for name in ("failoverd", "failoverd-slot", "failoverd-tune")]
    found += filter(None, (shutil.which(name, path=FINDS) for name in (ACTIVATE, "udevadm")))
    return tuple(found)


class Failoverd:
    """A failoverd of a guest; it may be ended and started again."""
    out = "/tmp/failoverd.out"

    def __init__(self, guest, conf=""):
        self.guest = guest
        self.tune = "/bin/failoverd-tune"
        guest.run("mkdir -p /run/failoverd")
        self.configure(conf)

    def configure(self, conf):
        """What stands in its configuration file; one that runs learns of it by SIGHUP."""
        self.guest.run(f"cat >/tmp/conf <<'END'\n{conf}\nEND")

    def start(self, slots=True):
        """Run it in the background; slots: with failoverd-slot, and until it hears the kernel."""
        if slots:
            self._listen("slot", "/bin/failoverd-slot")
        self._listen("tune", self.tune)
        self.guest.run(f"failoverd -v --config /tmp/conf >>{self.out} 2>&1 & echo $! >/tmp/failoverd.pid")
        if slots:
            self.guest.wait_until("ls -l /proc/$(cat /tmp/failoverd.pid)/fd | grep -q /dev/kmsg")
        return self

    def _listen(self, name, program):
        """Once in a guest: the socket of failoverd-slot or failoverd-tune."""
        socket = f"/run/failoverd-{name}.socket"
        if not self.guest.ok(f"[ -e {socket} ]"):
            self.guest.run(f"{ACTIVATE} -a --inetd -l {socket} {program} "
                           f">/tmp/{name}.out 2>&1 & echo $! >/tmp/{name}.pid")
            self.guest.wait_until(f"[ -S {socket} ]")

    def signal(self, name):
        """KILL, STOP, CONT, HUP, TERM."""
        self.guest.run(f"kill -{name} $(cat /tmp/failoverd.pid)")

    def told(self):
        """All that it said."""
        return self.guest.run(f"cat {self.out}")

    def wait_told(self, pattern, timeout=20):
        """Until it said so; the match."""
        return self.guest.wait_until(lambda: re.search(pattern, self.told(), re.M), timeout,
                                     f"failoverd to say {pattern}")
