"""Watching games that the server steps in Chromium: live, and again with a scrubber, without Python in the page."""

from pathlib import Path

import pytest

from tests.drivers.browser_driver import BrowserDriver
from tests.drivers.server_driver import ServerDriver
from tests.drivers.stepped_study import SteppedClient, write_stepped_study
from tests.drivers.watch_driver import WatchDriver, watch_address
from tests.e2e.conftest import REPOSITORY

pytestmark = [pytest.mark.browser]

LANDER = REPOSITORY / "examples" / "lunar_lander_server"


def test_that_a_game_on_the_server_is_watched_live(browser: BrowserDriver, tmp_path: Path, artifacts: Path) -> None:
    study = write_stepped_study(tmp_path / "study", frames=150)
    with (
        ServerDriver(study, tmp_path / "data") as server,
        SteppedClient(server, "ann") as ann,
        browser.participant(server.port, viewport={"width": 1280, "height": 800}) as room,
    ):
        ann.play().wait_for_match()
        watcher = WatchDriver(room, watch_address(server, ann.config.match_id))
        watcher.wait_for_phase("showing")
        ann.press("ArrowRight")
        first, before = watcher.shown(), watcher.picture()
        watcher.wait_past(first[1] + 30, first[0])
        assert watcher.picture() != before
        room.screenshot(artifacts / "watch-stepped-live.png")
        assert "Live" in watcher.page.locator(".badge").inner_text()
        assert watcher.errors == []
        ann.over()
