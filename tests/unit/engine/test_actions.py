"""Messages and pauses: done once for each request, told again until acknowledged, and nobody's time runs meanwhile."""

from typing import Any

import msgspec
import pytest
from engine_driver import SHORT, TIMEOUT_MS, Memory, rules_of, study_for
from waiting_driver import back, duel, groups, join, match_of, reply, to_the_waitroom, waitroom

from mug.engine import fold
from mug.ids import ParticipantId
from mug.protocol.care import ActionSeen, Paused, Told
from mug.protocol.lab import EndSession, ReleaseGroups
from mug.protocol.lab_console import ActionView
from mug.protocol.messages import ErrorReply, MatchVerdict, Pulse, ReportPeer, ShowScene
from mug.protocol.parts import MatchStatus, ResumeCandidate
from mug.records import facts as f
from mug.study.model import EndPage, StartPage, Study


def short(*people: str) -> Memory:
    """A session whose participants `p-<connection>` see the first page."""
    memory = Memory(study=SHORT)
    memory.lab_in()
    for connection in people:
        memory.hello(connection, f"p-{connection}")
    return memory


def playing(*, policy: str = "end", **sections: Any) -> Memory:
    """Two participants, p-a and p-b, in a match."""
    memory = Memory(study=study_for(2, multiplayer=rules_of(dropout_policy=policy), **sections))
    memory.lab_in()
    to_the_waitroom(memory, "a", "b")
    return memory


def taken(memory: Memory) -> list[f.ActionTaken]:
    return [fact for fact in memory.recorded if isinstance(fact, f.ActionTaken)]


def view(memory: Memory, who: str) -> Any:
    return next(v for v in memory.snapshot().participants if v.participant_id == who)


def seen(memory: Memory, connection: str, action_id: str, state: str = "shown") -> None:
    memory.say(connection, ActionSeen(action_id=action_id, state=state))


def test_that_a_message_arrives_is_acknowledged_and_read() -> None:
    memory = short("a")
    answer = memory.act("message", "p-a", text="  Please speak up.  ", reason="too quiet", request_id="m1")
    assert answer.error == ""
    assert msgspec.convert(answer.data, ActionView).targets[0].state == "sent"
    assert memory.last("a", Told) == Told(action_id="m1", text="Please speak up.")
    assert view(memory, "p-a").unseen_actions == 1
    seen(memory, "a", "m1")
    assert memory.action("m1").targets[0].state == "shown"
    assert view(memory, "p-a").unseen_actions == 0
    seen(memory, "a", "m1", "read")
    shown = memory.action("m1")
    assert (shown.targets[0].state, shown.reason) == ("read", "too quiet")
    seen(memory, "a", "m1")
    seen(memory, "a", "m1", "read")
    states = [fact.state for fact in memory.recorded if isinstance(fact, f.ActionAcknowledged)]
    assert states == ["shown", "read"]
    assert fold(memory.recorded) == memory.run.state


def test_that_the_consoles_are_told_what_changed_of_an_action() -> None:
    memory = short("a")
    memory.act("message", "p-a", text="x", request_id="m1")
    assert [v.action_id for v in memory.batch().actions] == ["m1"]
    seen(memory, "a", "m1")
    assert memory.batch().actions[0].targets[0].state == "shown"
    memory.say("a", Pulse(n=1, client_ms=0.0))
    assert memory.batch().actions == ()


def test_that_a_request_that_is_sent_again_is_answered_again_and_done_once() -> None:
    memory = short("a")
    first = memory.act("message", "p-a", text="x", request_id="m1")
    seen(memory, "a", "m1")
    second = memory.act("message", "p-a", text="x", request_id="m1")
    assert (first.error, second.error) == ("", "")
    assert second.data["targets"][0]["state"] == "shown"
    memory.crash_and_restart()
    third = memory.act("message", "p-a", text="x", request_id="m1")
    assert third.data == second.data
    assert len(taken(memory)) == 1
    assert len(memory.to("a", Told)) == 1


