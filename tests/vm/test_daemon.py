# SPDX-License-Identifier: GPL-2.0
"""failoverd and the udev rule with the real module: what they say through an unplug and a replug."""
import re
import shutil

import pytest

from expect import carried_by_standby, ready
from lab.run import BUILD, TOP
from lab.testbed import Images, Testbed

RULE = TOP / "userspace/udev/65-net-failover.rules"
LEFT_ALONE = ["ID_NET_MANAGED_BY=net_failover", "NET_FAILOVER_LOWER=1", "NM_UNMANAGED=1"]


def find_udevadm():
    """udevd is the same program under another name."""
    return shutil.which("udevadm", path="/usr/bin:/bin:/usr/sbin:/sbin")


@pytest.fixture
def bed(images, evidence):
    """A test bed whose guests have failoverd, and udevd where the machine has it."""
    programs = [*images.programs, BUILD / "userspace/failoverd"]
    programs += [find_udevadm()] if find_udevadm() else []
    testbed = Testbed(Images(images.kernel, tuple(programs), images.ours), evidence)
    yield testbed
    found = testbed.close()
    assert not found, found


def start(guest):
    """Runs it in the background with a short patience; it writes to /tmp/failoverd.out."""
    guest.run("mkdir -p /run/failoverd && printf '[Degraded]\\nAfterSec=2s\\n' > /tmp/conf")
    guest.run("failoverd -v --config /tmp/conf >>/tmp/failoverd.out 2>&1 & echo $! >/tmp/failoverd.pid")


def told(guest):
    """All that it said."""
    return guest.run("cat /tmp/failoverd.out")


def wait_told(guest, pattern, timeout=20):
    """Until it said so."""
    guest.wait_until(lambda: re.search(pattern, told(guest), re.M), timeout, f"failoverd to say {pattern}")


def test_unplug_and_replug(bed):
    """Each event once, with a daemon that is killed in between; degraded and back."""
    guest, pair = ready(bed, "ours")
    start(guest)
    wait_told(guest, rf"^{pair.master}: on the primary \({pair.primary}\) now: ")
    guest.run("kill -9 $(cat /tmp/failoverd.pid)")
    guest.vm.device_del("vf0")
    carried_by_standby(guest)
    start(guest)
    wait_told(guest, rf"^{pair.master}: on the standby \({pair.standby}\) now: ")
    wait_told(guest, rf"^{pair.master}: degraded, for \d\.\d s not on the primary: there is no primary$")
    guest.vm.device_add(guest.machine.pairs[0].primary_device())
    guest.wait_paired()
    wait_told(guest, rf"^{pair.master}: no longer degraded, after ")
    guest.reap("failoverd")
    text = told(guest)
    numbers = [int(n) for n in re.findall(r"NET_FAILOVER_SEQ=(\d+)$", text, re.M)]
    assert numbers == list(range(1, len(numbers) + 1)), text
    for kind in ("created", "leaving", "released", "degraded", "recovered"):
        assert text.count(f"NET_FAILOVER_EVENT={kind}\n") == 1, (kind, text)


def test_module_reloaded_unseen(bed):
    """The family came back with the same numbers before it looked: it hears of what comes next all the same."""
    guest, pair = ready(bed, "ours")
    start(guest)
    wait_told(guest, rf"^{pair.master}: on the primary \({pair.primary}\) now: ")
    guest.run("kill -STOP $(cat /tmp/failoverd.pid)")
    guest.run("modprobe -r virtio_net; modprobe virtio_net", timeout=60)
    pair = guest.wait_paired()
    guest.run(f"ip link set {pair.master} up; kill -CONT $(cat /tmp/failoverd.pid)")
    guest.wait_carrier(pair.primary)

    def events(kind):
        return told(guest).count(f"NET_FAILOVER_EVENT={kind}\n")
    guest.wait_until(lambda: events("claimed") == 4, 20, "the new pair to be told of")
    guest.vm.device_del("vf0")
    guest.wait_until(lambda: events("released") == 3, 20, "the primary to be told to be gone")


