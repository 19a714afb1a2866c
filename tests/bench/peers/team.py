# SPDX-License-Identifier: GPL-2.0
"""team with teamd's activebackup runner, as teamd.conf(5) says for such ports."""
import json

from lab.run import which

from .managed import Managed

# A VF may be unable to change its address. It comes back under the name that it had: eth1.
CONFIG = {"device": "team0",
          "runner": {"name": "activebackup", "hwaddr_policy": "by_active"},
          "link_watch": {"name": "ethtool"},
          "ports": {"eth0": {"prio": -10}, "eth1": {"prio": 100}}}


class Team(Managed):
    """teamd runs in the guest, without D-Bus."""
    key, title = "team", "team activebackup"
    how = "teamd, runner activebackup, hwaddr_policy by_active, link_watch ethtool, prio 100 for the VF, " \
          "virtio-net given a speed (its unknown one would win); VF and migration as with bonding"
    device = "team0"

    @staticmethod
    def missing():
        return None if which("teamd") else "teamd is not installed (apt-get install libteam-utils)"

    def extra_modules(self, kernel):
        folder = kernel.modules / "kernel/drivers/net/team"
        return tuple(next(folder.glob(f"{name}.ko*")) for name in ("team", "team_mode_activebackup"))

    def create(self, guest):
        guest.run("ethtool -s eth0 speed 100 duplex full; modprobe team_mode_activebackup; mkdir -p /var /run/teamd; ln -sf /run /var/run; "
                  f"echo '{json.dumps(CONFIG)}' >/tmp/team.json; teamd -d -f /tmp/team.json 2>&1")
