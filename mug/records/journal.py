"""The SQLite file: its tables, its format number, its hash chain.

``journal`` is the list of facts in order; each entry's hash covers its own columns and the hash before it, and the
digest of its body, never the body itself: a body can be deleted later and the chain still verifies. ``body`` holds
bytes by their SHA-256. ``tally`` counts rows as they come, so that lists of sessions need not read them. ``replaced``
says which bodies a withdrawal took out, and what stands in their place.
"""

import hashlib
import json
import sqlite3
from pathlib import Path
from typing import Final, NamedTuple

from mug.records.errors import RecordsFormatError
from mug.records.migrations import migrate

__all__ = [
    "APPLICATION_ID",
    "FORMAT",
    "GENESIS",
    "Head",
    "check_format",
    "create_tables",
    "entry_hash",
    "open_for_writing",
    "read_head",
]

FORMAT: Final = 2
"""The format of the file (``PRAGMA user_version``)."""

OLDEST: Final = 1
"""The oldest format that is still read, and brought to `FORMAT` when it is opened for writing."""

APPLICATION_ID: Final = 0x4D55_4752
"""``PRAGMA application_id``: "MUGR"."""

GENESIS: Final = "0" * 64
"""What stands for the hash before the first entry."""

_SCHEMA: Final = """
CREATE TABLE journal (
    seq INTEGER PRIMARY KEY,
    session TEXT NOT NULL,
    at TEXT NOT NULL,
    kind TEXT NOT NULL,
    body_sha256 TEXT NOT NULL,
    prev TEXT NOT NULL,
    hash TEXT NOT NULL
) STRICT;
CREATE INDEX journal_session_kind ON journal (session, kind, seq);
CREATE TABLE body (
    sha256 TEXT PRIMARY KEY,
    bytes BLOB NOT NULL
) STRICT;
CREATE TABLE tally (
    session TEXT NOT NULL,
    name TEXT NOT NULL,
    item TEXT NOT NULL,
    rows INTEGER NOT NULL,
    PRIMARY KEY (session, name, item)
) STRICT, WITHOUT ROWID;
CREATE TABLE replaced (
    sha256 TEXT PRIMARY KEY,
    by TEXT NOT NULL
) STRICT, WITHOUT ROWID;
"""


class Head(NamedTuple):
    """The last entry of the journal: its number (0 when there is none) and its hash."""

    seq: int
    hash: str


def entry_hash(seq: int, session: str, at: str, kind: str, body_sha256: str, prev: str) -> str:
    """Return the hash of one entry: SHA-256 of the JSON list of its columns."""
    text = json.dumps([seq, session, at, kind, body_sha256, prev], separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def read_head(connection: sqlite3.Connection) -> Head:
    """Return the journal's last entry."""
    row = connection.execute("SELECT seq, hash FROM journal ORDER BY seq DESC LIMIT 1").fetchone()
    return Head(int(row[0]), str(row[1])) if row else Head(0, GENESIS)


def create_tables(connection: sqlite3.Connection) -> None:
    """Create the tables in an empty file, all or nothing."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        for statement in filter(None, (part.strip() for part in _SCHEMA.split(";"))):
            connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {FORMAT}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def check_format(connection: sqlite3.Connection, path: Path) -> bool:
    """Say whether the file holds records of ours; False for an empty database.

    Raises:
        RecordsFormatError: It is something else, or of a newer format.
    """
    try:
        application = int(connection.execute("PRAGMA application_id").fetchone()[0])
        version = int(connection.execute("PRAGMA user_version").fetchone()[0])
        tables = int(connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0])
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.OperationalError):
            raise
        raise RecordsFormatError(path, f"it is not a SQLite file ({error})") from error
    if tables == 0 and application == 0 and version == 0:
        return False
    if application != APPLICATION_ID:
        raise RecordsFormatError(path, "it is a SQLite file of another program")
    if version > FORMAT:
        raise RecordsFormatError(
            path, f"a newer MUG wrote it (format {version}); this version reads up to {FORMAT}: update MUG"
        )
    if version < OLDEST:
        raise RecordsFormatError(path, f"its format {version} is not known to this version")
    return True


def open_for_writing(path: Path, *, timeout_s: float = 5) -> sqlite3.Connection:
    """Open the file with write-ahead logging and full syncs, making its tables or bringing them to this format.

    Raises:
        RecordsFormatError: It is not ours, a newer version wrote it, or its folder does not allow such a log.
        sqlite3.Error: SQLite cannot open or change it.
    """
    connection = sqlite3.connect(path, timeout=timeout_s, isolation_level=None, check_same_thread=False)
    try:
        ours = check_format(connection, path)
        mode = str(connection.execute("PRAGMA journal_mode = WAL").fetchone()[0])
        if mode != "wal":
            raise RecordsFormatError(path, f"its folder does not allow write-ahead logging (SQLite answers {mode!r})")
        connection.execute("PRAGMA synchronous = FULL")
        if ours:
            migrate(connection)
        else:
            create_tables(connection)
    except BaseException:
        connection.close()
        raise
    return connection
