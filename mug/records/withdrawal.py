"""Taking a participant's data out of the records on request: removed, or anonymised, with a tombstone.

The journal is append-only and its chain covers digests: no entry is changed. Bodies are deleted, or others are stored
in their place; the table ``replaced`` says which, and so does a body that the tombstone (the fact `Withdrawn`) names,
so that `mug verify` can tell a withdrawal from damage. All of it is one transaction; what follows (giving the freed
bytes back, the key file) can be done again at any time.
"""

import difflib
import functools
import hashlib
import json
import secrets
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Literal

import msgspec

from mug.play.errors import ChunkError
from mug.records import facts as f
from mug.records.errors import WithdrawalError
from mug.records.history import SessionHistory, read_history
from mug.records.journal import entry_hash, open_for_writing, read_head
from mug.records.keys import drop_key_row
from mug.records.leftovers import Leftover, leftovers_of
from mug.records.lock import RecordsLock
from mug.records.reader import RecordReader
from mug.records.recruiters import split_parameters
from mug.records.tally import ADD, counts_of
from mug.records.withdrawn_facts import OUT, Subject, without_identity, without_participant
from mug.records.withdrawn_rows import FrameBlanking, FrameCleaning, cleaned_lines, lines_without_agent

__all__ = ["How", "Withdrawal", "find_withdrawals", "withdraw"]

How = Literal["removed", "anonymised"]
Progress = Callable[[float, str], None]

_DECODER: Final = msgspec.json.Decoder(f.AnyFact)
_ENCODER: Final = msgspec.json.Encoder()
_WAIT_S: Final = 15.0
_GONE: Final = ""
_LEAST_CODE: Final = 6
"""A parameter of the address this long and with a digit is taken for a code of the person's, not for a condition."""


@dataclass(frozen=True)
class Withdrawal:
    """What was done.

    Attributes:
        session_id: In which session.
        participant_id: The id that stands in the tables from now on.
        how: removed, anonymised.
        bodies: How many bodies were deleted; those that got another one in their place included.
        matches: Matches with others whose rows are blank for this participant now.
        again: Whether it had been done before, and was only made sure of.
        leftovers: What the records do not reach, and somebody must look at.
    """

    session_id: str
    participant_id: str
    how: str
    bodies: int = 0
    matches: tuple[str, ...] = ()
    again: bool = False
    leftovers: tuple[Leftover, ...] = field(default_factory=tuple)


def withdraw(
    records: Path,
    session_id: str,
    participant_id: str,
    how: How,
    *,
    reason: str = "",
    progress: Progress | None = None,
) -> Withdrawal:
    """Take a participant's data out of one session. Doing it again only makes sure that nothing was left.

    Args:
        records: The file, as `records_path` names it.
        session_id: The session.
        participant_id: The participant.
        how: "removed": what the participant did is deleted; in games with others their own actions, observations,
            rewards and infos are blank, and the others' rows stay. "anonymised": the data stay under a new pseudonym,
            and what identifies the participant is deleted.
        reason: Kept in the tombstone.
        progress: Called with a fraction from 0 to 1 and what is being done.

    Raises:
        RecordsInUseError: A session runs on these records.
        UnknownSessionError: There is no such session.
        WithdrawalError: There is no such participant, they still take part, or the disk refused.
        RecordsError: The records cannot be read or written.
    """
    say = progress or (lambda fraction, text: None)
    if not records.is_file():
        with RecordReader(records):
            pass  # it says what is missing
    lock: RecordsLock | None = None
    try:
        lock = RecordsLock.acquire(records)
        connection = open_for_writing(records, timeout_s=_WAIT_S)
        try:
            with RecordReader(records) as reader:
                say(0.0, "reading the journal")
                history = read_history(reader, session_id)
                present, done = find_withdrawals(reader, session_id, participant_id)
                if (same := done.get(how)) is not None:
                    result = Withdrawal(session_id, present, how, same.bodies, again=True)
                else:
                    _check(history, present)
                    result = _Pass(connection, reader, history, present, how, reason, say).run()
            say(0.85, "giving the freed bytes back")
            _give_back(connection, records)
        finally:
            connection.close()
    except (sqlite3.Error, OSError) as error:
        raise WithdrawalError(
            f"the withdrawal from {records} could not be finished: {error}. Nothing is half done: make room on the "
            "disk, see that the file can be written, and run the same command again"
        ) from error
    finally:
        if lock is not None:
            lock.release()
    say(0.95, "looking for what is left elsewhere")
    drop_key_row(records, session_id, participant_id)
    found = leftovers_of(records, session_id, participant_id)
    say(1.0, "done")
    return replace(result, leftovers=found)


