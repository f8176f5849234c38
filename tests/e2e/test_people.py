"""Whole groups of people in real browsers: a server that dies under six of them, leavers, reunions."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.drivers.browser_driver import BrowserDriver, ParticipantDriver
from tests.drivers.export_checks import export_session, verify_records
from tests.drivers.pair_driver import (
    MatchRecord,
    ann_and_ben,
    finish,
    hands,
    identical_frames,
    match_records,
    play,
    sit_down,
    walk_in,
)
from tests.drivers.people_study import FORM, game, write_people_study
from tests.drivers.server_driver import ServerDriver
from tests.drivers.slow_page import change_delay, slow_page

pytestmark = [pytest.mark.browser, pytest.mark.pyodide]

FPS = 30


@contextmanager
def seated(browser: BrowserDriver, server: ServerDriver, *names: str) -> Iterator[dict[str, ParticipantDriver]]:
    with ExitStack() as stack:
        people = stack.enter_context(sit_down(browser, server.port, names))
        yield dict(zip(names, people, strict=True))


def answer(person: ParticipantDriver, text: str) -> None:
    person.wait_for_scene("thoughts")
    person.page.get_by_role("textbox").fill(text)


def to_the_game(person: ParticipantDriver, text: str = "fun", scene: str = "points") -> None:
    """Through the pages before it, up to its Start button."""
    person.wait_for_scene("welcome")
    person.press_continue()
    answer(person, text)
    person.press_continue()
    person.wait_for_scene(scene)
    person.wait_for_phase("page")


def pairs(records: list[MatchRecord]) -> list[set[str]]:
    return [set(record.formed.visits) for record in records]


@pytest.mark.long
def test_that_a_server_killed_under_six_people_in_different_phases_costs_nobody_anything(
    browser: BrowserDriver, tmp_path: Path
) -> None:
    study = write_people_study(tmp_path / "points", [FORM, game("points")], frames=12 * FPS)
    data = tmp_path / "data"
    names = ("reading", "typing", "ready", "waiting", "ann", "ben")
    with ServerDriver(study, data).start(deadline_s=240) as server, seated(browser, server, *names) as people:
        for name in ("ann", "ben"):
            to_the_game(people[name])
            people[name].press_continue()
        people["typing"].wait_for_scene("welcome")
        people["typing"].press_continue()
        answer(people["typing"], "half a senten")
        to_the_game(people["ready"])
        for name in ("ann", "ben"):
            people[name].wait_for_phase("playing")
        hands([people["ann"], people["ben"]])
        to_the_game(people["waiting"])
        people["waiting"].press_continue()
        people["waiting"].wait_for_phase("waiting")
        people["ann"].wait_for_frame(0, 2 * FPS)

        server.kill()
        for name in ("reading", "typing", "ready", "waiting"):
            people[name].page.get_by_text("interrupted").first.wait_for()
        server.start(deadline_s=240)

        assert people["typing"].page.get_by_role("textbox").input_value() == "half a senten"
        people["ready"].press_continue()
        for name in ("ready", "waiting"):
            people[name].wait_for_phase("playing")
        to_the_game(people["reading"], "nothing")
        people["reading"].press_continue()
        answer(people["typing"], "half a sentence")
        people["typing"].press_continue()
        people["typing"].wait_for_scene("points")
        people["typing"].wait_for_phase("page")
        people["typing"].press_continue()
        finish(list(people.values()))
        tables = export_session(data, "points", tmp_path / "out")
    verify_records(data, "points")
    records = match_records(data, "points")
    assert pairs(records) == [{"ann", "ben"}, {"ready", "waiting"}, {"reading", "typing"}]
    for record in records:
        assert identical_frames(record) == 12 * FPS
        assert record.ended is not None
        assert record.ended.outcome == "completed"
    assert len(tables["participants"]) == 6
    forms = tables["forms"].set_index("participant_id")["answer"]
    assert forms["typing"] == "half a sentence"
    assert forms["ann"] == "fun"
    assert tables["visits"].groupby("participant_id")["scene_id"].apply(list).map(tuple).nunique() == 1


@pytest.mark.long
def test_that_partners_meet_again_in_the_second_game(browser: BrowserDriver, tmp_path: Path) -> None:
    again = game("again", multiplayer={"wait_for_known_group": True, "group_wait_timeout": 60_000})
    study = write_people_study(tmp_path / "points", [game("points"), again], frames=2 * FPS)
    data = tmp_path / "data"
    with ServerDriver(study, data).start(deadline_s=240) as server, seated(browser, server, *"abcd") as people:
        order = list(people.values())
        walk_in(order[:2], "points")
        walk_in(order[2:], "points")
        for person in order:
            person.wait_for_scene("again")
            person.wait_for_phase("page")
        for name in "acdb":
            people[name].press_continue()
        finish(order)
        tables = export_session(data, "points", tmp_path / "out")
    records = match_records(data, "points")
    first = [set(r.formed.visits) for r in records if r.formed.scene_id == "points"]
    second = [set(r.formed.visits) for r in records if r.formed.scene_id == "again"]
    assert sorted(map(sorted, first)) == [["a", "b"], ["c", "d"]]
    assert sorted(map(sorted, second)) == [["a", "b"], ["c", "d"]], "a and c came first, but waited for those they know"
    groups = tables["matches"].groupby("group_id").size()
    assert list(groups) == [2, 2]


@pytest.mark.long
def test_that_who_leaves_the_waitroom_or_a_form_holds_up_nobody(browser: BrowserDriver, tmp_path: Path) -> None:
    study = write_people_study(tmp_path / "points", [FORM, game("points")], frames=2 * FPS)
    data = tmp_path / "data"
    with (
        ServerDriver(study, data).start(deadline_s=240) as server,
        seated(browser, server, "ann", "ben", "leaves-room", "leaves-form") as people,
    ):
        people["leaves-form"].wait_for_scene("welcome")
        people["leaves-form"].press_continue()
        answer(people["leaves-form"], "I have to g")
        people["leaves-form"].page.close()
        to_the_game(people["leaves-room"])
        people["leaves-room"].press_continue()
        people["leaves-room"].wait_for_phase("waiting")
        people["leaves-room"].page.close()
        for name in ("ann", "ben"):
            to_the_game(people[name])
        people["ann"].press_continue()
        people["ann"].wait_for_phase("waiting")
        people["ben"].press_continue()
        finish([people["ann"], people["ben"]])
    records = match_records(data, "points")
    assert pairs(records) == [{"ann", "ben"}]


def test_that_who_leaves_in_the_countdown_ends_the_game_by_the_policy(browser: BrowserDriver, tmp_path: Path) -> None:
    """`reset_freeze_s` holds the first picture for a while: there the partner goes."""
    slow = game(
        "points",
        gameplay={"reset_freeze_s": 20.0},
        multiplayer={"reconnection_timeout_ms": 3_500, "partner_disconnect_message": "Ben had to go."},
    )
    study = write_people_study(
        tmp_path / "points", [slow], frames=10 * FPS, settings={"endings": {"partner_left_code": "PAID-HALF"}}
    )
    data = tmp_path / "data"
    with ServerDriver(study, data).start(deadline_s=240) as server, seated(browser, server, "ann", "ben") as people:
        walk_in(list(people.values()), "points")
        for person in people.values():
            person.wait_for_phase("countdown")
        people["ben"].page.close()
        people["ann"].page.get_by_text("PAID-HALF", exact=True).wait_for()
        assert "Ben had to go." in people["ann"].page.inner_text("body")
        people["ann"].wait_for_phase("ended")
        tables = export_session(data, "points", tmp_path / "out")
    [record] = match_records(data, "points")
    assert [(fact.participant_id, fact.policy) for fact in record.dropped] == [("ben", "end")]
    assert record.ended is not None
    assert record.ended.outcome == "partner_left"
    outcomes = tables["participants"].set_index("participant_id")["outcome"]
    assert outcomes["ann"] == "partner_left"
    assert "PAID-HALF" not in tables["participants"].to_csv(), "codes stand in the keys' file, not in the data"


@pytest.mark.long
def test_that_a_player_whose_connection_becomes_too_slow_is_warned_then_excluded_and_the_other_plays_on(
    browser: BrowserDriver, tmp_path: Path
) -> None:
    watched = game(
        "points",
        multiplayer={
            "continuous_max_ping": 400,
            "continuous_ping_violation_window": 4,
            "continuous_ping_required_violations": 4,
            "continuous_exclusion_messages": {"ping": "Too far away for this game."},
            "dropout_policy": "default_action",
        },
    )
    study = write_people_study(tmp_path / "points", [watched], frames=20 * FPS)
    data = tmp_path / "data"
    with ServerDriver(study, data).start(deadline_s=240) as server, ExitStack() as stack:
        ann, far = (stack.enter_context(browser.participant(server.port)) for _ in range(2))
        slow_page(far, 0)
        for person, name in ((ann, "ann"), (far, "far")):
            person.open(name)
        play([ann, far], "points")
        ann.wait_for_frame(0, FPS)
        change_delay(far, 900)
        far.page.get_by_text("Your connection is slow at present.").wait_for()
        far.wait_for_phase("excluded")
        assert far.page.get_by_text("Too far away for this game.").is_visible()
        finish([ann])
        tables = export_session(data, "points", tmp_path / "out")
    verify_records(data, "points")
    people = tables["participants"].set_index("participant_id")
    assert tuple(people.loc["far", ["outcome", "outcome_reason"]]) == ("excluded", "ping")
    assert people.loc["ann", "outcome"] == "complete"
    frames = tables["frames"]
    assert len(frames) == 20 * FPS
    [agent] = [fact.agent for fact in match_records(data, "points")[0].dropped]
    flagged = frames[f"status.{agent}"] == "dropped"
    assert flagged.any()
    assert flagged[flagged.idxmax() :].all(), "every row after the drop says so"
    events = tables["events"]
    assert "ping" in events[events["name"] == "warned"]["data"].iloc[0]


@pytest.mark.long
def test_that_a_focus_that_is_lost_between_two_episodes_ends_the_game_as_anywhere(
    browser: BrowserDriver, tmp_path: Path
) -> None:
    """The first picture of the second episode stands still for long: there the player goes away."""
    watched = game(
        "points",
        gameplay={"num_episodes": 2, "reset_freeze_s": 8.0},
        multiplayer={"focus_loss_timeout_ms": 3_000},
    )
    study = write_people_study(
        tmp_path / "points", [watched], frames=2 * FPS, settings={"endings": {"partner_left_code": "HALF-DONE"}}
    )
    data = tmp_path / "data"
    with ann_and_ben(browser, study, data, tmp_path / "profile") as (ann, ben):
        ben.page.wait_for_function(
            "() => document.querySelector('[data-mug=\"game\"]')?.dataset.mugEpisode === '1'", polling=100
        )
        ben.hide_tab()
        ben.page.wait_for_function("() => document.body.dataset.mugPhase === 'excluded'", polling=200)
        ann.page.locator("[data-mug=completion-code]").get_by_text("HALF-DONE", exact=True).wait_for()
        tables = export_session(data, "points", tmp_path / "out")
    verify_records(data, "points")
    people = tables["participants"].set_index("participant_id")
    assert tuple(people.loc["ben", ["outcome", "outcome_reason"]]) == ("excluded", "focus")
    assert people.loc["ann", "outcome"] == "partner_left"
    first = tables["frames"][tables["frames"]["episode"] == 0]
    assert list(first["frame"]) == list(range(2 * FPS)), "the first episode is whole"
    assert tables["episodes"].iloc[0]["end"] == "max_steps"