def test_that_another_request_under_a_used_id_is_refused_instead_of_said_to_be_done() -> None:
    memory = short("a", "b")
    memory.act("message", "p-a", "p-?", text="x", request_id="m1")
    assert memory.act("message", "p-a", "p-?", text=" x ", request_id="m1").error == ""
    for action, who, fields in (
        ("exclude", ("p-a", "p-?"), {}),
        ("message", ("p-b",), {"text": "x"}),
        ("message", ("p-a", "p-?"), {"text": "y"}),
    ):
        assert "used for something else" in memory.act(action, *who, request_id="m1", **fields).error
    assert len(taken(memory)) == 1
    assert view(memory, "p-a").outcome == ""


def test_that_a_message_is_told_until_it_is_read() -> None:
    memory = short("a")
    memory.drop("a")
    memory.act("message", "p-a", text="x", request_id="m1")
    memory.crash_and_restart()
    memory.hello("b", "p-a", tab="a", token=memory.token("a"))
    seen(memory, "b", "m1")
    memory.hello("c", "p-a", tab="a", token=memory.token("b"))
    seen(memory, "c", "m1", "read")
    memory.hello("d", "p-a", tab="a", token=memory.token("c"))
    assert [len(memory.to(page, Told)) for page in "abcd"] == [0, 1, 1, 0]


def test_that_a_foreign_acknowledgement_is_refused() -> None:
    memory = short("a", "b")
    memory.act("message", "p-a", text="x", request_id="m1")
    for action_id, state in (("m1", "shown"), ("?", "shown")):
        seen(memory, "b", action_id, state)
        assert memory.last("b", ErrorReply).path == "action_id"
    seen(memory, "a", "m1", "?")
    assert memory.last("a", ErrorReply).path == "state"
    assert memory.action("m1").targets[0].state == "sent"


def test_that_everyone_is_who_is_unfinished_and_others_are_skipped_with_words() -> None:
    memory = short("a", "b")
    memory.act("exclude", "p-b")
    answer = memory.act("message", text="x", everyone=True)
    assert [target["participant_id"] for target in answer.data["targets"]] == ["p-a"]
    answer = memory.act("message", "p-a", "p-b", "p-?", text="x")
    assert [(t["participant_id"], t["state"], t["why"]) for t in answer.data["targets"]] == [
        ("p-a", "sent", ""),
        ("p-b", "skipped", "the participation is over already"),
        ("p-?", "skipped", "there is no such participant in this session"),
    ]


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"action": "fly"}, "is no action"),
        ({"action": "message"}, "nobody is named"),
        ({"action": "message", "participants": ("p-a",)}, "is empty"),
        ({"action": "message", "participants": ("p-a",), "text": "x" * 2001}, "2001 characters"),
        ({"action": "message", "participants": ("p-?",), "text": "x"}, "nothing was done: p-?: there is no such"),
        ({"action": "resume", "participants": ("p-a",)}, "nothing was done: p-a: is not paused"),
        ({"action": "exclude", "participants": ("p-a",), "outcome": "complete"}, "is no outcome of this action"),
        ({"action": "message", "participants": ("p-a",), "text": "x", "outcome": "excluded"}, "message has none"),
        ({"action": "exclude", "participants": ("p-a",), "pay": "double"}, "is no rule for the pay"),
        ({"action": "pause", "participants": ("p-a",), "pay": "full"}, "only who is excluded or ended"),
        ({"action": "repair"}, "no group is named"),
        ({"action": "message", "participants": ("p-a",), "text": "x", "request_id": "stage-1"}, "request_id"),
        ({"action": "message", "participants": ("p-a",), "text": "x", "request_id": "x" * 129}, "request_id"),
    ],
)
def test_that_a_request_that_cannot_be_done_is_answered_in_words(fields: dict[str, Any], error: str) -> None:
    memory = short("a")
    participants = fields.pop("participants", ())
    answer = memory.act(fields.pop("action"), *participants, **fields)
    assert error in answer.error
    assert taken(memory) == []


def test_that_nothing_can_be_done_in_a_session_that_is_over() -> None:
    memory = short("a")
    memory.ask(EndSession(request_id="1", reason="over"))
    assert memory.act("pause", "p-a").error == "the session is over"


def test_that_a_preview_does_nothing() -> None:
    memory = playing()
    before = list(memory.recorded)
    for action in ("pause", "advance", "to_waitroom", "exclude", "end"):
        answer = memory.act(action, "p-a", "p-?", preview=True)
        assert answer.error == ""
        assert [t["state"] for t in answer.data["targets"]] == ["sent", "skipped"], action
        assert [a["participant_id"] for a in answer.data["affected"]] == ["p-b"], action
    assert memory.recorded == before
    assert memory.act("resume", "p-a", preview=True).data["targets"][0]["why"] == "is not paused"


