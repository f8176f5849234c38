"""Pages that are loaded again in the middle of a match: back into it, or out by the study's policy."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from mug.records import RecordReader, records_path
from mug.records import facts as f
from tests.drivers.browser_driver import BrowserDriver, ParticipantDriver
from tests.drivers.export_checks import export_session, verify_records
from tests.drivers.page_memory import MATCH_WORDS, PageMemory
from tests.drivers.pair_driver import finish, hands, identical_frames, match_records, play, sit_down
from tests.drivers.pair_study import FRAMES, write_pair_study
from tests.drivers.server_driver import ServerDriver

pytestmark = [pytest.mark.browser, pytest.mark.pyodide]

FPS = 30


@contextmanager
def at_the_game(
    browser: BrowserDriver, server: ServerDriver, *names: str
) -> Iterator[list[tuple[ParticipantDriver, PageMemory]]]:
    """Let people play; what is said over their games is kept, however short it is."""
    with ExitStack() as stack:
        people = [stack.enter_context(browser.participant(server.port)) for _ in names]
        memories = [PageMemory(person, MATCH_WORDS) for person in people]
        for person, name in zip(people, names, strict=True):
            person.open(name)
        play(people, "points")
        yield list(zip(people, memories, strict=True))


def shown_frame(person: ParticipantDriver) -> int:
    return int(person.game_attribute("frame") or 0)


def goes_on(person: ParticipantDriver, beyond: int) -> None:
    """Wait until the game has come further than this frame."""
    person.wait_for_frame(0, beyond)


def returns(data: Path) -> list[tuple[str, int]]:
    """Who came back, and at which frame of the first episode."""
    with RecordReader(records_path(data, "points")) as reader:
        [head] = reader.sessions()
        facts = [fact for fact in reader.facts(head.session_id) if isinstance(fact, f.PlayerReturned)]
    assert {fact.episode for fact in facts} == {0}
    return [(fact.participant_id, fact.frame) for fact in facts]


def test_that_a_reload_and_the_back_button_lead_back_into_the_match(browser: BrowserDriver, tmp_path: Path) -> None:
    study = write_pair_study(tmp_path / "points", conditions={"delay_ms": 50, "jitter_ms": 10, "loss": 0.03})
    data = tmp_path / "data"
    with (
        ServerDriver(study, data).start(deadline_s=240) as server,
        at_the_game(browser, server, "ann", "bob") as [(ann, seen_by_ann), (bob, seen_by_bob)],
    ):
        goes_on(ann, FPS)
        bob_left_at = shown_frame(bob)
        bob.page.reload()
        seen_by_ann.wait_for(MATCH_WORDS, "Your partner is coming back")
        bob.wait_for_phase("countdown", "playing")
        hands([bob], seed=7)
        goes_on(bob, 3 * FPS)
        goes_on(ann, 3 * FPS)

        ann_left_at = shown_frame(ann)
        ann.page.goto("about:blank")
        bob.page.locator('[data-mug-kind="waiting"], [data-mug-kind="paused"]').wait_for()
        ann.page.go_back()
        seen_by_bob.wait_for(MATCH_WORDS, "Your partner is coming back")
        ann.wait_for_phase("countdown", "playing")
        hands([ann], seed=8)
        finish([ann, bob])
        tables = export_session(data, "points", tmp_path / "out")
    verify_records(data, "points")

    [record] = match_records(data, "points")
    assert record.words == ["returned"]
    assert record.dropped == []
    assert identical_frames(record) == FRAMES
    back = returns(data)
    assert [who for who, _ in back] == ["bob", "ann"]
    # A frame that is shown may still be predicted: the match goes on behind the last that both have agreed on.
    assert bob_left_at - 12 < back[0][1] <= ann_left_at
    assert ann_left_at - 12 < back[1][1]
    [match] = tables["matches"].to_dict("records")
    assert match["outcome"] == "completed"
    assert match["flags"].count("returned") >= 1
    assert match["desyncs"] == 0
    [episode] = tables["episodes"].to_dict("records")
    assert episode["agreement"] == "agreed"
    statuses = tables["frames"][["status.north", "status.east"]]
    assert not statuses.isin(["dropped", "policy"]).any(axis=None)
    later = tables["frames"][tables["frames"]["frame"] >= back[1][1] + 5]
    for agent in ("north", "east"):
        assert (later[f"status.{agent}"] == "input").any(), "whoever came back acts again"
    told = tables["events"][tables["events"]["name"] == "player_returned"]
    assert list(told["participant_id"]) == ["bob", "ann"]


@pytest.mark.long
def test_that_who_has_come_back_goes_on_when_another_player_leaves_afterwards(
    browser: BrowserDriver, tmp_path: Path
) -> None:
    study = write_pair_study(
        tmp_path / "points", players=3, frames=240, reconnection_timeout_ms=3000, dropout_policy="default_action"
    )
    data = tmp_path / "data"
    with (
        ServerDriver(study, data).start(deadline_s=240) as server,
        sit_down(browser, server.port, ["ann", "bob", "cat"]) as [ann, bob, cat],
    ):
        play([ann, bob, cat], "points")
        goes_on(ann, FPS)
        bob.page.reload()
        bob.wait_for_phase("countdown", "playing")
        goes_on(bob, 2 * FPS)
        cat.page.close()
        finish([ann, bob])

    [record] = match_records(data, "points")
    assert [drop.agent for drop in record.dropped] == ["south"]
    assert "desync" not in record.words
    last = {who: max(chunk.last for chunk in recorded.chunks) for who, recorded in record.recorded.items()}
    assert (last["ann"], last["bob"]) == (239, 239)


@pytest.mark.long
def test_that_who_takes_too_long_is_out_and_every_row_after_it_says_so(browser: BrowserDriver, tmp_path: Path) -> None:
    study = write_pair_study(
        tmp_path / "points",
        conditions={"delay_ms": 20},
        dropout_policy="default_action",
        rejoin_timeout_ms=1000,
    )
    data = tmp_path / "data"
    with (
        ServerDriver(study, data).start(deadline_s=240) as server,
        sit_down(browser, server.port, ["ann", "bob"]) as [ann, bob],
    ):
        play([ann, bob], "points")
        goes_on(ann, 2 * FPS)
        bob.page.reload()
        bob.page.locator('[data-mug="match-end"]').wait_for()
        bob.press_continue()
        finish([ann, bob])
        tables = export_session(data, "points", tmp_path / "out")
    verify_records(data, "points")

    [record] = match_records(data, "points")
    assert [(fact.participant_id, fact.policy) for fact in record.dropped] == [("bob", "default_action")]
    assert "returned" not in record.words
    frames = tables["frames"]
    assert len(frames) == FRAMES
    agent = next(agent for agent, who in record.formed.agents.items() if who == "bob")
    out = frames[f"status.{agent}"] == "dropped"
    first = int(out.idxmax())
    assert 2 * FPS - 12 < first < 4 * FPS
    assert out[first:].all(), "every row after the cut is flagged"
    assert not out[:first].any()


@pytest.mark.long
def test_that_a_match_outlives_the_server_and_a_page_comes_back_into_it_afterwards(
    browser: BrowserDriver, tmp_path: Path
) -> None:
    frames = 900
    study = write_pair_study(tmp_path / "points", frames=frames, conditions={"delay_ms": 30})
    data = tmp_path / "data"
    with (
        ServerDriver(study, data).start(deadline_s=240) as server,
        at_the_game(browser, server, "ann", "bob") as [(ann, seen_by_ann), (bob, _)],
    ):
        goes_on(ann, FPS)
        server.kill()
        beyond = int(ann.game_attribute("frame") or 0) + FPS
        goes_on(ann, beyond)
        server.start(deadline_s=120)
        for person in (ann, bob):
            person.page.get_by_text("The connection to the study is interrupted").wait_for(state="hidden")
        bob.page.reload()
        seen_by_ann.wait_for(MATCH_WORDS, "Your partner is coming back")
        bob.wait_for_phase("countdown", "playing")
        hands([bob], seed=9)
        finish([ann, bob])
        tables = export_session(data, "points", tmp_path / "out")
    verify_records(data, "points")
    [record] = match_records(data, "points")
    assert record.words == ["returned"]
    assert identical_frames(record) == frames
    [(who, frame)] = returns(data)
    assert who == "bob"
    assert frame > beyond - 12
    assert list(tables["matches"]["outcome"]) == ["completed"]
