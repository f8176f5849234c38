"""Where waiting, watching, coming back and the end of a session meet: what an independent reader could break."""

import time
from typing import Any

import msgspec
import pytest
from engine_driver import SHORT, STUDY, Memory
from waiting_driver import (
    answer_probe,
    chain_of,
    duel,
    groups,
    join,
    matchmaking,
    outcome,
    page,
    reply,
    rules,
    session,
    to_the_waitroom,
    visits_of,
    waitroom,
)

from mug.engine import fold
from mug.ids import ParticipantId
from mug.protocol import decode_participant_message, encode
from mug.protocol.lab import EndSession, LabBatch, LetIn, ReleaseGroups
from mug.protocol.messages import (
    ClientCallback,
    Closed,
    ErrorReply,
    FinishVisit,
    JoinMatch,
    PartnerReturning,
    ProbeDone,
    ProbePartners,
    Pulse,
    Refused,
    ShowScene,
    Welcome,
)
from mug.protocol.parts import ResumeCandidate
from mug.records import facts as f
from mug.study.matchmaking import LatencyFIFOMatchmaker
from mug.study.model import StartPage, Study, TextBoxForm
from mug.study.settings import EntryScreening


def load_again(memory: Memory, old: str, new: str, *, dropped: bool = True) -> None:
    """The participant of `old` loads the page anew."""
    name = f"p-{old[0]}"
    kept = ResumeCandidate(session_id="s1", participant_id=name, token=memory.token(old))
    if dropped:
        memory.drop(old)
    memory.hello(new, name, tab=old, candidates=(kept,))


def recorded(memory: Memory, kind: type[Any]) -> list[Any]:
    return [fact for fact in memory.recorded if isinstance(fact, kind)]


def test_that_nobody_begins_another_scene_in_a_session_that_is_over() -> None:
    memory = Memory(study=STUDY)
    memory.hello("a", "p-a")
    memory.ask(EndSession(request_id="1", reason="fire"))
    shown = len(memory.to("a", ShowScene))
    memory.finish("a")  # it was on its way
    assert len(memory.to("a", ShowScene)) == shown
    assert memory.last("a", Closed).reason == "session_ended"
    assert visits_of(memory, "p-a")[:2] == [("start", "completed"), (visits_of(memory, "p-a")[1][0], None)]
    assert memory.run.state.participants[ParticipantId("p-a")].position == 0
    assert fold(memory.written) == memory.run.state


def test_that_who_has_done_everything_as_the_session_ends_is_complete() -> None:
    memory = Memory(study=SHORT)
    memory.hello("a", "p-a")
    memory.finish("a")
    memory.ask(EndSession(request_id="1", reason="enough"))
    memory.finish("a")
    assert memory.scene("a").scene_id == "end"
    assert memory.run.state.participants[ParticipantId("p-a")].outcome == "complete"


def test_that_nobody_is_dropped_from_a_game_that_the_experimenter_ended() -> None:
    memory = session(multiplayer=rules(rejoin_timeout_ms=10_000))
    to_the_waitroom(memory, "a", "b")
    load_again(memory, "b", "b2")
    assert memory.to("a", PartnerReturning)
    memory.ask(EndSession(request_id="1", reason="enough"))
    memory.later(120_000)
    memory.tick()
    assert recorded(memory, f.PlayerDropped) == []
    assert recorded(memory, f.MatchEnded) == []


def test_that_who_has_left_the_game_does_not_come_back_into_it() -> None:
    memory = Memory(study=Study(id="memory", chain=(StartPage(scene_id="start"), duel("one"))))
    to_the_waitroom(memory, "a", "b")
    memory.finish("a")
    load_again(memory, "a", "a2")
    assert recorded(memory, f.PlayerReturning) == []
    memory.later(120_000)
    memory.tick()
    assert recorded(memory, f.PlayerDropped) == []


@pytest.mark.parametrize("counts", [{"frames": -1}, {"nonsense": 0}, {f"s{number}": 5 for number in range(1_000)}])
def test_that_a_visit_is_finished_with_counts_of_its_streams_only(counts: dict[str, int]) -> None:
    memory = Memory(study=STUDY)
    memory.hello("a", "p-a")
    before = len(memory.sent)
    memory.say("a", FinishVisit(visit_id=memory.scene("a").visit_id, counts=counts))
    assert (memory.last("a", ErrorReply).code, memory.last("a", ErrorReply).path) == ("invalid", "counts")
    assert len(memory.sent) == before + 1
    assert recorded(memory, f.VisitFinished) == []


