"""The table of frames: chunks decoded, every frame once, whole values flattened to columns of numbers."""

from collections.abc import Callable, Sequence
from itertools import chain
from typing import Any, Final

import numpy as np
import pyarrow as pa

from mug.play.chunks import Column, FramesChunk, decode_chunk, flatten_columns
from mug.play.errors import ChunkError
from mug.records.arrays import MAX_ROW_VALUES, ArrayStore
from mug.records.episodes import EpisodeFrames, FramesPart
from mug.records.spool import TableSpool

__all__ = ["FramesTable", "hold_large_values"]

_ROWS_AT_ONCE: Final = 16_384
_BYTES_AT_ONCE: Final = 16 * 1024 * 1024
_SCALARS: Final = {bool, int, float, str, type(None)}
_DICTS: Final = {dict, type(None)}

_Signature = tuple[tuple[str, tuple[Any, ...] | None], ...]


class FramesTable:
    """Feeds the frames of episodes into a spool.

    Chunks with the same columns are put together before they are flattened: one second of one game is too little to
    be handled on its own when there are a million frames.
    """

    def __init__(
        self, spool: TableSpool, arrays: ArrayStore, session_id: str, read_body: Callable[[str], bytes | None]
    ) -> None:
        self.problems: list[str] = []
        self.lost_frames = 0
        self._spool = spool
        self._arrays = arrays
        self._session_id = session_id
        self._read_body = read_body
        self._parts: list[tuple[dict[str, Column], int]] = []
        self._signature: _Signature = ()
        self._rows = 0
        self._bytes = 0

    def add_episode(self, episode: EpisodeFrames, scene_id: str | None) -> int:
        """Add all rows of one episode; returns how many there were."""
        rows = 0
        for part in episode.parts:
            chunk = self._decode(part)
            if chunk is None:
                self.lost_frames += part.last - part.first + 1
                continue
            columns = chunk.columns
            if part.skip:
                columns = {name: column[part.skip :] for name, column in columns.items()}
            self._add(columns, part.last - part.first + 1, episode, scene_id)
            rows += part.last - part.first + 1
        self._flush(episode, scene_id)
        return rows

    def _decode(self, part: FramesPart) -> FramesChunk | None:
        meta, name = part.chunk.meta, f"chunk {part.chunk.visit_id}/frames/{part.chunk.seq}"
        body = self._read_body(part.chunk.sha256)
        if body is None:
            self.problems.append(f"{name}: its bytes are missing")
            return None
        try:
            chunk = decode_chunk(body)
        except ChunkError as error:
            self.problems.append(f"{name}: {error}")
            return None
        said = (meta["match_id"], meta["episode"], meta["first"], meta["last"])
        if said != (chunk.match_id, chunk.episode, chunk.first, chunk.last):
            self.problems.append(f"{name}: it holds other frames than the journal says")
            return None
        return chunk

    def _add(self, columns: dict[str, Column], rows: int, episode: EpisodeFrames, scene_id: str | None) -> None:
        signature = tuple([(name, _shape_of(column)) for name, column in columns.items()])
        if signature != self._signature or self._rows >= _ROWS_AT_ONCE or self._bytes >= _BYTES_AT_ONCE:
            self._flush(episode, scene_id)
            self._signature = signature
        self._parts.append((columns, rows))
        self._rows += rows
        self._bytes += sum([column.nbytes for column in columns.values() if isinstance(column, np.ndarray)])

    def _flush(self, episode: EpisodeFrames, scene_id: str | None) -> None:
        if not self._parts:
            return
        rows = self._rows
        whole = {name: _joined([columns[name] for columns, _ in self._parts]) for name, _ in self._signature}
        self._parts, self._rows, self._bytes = [], 0, 0
        flat = _flat(whole)
        frames = whole["frame"]
        flat = hold_large_values(flat, self._arrays, episode.match_id, [episode.episode] * rows, frames)
        fixed = {
            "session_id": _same(self._session_id, rows),
            "scene_id": _same(scene_id, rows),
            "match_id": _same(episode.match_id, rows),
            "episode": np.full(rows, episode.episode, dtype=np.int64),
        }
        self._spool.add(fixed | flat, rows)


def hold_large_values(
    flat: dict[str, Column],
    arrays: ArrayStore,
    match_id: str,
    episodes: Sequence[int],
    numbers: "Sequence[int] | Column",
) -> dict[str, Column]:
    """Replace columns of large values by their places in ``arrays/`` and their digests."""
    result: dict[str, Column] = {}
    for name, column in flat.items():
        if not _is_large(column):
            result[name] = column
            continue
        places: list[str | None] = []
        digests: list[str | None] = []
        for row, value in enumerate(column):
            if value is None:
                places.append(None)
                digests.append(None)
                continue
            place, digest = arrays.put(match_id, int(episodes[row]), f"{name}.{int(numbers[row])}", value)
            places.append(place)
            digests.append(digest)
        result[f"{name}.array"] = places
        result[f"{name}.sha256"] = digests
    return result


def _flat(whole: dict[str, Column]) -> dict[str, Column]:
    """Flatten columns, looking into the values only where they can be more than one."""
    flat: dict[str, Column] = {}
    for name, column in whole.items():
        if isinstance(column, list):
            kinds = set(map(type, column))
            if kinds <= _SCALARS:
                flat[name] = column
                continue
            if kinds <= _DICTS and not any(column):
                continue
        flat |= flatten_columns({name: column}, max_values=MAX_ROW_VALUES)
    return flat


def _is_large(column: Column) -> bool:
    if isinstance(column, np.ndarray):
        return column.ndim > 1
    return any(issubclass(kind, np.ndarray | dict | list | tuple) for kind in set(map(type, column)))


def _shape_of(column: Column) -> tuple[Any, ...] | None:
    return (column.dtype, column.shape[1:]) if isinstance(column, np.ndarray) else None


def _joined(columns: list[Column]) -> Column:
    first = columns[0]
    if len(columns) == 1:
        return first
    if isinstance(first, np.ndarray):
        return np.concatenate(columns)
    return list(chain.from_iterable(columns))


def _same(value: str | None, rows: int) -> Any:
    if value is None:
        return pa.nulls(rows)
    return pa.DictionaryArray.from_arrays(np.zeros(rows, dtype=np.int32), [value])
