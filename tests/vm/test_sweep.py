# SPDX-License-Identifier: GPL-2.0
"""Each call that the module makes and that can fail does so once: the pair is whole again by itself.

fault/nfo_sweep.c makes the first call of a function fail, then the second, until a scenario makes no
such call any more; sweep.sh looks at the pair after each.
"""
from pathlib import Path

import pytest

from expect import carried_by_primary, ready, usable
from lab.qemu import Pair

HERE = Path(__file__).parent
CLAIM = "netdev_rx_handler_register netdev_master_upper_dev_link dev_set_mtu dev_open vlan_vids_add_by_dev " \
    "kobject_uevent_env kmalloc_trace kmem_cache_alloc_trace"
SWITCH = "arp_create __alloc_skb genlmsg_put nf_register_net_hook"
# (scenario, up to which call of a function, functions)
SCENARIOS = (
    ("replug", 9, f"{CLAIM} dev_uc_sync_multiple dev_mc_sync_multiple"),
    ("replug", 2, SWITCH),
    ("rebind", 9, f"alloc_etherdev_mqs __alloc_percpu_gfp __alloc_percpu register_netdevice {CLAIM}"),
    ("down_up", 9, "dev_open"),
    ("mtus", 9, "dev_set_mtu"),
    ("vlans", 9, "vlan_vid_add"),
    ("join", 9, "dev_uc_sync_multiple dev_mc_sync_multiple"),
    ("polled", 4, "__netpoll_setup kmalloc_trace kmem_cache_alloc_trace"),
    ("drains", 3, "__alloc_skb genlmsg_put"),
)


def sweep_guest(lab, fault_modules):
    """A pair that has something of everything, in a guest that makes calls fail and whose console is silent."""
    guest, pair = ready(lab, "ours", Pair(primary="vmxnet3"), extra_modules=fault_modules,
                        load=("nfo_sweep", "virtio_pci", "virtio_net", "vmxnet3"))
    for name in ("churn.sh", "sweep.sh"):
        guest.send_file(HERE / name, f"/tmp/{name}")
    # For netconsole over a vmxnet3: see test_drivers.py.
    guest.run(f"ip link set {pair.master} mtu 1450; ip link add link {pair.master} name vlan7 type vlan id 7;"
              f"ip link set vlan7 up; ip link add link {pair.master} name mac0 type macvlan mode bridge;"
              f"ip link set mac0 up; ip link set {pair.master} promisc on allmulticast on;"
              "echo 1 >/proc/sys/kernel/printk")
    return guest


def test_each_call_fails_once(lab, fault_modules, measured):
    """While the pair is made, changed, drained, and its cards come and go."""
    guest = sweep_guest(lab, fault_modules)
    points = []
    for scenario, most, functions in SCENARIOS:
        done = guest.execute(f"driver=vmxnet3 sh /tmp/sweep.sh sweep {scenario} {most} {functions}", timeout=240)
        assert not done.rc, done.out
        points += done.out.splitlines()
    guest.run("sh /tmp/churn.sh address")   # IPv6 takes its own off a master that was down
    usable(guest)
    carried_by_primary(guest)
    functions = {line.split()[1] for line in points}
    measured(f"calls that failed once: {len(points)}, of {len(functions)} functions")
    assert len(points) > 30, points


@pytest.mark.parametrize("function", ["register_netdevice_notifier", "bus_register_notifier",
                                      "genl_register_family"])
def test_loading_fails(lab, fault_modules, function):
    """What is not vital may fail while the module loads; else it loads at the next attempt."""
    guest = lab.boot("ours", Pair(primary="vmxnet3"), extra_modules=fault_modules,
                     load=("nfo_sweep", "virtio_pci", "vmxnet3"))
    parameters = "/sys/module/nfo_sweep/parameters"
    guest.run(f"echo {function} >{parameters}/what && echo 1 >{parameters}/nth")
    loaded = guest.ok("modprobe virtio_net")
    assert guest.run(f"cat {parameters}/struck").strip() == "Y"
    assert loaded == (function != "register_netdevice_notifier")
    guest.run("modprobe virtio_net")
    pair = guest.wait_paired()
    guest.address(pair.master)
    guest.wait_carrier(pair.primary)
    usable(guest)
    carried_by_primary(guest)
    guest.run("modprobe -r virtio_net")
    assert not guest.ok("grep -q ^net_failover /proc/modules")
