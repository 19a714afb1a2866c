# SPDX-License-Identifier: GPL-2.0
"""What happens beside unicast when the path changes: broadcast, announcements, stations, silence.

        peer ── br0 ─┬─ n0g0  standby ─┐
                     └─ v0g0  primary ─┴─ master ─┬─ (addresses)
                                                  ├─ VLAN 7, macvlan
                                                  └─ bridge ── veth ── station
"""
import json
import time

import pytest

from expect import answered, carried_by_primary, carried_by_standby, flows, judged, nothing_lost, ready
from lab.flow import Echo, FromPeer, describe
from lab.qemu import Pair
from lab.run import wait_until
from lab.sniff import Sniffer

STATION = "02:00:00:00:00:09"
STATION4 = "10.77.0.9"


class Broadcast(FromPeer):
    """The peer sends broadcasts, which reach both lowers."""

    def _peer(self, command, *options):
        super()._peer(command, *("10.77.0.255" if o == "10.77.0.2" else o for o in options))


def counter(guest, master, name):
    """One of the master's counters as `ethtool -S` shows them."""
    for line in guest.run(f"ethtool -S {master}").splitlines():
        if line.strip().startswith(f"{name}:"):
            return int(line.split(":")[1])
    raise KeyError(name)


@pytest.mark.parametrize("hotplug", ["acpi", pytest.param("pciehp", marks=pytest.mark.soak)])
def test_broadcast_once_around_a_switch(lab, hotplug):
    """Each broadcast is delivered, and once, while the primary goes and comes."""
    guest, _ = ready(lab, "ours", hotplug=hotplug)
    with Broadcast(guest, "broadcast", rate=2000) as flow:
        flow.go_on(0.5)
        guest.vm.device_del("vf0")
        flow.go_on(0.5)
        guest.vm.device_add(guest.machine.pairs[0].primary_device())
        pair = guest.wait_paired()
        guest.wait_carrier(pair.primary)
        flow.go_on(1)
    nothing_lost(flow.result)


def flood_lost(guest, master):
    """How many flooded frames no card delivered, as failoverctl says."""
    pairs = json.loads(guest.run("failoverctl status --json || [ $? = 1 ]"))["pairs"]
    return next(p["flood_lost"] for p in pairs if p["name"] == master)


def test_broadcasts_lost_with_the_carrier_are_counted(lab, measured):
    """What was broadcast until the guest could notice that its path is gone is lost, and counted."""
    guest, pair = ready(lab, "ours", Pair(primary="vmxnet3"))
    flows(guest)
    with Broadcast(guest, "broadcast") as flow:
        flow.go_on(2)                  # longer than what is special after a switch
        before = flood_lost(guest, pair.master)
        guest.vm.set_link("vf0", False)
        guest.wait_carrier(pair.primary, up=False)
        flow.go_on(0.5)
        counted = flood_lost(guest, pair.master) - before
    lost = len(flow.result.lost)
    measured(f"broadcasts lost with the carrier: {lost}, counted: {counted}")
    if not judged():
        return
    assert not flow.result.extras, describe(flow.result)
    assert abs(counted - lost) <= 1 + 0.02 * flow.rate, f"{counted} counted, {describe(flow.result)}"


@pytest.mark.defect("P5")
def test_standby_is_silent(lab):
    """A program that sends on the standby does not get through while it is not in use."""
    guest, pair = ready(lab, "ours")
    talk = f"probe send --to 10.77.0.1 --port 9 --rate 50 --count 10 --dev {pair.standby} 2>/dev/null"
    guest.run(f"ip neigh replace 10.77.0.1 lladdr {STATION} nud permanent dev {pair.standby}")

    def silenced():
        guest.execute(talk)
        return counter(guest, pair.master, "standby_tx_silenced")
    wait_until(silenced, 10, "the standby to be silenced")
    flows(guest)
    before = silenced()
    with Sniffer(lab.net, [guest.vm.standby_tap()], guest.evidence / "standby.frames") as sniffer:
        guest.execute(talk)
        flows(guest)
    assert not sniffer.frames, sniffer.frames
    assert counter(guest, pair.master, "standby_tx_silenced") >= before + 10
    assert "inet6" not in guest.run(f"ip addr show dev {pair.standby}")
    carried_by_primary(guest)


def test_standby_may_speak(lab):
    """With silence=0 it does, and what the network then sends to the wrong card is delivered and puts it right."""
    guest, pair = ready(lab, "ours", append="net_failover.silence=0")
    guest.run(f"ip neigh replace 10.77.0.1 lladdr {STATION} nud permanent dev {pair.standby}")
    flows(guest)
    with Sniffer(lab.net, [guest.vm.standby_tap()], guest.evidence / "standby.frames") as sniffer:
        with Echo(guest) as echo:
            echo.go_on()
            guest.run("sleep 2")          # a switch, after which a lower would be silenced, is over
            guest.execute(f"probe send --to 10.77.0.1 --port 9 --rate 50 --count 10 --dev {pair.standby} 2>/dev/null")
            carried_by_primary(guest)
            echo.go_on()
    assert sniffer.frames, "nothing got out by the standby"
    assert not counter(guest, pair.master, "standby_tx_silenced")
    nothing_lost(echo.result)


