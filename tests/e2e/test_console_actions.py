"""What the experimenter does arrives in a real browser, is acknowledged, and costs no data."""

import itertools
import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from mug.protocol.lab import LabBatch, LabReply
from mug.protocol.lab_console import Act, AnswerHand, SetStage
from mug.records import RecordReader, records_path
from mug.records import facts as f
from tests.drivers.browser_driver import BrowserDriver, ParticipantDriver
from tests.drivers.console_study import write_pages_study
from tests.drivers.pair_driver import finish, identical_frames, match_records, play, sit_down, walk_in
from tests.drivers.pair_study import write_pair_study
from tests.drivers.server_driver import LabDriver, ServerDriver

pytestmark = [pytest.mark.browser]

NUMBERS = itertools.count(1)


def act(lab: LabDriver, action: str, *participants: str, **more: Any) -> str:
    """Do something to participants; returns the action's id."""
    action_id = f"act-{next(NUMBERS)}"
    reply = lab.ask(Act(request_id=action_id, action=action, participants=participants, **more))
    assert reply.error == "", reply.error
    return action_id


def stage(lab: LabDriver, name: str) -> LabReply:
    reply = lab.ask(SetStage(request_id=f"stage-{next(NUMBERS)}", stage=name))
    assert reply.error == "", reply.error
    return reply


def wait_until_seen(lab: LabDriver, action_id: str, participant: str, state: str = "shown") -> None:
    """Wait until the console shows that a page has acknowledged an action."""
    lab.wait_for(
        LabBatch,
        lambda batch: any(
            view.action_id == action_id
            and any(target.participant_id == participant and target.state == state for target in view.targets)
            for view in batch.actions
        ),
    )


@contextmanager
def participant(
    browser: BrowserDriver, server: ServerDriver, name: str = "ann", *, script: str = ""
) -> Iterator[tuple[ParticipantDriver, LabDriver]]:
    with LabDriver(server) as lab, browser.participant(server.port) as person:
        if script:
            person.context.add_init_script(script)
        person.open(name)
        yield person, lab


def facts(data: Path, experiment: str) -> list[f.AnyFact]:
    with RecordReader(records_path(data, experiment)) as reader:
        [head] = reader.sessions()
        return list(reader.facts(head.session_id))


def text_of(person: ParticipantDriver, hook: str) -> str:
    return person.page.locator(f'[data-mug="{hook}"]').inner_text()


def is_paused(person: ParticipantDriver) -> bool:
    return bool(person.page.evaluate("() => document.body.dataset.mugPaused === 'true'"))


def wait_until_paused(person: ParticipantDriver, paused: bool = True) -> None:
    person.page.wait_for_function("(paused) => (document.body.dataset.mugPaused === 'true') === paused", arg=paused)


