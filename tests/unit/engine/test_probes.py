"""Connections are measured before people are matched: who is near enough, who is tried again, and when."""

import math

import pytest
from engine_driver import Memory
from waiting_driver import (
    answer_probe,
    back,
    groups,
    is_matched,
    join,
    matchmaking,
    outcome,
    session,
    stage,
    to_the_waitroom,
    waitroom,
    waitrooms,
)

from mug.engine import fold
from mug.engine.effects import DropRoutes, SetRoutes
from mug.ids import MatchId
from mug.protocol.messages import ErrorReply, MatchReady, MatchWaiting, ProbeDone, ProbeOver, ProbePartners
from mug.records import facts as f
from mug.study.matchmaking import FIFOMatchmaker
from mug.study.settings import WebRtc


def probing(people: int = 2, max_rtt: int | None = 100, **fields: float) -> Memory:
    return session(people, matchmaking=matchmaking(max_rtt=max_rtt, **fields))


def pairs(memory: Memory) -> list[tuple[tuple[str, ...], float | None, bool]]:
    return [
        (fact.participants, fact.rtt_ms, fact.accepted) for fact in memory.recorded if isinstance(fact, f.PairProbed)
    ]


def probe_of(memory: Memory, connection: str) -> ProbePartners:
    return memory.last(connection, ProbePartners)


def test_that_a_group_is_measured_before_it_plays() -> None:
    memory = session(2, matchmaking=matchmaking(max_rtt=100), webrtc=WebRtc(force_relay=True))
    to_the_waitroom(memory, "c", "d")
    assert groups(memory) == []
    one, other = probe_of(memory, "c"), probe_of(memory, "d")
    assert (one.probe_id, one.slots, one.own, one.pings, one.force_relay) == (other.probe_id, ("0", "1"), "0", 5, True)
    assert other.own == "1"
    assert stage(memory, "c") == stage(memory, "d") == "probing"
    assert waitrooms(memory)["duel"].probing == (("p-c", "p-d"),)
    first, second = [effect for effect in memory.others if isinstance(effect, SetRoutes)]
    assert first == SetRoutes(MatchId(one.probe_id), {"0": "c", "1": "d"}, frozenset())
    assert second.ready == {"0", "1"}
    memory.say("c", ProbeDone(probe_id=one.probe_id, to="1", rtt_ms=40.0, path="p2p", pings=5))
    assert groups(memory) == []
    memory.say("d", ProbeDone(probe_id=one.probe_id, to="0", rtt_ms=100.0, path="relay", pings=5))
    assert groups(memory) == [("p-c", "p-d")]
    (fact,) = [fact for fact in memory.recorded if isinstance(fact, f.PairProbed)]
    assert (fact.rtt_ms, fact.limit_ms, fact.accepted, fact.path) == (100.0, 100.0, True, "relay")
    assert memory.last("c", ProbeOver).probe_id == memory.last("d", ProbeOver).probe_id == one.probe_id
    assert DropRoutes(MatchId(one.probe_id)) in memory.others
    assert fold(memory.written) == memory.run.state


def test_that_without_a_limit_nothing_is_measured() -> None:
    memory = probing(max_rtt=None)
    to_the_waitroom(memory, "c", "d")
    assert memory.to("c", ProbePartners) == []
    assert groups(memory) == [("p-c", "p-d")]


def test_that_a_matchmakers_own_limit_is_measured_too_and_the_smaller_one_holds() -> None:
    fields = {"matchmaker": "mug.server.matchmaker:FIFOMatchmaker"}
    for max_rtt, own, limit in ((None, 50.0, 50.0), (100, 50.0, 50.0), (30, 50.0, 30.0)):
        ref = FIFOMatchmaker(max_p2p_rtt_ms=own)
        memory = session(2, matchmaking=matchmaking(max_rtt=max_rtt, **fields), matchmakers={fields["matchmaker"]: ref})
        to_the_waitroom(memory, "c", "d")
        answer_probe(memory, limit + 1)
        answer_probe_after = [fact.limit_ms for fact in memory.recorded if isinstance(fact, f.PairProbed)]
        assert answer_probe_after == [limit]
        assert groups(memory) == []


