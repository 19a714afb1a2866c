# SPDX-License-Identifier: GPL-2.0
"""The two net_failover modules, which are used in the same way."""
from expect import carried_by_primary

from .peer import Peer


class InTree(Peer):
    """The kernel's own module."""
    key, title = "intree", "in-tree net_failover"
    how = "the kernel's module; QEMU unplugs the primary and plugs the destination's"

    def master(self, guest):
        return guest.wait_paired(timeout=40).master

    def settled(self, guest):
        guest.wait_carrier(guest.wait_paired(timeout=40).primary, timeout=40)
        carried_by_primary(guest, timeout=30)


class Ours(InTree):
    """This module."""
    key, title, variant = "ours", "this net_failover", "ours"
    how = "this module, default parameters, no daemon; the same machine as the in-tree one's"