def test_that_people_wait_for_the_start_hear_and_ask_the_experimenter_and_do_what_they_decide(
    browser: BrowserDriver, tmp_path: Path
) -> None:
    study = write_pages_study(tmp_path / "pages")
    data = tmp_path / "data"
    with (
        ServerDriver(study, data, "--stage", "prepared", "--help-button") as server,
        participant(browser, server) as (ann, lab),
    ):
        page = ann.page
        ann.wait_for_phase("waiting")
        page.get_by_text("The session has not begun yet").wait_for()
        assert page.locator('[data-mug="help"]').count() == 0, "nobody can be asked before the welcome"
        stage(lab, "doors_open")
        page.get_by_text("You are in").wait_for()
        assert ann.phase() == "waiting"
        page.locator('[data-mug="help"]').wait_for()
        stage(lab, "running")
        ann.wait_for_scene("welcome")
        ann.press_continue()
        ann.wait_for_scene("thoughts")

        # Two messages queue up; markup in them is text, line breaks stay.
        first = act(lab, "message", "ann", text="Please <b>speak</b> quietly.\nThank you.")
        wait_until_seen(lab, first, "ann")
        second = act(lab, "message", "ann", text="Second")
        page.get_by_text("One more message follows.").wait_for()
        assert text_of(ann, "told-text") == "Please <b>speak</b> quietly.\nThank you."
        page.get_by_role("textbox").press("Shift+Tab")
        page.keyboard.press("Enter")
        wait_until_seen(lab, first, "ann", "read")
        wait_until_seen(lab, second, "ann")
        page.reload()
        ann.wait_for_scene("thoughts")
        page.get_by_text("Second").wait_for()
        assert page.locator('[data-mug="told"]').count() == 1, "what was read does not come again"
        page.locator('[data-mug="told-ok"]').click()
        wait_until_seen(lab, second, "ann", "read")
        page.locator('[data-mug="told"]').wait_for(state="detached")

        # Paused: no key and no click gets through, and a reload does not help.
        page.get_by_role("textbox").fill("half a")
        paused = act(lab, "pause", "ann", text="We repair the door.")
        wait_until_seen(lab, paused, "ann")
        assert text_of(ann, "pause-text") == "We repair the door."
        page.keyboard.type(" sentence")
        page.keyboard.press("Enter")
        page.reload()
        ann.wait_for_scene("thoughts")
        wait_until_paused(ann)
        assert page.evaluate("() => document.getElementById('mug-app').inert")
        page.evaluate("() => document.querySelector('textarea').focus()")
        page.keyboard.type("nothing")
        wait_until_seen(lab, act(lab, "resume", "ann"), "ann")
        wait_until_paused(ann, False)
        assert page.get_by_role("textbox").input_value() == "half a"

        # A raised hand, answered with words.
        page.locator('[data-mug="help"]').press("Enter")
        page.locator('[data-mug="help-text"]').fill("My chair is broken")
        page.locator('[data-mug="raise-hand"]').click()
        page.get_by_role("button", name="Your hand is raised").wait_for()
        lab.wait_for(LabBatch, lambda batch: any(view.hand == "My chair is broken" for view in batch.participants))
        page.reload()
        page.get_by_role("button", name="Your hand is raised").wait_for()
        lab.ask(AnswerHand(request_id="answer", participant_id="ann", text="Take number 3."))
        page.get_by_text("Answer from the experimenter").wait_for()
        page.get_by_role("button", name="Ask for help").wait_for()
        page.locator('[data-mug="told-ok"]').click()
        wait_until_seen(lab, "answer", "ann", "read")
        page.locator('[data-mug="help"]').click()
        page.locator('[data-mug="raise-hand"]').click()
        page.get_by_role("button", name="Your hand is raised").click()
        page.locator('[data-mug="lower-hand"]').click()
        page.get_by_role("button", name="Ask for help").wait_for()

        # Moved on, in the middle of a form.
        page.get_by_role("textbox").fill("never handed in")
        wait_until_seen(lab, act(lab, "advance", "ann"), "ann")
        ann.wait_for_scene("afterwards")

        # Two others come, and have to leave: each reads why, with the code, and the page has said so before it let go.
        with browser.participant(server.port) as bob, browser.participant(server.port) as cyd:
            for person, name in ((bob, "bob"), (cyd, "cyd")):
                person.open(name)
                person.wait_for_scene("welcome")
            act(lab, "pause", "bob")
            wait_until_paused(bob)
            out = act(lab, "exclude", "bob", text="Please leave\nthe room.", pay="partial")
            wait_until_seen(lab, out, "bob")
            assert bob.wait_for_phase("excluded") == "excluded"
            assert not is_paused(bob)
            bob.page.get_by_text("Please leave").wait_for()
            assert text_of(bob, "completion-code") == "CODE-EXCLUDED"
            done = act(lab, "end", "cyd", text="We are out of time.")
            wait_until_seen(lab, done, "cyd")
            cyd.wait_for_phase("ended")
            cyd.page.get_by_role("heading", name="Thank you").wait_for()
            cyd.page.get_by_text("We are out of time.").wait_for()
            assert text_of(cyd, "completion-code") == "CODE-COMPLETE"
            for person in (bob, cyd):
                person.page.get_by_text("Everything is saved.").wait_for()
                assert person.page.locator('[data-mug="help"]').count() == 0
                assert person.page_errors == []

        # The whole session pauses, and runs again.
        stage(lab, "paused")
        wait_until_paused(ann)
        stage(lab, "running")
        wait_until_paused(ann, False)
        assert ann.page_errors == []

    seen = [fact for fact in facts(data, "pages") if isinstance(fact, f.ActionAcknowledged)]
    assert len({(fact.action_id, fact.state) for fact in seen}) == len(seen), "each is recorded once"


