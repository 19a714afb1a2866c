# SPDX-License-Identifier: GPL-2.0
"""The udev rule and the ifupdown hook on machines made of files: who is left alone, who is not.

udevd itself reads the rule where it is installed; the tree stands in for /sys in a mount
namespace of its own.
"""
import os
import shutil
import subprocess

import pytest

from fakesys import TOP, Tree

RULE = TOP / "userspace/udev/65-net-failover.rules"
HOOK = TOP / "userspace/ifupdown/net-failover"
MAC = "52:54:00:12:34:56"
UDEVADM = shutil.which("udevadm", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin:/bin")
UNSHARE = ["unshare", "--user", "--map-root-user", "--mount"]
SLAVE, PLAIN = "0x1803", "0x1003"


def can_unshare():
    """Namespaces for everybody are a choice of the machine's."""
    return subprocess.run([*UNSHARE, "true"], capture_output=True, check=False).returncode == 0


pytestmark = pytest.mark.skipif(not can_unshare(), reason="NOT RUN: no user namespaces here")


@pytest.fixture
def tree(tmp_path):
    """A pair that formed long ago, our module loaded."""
    made = Tree(tmp_path / "sys")
    made.module("0.1.0")
    made.master("eth0", MAC)
    made.virtio("eth1", MAC, flags=SLAVE)
    made.vf("eth2", MAC, flags=SLAVE)
    made.enslave("eth1", "eth0")
    made.enslave("eth2", "eth0")
    for card in (made.root / "class/net").iterdir():
        (card / "subsystem").symlink_to(made.root / "class/net")
        (card / "uevent").write_text("INTERFACE=%s\nIFINDEX=%s\n" % (
            card.name, (card / "ifindex").read_text().strip()))
    return made


def in_tree(tree, script, *args, **env):
    """Runs a script with the tree as /sys and our rule as the only one."""
    setup = 'mount --bind "$1" /sys && mount -t tmpfs none /run && mkdir -p /run/udev/rules.d && ' \
            'cp "$2" /run/udev/rules.d/ && shift 2 && '
    return subprocess.run([*UNSHARE, "sh", "-c", setup + script, "sh", tree.root, RULE, *args], text=True,
                          capture_output=True, check=False, timeout=60,
                          env={**os.environ, "SYSTEMD_DEVICE_VERIFY_SYSFS": "0", **env})


def marks(tree, name, action="add"):
    """What the rule says of a card, by udevd's own reading."""
    if not UDEVADM:
        pytest.skip("NOT RUN: no udevadm here (apt-get install udev)")
    done = in_tree(tree, f'{UDEVADM} test --action={action} "/sys/class/net/$1"', name)
    assert f"ACTION={action}" in done.stdout, done.stdout + done.stderr
    ours = ("NET_FAILOVER_LOWER", "NM_UNMANAGED", "ID_NET_MANAGED_BY")
    return dict(line.split("=", 1) for line in done.stdout.splitlines() if line.startswith(ours))


LEFT_ALONE = {"NET_FAILOVER_LOWER": "1", "NM_UNMANAGED": "1", "ID_NET_MANAGED_BY": "net_failover"}


def cards(tree):
    """Paths by name."""
    return {card.name: card.resolve() for card in (tree.root / "class/net").iterdir()}


@pytest.mark.parametrize("action", ["add", "change", "move"])
def test_lowers_and_only_lowers(tree, action):
    """A pair: both lowers are left alone, the master is not."""
    assert [marks(tree, name, action) for name in ("eth0", "eth1", "eth2")] == [{}, LEFT_ALONE, LEFT_ALONE]


def test_first_uevent(tree):
    """Before there is a master link the flag alone tells; a card without it is nobody's."""
    for name in ("eth1", "eth2"):
        (cards(tree)[name] / "master").unlink()
    (cards(tree)["eth1"] / "flags").write_text(PLAIN)
    assert [marks(tree, name) for name in ("eth1", "eth2")] == [{}, LEFT_ALONE]


def test_in_tree_module(tree):
    """It sets no flag: the link tells."""
    for name in ("eth1", "eth2"):
        (cards(tree)[name] / "flags").write_text(PLAIN)
    assert [marks(tree, name, "move") for name in ("eth0", "eth1", "eth2")] == [{}, LEFT_ALONE, LEFT_ALONE]


def enslave_elsewhere(tree, name, *files):
    """To a bond or bridge: a master without hardware."""
    other = tree.root / "devices/virtual/net/other0"
    other.mkdir(parents=True)
    for file in files:
        (cards(tree)[name] / file).mkdir()
    (cards(tree)[name] / "master").unlink(missing_ok=True)
    (cards(tree)[name] / "master").symlink_to(other)


def test_port_of_a_bond(tree):
    """Coldplug: it has IFF_SLAVE and bonding_slave, and a master that is no failover master."""
    enslave_elsewhere(tree, "eth2", "bonding_slave")
    assert marks(tree, "eth2") == {}
    (cards(tree)["eth2"] / "master").unlink()      # bonding_slave comes before the link
    assert marks(tree, "eth2") == {}


def test_master_in_a_bond(tree):
    """A failover master that is a bond's port is the bond's, not ours."""
    (cards(tree)["eth0"] / "flags").write_text(SLAVE)
    enslave_elsewhere(tree, "eth0", "bonding_slave")
    assert marks(tree, "eth0") == {}


def test_no_module(tree):
    """IFF_SLAVE without our module is somebody else's: a VF below hv_netvsc."""
    shutil.rmtree(tree.root / "module")
    (cards(tree)["eth2"] / "master").unlink()
    assert marks(tree, "eth2") == {}


def test_ifup(tree):
    """ifup of a lower stops with a line that names the master; others go on."""
    def ifup(name):
        return in_tree(tree, 'exec "$1"', HOOK, IFACE=name)

    done = ifup("eth2")
    assert done.returncode == 1
    assert done.stderr == "net-failover: eth2 is a lower of eth0: configure the master instead\n"
    for name in ("eth0", "lo", "nosuch0", "--all"):
        done = ifup(name)
        assert (done.returncode, done.stderr) == (0, ""), name
    (cards(tree)["eth2"] / "master").unlink()
    done = ifup("eth2")
    assert done.stderr == "net-failover: eth2 is a lower: configure the master instead\n"
