# SPDX-License-Identifier: GPL-2.0
"""`make install` and `make uninstall` on a whole Debian, and what a kernel's package brings later."""
import re

import pytest

MAKE = "make -s -C /srv/net_failover"
SYSTEM = "bookworm-networkd"
# What changes by itself, and what DKMS makes for itself once.
IGNORED = ("/var/log/ /var/cache/ /var/lib/dkms/mok /var/lib/dkms/dkms_dbversion /srv/ /proc/ /tmp/ /run/ "
           "/boot/initrd /lib/modules/[^/]*/modules[.] /etc/[a-z]*- /etc/.*lock /usr/local/bin/probe").split()


def newest(layer):
    """The newest installed kernel."""
    return layer.run("ls -v /lib/modules | tail -n 1").strip()


def differences(one, other):
    """The lines in which two layers of the same system differ, but what is IGNORED."""
    ignored = re.compile("|".join(f"(/usr)?{path}" for path in IGNORED))
    paths = {path for path in one.paths() | other.paths() if not ignored.match(path)}
    return sorted(one.describe(paths) ^ other.describe(paths))


def in_initramfs(layer, kernel):
    """What of ours, and of the distribution's, is in a kernel's initramfs."""
    return layer.run(f"lsinitramfs /boot/initrd.img-{kernel} | grep -e net_failover -e core/failover || :").split()


def has_ours(layer, kernel):
    files = in_initramfs(layer, kernel)
    return any("updates/dkms/net_failover.ko" in f for f in files)


def test_everything_is_in_place(installed):
    """The module is the one that modprobe and the initramfs use; the last line says what is in force."""
    system = installed(SYSTEM)
    layer, kernel = system.layer, newest(system.layer)
    assert system.last == f"net_failover: version 0.1.0 is installed for {kernel}; in force from the next boot on"
    assert "/updates/dkms/" in layer.run(f"modinfo -k {kernel} -n net_failover")
    assert "virtio_net" in layer.run(f"modprobe -S {kernel} --show-depends virtio_net")
    files = in_initramfs(layer, kernel)
    for name in ("updates/dkms/net_failover.ko", "net_failover.distribution", "kernel/net/core/failover.ko",
                 "net_failover/load-module", "modprobe.d/net_failover.conf"):
        assert any(name in f for f in files), f"{name} is not in the initramfs: {files}"
    assert layer.ok("systemctl is-enabled failoverd.service")


@pytest.fixture
def layer(installed, layers):
    """A layer of its own upon the installed system."""
    system = installed(SYSTEM).layer
    mine = layers(f"{system.folder}/upper:{system.lower}")
    return mine


@pytest.mark.soak
def test_twice_is_once(layers, layer):
    """A second install changes nothing, and builds nothing."""
    said = layer.run(f"{MAKE} install 2>&1")
    differ = differences(layer, layers(layer.lower))
    assert not differ, "\n".join(differ[:40])
    assert "is installed for" in said.splitlines()[-1]


def test_uninstall_leaves_nothing(systems, layers, layer):
    """Every file and folder is as on the system that never had it; twice is once."""
    said = layer.run(f"{MAKE} uninstall 2>&1").splitlines()
    assert said[-1].startswith("net_failover: uninstalled; in force: the distribution's"), said
    kernel = newest(layer)
    assert not has_ours(layer, kernel)
    assert any("kernel/drivers/net/net_failover.ko" in f for f in in_initramfs(layer, kernel))
    assert "/kernel/drivers/net/" in layer.run(f"modinfo -k {kernel} -n net_failover")
    differ = differences(layer, layers(systems(SYSTEM)))
    assert not differ, "\n".join(differ[:40])
    assert "not installed" in layer.run(f"{MAKE} uninstall 2>&1")


@pytest.mark.soak
def test_a_new_kernel_gets_it(layer, leave_out):
    """An image with its headers: the module and the initramfs with it come by themselves, and go with it."""
    old = newest(layer)
    layer.run("dpkg --force-unsafe-io -i /srv/kernel/*.deb")
    kernel = newest(layer)
    if kernel == old:
        leave_out("another kernel", "the archive has one only")
    assert has_ours(layer, kernel), in_initramfs(layer, kernel)
    assert has_ours(layer, old)
    layer.run(f"dpkg --force-unsafe-io --purge linux-headers-{kernel} linux-image-{kernel}")
    assert not layer.ok(f"[ -e /lib/modules/{kernel}/net_failover.distribution ]")
    assert not layer.ok(f"[ -e /lib/modules/{kernel}/updates ]")


