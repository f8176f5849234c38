"""After any history, folding the journal gives the live engine's durable part: so a restart changes nothing."""

from collections.abc import Callable
from typing import Any

import hypothesis.strategies as st
from engine_driver import SHORT, STUDY, Memory, rules_of, study_for
from hypothesis import HealthCheck, given, seed, settings, target
from stepped_driver import stepped_study

from mug.engine import fold
from mug.engine.effects import StartAuthority
from mug.engine.inputs import (
    AuthorityChanged,
    AuthorityChunk,
    AuthorityFailed,
    AuthorityFinished,
    StorageFailed,
    StorageRecovered,
)
from mug.ids import MatchId, VisitId
from mug.protocol.lab import EndSession, LetIn
from mug.protocol.messages import (
    ClientError,
    FinishVisit,
    GameContent,
    JoinMatch,
    MatchReady,
    Pulse,
    PutChunk,
    ReportMatch,
    ReportPeer,
    RestartMatch,
    ReturnDone,
    SetGlobals,
    ShowScene,
    Welcome,
)
from mug.protocol.partners import ServerReady
from mug.protocol.parts import ResumeCandidate
from mug.records import facts as f
from mug.study.model import Study
from mug.study.settings import EntryScreening

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
    st.tuples(st.just("failure"), connections),
    st.tuples(st.just("restart"), connections),
    st.tuples(st.just("pulse"), connections, st.sampled_from((20.0, 400.0, float("nan"))), st.booleans()),
    st.tuples(st.just("pulse"), connections, st.just(400.0), st.just(False)),
    st.tuples(st.just("answer"), st.booleans()),
    st.tuples(st.just("let_in"), st.sampled_from(PEOPLE)),
    st.tuples(st.just("disk"), st.sampled_from((True, True, True, False))),
    st.tuples(st.just("tick"), st.integers(0, 400_000)),
    st.tuples(st.just("crash")),
    st.tuples(st.just("end"), st.integers(0, 9)),
)
steps = st.one_of(likely, likely, likely, rare)

agents = st.sampled_from(("a0", "a1", "a2", "bot"))
together = st.one_of(
    st.tuples(st.just("join"), connections),
    st.tuples(st.just("peer"), connections, agents, st.sampled_from(("lost", "lost", "back")), st.integers(0, 9_000)),
    st.tuples(st.just("tick"), st.sampled_from((100, 2_000, 6_000))),
    st.tuples(st.just("reload"), connections, st.sampled_from(PEOPLE)),
    st.tuples(st.just("returned"), connections, st.integers(-1, 9)),
    st.tuples(
        st.just("found"),
        connections,
        st.sampled_from(("desync", "refused", "refused", "void", "not_reproduced", "?")),
        st.integers(0, 2),
    ),
    st.tuples(
        st.just("finish"), connections, st.just(0), st.sampled_from(("completed", "failed", "partner_left", "void"))
    ),
)
on_server = st.one_of(
    st.tuples(st.just("join"), connections),
    st.tuples(st.just("ready"), connections),
    st.tuples(st.just("plays"), st.sampled_from(("cde", "cd"))),
    st.tuples(st.just("process"), st.sampled_from(("ready", "ready", "playing", "paused")), st.integers(0, 9)),
    st.tuples(st.just("rows"), near),
    st.tuples(st.just("rows"), st.just(0)),
    st.tuples(st.just("fails"), st.sampled_from(("crashed", "environment", "irreproducible"))),
    st.tuples(st.just("over"), st.sampled_from(("completed", "completed", "other"))),
    st.tuples(st.just("tick"), st.sampled_from((100, 2_000, 6_000, 30_000))),
    st.tuples(st.just("reload"), connections, st.sampled_from(PEOPLE)),
    st.tuples(st.just("drop"), connections),
    st.tuples(st.just("pause"), st.sampled_from(PEOPLE), st.booleans()),
    st.tuples(
        st.just("finish"), connections, st.just(0), st.sampled_from(("completed", "failed", "partner_left", "void"))
    ),
)
stepped_steps = st.one_of(likely, on_server, on_server, on_server, rare)
stepped_studies = st.sampled_from(
    tuple(
        stepped_study(people, dropout_policy=policy)
        for people in (1, 2, 3)
        for policy in ("end", "default_action", "void")
    )
)
shared_steps = st.one_of(likely, likely, together, together, rare)
studies = st.sampled_from(
    (
        *(
            study_for(people, multiplayer=rules_of(dropout_policy=policy))
            for people in (2, 3)
            for policy in ("end", "default_action", "void")
        ),
        study_for(2, multiplayer=rules_of(continuous_max_ping=200, continuous_tab_exclude_ms=2_000)),
    )
)
SCREENED = Study(
    id="memory",
    chain=SHORT.chain,
    screening=EntryScreening(max_ping=200, min_ping_measurements=2, entry_callback="gate.py:decide"),
)


