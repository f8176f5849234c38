"""Records that somebody has changed after the session."""

import sqlite3
from pathlib import Path

from mug.play.chunks import EMPTY_CHAIN, decode_chunk, encode_chunk
from mug.play.values import own_copy
from mug.records import RecordReader
from mug.records import facts as f

__all__ = ["change_a_reward"]


def change_a_reward(records: Path, agent: str = "human") -> None:
    """Change one cell of the records and make all hashes of its round right again, as somebody who knows MUG could."""
    with RecordReader(records) as reader:
        (head,) = reader.sessions()
        chunks = [x for x in reader.facts(head.session_id, ("chunk_stored",)) if isinstance(x, f.ChunkStored)]
        bodies = {x.sha256: reader.body(x.sha256) for x in chunks if x.stream == "frames" and x.meta["episode"] == 0}
    made: dict[str, bytes] = {}
    previous = EMPTY_CHAIN
    for number, (digest, body) in enumerate(bodies.items()):
        chunk = decode_chunk(body)
        columns = {name: [own_copy(value) for value in column] for name, column in chunk.columns.items()}
        if number == 1:
            columns[f"rewards.{agent}"][10] = 7.0
        made[digest] = encode_chunk(
            match_id=chunk.match_id,
            episode=0,
            first=chunk.first,
            columns=columns,
            previous_chain_hash=previous,
            context=chunk.context,
        )
        previous = decode_chunk(made[digest]).chain_hash
    with sqlite3.connect(records) as database:
        database.executemany("UPDATE body SET bytes = ? WHERE sha256 = ?", [(body, key) for key, body in made.items()])
    database.close()
