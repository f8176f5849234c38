"""The connections between desks are measured, each once, without swamping a page; who goes away fails in words."""

from collections import Counter
from itertools import combinations
from typing import Any

import hypothesis.strategies as st
import pytest
from engine_driver import Memory
from hypothesis import given
from seat_driver import at_home, pairs, ready, replies, reports, room, stage

from mug.engine import fold
from mug.engine.effects import DropRoutes, SetRoutes
from mug.engine.seat_probes import MAX_AT_ONCE, tournament
from mug.protocol.lab_console import ProbeSeats
from mug.protocol.messages import ErrorReply, ProbeDone, ProbeOver, ProbePartners
from mug.records import facts as f
from mug.study.model import Study
from mug.study.settings import WebRtc


def probe(memory: Memory, *desks: str, request_id: str = "p") -> Any:
    memory.ask(ProbeSeats(request_id=request_id, desks=desks))
    return replies(memory)[-1]


def open_probes(memory: Memory, connection: str) -> list[ProbePartners]:
    over = {message.probe_id for message in memory.to(connection, ProbeOver)}
    return [message for message in memory.to(connection, ProbePartners) if message.probe_id not in over]


def answer(memory: Memory, connection: str, rtt_ms: float | None = 2.0, path: str = "p2p") -> None:
    message = open_probes(memory, connection)[0]
    other = "1" if message.own == "0" else "0"
    memory.say(connection, ProbeDone(probe_id=message.probe_id, to=other, rtt_ms=rtt_ms, path=path, pings=5))


def desks(count: int) -> list[str]:
    return [f"PC-{number:02}" for number in range(count)]


@given(st.integers(0, 40))
def test_that_a_tournament_has_each_pair_once_and_no_desk_twice_in_a_round(count: int) -> None:
    names = desks(count)
    games = list(tournament(names))
    assert sorted(games) == sorted(combinations(names, 2))
    size = count // 2
    for begin in range(0, len(games), size or 1):
        seen = Counter(desk for pair in games[begin : begin + size] for desk in pair)
        assert not seen or max(seen.values()) == 1


