"""One writer at a time, on every system, and no stale locks.

SQLite's own file locks are used: they work the same on Linux, macOS and Windows, and the operating system drops them
when a process dies, however it dies. ``<records>.lock`` is an empty SQLite file held locked for as long as the writer
lives; ``<records>.writer.json`` beside it says who that is.
"""

import contextlib
import json
import os
import platform
import sqlite3
import sys
from datetime import UTC, datetime
from pathlib import Path

from mug.records.errors import RecordsInUseError

__all__ = ["RecordsLock"]


class RecordsLock:
    """The exclusive right to write one file of records, from `acquire` to `release`."""

    def __init__(self, records: Path, connection: sqlite3.Connection) -> None:
        self._records = records
        self._connection = connection
        self._held = True

    @classmethod
    def acquire(cls, records: Path) -> "RecordsLock":
        """Take the lock, or say who has it.

        Raises:
            RecordsInUseError: Another writer, in this or another process, holds it.
        """
        lock_path = records.with_name(f"{records.name}.lock")
        connection = sqlite3.connect(lock_path, timeout=0, isolation_level=None, check_same_thread=False)
        try:
            connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            connection.close()
            if "locked" not in str(error):
                raise
            raise RecordsInUseError(records, cls.holder(records)) from error
        lock = cls(records, connection)
        holder = {
            "pid": str(os.getpid()),
            "host": platform.node(),
            "program": " ".join([Path(sys.argv[0]).name or "python", *sys.argv[1:2]]),
            "since": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        with contextlib.suppress(OSError):  # a full disk must not keep a session from coming back
            _holder_path(records).write_text(json.dumps(holder), encoding="utf-8")
        return lock

    @staticmethod
    def holder(records: Path) -> dict[str, str]:
        """Return what the present (or last) writer said of itself; empty when it said nothing."""
        try:
            data = json.loads(_holder_path(records).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return {str(key): str(value) for key, value in data.items()} if isinstance(data, dict) else {}

    def release(self) -> None:
        """Give the lock back; doing it twice does nothing."""
        if not self._held:
            return
        self._held = False
        with contextlib.suppress(OSError):
            _holder_path(self._records).unlink(missing_ok=True)
        self._connection.close()


def _holder_path(records: Path) -> Path:
    return records.with_name(f"{records.name}.writer.json")
