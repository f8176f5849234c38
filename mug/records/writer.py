"""The one writer of a file of records: facts in, group commits out, acknowledgements after the commit."""

import contextlib
import hashlib
import logging
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from mug.records import facts as f
from mug.records.errors import RecordsError, RecordsNotSavedError, UnknownSessionError
from mug.records.journal import Head, entry_hash, open_for_writing, read_head
from mug.records.lock import RecordsLock
from mug.records.tally import ADD, Count, counts_of

__all__ = ["RecordWriter", "WriteFailure"]

_LOG: Final = logging.getLogger(__name__)
_ENCODER: Final = msgspec.json.Encoder()
_GATHER_S: Final = 0.005
_MAX_GROUP: Final = 2_000
_MAX_GROUP_BYTES: Final = 32 * 1024 * 1024
_RETRY_FIRST_S: Final = 0.1
_RETRY_LONGEST_S: Final = 2.0
_MAX_BODY_BYTES: Final = 256 * 1024 * 1024


@dataclass(frozen=True)
class WriteFailure:
    """The disk does not take the records at the moment; the writer goes on trying.

    Attributes:
        message: A sentence for the experimenter.
        error: What SQLite said.
        waiting: Facts in memory that are not on disk.
    """

    message: str
    error: BaseException
    waiting: int


@dataclass(frozen=True)
class _Entry:
    session: str
    at: str
    kind: str
    body: bytes
    body_sha256: str
    counts: tuple[Count, ...]


@dataclass(frozen=True)
class _Batch:
    entries: tuple[_Entry, ...]
    bodies: dict[str, bytes]
    on_commit: Callable[[], None] | None


