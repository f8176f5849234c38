"""Watching in a real browser: a match while it is played, and the same match again from the records alone."""

import json
from pathlib import Path

import pytest

from mug.records import records_path
from tests.drivers.altered_records import change_a_reward
from tests.drivers.browser_driver import BrowserDriver, ParticipantDriver
from tests.drivers.page_memory import PageMemory
from tests.drivers.pair_driver import play, sit_down
from tests.drivers.pair_study import PROFILES, write_pair_study
from tests.drivers.server_driver import ServerDriver
from tests.drivers.watch_driver import WatchDriver, replaying, watch_address

pytestmark = [pytest.mark.browser, pytest.mark.pyodide]


ROUND = 75
"""Frames of a round: two and a half seconds."""


@pytest.fixture
def mountain_car(short_mountain_car: Path) -> Path:
    file = short_mountain_car / "study.toml"
    text = file.read_text(encoding="utf-8")
    assert "max_steps = 150" in text
    file.write_text(text.replace("max_steps = 150", f"max_steps = {ROUND}"), encoding="utf-8")
    return short_mountain_car


def matches_of(server: ServerDriver) -> list[dict[str, str]]:
    status, _, body = server.get("/_mug/lab/matches", {"Authorization": f"Bearer {server.token}"})
    assert status == 200
    found: list[dict[str, str]] = json.loads(body)["matches"]
    return found


def to_the_game(anna: ParticipantDriver) -> None:
    """Read what comes before the game; the match is there then, and not begun."""
    anna.open("anna")
    anna.wait_for_scene("welcome")
    anna.press_continue()
    anna.wait_for_scene("instructions")
    anna.press_continue()
    anna.wait_for_scene("mountain-car")
    anna.wait_for_phase("page")


def test_that_a_match_is_watched_live_and_again_from_the_records(
    browser: BrowserDriver, mountain_car: Path, tmp_path: Path, artifacts: Path
) -> None:
    data = tmp_path / "data"
    with ServerDriver(mountain_car, data) as server:
        with browser.participant(server.port) as anna, browser.participant(server.port) as room:
            to_the_game(anna)
            (match,) = matches_of(server)
            badges = PageMemory(room, ".badge")
            watcher = WatchDriver(room, watch_address(server, match["match_id"]))
            watcher.wait_for_phase("waiting")
            assert "no rows yet" in watcher.text("say")
            anna.press_continue()
            anna.wait_for_phase("playing")
            anna.page.keyboard.down("ArrowLeft")
            watcher.wait_for_phase("showing")
            before = watcher.picture()
            episode, frame = watcher.shown()  # of that picture, or a later one
            watcher.wait_past(frame + 5, episode)
            assert watcher.picture() != before
            assert watcher.text("place").startswith("frame ")
            room.screenshot(artifacts / "watch-live.png")
            anna.wait_for_phase("ended")
            watcher.wait_for_replay()
            assert badges.texts(".badge")[0].startswith("Live")
            watcher.press("ArrowLeft", "PageUp")
            watcher.scrub(40, ROUND)
            there = watcher.picture()
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
            again.wait_for_frame(ROUND, 1)
            assert "equal to what was recorded" in again.text("proof")
            assert again.page.locator('[data-watch="told"]').is_hidden()


@pytest.mark.long
def test_that_a_changed_row_is_told_on_the_page_and_stays_told(
    browser: BrowserDriver, mountain_car: Path, tmp_path: Path, artifacts: Path
) -> None:
    data = tmp_path / "data"
    with ServerDriver(mountain_car, data) as server:
        with browser.participant(server.port) as anna:
            to_the_game(anna)
            anna.press_continue()
            anna.wait_for_phase("ended")
        server.interrupt()
    change_a_reward(records_path(data, "mountain-car"))
    with replaying(data, "mountain-car") as line, browser.participant(0, color_scheme="dark") as room:
        watcher = WatchDriver(room, line["watch"])
        watcher.wait_for_phase("showing")
        watcher.press("Home", *["Shift+ArrowRight"] * 3)
        watcher.wait_for_frame(30)
        assert watcher.page.locator('[data-watch="told"]').is_hidden()
        watcher.press("End")
        watcher.wait_for_frame(ROUND)
        assert "another rewards.human in round 1, frame 40: recorded 7.0, now -1.0" in watcher.text("told")
        room.screenshot(artifacts / "watch-differs.png")
        watcher.press("Home")
        watcher.wait_for_frame(0)
        assert "frame 40" in watcher.text("told")


@pytest.mark.long
def test_that_two_who_play_over_a_bad_network_are_watched_live_to_the_end(
    browser: BrowserDriver, tmp_path: Path, artifacts: Path
) -> None:
    study = write_pair_study(tmp_path / "study", conditions=PROFILES["mobile_4g"], episodes=2)
    with (
        ServerDriver(study, tmp_path / "data") as server,
        browser.participant(server.port) as anna,
        browser.participant(server.port) as bert,
        browser.participant(server.port) as room,
    ):
        for name, someone in (("anna", anna), ("bert", bert)):
            someone.open(name)
            someone.wait_for_scene("welcome")
            someone.press_continue()
            someone.wait_for_scene("points")
            someone.wait_for_phase("page")
            someone.press_continue()
        anna.wait_for_phase("playing")
        (match,) = matches_of(server)
        watcher = WatchDriver(room, watch_address(server, match["match_id"]))
        for someone, key in ((anna, "ArrowLeft"), (bert, "ArrowUp")):
            someone.page.keyboard.down(key)
        watcher.wait_for_phase("showing")
        room.screenshot(artifacts / "watch-two.png")
        anna.wait_for_phase("ended")
        watcher.wait_for("() => document.querySelector('.badge').innerText.startsWith('Replay')")
        watcher.press("End", "PageUp", "End", "PageDown", "End")
        watcher.wait_for_frame(240, 1)
        assert watcher.page.locator('[data-watch="told"]').is_hidden()
        assert "equal to what was recorded" in watcher.text("proof")
        assert watcher.page.locator("tbody tr").count() == 2


@pytest.mark.long
def test_that_who_watches_live_is_told_that_a_player_has_left(browser: BrowserDriver, tmp_path: Path) -> None:
    study = write_pair_study(
        tmp_path / "study", frames=300, reconnection_timeout_ms=3000, dropout_policy="default_action"
    )
    with (
        ServerDriver(study, tmp_path / "data").start(deadline_s=240) as server,
        sit_down(browser, server.port, ["anna", "bert"]) as [anna, bert],
        browser.participant(server.port) as room,
    ):
        play([anna, bert], "points")
        (match,) = matches_of(server)
        watcher = WatchDriver(room, watch_address(server, match["match_id"]))
        watcher.wait_for_phase("showing")
        assert watcher.page.get_by_text("left the match").count() == 0
        bert.page.close()
        watcher.page.get_by_text("The player of east left the match").wait_for()
        assert "Live" in watcher.page.locator(".badge").inner_text()
        anna.wait_for_phase("ended")