@pytest.mark.parametrize("rtt", [101.0, None])
def test_that_a_pair_that_is_too_far_apart_is_tried_again_later_and_others_before(rtt: float | None) -> None:
    memory = probing()
    to_the_waitroom(memory, "c", "d")
    memory.later(1_000)
    answer_probe(memory, rtt)
    assert pairs(memory) == [(("p-c", "p-d"), rtt, False)]
    assert groups(memory) == []
    assert stage(memory, "c") == "waiting"
    (rejected,) = waitrooms(memory)["duel"].rejected
    assert (rejected.participants, rejected.rtt_ms) == (("p-c", "p-d"), rtt)
    to_the_waitroom(memory, "e")
    assert probe_of(memory, "e").slots == ("0", "1")
    assert len(memory.to("d", ProbePartners)) == 1  # c has waited longer
    answer_probe(memory, 20.0)
    assert groups(memory) == [("p-c", "p-e")]
    assert stage(memory, "d") == "waiting"


def test_that_a_rejected_pair_is_measured_again_after_a_minute() -> None:
    memory = probing()
    to_the_waitroom(memory, "c", "d")
    answer_probe(memory, 500.0)
    memory.later(59_000)
    assert len(memory.to("c", ProbePartners)) == 1
    memory.later(1_100)
    assert len(memory.to("c", ProbePartners)) == 2
    assert waitrooms(memory)["duel"].rejected == ()
    answer_probe(memory, 50.0)
    assert groups(memory) == [("p-c", "p-d")]


def test_that_the_limit_widens_with_the_time_that_the_longer_waiting_has_waited() -> None:
    memory = probing(max_rtt=100, max_rtt_widening=2.0)
    to_the_waitroom(memory, "c")
    memory.later(10_000)
    to_the_waitroom(memory, "d")
    answer_probe(memory, 140.0)  # 120 are allowed by now
    assert pairs(memory) == [(("p-c", "p-d"), 140.0, False)]
    memory.later(9_000)
    assert len(memory.to("c", ProbePartners)) == 1
    memory.later(6_000)  # 140 are allowed 20 s after c came, long before the minute is over
    assert len(memory.to("c", ProbePartners)) == 2
    answer_probe(memory, 140.0)
    assert groups(memory) == [("p-c", "p-d")]


def test_that_without_widening_the_limit_stays() -> None:
    memory = probing(max_rtt=100)
    to_the_waitroom(memory, "c")
    memory.later(30_000)
    to_the_waitroom(memory, "d")
    answer_probe(memory, 100.5)
    assert groups(memory) == []


@pytest.mark.parametrize(("people", "names"), [(3, "cde"), (4, "cdef")])
def test_that_all_pairs_of_a_group_are_measured(people: int, names: str) -> None:
    count = people * (people - 1) // 2
    memory = probing(people)
    to_the_waitroom(memory, *names)
    answer_probe(memory, *([90.0] * count))
    assert groups(memory) == [tuple(f"p-{name}" for name in names)]
    assert len(pairs(memory)) == count


def test_that_one_pair_too_far_apart_leaves_the_others_to_be_tried() -> None:
    memory = probing(3)
    to_the_waitroom(memory, "c", "d", "e")
    answer_probe(memory, 10.0, 10.0, 300.0)  # d and e
    assert [accepted for _, _, accepted in pairs(memory)] == [True, True, False]
    assert groups(memory) == []
    to_the_waitroom(memory, "f")
    tried = [place.participant_id for place in waitrooms(memory)["duel"].waiting if place.state == "probing"]
    assert tried == ["p-c", "p-d", "p-f"]
    answer_probe(memory, 10.0, 10.0, 300.0)  # d and f: then it is c, e and f
    answer_probe(memory, 10.0, 10.0, 10.0)
    assert groups(memory) == [("p-c", "p-e", "p-f")]


def test_that_somebody_who_leaves_ends_the_probe_for_the_others() -> None:
    memory = probing()
    to_the_waitroom(memory, "c", "d")
    probe = probe_of(memory, "c")
    memory.drop("d")
    assert memory.last("c", ProbeOver).probe_id == probe.probe_id
    assert stage(memory, "c") == "waiting"
    memory.say("c", ProbeDone(probe_id=probe.probe_id, to="1", rtt_ms=1.0, path="p2p"))
    assert memory.to("c", ErrorReply) == []  # it was under way
    to_the_waitroom(memory, "e")
    answer_probe(memory, 20.0)
    assert groups(memory) == [("p-c", "p-e")]
    assert pairs(memory) == [(("p-c", "p-e"), 20.0, True)]