@pytest.mark.soak
def test_headers_after_the_image(layer):
    """Where headers come last the initramfs is made a second time."""
    layer.run("cd /srv/kernel && dpkg --force-unsafe-io -i linux-image-*.deb")
    kernel = newest(layer)
    assert not has_ours(layer, kernel)
    layer.run("cd /srv/kernel && rm linux-image-*.deb && dpkg --force-unsafe-io -i *.deb")
    assert has_ours(layer, kernel)


@pytest.mark.soak
def test_a_failing_build_breaks_nothing(layer):
    """No package stays half-configured, each kernel has an initramfs with the distribution's module."""
    layer.run("echo '#error broken' >>/usr/src/net_failover-0.1.0/kmod/main.c")
    said = layer.run("dpkg --force-unsafe-io -i /srv/kernel/*.deb 2>&1")
    assert "the build failed" in said and "the distribution's stays" in said, said
    kernel = newest(layer)
    assert not has_ours(layer, kernel)
    files = in_initramfs(layer, kernel)
    assert any("kernel/drivers/net/net_failover.ko" in f for f in files), files
    assert layer.run("dpkg --audit").strip() == ""


def test_the_hooks_of_kernel_packages(layer):
    """They never fail; headers that come after the image bring the module, also into the initramfs."""
    kernel = newest(layer)
    layer.run("dkms remove -m net_failover -v 0.1.0 --all && "
              f"update-initramfs -u -k {kernel} && cp -r /usr/src/net_failover-0.1.0/kmod /tmp/kmod && "
              "echo '#error broken' >>/usr/src/net_failover-0.1.0/kmod/main.c && dkms add -m net_failover -v 0.1.0")
    hooks = f"run-parts --exit-on-error --arg={kernel} /etc/kernel/header_postinst.d 2>&1"
    said = layer.run(hooks)
    assert "the build failed" in said and "the distribution's stays" in said, said
    assert not has_ours(layer, kernel)
    layer.run("cp -r /tmp/kmod /usr/src/net_failover-0.1.0/")
    layer.run(hooks)
    assert has_ours(layer, kernel)


def again(layer):
    """`make install` as if nothing had been built; its exit code and what it said."""
    layer.run("dkms remove -m net_failover -v 0.1.0 --all >/dev/null")
    said = layer.run(f"{MAKE} install 2>&1; echo $?").splitlines()
    return int(said[-1]), said[:-1]


def test_other_crcs(layer):
    """A module that virtio_net would refuse is not installed, and it says why."""
    kernel = newest(layer)
    layer.run(f"sed -i 's/^0x......../0x12345678/' $(readlink -f /lib/modules/{kernel}/build)/Module.symvers")
    code, said = again(layer)
    assert code and "virtio_net would refuse" in "\n".join(said), said
    assert "/kernel/drivers/net/" in layer.run(f"modinfo -k {kernel} -n net_failover")
    assert not has_ours(layer, kernel)


@pytest.mark.parametrize("setting, words", [("CONFIG_NET_FAILOVER=y", "built in"),
                                            pytest.param("# CONFIG_NET_FAILOVER is not set", "it has none",
                                                         marks=pytest.mark.soak)])
def test_nothing_to_replace(layer, setting, words):
    """A kernel with it built in, or without: the programs are installed, and it says what that means."""
    kernel = newest(layer)
    layer.run(f"sed -i 's/^CONFIG_NET_FAILOVER=.*/{setting}/' $(readlink -f /lib/modules/{kernel}/build)/.config")
    code, said = again(layer)
    assert code == 0, said
    assert words in "\n".join(said)
    assert said[-1].endswith("without a module: the distribution's stays in force"), said
    assert layer.ok("failoverctl --version || failoverctl version")


@pytest.mark.soak
def test_without_headers(layer):
    """It says which package is missing."""
    kernel = newest(layer)
    layer.run(f"rm /lib/modules/{kernel}/build")
    code, said = again(layer)
    assert code and f"linux-headers-{kernel}" in "\n".join(said), said


def test_not_root(layer):
    """One line, nothing done."""
    said = layer.run("cp -r /srv/net_failover /tmp/nf && chmod -R a+rX /tmp/nf && "
                     "setpriv --reuid 1000 --clear-groups sh /tmp/nf/userspace/packaging/install 0.1.0 false 2>&1 || :")
    assert said == "make: make install must be run as root\n"
