"""Games that the server steps, played in Chromium: no Python in the page, views that come and keys that go."""

from collections.abc import Iterator
from pathlib import Path

import gymnasium
import numpy as np
import pandas as pd
import psutil
import pytest

from tests.drivers.browser_driver import BrowserDriver, ParticipantDriver
from tests.drivers.export_checks import export_session, verify_records
from tests.drivers.pair_driver import walk_in
from tests.drivers.pair_study import example_study
from tests.drivers.server_driver import ServerDriver
from tests.drivers.stepped_study import logged_rows, write_stepped_study

pytestmark = [pytest.mark.browser]

LANDER = "lunar_lander_server"
SHORT = 100
"""Frames of an episode here: the lander flies all the time."""


@pytest.fixture
def short_lander(tmp_path: Path) -> Path:
    """The example with two short episodes."""
    return example_study(LANDER, tmp_path / LANDER, gameplay={"max_steps": SHORT, "num_episodes": 2})


@pytest.fixture
def server(short_lander: Path, tmp_path: Path) -> Iterator[ServerDriver]:
    with ServerDriver(short_lander, tmp_path / "data").start(deadline_s=120) as driver:
        yield driver


def begin(anna: ParticipantDriver) -> None:
    anna.open("anna")
    anna.wait_for_scene("welcome")
    anna.press_continue()
    anna.wait_for_scene("instructions")
    anna.press_continue()
    anna.wait_for_scene("lunar-lander")
    anna.page.get_by_role("button", name="Start").and_(anna.page.locator(":enabled")).click()


def test_that_lunar_lander_is_played_through_a_reload_and_exported_as_it_was_stepped(
    browser: BrowserDriver, server: ServerDriver, tmp_path: Path, artifacts: Path
) -> None:
    with browser.participant(server.port, viewport={"width": 1280, "height": 800}) as anna:
        asked: list[str] = []
        anna.context.on("request", lambda request: asked.append(request.url))
        begin(anna)
        anna.wait_for_frame(0, 2)
        anna.press_keys_by_frame(0, ("ArrowUp", 20))
        anna.screenshot(artifacts / "lander-playing.png")
        anna.page.reload()
        # The server does not wait for the page: on a busy machine it may be in the second episode by now.
        anna.wait_for_frame(0, 21)
        for key in ("ArrowLeft", "ArrowRight"):
            press_for(anna, key, frames=20)
        anna.wait_for_phase("ended")
        assert anna.scene() == "end"
        assert anna.page_errors == []
        assert set(anna.hosts) == {"lab.test"}
        assert [url for url in asked if "/_mug/runtime/" in url or "/worker-" in url] == [], "no Python in the page"
    server.interrupt()
    tables = export_session(tmp_path / "data", "lunar-lander-server", tmp_path / "out")
    verify_records(tmp_path / "data", "lunar-lander-server")
    frames, episodes = tables["frames"], tables["episodes"]
    assert list(episodes["episode"]) == [0, 1]
    for end in episodes.itertuples():
        rows = frames[frames["episode"] == end.episode]
        assert list(rows["frame"]) == list(range(end.frames)), "every frame exactly once, in order"
        assert end.end == ("max_steps" if end.frames == SHORT else "terminated")
        step_again(rows, int(end.seed))
    assert set(frames["actions.human"]) == {0, 1, 2, 3}, "what was pressed before the reload and after it"
    assert set(frames["status.human"]) <= {"input", "default", "hidden", "away"}
    telemetry = tables["telemetry"]
    assert telemetry["views"].max() > 10


def press_for(someone: ParticipantDriver, key: str, frames: int) -> None:
    """Hold a key until the page shows that many frames more, of whatever episode."""
    begun = """() => {
        const { mugEpisode, mugFrame } = document.querySelector('[data-mug="game"]').dataset;
        return [Number(mugEpisode), Number(mugFrame)];
    }"""
    episode, frame = someone.page.evaluate(begun)
    someone.press_keys_by_frame(episode, (key, frame + frames))


