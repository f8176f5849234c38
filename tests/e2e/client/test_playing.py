"""Keys, focus, coming back into a game, and environments that fail."""

import json
from pathlib import Path

import pytest

from mug.play.chunks import decode_chunk
from mug.records import RecordReader, records_path
from mug.records import facts as f
from tests.drivers.browser_driver import BrowserDriver, ParticipantDriver
from tests.drivers.server_driver import ServerDriver
from tests.drivers.waiting import until
from tests.e2e.client.conftest import Serve
from tests.e2e.client.studies import KEYS_ENV, write_game
from tests.e2e.client.test_pages import rows

pytestmark = pytest.mark.pyodide


def play(person: ParticipantDriver) -> None:
    person.open()
    person.wait_for_phase("page")
    person.press_continue()
    person.wait_for_scene("keys")
    person.wait_for_phase("page")
    person.page.keyboard.press("Enter")
    person.wait_for_phase("playing")


def expect_action(person: ParticipantDriver, action: int) -> None:
    try:
        person.page.wait_for_function(
            "(text) => document.querySelector('[data-mug=hud]').textContent === text", arg=f"action {action}"
        )
    except Exception as error:
        raise AssertionError(f"no action {action}; {person.state()}") from error


def errors(server: ServerDriver) -> list[f.ErrorReported]:
    with RecordReader(records_path(server.data_dir, "keys")) as reader:
        return [
            fact
            for head in reader.sessions()
            for fact in reader.facts(head.session_id, ("error_reported",))
            if isinstance(fact, f.ErrorReported)
        ]


def stored_frames(server: ServerDriver) -> list[tuple[str, int, int]]:
    """Every stored frame as (match, episode, frame), repeated rows left out."""
    found = []
    with RecordReader(records_path(server.data_dir, "keys")) as reader:
        for head in reader.sessions():
            for fact in reader.facts(head.session_id, ("chunk_stored",)):
                assert isinstance(fact, f.ChunkStored)
                if fact.stream == "frames" and not fact.meta.get("repeated"):
                    chunk = decode_chunk(reader.body(fact.sha256))
                    found += [(chunk.match_id, chunk.episode, int(frame)) for frame in chunk.columns["frame"]]
    return found


def test_that_keys_chords_and_letters_become_actions_without_a_click(
    browser: BrowserDriver, serve: Serve, tmp_path: Path
) -> None:
    server = serve(write_game(tmp_path / "keys"))
    with browser.participant(server.port) as person:
        play(person)
        keyboard = person.page.keyboard
        expect_action(person, 0)
        keyboard.down("ArrowUp")
        expect_action(person, 2)
        keyboard.down("ArrowLeft")
        expect_action(person, 12)
        keyboard.up("ArrowUp")
        expect_action(person, 1)
        keyboard.up("ArrowLeft")
        expect_action(person, 0)
        keyboard.down("W")
        expect_action(person, 3)
        keyboard.up("w")
        expect_action(person, 0)
        keyboard.down(" ")
        expect_action(person, 4)
        keyboard.up(" ")
        assert person.page.evaluate("() => scrollY") == 0
        keyboard.press("Tab")
        person.page.locator('[data-mug="game"]').focus()
        keyboard.down("q")
        person.wait_for_phase("ended")
        assert person.page_errors == []


def test_that_no_key_sticks_when_the_window_loses_the_focus(
    browser: BrowserDriver, serve: Serve, tmp_path: Path
) -> None:
    server = serve(write_game(tmp_path / "keys"))
    with browser.participant(server.port) as person:
        play(person)
        for loss in (
            "window.dispatchEvent(new Event('blur'))",
            "document.dispatchEvent(new Event('visibilitychange'))",
        ):
            person.page.keyboard.down("ArrowLeft")
            expect_action(person, 1)
            person.page.evaluate(f"() => {{ {loss} }}")
            expect_action(person, 0)
            person.page.keyboard.up("ArrowLeft")
        # The key still works afterwards.
        person.page.keyboard.down("ArrowLeft")
        expect_action(person, 1)
        person.page.keyboard.up("ArrowLeft")
        expect_action(person, 0)


def test_that_a_reload_and_a_killed_server_go_on_in_the_same_episode(
    browser: BrowserDriver, serve: Serve, tmp_path: Path
) -> None:
    server = serve(write_game(tmp_path / "keys"))
    with browser.participant(server.port) as person:
        play(person)
        person.page.wait_for_function("() => Number(document.querySelector('[data-mug=game]').dataset.mugFrame) > 50")
        before = int(person.game_attribute("frame") or 0)
        server.kill()
        person.page.wait_for_function(
            "(frame) => Number(document.querySelector('[data-mug=game]').dataset.mugFrame) > frame", arg=before + 40
        )
        assert person.phase() == "playing", "a single player plays on while the server is away"
        before = int(person.game_attribute("frame") or 0)
        server.start()
        person.page.reload()
        person.page.get_by_role("heading", name="Welcome back").wait_for()
        person.page.keyboard.press("Enter")
        person.wait_for_phase("playing")
        person.page.wait_for_function("() => document.querySelector('[data-mug=game]').dataset.mugFrame !== undefined")
        assert int(person.game_attribute("frame") or 0) >= before
        assert person.game_attribute("episode") == "0"
        person.page.keyboard.down("q")
        person.wait_for_phase("ended")
        person.page.get_by_text("Everything is saved.").wait_for()
    assert errors(server) == []
    frames = stored_frames(server)
    assert len({match for match, _, _ in frames}) == 1
    assert [frame for _, _, frame in frames] == list(range(len(frames))), "every frame exactly once, in order"
    events = [json.dumps(row, sort_keys=True) for row in rows(server, "event")]
    assert len(events) == len(set(events)), "no row of the page is stored twice"


@pytest.mark.parametrize(
    ("environment", "line", "named"),
    [
        ("import a_package_that_is_not_there\n" + KEYS_ENV, 1, "a_package_that_is_not_there"),
        (
            KEYS_ENV.replace("self.last = 0\n        return", 'raise RuntimeError("no reset")\n        return'),
            14,
            "no reset",
        ),
        (KEYS_ENV.replace('self.last = actions["human"]', "self.last = 1 // 0"), 18, "ZeroDivisionError"),
    ],
    ids=["import", "reset", "step"],
)
def test_that_a_failing_environment_gives_a_calm_page_and_the_experimenter_the_line(
    browser: BrowserDriver, serve: Serve, tmp_path: Path, environment: str, line: int, named: str
) -> None:
    server = serve(write_game(tmp_path / "keys", environment))
    with browser.participant(server.port) as person:
        person.open()
        person.wait_for_phase("page")
        person.press_continue()
        person.wait_for_scene("keys")
        if person.wait_for_phase("page", "error") == "page":
            person.press_continue()
        person.wait_for_phase("error")
        assert person.page.get_by_role("heading", name="The game cannot go on").is_visible()
        assert "Traceback" not in person.page.inner_text("body")
        assert person.page.get_by_role("button", name="Try again").is_visible()
        # The page says that it failed before the server has heard why.
        until(lambda: errors(server), lambda: f"an error reported by the page\n{server.log}")
    reported = errors(server)
    assert [error.kind for error in reported] == ["environment"]
    assert named in reported[0].message + reported[0].traceback
    assert "keys_env.py" in reported[0].traceback
    assert f"line {line}" in reported[0].traceback
