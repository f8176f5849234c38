"""After any history, folding the journal gives the live engine's durable part: so a restart changes nothing."""

from typing import Any

import hypothesis.strategies as st
from engine_driver import SHORT, STUDY, Memory
from hypothesis import HealthCheck, given, settings, target

from mug.engine import fold
from mug.engine.inputs import StorageFailed, StorageRecovered
from mug.ids import MatchId, VisitId
from mug.protocol.lab import EndSession, LetIn
from mug.protocol.messages import (
    ClientError,
    FinishVisit,
    GameContent,
    PutChunk,
    RestartMatch,
    SetGlobals,
    ShowScene,
    Welcome,
)

PEOPLE = ("ann", "bob", "")
STREAMS = ("event", "telemetry", "frames", "bogus")

connections = st.sampled_from("cde")
near = st.sampled_from((0, 0, 0, 0, -1, 1, 2))

likely = st.one_of(
    st.tuples(st.just("finish"), connections, st.just(0), st.just("completed")),
    st.tuples(st.just("put"), connections, st.sampled_from(STREAMS), near, near),
    st.tuples(st.just("put"), connections, st.just("frames"), near, near),
    st.tuples(st.just("hello"), connections, st.sampled_from(PEOPLE), st.booleans()),
)
rare = st.one_of(
    st.tuples(st.just("finish"), connections, st.integers(1, 2), st.just("failed")),
    st.tuples(st.just("drop"), connections),
    st.tuples(st.just("globals"), connections, st.integers(0, 3)),
    st.tuples(st.just("error"), connections),
    st.tuples(st.just("restart"), connections),
    st.tuples(st.just("let_in"), st.sampled_from(PEOPLE)),
    st.tuples(st.just("disk"), st.sampled_from((True, True, True, False))),
    st.tuples(st.just("tick"), st.integers(0, 400_000)),
    st.tuples(st.just("crash")),
    st.tuples(st.just("end"), st.integers(0, 9)),
)
steps = st.one_of(likely, likely, likely, rare)


def take(memory: Memory, step: tuple[Any, ...]) -> None:
    connection = step[1] if len(step) > 1 and step[1] in tuple("cde") else ""
    shown = memory.to(connection, ShowScene)
    visit = shown[-1].visit_id if shown else "v-unknown"
    content = shown[-1].content if shown else None
    match = content.config.match_id if isinstance(content, GameContent) else "m-unknown"
    match step:
        case ("hello", _, who, True):
            tokens = memory.to(connection, Welcome)
            memory.hello(connection, who, tab="tab", token=tokens[-1].token if tokens else None)
        case ("hello", _, who, _):
            memory.hello(connection, who)
        case ("drop", _):
            memory.drop(connection)
        case ("finish", _, count, outcome):
            counts = {"event": count} if count else {}
            memory.say(connection, FinishVisit(visit_id=visit, counts=counts, outcome=outcome))
        case ("put", _, stream, seq_off, first_off):
            state = memory.run.state
            known = state.visits.get(VisitId(visit))
            seq = (known.next_seq.get(stream, 0) if known is not None else 0) + seq_off
            held = state.matches.get(MatchId(match))
            episode = 0 if held is None or held.frames < 15 else 1
            first = max((held.next_frame.get(episode, 0) if held is not None else 0) + 5 * first_off, 0)
            meta = {
                "match_id": match,
                "episode": episode,
                "first": first,
                "last": first + 4,
                "chain_hash": str(first_off),
            }
            memory.say(connection, PutChunk(visit_id=visit, stream=stream, seq=seq, body=b"{}", meta=meta))
        case ("globals", _, value):
            memory.say(connection, SetGlobals(values={"value": value}))
        case ("error", _):
            memory.say(connection, ClientError(kind="environment", message="m", visit_id=visit))
        case ("restart", _):
            memory.say(connection, RestartMatch(visit_id=visit, match_id=match, reason="differs"))
        case ("let_in", who):
            memory.ask(LetIn(request_id="1", participant_id=who))
        case ("disk", works):
            memory.take(StorageRecovered() if works else StorageFailed("full"))
        case ("tick", ms):
            memory.later(ms)
            memory.tick()
        case ("crash",):
            memory.crash_and_restart()
        case ("end", 0):
            memory.ask(EndSession(request_id="1", reason="over"))


@given(st.lists(steps, min_size=30, max_size=120), st.sampled_from((SHORT, SHORT, STUDY)), st.booleans())
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_that_folding_the_facts_gives_the_live_state(
    history: list[tuple[Any, ...]], study: Any, slow_disk: bool
) -> None:
    memory = Memory(study=study, hold_disk=slow_disk)
    memory.lab_in()
    for connection, who in zip("cd", PEOPLE, strict=False):
        take(memory, ("hello", connection, who, True))
    for number, step in enumerate(history):
        take(memory, step)
        if slow_disk and number % 3 == 2:
            memory.commit()
    for name in ("matches", "frames", "chunks", "visits"):
        target(float(memory.run.state.counts.get(name, 0)), label=name)
    assert fold(memory.recorded) == memory.run.state
    memory.commit()
    assert fold(memory.written) == memory.run.state
