"""Reading a file of records: while the server writes it, after a crash, and from a read-only folder."""

import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.parse import quote

import msgspec

from mug.records import facts as f
from mug.records.errors import RecordsDamagedError, RecordsError, RecordsFormatError, RecordsNotFoundError
from mug.records.journal import Head, check_format, read_head
from mug.records.scratch import ScratchFolder

__all__ = ["JournalEntry", "RecordReader", "SessionHead"]

_DECODER: Final = msgspec.json.Decoder(f.AnyFact)


class JournalEntry(NamedTuple):
    """One line of the journal as it lies on disk."""

    seq: int
    session: str
    at: str
    kind: str
    body_sha256: str
    prev: str
    hash: str


class SessionHead(NamedTuple):
    """What the journal says of a session at a glance. `ended_at` and `reason` are empty while it is open."""

    session_id: str
    experiment_id: str
    study_hash: str
    started_at: str
    pilot: bool
    ended_at: str
    reason: str
    label: str = ""

    @property
    def is_open(self) -> bool:
        """Whether the session can still be taken up."""
        return not self.ended_at


class RecordReader:
    """Reads one file of records; never changes it. Close it, or use it in a ``with``.

    What is read is pinned at opening: entries that come later are not seen (`refresh` moves on).

    Attributes:
        path: The file.
        head: The last entry that this reader sees.
    """

    def __init__(self, path: Path) -> None:
        """Open the file.

        Raises:
            RecordsNotFoundError: There is none.
            RecordsFormatError: It is not ours, or of a newer format.
            RecordsError: It cannot be read.
        """
        self.path = path
        self._copy: ScratchFolder | None = None
        if not path.is_file():
            raise RecordsNotFoundError(path)
        try:
            self._connection = self._connect()
            self._has_tables = check_format(self._connection, path)
            self._replaces: bool | None = None
            self.head = read_head(self._connection) if self._has_tables else Head(0, "")
        except (sqlite3.Error, OSError) as error:
            self.close()
            raise RecordsError(f"the records {path} cannot be read: {error}") from error
        except RecordsFormatError:
            self.close()
            raise

    def close(self) -> None:
        """Close the file; doing it twice does nothing."""
        connection = getattr(self, "_connection", None)
        if connection is not None:
            connection.close()
        if self._copy is not None:
            self._copy.cleanup()
            self._copy = None

    def __enter__(self) -> "RecordReader":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def refresh(self) -> Head:
        """See what was written since; returns the new head."""
        if not self._has_tables:
            self._has_tables = check_format(self._connection, self.path)
        if self._has_tables:
            self.head = read_head(self._connection)
        return self.head

    def sessions(self) -> list[SessionHead]:
        """Return all sessions, oldest first."""
        heads = []
        for entry, opened in self._facts_of_kind("session_opened"):
            assert isinstance(opened, f.SessionOpened)
            ended = [fact for _, fact in self._facts_of_kind("session_ended", entry.session)]
            last = ended[-1] if ended else None
            heads.append(
                SessionHead(
                    opened.session_id,
                    opened.experiment_id,
                    opened.study_hash,
                    opened.at,
                    opened.pilot,
                    last.at if last else "",
                    last.reason if isinstance(last, f.SessionEnded) else "",
                    opened.label,
                )
            )
        return heads

    def facts(self, session_id: str, kinds: Sequence[str] = ()) -> Iterator[f.AnyFact]:
        """Yield the session's facts in order; only those of `kinds` (their tags) when given.

        Raises:
            RecordsDamagedError: A fact is missing or cannot be understood.
        """
        for _, fact in self.numbered_facts(session_id, kinds):
            yield fact

    def facts_naming(self, session_id: str, kinds: Sequence[str], text: str) -> Iterator[f.AnyFact]:
        """Yield the session's facts of these kinds whose JSON holds `text` somewhere, in order.

        It reads the bytes only, so that looking for one participant among hundreds costs little; whether a fact is
        about that one, its fields say.

        Raises:
            RecordsDamagedError: A fact cannot be understood.
        """
        if not self._has_tables:
            return
        query, values = self._selection(session_id, kinds)
        where, _, order = query.partition(" ORDER BY ")
        columns = "SELECT seq, kind, bytes FROM journal JOIN body ON body.sha256 = body_sha256 WHERE "
        found = f"{columns}{where} AND instr(bytes, CAST(? AS BLOB)) ORDER BY {order}"
        for seq, kind, body in self._rows(found, [*values, text]):
            yield self._decode(seq, kind, body)

    def numbered_facts(
        self, session_id: str, kinds: Sequence[str] = (), *, after: int = 0, stream: str = ""
    ) -> Iterator[tuple[int, f.AnyFact]]:
        """Yield the session's facts with their numbers in the journal.

        Args:
            session_id: The session.
            kinds: Only facts of these kinds (their tags), when given.
            after: Only those with a number above it.
            stream: Of stored chunks only those of this stream, when given: the others, which are nearly all facts of a
                session, are passed over by SQLite.

        Facts that were taken out with a participant's data are left out, when the session has a tombstone.

        Raises:
            RecordsDamagedError: A fact is missing or cannot be understood.
        """
        if not self._has_tables:
            return
        query, values = self._selection(session_id, kinds, after)
        columns = "SELECT seq, kind, body_sha256, bytes FROM journal LEFT JOIN body ON body.sha256 = body_sha256 WHERE "
        if stream:
            columns += "(kind != 'chunk_stored' OR bytes IS NULL OR instr(bytes, ?)) AND "
            values.insert(0, f'"stream":"{stream}"'.encode())
        for seq, kind, sha256, body in self._rows(columns + query, values):
            if body is None:
                by = self.replacement(sha256)
                if by == "":
                    continue  # a withdrawal took the fact out
                body = self.find_body(sha256)
            yield seq, self._decode(seq, kind, body)

    def entries(self, session_id: str | None = None, kinds: Sequence[str] = ()) -> Iterator[JournalEntry]:
        """Yield the journal's lines in order, of one session or of all."""
        if not self._has_tables:
            return
        query, values = self._selection(session_id, kinds)
        columns = "SELECT seq, session, at, kind, body_sha256, prev, hash FROM journal WHERE "
        for row in self._rows(columns + query, values):
            yield JournalEntry(*row)

    def fact(self, entry: JournalEntry) -> f.AnyFact:
        """Return the fact of one line of the journal.

        Raises:
            RecordsDamagedError: It is missing or cannot be understood.
        """
        return self._decode(entry.seq, entry.kind, self.find_body(entry.body_sha256))

    def body(self, sha256: str) -> bytes:
        """Return stored bytes by their SHA-256.

        Raises:
            RecordsDamagedError: They are not there.
        """
        found = self.find_body(sha256)
        if found is None:
            raise RecordsDamagedError(self.path, f"the body {sha256} is missing")
        return found

    def find_body(self, sha256: str) -> bytes | None:
        """Return stored bytes by their SHA-256, or what a withdrawal put in their place; None: there are none."""
        query = "SELECT bytes FROM body WHERE sha256 = ?"
        try:
            row = self._connection.execute(query, (sha256,)).fetchone()
            if row is None and (by := self.replacement(sha256)):
                row = self._connection.execute(query, (by,)).fetchone()
        except sqlite3.DatabaseError as error:
            raise self._unreadable(error) from error
        return bytes(row[0]) if row else None

    def has_body(self, sha256: str) -> bool:
        """Whether bytes of this SHA-256 are stored, and not only others in their place."""
        try:
            found = self._connection.execute("SELECT 1 FROM body WHERE sha256 = ?", (sha256,)).fetchone()
        except sqlite3.DatabaseError as error:
            raise self._unreadable(error) from error
        return found is not None

    def replacement(self, sha256: str) -> str | None:
        """Return the SHA-256 of what stands in a body's place since a withdrawal; "": nothing; None: never touched."""
        if not self._has_replacements():
            return None
        row = self._connection.execute("SELECT by FROM replaced WHERE sha256 = ?", (sha256,)).fetchone()
        return str(row[0]) if row else None

    def replacements(self) -> dict[str, str]:
        """Return all that withdrawals did to bodies: the former SHA-256 -> the present one, or empty."""
        if not self._has_replacements():
            return {}
        return {str(old): str(by) for old, by in self._rows("SELECT sha256, by FROM replaced")}

    def body_digests(self) -> Iterator[str]:
        """Yield the SHA-256 under which each body is stored."""
        if self._has_tables:
            for (sha256,) in self._rows("SELECT sha256 FROM body"):
                yield str(sha256)

    def check_file(self) -> list[str]:
        """Return what SQLite finds wrong with the file itself; empty when nothing is."""
        rows = self._connection.execute("PRAGMA quick_check(20)").fetchall()
        return [str(row[0]) for row in rows if row[0] != "ok"]

    def tally(self) -> dict[str, dict[str, int]]:
        """Return the rows stored so far, per session and table, from the counters."""
        counts: dict[str, dict[str, int]] = {}
        if self._has_tables:
            query = "SELECT session, name, sum(rows) FROM tally GROUP BY session, name"
            for session, name, rows in self._rows(query):
                counts.setdefault(str(session), {})[str(name)] = int(rows)
        return counts

    def _rows(self, query: str, values: Sequence[object] = ()) -> Iterator[tuple[Any, ...]]:
        """Yield a query's rows; a file that SQLite cannot go on reading is damaged, and said to be."""
        try:
            for row in self._connection.execute(query, values):  # noqa: UP028 - an abandoned one closes no cursor
                yield row
        except sqlite3.DatabaseError as error:
            raise self._unreadable(error) from error

    def _unreadable(self, error: sqlite3.DatabaseError) -> RecordsDamagedError:
        return RecordsDamagedError(self.path, f"SQLite cannot read on in the file ({error})")

    def _facts_of_kind(self, kind: str, session: str | None = None) -> list[tuple[JournalEntry, f.AnyFact]]:
        return [(entry, self.fact(entry)) for entry in self.entries(session, (kind,))]

    def _has_replacements(self) -> bool:
        """Whether the file has the table; one of format 1 that nobody wrote to since has none."""
        if not self._replaces:
            query = "SELECT count(*) FROM sqlite_master WHERE name = 'replaced'"
            self._replaces = bool(self._connection.execute(query).fetchone()[0])
        return self._replaces

    def _selection(self, session_id: str | None, kinds: Sequence[str], after: int = 0) -> tuple[str, list[object]]:
        where = ["seq > ?", "seq <= ?"]
        values: list[object] = [after, self.head.seq]
        if session_id is not None:
            where.append("session = ?")
            values.append(session_id)
        if kinds:
            where.append(f"kind IN ({', '.join('?' * len(kinds))})")
            values += kinds
        return " AND ".join(where) + " ORDER BY seq", values

    def _decode(self, seq: int, kind: str, body: bytes | None) -> f.AnyFact:
        if body is None:
            raise RecordsDamagedError(self.path, f"the fact {kind!r} is missing", seq)
        try:
            fact: f.AnyFact = _DECODER.decode(body)
        except msgspec.MsgspecError as error:
            raise RecordsDamagedError(self.path, f"the fact {kind!r} cannot be understood ({error})", seq) from error
        return fact

    def _connect(self) -> sqlite3.Connection:
        """Open read-only; where SQLite may not keep its side files, read as an unchanging file or from a copy."""
        try:
            return _open_uri(self.path, "mode=ro")
        except sqlite3.OperationalError:
            wal = self.path.with_name(f"{self.path.name}-wal")
            if not wal.exists() or wal.stat().st_size == 0:
                return _open_uri(self.path, "mode=ro&immutable=1")
            # A read-only folder with a log that a killed server left: only a copy can be read with its last facts.
            self._copy = ScratchFolder("records")
            copy = Path(self._copy.name) / self.path.name
            shutil.copyfile(self.path, copy)
            shutil.copyfile(wal, copy.with_name(f"{copy.name}-wal"))
            return _open_uri(copy, "mode=rw")


def _open_uri(path: Path, options: str) -> sqlite3.Connection:
    uri = f"file:{quote(path.absolute().as_posix())}?{options}"
    connection = sqlite3.connect(uri, uri=True, timeout=5, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.DatabaseError as error:
        if "not a database" in str(error):
            return connection  # check_format says so in words
        connection.close()
        raise
    return connection
