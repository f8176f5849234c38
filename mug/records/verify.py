"""Checking that records are whole: nothing changed, nothing missing, nothing that contradicts itself."""

import hashlib
import json
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from mug.play.chunks import EMPTY_CHAIN, decode_chunk
from mug.play.errors import ChunkError
from mug.records import facts as f
from mug.records.agreement import TrackComparison
from mug.records.allocation import allocation_problems
from mug.records.ends import misfit
from mug.records.episodes import EpisodeFrames, Track, collect_episodes
from mug.records.errors import RecordsDamagedError, RecordsError, UnknownSessionError
from mug.records.history import SessionHistory, read_history
from mug.records.journal import GENESIS, entry_hash
from mug.records.reader import RecordReader

__all__ = ["VerifyProblem", "VerifyReport", "verify"]

_DECODER = msgspec.json.Decoder(f.AnyFact)


@dataclass(frozen=True)
class VerifyProblem:
    """One thing that is wrong. `code` is stable; `where` names a place; `message` is a sentence."""

    code: str
    where: str
    message: str


@dataclass
class VerifyReport:
    """What was checked and what is wrong.

    Attributes:
        entries: Entries of the journal that were checked.
        bodies: Bodies that were hashed again.
        sessions: The sessions whose content was checked.
        frames: Frames that were decoded.
        problems: Empty when everything is as it must be.
        withdrawn: Sentences about data that was taken out on request; nothing is wrong with that.
    """

    path: Path
    entries: int = 0
    bodies: int = 0
    frames: int = 0
    sessions: list[str] = field(default_factory=list)
    problems: list[VerifyProblem] = field(default_factory=list)
    withdrawn: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems


def verify(
    path: Path, session_id: str | None = None, *, progress: Callable[[float, str], None] | None = None
) -> VerifyReport:
    """Check a file of records: its whole chain, and the content of one session or of all.

    Raises:
        RecordsError: The file cannot be read at all.
        UnknownSessionError: There is no such session.
    """
    with RecordReader(path) as reader:
        check = _Verification(reader, progress or (lambda fraction, text: None))
        try:
            check.run(session_id)
        except (sqlite3.Error, RecordsDamagedError) as error:
            check.say("file", str(path), f"SQLite cannot read the file to its end: {error}")
        return check.report