KEEP_WHAT_PYTHON_PRINTS = """
globalThis.Worker = class extends Worker {
  constructor(...given) {
    super(...given);
    this.addEventListener("message", ({ data }) => {
      if (data?.op === "console") (window.mugTestPrinted ??= []).push(...data.lines.map(({ text }) => text));
    });
  }
};
"""


def frames_of(data: Path, experiment: str, participant_id: str) -> dict[tuple[str, int], int]:
    """How many frames are stored of each match and episode; none is missing, none is there twice."""
    found: dict[tuple[str, int], int] = {}
    for fact in facts(data, experiment):
        if isinstance(fact, f.ChunkStored) and fact.stream == "frames" and fact.participant_id == participant_id:
            key = (fact.meta["match_id"], fact.meta["episode"])
            assert fact.meta["first"] == found.get(key, 0), f"a gap in {key} before frame {fact.meta['first']}"
            found[key] = fact.meta["last"] + 1
    return found


def events_of(data: Path, experiment: str, participant_id: str) -> list[dict[str, Any]]:
    """The rows of a participant's event stream, in order."""
    rows: list[dict[str, Any]] = []
    with RecordReader(records_path(data, experiment)) as reader:
        [head] = reader.sessions()
        for fact in reader.facts(head.session_id):
            if isinstance(fact, f.ChunkStored) and fact.stream == "event" and fact.participant_id == participant_id:
                rows += [json.loads(line) for line in reader.body(fact.sha256).splitlines()]
    return rows


def wait_for_pulses(lab: LabDriver, name: str, pulses: int = 3) -> None:
    """Wait until a page has said so many times more how it is."""
    seen = len(lab.received)
    lab.wait_for(
        LabBatch,
        lambda _batch: (
            sum(
                point.participant_id == name
                for message in lab.received[seen:]
                if isinstance(message, LabBatch)
                for point in message.telemetry
            )
            >= pulses
        ),
    )


