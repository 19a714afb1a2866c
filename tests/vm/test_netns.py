# SPDX-License-Identifier: GPL-2.0
"""A master in a network namespace: its lowers go with it, and a VF that is plugged later finds it."""
import json

from expect import carried_by_primary, carried_by_standby, nothing_lost, ready
from lab.flow import Echo


def members(guest, netns):
    """The names of master, standby, primary there: the pair is whole."""
    links = json.loads(guest.run(f"ip -n {netns} -d -j link show"))
    lowers = {link["ifname"]: link["master"] for link in links if "master" in link}
    return set(lowers) | set(lowers.values()) if len(lowers) == 2 else None


def test_moved_together(lab):
    """Moved to a namespace under its user's hands, a VF unplugged and plugged, and back when that ends."""
    guest, pair = ready(lab, "ours")
    guest.run(f"ip netns add box && ip link set {pair.master} netns box")
    names = guest.wait_until(lambda: members(guest, "box"), what="the pair to be whole in the namespace")
    assert names == {pair.master, pair.standby, pair.primary}
    guest.run(f"ip -n box link set lo up; ip -n box link set {pair.master} up; "
              f"ip -n box addr add 10.77.0.2/24 dev {pair.master}; "
              "ip netns exec box probe echo --port 7000 >/tmp/box.out 2>&1 &")
    carried_by_primary(guest)
    with Echo(guest) as echo:
        echo.go_on()
        guest.vm.device_del("vf0")
        carried_by_standby(guest)
        guest.vm.device_add(guest.machine.pairs[0].primary_device())
        guest.wait_until(lambda: members(guest, "box"), what="the new VF to be in the namespace")
        carried_by_primary(guest)
        echo.go_on()
    nothing_lost(echo.result)
    guest.run("killall probe; ip netns del box")
    names = guest.wait_paired()
    guest.address(names.master)
    guest.wait_carrier(names.primary)
    carried_by_primary(guest)
