"""Records that somebody has changed after the session."""

import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path

from mug.play.chunks import decode_chunk, encode_chunk
from mug.play.values import own_copy
from mug.records import RecordReader
from mug.records import facts as f

__all__ = ["change_a_reward", "with_changed_rows"]


def change_a_reward(records: Path, agent: str = "human") -> None:
    """Change one cell of the records and make all hashes of its round right again, as somebody who knows MUG could."""
    with RecordReader(records) as reader:
        (head,) = reader.sessions()
        chunks = [x for x in reader.facts(head.session_id, ("chunk_stored",)) if isinstance(x, f.ChunkStored)]
        bodies = {x.sha256: reader.body(x.sha256) for x in chunks if x.stream == "frames" and x.meta["episode"] == 0}

    def change(columns: dict[str, list[object]]) -> None:
        columns[f"rewards.{agent}"][10] = 7.0

    made = with_changed_rows(list(bodies.values()), change)
    with sqlite3.connect(records) as database:
        database.executemany("UPDATE body SET bytes = ? WHERE sha256 = ?", list(zip(made, bodies, strict=True)))
    database.close()


def with_changed_rows(bodies: Sequence[bytes], change: Callable[[dict[str, list[object]]], None]) -> list[bytes]:
    """Return a round's chunks with other rows in the second, and every chain hash made right again."""
    made: list[bytes] = []
    for number, body in enumerate(bodies):
        chunk = decode_chunk(body)
        columns = {name: [own_copy(value) for value in column] for name, column in chunk.columns.items()}
        if number == 1:
            change(columns)
        previous = decode_chunk(made[-1]).chain_hash if made else chunk.previous_chain_hash
        made.append(
            encode_chunk(
                match_id=chunk.match_id,
                episode=0,
                first=chunk.first,
                columns=columns,
                previous_chain_hash=previous,
                context=chunk.context,
            )
        )
    return made
