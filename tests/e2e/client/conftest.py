"""A server per study."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.drivers.server_driver import ServerDriver
from tests.e2e.client.studies import write_pages

Serve = Callable[[Path], ServerDriver]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here needs Chromium."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Start the real server of a study folder; it ends with the test."""
    with ExitStack() as stack:

        def start(study: Path) -> ServerDriver:
            return stack.enter_context(ServerDriver(study, tmp_path / f"data-{study.name}"))

        yield start


@pytest.fixture(scope="module")
def shared_pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerDriver]:
    """One server of the study of pages for tests that leave it running: each has participants of its own."""
    study = write_pages(tmp_path_factory.mktemp("study") / "pages")
    with ServerDriver(study, tmp_path_factory.mktemp("data")) as server:
        yield server