class _Verification:
    def __init__(self, reader: RecordReader, progress: Callable[[float, str], None]) -> None:
        self.report = VerifyReport(reader.path)
        self._reader = reader
        self._progress = progress
        self._replaced = reader.replacements()
        self._told: dict[str, str] = {}

    def say(self, code: str, where: str, message: str) -> None:
        self.report.problems.append(VerifyProblem(code, where, message))

    def run(self, session_id: str | None) -> None:
        reader = self._reader
        self._progress(0.0, "checking the file")
        for message in reader.check_file():
            self.say("file", str(reader.path), f"the file is damaged: {message}")
        self._check_chain()
        try:
            sessions = [session.session_id for session in reader.sessions()]
        except RecordsError as error:
            self.say("session", str(reader.path), str(error))
            return
        if session_id is not None:
            if session_id not in sessions:
                raise UnknownSessionError(session_id, tuple(sessions))
            sessions = [session_id]
        for number, session in enumerate(sessions):
            self._progress(0.5 + 0.5 * number / len(sessions), f"checking session {session}")
            try:
                self._check_session(read_history(reader, session))
            except RecordsError as error:
                self.say("session", f"session {session}", str(error))
            self.report.sessions.append(session)
        self._progress(1.0, "done")

    # ------------------------------------------------------------------ the chain and the bodies

    def _check_chain(self) -> None:
        prev, expected = GENESIS, 1
        total = max(1, self._reader.head.seq)
        used: set[str] = set()
        for entry in self._reader.entries():
            where = f"entry {entry.seq}"
            if entry.seq != expected:
                self.say("entry_missing", where, f"the entries {expected} to {entry.seq - 1} are missing")
            if entry.prev != prev:
                self.say("chain_broken", where, "it does not follow the entry before it")
            if entry.hash != entry_hash(*entry[:6]):
                self.say("entry_changed", where, "its content is not what was written: its hash differs")
            prev, expected = entry.hash, entry.seq + 1
            self._check_fact(entry.seq, entry.kind, entry.at, entry.body_sha256, used)
            self.report.entries += 1
            if entry.seq % 2_000 == 0:
                self._progress(0.5 * min(1.0, entry.seq / total), f"checking entry {entry.seq:,} of {total:,}")
        for sha256, by in self._replaced.items():
            if self._told.get(sha256) != by:
                self.say(
                    "body_replaced", f"body {sha256[:12]}…", "its bytes were replaced, and no withdrawal tells of it"
                )
        for sha256 in self._reader.body_digests():
            if sha256 not in used:
                self.say("body_stray", f"body {sha256[:12]}…", "no entry of the journal speaks of it")

    def _check_fact(self, seq: int, kind: str, at: str, sha256: str, used: set[str]) -> None:
        where = f"entry {seq} ({kind})"
        body = self._body(sha256, where, used)
        if body is None:
            return
        try:
            fact = _DECODER.decode(body)
        except msgspec.MsgspecError as error:
            self.say("fact_unreadable", where, f"the fact cannot be understood: {error}")
            return
        if isinstance(fact, f.Withdrawn):
            self._take_withdrawal(fact, where, used)
        if isinstance(fact, f.SessionOpened):
            for what, digest in (
                ("the study's files as pages got them", fact.zip_sha256),
                ("the lock as pages got it", fact.lock_sha256),
                ("the files of games that the server steps", fact.stepped_zip_sha256),
            ):
                if digest:
                    self._body(digest, f"{where}, {what}", used)
        if fact.__struct_config__.tag != kind or fact.at != at:
            self.say("fact_differs", where, "the fact is not the one that the journal names")
        if isinstance(fact, f.ChunkStored):
            name = f"{where}, chunk {fact.visit_id}/{fact.stream}/{fact.seq}"
            content = self._body(fact.sha256, name, used)
            if content is not None and len(content) != fact.size:
                self.say("chunk_size", name, f"it has {len(content)} bytes, and was stored with {fact.size}")

    def _take_withdrawal(self, fact: f.Withdrawn, where: str, used: set[str]) -> None:
        """Learn which bodies a withdrawal replaced: what the table says must be what the tombstones say."""
        number = f"{fact.bodies:,} bod{'y' if fact.bodies == 1 else 'ies'}"
        self.report.withdrawn.append(f"{fact.participant_id} was {fact.how} on request on {fact.at} ({number})")
        changes = self._body(fact.changes, f"{where}, changes", used) if fact.changes else b"{}"
        try:
            told: dict[str, str] = msgspec.json.decode(changes or b"{}", type=dict[str, str])
        except msgspec.MsgspecError as error:
            self.say("fact_unreadable", where, f"what it says of bodies cannot be understood: {error}")
            return
        for before, by in self._told.items():
            self._told[before] = told.get(by, by)
        self._told |= told

    def _body(self, sha256: str, where: str, used: set[str]) -> bytes | None:
        """Return a body, or what stands in its place; one that is missing or changed is reported once."""
        if not self._reader.has_body(sha256) and sha256 in self._replaced:
            used.add(sha256)
            sha256 = self._replaced[sha256]
            if not sha256:
                return None  # taken out on request
        seen = sha256 in used
        used.add(sha256)
        body = self._reader.find_body(sha256)
        if body is None:
            if not seen:
                self.say("body_missing", where, f"its bytes ({sha256[:12]}…) are missing")
            return None
        if not seen:
            self.report.bodies += 1
            if hashlib.sha256(body).hexdigest() != sha256:
                self.say("body_changed", where, f"its bytes ({sha256[:12]}…) are not those that were stored")
        return body

    # ------------------------------------------------------------------ the content of a session

    def _check_session(self, history: SessionHistory) -> None:
        self._check_sequences(history)
        for message in allocation_problems(history):
            self.say("allocation", f"session {history.opened.session_id}", message)
        players = {match_id: match.participants for match_id, match in history.matches.items()}
        compare = TrackComparison(self._reader.find_body)
        episodes, stray = collect_episodes(history.chunks_of("frames"), players, compare)
        for message in stray:
            self.say("frames", f"session {history.opened.session_id}", message)
        ends: dict[tuple[str, int], dict[str, dict[str, object]]] = defaultdict(dict)
        for who, place, end in self._episode_ends(history):
            ends[place][who] = end
        for episode in episodes:
            self._check_episode(history, episode, ends.pop((episode.match_id, episode.episode), {}))
        for (match_id, number), told in ends.items():
            frames = next((end["frames"] for end in told.values() if end.get("frames")), None)
            if frames:
                where = f"match {match_id}, episode {number}"
                self.say("frames_missing", where, f"it ended after {frames} frames, and none are stored")

    def _check_sequences(self, history: SessionHistory) -> None:
        numbers: dict[tuple[str, str], set[int]] = defaultdict(set)
        for chunk in history.chunks:
            if chunk.participant_id not in history.withdrawn:  # theirs may have gaps now
                numbers[chunk.visit_id, chunk.stream].add(chunk.seq)
            if chunk.participant_id not in history.participants:
                name = f"chunk {chunk.visit_id}/{chunk.stream}/{chunk.seq}"
                self.say("participant_unknown", name, f"its participant {chunk.participant_id!r} never joined")
        for (visit_id, stream), held in numbers.items():
            missing = sorted(set(range(max(held) + 1)) - held)
            if missing:
                self.say("chunk_missing", f"visit {visit_id}, {stream}", f"the chunks {_listed(missing)} are missing")
        for visit_id, visit in history.visits.items():
            finished = visit.finished if visit.participant_id not in history.withdrawn else None
            for stream, count in (finished.counts if finished else {}).items():
                held = numbers.get((visit_id, stream), set())
                if len(held) < count:
                    message = f"it was finished with {count} chunks, and {len(held)} are stored"
                    self.say("chunk_missing", f"visit {visit_id}, {stream}", message)

    def _episode_ends(self, history: SessionHistory) -> Iterator[tuple[str, tuple[str, int], dict[str, object]]]:
        for chunk in history.chunks_of("event"):
            body = self._reader.find_body(chunk.sha256) or b""
            if b'"episode_ended"' not in body:
                continue
            for line in body.splitlines():
                try:
                    row = json.loads(line)
                except ValueError:
                    continue
                if isinstance(row, dict) and row.get("name") == "episode_ended" and type(row.get("episode")) is int:
                    yield chunk.participant_id, (str(row.get("match_id")), row["episode"]), row

    def _check_episode(
        self, history: SessionHistory, episode: EpisodeFrames, ends: dict[str, dict[str, object]]
    ) -> None:
        where = f"match {episode.match_id}, episode {episode.episode}"
        if episode.match_id not in history.matches:
            self.say("match_unknown", where, "frames are stored of a match that was never formed")
        for message in (*episode.problems, *episode.missing):
            self.say("frames", where, message)
        for message in episode.disagreements:
            self.say("frames_differ", where, message)
        hashes = {track.participant_id: self._check_track(track) for track in episode.tracks}
        for who, end in ends.items():
            match misfit(episode, who, end, hashes.get(who)):
                case "frames_missing":
                    message = f"it ended after {end.get('frames')} frames, and {episode.frames} are stored"
                    self.say("frames_missing", where, message)
                case "frames_chain":
                    self.say("frames_chain", where, "the hash of its rows is not the one it ended with")

    def _check_track(self, track: Track) -> str:
        """Check what one page recorded of an episode; returns the chain hash at its end."""
        before = EMPTY_CHAIN
        for part in track.parts:
            chunk, name = part.chunk, f"chunk {part.chunk.visit_id}/frames/{part.chunk.seq}"
            body = self._reader.find_body(chunk.sha256)
            if body is None:
                continue  # reported with the chain
            try:
                frames = decode_chunk(body)
            except ChunkError as error:
                self.say("chunk_unreadable", name, str(error))
                continue
            said = tuple(chunk.meta.get(key) for key in ("match_id", "episode", "first", "last"))
            if said != (frames.match_id, frames.episode, frames.first, frames.last):
                self.say("chunk_differs", name, "it holds other frames than the journal says")
                continue
            if chunk.meta.get("chain_hash") not in (None, "", frames.chain_hash):
                self.say("chunk_differs", name, "its hash is not the one that the journal says")
            if part.skip == 0 and frames.first == part.first and frames.previous_chain_hash != before:
                self.say("frames_chain", name, f"its rows do not follow the rows before frame {frames.first}")
            before = frames.chain_hash
            self.report.frames += part.last - part.first + 1
        return before


def _listed(numbers: list[int]) -> str:
    shown = ", ".join(map(str, numbers[:10]))
    return shown if len(numbers) <= 10 else f"{shown} and {len(numbers) - 10} more"
