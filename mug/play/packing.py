"""Columns of plain values, packed so that a whole chunk, or many chunks at once, are read with a few calls.

Each column is packed by what its values have in common; the *layout* says how, column by column:

=====================  ==========================================================================
layout                 a row is
=====================  ==========================================================================
``a`` dtype, shape     an array of these, or one number: its bytes, little endian
``?`` dtype            a number or None: 1 byte (0: None), then the number's bytes (0 for None)
``s`` width            a text or None: its UTF-8 length + 1 in `width` bytes (0: None); the texts follow one
                       another in a part of their own
``n``, ``e``           nothing: each is None, or an empty dict
``m`` keys, layouts    a dict with these keys, each key a column of its own
``l`` layouts          a list of so many items, each place a column of its own
``v``                  anything else: the column's list in the canonical encoding, in a part of its own
=====================  ==========================================================================

What takes the same bytes in each row lies in `Packed.fixed`, one column after the other; the parts of texts and of
anything else in `Packed.parts`. Equal columns give equal bytes.
"""

import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final, NamedTuple

import numpy as np

from mug.play.columns import Columns, Fields, Numbers, Same, Texts, whole_values
from mug.play.encoding import array_dtype, decode, encode
from mug.play.errors import NotCanonicalError

__all__ = ["Packed", "check_packed", "pack", "unpack"]

_MAX_ROWS: Final = 1_000_000
_MAX_DEPTH: Final = 4
_MAX_ITEMS: Final = 64
_WIDTHS: Final[dict[int, np.dtype[Any]]] = {1: np.dtype("u1"), 4: np.dtype("<u4")}
_NUMBERS: Final = {bool: "|b1", int: "<i8", float: "<f8"}
_NONE: Final = type(None)


class _Node(NamedTuple):
    """One column of a layout: what it is, and where its bytes lie."""

    spec: tuple[Any, ...]
    dtype: np.dtype[Any] | None
    start: int  # bytes of a row before it
    size: int  # bytes of a row that it takes itself
    part: int
    children: dict[str, "_Node"]


class _Layout(NamedTuple):
    nodes: dict[str, _Node]
    row_bytes: int
    texts: tuple[_Node, ...]
    others: tuple[_Node, ...]


@dataclass(frozen=True)
class Packed:
    """Packed columns of `rows` rows; `pack` and `check_packed` make them."""

    rows: int
    layout: bytes
    fixed: bytes
    parts: list[bytes]
    _nodes: dict[str, _Node] = field(compare=False, repr=False)
    _lists: dict[int, list[Any]] = field(compare=False, repr=False)  # what `parts` holds in the canonical encoding

    @property
    def names(self) -> tuple[str, ...]:
        """The columns."""
        return tuple(self._nodes)

    @property
    def size(self) -> int:
        """Bytes of all values."""
        return len(self.fixed) + sum(map(len, self.parts))

    def spec(self, name: str) -> tuple[Any, ...] | None:
        """Return how a column is packed; None when there is no such column."""
        node = self._nodes.get(name)
        return node and node.spec

    def without_first(self, rows: int) -> "Packed":
        """Return the rows after the first `rows`."""
        return pack({name: whole_values(unpack([self], name))[rows:] for name in self.names}, self.rows - rows)


def pack(columns: Mapping[str, Sequence[Any] | np.ndarray[Any, Any]], rows: int) -> Packed:
    """Pack columns of `rows` values each.

    Raises:
        NotCanonicalError: When a value is no plain one.
    """
    pieces = _Pieces()
    specs = tuple([(name, pieces.add(name, column, 0)) for name, column in columns.items()])
    layout = _write_layout(specs)
    return Packed(rows, layout, b"".join(pieces.fixed), pieces.parts, _read_layout(layout).nodes, pieces.lists)


def check_packed(rows: int, layout: bytes, fixed: bytes, parts: list[bytes]) -> Packed:
    """Put together what was packed, after checking that the pieces fit each other.

    Raises:
        ValueError: When they do not.
        ChunkError: When a part is damaged.
    """
    known = _read_layout(layout)
    if not 0 < rows <= _MAX_ROWS or len(fixed) != rows * known.row_bytes:
        raise ValueError(f"{len(fixed)} bytes are not {rows} rows of {known.row_bytes}")
    if len(parts) != len(known.texts) + len(known.others):
        raise ValueError("a part is missing or too many")
    for node in known.texts:
        raw = fixed[rows * node.start : rows * (node.start + node.size)]
        if node.size == 1:
            size = sum(raw) - rows + raw.count(0)
        else:
            lengths = np.frombuffer(raw, "<u4").astype(np.int64)
            size = int(lengths.sum()) - int(np.count_nonzero(lengths))
        if size != len(parts[node.part]):
            raise ValueError("texts are longer or shorter than announced")
    lists = {}
    for node in known.others:
        values = decode(parts[node.part])
        if type(values) is not list or len(values) != rows:
            raise ValueError(f"a column of {rows} rows has another length")
        lists[node.part] = values
    return Packed(rows, layout, fixed, parts, known.nodes, lists)