def take(memory: Memory, step: tuple[Any, ...]) -> None:
    connection = step[1] if len(step) > 1 and step[1] in tuple("cde") else ""
    shown = memory.to(connection, ShowScene)
    visit = shown[-1].visit_id if shown else "v-unknown"
    content = shown[-1].content if shown else None
    match = content.config.match_id if isinstance(content, GameContent) else "m-unknown"
    told = [ready for ready in memory.to(connection, MatchReady) if ready.visit_id == visit]
    match = told[-1].config.match_id if told else match
    match step:
        case ("hello", _, who, True):
            tokens = memory.to(connection, Welcome)
            memory.hello(connection, who, tab="tab", token=tokens[-1].token if tokens else None)
        case ("hello", _, who, _):
            memory.hello(connection, who)
        case ("reload", _, who):
            # Another page of somebody's browser: it holds the token, but was not welcomed itself.
            tokens = [(m.participant_id, m.token) for c in "cde" for m in memory.to(c, Welcome)]
            kept = tuple(ResumeCandidate(session_id="s1", participant_id=of, token=t) for of, t in tokens)
            memory.hello(connection, who, tab="tab", candidates=kept)
        case ("ready", _):
            memory.say(connection, ServerReady(match_id=match))
        case ("plays", pages):
            for page in pages:
                memory.say(page, ServerReady(match_id=_started(memory)))
            memory.take(AuthorityChanged(_started(memory), "ready"))
            memory.take(AuthorityChanged(_started(memory), "playing"))
        case ("process", stage, frame):
            memory.take(AuthorityChanged(_started(memory), stage, frame=frame))
        case ("rows", first_off):
            known = memory.run.state.matches.get(_started(memory))
            first = max((known.next_frame.get(0, 0) if known is not None else 0) + 5 * first_off, 0)
            meta = {"match_id": _started(memory), "episode": 0, "first": first, "last": first + 4, "chain_hash": "x"}
            memory.take(AuthorityChunk(_started(memory), "frames", meta, b"rows"))
            memory.take(AuthorityChunk(_started(memory), "event", {}, b"{}"))
        case ("fails", kind):
            memory.take(AuthorityFailed(_started(memory), kind, "it broke"))
        case ("over", outcome):
            memory.take(AuthorityFinished(_started(memory), outcome))
        case ("pause", who, pauses):
            memory.act("pause" if pauses else "resume", who or "ann")
        case ("join", _):
            memory.say(connection, JoinMatch(visit_id=visit))
        case ("peer", _, agent, state, silent_ms):
            memory.say(connection, ReportPeer(match_id=match, agent=agent, state=state, silent_ms=silent_ms))
        case ("found", _, flag, episode):
            memory.say(connection, ReportMatch(match_id=match, flag=flag, detail="d", episode=episode))
        case ("returned", _, frame):
            memory.say(connection, ReturnDone(match_id=match, episode=0, frame=frame))
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
        case ("failure", _):
            memory.say(connection, ClientError(kind="environment", message="m", visit_id=visit, fatal=True))
        case ("pulse", _, ping, visible):
            for number in range(3):
                now = int(memory.clock.ms) + number
                memory.say(
                    connection,
                    Pulse(
                        n=now + 1, client_ms=0, rtt_ms=ping, rtt_n=now, visible=visible, phase="playing", frame=40,
                        episode=0,
                    ),
                )  # fmt: skip
                memory.tick(1_000)
        case ("answer", excludes):
            if memory.calls:
                memory.answer(memory.calls[-1], {"exclude": excludes, "warn": not excludes})
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


