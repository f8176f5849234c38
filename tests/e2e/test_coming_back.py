"""A killed server, a reload, a lost network: the participant goes on in place, and every frame is there once."""

from pathlib import Path

import pytest

from mug.play.chunks import decode_chunk
from tests.drivers.browser_driver import BrowserDriver, ParticipantDriver
from tests.drivers.export_checks import check_mountain_car, export_session, verify_records
from tests.drivers.server_driver import ServerDriver

pytestmark = [pytest.mark.browser, pytest.mark.pyodide]

EPISODES, STEPS = 2, 150


def walk_to_the_game(someone: ParticipantDriver) -> None:
    someone.wait_for_scene("welcome")
    someone.press_continue()
    someone.wait_for_scene("instructions")
    someone.press_continue()
    someone.wait_for_scene("mountain-car")
    someone.wait_for_phase("page")
    someone.press_continue()
    someone.wait_for_phase("playing")


def test_that_a_killed_server_costs_no_frame(browser: BrowserDriver, short_mountain_car: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    with ServerDriver(short_mountain_car, data) as server, browser.participant(server.port) as someone:
        someone.open("p-1")
        walk_to_the_game(someone)
        someone.press_keys_by_frame(0, ("ArrowRight", 40))
        server.kill()
        someone.press_keys_by_frame(0, ("ArrowLeft", 80), ("ArrowRight", 120))
        assert someone.phase() == "playing", "the game goes on while the server is away"
        server.start()
        someone.press_keys_by_frame(1, ("ArrowLeft", 100))
        someone.wait_for_phase("ended")
        assert someone.scene() == "end"

        tables = export_session(data, "mountain-car", tmp_path / "out")
        check_mountain_car(tables, EPISODES, STEPS)
        assert len(tables["participants"]) == 1
        assert list(tables["visits"]["scene_id"]) == ["welcome", "instructions", "mountain-car", "end"]
        assert len(tables["matches"]) == 1
        assert set(tables["frames"]["actions.human"]) >= {0, 2}
    verify_records(data, "mountain-car")


def test_that_a_reload_in_mid_episode_goes_on_at_the_next_frame(
    browser: BrowserDriver, short_mountain_car: Path, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    with ServerDriver(short_mountain_car, data) as server, browser.participant(server.port) as someone:
        someone.open()
        walk_to_the_game(someone)
        who = someone.page.evaluate("() => location.href")
        someone.press_keys_by_frame(0, ("ArrowRight", 38), ("ArrowLeft", 71))
        shown = int(someone.game_attribute("frame") or -1)
        someone.page.reload()
        someone.wait_for_phase("page", "playing")
        assert someone.page.evaluate("() => location.href") == who
        assert someone.scene() == "mountain-car"
        if someone.phase() == "page":
            someone.press_continue()
        someone.wait_for_frame(0, shown)
        someone.press_keys_by_frame(1, ("ArrowLeft", 60))
        someone.wait_for_phase("ended")

        tables = export_session(data, "mountain-car", tmp_path / "out")
        frames = check_mountain_car(tables, EPISODES, STEPS)
        assert len(tables["matches"]) == 1, "the episode was rebuilt, not started again"
        before = frames[(frames["episode"] == 0) & (frames["frame"] <= shown)]
        assert {0, 2} <= set(before["actions.human"]), "what was played before the reload is kept"
    verify_records(data, "mountain-car")


@pytest.mark.long
def test_that_the_export_holds_row_by_row_what_the_page_recorded(
    browser: BrowserDriver, short_mountain_car: Path, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    with ServerDriver(short_mountain_car, data) as server, browser.participant(server.port) as someone:
        someone.open("row-by-row")
        walk_to_the_game(someone)
        someone.press_keys_by_frame(0, ("ArrowRight", 30), ("ArrowLeft", 90))
        someone.wait_for_phase("ended")
        frames = export_session(data, "mountain-car", tmp_path / "out")["frames"]

    sent = {}
    for body in someone.sent:
        if body.startswith(b'{"name"') or b'"at_ms"' in body[:200]:
            continue
        chunk = decode_chunk(body)
        actions = chunk.columns["actions.human"]
        observations = chunk.columns["observations.human"]
        for offset, (action, observation) in enumerate(zip(actions, observations, strict=True)):
            sent[(chunk.episode, chunk.first + offset)] = (int(action), [float(x) for x in observation])
    exported = {
        (row["episode"], row["frame"]): (
            int(row["actions.human"]),
            [float(row["observations.human.0"]), float(row["observations.human.1"])],
        )
        for row in frames.to_dict("records")
    }
    assert len(exported) > STEPS
    assert exported == sent
    assert set(someone.hosts) == {"lab.test"}, f"requests went to other hosts: {someone.hosts}"
