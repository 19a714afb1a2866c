# SPDX-License-Identifier: GPL-2.0
"""failoverd and what it asks for, in a whole Debian guest: started by systemd, in the sandboxes of their units.

    failoverd ─┬─ failoverd-slot.socket → failoverd-slot@: /dev/kmsg, /sys/bus/pci/slots/N/power
               └─ failoverd-tune.socket → failoverd-tune@: ethtool, RPS and XPS below /sys/devices

    udev ─ failoverd-port: netlink, /sys, the port to the host
"""
import json

import pytest

from bed import settled
from expect import carried_by_primary
from lab.host import PORT, host_check
from lab.migrate import migrate

SET = ("ethtool -G {0} rx 512 && ethtool -C {0} rx-usecs 77 && ip link set {0} txqueuelen 777 && "
       "echo 1 >/sys/class/net/{0}/queues/rx-0/rps_cpus && tc qdisc replace dev {0} root pfifo limit 55")
LOOK = ("ethtool -g {0} | grep '^RX:' | tail -n 1; ethtool -c {0} | grep ^rx-usecs:; cat /sys/class/net/{0}/tx_queue_len "
        "/sys/class/net/{0}/queues/rx-0/rps_cpus; tc qdisc show dev {0} root | grep -o 'limit.*'")


def told(guest, event):
    """The fields of each report of this kind in the journal."""
    out = guest.run(f"journalctl -b -o json NET_FAILOVER_EVENT={event} --no-pager", timeout=60)
    return [json.loads(line) for line in out.splitlines() if line.startswith("{")]


def host_checks(guest):
    """The host's question through the port, as failoverctl in the guest answers it: who serves it may."""
    node = f"/dev/virtio-ports/{PORT}"
    guest.wait_until(f"systemctl -q is-active failoverd-port && [ \"$(stat -Lc '%U %a' {node})\" = 'failoverd-port 600' ]", 60)
    assert host_check(guest, "--timeout=60") == (0, guest.run("failoverctl check"))


@pytest.mark.soak
def test_in_its_sandbox(installed, bed, measured):
    """A removal is hurried, the VF's settings and a new master's come back, and no unit was denied anything."""
    guest = bed.start(installed("bookworm-networkd").image, hotplug="pciehp", channels=(PORT,))
    master, _, primary = settled(guest)
    guest.wait_until("systemctl -q is-active failoverd.service failoverd-slot.socket failoverd-tune.socket", 60)
    carried_by_primary(guest)
    host_checks(guest)
    guest.run(f"systemctl stop failoverd-port; chown root /dev/virtio-ports/{PORT}; cd /srv/net_failover/userspace/packaging && "
              "sh -c '. ./common.sh; reload_udev'")       # as an upgrade finds it, if the port was another's before
    host_checks(guest)
    # Before the migration: QEMU 7.2 ends where a migrated card of the lab goes (see lab/checkers.py).
    guest.run(f"ip link set {master} txqueuelen 555")
    guest.wait_until("grep -q '^set txqueuelen=555' /run/failoverd/settings.masters", 30)
    guest.vm.device_del("net0", timeout=60)
    guest.vm.device_add(guest.machine.pairs[0].standby_device())
    master, _, primary = settled(guest)
    guest.wait_until(f"[ $(cat /sys/class/net/{master}/tx_queue_len) = 555 ]", 60)
    carried_by_primary(guest)

    guest.run(SET.format(primary))
    before = guest.run(LOOK.format(primary))
    guest.wait_until("grep -q '^set txqueuelen=777' /run/failoverd/settings", 30)

    result = migrate(guest)
    assert result.status == "completed"
    measured(f"real guest, pciehp with failoverd: wait-unplug {result.phases['active'] - result.phases['wait-unplug']:.2f} s")
    _, _, primary = settled(guest)
    carried_by_primary(guest)
    # The master's, when it was made anew, and the primary's.
    guest.wait_until(lambda: len(told(guest, "settings")) == 2, 60, "two reports about settings")
    assert [report["NET_FAILOVER_UNPLUG"] for report in told(guest, "unplug")] == ["hurried"]
    failed = [report["NET_FAILOVER_SETTINGS_FAILED"] for report in told(guest, "settings")]
    assert failed == ["0", "0"], told(guest, "settings")
    assert guest.run(LOOK.format(primary)) == before
    guest.wait_until(lambda: told(guest, "returned"), 60, "the report of the return")
    host_checks(guest)
    assert not guest.run("systemctl --failed --plain --no-legend")
    assert not guest.run("journalctl -b --no-pager -q -p err -t failoverd -t failoverd-slot -t failoverd-tune")
