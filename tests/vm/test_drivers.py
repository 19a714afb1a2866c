# SPDX-License-Identifier: GPL-2.0
"""What drivers of real VFs, and programs in the guest, do to a pair that emulated cards don't.

fault/nfo_fault.c stands in for the driver: it changes the card's addresses as iavf and ixgbevf do when
the host resets them, and sees what is done to a card that is still registering.
"""
import time

import pytest

from expect import carried_by_primary, carried_by_standby, flows, judged, nothing_lost, on_primary, ready, usable, whole
from lab.flow import Echo
from lab.guest import complaints
from lab.qemu import Pair
from lab.run import wait_until
from lab.sniff import Sniffer

OTHER = "52:54:00:77:99:99"
FAULT = "/sys/module/nfo_fault/parameters"


@pytest.mark.defect("A2")
def test_permanent_address_rewritten(lab, variant, fault_module):
    """A lower is found by its link, not by the address that its driver claims: it can still leave."""
    guest, pair = ready(lab, variant, extra_modules=[fault_module])
    guest.run(f"modprobe nfo_fault && echo {OTHER} >{FAULT}/perm_addr")
    with Echo(guest) as echo:
        echo.go_on(0.2)
        guest.vm.device_del("vf0")
        carried_by_standby(guest)
        guest.vm.device_add(guest.machine.pairs[0].primary_device())
        pair = on_primary(guest)
    whole(pair)
    nothing_lost(echo.result)


@pytest.mark.defect("A3")
def test_nothing_is_done_while_it_registers(lab, variant, fault_module):
    """Neither opened nor given another MTU inside the notification of its registration."""
    guest, _ = ready(lab, variant, extra_modules=[fault_module])
    guest.vm.device_del("vf0")
    carried_by_standby(guest)
    guest.run("modprobe nfo_fault event=early")
    guest.vm.device_add(guest.machine.pairs[0].primary_device())
    on_primary(guest)
    assert guest.run(f"cat {FAULT}/struck").strip() == "0"


def test_reset_with_another_address(lab, fault_module):
    """The host resets the VF to another MAC: the standby carries; with the old one it is used again."""
    guest, _ = ready(lab, "ours", extra_modules=[fault_module])
    guest.run(f"modprobe nfo_fault && echo {OTHER} >{FAULT}/address")
    carried_by_standby(guest)
    with Echo(guest) as echo:
        echo.go_on(1)
        guest.run(f"echo {guest.machine.pairs[0].mac} >{FAULT}/address")
        carried_by_primary(guest)
    nothing_lost(echo.result)
    whole(guest.wait_paired())


LISTEN = """
import socket, sys
port = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
port.bind(("", int(sys.argv[2])))
with open(sys.argv[1], "ab", buffering=0) as log:
    while True:
        log.write(port.recv(2048))
"""


@pytest.fixture
def netconsole(lab, leave_out):
    """Starts netconsole over a device; gives back what reads the messages that the peer has got.

    To be ended by rmmod: modprobe takes configfs away too, whose last inodes are freed after it is gone
    (oops on 5.10, configfs_free_inode()). When it cannot send at once netconsole polls the card, and
    virtio_net's poll takes a lock there that it takes elsewhere with interrupts on; vmxnet3's does so
    whenever it sends. Lockdep is right to tell, of them; and it switches itself off then.
    """
    if not judged():
        leave_out("netconsole", "virtio_net and vmxnet3 are not fit for it in the eyes of lockdep")

    def start(guest, device):
        log = guest.evidence / "netconsole.log"
        guest.net.start("/usr/bin/python3", "-c", LISTEN, log, 6666, where="peer")
        wait_until(log.exists, 10, "the listener")
        guest.run("echo 7 >/proc/sys/kernel/printk")
        guest.run(f"modprobe netconsole netconsole=6666@10.77.0.2/{device},6666@10.77.0.1/")
        return log.read_text
    return start


def heard(guest, log, what):
    """What the guest prints gets to the peer."""
    def told():
        guest.run(f"echo '<6>{what}' >/dev/kmsg")
        return what in log()
    wait_until(told, 15, f"the peer to be told '{what}'")


@pytest.mark.defect("S3")
def test_netconsole(lab, variant, netconsole):
    """netconsole's messages leave by the lower in use, those on the switch itself too, and nothing else is lost."""
    guest, pair = ready(lab, variant)
    log = netconsole(guest, pair.master)
    # What it prints goes to the serial port too, for more than a second at times: more than 1000 don't fit the tap.
    with Echo(guest, rate=250) as echo:
        heard(guest, log, "by the primary")
        guest.vm.device_del("vf0")
        carried_by_standby(guest)
        heard(guest, log, "by the standby")
        guest.vm.device_add(guest.machine.pairs[0].primary_device())
        on_primary(guest)
        heard(guest, log, "by the next primary")
        guest.run("rmmod netconsole")
        echo.go_on()
    assert log().partition("by the primary")[2].count("Data path switched") == 2, log()
    nothing_lost(echo.result)
    said = complaints(guest.dmesg())
    assert not said, said


def test_netconsole_in_the_dark(lab, netconsole):
    """While no lower can carry anything messages are dropped; the next ones are heard. The pair may end meanwhile."""
    guest = lab.boot("ours", Pair(primary=None))
    pair = guest.pair()
    guest.address(pair.master)
    flows(guest)
    log = netconsole(guest, pair.master)
    heard(guest, log, "before")
    guest.vm.set_link("net0", False)
    guest.wait_carrier(pair.master, up=False)
    guest.run("echo '<6>in the dark' >/dev/kmsg")
    guest.vm.set_link("net0", True)
    heard(guest, log, "after")
    assert "in the dark" not in log()
    guest.run("modprobe -r virtio_net")
    assert not guest.ok(f"ip link show {pair.master}")
    guest.run("echo '<6>nobody hears this' >/dev/kmsg; rmmod netconsole")


def test_netconsole_of_a_card_that_is_claimed(lab, netconsole):
    """It ends: it would send by a card that is not in use."""
    guest, pair = ready(lab, "ours")
    guest.run(f"modprobe -r virtio_net; ip link set {pair.primary} up")
    netconsole(guest, pair.primary)
    guest.run("modprobe virtio_net")
    guest.wait_paired()
    assert f"stopped on interface {pair.primary} as it is joining a master device" in guest.dmesg()
    guest.run("rmmod netconsole")


@pytest.mark.defect("A1")
def test_asked_to_announce(lab, variant):
    """When the host asks virtio to announce the guest, what lives on the master is announced."""
    guest, pair = ready(lab, variant)
    guest.vm.device_del("vf0")
    carried_by_standby(guest)
    guest.run(f"ip link add link {pair.master} name vlan7 type vlan id 7; ip addr add 10.77.7.2/24 dev vlan7;"
              "ip link set vlan7 up")
    quiet = time.monotonic() + 2   # the announcements of the switch end before
    wait_until(lambda: time.monotonic() > quiet, 5, "the switch to be over")
    with Sniffer(lab.net, [guest.vm.standby_tap()], guest.evidence / "standby.frames") as sniffer:
        guest.vm.qmp.execute("announce-self", initial=50, max=100, rounds=1, step=50, interfaces=["net0"])
        end = time.monotonic() + 1
        wait_until(lambda: time.monotonic() > end, 5, "the announcements")
    seen = {(f.proto, f.vlan) for f in sniffer.frames if f.src == guest.machine.pairs[0].mac}
    assert {("0806", None), ("0806", 7)} <= seen, f"not announced: {seen}"
    usable(guest)