def step_again(rows: pd.DataFrame, seed: int) -> None:
    """Gymnasium, without MUG, gives the recorded observations and rewards for the recorded actions."""
    env = gymnasium.make("LunarLander-v3", gravity=-6.0)
    seen, _ = env.reset(seed=seed)
    for row in rows.to_dict("records"):
        recorded = np.array([row[f"observations.human.{place}"] for place in range(8)], np.float32)
        assert np.array_equal(seen, recorded), f"observation of frame {row['frame']}"
        seen, reward, terminated, _, _ = env.step(int(row["actions.human"]))
        assert float(reward) == row["rewards.human"], f"reward of frame {row['frame']}"
        assert bool(row["terminated.human"]) == terminated
    env.close()


@pytest.mark.long
def test_that_two_people_play_on_when_page_process_and_server_go_down(
    browser: BrowserDriver, tmp_path: Path, artifacts: Path
) -> None:
    study = write_stepped_study(tmp_path / "study", players=2, frames=450, reconnection_timeout_ms=60_000)
    size = {"width": 1280, "height": 800}
    with (
        ServerDriver(study, tmp_path / "data").start(deadline_s=120) as server,
        browser.participant(server.port, viewport=size) as ann,
        browser.participant(server.port, viewport=size) as ben,
    ):
        for person, name in ((ann, "ann"), (ben, "ben")):
            person.open(name)
        walk_in([ann, ben], "line")
        ann.wait_for_phase("countdown")
        ann.screenshot(artifacts / "server-game-countdown.png")
        for person, key in ((ann, "ArrowRight"), (ben, "ArrowLeft")):
            person.wait_for_frame(0, 10)
            person.press_keys_by_frame(0, (key, 40))
        ann.screenshot(artifacts / "server-game-playing.png")

        ben.context.set_offline(True)
        words(ben, "The connection is being restored", timeout_ms=60_000)
        ben.screenshot(artifacts / "server-game-offline.png")
        words(ann, "is interrupted", timeout_ms=60_000)
        ben.context.set_offline(False)
        plays_on(ben)

        ben.page.reload()
        plays_on(ben)

        kill_process_of_match(server)
        words(ann, "being restored")
        ann.screenshot(artifacts / "server-game-restoring.png")
        plays_on(ann, ben)

        server.kill()
        words(ann, "The connection is being restored")
        server.start(deadline_s=120)
        plays_on(ann, ben)
        for person in (ann, ben):
            person.wait_for_scene("after")
            assert person.page_errors == []
        server.interrupt()
    tables = export_session(tmp_path / "data", "line", tmp_path / "out")
    verify_records(tmp_path / "data", "line")
    frames = tables["frames"]
    assert list(frames["frame"]) == list(range(450))
    seed = int(tables["episodes"]["seed"].iloc[0])
    own = {row["frame"]: row for row in logged_rows(study) if row["seed"] == seed}
    for row in frames.to_dict("records"):
        for agent in ("north", "east"):
            assert row[f"actions.{agent}"] == own[row["frame"]]["actions"][agent]
            assert row[f"rewards.{agent}"] == own[row["frame"]]["rewards"][agent]
    assert set(frames["actions.north"]) == {0, 1}
    assert set(frames["actions.east"]) == {0, -1}


@pytest.mark.long
def test_that_a_key_which_is_held_all_along_holds_after_process_and_server_went_down(
    browser: BrowserDriver, tmp_path: Path
) -> None:
    study = write_stepped_study(tmp_path / "study", frames=300)
    with (
        ServerDriver(study, tmp_path / "data").start(deadline_s=120) as server,
        browser.participant(server.port) as ann,
    ):
        ann.open("ann")
        walk_in([ann], "line")
        ann.wait_for_frame(0, 10)
        ann.page.keyboard.down("ArrowRight")
        ann.wait_for_frame(0, 40)
        kill_process_of_match(server)
        words(ann, "being restored")
        plays_on(ann)
        between = int(ann.game_attribute("frame") or 0)
        plays_on(ann)
        server.kill()
        words(ann, "The connection is being restored")
        server.start(deadline_s=120)
        plays_on(ann)
        plays_on(ann)
        after = int(ann.game_attribute("frame") or 0)
        ann.page.keyboard.up("ArrowRight")
        ann.wait_for_scene("after")
        server.interrupt()
    frames = export_session(tmp_path / "data", "line", tmp_path / "out")["frames"]
    assert set(frames["actions.north"][between - 2 : between + 3]) == {1}
    assert set(frames["actions.north"][after - 5 : after - 2]) == {1}
    assert set(frames["actions.north"][after + 30 :]) == {0}