@given(st.lists(steps, min_size=30, max_size=120), st.sampled_from((SHORT, SHORT, STUDY, SCREENED)), st.booleans())
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


@given(st.lists(shared_steps, min_size=20, max_size=100), studies, st.booleans())
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_that_folding_the_facts_gives_the_live_state_of_games_of_several_people(
    history: list[tuple[Any, ...]], played: Any, slow_disk: bool
) -> None:
    memory = Memory(study=played, hold_disk=slow_disk)
    memory.lab_in()
    for connection, who in zip("cde", ("ann", "bob", "cat"), strict=True):
        memory.hello(connection, who)
        memory.commit()
        memory.finish(connection)
        memory.commit()
    for connection in "cde":
        take(memory, ("join", connection))
    for number, step in enumerate(history):
        take(memory, step)
        _check_places(memory)
        if slow_disk and number % 3 == 2:
            memory.commit()
    facts = [type(fact).__name__ for fact in memory.recorded]
    for name in ("MatchFormed", "PlayerDropped", "PlayerReturned", "MatchEnded", "ChunkStored"):
        target(float(facts.count(name)), label=name)
    assert fold(memory.recorded) == memory.run.state
    memory.commit()
    assert fold(memory.written) == memory.run.state


def _started(memory: Memory) -> MatchId:
    """The match whose process was started last."""
    started = [effect.match_id for effect in memory.others if isinstance(effect, StartAuthority)]
    return started[-1] if started else MatchId("m-unknown")


@given(st.lists(stepped_steps, min_size=20, max_size=100), stepped_studies, st.booleans(), st.booleans())
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_that_folding_the_facts_gives_the_live_state_of_games_that_the_server_steps(
    history: list[tuple[Any, ...]], played: Any, slow_disk: bool, plays: bool
) -> None:
    memory = Memory(study=played, hold_disk=slow_disk)
    memory.lab_in()
    for connection, who in zip("cde", ("ann", "bob", "cat"), strict=True):
        memory.hello(connection, who)
        memory.commit()
        memory.finish(connection)
        memory.commit()
    for connection in "cde":
        take(memory, ("join", connection))
    if plays:
        take(memory, ("plays", "cde"))
    for number, step in enumerate(history):
        take(memory, step)
        _check_places(memory)
        _check_processes(memory)
        if slow_disk and number % 3 == 2:
            memory.commit()
    facts = [type(fact).__name__ for fact in memory.recorded]
    for name in ("MatchFormed", "PlayerDropped", "MatchEnded", "ChunkStored", "MatchFlagged"):
        target(float(facts.count(name)), label=name)
    assert fold(memory.recorded) == memory.run.state
    memory.commit()
    assert fold(memory.written) == memory.run.state


def _check_processes(memory: Memory) -> None:
    """A process runs only for a match that is not over, and each (visit, stream, number) is stored once."""
    for match_id in memory.run._core.stepped:
        assert memory.run.state.matches[match_id].outcome is None
    stored = [(fact.visit_id, fact.stream, fact.seq) for fact in memory.recorded if isinstance(fact, f.ChunkStored)]
    assert len(stored) == len(set(stored))


