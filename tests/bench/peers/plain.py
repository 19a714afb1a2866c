# SPDX-License-Identifier: GPL-2.0
"""virtio-net alone: the floor."""
from .peer import Peer


class Plain(Peer):
    """What the VM's own pause costs, whoever fails over."""
    key, title = "plain", "virtio-net alone"
    how = "no primary and no failover: what the virtual machine's own pause costs"
    failover = has_primary = False

    def master(self, guest):
        return "eth0"
