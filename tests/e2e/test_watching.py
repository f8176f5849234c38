"""Watching in a real browser: a match while it is played, and the same match again from the records alone."""

import json
from pathlib import Path

import pytest

from tests.drivers.browser_driver import BrowserDriver
from tests.drivers.server_driver import ServerDriver
from tests.drivers.watch_driver import WatchDriver, replaying, watch_address

pytestmark = [pytest.mark.browser, pytest.mark.pyodide]


def matches_of(server: ServerDriver) -> list[dict[str, str]]:
    status, _, body = server.get("/_mug/lab/matches", {"Authorization": f"Bearer {server.token}"})
    assert status == 200
    found: list[dict[str, str]] = json.loads(body)["matches"]
    return found


def test_that_a_match_is_watched_live_and_again_from_the_records(
    browser: BrowserDriver, short_mountain_car: Path, tmp_path: Path, artifacts: Path
) -> None:
    data = tmp_path / "data"
    with ServerDriver(short_mountain_car, data) as server:
        with browser.participant(server.port) as anna, browser.participant(server.port) as room:
            anna.open("anna")
            anna.wait_for_scene("welcome")
            anna.press_continue()
            anna.wait_for_scene("instructions")
            anna.press_continue()
            anna.wait_for_scene("mountain-car")
            anna.wait_for_phase("page")
            (match,) = matches_of(server)
            watcher = WatchDriver(room, watch_address(server, match["match_id"]))
            watcher.wait_for_phase("waiting")
            assert "no rows yet" in watcher.text("say")
            anna.press_continue()
            anna.page.keyboard.down("ArrowLeft")
            watcher.wait_for_phase("showing")
            first, before = watcher.shown(), watcher.picture()
            watcher.wait_past(first[1] + 5, first[0])
            assert watcher.picture() != before
            assert "Live" in watcher.page.locator(".badge").inner_text()
            assert watcher.text("place").startswith("frame ")
            room.screenshot(artifacts / "watch-live.png")
            anna.wait_for_phase("ended")
            watcher.wait_for("() => document.querySelector('.badge').innerText.startsWith('Replay')")
            watcher.press(" ") if watcher.page.locator("button.main").inner_text() == "Pause" else None
            watcher.press("PageUp", "Home")
            watcher.wait_for_frame(0)
            watcher.press(*["Shift+ArrowRight"] * 4)
            watcher.wait_for_frame(40)
            there = watcher.picture()
            watcher.press("End")
            watcher.wait_for_frame(150)
            assert watcher.picture() != there
            watcher.press("Home", *["Shift+ArrowRight"] * 4, "ArrowRight", "ArrowLeft")
            watcher.wait_for_frame(40)
            assert watcher.picture() == there, "the same frame looks the same, wherever the watcher came from"
            assert watcher.page.locator('[data-watch="told"]').is_hidden()
            room.screenshot(artifacts / "watch-replay.png")
            assert watcher.errors == []
        server.interrupt()

    with replaying(data, "mountain-car") as line:
        assert line["problem"] == ""
        with browser.participant(0) as room:
            again = WatchDriver(room, line["matches"][0]["watch"])
            again.wait_for_phase("showing")
            again.press("Home", *["Shift+ArrowRight"] * 4)
            again.wait_for_frame(40)
            assert again.picture() == there, "the records alone give the picture that was seen live"
            again.press("End", "PageDown", "End")
            again.wait_for_frame(150, 1)
            assert "equal to what was recorded" in again.text("proof")
            assert again.page.locator('[data-watch="told"]').is_hidden()
