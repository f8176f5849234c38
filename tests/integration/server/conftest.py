"""Studies that the server's tests run: one of pages only, and what builds others."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.drivers.server_driver import ServerDriver

PAGES = """\
format = 1
id = "pages"
title = "A study of pages"

[[chain]]
kind = "start_page"
scene_id = "welcome"
scene_header = "Welcome"
scene_body = "<p>Hello</p>"

[[chain]]
kind = "randomize_order"

[[chain.scenes]]
kind = "static_page"
scene_id = "apple"
scene_header = "Apple"

[[chain.scenes]]
kind = "static_page"
scene_id = "pear"
scene_header = "Pear"

[[chain.scenes]]
kind = "static_page"
scene_id = "plum"
scene_header = "Plum"

[[chain]]
kind = "completion_code_page"
scene_id = "thanks"
scene_header = "Thanks"
redirect_url = "https://example.org/done?study=1"
append_subject_id = true
"""


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerDriver]:
    """A running server of the study of pages, for tests that leave it as it was but for participants of their own."""
    folder = tmp_path_factory.mktemp("shared")
    (folder / "study.toml").write_text(PAGES, encoding="utf-8")
    with ServerDriver(folder, folder / "data") as driver:
        yield driver


@pytest.fixture
def pages(tmp_path: Path) -> Path:
    """A study of five pages, three of them in an order drawn for each participant."""
    folder = tmp_path / "study"
    folder.mkdir()
    (folder / "study.toml").write_text(PAGES, encoding="utf-8")
    return folder


@pytest.fixture
def server(pages: Path, tmp_path: Path) -> Iterator[ServerDriver]:
    """A running server of the study of pages."""
    with ServerDriver(pages, tmp_path / "data") as driver:
        yield driver
