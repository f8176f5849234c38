"""What holds for every test: the artefact folder, how long property tests run, garbage, nothing left running behind."""

import gc
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from hypothesis import HealthCheck, settings

ARTIFACTS = Path(__file__).parent / "artifacts"
STATEFUL_EXAMPLES = {"ci": 1_000, "long": 10_000}
_GRACE_S = 60.0

settings.register_profile("dev", max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
# CI draws the same examples each time: what it finds is there for everybody; `dev` and `long` look for new ones.
settings.register_profile("ci", settings.get_profile("dev"), max_examples=100, print_blob=True, derandomize=True)
settings.register_profile("long", settings.get_profile("ci"), max_examples=2_000, derandomize=False)
settings.load_profile("dev")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """State machines run as many sequences as the chosen profile asks for, whatever other properties run."""
    examples = STATEFUL_EXAMPLES.get(config.getoption("--hypothesis-profile") or "")
    if examples is None:
        return
    for item in items:
        test_class = getattr(item, "cls", None)
        if hasattr(getattr(test_class, "runTest", None), "_hypothesis_state_machine_class"):
            chosen = test_class.settings
            test_class.settings = settings(chosen, max_examples=max(chosen.max_examples, examples))


@pytest.fixture(scope="session")
def artifacts() -> Path:
    """The folder for screenshots, logs and tables that a person looks at after a run; kept, git-ignored."""
    ARTIFACTS.mkdir(parents=True, exist_ok=True)
    return ARTIFACTS


@pytest.fixture
def is_long() -> bool:
    """Whether this is the run at full length (`bootstrap.py test --long`)."""
    return bool(os.environ.get("MUG_TEST_LONG"))


def _children() -> dict[int, psutil.Process]:
    found: dict[int, psutil.Process] = {}
    for process in psutil.Process().children(recursive=True):
        try:
            if process.status() != psutil.STATUS_ZOMBIE:
                found[process.pid] = process
        except psutil.NoSuchProcess:
            continue
    return found


@pytest.fixture(autouse=True, scope="module")
def garbage_is_only_looked_for_in_what_is_new() -> None:
    """What was loaded stays; to look through it in every collection would take longer than many of the tests."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True, scope="module")
def nothing_left_running(request: pytest.FixtureRequest) -> Iterator[None]:
    """A module's tests end the threads and processes that they start."""
    threads_before, children_before = set(threading.enumerate()), set(_children())
    yield
    deadline = time.monotonic() + _GRACE_S
    while True:
        threads = [t for t in threading.enumerate() if t not in threads_before and t.is_alive() and not _is_pool(t)]
        children = [process for pid, process in _children().items() if pid not in children_before]
        if not threads and not children:
            return
        if time.monotonic() > deadline:
            break
        for thread in threads:
            thread.join(0.05)
        psutil.wait_procs(children, timeout=0.05)
    left = [f"thread {thread.name}" for thread in threads]
    for process in children:
        try:
            left.append(f"process {process.pid}: {' '.join(process.cmdline())[:120]}")
        except psutil.NoSuchProcess:
            continue
    if left:
        pytest.fail(f"{request.node.nodeid} left running: {'; '.join(left)}")


def _is_pool(thread: threading.Thread) -> bool:
    """Threads of libraries that live as long as the interpreter."""
    return thread.name.startswith(("asyncio_", "Dummy-", "pyarrow")) or isinstance(thread, threading._DummyThread)