def find_withdrawals(reader: RecordReader, session_id: str, participant_id: str) -> tuple[str, dict[str, f.Withdrawn]]:
    """Return under which id a participant is kept now, and what was done on request: removed, anonymised -> tombstone.

    Args:
        reader: The records.
        session_id: The session.
        participant_id: The present id, or the one before.
    """
    found: dict[str, f.Withdrawn] = {}
    for fact in reader.facts(session_id, ("withdrawn",)):
        assert isinstance(fact, f.Withdrawn)
        if fact.participant_id == participant_id or _was(fact.earlier, participant_id):
            participant_id = fact.participant_id
            found[fact.how] = fact
    return participant_id, found


def _check(history: SessionHistory, participant_id: str) -> None:
    story = history.participants.get(participant_id)
    session_id = history.opened.session_id
    if story is None:
        close = difflib.get_close_matches(participant_id, list(history.participants), 1)
        hint = f"; did you mean {close[0]!r}?" if close else ""
        raise WithdrawalError(f"the session {session_id} has no participant {participant_id!r}{hint}")
    if story.finished is None and history.ended is None:
        raise WithdrawalError(
            f"{participant_id!r} still takes part in the session {session_id}, which is open: exclude them in MUG Lab "
            "or end the session, then withdraw them"
        )


