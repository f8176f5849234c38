"""The numbered chunks of a page's outbox: what is taken, what is a repetition, what is missing."""

import hashlib
from typing import Any, Final

from mug.engine.effects import ConnectionId, Effect, Send, SendFrames
from mug.engine.embedded import Embedded, episodes_in
from mug.engine.forms import checked_answers
from mug.engine.live import Core
from mug.engine.matches import MAX_FLAGS
from mug.engine.state import MatchState, ParticipantState, VisitState
from mug.engine.visits import STREAMS, Visits
from mug.ids import MatchId, ParticipantId, VisitId
from mug.protocol.messages import ChunkAck, FetchFrames, PutChunk
from mug.records import facts as f
from mug.study.model import EmbeddedBuild, GymGame

__all__ = ["MAX_CHUNK_BYTES", "STREAMS", "Chunks"]

MAX_CHUNK_BYTES: Final = 256 * 1024
MAX_FRAMES_PER_CHUNK: Final = 10_000
MAX_FRAME: Final = 2**31 - 1
"""Two years at 30 Hz."""


class Chunks:
    """Takes chunks in the order of their numbers, each once."""

    def __init__(self, core: Core, visits: Visits, embedded: Embedded) -> None:
        self._core = core
        self._visits = visits
        self._embedded = embedded

    def put(self, connection: ConnectionId, participant: ParticipantState, message: PutChunk) -> None:
        """Store a chunk and acknowledge it after COMMIT; say what is expected instead when it is not the next one."""
        core = self._core
        visit = core.state.visits.get(VisitId(message.visit_id))
        if problem := self._problem(participant, visit, message):
            code, text, path = problem
            core.refuse(connection, code, text, path=path, about="chunk.put")
            return
        assert visit is not None
        if core.storage_failed:
            # Nothing can be kept at present: the page keeps it, and is asked again when there is space.
            core.refuse(connection, "storage", core.storage_failed, about="chunk.put")
            return
        expected = visit.next_seq.get(message.stream, 0)
        if message.seq != expected:
            self._say_expected(connection, participant, visit, message, expected)
            return
        self._store(connection, participant, visit, message)

    def _problem(
        self, participant: ParticipantState, visit: VisitState | None, message: PutChunk
    ) -> tuple[str, str, str] | None:
        if visit is None or visit.participant_id != participant.participant_id:
            return "foreign_visit", "this is not a visit of yours", "visit_id"
        if visit.started_at is None:
            return "not_current", "this visit has not begun", "visit_id"
        if message.stream not in STREAMS:
            return "invalid", f"expected one of {', '.join(STREAMS)}", "stream"
        if message.seq < 0:
            return "invalid", "expected a number from 0", "seq"
        if len(message.body) > MAX_CHUNK_BYTES:
            return "too_large", f"a chunk has at most {MAX_CHUNK_BYTES} bytes, this one {len(message.body)}", "body"
        if message.stream == "frames":
            return self._frames_problem(visit, message.meta)
        return None

    def _frames_problem(self, visit: VisitState, meta: dict[str, Any]) -> tuple[str, str, str] | None:
        if meta.get("match_id") not in visit.match_ids:
            return "foreign_match", "this is not a match of this visit", "meta.match_id"
        if self._core.state.matches[MatchId(meta["match_id"])].is_on_server:
            return "invalid", "the server itself records this game", "stream"
        for name in ("episode", "first", "last"):
            value = meta.get(name)
            if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= MAX_FRAME:
                return "invalid", f"expected a whole number from 0 to {MAX_FRAME}", f"meta.{name}"
        scene = self._visits.scene(visit)
        if isinstance(scene, GymGame) and meta["episode"] >= scene.gameplay.num_episodes:
            return "invalid", f"this game has {scene.gameplay.num_episodes} episodes", "meta.episode"
        if not 0 <= meta["last"] - meta["first"] < MAX_FRAMES_PER_CHUNK:
            return "invalid", "expected the last frame not before the first", "meta.last"
        chain_hash = meta.get("chain_hash", "")
        if not isinstance(chain_hash, str) or len(chain_hash) > 128:
            return "invalid", "expected a hash as text", "meta.chain_hash"
        return None

    def _say_expected(
        self,
        connection: ConnectionId,
        participant: ParticipantState,
        visit: VisitState,
        message: PutChunk,
        expected: int,
    ) -> None:
        """A repetition is acknowledged again; after a gap the missing chunk is asked for, once."""
        told = self._core.presence(participant.participant_id).gap_told
        key = (message.visit_id, message.stream)
        if message.seq > expected:
            if told.get(key) == expected:
                return
            told[key] = expected
        ack = ChunkAck(visit_id=visit.planned.visit_id, stream=message.stream, next_seq=expected)
        self._core.after_commit(Send(connection, ack))

    def _store(
        self, connection: ConnectionId, participant: ParticipantState, visit: VisitState, message: PutChunk
    ) -> None:
        core = self._core
        sha256 = hashlib.sha256(message.body).hexdigest()
        # Whether rows were repeated is found out here, whatever the page says.
        meta = {name: value for name, value in message.meta.items() if name not in ("repeated", "by")}
        if message.stream == "form":
            meta = checked_answers(self._visits.scene(visit), message.body)
        scene = self._visits.scene(visit)
        build = scene if isinstance(scene, EmbeddedBuild) and message.stream == "event" else None
        before = self._embedded.known(visit)
        if build is not None:
            meta = episodes_in(build, message.body)
        flags: list[f.AnyFact] = []
        if message.stream == "frames":
            match = core.state.matches[MatchId(meta["match_id"])]
            flags = self._compare(match, participant.participant_id, meta)
        core.record(
            f.ChunkStored(
                at=core.now(),
                participant_id=participant.participant_id,
                visit_id=visit.planned.visit_id,
                stream=message.stream,
                seq=visit.next_stored(message.stream),
                sha256=sha256,
                size=len(message.body),
                meta=meta,
            ),
            *flags,
            bodies={sha256: message.body},
            then=self._after(connection, participant, visit, message, repeated=bool(meta.get("repeated"))),
        )
        if build is not None:
            self._embedded.stored(participant, visit, build, message.body, before)
        core.presence(participant.participant_id).gap_told.pop((message.visit_id, message.stream), None)
        core.changed.add(participant.participant_id)
        for flag in flags:
            if isinstance(flag, f.MatchFlagged):
                core.say("warning", f"match {flag.match_id}: {flag.flag} ({flag.detail})", participant.participant_id)
        self._visits.chunk_arrived(connection, participant, visit)

    def _compare(self, match: MatchState, who: ParticipantId, meta: dict[str, Any]) -> list[f.AnyFact]:
        """Mark a chunk whose rows are all held already as `repeated`; flag what does not fit to what is held.

        Every player of a game sends all of its rows, in chunks that begin and end at the same frames; only the last
        chunk of a player who left may be shorter. The chain hash of a chunk is about all rows up to its end.
        """
        episode, first, last = meta["episode"], meta["first"], meta["last"]
        where = f"episode {episode}, frames {first} to {last}"
        sent = match.sent.get((who, episode), 0)
        if first < sent or last < match.next_frame.get(episode, 0):
            meta["repeated"] = True
        known = match.chain_hashes.get((episode, first, last))
        if known is not None and known != meta.get("chain_hash", ""):
            return self._flag(match, "frames_differ", f"{where}, from {who}" if match.visits else where)
        if first > sent:
            return self._flag(match, "frames_missing", f"{where}: expected {sent}")
        if first < sent and known is None:
            return self._flag(match, "frames_overlap", where)
        return []

    def _flag(self, match: MatchState, flag: str, detail: str) -> list[f.AnyFact]:
        if match.flags.count(flag) >= MAX_FLAGS:
            return []
        return [f.MatchFlagged(at=self._core.now(), match_id=match.match_id, flag=flag, detail=detail)]

    def _after(
        self,
        connection: ConnectionId,
        participant: ParticipantState,
        visit: VisitState,
        message: PutChunk,
        *,
        repeated: bool,
    ) -> tuple[Effect, ...]:
        ack = Send(
            connection,
            ChunkAck(visit_id=visit.planned.visit_id, stream=message.stream, next_seq=message.seq + 1),
        )
        scene = self._visits.scene(visit)
        if not isinstance(scene, GymGame) or scene.gameplay.callback is None:
            return (ack,)
        if message.stream not in ("event", "frames") or repeated or not visit.match_ids:
            return (ack,)
        return (ack, self._visits.observation(participant, visit, scene, message.stream, message.body))

    def fetch(self, connection: ConnectionId, participant: ParticipantState, message: FetchFrames) -> None:
        """Answer with the stored rows of a match, in order."""
        core, about = self._core, "frames.fetch"
        visit = core.own_visit(connection, participant, message.visit_id, about)
        if visit is None:
            return
        match = core.state.matches.get(MatchId(message.match_id))
        if match is None or match.match_id not in visit.match_ids:
            core.refuse(connection, "foreign_match", "this is not a match of this visit", path="match_id", about=about)
            return
        parts = sorted(match.parts, key=lambda part: (part.episode, part.first))
        sha256s = tuple(part.sha256 for part in parts)
        core.after_commit(SendFrames(connection, VisitId(message.visit_id), match.match_id, sha256s))

    def ask_again(self) -> None:
        """After the disk came back: tell every page what is expected, so that it sends what it kept."""
        for connection, who in self._core.owner.items():
            visit = self._core.state.current_visit(self._core.state.participants[who])
            if visit is None:
                continue
            for stream in STREAMS:
                ack = ChunkAck(visit_id=visit.planned.visit_id, stream=stream, next_seq=visit.next_seq.get(stream, 0))
                self._core.after_commit(Send(connection, ack))
