"""What goes wrong between two people: another state, another program, a browser that is gone."""

import json
import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from playwright.sync_api import WebSocketRoute

from tests.drivers.browser_driver import BrowserDriver, ParticipantDriver
from tests.drivers.export_checks import export_session, verify_records
from tests.drivers.page_memory import MATCH_WORDS, PageMemory
from tests.drivers.pair_driver import change_program, finish, match_records, play, walk_in
from tests.drivers.pair_study import FRAMES, write_pair_study
from tests.drivers.server_driver import ServerDriver

pytestmark = [pytest.mark.browser, pytest.mark.pyodide]

FPS = 30
LIES_FROM = 67
TRUTH = "        total = sum("
LIE = f"        self.at['north'][0] += 1e-12 * (self.frame >= {LIES_FROM})\n{TRUTH}"


def events_of(tables: dict[str, pd.DataFrame], participant: str, name: str) -> list[dict[str, Any]]:
    """The data of a participant's events of one name."""
    events = tables["events"]
    rows = events[(events["participant_id"] == participant) & (events["name"] == name)]
    return [dict(json.loads(row["data"])) | {"frame": row["frame"]} for row in rows.to_dict("records")]


def test_that_a_state_that_differs_is_found_at_the_next_second_and_never_merged(
    browser: BrowserDriver, tmp_path: Path
) -> None:
    """Nobody presses a key: a rollback would bring the true state back and hide the difference.

    The packets go through the server, so that this way, too, is taken once in real browsers.
    """
    study = write_pair_study(tmp_path / "points", conditions={"delay_ms": 20}, webrtc={"force_relay": True})
    data = tmp_path / "data"
    with (
        ServerDriver(study, data).start(deadline_s=240) as server,
        browser.participant(server.port) as honest,
        browser.participant(server.port) as liar,
    ):
        people = [honest, liar]
        change_program(liar, server, "points_env.py", TRUTH, LIE)
        for person, name in zip(people, ("honest", "liar"), strict=True):
            person.open(name)
        walk_in(people, "points")
        finish(people)
        tables = export_session(data, "points", tmp_path / "out")
    [record] = match_records(data, "points")
    assert "desync" in record.words
    assert "frames_differ" in record.words
    [match] = tables["matches"].to_dict("records")
    assert match["desyncs"] > 0
    assert "desync" in match["flags"]
    checked = 3 * FPS - 1
    assert match["transport"] == "relay"
    for who in ("honest", "liar"):
        told = events_of(tables, who, "match_desync")
        assert told, f"{who}'s page was not told"
        assert told[0]["frame"] == checked
        assert told[0]["ours"] != told[0]["theirs"]
    [episode] = tables["episodes"].to_dict("records")
    assert episode["agreement"] == "differs"
    assert episode["disagrees_from"] == LIES_FROM - 1, "frames count from 0, the world counts its steps from 1"
    others = tables["frames_disagreeing"]
    assert others["frame"].min() == episode["disagrees_from"]
    assert others["participant_id"].nunique() == 1
    assert len(tables["frames"]) == FRAMES, "one of the two is kept as the frames, the other beside it"


def test_that_a_killed_browser_is_noticed_decided_and_what_was_agreed_is_kept(
    browser: BrowserDriver, tmp_path: Path
) -> None:
    study = write_pair_study(tmp_path / "points", conditions={"delay_ms": 50}, reconnection_timeout_ms=3500)
    data = tmp_path / "data"
    with (
        ServerDriver(study, data).start(deadline_s=240) as server,
        browser.participant(server.port) as survivor,
        browser.hideable_participant(server.port, tmp_path / "profile") as victim,
    ):
        seen = PageMemory(survivor, MATCH_WORDS)
        for person, name in ((survivor, "survivor"), (victim, "victim")):
            person.open(name)
        play([survivor, victim], "points")
        survivor.wait_for_frame(0, 2 * FPS)
        shown = int(survivor.game_attribute("frame") or 0)
        victim.kill_browser()
        seen.wait_for(MATCH_WORDS, "The connection to your partner is interrupted")
        survivor.page.get_by_role("heading", name="Your partner has left").wait_for()
        finish([survivor])
        last = seen.last_frame
        assert len(survivor.page.locator("[data-mug=completion-code]").inner_text()) == 10
        tables = export_session(data, "points", tmp_path / "out")
    verify_records(data, "points")

    [interrupted, *_] = events_of(tables, "survivor", "match_interrupted")
    assert interrupted["silent_ms"] >= 750
    assert events_of(tables, "survivor", "match_lost")
    [record] = match_records(data, "points")
    assert [(fact.participant_id, fact.policy) for fact in record.dropped] == [("victim", "end")]
    assert record.ended is not None
    assert record.ended.outcome == "partner_left"
    [match] = tables["matches"].to_dict("records")
    assert match["outcome"] == "partner_left"
    frames = tables["frames"]
    assert list(frames["frame"]) == list(range(len(frames)))
    assert shown - 30 <= len(frames) <= last, "up to the last frame that both had"
    statuses = frames[["status.north", "status.east"]]
    assert not statuses.isin(["dropped"]).any(axis=None), "no frame is made up after the cut"
    for key, body in record.recorded["victim"].bodies.items():
        assert record.recorded["survivor"].bodies[key] == body


def tamper_with_study_hash(person: ParticipantDriver) -> None:
    """This page is told another study hash than its partner."""

    def routed(socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()

        def changed(message: str | bytes) -> None:
            if isinstance(message, str):
                message = re.sub(r'("study_hash":\s*")[0-9a-f]{8}', r"\g<1>00000000", message)
            socket.send(message)

        server.on_message(changed)

    person.page.route_web_socket(re.compile("socket.io"), routed)


@pytest.mark.parametrize(("what", "word"), [("study", "study")])
def test_that_pages_with_another_study_do_not_play_together(
    browser: BrowserDriver, tmp_path: Path, what: str, word: str
) -> None:
    study = write_pair_study(tmp_path / "points")
    data = tmp_path / "data"
    with (
        ServerDriver(study, data).start(deadline_s=240) as server,
        browser.participant(server.port) as one,
        browser.participant(server.port) as other,
    ):
        tamper_with_study_hash(other)
        people = [one, other]
        for person, name in zip(people, ("one", "other"), strict=True):
            person.open(name)
        walk_in(people, "points")
        for person in people:
            person.page.locator('[data-mug="match-end"]').wait_for()
            assert "do not run exactly the same program" in person.page.inner_text("body")
            person.press_continue()
        finish(people)
        tables = export_session(data, "points", tmp_path / "out")
    [record] = match_records(data, "points")
    assert "refused" in record.words
    assert any(word in flag.detail for flag in record.flags), [flag.detail for flag in record.flags]
    assert record.recorded == {}, "nothing was played"
    [match] = tables["matches"].to_dict("records")
    assert match["outcome"] in {"refused", "void"}
