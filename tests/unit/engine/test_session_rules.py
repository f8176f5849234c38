"""A session's rules, played in memory."""

import pytest
from engine_driver import SHORT, STUDY, Memory

from mug.engine.effects import ConnectionId
from mug.engine.inputs import LifelineEnded, PageRefusal, PastTelemetry, StorageFailed, StorageRecovered
from mug.ids import MatchId, ParticipantId
from mug.protocol.lab import EndSession, LabBatch, LabReply, LabSnapshot, LetIn, StopServer, TelemetryPoint
from mug.protocol.messages import (
    ChunkAck,
    ClientError,
    Closed,
    ErrorReply,
    FetchFrames,
    FinishVisit,
    GameContent,
    PageContent,
    Pulse,
    PutChunk,
    Refused,
    RestartMatch,
    SetGlobals,
    Welcome,
)
from mug.protocol.parts import KeptChunks, ResumeCandidate
from mug.records import facts as f


def to_the_game(memory: Memory, connection: str = "c", who: str = "ann") -> None:
    memory.hello(connection, who)
    while not isinstance(memory.scene(connection).content, GameContent):
        memory.finish(connection)


def frames(memory: Memory, connection: str, seq: int, first: int, last: int, **meta: object) -> None:
    content = memory.scene(connection).content
    assert isinstance(content, GameContent)
    values = {"match_id": content.config.match_id, "episode": 0, "first": first, "last": last, "chain_hash": "x"}
    memory.put(connection, "frames", seq, f"{first}-{last}".encode(), **{**values, **meta})


def test_that_a_whole_session_is_played_in_memory() -> None:
    memory = Memory()
    memory.hello("c", "ann")
    seen = [memory.scene("c").scene_id]
    while memory.scene("c").index < memory.scene("c").total - 1:
        memory.finish("c")
        seen.append(memory.scene("c").scene_id)
    assert seen[0] == "start"
    assert sorted(seen[1:4]) == ["a", "b", "c"]
    assert seen[4:] == ["car", "end"]
    content = memory.scene("c").content
    assert isinstance(content, PageContent)
    assert content.completion_code == memory.run.state.participants[ParticipantId("ann")].completion_code
    assert memory.run.state.participants[ParticipantId("ann")].outcome == "complete"


def test_that_participants_get_orders_codes_and_seeds_of_their_own() -> None:
    memory = Memory()
    orders, codes, seeds = set(), set(), set()
    for number in range(40):
        memory.hello(f"c{number}")
        person = memory.run.state.participants[ParticipantId(memory.last(f"c{number}", Welcome).participant_id)]
        orders.add(tuple(memory.run.state.visits[v].planned.scene_id for v in person.plan))
        codes.add(person.completion_code)
        seeds.add(person.seed)
    assert len(orders) == 6
    assert len(codes) == len(seeds) == 40


def test_that_nothing_is_promised_before_it_is_on_disk() -> None:
    memory = Memory(study=SHORT, hold_disk=True)
    memory.hello("c", "ann")
    assert memory.sent == []
    memory.commit()
    assert memory.scene("c").scene_id == "start"
    memory.put("c", "event", 0)
    assert memory.to("c", ChunkAck) == []
    memory.commit()
    assert memory.last("c", ChunkAck).next_seq == 1


def test_that_a_chunk_lost_with_the_power_is_expected_again() -> None:
    memory = Memory(study=SHORT)
    to_the_game(memory)
    visit = memory.scene("c").visit_id
    frames(memory, "c", 0, 0, 9)
    memory.hold_disk = True
    frames(memory, "c", 1, 10, 19)
    memory.crash_and_restart()
    memory.hold_disk = False
    memory.hello("d", "ann", tab="c", token=memory.token("c"))
    shown = memory.scene("d")
    assert (shown.visit_id, shown.next_seq) == (visit, {"frames": 1})
    assert isinstance(shown.content, GameContent)
    assert shown.content.resume_match
    frames(memory, "d", 1, 10, 19)
    memory.finish("d", frames=2)
    assert memory.scene("d").scene_id == "end"
    match = next(iter(memory.run.state.matches.values()))
    assert (match.frames, match.outcome, match.flags) == (20, "completed", [])


