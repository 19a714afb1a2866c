# SPDX-License-Identifier: GPL-2.0
"""A switch as other programs see it: sysfs, ethtool, uevents, the tracepoint, the kernel's log."""
import re

from expect import carried_by_standby, ready

TRACING = "/sys/kernel/tracing"
FILES = ("active", "active_role", "reason", "primary", "standby", "switches")


def sysfs(guest, master):
    """What the files say."""
    return {name: guest.run(f"cat /sys/class/net/{master}/net_failover/{name}").strip() for name in FILES}


def counters(guest, master):
    """`ethtool -S`."""
    return {name: int(value) for name, value in re.findall(r"(\w+): (\d+)$", guest.run(f"ethtool -S {master}"), re.M)}


def uevents(guest):
    """A dictionary for each, in their order."""
    blocks = guest.run("cat /tmp/uevent.out").split("\n\n")
    return [dict(line.split("=", 1) for line in block.splitlines() if "=" in line) for block in blocks]


def test_views_of_an_unplug(lab):
    """All of them tell of the one switch that an unplug makes, and agree."""
    guest, pair = ready(lab, "ours")
    before = sysfs(guest, pair.master)
    assert before == {"active": pair.primary, "active_role": "primary", "primary": pair.primary,
                      "standby": pair.standby, "reason": before["reason"], "switches": before["switches"]}
    assert "driver: net_failover\n" in guest.run(f"ethtool -i {pair.master}")
    sent = counters(guest, pair.master)
    assert sent["vf_rx_packets"] and sent["vf_tx_packets"] and sent["tx_dropped"] == 0

    guest.run(f"echo 1 >{TRACING}/events/net_failover/enable")
    guest.spawn("uevent", "sh -c 'env; echo'")
    guest.vm.device_del("vf0")
    carried_by_standby(guest)

    after = sysfs(guest, pair.master)
    assert after == {"active": pair.standby, "active_role": "standby", "primary": "", "standby": pair.standby,
                     "reason": "there is no primary", "switches": str(int(before["switches"]) + 1)}
    now = counters(guest, pair.master)
    assert now["standby_tx_packets"] > sent["standby_tx_packets"] and now["vf_tx_packets"] >= sent["vf_tx_packets"]

    guest.wait_until("grep -q NET_FAILOVER_EVENT=switch /tmp/uevent.out")
    told, = (event for event in uevents(guest) if event.get("NET_FAILOVER_EVENT") == "switch")
    assert (told["ACTION"], told["INTERFACE"]) == ("change", pair.master)
    assert (told["NET_FAILOVER_ACTIVE"], told["NET_FAILOVER_ACTIVE_LOWER"]) == ("standby", pair.standby)

    event = rf"net_failover_event: master={pair.master} .* lower={pair.standby} from=2 to=1 reason="
    trace = guest.run(f"cat {TRACING}/trace")
    assert len(re.findall(event, trace)) == 1, trace
    log = guest.run("dmesg")
    line = rf"{pair.master}: Data path switched from VF: {pair.standby} \(the primary is leaving\)"
    assert len(re.findall(line, log)) == 1, log
