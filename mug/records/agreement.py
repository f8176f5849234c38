"""Whether two players recorded the same rows: by digest where their chunks are cut alike, else row by row.

A chunk's bytes are the same for the same rows and the same chain before, so equal digests settle it without a look at
the bytes. A player who left early has a shorter last chunk, and a page that was hidden cut one earlier; from there on
digests differ though rows do not, and the rows themselves are compared.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final

import numpy as np

from mug.play.chunks import Column, FramesChunk, decode_chunk, read_chunk
from mug.play.encoding import encode
from mug.play.errors import ChunkError, NotCanonicalError
from mug.records import facts as f
from mug.records.episodes import Difference, FramesPart, Track

__all__ = ["TrackComparison"]

_HELD: Final = 4


class TrackComparison:
    """Compares tracks of one session; an instance is what `collect_episodes` calls.

    Args:
        read_body: Gives stored bytes by their digest.
    """

    def __init__(self, read_body: Callable[[str], bytes | None]) -> None:
        @lru_cache(maxsize=_HELD)
        def decoded(sha256: str) -> FramesChunk | None:
            body = read_body(sha256)
            try:
                return None if body is None else decode_chunk(body)
            except ChunkError:
                return None

        self._decoded = decoded
        self._read_body = read_body

    def holds(self, chunk: f.ChunkStored) -> bool:
        """Whether the chunk's bytes are rows, and those that the journal says."""
        body = self._read_body(chunk.sha256)
        if body is None:
            return False
        try:
            found = read_chunk(body)
        except ChunkError:
            return False
        said = tuple(chunk.meta.get(name) for name in ("match_id", "episode", "first", "last"))
        return said == (found.match_id, found.episode, found.first, found.last)

    def __call__(self, canonical: Track, other: Track) -> tuple[Difference | None, list[str]]:
        """Return where `other` differs first, and which of its chunks cannot be read."""
        by_range = {_range(part.chunk): part.chunk for part in canonical.parts}
        notes: list[str] = []
        place = 0
        for index, part in enumerate(other.parts):
            same = by_range.get(_range(part.chunk))
            if same is not None and same.sha256 == part.chunk.sha256:
                continue
            while place < len(canonical.parts) and canonical.parts[place].last < part.first:
                place += 1
            found = self._first_difference(canonical, place, part, notes)
            if found is not None:
                frame, column = found
                rest = (FramesPart(part.chunk, max(part.first, frame), part.last), *other.parts[index + 1 :])
                return Difference(other.participant_id, frame, column, rest), notes
        return None, notes

    def _first_difference(
        self, canonical: Track, place: int, part: FramesPart, notes: list[str]
    ) -> tuple[int, str] | None:
        theirs = self._decoded(part.chunk.sha256)
        if theirs is None:
            notes.append(f"chunk {_name(part.chunk)} of {part.chunk.participant_id} cannot be compared: it is damaged")
            return None
        for known in canonical.parts[place:]:
            first, last = max(known.first, part.first), min(known.last, part.last)
            if first > part.last:
                break
            ours = self._decoded(known.chunk.sha256)
            if ours is None or first > last:
                continue  # a damaged canonical chunk is told when it is exported
            if _range(known.chunk) == _range(part.chunk) and ours.chain_hash == theirs.chain_hash:
                continue  # the same rows, compressed otherwise
            if first == 0 and encode(ours.context) != encode(theirs.context):
                return 0, "context"
            found = _first_row(ours, theirs, first, last)
            if found is not None:
                return found
        return None


def _name(chunk: f.ChunkStored) -> str:
    return f"{chunk.visit_id}/frames/{chunk.seq}"


def _range(chunk: f.ChunkStored) -> tuple[int, int]:
    return int(chunk.meta["first"]), int(chunk.meta["last"])


def _first_row(ours: FramesChunk, theirs: FramesChunk, first: int, last: int) -> tuple[int, str] | None:
    """Return the first frame from `first` to `last` in which the chunks differ, and the first column that does."""
    found: tuple[int, str] | None = None
    count = last - first + 1
    for name in dict.fromkeys((*ours.columns, *theirs.columns)):
        one, other = (
            chunk.columns[name][first - chunk.first :][:count] if name in chunk.columns else [None] * count
            for chunk in (ours, theirs)
        )
        row = _differing(one, other)
        if row is not None and (found is None or first + row < found[0]):
            found = first + row, name
    return found


def _differing(one: Column, other: Column) -> int | None:
    match one, other:
        case np.ndarray(), np.ndarray() if one.size and one.dtype == other.dtype and one.shape == other.shape:
            differing = (_bytes(one) != _bytes(other)).any(axis=1)
            return int(differing.argmax()) if differing.any() else None
    for row, (value, another) in enumerate(zip(one, other, strict=True)):
        if _canonical(value) != _canonical(another):
            return row
    return None


def _bytes(column: "np.ndarray[Any, Any]") -> "np.ndarray[Any, Any]":
    """Return the rows' bytes, so that every bit counts (0.0 is not -0.0, and one NaN is itself)."""
    return np.ascontiguousarray(column).reshape(len(column), -1).view(np.uint8)


def _canonical(value: Any) -> bytes:
    plain = value.item() if isinstance(value, np.generic) else value
    try:
        return encode(plain)
    except NotCanonicalError:
        return repr(plain).encode("utf-8", "replace")