def _check_places(memory: Memory) -> None:
    """What must hold at any time: one match a visit, one end a match, nobody dropped twice."""
    state = memory.run.state
    assert all(len(visit.match_ids) <= 1 for visit in state.visits.values())
    for match in state.matches.values():
        assert match.visits
        assert len(set(match.visits)) == len(match.settings["players"])
        assert set(match.dropped) <= set(match.players)
        assert match.away <= match.returns.keys() - match.dropped.keys()
        live = [match.visits[who] for agent, who in match.players.items() if agent not in match.dropped]
        if all(state.visits[visit].outcome is not None for visit in live):
            assert match.outcome is not None
    for kind, key in ((f.MatchEnded, lambda fact: fact.match_id), (f.PlayerDropped, lambda fact: fact.participant_id)):
        keys = [(key(fact), fact.match_id) for fact in memory.recorded if isinstance(fact, kind)]
        assert len(keys) == len(set(keys))


def collect(
    histories: Any, of: Any, take_note: Callable[[list[tuple[Any, ...]], Any], None], enough: Callable[[], bool]
) -> None:
    """Draw histories, a hundred at a time, until enough was seen; rare things need many, and never the same number."""
    for number in range(20):
        if enough():
            return
        drawn = given(histories, of)(take_note)
        seed(number)(settings(deadline=None, max_examples=100, database=None)(drawn))()


def test_that_histories_of_games_on_the_server_contain_what_they_are_to_test() -> None:
    seen: set[str] = set()

    def take_note(history: list[tuple[Any, ...]], played: Any) -> None:
        memory = Memory(study=played)
        for connection, who in zip("cde", ("ann", "bob", "cat"), strict=True):
            memory.hello(connection, who)
            memory.finish(connection)
            take(memory, ("join", connection))
        take(memory, ("plays", "cde"))
        for step in history:
            take(memory, step)
        for fact in memory.recorded:
            match fact:
                case f.PlayerDropped():
                    seen.add(f"dropped:{fact.policy}")
                case f.MatchEnded():
                    seen.add(f"ended:{fact.outcome}")
                case f.MatchFlagged():
                    seen.add(f"flag:{fact.flag}")
                case f.ChunkStored():
                    seen.add(f"chunk by {fact.meta.get('by', 'page')}")
        seen.update(what for what, _ in memory.told())

    wanted = {
        *("dropped:default_action", "dropped:end", "dropped:void"),
        *("ended:completed", "ended:partner_left", "ended:void", "ended:failed"),
        *("flag:server_restored", "flag:server_resumed", "flag:not_reproduced", "flag:frames_missing"),
        *("begin", "pause", "go_on", "away", "back", "drop"),
        *("chunk by server", "chunk by page"),
    }
    collect(st.lists(stepped_steps, min_size=20, max_size=60), stepped_studies, take_note, lambda: wanted <= seen)
    assert wanted - seen == set()


def test_that_such_histories_contain_what_they_are_to_test() -> None:
    """The steps do reach joins, drops and ends: else the property above would hold of nothing."""
    seen: set[str] = set()

    def take_note(history: list[tuple[Any, ...]], played: Any) -> None:
        memory = Memory(study=played)
        for connection, who in zip("cde", ("ann", "bob", "cat"), strict=True):
            memory.hello(connection, who)
            memory.finish(connection)
            take(memory, ("join", connection))
        for step in history:
            take(memory, step)
        for fact in memory.recorded:
            seen.add(type(fact).__name__)
            if isinstance(fact, f.PlayerDropped | f.MatchEnded):
                seen.add(f"{type(fact).__name__}:{fact.policy if isinstance(fact, f.PlayerDropped) else fact.outcome}")

    wanted = {
        *("MatchFormed", "MatchFlagged"),
        *("PlayerDropped:end", "PlayerDropped:default_action", "PlayerDropped:void"),
        *("MatchEnded:completed", "MatchEnded:partner_left", "MatchEnded:void", "MatchEnded:refused"),
    }
    collect(st.lists(shared_steps, min_size=20, max_size=60), studies, take_note, lambda: wanted <= seen)
    assert wanted - seen == set()