class _Pass:
    """One withdrawal, in one transaction."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        reader: RecordReader,
        history: SessionHistory,
        participant_id: str,
        how: How,
        reason: str,
        say: Progress,
    ) -> None:
        self._connection, self._reader, self._history = connection, reader, history
        self._session = history.opened.session_id
        self._how, self._reason, self._say = how, reason, say
        self._who = _subject(history, reader, participant_id, how)
        gone = {participant_id, *(who for who, story in history.withdrawn.items() if story.how == "removed")}
        played = {
            match_id: tuple(agent for agent, who in match.formed.agents.items() if who == participant_id)
            for match_id, match in history.matches.items()
        }
        self._agents = {match_id: agents for match_id, agents in played.items() if agents}
        # Where nobody is left whose data stay, the rows go, too.
        self._shared = {
            match_id: agents
            for match_id, agents in self._agents.items()
            if set(history.matches[match_id].participants) - gone
        }
        self._cleaning = FrameCleaning(self._agents, self._who)
        self._blanking = FrameBlanking(self._shared) if how == "removed" else self._cleaning
        self._changes: dict[str, str] = {}
        self._made: dict[str, dict[str, Any]] = {}
        self._old_bodies: dict[str, str] = {}
        self._still: set[str] = set()

    def run(self) -> Withdrawal:
        connection = self._connection
        connection.execute("PRAGMA secure_delete = ON")
        connection.execute("BEGIN IMMEDIATE")
        try:
            if self._how == "removed":
                self._change_frames(self._shared, self._blanking.blank)
            else:
                self._change_frames(self._agents, self._cleaning.clean)
            self._rewrite_facts()
            tombstone = self._bury()
            self._count_again()
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        return Withdrawal(
            self._session,
            self._who.pseudonym,
            self._how,
            tombstone.bodies,
            tuple(self._shared) if self._how == "removed" else (),
        )

    # ------------------------------------------------------------------ what is written anew

    def _change_frames(
        self,
        matches: Mapping[str, object],
        change: Callable[[bytes, Mapping[str, Any]], tuple[bytes, dict[str, Any]] | None],
    ) -> None:
        """Make the new bytes of the chunks of some matches, track by track."""
        chunks = [
            chunk
            for chunk in self._history.chunks
            if chunk.stream == "frames"
            and chunk.meta.get("match_id") in matches
            and type(chunk.meta.get("first")) is int
        ]
        chunks.sort(key=lambda chunk: (chunk.participant_id, chunk.meta.get("first", 0)))
        for number, chunk in enumerate(chunks):
            if number % 50 == 0:
                self._say(0.05 + 0.4 * number / len(chunks), f"frames: {number:,} of {len(chunks):,} blocks")
            body = self._reader.find_body(chunk.sha256)
            if body is None:
                continue
            try:
                changed = change(body, chunk.meta)
            except ChunkError:
                continue  # what cannot be read cannot be blanked: it is taken out
            if changed is None:
                continue
            made, meta = changed
            sha256 = _digest(made)
            self._store(sha256, made)
            self._made[chunk.sha256] = {"sha256": sha256, "size": len(made), "meta": meta}

    def _rewrite_facts(self) -> None:
        entries = list(self._reader.entries(self._session))
        for number, entry in enumerate(entries):
            if number % 500 == 0:
                self._say(0.45 + 0.35 * number / len(entries), f"facts: {number:,} of {len(entries):,}")
            now = self._present(entry.body_sha256)
            body = self._reader.find_body(now) if now else None
            if body is None:
                continue  # taken out before
            fact: f.AnyFact = _DECODER.decode(body)
            fresh = self._fresh(fact)
            if fresh is OUT:
                self._replace(entry.body_sha256, now, _GONE)
            elif fresh is not fact and (made := _ENCODER.encode(fresh)) != body:
                self._store(_digest(made), made)
                self._replace(entry.body_sha256, now, _digest(made))
        still = self._named_bodies() | self._still
        for sha256, by in self._old_bodies.items():
            if sha256 not in still:  # equal lines of two people are one body
                self._replace(sha256, sha256, by)

    def _fresh(self, fact: f.AnyFact) -> f.AnyFact | None:
        if not isinstance(fact, f.ChunkStored):
            scrub = without_participant if self._how == "removed" else without_identity
            return scrub(fact, self._who)
        fresh = self._fresh_chunk(fact)
        if fresh is None or fresh.sha256 != fact.sha256:
            self._old_bodies[fact.sha256] = fresh.sha256 if fresh is not None else _GONE
        if fresh is not None:
            self._still.add(fresh.sha256)
        return fresh

    def _fresh_chunk(self, fact: f.ChunkStored) -> f.ChunkStored | None:
        own = fact.participant_id == self._who.participant_id
        partner = fact.participant_id in self._partners
        if self._how == "anonymised":
            named = without_identity(fact, self._who)
            assert isinstance(named, f.ChunkStored)
            if fact.stream == "frames":
                return self._with_made(named)
            return self._with_body(named, lambda body: self._cleaned(body, own=own)) if own or partner else named
        if fact.stream == "frames":
            match_id = fact.meta.get("match_id")
            if match_id in self._shared:
                return self._with_made(fact) if fact.sha256 in self._made else None
            return None if own or match_id in self._agents else fact
        by_server = fact.meta.get("by") == "server" and fact.meta.get("match_id") in self._shared
        if own and not by_server:
            return None
        if fact.stream == "event" and (partner or by_server) and self._shared:
            return self._with_body(fact, lambda body: lines_without_agent(body, self._shared, self._blanking))
        return fact

    def _with_made(self, fact: f.ChunkStored) -> f.ChunkStored:
        """Return the fact of a chunk of frames with the bytes that were made for it."""
        made = self._made.get(fact.sha256)
        if made is None:
            return fact
        # What the server found of this page's chunk, as that it repeats another's, stays as it was said.
        return msgspec.structs.replace(fact, sha256=made["sha256"], size=made["size"], meta=fact.meta | made["meta"])

    def _cleaned(self, body: bytes, *, own: bool) -> bytes:
        lines = cleaned_lines(body, self._who, own=own)
        if not self._cleaning.chains:
            return lines
        return lines_without_agent(lines, dict.fromkeys(self._agents, ()), self._cleaning)

    def _with_body(self, fact: f.ChunkStored, change: Callable[[bytes], bytes]) -> f.ChunkStored:
        body = self._reader.find_body(fact.sha256)
        if body is None or (made := change(body)) == body:
            return fact
        self._store(_digest(made), made)
        return msgspec.structs.replace(fact, sha256=_digest(made), size=len(made))

    @functools.cached_property
    def _partners(self) -> set[str]:
        """Who played with the participant."""
        people = (self._history.matches[match_id].participants for match_id in self._agents)
        return {who for match in people for who in match} - {self._who.participant_id}

    def _named_bodies(self) -> set[str]:
        """The bytes that facts of other sessions name, and those that no chunk is."""
        named: set[str] = set()
        for session in self._reader.sessions():
            for fact in self._reader.facts(session.session_id, ("chunk_stored", "session_opened", "withdrawn")):
                match fact:
                    case f.SessionOpened():
                        named |= {fact.zip_sha256, fact.lock_sha256, fact.stepped_zip_sha256}
                    case f.Withdrawn():
                        named.add(fact.changes)
                    case f.ChunkStored() if session.session_id != self._session:
                        named.add(fact.sha256)
        return named

    # ------------------------------------------------------------------ the tables

    def _present(self, sha256: str) -> str:
        """The body that stands for one now; empty: none."""
        by = self._reader.replacement(sha256)
        return sha256 if by is None else by

    def _store(self, sha256: str, body: bytes) -> None:
        self._connection.execute("INSERT OR IGNORE INTO body (sha256, bytes) VALUES (?, ?)", (sha256, body))

    def _replace(self, named: str, now: str, by: str) -> None:
        """Let `by` stand for the body that the journal calls `named`, which is `now` at present."""
        connection = self._connection
        connection.execute("DELETE FROM body WHERE sha256 = ?", (now,))
        connection.execute("UPDATE replaced SET by = ? WHERE by = ?", (by, now))
        for sha256 in {named, now}:
            connection.execute(
                "INSERT INTO replaced (sha256, by) VALUES (?, ?) ON CONFLICT DO UPDATE SET by = excluded.by",
                (sha256, by),
            )
            self._changes[sha256] = by

    def _bury(self) -> f.Withdrawn:
        """Append the tombstone."""
        changes = json.dumps(self._changes, sort_keys=True, separators=(",", ":")).encode("ascii")
        self._store(_digest(changes), changes)
        renamed = self._who.pseudonym != self._who.participant_id
        fact = f.Withdrawn(
            at=datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            participant_id=self._who.pseudonym,
            how=self._how,
            reason=self._reason,
            bodies=len(self._changes),
            earlier=_earlier(self._who.participant_id) if renamed else "",
            changes=_digest(changes),
        )
        body = _ENCODER.encode(fact)
        self._store(_digest(body), body)
        head = read_head(self._connection)
        columns = (head.seq + 1, self._session, fact.at, "withdrawn", _digest(body), head.hash)
        self._connection.execute("INSERT INTO journal VALUES (?, ?, ?, ?, ?, ?, ?)", (*columns, entry_hash(*columns)))
        return fact

    def _count_again(self) -> None:
        """Count the session's rows from what is there now."""
        counts: dict[tuple[str, str], int] = {}
        query = (
            "SELECT bytes FROM journal LEFT JOIN replaced ON replaced.sha256 = body_sha256 "
            "JOIN body ON body.sha256 = coalesce(replaced.by, body_sha256) WHERE session = ? ORDER BY seq"
        )
        for (body,) in self._connection.execute(query, (self._session,)):
            fact: f.AnyFact = _DECODER.decode(body)
            bodies: dict[str, bytes] = {}
            if isinstance(fact, f.ChunkStored):
                row = self._connection.execute("SELECT bytes FROM body WHERE sha256 = ?", (fact.sha256,)).fetchone()
                bodies[fact.sha256] = bytes(row[0]) if row else b""
            for count in counts_of(fact, bodies):
                key = count.name, count.item
                before = counts.get(key, 0)
                counts[key] = before + count.rows if count.item == ADD else max(before, count.rows)
        self._connection.execute("DELETE FROM tally WHERE session = ?", (self._session,))
        self._connection.executemany(
            "INSERT INTO tally VALUES (?, ?, ?, ?)", [(self._session, *key, rows) for key, rows in counts.items()]
        )


