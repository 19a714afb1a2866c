# SPDX-License-Identifier: GPL-2.0
"""Masters that QEMU knows nothing of: the host's management takes the VF away around a migration.

There is no wait-unplug phase, then. A cancel in it becomes: the VF was unplugged, and is given back.
In the guest a loop stands for udev or NetworkManager: it makes a returned VF a port of the master.
"""
from types import SimpleNamespace

from expect import carried_by_primary
from lab import migrate as lab_migrate
from lab.run import wait_until

from .peer import Peer

# A port of the master is each other device that has the MAC address of both.
JOIN = """#!/bin/dash
join() {{
	for d in /sys/class/net/*; do
		n=${{d##*/}} mac=
		[ $n = {master} ] || [ -e $d/master ] && continue
		read -r mac 2>/dev/null <$d/address
		[ "$mac" = {mac} ] || continue
		ip link set $n down
		ip link set $n master {master} || continue
		[ -e $d/device/driver/module/drivers/virtio:virtio_net ] && continue
		{prefer}
	done
}}
join
ip -o monitor link | while read -r line; do
	case $line in *{mac}*) join ;; esac
done
"""


class Managed(Peer):
    """The order of things is that of a management layer: unplug, migrate, plug."""
    failover = False
    device = ""                    # the master's name
    prefer = ":"                   # how the guest is told that port $n is the primary

    def create(self, guest):
        """Make the master, without ports."""
        raise NotImplementedError

    def master(self, guest):
        self.create(guest)
        text = JOIN.format(master=self.device, mac=guest.machine.pairs[0].mac, prefer=self.prefer)
        guest.run(f"cat >/bin/join <<'END'\n{text}END\nchmod +x /bin/join; join >/tmp/join.out 2>&1 &")
        self._joined(guest)
        return self.device

    def _joined(self, guest):
        def there():
            pair = guest.pair()
            names = (pair.standby, pair.primary)
            if not all(n and pair.links[n].get("master") == self.device for n in names):
                return None
            return pair
        return wait_until(there, 40, f"{self.device} to have both ports")

    def settled(self, guest):
        guest.wait_carrier(self._joined(guest).primary, timeout=40)
        carried_by_primary(guest, timeout=30)

    def migrate(self, guest, cancel_in=None, **how):
        took = self.unplug(guest)
        if cancel_in == "wait-unplug":
            result = SimpleNamespace(status="cancelled", phases={}, stop=None, unplug=None)
        else:
            machine = guest.vm.machine
            absent = tuple(_absent(pair) for pair in machine.pairs)
            guest.vm.machine = machine.but(pairs=absent)
            result = lab_migrate.migrate(guest, cancel_in=cancel_in, **how)
        self.replug(guest)
        return result, took


def _absent(pair):
    """The pair without its primary plugged, as the machine now is."""
    return type(pair)(**{**vars(pair), "present": False})
