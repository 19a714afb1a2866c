# SPDX-License-Identifier: GPL-2.0
"""The VF that comes back is not the one that left, or not in the way one wishes: what works, and what failoverd says.

    peer ── br0 ─┬─ n0g0  standby        away: the host takes the VF
                 └─ v0g0  VF             returns: it plugs another one
"""
from dataclasses import replace

from expect import carried_by, carried_by_primary, carried_by_standby, nothing_lost, ready, whole
from lab.daemon import Failoverd
from lab.flow import Echo
from lab.qemu import Pair
from lab.run import wait_until

IMPATIENT = "[Degraded]\nAfterSec=2s"


def back_on(name):
    """How the report begins."""
    return rf"back on a primary \({name}\) after [\d.]+ s, the standby had [\d.]+ s"


def watched(bed, *pairs, conf="", **machine):
    """A guest with a pair on its primary, and a failoverd that has told so."""
    guest, pair = ready(bed, "ours", *pairs, **machine)
    daemon = Failoverd(guest, conf).start(slots=False)
    daemon.wait_told(rf"^{pair.master}: on the primary \({pair.primary}\) now: ")
    return guest, pair, daemon


def plug(guest, index=0, **changes):
    """The host gives a VF back, another one than it took."""
    pair = next(p for p in guest.machine.pairs if p.index == index)
    guest.vm.device_add(replace(pair, **changes).primary_device())


def plug_dead(guest, **changes):
    """One whose link is down from the first moment on."""
    guest.vm.qmp.execute("stop")
    plug(guest, **changes)
    guest.vm.set_link("vf0", False)
    guest.vm.qmp.execute("cont")


def returned(guest, daemon, more="", fields=()):
    """The primary carries traffic and the report says what it is."""
    pair = guest.wait_paired()
    guest.wait_carrier(pair.primary)
    carried_by_primary(guest)
    told = rf"^{pair.master}: {back_on(pair.primary)}.*{more}.*(\n    .*)*NET_FAILOVER_QUEUES_BEFORE=.*(\n    .*)*"
    text = daemon.wait_told(told)[0]
    for field in ("NET_FAILOVER_EVENT=returned", f"NET_FAILOVER_LOWER={pair.primary}", *fields):
        assert f"    {field}\n" in text + "\n", text
    return pair, text


def test_another_model(with_failoverd):
    """Another driver; then one without carrier, later than failoverd's patience; the wall clock jumps meanwhile."""
    guest, pair, daemon = watched(with_failoverd)
    with Echo(guest, name="model") as echo:
        guest.vm.device_del("vf0")
        carried_by_standby(guest)
        plug(guest, primary="vmxnet3")
        pair, text = returned(guest, daemon, "; another model: vmxnet3 15ad:07b0, not e1000e 8086:10d3",
                              ("NET_FAILOVER_DRIVER=vmxnet3", "NET_FAILOVER_DRIVER_BEFORE=e1000e",
                               "NET_FAILOVER_PCI_ID_BEFORE=8086:10d3", "NET_FAILOVER_DROPPED=0"))
    nothing_lost(echo.result)
    daemon.configure(IMPATIENT)
    daemon.signal("HUP")
    with Echo(guest, name="carrier") as echo:
        guest.vm.device_del("vf0")
        carried_by_standby(guest)
        guest.run("date -s '2031-01-01 00:00:00'")
        daemon.wait_told(rf"^{pair.master}: degraded, for [23]\.\d s not on the primary: there is no primary$")
        plug_dead(guest, primary="vmxnet3")
        pair = guest.wait_paired()
        guest.wait_until(lambda: reason(guest) == "the primary has no carrier")
        echo.go_on()
        before = daemon.told().count("NET_FAILOVER_EVENT=returned\n")
        guest.vm.set_link("vf0", True)
        daemon.wait_told(rf"^{pair.master}: no longer degraded, after \d\d?\.\d s: ")
        wait_until(lambda: daemon.told().count("NET_FAILOVER_EVENT=returned\n") > before, 20, "the second report")
        carried_by_primary(guest)
    assert before == 1
    nothing_lost(echo.result)
    last = daemon.told().rpartition("back on a primary")[2]
    assert "; the same model" in last
    away = int(last.partition("NET_FAILOVER_AWAY_NSEC=")[2].split()[0])
    assert 2e9 < away < 60e9, last


def reason(guest):
    """Why the lower in use is in use."""
    return guest.run(f"cat /sys/class/net/{guest.pair().master}/net_failover/reason").strip()


def test_another_number_of_queues(with_failoverd):
    """The same model, with as many queues as the guest has CPUs then."""
    guest, _, daemon = watched(with_failoverd, Pair(primary="vmxnet3"), smp=2)
    with Echo(guest) as echo:
        guest.vm.device_del("vf0")
        carried_by_standby(guest)
        guest.run("echo 0 > /sys/devices/system/cpu/cpu1/online")
        plug(guest)
        returned(guest, daemon, r"; the same model, with 1\+1 queues, not 2\+2", ("NET_FAILOVER_QUEUES=1+1",))
    nothing_lost(echo.result)