def unpack(packed: Sequence[Packed], name: str) -> Columns:
    """Return one column of one or many packs, in which it must be packed alike.

    Raises:
        ValueError: When it is not.
    """
    known = packed[0]._nodes
    if name in known and all(one._nodes is known for one in packed):
        return _unpack(packed, [known[name]] * len(packed))
    nodes = [one._nodes[name] for one in packed if name in one._nodes]
    if len(nodes) != len(packed) or any(node.spec != nodes[0].spec for node in nodes):
        raise ValueError(f"the column {name!r} is not packed alike")
    return _unpack(packed, nodes)


# ---------------------------------------------------------------------- packing


class _Pieces:
    """What packing has made so far."""

    def __init__(self) -> None:
        self.fixed: list[bytes] = []
        self.parts: list[bytes] = []
        self.lists: dict[int, list[Any]] = {}

    def add(self, path: str, column: Sequence[Any] | np.ndarray[Any, Any], depth: int) -> tuple[Any, ...]:
        """Pack one column; returns its spec."""
        if isinstance(column, np.ndarray):
            return self._add_array(path, column)
        kinds = set(map(type, column))
        spec = None
        if len(kinds) == 1:
            spec = self._add_alike(path, kinds.pop(), column, depth)
        elif len(kinds) == 2 and _NONE in kinds:
            spec = self._add_some(kinds, column)
        if spec is None:
            self.lists[len(self.parts)] = values = list(column)
            self.parts.append(encode(values))
            return ("v",)
        return spec

    def _add_alike(self, path: str, kind: type, column: Sequence[Any], depth: int) -> tuple[Any, ...] | None:
        if kind in _NUMBERS:
            return self._add_numbers(kind, column)
        if kind is str:
            return self._add_texts(column)
        if kind is _NONE:
            return ("n",)
        if kind is np.ndarray:
            return self._add_arrays(path, column, depth)
        if kind is dict and not any(column):
            return ("e",)
        first = column[0]
        if depth == _MAX_DEPTH or kind not in (dict, list) or not 0 < len(first) <= _MAX_ITEMS:
            return None
        if kind is dict:
            if any(type(key) is not str for key in first) or any(row.keys() != first.keys() for row in column):
                return None
            keys = tuple(sorted(first))
            return ("m", keys, tuple([self.add(f"{path}.{k}", [row[k] for row in column], depth + 1) for k in keys]))
        if any(len(row) != len(first) for row in column):
            return None
        places = zip(*column, strict=True)
        return ("l", tuple([self.add(f"{path}.{i}", place, depth + 1) for i, place in enumerate(places)]))

    def _add_numbers(self, kind: type, column: Sequence[Any]) -> tuple[Any, ...] | None:
        if kind is bool:
            self.fixed.append(bytes(column))
        elif kind is float:
            self.fixed.append(struct.pack(f"<{len(column)}d", *column))
        else:
            try:
                self.fixed.append(struct.pack(f"<{len(column)}q", *column))
            except struct.error:  # beyond 64 bits
                return None
        return ("a", _NUMBERS[kind], ())

    def _add_some(self, kinds: set[type], column: Sequence[Any]) -> tuple[Any, ...] | None:
        (kind,) = kinds - {_NONE}
        if kind is str:
            return self._add_texts(column)
        if kind not in _NUMBERS:
            return None
        before = len(self.fixed)
        self.fixed.append(bytes([value is not None for value in column]))
        if self._add_numbers(kind, [kind() if value is None else value for value in column]) is None:
            del self.fixed[before:]
            return None
        return ("?", _NUMBERS[kind])

    def _add_texts(self, column: Sequence[str | None]) -> tuple[Any, ...]:
        raw = [None if text is None else text.encode("utf-8", "surrogatepass") for text in column]
        lengths = [0 if text is None else len(text) + 1 for text in raw]
        width = 1 if max(lengths) <= 0xFF else 4
        self.fixed.append(bytes(lengths) if width == 1 else struct.pack(f"<{len(lengths)}I", *lengths))
        self.parts.append(b"".join([text for text in raw if text]))
        return ("s", width)

    def _add_arrays(self, path: str, column: Sequence[Any], depth: int) -> tuple[Any, ...] | None:
        dtype, shape = column[0].dtype, column[0].shape
        if (depth and not shape) or any(value.dtype != dtype or value.shape != shape for value in column):
            return None
        if dtype.kind not in "biufc" or dtype.str[0] == ">":
            return self._add_array(path, np.stack(list(column)))
        self.fixed.append(b"".join([value.tobytes() for value in column]))
        return ("a", dtype.str, shape)

    def _add_array(self, path: str, column: np.ndarray[Any, Any]) -> tuple[Any, ...]:
        little = column.astype(column.dtype.newbyteorder("<"), copy=False)
        name = _name_of(path, little.dtype)
        self.fixed.append(little.tobytes())
        return ("a", name, little.shape[1:])


