# SPDX-License-Identifier: GPL-2.0
"""Whole Debian guests, booted from disk: with ours, and where the kernel refuses ours.

    disk: /boot/vmlinuz, /boot/initrd.img ─→ systemd, udev, the network manager
    peer 10.77.0.1 ── br0 ─┬─ virtio-net (enp1s0nsby)
                           └─ VF         (enp2s0)      master enp1s0: 10.77.0.2, fd77::2
"""
import pytest

import traffic
from bed import addresses, settled
from expect import carried_by_primary, carried_by_standby, flows
from lab.flow import Echo
from lab.migrate import migrate
from rootfs import DEFAULT, SOAK

NAMES = ("enp1s0", "enp1s0nsby", "enp2s0")     # of the in-tree module, too: test_refused looks
VERSION = "cat /sys/module/net_failover/version"
SLOW = 3600                        # seconds for building and compressing in an emulated guest, beside other work


def soak(names):
    """For the long form alone."""
    return [pytest.param(name, marks=pytest.mark.soak) for name in names.split()]


def healthy(guest, code=0, timeout=15):
    """Configured as it should be, traffic passes, and `failoverctl check` says so once the VF has its link."""
    assert settled(guest) == NAMES
    flows(guest, timeout=timeout)
    told = []

    def checked():
        told.append(guest.execute("failoverctl check"))
        return told[-1].rc == code
    guest.wait_until(checked, 30, f"failoverctl check to end with {code}")
    return told[-1].out


def booted_well(guest, failed=""):
    """No unit failed, none is waited for."""
    state = guest.run("systemctl is-system-running --wait || :", timeout=300).strip()
    units = guest.run("systemctl --failed --plain --no-legend | awk '{ print $1 }'").split()
    assert state == "running" or set(units) <= set(failed.split()), f"{state}: {units}"


def first_boot(guest):
    """Seconds of systemd's own account, from the kernel's start on."""
    text = guest.run("systemd-analyze time")
    return text.split("=")[1].split("\n")[0].strip()


@pytest.mark.parametrize("system", [*DEFAULT.split(), *soak(SOAK)])
def test_life_of_a_guest(installed, bed, measured, system):
    """Boot, the VF leaves and comes back, migration: one address on the master, nothing on the lowers."""
    guest = bed.start(installed(system).image)
    assert "FAILOVER OK" in healthy(guest)
    # Where the administrator asks for addresses on the lowers, ifup says that they can't have any.
    booted_well(guest, "ifup@enp1s0nsby.service ifup@enp2s0.service" if "ifupdown" in system else "")
    assert guest.run(VERSION) == "0.1.0\n"
    measured(f"real guest, {system}: booted in {first_boot(guest)}")
    carried_by_primary(guest)

    guest.vm.device_del("vf0")
    carried_by_standby(guest)
    assert not guest.ok(f"[ -e /sys/class/net/{NAMES[2]} ]")
    assert list(addresses(guest)) == [NAMES[0]]
    assert guest.execute("failoverctl check").rc == 1

    guest.vm.device_add(guest.machine.pairs[0].primary_device())
    healthy(guest)
    carried_by_primary(guest)

    assert migrate(guest).status == "completed"
    healthy(guest)
    carried_by_primary(guest)


def told(guest, words):
    """The finding and the journal say that ours was refused."""
    status = guest.execute("failoverctl status")
    assert status.rc == 1 and "loaded instead of ours" in status.out, status.out + status.err
    assert words in status.out, status.out
    assert "the distribution's module is loaded" in guest.run("journalctl -b -k --no-pager")


# With the in-tree module the master's IPv6 address ends dadfailed (defect P6): networkd waits for it in vain.
INTREE = "systemd.mask=systemd-networkd-wait-online.service"


def falls_back(guest, words):
    """The distribution's module serves the guest, which says so; its names are those of ours."""
    healthy(guest, code=1)
    assert not guest.ok(VERSION)
    told(guest, words)
    assert migrate(guest).status == "completed"
    # The in-tree module throws away what arrives by the standby until the guest says something by itself.
    healthy(guest, code=1, timeout=120)


