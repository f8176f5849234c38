"""A study's own matchmakers: asked by a call on a copy, checked, and replaced for a turn when they fail."""

from typing import Any

import pytest
from engine_driver import Memory
from waiting_driver import (
    answer_probe,
    back,
    groups,
    join,
    matchmaking,
    outcome,
    session,
    to_the_waitroom,
)

from mug.engine import fold
from mug.engine.effects import Call
from mug.protocol.messages import ProbePartners, Pulse
from mug.records import facts as f
from mug.study.matchmaking import LatencyFIFOMatchmaker

OWN = "own.py:Mine"


def own(people: int = 2, **fields: Any) -> Memory:
    return session(people, matchmaking=matchmaking(matchmaker=OWN, **fields))


def asked(memory: Memory) -> Call:
    return memory.calls[-1]


def group(*names: str, limit: float | None = None, judges: bool = False) -> dict[str, Any]:
    return {"group": [f"p-{name}" for name in names], "max_p2p_rtt_ms": limit, "judges": judges}


def errors(memory: Memory) -> list[str]:
    return [line.text for line in memory.run._core.log if line.level == "error"]


def pulse(memory: Memory, connection: str, rtt_ms: float | None) -> None:
    memory.say(connection, Pulse(n=0, client_ms=0.0, rtt_ms=rtt_ms))


def test_that_it_is_asked_with_plain_data_about_who_comes_and_who_waits() -> None:
    memory = own()
    to_the_waitroom(memory, "c")
    assert memory.calls == []  # one alone is no group, whoever is asked
    for rtt_ms in (20.0, 1_000.0, 24.0, None):
        pulse(memory, "c", rtt_ms)
    memory.later(2_000)
    to_the_waitroom(memory, "d")
    call = asked(memory)
    assert (call.kind, call.ref, call.context["group_size"]) == ("find_match", OWN, 2)
    assert call.context["arriving"] == {"subject_id": "p-d", "rtt_ms": None, "group_history": None, "waited_ms": 0.0}
    (waiting,) = call.context["waiting"]
    assert waiting == {
        "subject_id": "p-c",
        "rtt_ms": 24.0,
        "group_history": None,
        "waited_ms": pytest.approx(2_000.0),
    }
    assert groups(memory) == []
    memory.answer(call, group("d", "c"))
    assert groups(memory) == [("p-d", "p-c")]
    assert fold(memory.written) == memory.run.state


def test_that_everybody_is_asked_about_once_for_each_change() -> None:
    memory = own()
    to_the_waitroom(memory, "c", "d", "e")
    assert len(memory.calls) == 1  # one question at a time
    memory.answer(memory.calls[0], {"group": None, "max_p2p_rtt_ms": None})
    assert len(memory.calls) == 2
    assert asked(memory).context["arriving"]["subject_id"] == "p-e"
    memory.answer(memory.calls[1], {"group": None, "max_p2p_rtt_ms": None})
    memory.later(1_000)
    memory.tick()
    assert len(memory.calls) == 2
    memory.later(5_000)
    assert len(memory.calls) == 3  # and again after a while: it may have been waiting for the time


def test_that_an_answer_about_who_has_gone_is_not_followed_but_asked_again() -> None:
    memory = own()
    to_the_waitroom(memory, "c", "d", "e")
    memory.drop("c")
    memory.answer(memory.calls[0], group("c", "d"))
    assert groups(memory) == []
    assert len(memory.calls) == 2
    context = asked(memory).context
    assert (context["arriving"]["subject_id"], len(context["waiting"])) == ("p-e", 1)
    memory.answer(asked(memory), group("d", "e"))
    assert groups(memory) == [("p-d", "p-e")]
    assert errors(memory) == []