def test_that_the_show_after_a_reload_promises_only_what_was_committed_before() -> None:
    memory = Memory(study=SHORT)
    memory.hello("c", "ann")
    memory.hold_disk = True
    memory.put("c", "event", 0)
    memory.hello("d", "ann", tab="c", token=memory.token("c"))
    assert memory.to("d", Welcome) == []
    memory.commit()
    kinds = [type(effect).__name__ for _, effect in memory.sent if _ in ("c", "d")]
    assert kinds.index("ChunkAck") < len(kinds) - 1
    assert memory.scene("d").next_seq == {"event": 1}


def test_that_a_visit_ends_only_when_all_its_chunks_are_held() -> None:
    memory = Memory(study=SHORT)
    memory.hello("c", "ann")
    first = memory.scene("c").visit_id
    memory.finish("c", event=2)
    assert memory.scene("c").visit_id == first
    assert memory.last("c", ChunkAck).next_seq == 0
    memory.put("c", "event", 0)
    assert memory.scene("c").visit_id == first
    memory.put("c", "event", 1)
    assert memory.scene("c").scene_id == "car"


def test_that_a_repeated_finish_shows_the_present_scene_again_and_moves_nothing() -> None:
    memory = Memory(study=SHORT)
    memory.hello("c", "ann")
    first = memory.scene("c").visit_id
    memory.finish("c")
    memory.say("c", FinishVisit(visit_id=first))
    assert memory.scene("c").scene_id == "car"
    finished = [fact for fact in memory.recorded if isinstance(fact, f.VisitFinished)]
    assert len(finished) == 1


def test_that_chunks_are_taken_in_order_and_once() -> None:
    memory = Memory(study=SHORT)
    to_the_game(memory)
    frames(memory, "c", 2, 20, 29)
    assert memory.last("c", ChunkAck).next_seq == 0
    told = len(memory.to("c", ChunkAck))
    frames(memory, "c", 1, 10, 19)
    assert len(memory.to("c", ChunkAck)) == told
    for seq in (0, 1, 1, 0, 2):
        frames(memory, "c", seq, seq * 10, seq * 10 + 9)
    stored = [fact for fact in memory.recorded if isinstance(fact, f.ChunkStored)]
    assert [fact.seq for fact in stored] == [0, 1, 2]
    assert memory.last("c", ChunkAck).next_seq == 3


@pytest.mark.parametrize(
    ("first", "last", "chain", "flag"),
    [
        (0, 9, "x", None),
        (0, 9, "other", "frames_differ"),
        (5, 14, "x", "frames_overlap"),
        (15, 20, "x", "frames_missing"),
    ],
)
def test_that_frames_that_do_not_fit_are_kept_and_flagged(first: int, last: int, chain: str, flag: str | None) -> None:
    memory = Memory(study=SHORT)
    to_the_game(memory)
    frames(memory, "c", 0, 0, 9)
    frames(memory, "c", 1, first, last, chain_hash=chain)
    match = next(iter(memory.run.state.matches.values()))
    assert match.flags == ([flag] if flag else [])
    assert match.frames == (10 if flag != "frames_missing" else 21)
    assert memory.last("c", ChunkAck).next_seq == 2