@pytest.mark.parametrize("system", ["bookworm-networkd", *soak("bullseye-networkd trixie-networkd sid-networkd")])
def test_refused_under_lockdown(installed, bed, system):
    """Secure Boot's lockdown, and a key that nobody enrolled: the guest has its network."""
    guest = bed.start(installed(system).image, "intree", f"lockdown=integrity {INTREE}")
    assert guest.ok("grep -q '\\[integrity\\]' /sys/kernel/security/lockdown")
    falls_back(guest, "mokutil")
    booted_well(guest)


MODULE = "/lib/modules/$(ls /lib/modules)/updates/dkms/net_failover.ko"
INITRAMFS = "depmod $(ls /lib/modules); update-initramfs -u -k $(ls /lib/modules)"
MOVED = ("k=$(ls /lib/modules); mkdir -p /var/lib/dkms/net_failover/original_module/$k/x86_64; "
         "mv /lib/modules/$k/kernel/drivers/net/net_failover.ko /var/lib/dkms/net_failover/original_module/$k/x86_64; ")


@pytest.mark.soak
@pytest.mark.parametrize("change, append, words", [
    pytest.param(f"sed -i 's/SMP preempt/SMX preempt/' {MODULE}; {INITRAMFS}", "", "Exec format", id="vermagic"),
    pytest.param(f"truncate -s 5000 {MODULE}; {INITRAMFS}", "", "", id="broken"),
    pytest.param(f"{MOVED} truncate -s 5000 {MODULE}; {INITRAMFS}", "", "", id="broken-moved"),
    pytest.param(f"{MOVED} {INITRAMFS}", "lockdown=integrity", "mokutil", id="lockdown-moved"),
    pytest.param("rm /lib/modules/*/net_failover.distribution; "
                 f"{MOVED} {INITRAMFS}", "lockdown=integrity", "mokutil", id="lockdown-moved-no-copy"),
    pytest.param("", "net_failover=distribution", "off the kernel's command line", id="asked"),
])
def test_refused(installed, layers, bed, change, append, words):
    """Each way in which the kernel can refuse ours, also where DKMS moved the distribution's away."""
    system = installed("bookworm-networkd").layer
    layer = layers(f"{system.folder}/upper:{system.lower}")
    layer.run(change + " :" if change.endswith("; ") else change or ":")
    guest = bed.start(layer.image(layer.folder / "image"), "intree", f"{append} {INTREE}")
    falls_back(guest, words)


@pytest.mark.soak
@pytest.mark.parametrize("change", [
    pytest.param("rm /usr/lib/net_failover/load-module; " + INITRAMFS, id="no-script"),
    pytest.param("rm /usr/share/initramfs-tools/hooks/net_failover*; " + INITRAMFS, id="no-hooks"),
    pytest.param("sed -i s/MODULES=most/MODULES=list/ /etc/initramfs-tools/initramfs.conf; "
                 "printf 'virtio_pci\\nvirtio_blk\\next4\\n' >>/etc/initramfs-tools/modules; " + INITRAMFS,
                 id="not-in-initramfs"),
])
def test_ours_all_the_same(installed, layers, bed, change):
    """What is missing in the initramfs or on the disk does not keep ours, or the network, away."""
    system = installed("bookworm-networkd").layer
    layer = layers(f"{system.folder}/upper:{system.lower}")
    layer.run(change)
    guest = bed.start(layer.image(layer.folder / "image"))
    healthy(guest)
    assert guest.run(VERSION) == "0.1.0\n"


