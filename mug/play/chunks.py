"""A frames chunk: up to one second of one episode's rows, in columns, chained by hash to the chunk before.

Layout of a body: ``MUGF``, version (1 byte), flags (1 byte; bit 0: payload compressed), the chain hash before
(16 bytes), the chain hash at the last row (16 bytes), the payload. The payload is one canonical value
(`mug.play.encoding`): match, episode, first, last, context, then the columns as `mug.play.packing` packs them (layout,
fixed, parts). The hash covers the payload before compression, so it does not depend on a zlib version:
``chain = blake2b-128(chain before + payload)``.

Columns hold whole values, named ``frame``, ``status.<agent>``, ``actions.<agent>``, ``rewards.<agent>``,
``terminated.<agent>``, ``truncated.<agent>``, ``observations.<agent>``, ``infos.<agent>``, ``state_hash``;
`flatten_columns` makes the export's flat columns of them.
"""

import hashlib
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from mug.play.columns import Column, whole_values
from mug.play.encoding import decode, write_value
from mug.play.errors import ChunkError
from mug.play.packing import Packed, check_packed, pack, unpack

__all__ = [
    "EMPTY_CHAIN",
    "MAX_CHUNK_BYTES",
    "Column",
    "FramesChunk",
    "PackedChunk",
    "decode_chunk",
    "encode_chunk",
    "flatten_columns",
    "read_chunk",
]

EMPTY_CHAIN: Final = "00" * 16
"""The chain hash before an episode's first row."""

MAX_CHUNK_BYTES: Final = 256_000

_MAGIC: Final = b"MUGF"
_VERSION: Final = 2
_COMPRESSED: Final = 1
_HEAD: Final = 38
_COMPRESS_FROM: Final = 4_096
_MAX_PAYLOAD: Final = 64_000_000


@dataclass(frozen=True, kw_only=True)
class FramesChunk:
    """Rows `first` to `last` of one episode.

    Attributes:
        chain_hash: Hash of all rows of the episode up to `last`.
        previous_chain_hash: The same up to the row before `first`.
        columns: Name -> whole values, one per row; numbers of one kind and arrays of one shape as one numpy array
            with the row as first axis, everything else as a list.
        context: What holds for the whole episode: seed and `mug_globals` at its start; only in its first chunk.
    """

    match_id: str
    episode: int
    first: int
    last: int
    chain_hash: str
    columns: dict[str, Column]
    previous_chain_hash: str = EMPTY_CHAIN
    context: dict[str, Any] = field(default_factory=dict)

    @property
    def agents(self) -> tuple[str, ...]:
        """The agents that the rows are about, in the environment's order."""
        return tuple(name.partition(".")[2] for name in self.columns if name.startswith("status."))

    @property
    def meta(self) -> dict[str, Any]:
        """The chunk's identity, as it travels beside the body."""
        return {
            "match_id": self.match_id,
            "episode": self.episode,
            "first": self.first,
            "last": self.last,
            "chain_hash": self.chain_hash,
            "agents": list(self.agents),
        }


@dataclass(frozen=True, kw_only=True)
class PackedChunk:
    """A chunk whose rows are still packed: for readers that take many chunks at once."""

    match_id: str
    episode: int
    first: int
    last: int
    chain_hash: str
    previous_chain_hash: str
    context: dict[str, Any]
    packed: Packed


def encode_chunk(
    *,
    match_id: str,
    episode: int,
    first: int,
    columns: Mapping[str, Sequence[Any] | np.ndarray[Any, Any]],
    previous_chain_hash: str = EMPTY_CHAIN,
    context: Mapping[str, Any] | None = None,
) -> bytes:
    """Return the body of a chunk: the same bytes for the same rows, everywhere.

    Raises:
        ChunkError: When the columns are empty or of different lengths, or hold something that is no plain value.
    """
    lengths = {len(column) for column in columns.values()}
    if len(lengths) != 1 or 0 in lengths:
        raise ChunkError(f"the columns of a chunk must be equally long and not empty, not {sorted(lengths)} rows")
    rows = lengths.pop()
    packed = pack(columns, rows)
    out = bytearray()
    identity = (match_id, episode, first, first + rows - 1, dict(context or {}))
    write_value(out, (*identity, packed.layout, packed.fixed, packed.parts))
    before = bytes.fromhex(previous_chain_hash)
    chain = hashlib.blake2b(before + out, digest_size=16).digest()
    payload, flags = bytes(out), 0
    if len(payload) >= _COMPRESS_FROM:
        smaller = zlib.compress(payload, 1)
        if len(smaller) < len(payload) * 0.9:
            payload, flags = smaller, _COMPRESSED
    return b"".join((_MAGIC, bytes((_VERSION, flags)), before, chain, payload))


