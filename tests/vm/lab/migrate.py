# SPDX-License-Identifier: GPL-2.0
"""Live migration of a guest to a second QEMU, with the times of all that happened."""
from dataclasses import dataclass, field
from typing import Optional

from .qemu import Qemu
from .qmp import QmpError
from .run import wait_until
from .tally import TALLY


@dataclass
class Migration:
    """What happened when, in seconds of the wall clock (None: it did not happen)."""
    status: str                    # completed, cancelled, failed
    phases: dict = field(default_factory=dict)   # setup, wait-unplug, active, … -> time
    stop: Optional[float] = None
    resume: Optional[float] = None
    unplug: Optional[float] = None           # QEMU asked the guest to let the primary go
    negotiated: Optional[float] = None       # the destination gave the primary back
    announced: Optional[float] = None        # the network was told where the guest is now
    done: Optional[float] = None

    @property
    def told(self):
        """(STOP, the announcement): from RESUME on the network may still send to the old place."""
        return self.stop, max(self.resume, self.announced)

    @property
    def pause_ms(self):
        return 1000 * (self.resume - self.stop)

    @property
    def pause(self):
        """(STOP, RESUME): the guest did not run in between."""
        return self.stop, self.resume


def migrate(guest, *, cancel_in=None, postcopy=False, bandwidth=None, timeout=90):
    """Move the guest to a new QEMU, or cancel in a phase ("wait-unplug" or "active")."""
    source = guest.vm
    target = Qemu(source.machine, source.net, source.control_path.parent, guest.evidence,
                  source.generation + 1, incoming=True)
    try:
        _prepare(source, target, postcopy, bandwidth)
        mark = source.qmp.mark()
        source.qmp.execute("migrate", uri=f"unix:{target.incoming_path}")
        if cancel_in:
            status = _cancel(source, mark, cancel_in, timeout)
        else:
            if postcopy:
                _wait_status(source, mark, ("active",), timeout)
                source.qmp.execute("migrate-start-postcopy")
            status = _wait_status(source, mark, ("completed", "failed", "cancelled"), timeout)
    except BaseException:
        target.end()
        raise
    TALLY[f"migrations {status}"] += 1
    if status != "completed":
        target.end()
        return _record(source, mark, None, status)
    target.qmp.wait_event("RESUME", 20)
    wait_until(lambda: "RESUME" in target.qmp.answered, 20, "QEMU's announcement of the standbys")
    guest.connect(target)
    source.end()
    guest.past.append(source)
    return _record(source, mark, target, status)


def _prepare(source, target, postcopy, bandwidth):
    target.wait_socket(target.incoming_path)
    capabilities = [{"capability": "events", "state": True},
                    {"capability": "postcopy-ram", "state": postcopy}]
    for vm in (source, target):
        vm.qmp.execute("migrate-set-capabilities", capabilities=capabilities)
    source.qmp.execute("migrate-set-parameters", max_bandwidth=bandwidth or 1 << 30)
    _announce_standbys_only(target)


def _announce_standbys_only(target):
    """QEMU announces each of its NICs by itself at RESUME, the emulated VF too.

    It knows nothing of a real, passed-through VF; the frames that it sends through the emulated one
    move the network's forwarding entry to a card that no driver has opened. So its own round is off,
    and the standbys are announced in the same way: some ms after RESUME, QEMU being busy.
    """
    target.qmp.execute("migrate-set-parameters", announce_rounds=0)
    target.qmp.at_event("RESUME", "announce-self", initial=50, max=550, rounds=5, step=100,
                        interfaces=[pair.net_id for pair in target.machine.pairs])


def _wait_status(vm, mark, wanted, timeout):
    def reached():
        for event in vm.qmp.events[mark:]:
            if event["event"] == "MIGRATION" and event["data"]["status"] in wanted:
                return event["data"]["status"]
        return None
    return wait_until(reached, timeout, f"the migration to be {' or '.join(wanted)}", 0.005)


def _cancel(source, mark, phase, timeout):
    _wait_status(source, mark, (phase,), timeout)
    try:
        source.qmp.execute("migrate_cancel")
    except QmpError:
        pass                       # it may have ended meanwhile: the status says so
    return _wait_status(source, mark, ("cancelled", "completed", "failed"), timeout)


def _record(source, mark, target, status):
    def time_of(vm, name, since=0):
        event = vm.qmp.find(name, since) if vm else None
        return event["time"] if event else None
    events = [e for e in source.qmp.events[mark:] if e["event"] == "MIGRATION"]
    phases = {e["data"]["status"]: e["time"] for e in events}
    return Migration(status, phases, stop=time_of(source, "STOP", mark),
                     resume=time_of(target, "RESUME"), unplug=time_of(source, "UNPLUG_PRIMARY", mark),
                     announced=target.qmp.answered.get("RESUME") if target else None,
                     negotiated=time_of(target, "FAILOVER_NEGOTIATED"), done=phases.get(status))