def test_that_a_page_cannot_call_its_own_rows_repeated() -> None:
    memory = Memory(study=SHORT)
    memory.hello("a", "p-a")
    memory.finish("a")
    match_id = memory.scene("a").content.config.match_id  # type: ignore[union-attr]
    memory.put("a", "frames", 0, match_id=match_id, episode=0, first=0, last=9, chain_hash="h", repeated=True)
    assert memory.run.state.matches[match_id].frames == 10
    assert "repeated" not in recorded(memory, f.ChunkStored)[-1].meta


def test_that_the_studys_function_is_not_called_for_a_scene_that_has_not_begun() -> None:
    first = StartPage(scene_id="start", on_client_callback="own.py:hook")
    study = chain_of(page("after"))
    study = msgspec.structs.replace(
        study, chain=(first, *study.chain[1:]), screening=EntryScreening(max_ping=100, min_ping_measurements=2)
    )
    memory = Memory(study=study)
    memory.hello("a", "p-a")
    visit_id = memory.run.state.participants[ParticipantId("p-a")].plan[0]
    memory.say("a", ClientCallback(visit_id=visit_id))
    assert memory.calls == []
    assert memory.last("a", ErrorReply).code == "not_current"


def test_that_the_answer_to_a_huge_group_is_short() -> None:
    memory = session(release="experimenter")
    to_the_waitroom(memory, "a")
    path = next(iter(memory.run._waiting.rooms())).path
    for group in (("x" * 1_000_000,) * 2, tuple(f"p-{number}" for number in range(10_000)), ("",)):
        memory.ask(ReleaseGroups(request_id="1", node_path=path, groups=(group,), reason="r" * 1_000_000))
        assert 0 < len(reply(memory)) < 3_000
    assert recorded(memory, f.ConsoleAction) == []


def three_hundred(study: Study, matchmakers: Any = None) -> tuple[Memory, dict[str, str]]:
    """People who have come as far as the first game; connection -> visit."""
    memory = Memory(study=study, matchmakers=matchmakers or {})
    for number in range(300):
        memory.hello(f"c{number}", f"p-c{number}")
        memory.finish(f"c{number}")
    return memory, _shown(memory)


def _shown(memory: Memory) -> dict[str, str]:
    return {where: message.visit_id for where, message in memory.sent if isinstance(message, ShowScene)}


def _cpu_s(action: Any) -> float:
    began = time.process_time()
    action()
    return time.process_time() - began


def _join_all(memory: Memory, visits: dict[str, str], step: int = 1) -> None:
    for where in list(visits)[::step]:
        memory.say(where, JoinMatch(visit_id=visits[where]))


@pytest.mark.parametrize("limit", [None, 80])
def test_that_three_hundred_who_come_at_one_moment_cost_less_than_a_second(limit: int | None) -> None:
    memory, visits = three_hundred(chain_of(duel("one", matchmaking=matchmaking(max_rtt=limit))))

    def answer_all() -> None:
        started = [(where, sent) for where, sent in memory.sent if isinstance(sent, ProbePartners)]
        for where, sent in started:
            other = next(slot for slot in sent.slots if slot != sent.own)
            memory.say(where, ProbeDone(probe_id=sent.probe_id, to=other, rtt_ms=20.0, path="p2p", pings=5))

    assert _cpu_s(lambda: _join_all(memory, visits)) < 1.0
    assert _cpu_s(answer_all) < 1.0
    assert len(groups(memory)) == 150


def test_that_people_who_wait_for_their_last_partners_cost_less_than_a_second() -> None:
    memory, visits = three_hundred(chain_of(duel("one"), duel("two", multiplayer=rules(wait_for_known_group=True))))
    _join_all(memory, visits)
    for where in visits:
        memory.finish(where)
    assert _cpu_s(lambda: _join_all(memory, _shown(memory), step=2)) < 1.0
    assert len(groups(memory)) == 150