def test_that_nobody_writes_into_anothers_visit_or_match() -> None:
    memory = Memory(study=SHORT)
    to_the_game(memory, "c", "ann")
    to_the_game(memory, "d", "bob")
    anns = memory.scene("c")
    assert isinstance(anns.content, GameContent)
    match = anns.content.config.match_id
    meta = {"match_id": match, "episode": 0, "first": 0, "last": 0}
    memory.say("d", PutChunk(visit_id=anns.visit_id, stream="frames", seq=0, body=b"x", meta=meta))
    memory.say("d", PutChunk(visit_id=memory.scene("d").visit_id, stream="frames", seq=0, body=b"x", meta=meta))
    memory.say("d", FinishVisit(visit_id=anns.visit_id))
    memory.say("d", FetchFrames(visit_id=anns.visit_id, match_id=match))
    memory.say("d", FetchFrames(visit_id=memory.scene("d").visit_id, match_id=match))
    memory.say("d", RestartMatch(visit_id=anns.visit_id, match_id=match, reason=""))
    codes = [reply.code for reply in memory.to("d", ErrorReply)]
    assert codes == [
        "foreign_visit", "foreign_match", "foreign_visit", "foreign_visit", "foreign_match", "foreign_visit"
    ]  # fmt: skip
    assert memory.run.state.matches[MatchId(match)].frames == 0
    assert memory.frames_sent() == []
    assert memory.scene("c").scene_id == "car"


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"stream": "secret"}, "stream"),
        ({"seq": -1}, "seq"),
        ({"body": b"x" * (256 * 1024 + 1)}, "body"),
        ({"meta": {"episode": 0, "first": 5, "last": 4}}, "meta.last"),
        ({"meta": {"episode": "0", "first": 0, "last": 4}}, "meta.episode"),
        ({"meta": {"episode": 0, "first": True, "last": 4}}, "meta.first"),
        ({"meta": {"episode": 0, "first": 0, "last": 4, "chain_hash": 7}}, "meta.chain_hash"),
    ],
)
def test_that_a_wrong_chunk_is_refused_by_field(change: dict[str, object], path: str) -> None:
    memory = Memory(study=SHORT)
    to_the_game(memory)
    content = memory.scene("c").content
    assert isinstance(content, GameContent)
    values: dict[str, object] = {"stream": "frames", "seq": 0, "body": b"x", "meta": {}, **change}
    assert isinstance(values["meta"], dict)
    values["meta"] = {"match_id": content.config.match_id, **values["meta"]}
    memory.say("c", PutChunk(visit_id=memory.scene("c").visit_id, **values))  # type: ignore[arg-type]
    assert memory.last("c", ErrorReply).path == path
    assert memory.run.state.counts.get("chunks", 0) == 0


def test_that_messages_before_hello_are_refused() -> None:
    memory = Memory()
    memory.say("c", SetGlobals(values={"a": 1}))
    assert memory.last("c", ErrorReply).code == "no_hello"


def test_that_a_full_disk_leaves_chunks_with_the_page_and_asks_again_when_there_is_space() -> None:
    memory = Memory(study=SHORT)
    memory.lab_in()
    memory.hello("c", "ann")
    memory.take(StorageFailed("the disk is full"))
    memory.put("c", "event", 0)
    assert memory.last("c", ErrorReply).code == "storage"
    assert memory.to("c", ChunkAck) == []
    memory.tick()
    lines = [line for batch in memory.lab if isinstance(batch, LabBatch) for line in batch.log]
    assert any("the disk is full" in line.text and line.level == "error" for line in lines)
    memory.take(StorageRecovered())
    assert memory.last("c", ChunkAck).next_seq == 0
    memory.put("c", "event", 0)
    assert memory.last("c", ChunkAck).next_seq == 1


def test_that_an_error_of_the_environment_reaches_the_console_with_its_traceback() -> None:
    memory = Memory(study=SHORT)
    memory.lab_in()
    to_the_game(memory)
    trace = 'File "/study/env.py", line 7, in step'
    memory.say("c", ClientError(kind="environment", message="ZeroDivisionError", traceback=trace, fatal=True))
    memory.tick()
    lines = [line for batch in memory.lab if isinstance(batch, LabBatch) for line in batch.log]
    assert any(line.traceback == trace and line.participant_id == "ann" for line in lines)
    errors = [fact for fact in memory.recorded if isinstance(fact, f.ErrorReported)]
    assert [(fact.kind, fact.traceback) for fact in errors] == [("environment", trace)]


def test_that_a_match_in_which_the_study_s_code_failed_is_flagged_once() -> None:
    memory = Memory(study=SHORT)
    to_the_game(memory)
    visit_id = memory.scene("c").visit_id
    for kind in ("runtime", "environment", "environment"):
        memory.say("c", ClientError(kind=kind, message="NaN\nmore", traceback="", fatal=True, visit_id=visit_id))
    flags = [fact for fact in memory.recorded if isinstance(fact, f.MatchFlagged)]
    assert [(fact.flag, fact.detail) for fact in flags] == [("page_failed", "NaN (reported by ann)")]