@pytest.mark.parametrize("system", soak("bullseye-networkd bookworm-networkd trixie-networkd sid-networkd"))
def test_as_a_user_does(systems, layers, bed, measured, system):
    """In the guest itself: install, reboot, migrate, a kernel of another ABI, migrate, uninstall, reboot."""
    layer = layers(systems(system))
    layer.put_sources()
    # Without ours, nothing but its name keeps networkd off the lowers.
    layer.run("sed -i s/Name=.*/Name=enp1s0/ /etc/systemd/network/50-lab.network")
    layer.run("make -s -C /srv/net_failover -j2 userspace", timeout=900)
    guest = bed.start(layer.image(layer.folder / "image"), "intree", INTREE)
    assert settled(guest) == NAMES
    said = guest.run("make -s -C /srv/net_failover install 2>&1", timeout=SLOW).splitlines()
    old = guest.release()
    assert said[-1].endswith(f"is installed for {old}; in force until a reboot: the distribution's"), said
    assert guest.execute("failoverctl check").rc == 1

    # The archive may have one kernel of the series only (sid).
    upgrades = ["dpkg --force-unsafe-io -i /srv/kernel/*.deb 2>&1"] if guest.ok("ls /srv/kernel/*.deb") else []
    for change in ("true", *upgrades):
        guest.run(change, timeout=SLOW)
        guest.variant = "ours"
        guest.reboot(bed)
        assert "FAILOVER OK" in healthy(guest)
        assert guest.run(VERSION) == "0.1.0\n"
        carried_by_primary(guest)
        assert migrate(guest).status == "completed"
        healthy(guest)
    assert (guest.release() != old) == bool(upgrades)
    measured(f"real guest, {system}: {guest.release()} after {old}: booted in {first_boot(guest)}")

    said = guest.run("make -s -C /srv/net_failover uninstall 2>&1", timeout=SLOW).splitlines()
    assert "then the distribution's" in said[-1], said
    guest.variant = "intree"
    guest.reboot(bed, INTREE)
    assert settled(guest) == NAMES
    flows(guest)
    assert not guest.ok(VERSION) and not guest.ok("command -v failoverctl")


RELOAD = "/usr/lib/net_failover/reload-module 60 2>&1"
FILE = "/lib/modules/$(uname -r)/updates/dkms/net_failover.ko"
ON_TOP = """
ip addr add 10.77.0.9/24 dev enp1s0
ip link add link enp1s0 name lab5 type vlan id 5 && ip link set lab5 up && ip addr add 10.79.0.2/24 dev lab5
ip route add 10.80.0.0/16 via 10.77.0.1 dev enp1s0 metric 50 mtu 1400
ip route add fd80::/32 via fd77::1 dev enp1s0
ip route add 10.81.0.0/16 dev lab5 table 100
ip rule add iif lab5 table 100
tc qdisc replace dev enp1s0 root prio bands 4
"""
LOOK = """
ip -o addr show scope global | awk '{ print $2, $4 }' | sort
ip -4 route show table all | grep -v -e local -e broadcast | sort
ip -6 route show | grep -v fe80 | sort
ip rule; ip -d -o link show lab5 | grep -o 'vlan.* id [0-9]*'
tc qdisc show dev enp1s0 | grep -o 'root .*bands 4' | sed 's/refcnt [0-9]* //'
"""


@pytest.mark.soak
def test_reload(installed, bed, measured):
    """Another module without a reboot, there and back: all that was on the master is there again."""
    guest = bed.start(installed("bookworm-networkd").image)
    healthy(guest)
    guest.run(ON_TOP)
    flows(guest)
    before = guest.run(LOOK)
    for put, version in ((f"mv {FILE} /srv/ && depmod", None), (f"mv /srv/net_failover.ko {FILE} && depmod", "0.1.0")):
        guest.run(put, timeout=60)
        with Echo(guest, rate=200) as echo:
            said = guest.execute(RELOAD, timeout=300)
            echo.go_on(3)
        assert said.rc == 0, said.out + said.err
        assert guest.execute(VERSION).out.strip() == (version or "")
        after = guest.run(LOOK)
        assert after == before, f"before:\n{before}\nafter:\n{after}"
        flows(guest)
        gaps = [run.end - run.start for run in traffic.runs(echo.result)]
        measured(f"reload to {version or 'the distribution'}: gap {max(gaps, default=0):.1f} s")
    carried_by_primary(guest)


@pytest.mark.soak
def test_reload_of_a_refused_one(installed, bed):
    """The network is there all the same, and it says that ours was refused."""
    guest = bed.start(installed("bookworm-networkd").image)
    healthy(guest)
    guest.run(f"truncate -s 5000 {FILE}")
    said = guest.execute(RELOAD, timeout=300)
    assert said.rc == 1 and "refused" in said.out, said.out
    guest.variant = "intree"
    assert settled(guest) == NAMES
    flows(guest)
    told(guest, "")