def test_silenced_standby_carries_at_once(lab):
    """The hook that silences the standby costs nothing when the primary goes."""
    guest, pair = ready(lab, "ours")
    guest.wait_until(f"probe send --to 10.77.0.1 --port 9 --rate 50 --count 3 --dev {pair.standby};"
                     f" ethtool -S {pair.master} | grep -q 'standby_tx_silenced: [1-9]'")
    flows(guest)
    carried_by_primary(guest)
    with Echo(guest) as echo:
        echo.go_on()
        guest.run(f"ip link set {pair.primary} down")
        carried_by_standby(guest)
        echo.go_on()
    lost = echo.result.lost
    assert not judged() or len(lost) <= 0.05 * echo.rate, f"{len(lost)} lost when the primary was set down"


@pytest.mark.defect("P4")
def test_everything_above_is_announced(lab):
    """VLAN, macvlan and IPv6 addresses and groups are announced through the path that is used now."""
    guest, pair = ready(lab, "ours")
    mac = guest.machine.pairs[0].mac
    guest.run(f"ip link add link {pair.master} name vlan7 type vlan id 7; ip link set vlan7 up;"
              f"ip link add link {pair.master} name mac0 address {STATION} type macvlan mode bridge;"
              "ip link set mac0 up; ip addr add 10.77.7.2/24 dev vlan7; ip addr add 10.77.0.8/24 dev mac0;"
              f"ip addr add 239.77.0.1/32 dev {pair.master} autojoin")
    flows(guest)
    with Sniffer(lab.net, [guest.vm.standby_tap()], guest.evidence / "standby.frames") as sniffer:
        start = time.time()
        guest.vm.device_del("vf0")
        carried_by_standby(guest)
        wait_until(lambda: time.time() > start + 1.5, 5, "the repeated announcements")
    seen = {(f.src, f.proto, f.vlan) for f in sniffer.frames}
    for what, *frame in (("the master's address", mac, "8035", None),
                         ("the macvlan's address", STATION, "8035", None),
                         ("the address in VLAN 7", mac, "8035", 7),
                         ("IPv4", mac, "0806", None), ("IPv6", mac, "86dd", None),
                         ("the macvlan's IPv4", STATION, "0806", None),
                         ("the VLAN's IPv4", mac, "0806", 7)):
        assert tuple(frame) in seen, f"{what} was not announced: {seen}"
    groups = {f.dst for f in sniffer.frames}
    for what, report in (("IGMPv3", "01:00:5e:00:00:16"), ("MLDv2", "33:33:00:00:00:16")):
        assert report in groups, f"no {what} report: {groups}"
    rounds = [f.time for f in sniffer.frames if (f.src, f.proto, f.vlan) == (mac, "8035", None)]
    assert len(rounds) >= 4, f"announced {len(rounds)} times only"
    assert not judged() or rounds[0] < min(f.time for f in sniffer.frames if f.proto == "0800") + 0.1


def bridged(lab, **options):
    """A guest whose master is a bridge's port; a station lives behind the bridge."""
    guest = lab.boot("ours", **options)
    pair = guest.wait_paired()
    guest.run("ip link add br0 type bridge forward_delay 0; ip netns add st;"
              f"ip link add v0 type veth peer name v1 netns st; ip link set v0 master br0 up;"
              f"ip -n st link set v1 address {STATION} up; ip -n st addr add {STATION4}/24 dev v1;"
              f"ip link set {pair.master} master br0 up; ip link set br0 up")
    guest.wait_carrier(pair.primary)
    guest.run("ip netns exec st probe echo --port 7000 >/tmp/st.out 2>&1 &")
    wait_until(lambda: answered(guest, STATION4), 15, "the station to answer")
    wait_until(lambda: lab.net.port_of(STATION) == guest.vm.primary_tap(), 10,
               "the station to be behind the primary")
    return guest, pair


class StationEcho(Echo):
    """Echo with the station, whose server runs already."""

    def start(self):
        self._peer("ping", "--to", STATION4, "--rate", self.rate, "--size", self.size,
                   "--seconds", 600, "--drain", 300)


def test_station_of_a_bridge_follows(lab):
    """Traffic of a station behind the bridge loses nothing, and its frames do not come back."""
    guest, pair = bridged(lab)
    port = guest.run("bridge -d fdb show br br0")
    with StationEcho(guest, name="station") as echo:
        echo.go_on()
        guest.vm.device_del("vf0")
        wait_until(lambda: lab.net.port_of(STATION) == guest.vm.standby_tap(), 5,
                   "the station to be behind the standby")
        echo.go_on()
        guest.vm.device_add(guest.machine.pairs[0].primary_device())
        guest.wait_carrier(guest.wait_paired().primary)
        wait_until(lambda: lab.net.port_of(STATION) == guest.vm.primary_tap(), 10,
                   "the station to be behind the primary")
        echo.go_on()
    learned = guest.run(f"bridge fdb show br br0 | grep {STATION}")
    assert "dev v0" in learned and f"dev {pair.master}" not in learned, (learned, port)
    nothing_lost(echo.result)


def test_silent_station_is_announced(lab):
    """A station that says nothing is taught to the network when the path changes."""
    guest, _ = bridged(lab)
    guest.run("ip -n st link set v1 arp off")
    guest.vm.device_del("vf0")
    wait_until(lambda: lab.net.port_of(STATION) == guest.vm.standby_tap(), 2,
               "the station to be behind the standby")