@pytest.mark.parametrize(
    "value",
    [
        None,
        "p-c",
        {"group": "p-c"},
        {"group": ["p-c", 7]},
        group("c", "c"),
        group("c"),
        group("c", "d", "x"),
        group("c", "x"),
        {"group": ["p-c", "p-d"], "max_p2p_rtt_ms": "soon"},
        {"group": ["p-c", "p-d"], "max_p2p_rtt_ms": -1},
        {"group": ["p-x", "p-d"]},
        {"group": ["p-elsewhere", "p-d"]},
    ],
)
def test_that_a_wrong_answer_is_told_once_and_first_come_first_served_holds_for_that_turn(value: Any) -> None:
    memory = own()
    memory.hello("x", "p-x")  # a participant, but none who waits
    to_the_waitroom(memory, "c", "d")
    memory.answer(asked(memory), value)
    assert groups(memory) == [("p-c", "p-d")]
    assert len(errors(memory)) == 1
    assert OWN in errors(memory)[0]
    to_the_waitroom(memory, "e", "f")
    memory.answer(asked(memory), value)
    assert len(groups(memory)) == 2
    assert len(errors(memory)) == 1


def test_that_an_exception_is_told_once_and_does_not_stop_the_session() -> None:
    memory = own()
    to_the_waitroom(memory, "c", "d")
    memory.fail(asked(memory), "ZeroDivisionError: division by zero")
    to_the_waitroom(memory, "e", "f")
    memory.fail(asked(memory), "it did not return within 2 s and was left behind")
    assert groups(memory) == [("p-c", "p-d"), ("p-e", "p-f")]
    (error,) = errors(memory)
    assert "division by zero" in error
    assert [fact for fact in memory.recorded if isinstance(fact, f.ErrorReported)] == []


def test_that_an_answer_that_never_comes_is_not_waited_for() -> None:
    memory = own()
    to_the_waitroom(memory, "c", "d")
    late = asked(memory)
    memory.later(10_100)
    assert groups(memory) == [("p-c", "p-d")]
    assert len(errors(memory)) == 1
    memory.answer(late, group("c", "d"))
    assert len(groups(memory)) == 1


def test_that_a_failure_of_a_turn_whose_arrival_has_left_matches_nobody_wrongly() -> None:
    memory = own()
    to_the_waitroom(memory, "c", "d")
    call = asked(memory)
    memory.drop("d")
    memory.fail(call, "E")
    assert groups(memory) == []
    memory.later(200_000)
    memory.tick()
    assert outcome(memory, "p-c") == "no_partner"


def test_that_its_own_limit_has_connections_measured() -> None:
    memory = own()
    to_the_waitroom(memory, "c", "d")
    memory.answer(asked(memory), group("c", "d", limit=80))
    answer_probe(memory, 81.0)
    assert groups(memory) == []
    to_the_waitroom(memory, "e")
    memory.answer(asked(memory), group("c", "e", limit=80))
    answer_probe(memory, 80.0)
    assert groups(memory) == [("p-c", "p-e")]


def test_that_a_group_with_a_rejected_pair_is_asked_for_again_without_it() -> None:
    memory = own(3)
    to_the_waitroom(memory, "c", "d", "e")
    memory.answer(asked(memory), group("c", "d", "e", limit=80))
    answer_probe(memory, 500.0, 10.0, 10.0)  # c and d
    to_the_waitroom(memory, "f")
    while {who["subject_id"] for who in asked(memory).context["waiting"]} != {"p-c", "p-d", "p-e"}:
        memory.answer(asked(memory), {"group": None, "max_p2p_rtt_ms": 80})
    memory.answer(asked(memory), group("c", "d", "f", limit=80))
    context = asked(memory).context
    assert context["arriving"]["subject_id"] == "p-f"
    assert [who["subject_id"] for who in context["waiting"]] == ["p-c", "p-e"]
    memory.answer(asked(memory), group("c", "e", "f", limit=80))
    answer_probe(memory, 10.0, 10.0, 10.0)
    assert groups(memory) == [("p-c", "p-e", "p-f")]