def test_that_a_pause_stays_until_it_is_taken_back() -> None:
    memory = short("a")
    memory.act("pause", "p-a", text="The fire alarm rings.", request_id="p1")
    assert memory.last("a", Paused) == Paused(action_id="p1", paused=True, message="The fire alarm rings.")
    assert view(memory, "p-a").paused
    memory.crash_and_restart()
    memory.hello("b", "p-a", tab="a", token=memory.token("a"))
    assert memory.last("b", Paused) == Paused(action_id="p1", paused=True, message="The fire alarm rings.")
    seen(memory, "b", "p1")
    memory.drop("b")
    memory.act("resume", "p-a", request_id="p2")
    memory.hello("c", "p-a", tab="a", token=memory.token("b"))
    assert memory.last("c", Paused) == Paused(action_id="p2", paused=False)
    assert "is paused already" not in memory.act("pause", "p-a").error


def test_that_only_the_last_pause_or_resume_waits_for_an_acknowledgement() -> None:
    memory = short("a")
    memory.drop("a")
    memory.act("pause", "p-a", request_id="p1")
    memory.act("resume", "p-a", request_id="p2")
    assert view(memory, "p-a").unseen_actions == 1
    memory.hello("b", "p-a", tab="a", token=memory.token("a"))
    seen(memory, "b", "p2")
    assert view(memory, "p-a").unseen_actions == 0
    assert [memory.action(a).targets[0].state for a in ("p1", "p2")] == ["sent", "shown"]


def test_that_a_game_is_paused_for_all_its_players_and_goes_on_for_all() -> None:
    memory = playing()
    answer = memory.act("pause", "p-a", request_id="p1")
    assert answer.data["affected"] == [{"participant_id": "p-b", "how": "plays with p-a: is paused, too"}]
    assert memory.last("b", Paused) == Paused(action_id="p1", paused=True)
    seen(memory, "b", "p1")
    assert view(memory, "p-b").unseen_actions == 0
    assert memory.act("resume", "p-b", request_id="p2").data["affected"][0]["participant_id"] == "p-a"
    assert not memory.last("a", Paused).paused
    assert fold(memory.recorded) == memory.run.state


def report(memory: Memory, connection: str, agent: str, silent_ms: float = 3_000.0) -> None:
    match_id = match_of(memory, "p-a").match_id
    memory.say(connection, ReportPeer(match_id=match_id, agent=agent, state="lost", silent_ms=silent_ms))


def test_that_a_pause_holds_the_verdict_on_a_silent_partner() -> None:
    memory = playing()
    memory.drop("b")
    report(memory, "a", "a1")
    memory.act("pause", "p-a")
    memory.later(TIMEOUT_MS * 10)
    report(memory, "a", "a1", 40_000)
    memory.later(TIMEOUT_MS * 10)
    assert memory.to("a", MatchVerdict) == []
    memory.act("resume", "p-a")
    report(memory, "a", "a1", 60_000)
    memory.later(TIMEOUT_MS - 100)
    assert memory.to("a", MatchVerdict) == []  # the silence of the pause does not count
    memory.later(200)
    assert memory.last("a", MatchVerdict).dropped == ("a1",)


def test_that_a_pulse_in_a_pause_reports_nobody() -> None:
    memory = playing()
    memory.drop("b")
    memory.act("pause", "p-a")
    match_id = match_of(memory, "p-a").match_id
    status = msgspec.convert(
        {"match_id": match_id, "stage": "paused", "peers": [{"agent": "a1", "silent_ms": 9_000.0}]}, MatchStatus
    )
    memory.say("a", Pulse(n=1, client_ms=0.0, match=status))
    memory.later(TIMEOUT_MS * 3)
    memory.act("resume", "p-a")
    memory.later(TIMEOUT_MS * 3)
    assert memory.to("a", MatchVerdict) == []


