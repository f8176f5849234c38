"""The experimenter lets groups go: as proposed, by hand, and by switching to automatic."""

from typing import Any

import pytest
from engine_driver import Memory
from waiting_driver import (
    TIMEOUT,
    answer_probe,
    back,
    groups,
    join,
    matchmaking,
    outcome,
    reply,
    session,
    stage,
    to_the_waitroom,
    waitrooms,
)

from mug.engine import fold
from mug.protocol.lab import EndSession, LabBatch, ReleaseGroups, SetRelease
from mug.protocol.messages import ErrorReply, FinishVisit, MatchReady, MatchWaiting, ProbePartners
from mug.records import facts as f

ROOM = (1,)


def held(people: int = 2, **sections: Any) -> Memory:
    memory = session(people, release="experimenter", **sections)
    memory.lab_in()
    return memory


def release(memory: Memory, *together: str, node_path: tuple[int, ...] = ROOM) -> str:
    named = tuple(tuple(f"p-{name}" for name in group) for group in together)
    memory.ask(ReleaseGroups(request_id="r", node_path=node_path, groups=named, reason="now"))
    return reply(memory)


def set_mode(memory: Memory, mode: str) -> str:
    memory.ask(SetRelease(request_id="s", mode=mode, reason="why"))
    return reply(memory)


def actions(memory: Memory) -> list[tuple[str, dict[str, Any]]]:
    return [(fact.action, fact.detail) for fact in memory.recorded if isinstance(fact, f.ConsoleAction)]


def test_that_groups_wait_until_they_are_let_go() -> None:
    memory = held()
    to_the_waitroom(memory, "c", "d", "e")
    assert groups(memory) == []
    assert stage(memory, "c") == stage(memory, "d") == "held"
    assert stage(memory, "e") == "waiting"
    assert memory.last("c", MatchWaiting).timeout_ms is None
    assert waitrooms(memory)["duel"].proposals == (("p-c", "p-d"),)
    assert release(memory) == ""
    assert groups(memory) == [("p-c", "p-d")]
    assert memory.last("c", MatchReady)
    assert waitrooms(memory)["duel"].proposals == ()
    ((action, detail),) = actions(memory)
    assert action == "release_groups"
    assert detail == {"scene_id": "duel", "node_path": [1], "groups": [["p-c", "p-d"]], "by_hand": False}
    (formed,) = [fact for fact in memory.recorded if isinstance(fact, f.MatchFormed)]
    assert formed.released_by == "experimenter"
    assert fold(memory.written) == memory.run.state


def test_that_all_proposed_groups_go_together() -> None:
    memory = held()
    to_the_waitroom(memory, *"cdefghijk")
    assert len(waitrooms(memory)["duel"].proposals) == 4
    assert release(memory) == ""
    assert len(groups(memory)) == 4
    assert release(memory) == "no group is complete there yet"


def test_that_nobodys_time_runs_while_the_experimenter_holds_the_group() -> None:
    memory = held()
    to_the_waitroom(memory, "c")
    memory.later(100_000)
    to_the_waitroom(memory, "d")
    memory.later(1_000_000)
    assert outcome(memory, "p-c") is None
    memory.drop("d")
    assert stage(memory, "c") == "waiting"
    assert memory.last("c", MatchWaiting).timeout_ms == pytest.approx(TIMEOUT + 1_000_000)
    memory.later(19_900)
    assert outcome(memory, "p-c") is None
    memory.later(200)
    assert outcome(memory, "p-c") == "no_partner"


def test_that_a_proposal_falls_when_one_goes_and_the_next_is_found() -> None:
    memory = held()
    to_the_waitroom(memory, "c", "d", "e")
    memory.drop("c")
    assert waitrooms(memory)["duel"].proposals == (("p-d", "p-e"),)
    back(memory, "c", "c2")
    assert stage(memory, "c2") == "waiting"
    memory.say("e", FinishVisit(visit_id=memory.scene("e").visit_id, outcome="failed"))
    assert waitrooms(memory)["duel"].proposals == (("p-c", "p-d"),)


def test_that_groups_by_hand_need_no_matchmaker_and_no_measuring() -> None:
    memory = held(2, matchmaking=matchmaking(max_rtt=50, matchmaker="own.py:never"))
    to_the_waitroom(memory, "c", "d", "e", "f", "g")
    assert release(memory, "gc", "fd") == ""
    assert groups(memory) == [("p-g", "p-c"), ("p-f", "p-d")]
    assert memory.to("c", ProbePartners) == []
    assert actions(memory)[0][1]["by_hand"] is True
    assert stage(memory, "e") == "waiting"


