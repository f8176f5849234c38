"""One step for each older format of the file of records. A step knows the tables as they were, and nothing of ours."""

import sqlite3
from collections.abc import Callable
from typing import Final

__all__ = ["migrate"]


def to_2(connection: sqlite3.Connection) -> None:
    """Withdrawals: which bodies were taken out, and what stands in their place (empty: nothing)."""
    connection.execute(
        "CREATE TABLE replaced (sha256 TEXT PRIMARY KEY, by TEXT NOT NULL) STRICT, WITHOUT ROWID",
    )


_STEPS: Final[dict[int, Callable[[sqlite3.Connection], None]]] = {2: to_2}


def migrate(connection: sqlite3.Connection) -> None:
    """Bring a file of records to the newest format, each step all or nothing."""
    for number, step in _STEPS.items():
        if int(connection.execute("PRAGMA user_version").fetchone()[0]) >= number:
            continue
        connection.execute("BEGIN IMMEDIATE")
        try:
            step(connection)
            connection.execute(f"PRAGMA user_version = {number}")
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