def test_that_a_recruiters_person_is_one_participant_under_whatever_id() -> None:
    memory = Memory(study=STUDY)
    link = {"PROLIFIC_PID": "q1"}
    memory.hello("a", "", params=link)
    first = memory.last("a", Welcome)
    memory.hello("b", "zed", params=link)
    memory.hello("c", "", params={**link, "subject_id": "kim"})
    assert [memory.last(page, Refused).reason for page in "bc"] == ["token", "token"]
    assert list(memory.run.state.participants) == [first.participant_id]
    memory.drop("a")
    own = ResumeCandidate(session_id="s1", participant_id=first.participant_id, token=first.token)
    memory.hello("d", "zed", params=link, candidates=(own,))
    assert memory.last("d", Welcome).participant_id == first.participant_id


@pytest.mark.parametrize("hours", [-1, 1])
def test_that_who_waits_over_a_restart_has_an_end_ahead_though_the_computers_clock_was_set(hours: int) -> None:
    memory = session()
    to_the_waitroom(memory, "a")
    memory.tick(10_000)
    memory.timers.clear()
    memory.clock.ms += hours * 3_600_000
    memory.crash_and_restart()
    memory.hello("a2", "p-a", token=memory.token("a"))
    join(memory, "a2")
    assert outcome(memory, "p-a") is None  # nobody's time is up at the moment when the server is there again
    memory.later(125_000)
    memory.tick()
    assert outcome(memory, "p-a") == "no_partner"
    assert fold(memory.written) == memory.run.state


@pytest.mark.parametrize("hours", [-1, 1])
def test_that_a_leap_of_time_raises_nothing(hours: int) -> None:
    watched = rules(continuous_monitoring_enabled=True, continuous_max_ping=100, focus_loss_timeout_ms=5_000)
    near = matchmaking(max_rtt=80)
    memory = Memory(study=chain_of(duel("one", matchmaking=near, multiplayer=watched)))
    to_the_waitroom(memory, "a", "b", "c")
    answer_probe(memory, 10.0)
    for number in range(4):
        for where in "abc":
            memory.say(where, Pulse(n=number, client_ms=0.0, rtt_ms=9.0, phase="playing", focused=number != 1))
        memory.tick(1_000)
        if number == 1:
            memory.clock.ms += hours * 3_600_000
    memory.later(130_000)
    memory.tick()
    assert fold(memory.written) == memory.run.state


def test_that_a_chunk_of_nothing_but_empty_rows_holds_up_nobody() -> None:
    memory = Memory(study=chain_of(TextBoxForm(scene_id="text", text_box_header="Why?")))
    memory.hello("a", "p-a")
    memory.finish("a")
    row = b'{"question_id":"text","answer":"so","submission":1}\n'
    assert _cpu_s(lambda: memory.put("a", "form", 0, row + b"{}\n" * 87_000)) < 0.1
    memory.finish("a", form=1)
    assert memory.scene("a").scene_id == "end"


def test_that_a_finish_that_waits_for_rows_does_not_lead_out_of_an_end() -> None:
    memory = Memory(study=chain_of(duel("one", waitroom=waitroom(timeout=30_000)), page("after")))
    to_the_waitroom(memory, "a")
    leaves = FinishVisit(visit_id=memory.scene("a").visit_id, counts={"event": 1}, outcome="failed")
    memory.say("a", leaves)
    memory.later(31_000)
    memory.tick()
    assert outcome(memory, "p-a") == "no_partner"
    memory.put("a", "event", 0)  # the page hands in what it still holds
    assert visits_of(memory, "p-a")[1:3] == [("one", "waitroom_timeout"), ("after", None)]
    assert memory.scene("a").scene_id == "one"
    assert len(recorded(memory, f.VisitFinished)) == 2


def test_that_nobody_is_let_in_to_a_session_that_is_over() -> None:
    memory = Memory(study=STUDY)
    memory.lab_in()
    memory.hello("a", "p-a")
    memory.hello("b", "p-a")
    memory.ask(EndSession(request_id="1", reason="enough"))
    memory.ask(LetIn(request_id="2", participant_id="p-a"))
    assert reply(memory) == "the session is over"
    assert memory.to("b", Welcome) == []