def _subject(history: SessionHistory, reader: RecordReader, participant_id: str, how: How) -> Subject:
    story = history.participants[participant_id]
    free, recruiter = split_parameters(story.joined.params)
    codes = [story.plan.completion_code if story.plan else None, story.finished and story.finished.completion_code]
    coded = [value for value in free.values() if len(value) >= _LEAST_CODE and any(map(str.isdigit, value))]
    texts = [participant_id, *recruiter.values(), *story.joined.recruiter.values(), *coded, *codes]
    identifiers = tuple(dict.fromkeys(str(text) for text in texts if text))
    if how == "removed":
        return Subject(participant_id, participant_id, identifiers=identifiers)
    taken = set(history.participants)
    pseudonym = next(name for name in _pseudonyms() if name not in taken)
    planned = [visit.visit_id for visit in story.plan.visits] if story.plan else []
    for fact in reader.facts(history.opened.session_id, ("visit_repeated",)):
        if isinstance(fact, f.VisitRepeated) and fact.participant_id == participant_id:
            planned.append(fact.visit.visit_id)
    visits = {visit_id: f"v-{secrets.token_hex(8)}" for visit_id in planned}
    return Subject(participant_id, pseudonym, visits, identifiers)


def _pseudonyms() -> Iterator[str]:
    while True:
        yield f"anonymous-{secrets.token_hex(4)}"


def _earlier(participant_id: str) -> str:
    salt = secrets.token_bytes(16)
    return f"{salt.hex()}:{_slow_hash(participant_id, salt)}"


def _was(earlier: str, participant_id: str) -> bool:
    salt, mark, known = earlier.partition(":")
    return bool(mark) and secrets.compare_digest(_slow_hash(participant_id, bytes.fromhex(salt)), known)


def _slow_hash(text: str, salt: bytes) -> str:
    return hashlib.scrypt(text.encode("utf-8", "surrogatepass"), salt=salt, n=2**14, r=8, p=1, dklen=32).hex()


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def _give_back(connection: sqlite3.Connection, records: Path) -> None:
    """Empty the log and write the file anew, so that no deleted byte stays in either."""
    for statement in ("PRAGMA wal_checkpoint(TRUNCATE)", "VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"):
        row = connection.execute(statement).fetchone()
        if row is not None and row[0]:
            raise WithdrawalError(
                f"the data are taken out of {records}, but another program reads the file, so that deleted bytes "
                "may still be in it: close what reads it, as exports of this experiment, and run the same command again"
            )