def _name_of(path: str, dtype: np.dtype[Any]) -> str:
    try:
        array_dtype(dtype.str)
    except ValueError:
        raise NotCanonicalError(path, f"numpy array of {dtype}") from None
    return dtype.str


# ---------------------------------------------------------------------- the layout


@lru_cache(maxsize=256)
def _write_layout(specs: tuple[Any, ...]) -> bytes:
    return encode(specs)


@lru_cache(maxsize=256)
def _read_layout(layout: bytes) -> _Layout:
    texts: list[_Node] = []
    others: list[_Node] = []
    start = part = 0

    def node_of(spec: tuple[Any, ...]) -> _Node:
        nonlocal start, part
        kind, size = spec[0], 0
        dtype: np.dtype[Any] | None = None
        here, own = start, -1
        if kind in ("m", "l"):
            keys = spec[1] if kind == "m" else [str(place) for place in range(len(spec[1]))]
            children = {_text(key): node_of(child) for key, child in zip(keys, spec[-1], strict=True)}
            if not children:
                raise ValueError("a column without parts")
            return _Node(spec, None, here, 0, -1, children)
        if kind == "a":
            dtype = array_dtype(spec[1])
            size = dtype.itemsize
            for length in spec[2]:
                if type(length) is not int or length < 0:
                    raise ValueError(f"an array of the shape {spec[2]}")
                size *= length
        elif kind == "?":
            dtype = array_dtype(spec[1])
            size = 1 + dtype.itemsize
        elif kind == "s":
            dtype = _WIDTHS[spec[1]]
            size = dtype.itemsize
        elif kind not in ("n", "e", "v"):
            raise ValueError(f"unknown layout {kind!r}")
        start += size
        if kind in ("s", "v"):
            own, part = part, part + 1
        node = _Node(spec, dtype, here, size, own, {})
        if own >= 0:
            (texts if kind == "s" else others).append(node)
        return node

    try:
        nodes = {_text(name): node_of(spec) for name, spec in decode(layout)}
    except (KeyError, IndexError) as error:
        raise ValueError(f"unknown layout: {error!r}") from error
    return _Layout(nodes, start, tuple(texts), tuple(others))


def _text(value: Any) -> str:
    if type(value) is not str:
        raise ValueError(f"a column is named {value!r}")
    return value


# ---------------------------------------------------------------------- unpacking


def _unpack(packed: Sequence[Packed], nodes: Sequence[_Node]) -> Columns:
    spec, size = nodes[0].spec, nodes[0].size
    dtype: np.dtype[Any] | None = nodes[0].dtype
    kind = spec[0]
    rows = sum([one.rows for one in packed])
    if kind in ("n", "e"):
        return Same(rows, kind == "e")
    if kind == "v":
        return [value for one, node in zip(packed, nodes, strict=True) for value in one._lists[node.part]]
    if kind in ("m", "l"):
        columns = {key: _unpack(packed, [node.children[key] for node in nodes]) for key in nodes[0].children}
        return Fields(columns, kind == "l")
    assert dtype is not None
    if kind == "?":
        present = _numbers(packed, lambda rows, node: (rows * node.start, rows), nodes, np.dtype("|b1"))
        numbers = _numbers(packed, lambda rows, node: (rows * (node.start + 1), rows * (size - 1)), nodes, dtype)
        return Numbers(numbers, present)
    values = _numbers(packed, lambda rows, node: (rows * node.start, rows * size), nodes, dtype)
    if kind == "s":
        data = b"".join([one.parts[node.part] for one, node in zip(packed, nodes, strict=True)])
        return Texts(values.astype(np.int64) - 1, data)
    array: np.ndarray[Any, Any] = values.reshape(rows, *spec[2])
    return array


def _numbers(
    packed: Sequence[Packed],
    place: Callable[[int, _Node], tuple[int, int]],
    nodes: Sequence[_Node],
    dtype: np.dtype[Any],
) -> np.ndarray[Any, Any]:
    pieces = []
    for one, node in zip(packed, nodes, strict=True):
        start, size = place(one.rows, node)
        pieces.append(one.fixed[start : start + size])
    data = bytearray().join(pieces)  # the array may be written to
    if dtype.kind == "b":
        flags: np.ndarray[Any, Any] = np.frombuffer(data, np.uint8) != 0
        return flags
    return np.frombuffer(data, dtype)