def test_mtu_limit(with_failoverd):
    """One that cannot take the master's MTU is left out, and taken as soon as it fits."""
    guest, pair, daemon = watched(with_failoverd, Pair(host_mtu=9100), conf=IMPATIENT, mtu=9100)
    guest.vm.device_del("vf0")
    carried_by_standby(guest)
    plug(guest, primary="vmxnet3")
    failed = daemon.wait_told(rf"^{pair.master}: the primary \((\w+)\) cannot be used: ")[1]
    daemon.wait_told(rf"^{pair.master}: degraded, for ")
    carried_by_standby(guest)
    guest.run(f"ip link set {pair.master} mtu 9000")
    pair, _ = returned(guest, daemon, "; another model: ")
    assert pair.primary == failed
    daemon.wait_told(rf"^{pair.master}: no longer degraded, after ")


def test_two_at_once(with_failoverd):
    """Two pairs lose their VFs at the same moment, and get them back crosswise in time."""
    guest, first, daemon = watched(with_failoverd, Pair(0), Pair(1))
    second = guest.wait_paired(1)
    guest.run(f"ip link set {second.master} up")
    daemon.wait_told(rf"^{second.master}: on the primary ")
    mark = guest.vm.qmp.mark()
    with Echo(guest) as echo:
        for vf in ("vf0", "vf1"):
            guest.vm.qmp.execute("device_del", id=vf)
        for vf in ("vf0", "vf1"):
            guest.vm.qmp.wait_event("DEVICE_DELETED", 20, mark, device=vf)
        plug(guest, 1)
        guest.wait_paired(1)
        plug(guest, 0, primary="vmxnet3")
        returned(guest, daemon, "; another model: ")
        daemon.wait_told(rf"^{second.master}: {back_on('[a-z0-9]+')}.*; the same model")
    nothing_lost(echo.result)
    assert first.master != second.master


def test_second_with_the_same_mac(with_failoverd):
    """A spare is left alone while the first is there, and takes its place when that leaves."""
    guest, pair, daemon = watched(with_failoverd)
    guest.net.add_tap("s0")
    guest.vm.qmp.execute("netdev_add", type="tap", id="hspare", ifname="s0", script="no", downscript="no")
    with Echo(guest) as echo:
        guest.vm.device_add({"driver": "e1000e", "id": "spare", "netdev": "hspare", "romfile": "", "bus": "rp2",
                             "mac": guest.machine.pairs[0].mac})
        guest.wait_until("[ $(ls -d /sys/bus/pci/drivers/e1000e/0* | wc -l) = 2 ]")
        spare = guest.wait_until(lambda: next((n for n, link in guest.links().items()
                                               if link["driver"] == "e1000e" and n != pair.primary), None))
        assert "master" not in guest.links()[spare]
        carried_by_primary(guest)
        guest.vm.device_del("vf0")
        carried_by(guest, "s0")
        daemon.wait_told(rf"^{pair.master}: {back_on(spare)}.*; the same model")
    nothing_lost(echo.result)


def shape(guest, master):
    """What is set on the master."""
    link = guest.links()[master]
    return link["mtu"], link["txqlen"], link["qdisc"], "UP" in link["flags"]


def test_standby_detached_and_attached(with_failoverd):
    """The persistent half goes and comes again while the VF stays: the pair forms with the VF first, and the master
    is as it was, but for addresses: these are given by whoever configures networks, here the test."""
    guest, pair, daemon = watched(with_failoverd)
    guest.run(f"ip link set {pair.master} mtu 1400 txqueuelen 555; tc qdisc replace dev {pair.master} root pfifo limit 9")
    before = shape(guest, pair.master)
    for line in ("mtu=1400", "txqueuelen=555", "qdisc=pfifo ", "up=yes"):
        guest.wait_until(f"grep -q '^[sh][ea][ts] {line}' /run/failoverd/settings.masters", what=f"failoverd to learn {line}")
    guest.vm.device_del("net0")
    daemon.wait_told(rf"^{pair.master}: failover master is gone$")
    guest.wait_until(lambda: "master" not in guest.links()[pair.primary])
    guest.vm.device_add(guest.machine.pairs[0].standby_device())
    again = guest.wait_paired()
    whole(again)
    words = daemon.wait_told(rf"^{again.master}: the master has its settings: (.*)$")[1]
    assert words.split(", ") == ["txqueuelen", "qdisc", "mtu", "up"]
    assert shape(guest, again.master) == before and guest.links()[again.primary]["mtu"] == 1400
    guest.run(f"ip addr replace 10.77.0.2/24 dev {again.master}")
    guest.wait_carrier(again.primary)
    carried_by_primary(guest)
    assert daemon.told().count("NET_FAILOVER_EVENT=created\n") == 2
    with Echo(guest) as echo:
        guest.vm.device_del("vf0")
        carried_by_standby(guest)
    nothing_lost(echo.result)


def test_others_configure_the_new_master(with_failoverd):
    """Whoever is quicker to set the new master up has given it its MTU, too: that stays."""
    guest, pair, daemon = watched(with_failoverd)
    guest.run(f"ip link set {pair.master} mtu 1400 txqueuelen 555")
    guest.wait_until("grep -q '^set txqueuelen=555' /run/failoverd/settings.masters")
    daemon.signal("STOP")
    guest.vm.device_del("net0")
    guest.wait_until(lambda: pair.master not in guest.links())
    guest.vm.device_add(guest.machine.pairs[0].standby_device())
    again = guest.wait_paired()
    guest.run(f"ip link set {again.master} mtu 1450 up")
    daemon.signal("CONT")
    daemon.wait_told(rf"^{again.master}: the master has its settings: txqueuelen$")
    assert shape(guest, again.master)[:2] == (1450, 555)
