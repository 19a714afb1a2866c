# SPDX-License-Identifier: GPL-2.0
"""The module builds cleanly, and the distribution's own virtio_net accepts it."""
import re
import shutil
import subprocess

import pytest

from lab.run import BUILD, TOP, sh
from lab.suite import lock

SYMBOLS = ("net_failover_create", "net_failover_destroy")
COMPLAINT = re.compile(r"^(?!make).*\b(warning|WARNING):", re.M)
pytestmark = pytest.mark.kernels


def make(*args):
    """Run make as a user would."""
    return subprocess.run(["make", "--no-print-directory", "-C", TOP, *args], capture_output=True,
                          text=True, timeout=600, check=False)


@pytest.fixture(scope="module")
def fresh(kernel):
    """A build from nothing: its folder, and what make said. The VM tests take it from there."""
    where = BUILD / "tests/module" / kernel.release
    with lock(f"module-{kernel.release}"):
        shutil.rmtree(where, ignore_errors=True)
        done = kernel.make_module(where)
    assert done.returncode == 0, done.stdout + done.stderr
    return where, done.stdout + done.stderr


def symvers(path):
    """Symbol -> CRC of a Module.symvers."""
    words = (line.split("\t") for line in path.read_text().splitlines())
    return {w[1]: int(w[0], 16) for w in words}


def modversions(module):
    """Symbol -> CRC that a module asks for."""
    words = (line.split() for line in sh("/sbin/modprobe", "--dump-modversions", module).splitlines())
    return {w[1]: int(w[0], 16) for w in words}


def test_no_warnings(fresh):
    """Neither the compiler nor modpost has anything to say."""
    said = [line for line in fresh[1].splitlines() if COMPLAINT.search(line)]
    assert not said, "\n".join(said)


def test_crcs_are_the_distributions(fresh, kernel):
    """The CRCs of both symbols are those of the headers, and those that virtio_net asks for."""
    ours = symvers(fresh[0] / "Module.symvers")
    theirs = symvers(kernel.kdir / "Module.symvers")
    assert {s: ours[s] for s in SYMBOLS} == {s: theirs[s] for s in SYMBOLS}
    assert set(ours) == set(SYMBOLS), "the module exports something else, too"
    virtio_net = next(kernel.modules.rglob("virtio_net.ko*"), None)
    # Without MODVERSIONS all CRCs are 0, and the release alone decides.
    if virtio_net and "CONFIG_MODVERSIONS=y" in (kernel.kdir / "include/config/auto.conf").read_text():
        wanted = modversions(virtio_net)
        assert {s: ours[s] for s in SYMBOLS} == {s: wanted[s] for s in SYMBOLS}


def test_a_wrong_crc_fails_the_build(fresh, kernel, tmp_path):
    """A module that virtio_net would refuse must not be built: the guest would have no network."""
    text = (kernel.kdir / "Module.symvers").read_text()
    crc = symvers(kernel.kdir / "Module.symvers")[SYMBOLS[0]]
    (tmp_path / "Module.symvers").write_text(text.replace(f"{crc:#010x}\t{SYMBOLS[0]}",
                                                          f"{crc ^ 1:#010x}\t{SYMBOLS[0]}"))
    done = subprocess.run([TOP / "kmod/check-crcs", tmp_path / "Module.symvers",
                           fresh[0] / "Module.symvers"], capture_output=True, text=True, check=False)
    assert done.returncode != 0 and SYMBOLS[0] in done.stderr and done.stderr.count("\n") == 1


def test_modinfo(fresh, kernel):
    """The module tells its version, and is for this kernel."""
    def field(name):
        return sh("/sbin/modinfo", "-F", name, fresh[0] / "net_failover.ko").strip()
    dkms = re.search(r'PACKAGE_VERSION="(.*)"', (TOP / "dkms.conf").read_text())
    assert field("version") == dkms[1]
    assert field("license").startswith("GPL")
    assert field("vermagic").split()[0] == kernel.release
    assert "failover" not in field("depends").split(","), "pairing is ours"


def test_without_headers():
    """The programs are built all the same; one line says what is missing for the module."""
    done = make("KVER=0.0.0-none")
    assert done.returncode == 0, done.stderr
    said = [line for line in done.stdout.splitlines() if "headers" in line]
    assert len(said) == 1 and "linux-headers-0.0.0-none" in said[0]
    assert (BUILD / "userspace/failoverctl").exists()


def test_wrong_kver():
    """One clear line, and no success."""
    done = make("modules", "KVER=0.0.0-none")
    assert done.returncode != 0
    said = [line for line in (done.stdout + done.stderr).splitlines() if "***" not in line]
    assert len(said) == 1 and "0.0.0-none" in said[0]