def test_that_each_pair_is_measured_once_a_few_at_a_time_and_recorded() -> None:
    memory = room()
    names = desks(20)
    ready(memory, *names)
    assert probe(memory).data == {"pairs": 190, "skipped": {}}
    most = 0
    while open_now := [name for name in names if open_probes(memory, name)]:
        most = max(most, len(open_now) // 2)
        assert all(len(open_probes(memory, name)) == 1 for name in open_now)
        answer(memory, open_now[0], 3.0)
        partner = next(n for n in open_now[1:] if probe_id_of(memory, n) == probe_id_of(memory, open_now[0], last=True))
        answer(memory, partner, 7.0, "relay")
    assert most == MAX_AT_ONCE
    found = pairs(memory)
    assert set(found) == set(combinations(names, 2))
    assert {(view.state, view.rtt_ms, view.path) for view in found.values()} == {("done", 7.0, "relay")}
    facts = [fact for fact in memory.recorded if isinstance(fact, f.SeatsProbed)]
    assert {fact.desks for fact in facts} == set(found)
    assert len(facts) == 190
    fold(memory.written)


def probe_id_of(memory: Memory, connection: str, *, last: bool = False) -> str:
    return (memory.to(connection, ProbePartners) if last else open_probes(memory, connection))[-1].probe_id


def test_that_routes_stand_while_a_pair_measures_and_are_gone_afterwards() -> None:
    memory = room()
    ready(memory, "a", "b")
    probe(memory)
    first, second = memory.to("a", ProbePartners)[0], memory.to("b", ProbePartners)[0]
    assert (first.visit_id, first.own, second.own, first.slots) == ("", "0", "1", ("0", "1"))
    routes = [effect for effect in memory.others if isinstance(effect, SetRoutes)]
    assert dict(routes[-1].routes) == {"0": "a", "1": "b"}
    assert routes[-1].ready == {"0", "1"}
    answer(memory, "a")
    answer(memory, "b")
    assert [e.match_id for e in memory.others if isinstance(e, DropRoutes)] == [first.probe_id]


def test_that_a_pair_without_a_way_fails_in_words_and_is_recorded() -> None:
    memory = room()
    ready(memory, "a", "b")
    probe(memory)
    answer(memory, "a", None, "")
    answer(memory, "b", 3.0)
    view = pairs(memory)[("a", "b")]
    assert (view.state, view.rtt_ms, view.path) == ("failed", None, "")
    assert "no ping came back" in view.why
    assert [fact.rtt_ms for fact in memory.recorded if isinstance(fact, f.SeatsProbed)] == [None]


def test_that_a_page_that_does_not_answer_is_named_and_the_others_go_on() -> None:
    memory = room()
    ready(memory, "a", "b", "c")
    probe(memory)
    for name in "ab":
        if open_probes(memory, name):
            answer(memory, name)
            break
    for _ in range(6):
        memory.later(10_500)
        for name in "abc":
            reports(memory, name)
    assert {view.state for view in pairs(memory).values()} == {"failed"}
    assert all("did not answer" in view.why for view in pairs(memory).values())


@pytest.mark.parametrize("how", ["gone", "silent", "begins", "reloaded"])
def test_that_a_desk_that_goes_away_fails_its_pairs_in_words(how: str) -> None:
    memory = room()
    ready(memory, "a", "b", "c", "d")
    probe(memory)
    if how == "gone":
        memory.drop("a")
    elif how == "silent":
        memory.clock.ms += 4_000
        for name in "bcd":
            reports(memory, name)
        memory.tick(2_000)
    elif how == "begins":
        stage(memory, "running")
        memory.hello("a", seat="a")
    else:
        at_home(memory, "a", connection="a2", tab="a")
    found = pairs(memory)
    assert {pair: view.state for pair, view in found.items() if "a" in pair} == {
        ("a", "b"): "failed",
        ("a", "c"): "failed",
        ("a", "d"): "failed",
    }
    assert all(view.why.startswith("a: ") for pair, view in found.items() if "a" in pair)
    assert {view.state for pair, view in found.items() if "a" not in pair} == {"probing", "waiting"}


def test_that_asking_again_measures_again_but_never_a_pair_twice_at_once() -> None:
    memory = room()
    ready(memory, "a", "b")
    first = probe(memory, request_id="one")
    assert probe(memory, request_id="one") == first
    probe(memory, request_id="two")
    assert len(memory.to("a", ProbePartners)) == 1
    answer(memory, "a")
    answer(memory, "b")
    probe(memory, request_id="three")
    assert len(memory.to("a", ProbePartners)) == 2
    assert pairs(memory)[("a", "b")].state == "probing"


def test_that_desks_that_are_not_at_home_are_named_and_left_out() -> None:
    memory = room()
    ready(memory, "a", "b", "c")
    memory.drop("c")
    assert probe(memory, "a", "b", "c", "nowhere").data == {
        "pairs": 1,
        "skipped": {"c": "its page is not at home", "nowhere": "its page is not at home"},
    }


def test_that_strangers_cannot_answer_and_late_answers_are_no_offence() -> None:
    memory = room()
    ready(memory, "a", "b", "c")
    probe(memory, "a", "b")
    probe_id = memory.to("a", ProbePartners)[0].probe_id
    memory.say("c", ProbeDone(probe_id=probe_id, to="0", rtt_ms=1.0))
    memory.say("a", ProbeDone(probe_id=probe_id, to="0", rtt_ms=1.0))
    assert [memory.last(name, ErrorReply).code for name in "ca"] == ["foreign_match", "foreign_agent"]
    memory.later(11_000)
    memory.say("a", ProbeDone(probe_id=probe_id, to="1", rtt_ms=1.0))
    assert len(memory.to("a", ErrorReply)) == 1


def test_that_pages_get_the_studys_ice_servers() -> None:
    memory = room()
    memory = Memory(
        Study(id="memory", chain=memory.study.chain, webrtc=WebRtc(force_relay=True)), details={"stage": "prepared"}
    )
    memory.lab_in()
    ready(memory, "a", "b")
    probe(memory)
    assert memory.to("a", ProbePartners)[0].force_relay
