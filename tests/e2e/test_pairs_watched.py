"""A player who looks elsewhere: the game waits, and whoever stays away for too long leaves it."""

import json
from pathlib import Path

import pytest

from tests.drivers.browser_driver import BrowserDriver
from tests.drivers.export_checks import export_session, verify_records
from tests.drivers.pair_driver import ann_and_ben, finish, match_records
from tests.drivers.pair_study import write_pair_study

FPS = 30

pytestmark = [pytest.mark.alone, pytest.mark.long, pytest.mark.browser, pytest.mark.pyodide]


def test_that_the_game_waits_for_a_hidden_player_who_is_then_excluded_and_the_other_gets_a_code(
    browser: BrowserDriver, tmp_path: Path
) -> None:
    study = write_pair_study(
        tmp_path / "points",
        frames=3000,
        pause_on_partner_background=True,
        focus_loss_timeout_ms=12_000,
        focus_loss_message="You looked elsewhere for too long.",
        partner_disconnect_message="Your partner did not come back.",
    )
    data = tmp_path / "data"
    with ann_and_ben(browser, study, data, tmp_path / "profile") as (ann, ben):
        ann.wait_for_frame(0, 2 * FPS)
        ben.hide_tab()
        ann.page.get_by_text("Your partner's window is in the background").wait_for()
        stood = int(ann.game_attribute("frame") or 0)
        ben.show_tab()
        ann.wait_for_frame(0, stood + FPS)
        ben.hide_tab()
        ben.page.wait_for_function("() => document.body.dataset.mugPhase === 'excluded'", polling=200)
        ben.show_tab()
        assert ben.page.get_by_text("You looked elsewhere for too long.").is_visible()
        ann.page.get_by_role("heading", name="Your partner has left").wait_for()
        assert ann.page.get_by_text("Your partner did not come back.").is_visible()
        finish([ann])
        ben.page.get_by_text("Everything is saved.").wait_for()
        codes = {person.page.locator("[data-mug=completion-code]").inner_text() for person in (ann, ben)}
        assert len(codes) == 2
        tables = export_session(data, "points", tmp_path / "out")
    verify_records(data, "points")
    people = {row["participant_id"]: row for row in tables["participants"].to_dict("records")}
    assert (people["ben"]["outcome"], people["ben"]["outcome_reason"]) == ("excluded", "focus")
    assert people["ann"]["outcome"] == "partner_left"
    [record] = match_records(data, "points")
    assert [(fact.participant_id, fact.policy) for fact in record.dropped] == [("ben", "end")]
    [match] = tables["matches"].to_dict("records")
    assert match["outcome"] == "partner_left"
    frames = tables["frames"]
    assert list(frames["frame"]) == list(range(len(frames)))
    assert len(frames) > stood
    assert not (frames[["status.north", "status.east"]] == "hidden").any(axis=None)
    events = tables["events"]
    warned = events[(events["participant_id"] == "ben") & (events["name"] == "warned")]
    assert [json.loads(data)["kind"] for data in warned["data"]] == ["focus"]
    for key, body in record.recorded["ben"].bodies.items():
        assert record.recorded["ann"].bodies.get(key, body) == body
