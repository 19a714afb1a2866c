# SPDX-License-Identifier: GPL-2.0
"""bonding, active-backup, as Documentation/networking/bonding.rst says for such ports."""
from .managed import Managed


class Bonding(Managed):
    """miimon=100 as recommended; fail_over_mac=active since a VF may be unable to change its address."""
    key, title = "bonding", "bonding active-backup"
    how = "mode=active-backup miimon=100 fail_over_mac=active primary=VF; the host unplugs the VF " \
          "(device_del) before a migration and plugs it (device_add) after it; a loop in the guest enslaves it"
    device = "bond0"
    prefer = "echo $n >/sys/class/net/bond0/bonding/primary"

    def create(self, guest):
        guest.run("modprobe bonding max_bonds=0; "
                  "ip link add bond0 type bond mode active-backup miimon 100 fail_over_mac active")
