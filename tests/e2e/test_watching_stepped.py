"""Watching games that the server steps in Chromium: live, and again with a scrubber, without Python in the page."""

import shutil
from pathlib import Path

import pytest

from mug.records import records_path
from tests.drivers.altered_records import change_a_reward
from tests.drivers.browser_driver import BrowserDriver
from tests.drivers.server_driver import ServerDriver
from tests.drivers.stepped_study import SteppedClient, write_stepped_study
from tests.drivers.watch_driver import WatchDriver, replaying, watch_address
from tests.e2e.conftest import REPOSITORY

pytestmark = [pytest.mark.browser]

LANDER = REPOSITORY / "examples" / "lunar_lander_server"
ROUND = 75
"""Frames of a round: two and a half seconds."""
WIDE = {"width": 1280, "height": 800}


def is_over(watcher: WatchDriver) -> None:
    """Wait until the page shows the match again."""
    watcher.wait_for("() => document.querySelector('.badge').innerText.startsWith('Replay')")


def scrub(watcher: WatchDriver) -> None:
    """Go there and back, and compare what a frame looks like."""
    watcher.press("ArrowLeft", "Home")  # a step pauses
    watcher.wait_for_frame(0)
    watcher.press(*["Shift+ArrowRight"] * 4)
    watcher.wait_for_frame(40)
    there = watcher.picture()
    watcher.press("End")
    watcher.wait_for_frame(ROUND)
    assert watcher.picture() != there
    watcher.press("Home", *["Shift+ArrowRight"] * 4, "ArrowRight", "ArrowLeft")
    watcher.wait_for_frame(40)
    assert watcher.picture() == there, "the same frame looks the same, wherever the watcher came from"


def test_that_a_game_on_the_server_is_watched_live_and_again(
    browser: BrowserDriver, tmp_path: Path, artifacts: Path
) -> None:
    study = write_stepped_study(tmp_path / "study", frames=ROUND)
    with (
        ServerDriver(study, tmp_path / "data") as server,
        SteppedClient(server, "ann") as ann,
        browser.participant(server.port, viewport=WIDE) as room,
    ):
        asked: list[str] = []
        room.context.on("request", lambda request: asked.append(request.url))
        ann.play()
        ann.matched()
        watcher = WatchDriver(room, watch_address(server, ann.config.match_id))
        watcher.wait_for_frame(0)
        watcher.wait_for("() => document.body.innerText.includes('It begins as soon as its players are there')")
        ann.wait_for_match()
        ann.wait_for_stage("playing")
        ann.press("ArrowRight")
        first = watcher.shown()
        watcher.wait_past(first[1] + 5, first[0])
        before = watcher.picture()
        at = watcher.shown()[1]
        watcher.wait_past(at + 10)
        assert watcher.picture() != before
        assert "Live" in watcher.page.locator(".badge").inner_text()
        assert watcher.page.locator("tbody").inner_text().startswith("north")
        room.screenshot(artifacts / "watch-stepped-live.png")
        ann.over()
        is_over(watcher)
        scrub(watcher)
        assert "equal to what was recorded" in watcher.text("proof")
        assert watcher.page.locator('[data-watch="told"]').is_hidden()
        room.screenshot(artifacts / "watch-stepped-again.png")
        assert watcher.errors == []
        assert [url for url in asked if "/_mug/runtime/" in url or "watch_worker" in url] == [], "no Python in the page"
