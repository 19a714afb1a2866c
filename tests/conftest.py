# SPDX-License-Identifier: GPL-2.0
"""Fixtures of all tests: the kernel to test on, our module built for it, and the closing summary."""
import fcntl
import os
import shutil
import sys
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TOP / "tests/vm"))

from lab import NotRun, kernel as lab_kernel  # noqa: E402  pylint: disable=wrong-import-position
from lab.run import BUILD  # noqa: E402  pylint: disable=wrong-import-position
from lab.suite import lock  # noqa: E402  pylint: disable=wrong-import-position
from lab.tally import TALLY  # noqa: E402  pylint: disable=wrong-import-position

NOT_RUN, MEASURED = pytest.StashKey(), pytest.StashKey()
REPORT = BUILD / "tests/report.txt"  # what the last run measured


def pytest_configure(config):
    """Markers, and the list of what could not be run."""
    config.stash[NOT_RUN] = set()
    config.stash[MEASURED] = []
    config.addinivalue_line("markers", "defect(id): the row of the defect list that the test shows")
    config.addinivalue_line("markers", "soak: too long for make check; make soak runs it")
    config.addinivalue_line("markers", "both: by default on the in-tree module too, to compare")
    config.addinivalue_line("markers", "kernels: on every kernel, not only on the default one")
    config.addinivalue_line("markers", "allow(text, why): a guest's complaint that is expected")


def not_run(config, what, why):
    """Leave a test out, and say so loudly at the end."""
    config.stash[NOT_RUN].add((what, str(why)))
    pytest.skip(f"NOT RUN: {why}")


def tally(terminalreporter):
    """What was done in all, where guests were booted."""
    if TALLY:
        yield ", ".join(f"{what}: {count}" for what, count in sorted(TALLY.items())) + \
            "".join(f", {what}: {len(terminalreporter.stats.get(what, ()))}" for what in ("passed", "failed", "error"))


def pytest_terminal_summary(terminalreporter, config):
    """What was measured; and a skip is not a pass: say what was not run."""
    lines = [*config.stash[MEASURED], *tally(terminalreporter)]
    if lines:
        terminalreporter.section("measured")
        for line in lines:
            terminalreporter.line(line)
        REPORT.write_text("\n".join(lines) + "\n", encoding="utf-8")
    skipped = [str(report.longrepr) for report in terminalreporter.stats.get("skipped", ())]
    for what, why in sorted(config.stash[NOT_RUN]):
        count = sum(why in text for text in skipped)
        terminalreporter.section(f"NOT RUN: {what}", red=True, bold=True)
        terminalreporter.line(f"{count} test(s): {why}", red=True)


def pytest_sessionfinish(session, exitstatus):
    """Leaving out the default kernel, or one that was asked for, is no success."""
    asked = session.config.option.kernels.split() or [lab_kernel.DEFAULT]
    if exitstatus == 0 and any(what in asked for what, _ in session.config.stash[NOT_RUN]):
        session.exitstatus = 1


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """Name the evidence folder of a failing test, take a passing one's away; note what says that it did not run."""
    report = (yield).get_result()
    folder = getattr(item, "evidence", None)
    if report.skipped and isinstance(report.longrepr, tuple):
        _, marked, why = report.longrepr[2].partition("NOT RUN: ")
        noted = item.config.stash[NOT_RUN]
        if marked and why not in (reason for _, reason in noted):      # not_run() has said it
            noted.add((item.path.stem, why))
    if report.failed:
        item.failed_once = True
        if folder:
            report.sections.append(("Evidence", f"guests' logs, QMP events and gaps: {folder}"))
    if folder and call.when == "teardown":
        if not getattr(item, "failed_once", False) and not item.config.option.keep:
            shutil.rmtree(folder, ignore_errors=True)
        os.close(item.evidence_lock)


@pytest.fixture(scope="session")
def measured(pytestconfig):
    """Call it with a line that the closing summary shall show."""
    return pytestconfig.stash[MEASURED].append