@pytest.mark.long
def test_that_who_stays_away_is_out_and_reads_so_and_who_is_left_is_saved(
    browser: BrowserDriver, tmp_path: Path, artifacts: Path
) -> None:
    study = write_stepped_study(
        tmp_path / "study", players=2, frames=9000, reconnection_timeout_ms=2_000, rejoin_timeout_ms=2_000
    )
    with (
        ServerDriver(study, tmp_path / "data").start(deadline_s=120) as server,
        browser.participant(server.port) as ann,
        browser.participant(server.port) as ben,
        browser.participant(server.port) as cid,
        browser.participant(server.port) as dee,
    ):
        for pair in ((ann, ben), (cid, dee)):
            for person, name in zip(pair, ("ann", "ben") if pair[0] is ann else ("cid", "dee"), strict=True):
                person.open(name)
            walk_in(pair, "line")
            for person in pair:
                person.wait_for_frame(0, 5)
        ben.context.set_offline(True)  # his page stays as it is
        dee.page.goto("about:blank")  # her page is gone, and another one comes
        for person in (ann, cid):
            person.wait_for_phase("ended")
            assert "Your partner has left" in person.page.locator("body").inner_text()
            assert person.page.locator('[data-mug="completion-code"]').count() == 1
        ann.screenshot(artifacts / "server-game-partner-left.png")
        ben.context.set_offline(False)
        dee.open("dee")
        for person in (ben, dee):
            person.page.locator('[data-mug="match-end"]').wait_for()
            assert "The game has ended for you" in person.page.locator("body").inner_text()
            assert "too long" in person.page.locator('[data-mug="match-end"]').inner_text()
            person.press_continue()
            person.wait_for_scene("after")


@pytest.mark.long
def test_that_a_game_whose_process_fails_again_ends_with_calm_words(
    browser: BrowserDriver, tmp_path: Path, artifacts: Path
) -> None:
    study = write_stepped_study(tmp_path / "study", env={"fails_at": [15, 15]})
    with (
        ServerDriver(study, tmp_path / "data").start(deadline_s=120) as server,
        browser.participant(server.port, viewport={"width": 1280, "height": 800}) as ann,
    ):
        ann.open("ann")
        walk_in([ann], "line")
        ann.page.locator('[data-mug="match-end"]').wait_for()
        ann.screenshot(artifacts / "server-game-failed.png")
        assert "This is not your fault" in ann.page.locator("body").inner_text()
        assert "Traceback" not in ann.page.locator("body").inner_text()
        ann.press_continue()
        ann.wait_for_scene("after")


def words(someone: ParticipantDriver, text: str, timeout_ms: int = 20_000) -> None:
    """Wait until these words lie over the game."""
    shown = someone.page.locator('[data-mug="match-words"]:not([data-mug-kind="none"])').filter(has_text=text)
    try:
        shown.wait_for(timeout=timeout_ms)
    except Exception as error:
        raise AssertionError(f"nobody said {text!r}; {someone.state()}") from error


def plays_on(*people: ParticipantDriver) -> None:
    """Wait until every page shows frames that are new."""
    for person in people:
        person.wait_for_phase("playing")
        before = int(person.game_attribute("frame") or 0)
        person.wait_for_frame(0, before + 10)


def kill_process_of_match(server: ServerDriver) -> None:
    [process] = [
        child for child in psutil.Process(server.pid).children() if "mug.authority" in " ".join(child.cmdline())
    ]
    process.kill()
