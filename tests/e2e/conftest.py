"""What the end-to-end tests share: one Chromium, and a quick Mountain Car."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.drivers.browser_driver import BrowserDriver

REPOSITORY = Path(__file__).resolve().parents[2]
MOUNTAIN_CAR = REPOSITORY / "examples" / "mountain_car"


@pytest.fixture(scope="module")
def browser() -> Iterator[BrowserDriver]:
    """One Chromium for a module; each participant gets a context of their own."""
    with BrowserDriver() as driver:
        yield driver


@pytest.fixture
def short_mountain_car(tmp_path: Path) -> Path:
    """The example, its episodes cut to five seconds."""
    study = tmp_path / "mountain_car"
    shutil.copytree(MOUNTAIN_CAR, study, ignore=shutil.ignore_patterns("__pycache__", "data"))
    file = study / "study.toml"
    text = file.read_text(encoding="utf-8")
    assert "max_steps = 600" in text
    file.write_text(text.replace("max_steps = 600", "max_steps = 150"), encoding="utf-8")
    return study