def test_that_presence_is_told_as_it_is() -> None:
    memory = Memory(study=SHORT)
    memory.lab_in()
    memory.hello("c", "ann")

    def state() -> str:
        memory.tick()
        views = [view for batch in memory.lab if isinstance(batch, LabBatch) for view in batch.participants]
        return views[-1].state

    assert state() == "connected"
    memory.say("c", Pulse(n=1, client_ms=0.0, visible=False))
    assert state() == "background"
    memory.drop("c")
    assert state() == "lost"
    memory.later(250_000)
    assert state() == "lost"
    memory.later(60_000)
    assert state() == "left"
    memory.hello("d", "ann", token=memory.token("c"))
    assert state() == "connected"


def test_that_a_console_gets_everything_once_and_then_what_changed() -> None:
    memory = Memory()
    memory.hello("c", "ann")
    memory.lab_in()
    snapshot = memory.lab[-1]
    assert isinstance(snapshot, LabSnapshot)
    assert [view.participant_id for view in snapshot.participants] == ["ann"]
    memory.tick()
    count = len(memory.lab)
    memory.tick()
    assert len(memory.lab) == count
    memory.hello("d", "bob")
    memory.tick()
    batch = memory.lab[-1]
    assert isinstance(batch, LabBatch)
    assert [view.participant_id for view in batch.participants] == ["bob"]


def test_that_chunks_of_other_sessions_in_a_browser_are_told_once_a_session() -> None:
    memory = Memory()
    here = memory.run.state.opened
    assert here is not None
    kept = (
        KeptChunks(session_id="earlier", participant_id="ann", chunks=12),
        KeptChunks(session_id="other", participant_id="ann", chunks=1),
        KeptChunks(session_id=here.session_id, participant_id="ann", chunks=5),
        KeptChunks(session_id="nothing", participant_id="ann", chunks=0),
    )
    memory.lab_in()
    memory.hello("c", "bob", kept=kept)
    memory.tick()

    def told() -> list[tuple[str | None, str]]:
        lines = [line for batch in memory.lab if isinstance(batch, LabBatch) for line in batch.log]
        return [(line.participant_id, line.text) for line in lines if "keeps" in line.text]

    assert [who for who, _ in told()] == ["bob", "bob"]
    assert "keeps 12 chunks of session earlier, participant ann" in told()[0][1]
    assert "keeps 1 chunk of session other" in told()[1][1]
    memory.drop("c")
    memory.hello("c2", "bob", token=memory.token("c"), kept=kept)
    memory.tick()
    assert len(told()) == 2
    memory.hello("d", "bob", kept=(KeptChunks(session_id="earlier", participant_id="ann", chunks=13),))
    memory.tick()
    assert told()[-1][0] is None, "who is not let in is told of, too"
    assert "13 chunks" in told()[-1][1]


def test_that_what_was_measured_before_a_restart_comes_before_what_is_measured_now() -> None:
    memory = Memory()
    memory.hello("c", "ann")
    memory.say("c", Pulse(n=1, client_ms=1.0, rtt_ms=9.0))
    memory.lab_in()
    now = memory.clock.now_ms()
    point = TelemetryPoint(participant_id="ann", at_ms=now - 1000, rtt_ms=1.0, focused=True, visible=True)
    later = TelemetryPoint(participant_id="ann", at_ms=now + 1000, rtt_ms=2.0, focused=True, visible=True)
    memory.take(PastTelemetry((point, later)))
    snapshot = memory.lab[-1]
    assert isinstance(snapshot, LabSnapshot)
    assert [p.rtt_ms for p in snapshot.telemetry] == [1.0, 9.0], "what is measured live is not told twice"
    memory.lab_in("later")
    again = memory.lab[-1]
    assert isinstance(again, LabSnapshot)
    assert again.telemetry == snapshot.telemetry


