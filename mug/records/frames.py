"""The table of frames: chunks read, every frame once, their columns flattened and joined without a look at each row."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, groupby
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa

from mug.play.chunks import Column, PackedChunk, flatten_columns, read_chunk
from mug.play.columns import Columns, Fields, Numbers, Same, Texts, whole_values
from mug.play.errors import ChunkError
from mug.play.packing import Packed, unpack
from mug.records.arrays import MAX_ROW_VALUES, ArrayStore
from mug.records.episodes import FramesPart
from mug.records.spool import TableSpool, column_name, to_array

__all__ = ["FramesOf", "FramesTable", "hold_large_values"]

_ROWS_AT_ONCE: Final = 16_384
_BYTES_AT_ONCE: Final = 16 * 1024 * 1024


@dataclass(frozen=True)
class FramesOf:
    """What all rows that are written together have in common.

    Attributes:
        participant_id: Whose record it is, for rows that are not the canonical ones.
        constants: More columns with one value each: the match's network conditions.
    """

    match_id: str
    scene_id: str | None
    participant_id: str | None = None
    constants: Mapping[str, float] = field(default_factory=dict)

    @property
    def holder(self) -> str:
        """Names the files of large values."""
        return self.match_id if self.participant_id is None else f"{self.match_id}_participant-{self.participant_id}"


class _Waiting(NamedTuple):
    """The rows of one chunk. `first`: the frame of its first row."""

    packed: Packed
    episode: int
    first: int


class FramesTable:
    """Feeds the frames of episodes into a spool.

    The chunks of a match wait until there are many rows: one second of one game is too little to be handled on its own
    when there are a million frames. Call `flush` after the last episode.

    Attributes:
        problems: Sentences about chunks that could not be read.
        lost_frames: Frames of those chunks.
        scenes: Column -> the scenes in whose rows it has a value.
    """

    def __init__(
        self, spool: TableSpool, arrays: ArrayStore, session_id: str, read_body: Callable[[str], bytes | None]
    ) -> None:
        self.problems: list[str] = []
        self.lost_frames = 0
        self.scenes: dict[str, dict[str, None]] = {}
        self._spool = spool
        self._arrays = arrays
        self._session_id = session_id
        self._read_body = read_body
        self._of = FramesOf("", None)
        self._waiting: list[_Waiting] = []
        self._rows = 0
        self._bytes = 0

    def add_episode(self, of: FramesOf, episode: int, parts: Sequence[FramesPart]) -> int:
        """Add all rows of one episode; returns how many there were."""
        rows = 0
        # Values too large for a row go to a file per episode, so such episodes are not put together.
        if self._of != of or self._bytes > self._rows * MAX_ROW_VALUES:
            self.flush()
            self._of = of
        for part in parts:
            chunk = self._read(part)
            if chunk is None:
                self.lost_frames += part.last - part.first + 1
                continue
            packed = chunk.packed.without_first(part.skip) if part.skip else chunk.packed
            if self._rows >= _ROWS_AT_ONCE or self._bytes >= _BYTES_AT_ONCE:
                self.flush()
            self._waiting.append(_Waiting(packed, episode, part.first))
            self._rows += packed.rows
            self._bytes += packed.size
            rows += packed.rows
        return rows

    def flush(self) -> None:
        """Hand on what is waiting."""
        if not self._waiting:
            return
        waiting, rows = self._waiting, self._rows
        self._waiting, self._rows, self._bytes = [], 0, 0
        of = self._of
        counts = [one.packed.rows for one in waiting]
        firsts = np.array([one.first for one in waiting], np.int64)
        starts = np.cumsum([0, *counts[:-1]])
        episodes = np.repeat(np.array([one.episode for one in waiting], np.int64), counts)
        frames = np.arange(rows, dtype=np.int64) + np.repeat(firsts - starts, counts)
        fixed = {
            "session_id": _same(self._session_id, rows),
            "scene_id": _same(of.scene_id, rows),
            "match_id": _same(of.match_id, rows),
            "episode": pa.array(episodes),
            "frame": pa.array(frames),
        }
        if of.participant_id is not None:
            fixed["participant_id"] = _same(of.participant_id, rows)
        fixed |= {name: pa.array(np.full(rows, value)) for name, value in of.constants.items()}
        alike = [list(run) for _, run in groupby([one.packed for one in waiting], lambda packed: packed.layout)]
        pieces: dict[str, list[tuple[int, pa.Array]]] = {}
        for name in dict.fromkeys(name for run in alike for name in run[0].names):
            row = 0
            for spec, runs in groupby(alike, lambda run: run[0].spec(name)):  # noqa: B023 - used at once
                packs = list(chain.from_iterable(runs))
                end = row + sum([pack.rows for pack in packs])
                if spec is not None:
                    for tail, array in self._flat(name, unpack(packs, name), episodes[row:end], frames[row:end]):
                        pieces.setdefault(column_name(tail), []).append((row, array))
                row = end
        own = {name: arrays for name, arrays in pieces.items() if name not in fixed}
        flat = {name: _joined(arrays, rows) for name, arrays in self._apart(own).items()}
        for name, array in flat.items():
            if of.scene_id is not None and array.null_count < rows:
                self.scenes.setdefault(name, {}).setdefault(of.scene_id)
        self._spool.add(fixed | flat, rows)

    def _apart(self, pieces: Mapping[str, list[tuple[int, pa.Array]]]) -> dict[str, list[tuple[int, pa.Array]]]:
        """Give values of the same rows that would have the same column, as of "a.b" and of b in a, one each."""
        apart: dict[str, list[tuple[int, pa.Array]]] = {}
        for name, arrays in pieces.items():
            for row, array in arrays:
                place, number = name, 1
                while (before := apart.get(place)) and before[-1][0] + len(before[-1][1]) > row:
                    number += 1
                    place = f"{name} ({number})"
                apart.setdefault(place, []).append((row, array))
                problem = f"two values have the same column {name}: the second one is in the column {place}"
                if number > 1 and problem not in self.problems:
                    self.problems.append(problem)
        return apart

    def _read(self, part: FramesPart) -> PackedChunk | None:
        meta, name = part.chunk.meta, f"chunk {part.chunk.visit_id}/frames/{part.chunk.seq}"
        body = self._read_body(part.chunk.sha256)
        if body is None:
            self.problems.append(f"{name}: its bytes are missing")
            return None
        try:
            chunk = read_chunk(body)
        except ChunkError as error:
            self.problems.append(f"{name}: {error}")
            return None
        said = (meta["match_id"], meta["episode"], meta["first"], meta["last"])
        if said != (chunk.match_id, chunk.episode, chunk.first, chunk.last):
            self.problems.append(f"{name}: it holds other frames than the journal says")
            return None
        return chunk

    def _flat(
        self, name: str, columns: Columns, episodes: "Sequence[int] | Column", frames: "Sequence[int] | Column"
    ) -> list[tuple[str, pa.Array]]:
        """Return the flat columns of one column of whole values."""
        match columns:
            case Texts():
                return [(name, _texts(columns))]
            case Numbers():
                return [(name, pa.array(columns.values, mask=~columns.present, from_pandas=False))]
            case Same():
                return [] if columns.empty_dict else [(name, pa.nulls(columns.rows))]
            case Fields() if _values_in(columns) <= MAX_ROW_VALUES:
                return [
                    flat
                    for key, column in columns.columns.items()
                    for flat in self._flat(f"{name}.{key}", column, episodes, frames)
                ]
        whole = {name: whole_values(columns)}
        flat = flatten_columns(whole, max_values=MAX_ROW_VALUES)
        held = hold_large_values(flat, self._arrays, self._of.holder, episodes, frames)
        return [(flat_name, to_array(column)) for flat_name, column in held.items()]


def hold_large_values(
    flat: Mapping[str, Column],
    arrays: ArrayStore,
    holder: str,
    episodes: "Sequence[int] | Column",
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
            place, digest = arrays.put(holder, int(episodes[row]), f"{name}.{int(numbers[row])}", value)
            places.append(place)
            digests.append(digest)
        result[f"{name}.array"] = places
        result[f"{name}.sha256"] = digests
    return result


def _texts(texts: Texts) -> pa.Array:
    """Return texts as Arrow holds them: the same bytes, with offsets."""
    present = texts.lengths >= 0
    offsets = np.zeros(len(present) + 1, np.int32)
    np.cumsum(np.maximum(texts.lengths, 0), out=offsets[1:])
    missing = int(len(present) - np.count_nonzero(present))
    bits = pa.py_buffer(np.packbits(present, bitorder="little")) if missing else None
    buffers = pa.py_buffer(offsets), pa.py_buffer(texts.data)
    array = pa.StringArray.from_buffers(len(present), *buffers, bits, missing)
    try:
        array.validate(full=True)
    except pa.ArrowInvalid:  # half a surrogate pair has no UTF-8 that Arrow takes
        return to_array(whole_values(texts))
    return array


def _joined(pieces: Sequence[tuple[int, pa.Array]], rows: int) -> pa.Array:
    """Return one array of all rows; where no piece lies the value is missing."""
    kinds = {array.type for _, array in pieces} - {pa.null()}
    if len(kinds) > 1:
        values: list[Any] = [None] * rows
        for row, array in pieces:
            values[row : row + len(array)] = array.to_pylist()
        return to_array(values)
    kind = kinds.pop() if kinds else pa.null()
    arrays, done = [], 0
    for row, array in pieces:
        if row > done:
            arrays.append(pa.nulls(row - done, kind))
        arrays.append(array if array.type == kind else pa.nulls(len(array), kind))
        done = row + len(array)
    if done < rows:
        arrays.append(pa.nulls(rows - done, kind))
    return arrays[0] if len(arrays) == 1 else pa.concat_arrays(arrays)


def _values_in(columns: Columns) -> int:
    """Return how many single values a row has."""
    if isinstance(columns, Fields):
        return sum(_values_in(column) for column in columns.columns.values())
    if isinstance(columns, np.ndarray):
        return int(np.prod(columns.shape[1:], dtype=np.int64))
    return max(map(_size, columns), default=1) if isinstance(columns, list) else 1


def _size(value: Any) -> int:
    if isinstance(value, np.ndarray):
        return int(value.size)
    if isinstance(value, Mapping):
        return sum(_size(item) for item in value.values())
    return sum(_size(item) for item in value) if isinstance(value, list | tuple) else 1


def _is_large(column: Column) -> bool:
    if isinstance(column, np.ndarray):
        return column.ndim > 1
    return any(issubclass(kind, np.ndarray | dict | list | tuple) for kind in set(map(type, column)))


def _same(value: str | None, rows: int) -> Any:
    if value is None:
        return pa.nulls(rows)
    return pa.DictionaryArray.from_arrays(np.zeros(rows, dtype=np.int32), [value])