def test_that_its_own_rule_for_measured_round_trips_is_asked() -> None:
    memory = own()
    to_the_waitroom(memory, "c", "d")
    memory.answer(asked(memory), group("c", "d", judges=True))
    answer_probe(memory, 33.0)
    call = asked(memory)
    assert (call.kind, call.context) == ("should_reject_for_rtt", {"rtts": [33.0]})
    assert groups(memory) == []
    memory.answer(call, [True])
    assert groups(memory) == []
    to_the_waitroom(memory, "e")
    memory.answer(asked(memory), group("c", "e", judges=True))
    answer_probe(memory, 44.0)
    memory.answer(asked(memory), [False])
    assert groups(memory) == [("p-c", "p-e")]


@pytest.mark.parametrize("value", [None, [], ["yes"], [True, False], "late", "raised"])
def test_that_a_rule_that_fails_leaves_the_limit(value: Any) -> None:
    memory = own(max_rtt=50)
    to_the_waitroom(memory, "c", "d")
    memory.answer(asked(memory), group("c", "d", judges=True))
    answer_probe(memory, 33.0)
    call = asked(memory)
    if value == "late":
        memory.later(10_100)
    elif value == "raised":
        memory.fail(call, "E")
    else:
        memory.answer(call, value)
    assert groups(memory) == [("p-c", "p-d")]
    assert len(errors(memory)) == 1


def test_that_a_built_in_matchmaker_with_arguments_is_asked_at_once() -> None:
    memory = session(
        2, matchmaking=matchmaking(matchmaker="own.py:near"), matchmakers={"own.py:near": LatencyFIFOMatchmaker(100)}
    )
    for connection, rtt_ms in (("c", 90.0), ("d", 30.0), ("e", 10.0)):
        memory.hello(connection, f"p-{connection}")
        pulse(memory, connection, rtt_ms)
        memory.finish(connection)
        join(memory, connection)
        if connection == "d":
            assert groups(memory) == []
    assert memory.calls == []
    assert groups(memory) == [("p-c", "p-e")]
    pulse(memory, "d", 30.0)
    to_the_waitroom(memory, "f")
    assert groups(memory)[1:] == [("p-d", "p-f")]
    assert memory.to("f", ProbePartners) == []


def test_that_round_trips_that_improve_are_noticed() -> None:
    memory = session(
        2, matchmaking=matchmaking(matchmaker="own.py:near"), matchmakers={"own.py:near": LatencyFIFOMatchmaker(100)}
    )
    for connection in "cd":
        memory.hello(connection, f"p-{connection}")
        pulse(memory, connection, 90.0)
        memory.finish(connection)
        join(memory, connection)
    assert groups(memory) == []
    for _ in range(9):
        pulse(memory, "c", 5.0)
    memory.later(5_100)
    assert groups(memory) == [("p-c", "p-d")]


def test_that_a_limit_of_server_round_trips_may_widen() -> None:
    near = LatencyFIFOMatchmaker(100, widening_ms_per_s=5)
    memory = session(2, matchmaking=matchmaking(matchmaker="own.py:near"), matchmakers={"own.py:near": near})
    for connection in "cd":
        memory.hello(connection, f"p-{connection}")
        pulse(memory, connection, 70.0)
        memory.finish(connection)
        join(memory, connection)
    memory.later(7_900)
    assert groups(memory) == []
    memory.later(5_000)
    assert groups(memory) == [("p-c", "p-d")]


def test_that_a_question_that_a_restart_swallowed_is_asked_again() -> None:
    memory = own()
    to_the_waitroom(memory, "c", "d")
    old = asked(memory)
    memory.crash_and_restart()
    memory.answer(old, group("c", "d"))
    back(memory, "c", "c2")
    back(memory, "d", "d2")
    assert groups(memory) == []
    assert asked(memory) is not old
    memory.answer(asked(memory), group("d", "c"))
    assert groups(memory) == [("p-d", "p-c")]
