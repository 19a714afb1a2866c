# SPDX-License-Identifier: GPL-2.0
"""What every peer can do; the scenarios know nothing more of them."""
import time

import expect
from lab import migrate as lab_migrate
from lab.qemu import Pair

TRACE = ("-trace", "runstate_set", "-msg", "timestamp=on")


class Peer:
    """QEMU's own failover negotiation, unless a peer says otherwise."""
    key = title = how = ""
    variant = "intree"
    failover = True                # QEMU hides the primary and unplugs it for a migration
    has_primary = has_standby = True
    compared = True                # in every scenario that does not name its peers

    @staticmethod
    def missing():
        """Why it cannot be measured here, or None."""
        return None

    def extra_modules(self, kernel):
        """Modules that the lab's guests do not have by themselves."""
        return ()

    def boot(self, testbed, primary="e1000e", **machine):
        """A guest with its addresses, that answers through its primary where it has one."""
        pair = Pair(primary=primary if self.has_primary else None, standby=self.has_standby,
                    failover=self.failover)
        guest = testbed.boot(self.variant, pair, extra=TRACE,
                             extra_modules=self.extra_modules(testbed.images.kernel), **machine)
        guest.run("for n in in out tcp-in tcp-out; do ln -s probe /bin/probe-$n; done")
        guest.address(self.master(guest))
        self.settled(guest)
        return guest

    def master(self, guest):
        """Form what traffic goes over, and return its name."""
        raise NotImplementedError

    def settled(self, guest):
        """Wait until the primary is there and carries traffic."""
        expect.flows(guest)

    def unplug(self, guest):
        """The host takes the primary; the seconds that it took."""
        asked = time.time()
        return guest.vm.device_del("vf0", timeout=30)["time"] - asked

    def replug(self, guest):
        """The host gives it back."""
        guest.vm.device_add(guest.machine.pairs[0].primary_device())

    def migrate(self, guest, **how):
        """(what happened, seconds that the unplugging took)"""
        result = lab_migrate.migrate(guest, **how)
        begin = result.phases.get("wait-unplug")
        end = min((t for p, t in result.phases.items() if begin and t > begin), default=None)
        return result, end - begin if end else None
