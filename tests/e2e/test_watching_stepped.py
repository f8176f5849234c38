"""Watching games that the server steps in Chromium: live, and again with a scrubber, without Python in the page."""

import shutil
from pathlib import Path

import pytest

from mug.records import records_path
from tests.drivers.altered_records import change_a_reward
from tests.drivers.browser_driver import BrowserDriver
from tests.drivers.pair_study import example_study
from tests.drivers.server_driver import ServerDriver
from tests.drivers.stepped_study import SteppedClient, write_stepped_study
from tests.drivers.watch_driver import WatchDriver, replaying, watch_address

pytestmark = [pytest.mark.browser]

LANDER = "lunar_lander_server"
ROUND = 75
"""Frames of a round: two and a half seconds."""
FALL = 60
"""Of the lander: so long it falls at least, and so long is its round."""
WIDE = {"width": 1280, "height": 800}


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
        watcher.wait_for_replay()
        watcher.scrub(40, ROUND)
        assert "equal to what was recorded" in watcher.text("proof")
        assert watcher.page.locator('[data-watch="told"]').is_hidden()
        room.screenshot(artifacts / "watch-stepped-again.png")
        assert watcher.errors == []
        assert [url for url in asked if "/_mug/runtime/" in url or "watch_worker" in url] == [], "no Python in the page"


@pytest.mark.long
def test_that_lunar_landers_pictures_are_watched_live_and_again_from_the_records(
    browser: BrowserDriver, tmp_path: Path, artifacts: Path
) -> None:
    study = example_study(LANDER, tmp_path / LANDER, gameplay={"max_steps": FALL, "num_episodes": 2})
    data = tmp_path / "data"
    with (
        ServerDriver(study, data).start(deadline_s=120) as server,
        SteppedClient(server, "ann") as ann,
        browser.participant(server.port, viewport=WIDE) as room,
    ):
        ann.enter()
        ann.finish()
        ann.finish()
        ann.join()
        ann.wait_for_match()
        watcher = WatchDriver(room, watch_address(server, ann.config.match_id))
        watcher.wait_for_phase("showing")
        ann.press("ArrowUp")
        watcher.wait_past(10)
        before_it = watcher.picture()
        room.screenshot(artifacts / "watch-lander-live.png")
        watcher.wait_past(20)
        assert watcher.picture() != before_it
        ann.over()
        watcher.wait_for_replay()
        watcher.scrub(40, FALL)
        there = watcher.picture()
        assert watcher.errors == []
        server.interrupt()
    shutil.rmtree(study)
    with replaying(data, "lunar-lander-server") as line, browser.participant(0, viewport=WIDE) as room:
        again = WatchDriver(room, line["watch"])
        again.wait_for_phase("showing")
        again.scrub(40, FALL)
        assert again.picture() == there, "the records alone give the picture that was seen live"
        again.press("PageDown", "End")
        again.wait_past(30, 1)
        again.wait_for("() => document.querySelector('[data-watch=proof]').innerText.includes('hashes.')")
        room.screenshot(artifacts / "watch-lander-again.png")
        assert again.page.locator('[data-watch="told"]').is_hidden()
        again.press("PageUp", " ")
        again.wait_past(5)
        assert again.errors == []


@pytest.mark.long
def test_that_a_changed_row_and_another_players_view_are_shown(
    browser: BrowserDriver, tmp_path: Path, artifacts: Path
) -> None:
    study, data = (
        write_stepped_study(tmp_path / "study", players=2, frames=ROUND, env={"by_agent": True}),
        tmp_path / "data",
    )
    with (
        ServerDriver(study, data) as server,
        SteppedClient(server, "ann") as ann,
        SteppedClient(server, "ben") as ben,
        browser.participant(server.port, viewport=WIDE, color_scheme="dark") as room,
    ):
        for client in (ann, ben):
            client.play()
        for client in (ann, ben):
            client.wait_for_match()
        watcher = WatchDriver(room, watch_address(server, ann.config.match_id))
        watcher.wait_past(5)
        room.screenshot(artifacts / "watch-stepped-live-dark.png")
        watcher.page.get_by_label("As seen by").select_option("east")
        watcher.wait_past(watcher.shown()[1] + 10)
        ann.over()
        watcher.wait_for_replay()
        server.interrupt()
    change_a_reward(records_path(data, "line"), agent="north")
    with replaying(data, "line") as line, browser.participant(0, viewport=WIDE, color_scheme="dark") as room:
        watcher = WatchDriver(room, line["watch"])
        watcher.wait_for_phase("showing")
        watcher.press("End")
        watcher.wait_for_frame(ROUND)
        own = watcher.picture()
        watcher.page.get_by_label("As seen by").select_option("east")
        watcher.wait_for("() => !document.querySelector('[data-watch=told]').hidden")
        assert "another rewards.north in round 1, frame 40: recorded 7.0" in watcher.text("told")
        watcher.page.locator("body").click(position={"x": 5, "y": 5})
        watcher.press("ArrowLeft", "ArrowRight")
        watcher.wait_for_frame(ROUND)
        assert watcher.picture() != own
        room.screenshot(artifacts / "watch-stepped-differs.png")
