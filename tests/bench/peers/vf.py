# SPDX-License-Identifier: GPL-2.0
"""The card that stands in for a VF, alone: nobody who uses it can carry more than it can."""
from .peer import Peer


class Vf(Peer):
    """An emulated card, which takes many more instructions a packet than virtio-net."""
    key, title = "vf", "emulated VF alone"
    how = "no virtio-net and no failover: only for the highest rate"
    failover = has_standby = compared = False

    def master(self, guest):
        return "eth0"