def decode_chunk(body: bytes) -> FramesChunk:
    """Return the rows that `encode_chunk` wrote, after checking the hash.

    Raises:
        ChunkError: When the bytes are no chunk of this version, or are damaged.
    """
    chunk = read_chunk(body)
    try:
        columns = {name: whole_values(unpack([chunk.packed], name)) for name in chunk.packed.names}
    except ValueError as error:
        raise ChunkError(f"the frames chunk has another layout than expected: {error}") from error
    return FramesChunk(
        match_id=chunk.match_id,
        episode=chunk.episode,
        first=chunk.first,
        last=chunk.last,
        chain_hash=chunk.chain_hash,
        previous_chain_hash=chunk.previous_chain_hash,
        columns=columns,
        context=chunk.context,
    )


def read_chunk(body: bytes) -> PackedChunk:
    """Return the chunk that `encode_chunk` wrote with its rows still packed, after checking the hash.

    Raises:
        ChunkError: When the bytes are no chunk of this version, or are damaged.
    """
    if len(body) < _HEAD or body[:4] != _MAGIC:
        raise ChunkError("these bytes are no frames chunk")
    if body[4] != _VERSION:
        raise ChunkError(f"frames chunk of version {body[4]}; this version of MUG reads version {_VERSION}")
    before, chain, payload = body[6:22], body[22:38], body[38:]
    if body[5] & _COMPRESSED:
        try:
            inflater = zlib.decompressobj()
            payload = inflater.decompress(payload, _MAX_PAYLOAD)
        except zlib.error as error:
            raise ChunkError(f"the frames chunk is damaged: {error}") from error
        if inflater.unconsumed_tail or not inflater.eof:
            raise ChunkError("the frames chunk is damaged or too large")
    if hashlib.blake2b(before + payload, digest_size=16).digest() != chain:
        raise ChunkError("the frames chunk is damaged: its hash differs")
    try:
        match_id, episode, first, last, context, layout, fixed, parts = decode(payload)
        packed = check_packed(last - first + 1, layout, fixed, parts)
    except (ValueError, TypeError) as error:
        raise ChunkError(f"the frames chunk has another layout than expected: {error}") from error
    return PackedChunk(
        match_id=match_id,
        episode=episode,
        first=first,
        last=last,
        chain_hash=chain.hex(),
        previous_chain_hash=before.hex(),
        context=context,
        packed=packed,
    )


def flatten_columns(columns: Mapping[str, Column], *, max_values: int | None = None) -> dict[str, Column]:
    """Return flat columns: scalars as ``x.<agent>``, arrays ``x.<agent>.<i...>``, dicts ``x.<agent>.<key>``.

    Numbers stay numbers; where a row has no such value the flat column holds None. Two values of one row that would
    have the same name are both kept, the second as ``<name> (2)``.

    Args:
        columns: Whole values by column, as `decode_chunk` gives them.
        max_values: Columns that hold a value of more single numbers are left whole (arrays as arrays), for the
            reader to store beside the table.
    """
    flat: dict[str, Column] = {}
    for name, column in columns.items():
        if max_values is not None and _largest(column) > max_values:
            flat[name] = column
        elif isinstance(column, np.ndarray):
            _flatten_array(flat, name, column)
        else:
            _flatten_list(flat, name, column)
    return flat


def _largest(column: Column) -> int:
    if isinstance(column, np.ndarray):
        return int(np.prod(column.shape[1:], dtype=np.int64))
    return max((_size(value) for value in column), default=1)


def _size(value: Any) -> int:
    if isinstance(value, np.ndarray):
        return int(value.size)
    if isinstance(value, Mapping):
        return sum(_size(item) for item in value.values())
    return sum(_size(item) for item in value) if isinstance(value, (list, tuple)) else 1


def _flatten_array(flat: dict[str, Column], name: str, column: np.ndarray[Any, Any]) -> None:
    if column.ndim == 1:
        flat[name] = column
        return
    for index in np.ndindex(*column.shape[1:]):
        flat[".".join((name, *map(str, index)))] = column[(slice(None), *index)]


def _flatten_list(flat: dict[str, Column], name: str, column: list[Any]) -> None:
    if not any(isinstance(value, (Mapping, list, tuple, np.ndarray)) for value in column):
        flat[name] = column
        return
    parts: dict[str, list[Any]] = {}
    for row, value in enumerate(column):
        if value is None:
            continue
        for tail, leaf in _leaves(value):
            place = parts.setdefault(tail, [None] * len(column))
            if place[row] is not None:  # as {"a.b": 1, "a": {"b": 2}} has it
                place = parts.setdefault(f"{tail} (2)", [None] * len(column))
            place[row] = leaf
    for tail, leaves in parts.items():
        flat[name + tail] = leaves


def _leaves(value: Any, tail: str = "") -> list[tuple[str, Any]]:
    if isinstance(value, np.ndarray):
        return [(tail + "".join(f".{i}" for i in index), value[index].item()) for index in np.ndindex(*value.shape)]
    if isinstance(value, Mapping):
        items = [(str(key), item) for key, item in value.items()]
    elif isinstance(value, (list, tuple)):
        items = [(str(index), item) for index, item in enumerate(value)]
    else:
        return [(tail, value)]
    return [leaf for key, item in items for leaf in _leaves(item, f"{tail}.{key}")]
