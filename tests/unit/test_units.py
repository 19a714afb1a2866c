# SPDX-License-Identifier: GPL-2.0
"""What is installed for systemd: where it lies, that systemd reads it, how well it is locked up."""
import os
import re
import shutil
import subprocess

import pytest

from fakesys import TOP

ANALYZE = shutil.which("systemd-analyze")
EXPECTED = ["etc/failoverd.conf", "etc/network/if-pre-up.d/net-failover", "usr/sbin/failoverd",
            "usr/lib/failoverd/failoverd-run-hooks", "usr/lib/failoverd/failoverd-slot",
            "usr/lib/failoverd/failoverd-port", "usr/lib/failoverd/failoverd-tune", "usr/bin/failover-host-check", "usr/share/man/man8/failover-host-check.8",
            "usr/share/initramfs-tools/hooks/net_failover",
            "usr/lib/dracut/modules.d/90net-failover/module-setup.sh", "usr/share/man/man8/failoverd.8",
            "usr/share/man/man5/failoverd.conf.5", "usr/share/man/man4/net_failover.4"]
SEARCHED = ["udev/rules.d/65-net-failover.rules", "udev/rules.d/81-net-failover-names.rules",
            "systemd/network/01-net-failover-lower.network",
            "systemd/network/10-net-failover-lower.link",
            "systemd/system/failoverd.service", "systemd/system/failoverd-hook@.service",
            "systemd/system/failoverd-hook.socket", "systemd/catalog/failoverd.catalog",
            "systemd/system/failoverd-port.service", "systemd/system/failoverd-tune@.service",
            "systemd/system/failoverd-tune.socket", "udev/rules.d/66-net-failover-port.rules",
            "systemd/system/failoverd-slot@.service", "systemd/system/failoverd-slot.socket",
            "sysusers.d/failoverd.conf"]


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The tree that `make install` fills."""
    root = tmp_path_factory.mktemp("root")
    done = subprocess.run(["make", "--no-print-directory", "-C", TOP / "userspace", "install",
                           "BUILD=../build/tests/install", f"DESTDIR={root}", "PREFIX=/usr"], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    assert done.returncode == 0, done.stdout
    return root


def find(root, path):
    """Below lib or usr/lib: distributions differ."""
    return next((root / lib / path for lib in ("usr/lib", "lib") if (root / lib / path).exists()), None)


def test_places(installed):
    """Each file where its reader looks; nothing is left to be filled in."""
    assert not [path for path in EXPECTED if not (installed / path).is_file()]
    assert not [path for path in SEARCHED if not find(installed, path)]
    assert (installed / "etc/failoverd/hooks.d").is_dir()
    for path in SEARCHED:
        assert not re.search(r"@[A-Z]+DIR@", find(installed, path).read_text(encoding="utf-8")), path


def test_configuration_is_kept(installed):
    """Installing again leaves what the administrator wrote."""
    conf = installed / "etc/failoverd.conf"
    conf.write_text("[Degraded]\nAfterSec=1\n")
    subprocess.run(["make", "--no-print-directory", "-C", TOP / "userspace", "install",
                    "BUILD=../build/tests/install", f"DESTDIR={installed}", "PREFIX=/usr"], check=True,
                   capture_output=True)
    assert conf.read_text() == "[Degraded]\nAfterSec=1\n"


@pytest.mark.skipif(not ANALYZE, reason="NOT RUN: no systemd-analyze here")
def test_units(installed):
    """systemd has nothing to say about them."""
    units = find(installed, "systemd/system")
    copy = installed / "checked"
    copy.mkdir()
    for unit in units.iterdir():
        text = unit.read_text(encoding="utf-8")
        (copy / unit.name).write_text(text.replace("=/usr/", f"={installed}/usr/"))
    done = subprocess.run([ANALYZE, "verify", "--man=no", "failoverd.service", "failoverd-hook.socket",
                           "failoverd-hook@1.service", "failoverd-slot.socket", "failoverd-slot@1.service",
                           "failoverd-port.service", "failoverd-tune.socket", "failoverd-tune@1.service"], text=True, capture_output=True, check=False,
                          env={**os.environ, "SYSTEMD_UNIT_PATH": f"{copy}:"})
    said = [line for line in done.stderr.splitlines() if "failoverd" in line]
    assert not said and "failoverd" not in done.stdout


@pytest.mark.skipif(not ANALYZE, reason="NOT RUN: no systemd-analyze here")
@pytest.mark.parametrize("name", ["failoverd.service", "failoverd-slot@.service", "failoverd-port.service",
                                  "failoverd-tune@.service"])
def test_locked_up(installed, name):
    """An exposure below 2.5."""
    unit = find(installed, f"systemd/system/{name}")
    done = subprocess.run([ANALYZE, "security", "--offline=yes", "--threshold=25", "--no-pager", unit],
                          text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_catalog(installed):
    """Each MESSAGE_ID has its entry, and its fields are ones that the report has."""
    source = (TOP / "userspace/failoverd/report.c").read_text(encoding="utf-8")
    catalog = find(installed, "systemd/catalog/failoverd.catalog").read_text(encoding="utf-8")
    ids = re.findall(r'"([0-9a-f]{32})"', source)
    assert len(set(ids)) == len(ids)
    assert ids == re.findall(r"^-- ([0-9a-f]{32})$", catalog, re.M)
    assert set(re.findall(r"@(\w+)@", catalog)) <= set(re.findall(r"NET_FAILOVER_\w+", source))
