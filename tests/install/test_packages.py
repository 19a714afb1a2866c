# SPDX-License-Identifier: GPL-2.0
"""The Debian packages: clean, and on a whole Debian they do what `make install` does."""
import subprocess

import pytest

from lab.run import BUILD, TOP, sh
from test_install import SYSTEM, differences, has_ours, newest


@pytest.fixture(scope="module")
def debs():
    """Both packages."""
    sh("make", "--no-print-directory", "-C", TOP, "deb", timeout=900)
    return sorted(p for p in (BUILD / "deb").glob("*.deb") if "dbgsym" not in p.name)


def test_lintian(debs):
    """Nothing to say, but hints."""
    changes, = (BUILD / "deb").glob("*.changes")
    done = subprocess.run(["lintian", "--fail-on", "error,warning", changes], capture_output=True, text=True,
                          check=False, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture
def layer(systems, layers, debs):
    """A system with the packages lying ready."""
    layer = layers(systems(SYSTEM))
    for deb in debs:
        layer.put(f"srv/debs/{deb.name}", deb.read_bytes())
    return layer


@pytest.mark.soak
def test_install_and_purge(systems, layers, layer):
    """Ours in the initramfs, the daemon enabled; after a purge the system is as it was."""
    kernel = newest(layer)
    said = layer.run("dpkg --force-unsafe-io -i /srv/debs/*.deb 2>&1")
    assert f"version 0.1.0 is installed for {kernel}" in said, said
    assert has_ours(layer, kernel)
    assert layer.ok("systemctl is-enabled failoverd.service")
    layer.run("dpkg --force-unsafe-io --remove failover-tools net-failover-dkms")
    assert not has_ours(layer, kernel)
    layer.run("dpkg --force-unsafe-io --purge failover-tools net-failover-dkms")
    # As Debian's policy has it, a system user stays.
    left = [line for line in differences(layer, layers(systems(SYSTEM)))
            if not line.startswith(("/etc/passwd", "/etc/shadow", "/etc/group", "/etc/gshadow",
                                    "/var/lib/dpkg/", "/var/lib/systemd/"))]
    assert not left, "\n".join(left[:40])


@pytest.mark.soak
def test_a_failing_build(layer):
    """The packages are configured all the same, and say what stays."""
    kernel = newest(layer)
    layer.run(f"echo broken >>$(readlink -f /lib/modules/{kernel}/build)/include/generated/autoconf.h")
    said = layer.run("dpkg --force-unsafe-io -i /srv/debs/*.deb 2>&1")
    assert "the distribution's stays" in said, said
    assert layer.run("dpkg --audit").strip() == ""
    assert not has_ours(layer, kernel)