def test_that_a_page_that_does_not_answer_cannot_keep_others_from_playing() -> None:
    memory = probing()
    to_the_waitroom(memory, "c", "d", "e")
    probe = probe_of(memory, "c")
    memory.say("d", ProbeDone(probe_id=probe.probe_id, to="0", rtt_ms=None))
    memory.later(9_900)
    assert memory.to("e", ProbePartners) == []
    memory.later(200)
    assert pairs(memory) == []  # of one page alone nothing is known
    assert {place.participant_id: place.state for place in waitrooms(memory)["duel"].waiting} == {
        "p-c": "waiting",
        "p-d": "probing",
        "p-e": "probing",
    }
    answer_probe(memory, 30.0)
    assert groups(memory) == [("p-d", "p-e")]
    to_the_waitroom(memory, "f")
    assert memory.to("f", ProbePartners) == []
    memory.later(15_000)
    assert memory.last("f", ProbePartners).own == "1"


def test_that_two_silent_pages_wait_on_to_their_end() -> None:
    memory = session(2, matchmaking=matchmaking(max_rtt=100), waitroom=waitroom(timeout=60_000))
    to_the_waitroom(memory, "c", "d")
    memory.later(60_000 + 12_000)
    assert outcome(memory, "p-c") == outcome(memory, "p-d") == "no_partner"
    assert len(memory.to("c", ProbePartners)) == 3  # every 25 s
    assert groups(memory) == []


def test_that_a_time_that_is_up_waits_for_a_probe_that_runs() -> None:
    memory = session(2, matchmaking=matchmaking(max_rtt=100), waitroom=waitroom(timeout=10_000))
    to_the_waitroom(memory, "c")
    memory.later(9_000)
    to_the_waitroom(memory, "d")
    memory.later(4_000)
    answer_probe(memory, 30.0)
    assert groups(memory) == [("p-c", "p-d")]
    memory = session(2, matchmaking=matchmaking(max_rtt=100), waitroom=waitroom(timeout=10_000))
    to_the_waitroom(memory, "c")
    memory.later(9_000)
    to_the_waitroom(memory, "d")
    memory.later(4_000)
    answer_probe(memory, 3_000.0)
    assert (outcome(memory, "p-c"), outcome(memory, "p-d")) == ("no_partner", None)


def test_that_wrong_answers_are_refused_and_the_first_one_counts() -> None:
    memory = probing()
    to_the_waitroom(memory, "c", "d")
    memory.hello("x", "p-x")
    probe_id = probe_of(memory, "c").probe_id

    def said(connection: str, **fields: object) -> str:
        before = len(memory.to(connection, ErrorReply))
        memory.say(connection, ProbeDone(**{"probe_id": probe_id, "to": "1", "rtt_ms": 1.0, "path": "p2p", **fields}))  # type: ignore[arg-type]
        replies = memory.to(connection, ErrorReply)[before:]
        return replies[0].code if replies else ""

    assert said("x") == "foreign_probe"
    assert said("c", probe_id="p-unknown") == "foreign_probe"
    assert said("c", to="0") == said("c", to="2") == said("c", to="") == "foreign_agent"
    assert said("c", path="pigeon") == "invalid"
    assert {said("c", rtt_ms=value) for value in (-1.0, math.nan, math.inf)} == {"invalid"}
    assert said("c", rtt_ms=50.0) == said("c", rtt_ms=5_000.0) == ""
    assert said("d", to="0", rtt_ms=60.0) == ""
    assert pairs(memory) == [(("p-c", "p-d"), 60.0, True)]
    assert groups(memory) == [("p-c", "p-d")]
    assert said("c", rtt_ms=1.0) == ""


def test_that_a_restart_ends_probes_and_the_pages_are_measured_again() -> None:
    memory = probing()
    to_the_waitroom(memory, "c", "d")
    old = probe_of(memory, "c").probe_id
    memory.crash_and_restart()
    back(memory, "c", "c2")
    memory.say("c2", ProbeDone(probe_id=old, to="1", rtt_ms=1.0, path="p2p"))
    assert memory.last("c2", ErrorReply).code == "foreign_probe"
    back(memory, "d", "d2")
    assert probe_of(memory, "c2").probe_id != old
    answer_probe(memory, 30.0)
    assert groups(memory) == [("p-c", "p-d")]
    assert fold(memory.written) == memory.run.state


def test_that_who_is_measured_is_matched_with_nobody_else() -> None:
    memory = probing()
    to_the_waitroom(memory, "c", "d", "e", "f", "g")
    assert waitrooms(memory)["duel"].probing == (("p-c", "p-d"), ("p-e", "p-f"))
    join(memory, "c", "d", "e")
    assert len(memory.to("c", ProbePartners)) == 1
    assert memory.last("c", MatchWaiting).waiting == 5
    assert not is_matched(memory, "g")
    assert memory.to("g", MatchReady) == []