def test_that_a_page_that_went_in_as_somebody_else_is_not_let_in_a_second_time() -> None:
    memory = Memory(study=STUDY)
    memory.hello("a", "p-a")
    memory.hello("b", "p-a")
    memory.hello("b", "p-b")
    memory.ask(LetIn(request_id="1", participant_id="p-a"))
    assert [welcome.participant_id for welcome in memory.to("b", Welcome)] == ["p-b"]
    memory.drop("b")
    memory.hello("b2", "p-b", token=memory.token("b"), tab="another")
    assert memory.to("b2", Welcome)


def test_that_a_network_that_fails_under_three_hundred_who_wait_holds_up_nobody() -> None:
    far = chain_of(duel("one", matchmaking=matchmaking(matchmaker="m:near")))
    memory, visits = three_hundred(far, {"m:near": LatencyFIFOMatchmaker(1)})
    for where in visits:
        memory.say(where, Pulse(n=1, client_ms=0.0, rtt_ms=90.0))
    _join_all(memory, visits)
    assert groups(memory) == []
    tokens = {where: message.token for where, message in memory.sent if isinstance(message, Welcome)}

    def fail_and_come_back() -> None:
        for where in list(visits)[:100]:
            memory.drop(where)
        for where in list(visits)[:100]:
            memory.hello(where, f"p-{where}", tab=where, token=tokens[where])
            memory.say(where, JoinMatch(visit_id=visits[where]))
        memory.tick()

    assert _cpu_s(fail_and_come_back) < 1.5


def test_that_who_is_free_again_in_a_crowd_is_matched_at_the_next_tick() -> None:
    memory = session(release="experimenter")
    people = [f"{letter}{number}" for letter in "abc" for number in range(9)]
    for name in people:
        memory.hello(name, f"p-{name}")
        memory.finish(name)
        join(memory, name)
    (room,) = memory.run._waiting.rooms()
    assert [len(proposal.places) for proposal in room.proposals] == [2] * 13
    memory.drop(people[0])
    memory.tick()
    found = {place.participant_id for proposal in room.proposals for place in proposal.places}
    assert found == {f"p-{name}" for name in people[1:]}


@pytest.mark.parametrize("onward", ["after", None])
def test_that_a_page_that_comes_back_as_the_time_is_up_is_told_once_how_it_goes_on(onward: str | None) -> None:
    after = msgspec.structs.replace(page("after"), on_connect="own.py:hook")
    waits = duel("one", waitroom=waitroom(timeout=30_000, timeout_scene_id=onward))
    memory = Memory(study=chain_of(waits, after))
    to_the_waitroom(memory, "a")
    memory.clock.ms += 31_000
    load_again(memory, "a", "a2", dropped=False)
    assert len(memory.calls) == (onward is not None)
    assert len(memory.to("a2", ShowScene)) == (onward is not None)
    assert len(memory.to("a2", Closed)) == (onward is None)


@pytest.mark.parametrize("answer", [{"at_ns": 1_700_000_000_000_000_000}, {"deep": [[[[]]]], "far": 2**100}])
def test_that_a_hook_cannot_set_globals_that_no_message_could_bring(answer: dict[str, Any]) -> None:
    first = StartPage(scene_id="start", on_connect="own.py:hook")
    memory = Memory(study=msgspec.structs.replace(SHORT, chain=(first, *SHORT.chain[1:])))
    memory.lab_in()
    memory.hello("a", "p-a")
    memory.answer(memory.calls[0], answer)
    memory.finish("a")
    for _, message in memory.sent:
        encode(message)
    assert memory.scene("a").scene_id == "car"
    assert recorded(memory, f.GlobalsSet) == []
    memory.tick()
    told = [line.text for batch in memory.lab if isinstance(batch, LabBatch) for line in batch.log]
    assert any("cannot be sent" in text and "2^53" in text for text in told)


def test_that_a_page_cannot_nest_its_globals_so_deeply_that_it_never_gets_a_scene_again() -> None:
    memory = Memory(study=SHORT)
    memory.hello("a", "p-a")
    deep: Any = {}
    for _ in range(61):
        deep = {"in": deep}
    memory.say("a", decode_participant_message({"op": "globals.set", "values": deep}))
    memory.finish("a")
    for _, message in memory.sent:
        encode(message)
    assert memory.last("a", ErrorReply).about == "globals.set"