def test_that_a_pause_holds_the_time_that_a_page_may_take_to_come_back() -> None:
    memory = Memory(study=study_for(2, multiplayer=rules_of(dropout_policy="end", rejoin_timeout_ms=20_000)))
    memory.lab_in()
    to_the_waitroom(memory, "a", "b")
    memory.drop("b")
    memory.hello("c", "p-b", tab="b", candidates=(candidate(memory, "b"),))  # loaded again
    memory.later(5_000)
    memory.set_stage("paused")
    memory.later(100_000)
    assert memory.to("a", MatchVerdict) == []
    memory.set_stage("running")
    memory.later(14_000)
    assert memory.to("a", MatchVerdict) == []
    memory.later(2_000)
    assert memory.last("a", MatchVerdict).dropped == ("a1",)


def candidate(memory: Memory, connection: str) -> ResumeCandidate:
    return ResumeCandidate(session_id="s1", participant_id=f"p-{connection}", token=memory.token(connection))


WAITS = Study(
    id="memory",
    chain=(StartPage(scene_id="start"), duel("duel", waitroom=waitroom(timeout=30_000)), EndPage(scene_id="end")),
)


@pytest.mark.parametrize("how", ["one", "all"])
@pytest.mark.parametrize("restart", [False, True])
def test_that_the_time_in_a_waitroom_stands_still_in_a_pause(how: str, restart: bool) -> None:
    memory = Memory(study=WAITS)
    memory.lab_in()
    to_the_waitroom(memory, "a")
    memory.later(10_000)
    if how == "one":
        memory.act("pause", "p-a")
    else:
        memory.set_stage("paused")
    memory.later(60_000)
    memory.tick()
    assert memory.scene("a").scene_id == "duel"
    page = "a"
    if restart:
        memory.crash_and_restart()
        memory.lab_in()
        back(memory, "a", "a2")
        page = "a2"
    if how == "one":
        memory.act("resume", "p-a")
    else:
        memory.set_stage("running")
    if restart:
        memory.later(11_000)  # nobody's time is up in the first half minute of a server
    memory.later(8_000 if restart else 19_000)
    assert memory.scene(page).scene_id == "duel"
    assert memory.run.state.participants[ParticipantId("p-a")].outcome is None
    memory.later(32_000 if restart else 2_000)
    assert memory.run.state.participants[ParticipantId("p-a")].outcome == "no_partner"


def test_that_who_is_paused_is_matched_with_nobody() -> None:
    memory = Memory(study=WAITS)
    memory.lab_in()
    to_the_waitroom(memory, "a")
    memory.act("pause", "p-a")
    to_the_waitroom(memory, "b")
    assert groups(memory) == []
    memory.ask(ReleaseGroups(request_id="1", node_path=(1,), groups=(("p-a", "p-b"),)))
    assert reply(memory) == "p-a is paused: let them go on first"
    memory.act("resume", "p-a")
    assert groups(memory) == [("p-a", "p-b")]


def test_that_nobody_is_matched_while_all_are_paused() -> None:
    memory = Memory(study=WAITS)
    memory.lab_in()
    to_the_waitroom(memory, "a")
    memory.set_stage("paused")
    to_the_waitroom(memory, "b")
    memory.later(60_000)
    assert groups(memory) == []
    memory.set_stage("running")
    assert groups(memory) == [("p-a", "p-b")]
    assert [p.outcome for p in memory.run.state.participants.values()] == [None, None]


def test_that_a_group_that_is_ready_falls_apart_when_one_of_it_is_paused() -> None:
    memory = Memory(study=WAITS, release="experimenter")
    memory.lab_in()
    to_the_waitroom(memory, "a", "b")
    memory.act("pause", "p-b")
    memory.ask(ReleaseGroups(request_id="1", node_path=(1,)))
    assert reply(memory) == "no group is complete there yet"
    memory.act("resume", "p-b")
    memory.ask(ReleaseGroups(request_id="1", node_path=(1,)))
    assert groups(memory) == [("p-a", "p-b")]


def test_that_a_message_does_not_disturb_what_is_shown() -> None:
    memory = short("a")
    shown = len(memory.to("a", ShowScene))
    memory.act("message", "p-a", text="x")
    memory.act("pause", "p-a")
    memory.act("resume", "p-a")
    assert len(memory.to("a", ShowScene)) == shown
    join(memory, "a")  # refused, and nothing breaks