def test_in_tree_module(bed):
    """What links show is told as events, and that a VF stays away; it says what is missing."""
    guest, pair = ready(bed, "intree")
    start(guest)
    wait_told(guest, "^net_failover is the in-tree module, which tells nothing: .* is not known$")
    guest.vm.device_del("vf0")
    carried_by_standby(guest)
    wait_told(guest, rf"^{pair.master}: on the standby \({pair.standby}\) now: there is no primary$")
    wait_told(guest, rf"^{pair.master}: degraded, for \d\.\d s not on the primary: there is no primary$")
    guest.vm.device_add(guest.machine.pairs[0].primary_device())
    back = guest.wait_paired()
    wait_told(guest, rf"^{pair.master}: on the primary \({back.primary}\) now: ")
    wait_told(guest, rf"^{pair.master}: no longer degraded, after ")
    wait_told(guest, "NET_FAILOVER_EVENT=recovered")
    guest.reap("failoverd")
    text = told(guest)
    assert [text.count(f"NET_FAILOVER_EVENT={kind}\n") for kind in ("released", "claimed", "degraded", "recovered")] \
        == [1, 1, 1, 1], text
    assert text.count("NET_FAILOVER_DERIVED=yes\n") >= 4 and "NET_FAILOVER_SEQ=" not in text, text


def test_idle(bed):
    """With a pair under traffic it sleeps, and is small."""
    guest, _ = ready(bed, "ours")
    start(guest)
    wait_told(guest, "NET_FAILOVER_EVENT=switch")
    look = "cat /proc/$(cat /tmp/failoverd.pid)/status | grep -e ^voluntary -e ^VmRSS"
    guest.run("sleep 2")
    before = guest.run(look)
    guest.run("sleep 10")
    after = guest.run(look)
    assert before == after
    assert int(re.search(r"VmRSS:\s*(\d+) kB", after)[1]) < 6 * 1024, after


@pytest.mark.skipif(not find_udevadm(), reason="NOT RUN: no udevadm here (apt-get install udev)")
def test_udev(bed):
    """From their first uevent on, lowers are marked, the master never; also those of a replug."""
    guest = bed.boot("ours", load=())
    guest.run("mkdir -p /run/udev/rules.d && cat > /run/udev/rules.d/65-net-failover.rules <<'END'\n"
              f"{RULE.read_text()}\n"
              'SUBSYSTEM=="net", RUN+="/bin/sh -c \'echo $env{ACTION} $name LOWER=$env{NET_FAILOVER_LOWER} >>/tmp/udev\'"\n'
              "END")
    guest.run("ln -sf udevadm /bin/systemd-udevd && systemd-udevd --daemon")
    guest.run("modprobe -a virtio_pci virtio_net e1000e")
    pair = guest.wait_paired()
    check(guest, pair)
    guest.run(f"ip link set {pair.master} up")
    guest.wait_carrier(pair.primary)
    guest.vm.device_del("vf0")
    guest.wait_until(lambda: not guest.pair().primary)
    guest.vm.device_add(guest.machine.pairs[0].primary_device())
    check(guest, guest.wait_paired())
    guest.run("udevadm trigger --subsystem-match=net && udevadm settle")
    check(guest, guest.pair())


def check(guest, pair):
    """What udev's database says, and what programs saw of each event."""
    guest.run("udevadm settle")
    for name in (pair.master, pair.standby, pair.primary):
        found = guest.run(f"udevadm info --query=property /sys/class/net/{name}").splitlines()
        marks = sorted(line for line in found if line in LEFT_ALONE)
        assert marks == ([] if name == pair.master else LEFT_ALONE), (name, found)
    seen = guest.run("cat /tmp/udev").splitlines()
    assert [line for line in seen if line.startswith("add ") and f" {pair.primary} " in line]
    for line in seen:
        lower = line.split()[1] in (pair.standby, pair.primary)
        assert not lower or line.endswith("LOWER=1") or line.startswith("remove "), seen


def names(guest):
    """What udev would name the master, its standby and its primary."""
    pair = guest.pair()
    return [re.search("^ID_NET_NAME_PATH=(.*)$", guest.run(
        f"udevadm test-builtin net_id /sys/class/net/{name} 2>/dev/null"), re.M)[1]
        for name in (pair.master, pair.standby, pair.primary)]


@pytest.mark.both
@pytest.mark.skipif(not find_udevadm(), reason="NOT RUN: no udevadm here (apt-get install udev)")
def test_names(bed, variant):
    """The same on either module; a primary that is replugged has its name again."""
    guest, _ = ready(bed, variant)
    assert names(guest) == ["enp1s0", "enp1s0nsby", "enp2s0"]
    guest.vm.device_del("vf0")
    carried_by_standby(guest)
    guest.vm.device_add(guest.machine.pairs[0].primary_device())
    guest.wait_paired()
    assert names(guest) == ["enp1s0", "enp1s0nsby", "enp2s0"]