def test_that_hands_may_take_people_out_of_probes_and_proposals() -> None:
    memory = held(2, matchmaking=matchmaking(max_rtt=50))
    to_the_waitroom(memory, "c", "d")
    answer_probe(memory, 5.0)
    assert stage(memory, "c") == "held"
    to_the_waitroom(memory, "e", "f")
    assert stage(memory, "e") == "probing"
    assert release(memory, "ce") == ""
    assert groups(memory) == [("p-c", "p-e")]
    assert stage(memory, "d") == stage(memory, "f") == "probing"
    answer_probe(memory, 5.0)
    assert waitrooms(memory)["duel"].proposals == (("p-d", "p-f"),)


@pytest.mark.parametrize(
    ("together", "words"),
    [
        (("c",), "2 different participants"),
        (("cde",), "2 different participants"),
        (("cc",), "2 different participants"),
        (("cx",), "p-x does not wait there"),
        (("cd", "de"), "p-d is in two of the groups"),
        (("cg",), "p-g is not connected at the moment"),
        (("cd", "ex"), "p-x does not wait there"),
    ],
)
def test_that_groups_by_hand_are_checked_as_a_whole(together: tuple[str, ...], words: str) -> None:
    memory = held(2, matchmaking=matchmaking(matchmaker="own.py:never"))
    to_the_waitroom(memory, "c", "d", "e", "g")
    memory.drop("g")
    memory.hello("x", "p-x")
    assert words in release(memory, *together)
    assert groups(memory) == []
    assert actions(memory) == []


def test_that_there_is_nobody_to_let_go_elsewhere_or_after_the_end() -> None:
    memory = held()
    to_the_waitroom(memory, "c", "d")
    for place in ((0,), (7,), (1, 0), ()):
        assert release(memory, node_path=place) == "nobody waits there"
    memory.ask(EndSession(request_id="1", reason="over"))
    assert release(memory) == "the session is over"
    assert set_mode(memory, "automatic") == "the session is over"
    assert groups(memory) == []
    join(memory, "c")
    assert memory.last("c", ErrorReply).code == "closed"


def test_that_switching_to_automatic_lets_the_held_go_and_back_holds_the_next() -> None:
    memory = held()
    to_the_waitroom(memory, "c", "d", "e")
    assert set_mode(memory, "automatic") == ""
    assert groups(memory) == [("p-c", "p-d")]
    assert memory.run.state.release == "automatic"
    to_the_waitroom(memory, "f")
    assert groups(memory)[1:] == [("p-e", "p-f")]
    assert set_mode(memory, "automatic") == ""
    assert set_mode(memory, "experimenter") == ""
    to_the_waitroom(memory, "g", "h")
    assert stage(memory, "g") == "held"
    assert [detail for action, detail in actions(memory) if action == "set_release"] == [
        {"mode": "automatic"},
        {"mode": "experimenter"},
    ]
    assert "is no way to let groups go" in set_mode(memory, "sometimes")
    memory.tick()
    views = [batch.session for batch in memory.lab if isinstance(batch, LabBatch) and batch.session]
    assert views[-1].release == "experimenter"
    assert fold(memory.written) == memory.run.state


def test_that_hands_may_help_while_groups_go_by_themselves() -> None:
    memory = session(3)
    memory.lab_in()
    to_the_waitroom(memory, "c", "d")
    assert "3 different" in release(memory, "cd")
    memory = session(2, matchmaking=matchmaking(matchmaker="own.py:never"))
    memory.lab_in()
    to_the_waitroom(memory, "c", "d")
    assert release(memory, "dc") == ""
    assert groups(memory) == [("p-d", "p-c")]


def test_that_held_groups_are_proposed_again_after_a_restart() -> None:
    memory = held()
    to_the_waitroom(memory, "c", "d")
    memory.later(10 * TIMEOUT)
    memory.crash_and_restart()
    memory.lab_in()
    back(memory, "d", "d2")
    back(memory, "c", "c2")
    assert stage(memory, "c2") == stage(memory, "d2") == "held"
    assert release(memory) == ""
    assert groups(memory) == [("p-c", "p-d")]


def test_that_a_mode_that_was_set_holds_after_a_restart() -> None:
    memory = session()
    memory.lab_in()
    set_mode(memory, "experimenter")
    memory.crash_and_restart()
    to_the_waitroom(memory, "c", "d")
    assert stage(memory, "c") == "held"
    assert memory.run.console.session_view().release == "experimenter"
