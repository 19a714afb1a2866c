# SPDX-License-Identifier: GPL-2.0
"""Fixtures of the VM tests."""
import pytest

from lab import LabError, kernel as lab_kernel, run
from lab.daemon import programs as daemon_programs
from lab.guest import complained
from lab.run import BUILD, TOP, sh
from lab.suite import lock
from lab.tally import TALLY
from lab.testbed import Images, Testbed, check_usable


def pytest_generate_tests(metafunc):
    """Tests that take `variant` run on ours; those marked `both`, or all by --intree, in-tree too."""
    if "variant" in metafunc.fixturenames:
        both = metafunc.config.option.intree or metafunc.definition.get_closest_marker("both")
        # lockdep gives up on the in-tree module at boot: the debug kernel compares only where it says so.
        if lab_kernel.under_checkers() and "debug_lab" not in metafunc.fixturenames:
            both = False
        metafunc.parametrize("variant", [*(["intree"] if both else []), "ours"])


def pytest_collection_modifyitems(config, items):
    """On the in-tree module a test of a known defect is expected to fail; the long ones are for make soak."""
    if not config.option.soak:
        config.hook.pytest_deselected(items=[item for item in items if item.get_closest_marker("soak")])
        items[:] = [item for item in items if not item.get_closest_marker("soak")]
    for item in items:
        rows = [mark.args[0] for mark in item.iter_markers("defect")]
        if rows and getattr(item, "callspec", None) and item.callspec.params.get("variant") == "intree":
            item.add_marker(pytest.mark.xfail(reason=f"in-tree: {', '.join(rows)}"))


@pytest.fixture(scope="session")
def programs():
    """What goes into the guests besides the kernel: the probe and failoverctl."""
    sh("make", "--no-print-directory", "-C", TOP / "tests/vm", timeout=300)
    sh("make", "--no-print-directory", "-C", TOP / "userspace", timeout=300)
    return tuple(p for p in (*(BUILD / "tests" / name for name in ("probe", "nlfuzz", "xdp", "tstamp")),
                           BUILD / "userspace/failoverctl") if p.exists())


@pytest.fixture(scope="session")
def usable():
    """Where the lab cannot work at all, one line says why, and nothing else is tried."""
    try:
        check_usable()
    except LabError as e:
        pytest.exit(str(e), returncode=1)


@pytest.fixture(scope="session")
def images(usable, kernel, programs, ours):
    """What guests are made of; of another architecture there is the probe alone."""
    if kernel.arch != "amd64":
        out = BUILD / "tests" / kernel.arch
        done = kernel.make("-C", TOP / "tests/vm", f"OUT={out}", f"CC={lab_kernel.PREFIX[kernel.arch]}gcc")
        assert done.returncode == 0, done.stdout + done.stderr
        programs = (out / "probe",)
    return Images(kernel, programs, ours)


@pytest.fixture(scope="session")
def debug_images(usable, debug_kernel, programs, module_for):
    """The same with the debug kernel."""
    return Images(debug_kernel, programs, module_for(debug_kernel))


@pytest.fixture
def patience(monkeypatch):
    """Kernels that check all they do take their time."""
    monkeypatch.setattr(run, "PATIENCE", max(run.PATIENCE, 4))


@pytest.fixture
def debug_lab(request, debug_images, evidence, patience):
    """`lab` with guests on the debug kernel."""
    yield from testbed(request, debug_images, evidence)


@pytest.fixture
def kcsan_lab(request, usable, kcsan_kernel, programs, module_for, evidence, patience):
    """`lab` with guests on the kernel that tells of data races."""
    yield from testbed(request, Images(kcsan_kernel, programs, module_for(kcsan_kernel)), evidence)


@pytest.fixture
def lab(request, images, evidence):
    """Network and guests of one test; afterwards no guest may have complained."""
    yield from testbed(request, images, evidence)


def testbed(request, images, evidence):
    """What both fixtures are. What the in-tree module says when it shows a defect is part of that."""
    callspec = getattr(request.node, "callspec", None)
    shows = callspec and callspec.params.get("variant") == "intree" and request.node.get_closest_marker("defect")
    exempt = [mark.args[0] for mark in request.node.iter_markers("allow")]
    bed = Testbed(images, evidence, exempt)
    yield bed
    found = bed.close()
    TALLY["complaints of their kernels"] += 0 if shows else len(found)
    if found and not shows:
        pytest.fail(complained(found, evidence), pytrace=False)


@pytest.fixture(scope="session")
def fault_module(fault_modules):
    """fault/nfo_fault.ko, built for the guests' kernel."""
    return fault_modules[0]


@pytest.fixture(scope="session")
def fault_modules(kernel):
    """The modules of fault/, built for the guests' kernel."""
    return built_faults(kernel)


@pytest.fixture(scope="session")
def debug_fault_module(debug_kernel):
    """fault/nfo_fault.ko for the debug kernel."""
    return built_faults(debug_kernel)[0]


@pytest.fixture(scope="session")
def kcsan_fault_module(kcsan_kernel):
    """The same for the kernel with KCSAN."""
    return built_faults(kcsan_kernel)[0]


def built_faults(kernel):
    """nfo_fault.ko and nfo_sweep.ko for a kernel."""
    where = BUILD / "tests/fault" / kernel.release
    where.mkdir(parents=True, exist_ok=True)
    for source in (TOP / "tests/vm/fault").iterdir():
        if not (where / source.name).exists() or source.read_bytes() != (where / source.name).read_bytes():
            (where / source.name).write_bytes(source.read_bytes())
    with lock(f"fault-{kernel.release}"):
        done = kernel.make("-C", kernel.build, f"M={where}", "modules")
    assert done.returncode == 0, done.stdout + done.stderr
    return [where / "nfo_fault.ko", where / "nfo_sweep.ko"]


@pytest.fixture(scope="session")
def ring_module(fault_module):
    """fault/nfo_ring.ko."""
    return fault_module.with_name("nfo_ring.ko")


@pytest.fixture(scope="session")
def misfit_module(fault_module):
    """fault/nfo_misfit.ko."""
    return fault_module.with_name("nfo_misfit.ko")


@pytest.fixture(scope="session")
def say_module(fault_module):
    """fault/nfo_say.ko."""
    return fault_module.with_name("nfo_say.ko")


@pytest.fixture
def with_failoverd(request, images, evidence):
    """As `lab`, with guests that have failoverd, and udevd where the machine has it."""
    more = (*images.programs, *daemon_programs())
    yield from testbed(request, Images(images.kernel, more, images.ours), evidence)