class RecordWriter:
    """Appends facts to one file of records; the only object that writes it.

    One thread commits in groups, at most 50 ms after a fact came (`synchronous=FULL`: after the commit it survives a
    power cut). When the disk refuses, everything stays in memory, in order, unacknowledged, and is tried again.

    Attributes:
        path: The file.
        session_id: The session that facts belong to; `SessionOpened` switches to its own. After `open`: the newest
            session of the file, or None in a new file.
        on_failure: Called on the writer's thread when writing begins to fail, and when the reason changes.
        on_recovered: Called on the writer's thread when writing works again.
    """

    def __init__(self, path: Path, connection: sqlite3.Connection, lock: RecordsLock | None) -> None:
        self.path = path
        self.on_failure: Callable[[WriteFailure], None] | None = None
        self.on_recovered: Callable[[], None] | None = None
        self._lock_file = lock
        self._connection: sqlite3.Connection | None = connection
        self._head = read_head(connection)
        row = connection.execute(
            "SELECT session FROM journal WHERE kind = 'session_opened' ORDER BY seq DESC LIMIT 1"
        ).fetchone()
        self.session_id: str | None = str(row[0]) if row else None
        self._condition = threading.Condition()
        self._queue: deque[_Batch] = deque()
        self._appended = 0
        self._committed = 0
        self._closing = False
        self._give_up_at: float | None = None
        self._failing: str | None = None
        self._closed = False
        self._thread = threading.Thread(target=self._run, name=f"records-writer-{path.stem}", daemon=True)
        self._thread.start()

    @classmethod
    def open(cls, path: Path, *, lock: bool = True) -> "RecordWriter":
        """Open the file for writing, making it and its folder when they are not there.

        Args:
            path: The file, as `records_path` names it.
            lock: Take the lock of the one writer; False only where another lock already keeps others away.

        Raises:
            RecordsInUseError: Another writer holds the records; it says who.
            RecordsFormatError: The file is not ours, or a newer version wrote it.
            RecordsError: The file cannot be opened or made.
        """
        held: RecordsLock | None = None
        connection: sqlite3.Connection | None = None
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            held = RecordsLock.acquire(path) if lock else None
            connection = open_for_writing(path)
            return cls(path, connection, held)
        except BaseException as error:
            if connection is not None:
                connection.close()
            if held is not None:
                held.release()
            if isinstance(error, sqlite3.Error | OSError):
                raise RecordsError(f"the records {path} cannot be opened for writing: {error}") from error
            raise

    @property
    def head(self) -> Head:
        """The last committed entry."""
        with self._condition:
            return self._head

    @property
    def waiting(self) -> int:
        """How many facts are appended and not yet committed."""
        with self._condition:
            return sum(len(batch.entries) for batch in self._queue)

    @property
    def failing(self) -> str | None:
        """The sentence of the present failure; None while writing works."""
        with self._condition:
            return self._failing

    def continue_session(self, session_id: str) -> None:
        """Let the following facts belong to a session that is already in the file.

        Raises:
            UnknownSessionError: It is not there.
        """
        with contextlib.closing(sqlite3.connect(self.path, timeout=5)) as connection:
            rows = connection.execute(
                "SELECT session FROM journal WHERE kind = 'session_opened' ORDER BY seq"
            ).fetchall()
        known = tuple(str(row[0]) for row in rows)
        if session_id not in known:
            raise UnknownSessionError(session_id, known)
        self.session_id = session_id

    def append(
        self,
        facts: Sequence[f.AnyFact],
        bodies: Mapping[str, bytes] = {},
        on_commit: Callable[[], None] | None = None,
        *,
        session_id: str | None = None,
    ) -> None:
        """Queue facts for the next commit; returns at once. One call is committed as a whole or not at all.

        Args:
            facts: In the order in which they happened.
            bodies: The bytes of stored chunks by their SHA-256; each `ChunkStored` needs its own here.
            on_commit: Called on the writer's thread once the facts are on disk.
            session_id: Where they belong, when it is not the present session.

        Raises:
            RecordsError: A fact cannot be stored as it is (a body missing or not its digest, no session yet, the
                writer closed). Nothing of the call is stored then.
        """
        for digest, body in bodies.items():
            if len(body) > _MAX_BODY_BYTES:
                raise RecordsError(f"a body of {len(body)} bytes is over the limit of {_MAX_BODY_BYTES}")
            if hashlib.sha256(body).hexdigest() != digest:
                raise RecordsError(f"the body named {digest} has another SHA-256: it was changed on its way")
        with self._condition:
            if self._closing:
                raise RecordsError(f"the records {self.path} are closed: nothing can be added")
            session = session_id or self.session_id
            entries = []
            for fact in facts:
                if isinstance(fact, f.SessionOpened):
                    session = fact.session_id
                if session is None:
                    raise RecordsError("facts need a session: the first fact of a file is the opening of one")
                entries.append(_as_entry(fact, session, bodies))
            if session_id is None:
                self.session_id = session
            self._queue.append(_Batch(tuple(entries), dict(bodies), on_commit))
            self._appended += 1
            self._condition.notify_all()

    def flush(self, timeout_s: float = 30.0) -> bool:
        """Wait until everything appended so far is on disk; False when it is not within the time."""
        with self._condition:
            target = self._appended
            return self._condition.wait_for(lambda: self._committed >= target, timeout_s)

    def close(self, timeout_s: float = 10.0) -> None:
        """Write what is queued, stop the thread, give the lock back. Doing it twice does nothing.

        Raises:
            RecordsNotSavedError: The disk refused until the time was over; it says how many facts were not written.
        """
        with self._condition:
            if self._closed:
                return
            self._closed = True
            self._closing = True
            self._give_up_at = time.monotonic() + timeout_s
            self._condition.notify_all()
        self._thread.join()
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        if self._lock_file is not None:
            self._lock_file.release()
        left = self.waiting
        if left:
            raise RecordsNotSavedError(self.path, left, self._failing or "the time was over")

    def __enter__(self) -> "RecordWriter":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # ------------------------------------------------------------- the writer's thread

    def _run(self) -> None:
        retry_s = _RETRY_FIRST_S
        while True:
            group = self._next_group()
            if not group:
                return
            try:
                self._commit(group)
            except Exception as error:  # whatever it is, the facts stay and are tried again
                self._drop_connection()
                self._report_failure(error)
                if not self._wait_for_retry(retry_s):
                    return
                retry_s = min(retry_s * 2, _RETRY_LONGEST_S)
                continue
            retry_s = _RETRY_FIRST_S
            self._report_recovery()
            for batch in group:
                self._acknowledge(batch)

    def _next_group(self) -> list[_Batch]:
        """Wait for something to do; an empty list means: closed and everything is written."""
        with self._condition:
            self._condition.wait_for(lambda: self._queue or self._closing)
            if self._queue and not self._closing and self._failing is None:
                gather_until = time.monotonic() + _GATHER_S
                self._condition.wait_for(
                    lambda: self._closing or len(self._queue) >= _MAX_GROUP or time.monotonic() >= gather_until,
                    _GATHER_S,
                )
            group: list[_Batch] = []
            size = 0
            for batch in self._queue:
                size += sum(map(len, batch.bodies.values()))
                if group and (len(group) >= _MAX_GROUP or size > _MAX_GROUP_BYTES):
                    break
                group.append(batch)
            return group

    def _commit(self, group: list[_Batch]) -> None:
        if self._connection is None:
            self._connection = open_for_writing(self.path)
        connection = self._connection
        connection.execute("BEGIN IMMEDIATE")
        seq, prev = read_head(connection)
        counts: dict[tuple[str, str, str], int] = {}
        for batch in group:
            connection.executemany(
                "INSERT OR IGNORE INTO body (sha256, bytes) VALUES (?, ?)",
                [(entry.body_sha256, entry.body) for entry in batch.entries] + list(batch.bodies.items()),
            )
            for entry in batch.entries:
                seq += 1
                digest = entry_hash(seq, entry.session, entry.at, entry.kind, entry.body_sha256, prev)
                connection.execute(
                    "INSERT INTO journal VALUES (?, ?, ?, ?, ?, ?, ?)",
                    (seq, entry.session, entry.at, entry.kind, entry.body_sha256, prev, digest),
                )
                prev = digest
                for count in entry.counts:
                    key = (entry.session, count.name, count.item)
                    before = counts.get(key, 0)
                    counts[key] = before + count.rows if count.item == ADD else max(before, count.rows)
        connection.executemany(
            "INSERT INTO tally (session, name, item, rows) VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET "
            f"rows = iif(item = '{ADD}', rows + excluded.rows, max(rows, excluded.rows))",
            [(*key, rows) for key, rows in counts.items()],
        )
        connection.execute("COMMIT")
        with self._condition:
            self._head = Head(seq, prev)
            for _ in group:
                self._queue.popleft()

    def _acknowledge(self, batch: _Batch) -> None:
        if batch.on_commit is not None:
            try:
                batch.on_commit()
            except Exception:
                _LOG.exception("what should follow a commit failed; the facts are on disk")
        with self._condition:
            self._committed += 1
            self._condition.notify_all()

    def _drop_connection(self) -> None:
        if self._connection is not None:
            try:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                self._connection.close()
            except sqlite3.Error:
                _LOG.warning("the connection to %s could not be closed after a failure", self.path, exc_info=True)
            self._connection = None

    def _report_failure(self, error: Exception) -> None:
        waiting = self.waiting
        message = _failure_sentence(self.path, error)
        with self._condition:
            changed = message != self._failing
            self._failing = message
        if changed:
            _LOG.warning("%s", message)
            self._call(self.on_failure, WriteFailure(message, error, waiting))

    def _report_recovery(self) -> None:
        with self._condition:
            was_failing = self._failing is not None
            self._failing = None
        if was_failing:
            _LOG.info("the records %s are written again", self.path)
            self._call(self.on_recovered)

    def _call(self, callback: Callable[..., None] | None, *args: object) -> None:
        if callback is not None:
            try:
                callback(*args)
            except Exception:
                _LOG.exception("a callback of the records writer failed")

    def _wait_for_retry(self, retry_s: float) -> bool:
        """Wait before the next try; False when the writer is closing and its time is over."""
        until = time.monotonic() + retry_s
        with self._condition:
            while (left := until - time.monotonic()) > 0:
                if self._give_up_at is not None:
                    until = min(until, self._give_up_at)
                    left = until - time.monotonic()
                    if left <= 0:
                        break
                self._condition.wait(left)
            return self._give_up_at is None or time.monotonic() < self._give_up_at


def _as_entry(fact: f.AnyFact, session: str, bodies: Mapping[str, bytes]) -> _Entry:
    if isinstance(fact, f.ChunkStored) and fact.sha256 not in bodies:
        raise RecordsError(f"the bytes of chunk {fact.visit_id}/{fact.stream}/{fact.seq} are missing")
    kind = str(fact.__struct_config__.tag)
    try:
        body = _ENCODER.encode(fact)
    except (TypeError, ValueError, msgspec.MsgspecError, RecursionError) as error:
        raise RecordsError(f"the fact {kind!r} holds something that cannot be stored: {error}") from error
    digest = hashlib.sha256(body).hexdigest()
    return _Entry(session, fact.at, kind, body, digest, tuple(counts_of(fact, bodies)))


def _failure_sentence(path: Path, error: Exception) -> str:
    text = str(error)
    if "full" in text or "No space" in text:
        why = f"the disk that holds {path} is full: make room there"
    elif "locked" in text:
        why = f"another program holds {path} locked: close it"
    else:
        why = f"{path} cannot be written ({text or type(error).__name__}): check the disk"
    return f"{why}. Nothing is lost: the browsers and this server keep the data and write it as soon as it is possible."