def pytest_generate_tests(metafunc):
    """All on the default kernel, those marked `kernels` on every one; or all on those of --kernels."""
    if "kernel" in metafunc.fixturenames:
        names = metafunc.config.option.kernels.split()
        if not names:
            every = metafunc.definition.get_closest_marker("kernels") and not lab_kernel.from_environment()
            names = lab_kernel.ALL if every else [lab_kernel.DEFAULT]
            if every and metafunc.definition.path.parent.name == "vm":
                # A guest of another machine takes its time, and the default kernel has all the other tests.
                names = [pytest.param(name, marks=pytest.mark.soak) if name in (lab_kernel.DEFAULT, "6.1-arm64")
                         else name for name in names]
        metafunc.parametrize("kernel", names, indirect=True, scope="session")


@pytest.fixture(scope="session")
def leave_out(pytestconfig):
    """Call it with a name and a reason to leave a test out."""
    return lambda what, why: not_run(pytestconfig, what, why)


def there(config, name, get):
    """A kernel that get() finds, or the test is left out."""
    try:
        return get()
    except NotRun as e:
        return not_run(config, name, e)


@pytest.fixture(scope="session")
def kernel(request, pytestconfig):
    """The kernel that the guests run, with its headers."""
    return there(pytestconfig, request.param, lambda: lab_kernel.get(request.param))


@pytest.fixture(scope="session")
def debug_kernel(pytestconfig):
    """The kernel with the checkers, if it was built on this machine (see vm/debug-kernel)."""
    return there(pytestconfig, "debug kernel", lab_kernel.get_debug)


@pytest.fixture(scope="session")
def kcsan_kernel(pytestconfig):
    """The kernel that tells of data races, likewise."""
    return there(pytestconfig, "kernel with KCSAN", lab_kernel.get_kcsan)


@pytest.fixture(scope="session")
def ours(kernel, module_for):
    """Builds our module for that kernel once; calling it gives the path of a copy of its own."""
    return module_for(kernel)


@pytest.fixture(scope="session")
def module_for(tmp_path_factory):
    """Makes what `ours` is, for any kernel."""
    return lambda kernel: builder(kernel, tmp_path_factory)


def builder(kernel, tmp_path_factory):
    """In a folder apart from `make modules`, which may run at the same time."""
    built = []

    def build():
        if not built:
            where = BUILD / "tests/module" / kernel.release
            with lock(f"module-{kernel.release}"):
                done = kernel.make_module(where)
            assert done.returncode == 0, done.stdout + done.stderr
            built.append(tmp_path_factory.mktemp("ours") / "net_failover.ko")
            shutil.copy(where / "net_failover.ko", built[0])
        return built[0]
    return build


def own_folder(name):
    """An empty folder build/tests/<name>, and its lock; another name while another run uses it."""
    for suffix in ("", f"-{os.getpid()}"):
        folder = BUILD / "tests" / (name + suffix)
        folder.mkdir(parents=True, exist_ok=True)
        lock = os.open(folder, os.O_RDONLY)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except BlockingIOError:
            os.close(lock)
    for left in folder.iterdir():
        shutil.rmtree(left) if left.is_dir() else left.unlink()
    return folder, lock


@pytest.fixture(scope="session")
def session_folder(tmp_path_factory):
    """Where session fixtures put what belongs to no single test."""
    return tmp_path_factory.mktemp("session")


@pytest.fixture
def evidence(request):
    """A folder for what a failing test leaves behind; of a passing one the last report takes it away."""
    name = "".join(c if c.isalnum() or c in "-_." else "-" for c in request.node.name)
    request.node.evidence, request.node.evidence_lock = own_folder(name)
    return request.node.evidence


def pytest_addoption(parser):
    """--keep: evidence of passing tests too; --intree: on the in-tree module, too; --kernels: on these; --soak."""
    parser.addoption("--kernels", default="", help="run all tests on these kernels: '5.10 6.12 sid'")
    parser.addoption("--keep", action="store_true", help="keep the evidence of passing tests too")
    parser.addoption("--soak", action="store_true", help="run the long tests too (alone: -m soak)")
    parser.addoption("--intree", action="store_true", help="run the VM tests on the in-tree module too")
