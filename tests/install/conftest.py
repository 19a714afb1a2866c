# SPDX-License-Identifier: GPL-2.0
"""Fixtures of the tests on whole Debian systems."""
import shutil
import tempfile
from pathlib import Path

import pytest

import rootfs
from bed import Bed
from lab import LabError, NotRun
from lab.guest import complained
from lab.run import BUILD
from lab.testbed import check_usable

MAKE = "make -s -C /srv/net_failover -j2"


def pytest_collection_modifyitems(config, items):
    """The long ones only when asked for."""
    long = [item for item in items if item.get_closest_marker("soak") and "/install/" in str(item.fspath)]
    if long and not config.option.soak:
        config.hook.pytest_deselected(items=long)
        items[:] = [item for item in items if item not in long]


@pytest.fixture(scope="session")
def systems(leave_out):
    """Calling it with a system's name gives the folder with its root."""
    try:
        check_usable()
    except LabError as e:
        pytest.exit(str(e), returncode=1)

    def get(name):
        try:
            return rootfs.get(name)
        except NotRun as e:
            return leave_out(name, e)
    return get


@pytest.fixture(scope="session")
def layers():
    """Calling it with a system's root gives a layer to change; they go at the end."""
    where = BUILD / "tests"
    where.mkdir(parents=True, exist_ok=True)
    home = Path(tempfile.mkdtemp(prefix="layers-", dir=where))

    def new(lower):
        return rootfs.Layer(lower, Path(tempfile.mkdtemp(dir=home)))
    yield new
    shutil.rmtree(home, ignore_errors=True)


class Installed:
    """A system on which `make install` was run, in a chroot; what it said, and a disk with it."""

    def __init__(self, layer):
        self.layer = layer
        layer.put_sources()
        self.said = layer.run(f"{MAKE} install 2>&1", timeout=900)
        self._image = None

    @property
    def last(self):
        """The last line that it said."""
        return self.said.strip().splitlines()[-1]

    @property
    def image(self):
        if not self._image:
            self._image = self.layer.image(self.layer.folder / "image")
        return self._image


@pytest.fixture(scope="session")
def installed(systems, layers):
    """Calling it with a system's name gives that system with `make install` done, once."""
    done = {}

    def get(name):
        if name not in done:
            done[name] = Installed(layers(systems(name)))
        return done[name]
    return get


@pytest.fixture
def bed(evidence, request):
    """The lab for one guest; afterwards its kernel may not have complained."""
    exempt = [mark.args[0] for mark in request.node.iter_markers("allow")]
    bed = Bed(evidence, exempt)
    yield bed
    found = bed.close()
    if found:
        pytest.fail(complained(found, evidence), pytrace=False)