def test_that_letting_in_is_for_one_browser_once_and_survives_a_restart() -> None:
    memory = Memory(study=SHORT)
    memory.hello("c", "ann")
    memory.drop("c")
    memory.ask(LetIn(request_id="1", participant_id="ann"))
    memory.crash_and_restart()
    memory.hello("d", "ann")
    assert memory.token("d") != memory.token("c")
    memory.drop("d")
    memory.hello("e", "ann", token=memory.token("c"))
    assert memory.last("e", Refused).reason == "token"
    memory.hello("g", "ann", token=memory.token("d"))
    assert memory.scene("g").scene_id == "start"


def test_that_a_browser_with_several_tokens_goes_on_as_the_unfinished_one() -> None:
    memory = Memory(study=SHORT)
    memory.hello("c", "ann")
    memory.hello("d", "bob")
    tokens = [
        ResumeCandidate(session_id="s1", participant_id=name, token=memory.token(connection))
        for name, connection in (("ann", "c"), ("bob", "d"))
    ]
    for _ in range(2):
        memory.finish("c")
    memory.drop("c")
    memory.drop("d")
    memory.hello("e", candidates=tuple(tokens))
    assert memory.last("e", Welcome).participant_id == "bob"
    wrong = ResumeCandidate(session_id="another", participant_id="bob", token=tokens[1].token)
    memory.drop("e")
    memory.hello("g", candidates=(wrong,))
    assert memory.last("g", Welcome).participant_id not in ("ann", "bob")


def test_that_a_session_is_closed_at_a_clean_stop_only_when_nobody_is_unfinished() -> None:
    memory = Memory(study=SHORT)
    memory.hello("c", "ann")
    memory.ask(StopServer(request_id="1"))
    assert memory.stopped
    assert not memory.run.state.ended
    memory.finish("c")
    memory.finish("c")
    memory.ask(StopServer(request_id="2"))
    assert memory.run.state.ended


def test_that_the_lifelines_end_stops_only_an_empty_server() -> None:
    memory = Memory(study=SHORT)
    memory.hello("c", "ann")
    memory.take(LifelineEnded())
    assert not memory.stopped
    memory.drop("c")
    memory.take(LifelineEnded())
    assert memory.stopped


def test_that_ending_the_session_is_recorded_with_its_reason_and_told() -> None:
    memory = Memory(study=SHORT)
    memory.hello("c", "ann")
    memory.ask(EndSession(request_id="1", reason="fire drill"))
    assert memory.last("c", Closed).reason == "session_ended"
    assert [message for message in memory.lab if isinstance(message, LabReply)][-1].error == ""
    actions = [fact for fact in memory.recorded if isinstance(fact, f.ConsoleAction)]
    assert [(fact.action, fact.reason) for fact in actions] == [("end_session", "fire drill")]
    memory.hello("d", "bob")
    assert memory.last("d", Refused).reason == "closed"


def test_that_refusals_at_the_edge_are_counted_and_shown_once() -> None:
    memory = Memory()
    memory.lab_in()
    memory.hello("c", "ann")
    for _ in range(5):
        memory.take(PageRefusal(ConnectionId("c"), "unknown_op", "participant.fly"))
    memory.tick()
    batches = [batch for batch in memory.lab if isinstance(batch, LabBatch)]
    assert batches[-1].counts["refused.unknown_op"] == 5
    assert sum("participant.fly" in line.text for batch in batches for line in batch.log) == 1
    assert memory.to("c", ErrorReply) == []


def test_that_globals_are_kept_bounded_and_given_to_the_next_scene() -> None:
    memory = Memory(study=SHORT)
    memory.hello("c", "ann")
    memory.say("c", SetGlobals(values={"score": 3}))
    memory.say("c", SetGlobals(values={"score": "x" * 100_000}))
    assert memory.last("c", ErrorReply).code == "too_large"
    memory.finish("c")
    content = memory.scene("c").content
    assert isinstance(content, GameContent)
    assert content.config.mug_globals == {"score": 3}
    memory.crash_and_restart()
    memory.hello("d", "ann", token=memory.token("c"))
    assert memory.last("d", Welcome).mug_globals == {"score": 3}


def test_that_who_finished_in_an_earlier_session_is_not_taken_again() -> None:
    memory = Memory(study=STUDY, finished_before=frozenset({"ann"}))
    memory.hello("c", "ann")
    assert memory.last("c", Refused).reason == "finished"