@pytest.mark.pyodide
def test_that_a_game_stands_still_while_it_is_paused_and_loses_nothing_when_it_is_cut_short(
    browser: BrowserDriver, short_mountain_car: Path, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    # Long enough for whatever happens here: it is cut short in the end.
    file = short_mountain_car / "study.toml"
    file.write_text(file.read_text(encoding="utf-8").replace("max_steps = 150", "max_steps = 9000"), encoding="utf-8")
    with (
        ServerDriver(short_mountain_car, data, "--help-button") as server,
        participant(browser, server, script=KEEP_WHAT_PYTHON_PRINTS) as (ann, lab),
    ):
        page = ann.page
        walk_in([ann], "mountain-car")
        ann.wait_for_phase("playing")
        ann.wait_for_frame(0, 20)
        hint = page.locator(".stage-hint")

        # A message takes no key of the game; Tab leads to its button and back.
        message = act(lab, "message", "ann", text="You are doing fine.")
        wait_until_seen(lab, message, "ann")
        card, game = page.locator('[data-mug="told"]').bounding_box(), page.locator("canvas").bounding_box()
        assert card is not None
        assert game is not None
        assert card["y"] + card["height"] <= game["y"], "the message covers nothing of the game"
        page.keyboard.down("ArrowLeft")
        page.keyboard.up("ArrowLeft")
        assert hint.is_hidden(), "the game still has the keyboard"
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        wait_until_seen(lab, message, "ann", "read")
        assert page.evaluate("() => document.activeElement.dataset.mug") == "game"

        paused = act(lab, "pause", "ann")
        wait_until_seen(lab, paused, "ann")
        page.keyboard.press("ArrowRight")
        wait_for_pulses(lab, "ann", 1)  # a frame that was under way has come by then
        stands = ann.game_attribute("frame")
        wait_for_pulses(lab, "ann", 2)
        assert ann.game_attribute("frame") == stands
        assert ann.game_attribute("episode") == "0"
        wait_until_seen(lab, act(lab, "resume", "ann"), "ann")
        ann.wait_for_frame(0, int(stands or 0) + 20)
        assert page.evaluate("() => document.activeElement.dataset.mug") == "game"

        # An error comes with what the page, and the study's code in the worker, have printed.
        page.evaluate("() => console.log('the page', {n: 1})")
        page.workers[-1].evaluate("() => console.warn('the study printed this')")
        page.wait_for_function("() => (window.mugTestPrinted ?? []).includes('the study printed this')")
        page.evaluate("() => void setTimeout(() => Promise.reject(new Error('boom')))")
        lab.wait_for(LabBatch, lambda batch: any("boom" in line.text for line in batch.log))

        # Moved on in the middle: everything that was seen of the game is kept.
        played = int(ann.game_attribute("frame") or 0)
        moved = act(lab, "advance", "ann", reason="too late")
        wait_until_seen(lab, moved, "ann")
        ann.wait_for_scene("end")
        ann.page_errors.clear()
        finish([ann])

    [error] = [fact for fact in facts(data, "mountain-car") if isinstance(fact, f.ErrorReported)]
    assert [line.split(" ", 1)[1] for line in error.console][-3:] == [
        'log the page {"n":1}',
        "warn the study printed this",
        "error unhandled rejection: Error: boom",
    ]
    frames = frames_of(data, "mountain-car", "ann")
    assert len(frames) == 1
    assert played <= frames.popitem()[1] < 9000
    rows = [row for row in events_of(data, "mountain-car", "ann") if row["name"] in ("paused", "resumed")]
    assert [row["name"] for row in rows] == ["paused", "resumed"]
    assert rows[0]["action_id"] == paused


@pytest.mark.long
@pytest.mark.pyodide
def test_that_a_match_that_is_paused_stands_still_for_both_and_stays_the_same_game(
    browser: BrowserDriver, tmp_path: Path
) -> None:
    study = write_pair_study(tmp_path / "points", frames=240)
    data = tmp_path / "data"
    with (
        ServerDriver(study, data).start(deadline_s=240) as server,
        LabDriver(server) as lab,
        sit_down(browser, server.port, ["ann", "ben"]) as [ann, ben],
    ):
        play([ann, ben], "points")
        ann.wait_for_frame(0, 30)
        # One page is told, both stand still: none can go on without the other.
        paused = act(lab, "pause", "ann", text="One moment.")
        wait_until_seen(lab, paused, "ann")
        for person in (ann, ben):
            wait_until_paused(person)
            person.page.wait_for_function(
                "() => document.querySelector('[data-mug=game]').dataset.mugStage === 'paused'"
            )
        stands = [person.game_attribute("frame") for person in (ann, ben)]
        lab.wait_for(LabBatch, lambda batch: any(match.state == "paused" for match in batch.matches))
        # Longer than a silent partner is waited for: nobody is lost.
        wait_for_pulses(lab, "ben", 5)
        assert [person.game_attribute("frame") for person in (ann, ben)] == stands
        # A message is read during the pause.
        message = act(lab, "message", "ben", text="It goes on soon.")
        wait_until_seen(lab, message, "ben")
        ben.page.locator('[data-mug="told-ok"]').click()
        wait_until_seen(lab, message, "ben", "read")
        act(lab, "resume", "ann")
        for person in (ann, ben):
            wait_until_paused(person, False)
        finish([ann, ben])

    [record] = match_records(data, "points")
    assert record.words == []
    assert record.dropped == []
    assert identical_frames(record) == 240
    for name in ("ann", "ben"):
        rows = events_of(data, "points", name)
        assert [row["name"] for row in rows if row["name"] in ("paused", "resumed")] == ["paused", "resumed"]
        assert not any(row["name"] in ("match_lost", "match_desync", "match_interrupted") for row in rows)


@pytest.mark.pyodide
@pytest.mark.long
def test_that_players_are_sent_back_put_together_anew_and_moved_on_with_all_that_they_played(
    browser: BrowserDriver, tmp_path: Path
) -> None:
    study = write_pair_study(tmp_path / "points", frames=300)
    data = tmp_path / "data"
    names = ["ann", "ben"]
    with (
        ServerDriver(study, data).start(deadline_s=240) as server,
        LabDriver(server) as lab,
        sit_down(browser, server.port, names) as people,
    ):
        ann, ben = people

        def new_game(before: set[str]) -> str:
            """Wait until both play a match that was not there before; returns it."""
            fresh = lab.wait_for(
                LabBatch,
                lambda batch: any(view.match_id not in before and view.state == "playing" for view in batch.matches),
            )
            for person in people:
                person.wait_for_phase("playing")
            return next(view.match_id for view in fresh.matches if view.match_id not in before)

        play(people, "points")
        first = new_game(set())
        ann.wait_for_frame(0, 40)
        back = act(lab, "to_waitroom", *names)
        for name in names:
            wait_until_seen(lab, back, name)
        second = new_game({first})
        ann.wait_for_frame(0, 40)
        # Into another group, with the places changed.
        anew = act(lab, "repair", groups=(("ben", "ann"),))
        for name in names:
            wait_until_seen(lab, anew, name)
        third = new_game({first, second})
        ann.wait_for_frame(0, 40)
        # Paused, loaded again, and still in the same game.
        paused = act(lab, "pause", *names)
        for name in names:
            wait_until_seen(lab, paused, name)
        ben.page.reload()
        wait_until_paused(ben)
        ben.page.wait_for_function("() => document.querySelector('[data-mug=game]')?.dataset.mugStage === 'paused'")
        act(lab, "resume", *names)
        ann.wait_for_frame(0, 90)
        # Moved on: for the other it is as if the partner had left, and their participation ends with the game.
        played = int(ann.game_attribute("frame") or 0)
        wait_until_seen(lab, act(lab, "advance", "ann"), "ann")
        ann.wait_for_scene("end")
        finish([ann])
        finish([ben])
        ben.page.get_by_role("heading", name="Your partner has left").wait_for()
        assert all(person.page_errors == [] for person in people)

    records = match_records(data, "points")
    assert [record.formed.match_id for record in records] == [first, second, third]
    assert [record.formed.agents for record in records][2] == {"north": "ben", "east": "ann"}
    assert not any("desync" in record.words for record in records)
    for record in records[:2]:
        assert min(sum(chunk.last + 1 - chunk.first for chunk in one.chunks) for one in record.recorded.values()) >= 30
    for name in names:
        for (match_id, _episode), frames in frames_of(data, "points", name).items():
            assert frames >= (played - 20 if match_id == third else 30)


@pytest.mark.long
def test_that_what_was_done_to_pages_out_of_reach_outlives_a_kill_of_the_server_and_arrives(
    browser: BrowserDriver, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    names = ("told", "paused", "advanced", "excluded", "ended")
    with ServerDriver(write_pages_study(tmp_path / "pages"), data) as server, ExitStack() as stack:
        people = {name: stack.enter_context(browser.participant(server.port)) for name in names}
        for name, person in people.items():
            person.open(name)
            person.wait_for_scene("welcome")
            person.press_continue()
            person.wait_for_scene("thoughts")
            person.page.context.set_offline(True)
        with LabDriver(server) as lab:
            done = {
                "told": act(lab, "message", "told", text="We are coming", reason="the chair"),
                "paused": act(lab, "pause", "paused", text="Stop, please", reason="the door"),
                "advanced": act(lab, "advance", "advanced", reason="stuck"),
                "excluded": act(lab, "exclude", "excluded", text="You were excluded", reason="slept"),
                "ended": act(lab, "end", "ended", reason="late"),
            }
            server.kill()
        server.start()
        with LabDriver(server) as lab:
            for person in people.values():
                person.page.context.set_offline(False)
            people["told"].page.get_by_text("We are coming").wait_for()
            wait_until_paused(people["paused"])
            assert text_of(people["paused"], "pause-text") == "Stop, please"
            people["advanced"].wait_for_scene("afterwards")
            people["excluded"].page.get_by_text("You were excluded").wait_for()
            people["ended"].page.get_by_text("CODE-COMPLETE").wait_for()
            for name, action_id in done.items():
                wait_until_seen(lab, action_id, name)
            again = Act(request_id=done["advanced"], action="advance", participants=("advanced",), reason="stuck")
            assert lab.ask(again).error == ""
            assert people["advanced"].scene() == "afterwards", "sent once more, it is not done twice"
    acts = [fact for fact in facts(data, "pages") if isinstance(fact, f.ActionTaken)]
    assert {fact.action_id for fact in acts} == set(done.values())
    assert all(fact.reason for fact in acts)
