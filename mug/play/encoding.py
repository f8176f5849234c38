"""One canonical encoding of values to bytes, and back.

Equal values give equal bytes on every machine: dict keys are sorted by their encoding, floats keep their exact
bits (one NaN is not another), arrays carry dtype, shape and bytes, every value its type tag. State hashes, chunks
and replays rest on it.

====  =======================================================
tag   then
====  =======================================================
N     nothing (None)
T F   nothing (True, False)
i     zigzag varint (int of any size)
f     8 bytes, IEEE 754 little endian
s     varint length, UTF-8 (lone surrogates pass)
b     varint length, bytes
l     varint count, the items (list)
t     varint count, the items (tuple)
d     varint count, key and value by turns, sorted by the key's bytes
a     dtype as a short text, varint ndim, the dims, the bytes (C order, little endian)
====  =======================================================
"""

import math
import struct
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

import numpy as np

from mug.play.errors import ChunkError, NotCanonicalError

__all__ = ["array_dtype", "decode", "encode", "write_length", "write_value"]

_FLOAT: Final = struct.Struct("<d")
_ARRAY_KINDS: Final = "biufc"
_MAX_DEPTH: Final = 100
_CONSTANTS: Final = {0x4E: None, 0x54: True, 0x46: False}
_NEVER_FAIL: Final = frozenset((bool, int, float, str, bytes, bytearray))


def write_length(out: bytearray, number: int) -> None:
    """Append `number` (0 or more) as a varint."""
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)


def write_value(out: bytearray, value: Any, path: str = "", depth: int = 0) -> None:
    """Append the encoding of `value`.

    Raises:
        NotCanonicalError: When something in it is no plain value; the error names the place.
    """
    kind = type(value)
    if kind is float:
        out += b"f"
        out += _FLOAT.pack(value)
    elif value is None:
        out += b"N"
    elif kind is bool:
        out += b"T" if value else b"F"
    elif kind is int:
        out += b"i"
        write_length(out, value << 1 if value >= 0 else (-value << 1) - 1)
    elif kind is str:
        raw = value.encode("utf-8", "surrogatepass")
        out += b"s"
        write_length(out, len(raw))
        out += raw
    elif kind is bytes or kind is bytearray:
        out += b"b"
        write_length(out, len(value))
        out += value
    elif kind is dict and not value:
        out += b"d\x00"
    elif depth > _MAX_DEPTH:
        raise NotCanonicalError(path, f"{kind.__name__} nested more than {_MAX_DEPTH} deep")
    elif kind is dict:
        _write_mapping(out, value, path, depth)
    elif kind is list or kind is tuple:
        out += b"l" if kind is list else b"t"
        write_length(out, len(value))
        for index, item in enumerate(value):
            if item is None:
                out += b"N"
            elif type(item) in _NEVER_FAIL:
                write_value(out, item)
            else:
                write_value(out, item, f"{path}[{index}]", depth + 1)
    elif isinstance(value, np.ndarray):
        write_array(out, value, path)
    elif isinstance(value, np.generic):
        write_array(out, np.asarray(value), path)
    elif isinstance(value, Mapping):
        _write_mapping(out, value, path, depth)
    elif isinstance(value, (bool, int, float, str, bytes, list, tuple)):
        write_value(out, _base_value(value), path, depth + 1)
    else:
        raise NotCanonicalError(path, f"{getattr(kind, '__module__', '')}.{kind.__qualname__}")


def write_array(out: bytearray, array: np.ndarray[Any, Any], path: str = "") -> None:
    """Append an array of booleans, numbers or fixed-size texts with its dtype, shape and exact bytes."""
    if array.dtype.kind not in _ARRAY_KINDS + "US":
        raise NotCanonicalError(path, f"numpy array of {array.dtype}")
    little = array.astype(array.dtype.newbyteorder("<"), copy=False)
    name = little.dtype.str.encode("ascii")
    out += b"a"
    out.append(len(name))
    out += name
    write_length(out, little.ndim)
    for size in little.shape:
        write_length(out, size)
    out += little.tobytes()


def encode(value: Any) -> bytes:
    """Return the canonical encoding of a plain value (None, numbers, texts, lists, dicts, arrays of those).

    Raises:
        NotCanonicalError: When something in it is no plain value.
    """
    out = bytearray()
    write_value(out, value)
    return bytes(out)


def decode(data: bytes) -> Any:
    """Return the value that `encode` wrote.

    Raises:
        ChunkError: When the bytes are no such encoding.
    """
    reader = _Reader(data)
    try:
        value = reader.value(0)
    except (IndexError, struct.error, UnicodeDecodeError, ValueError, TypeError, OverflowError, MemoryError) as error:
        raise ChunkError(f"the bytes end early or are damaged at position {reader.position}: {error}") from error
    if reader.position != len(data):
        raise ChunkError(f"{len(data) - reader.position} bytes too many after the value")
    return value


def _write_mapping(out: bytearray, value: Mapping[Any, Any], path: str, depth: int) -> None:
    entries = []
    for key, item in value.items():
        head = bytearray()
        write_value(head, key, path if type(key) is str else f"{path}[key {key!r}]", depth + 1)
        entries.append((bytes(head), key, item))
    entries.sort(key=lambda entry: entry[0])
    out += b"d"
    write_length(out, len(entries))
    for written, key, item in entries:
        out += written
        if type(item) in _NEVER_FAIL:
            write_value(out, item)
        else:
            write_value(out, item, f"{path}[{key!r}]", depth + 1)


def _base_value(value: Any) -> Any:
    """Turn an instance of a subclass (IntEnum, namedtuple, str subclass) into the plain value."""
    if isinstance(value, list):
        return list(value)
    if isinstance(value, tuple):
        return tuple(value)
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, bytes):
        return bytes(value)
    return int(value) if isinstance(value, int) else float(value)


@lru_cache(maxsize=128)
def array_dtype(name: str) -> np.dtype[Any]:
    """Return the dtype of this name.

    Raises:
        ValueError: When it is none, or arrays of it are not plain values.
    """
    try:
        dtype = np.dtype(name)
    except TypeError as error:
        raise ValueError(str(error)) from error
    if dtype.kind not in _ARRAY_KINDS + "US":
        raise ValueError(f"an array of {dtype} is not allowed")
    return dtype


class _Reader:
    """Reads one encoded value; the position is kept for the messages."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.position = 0

    def take(self, count: int) -> bytes:
        end = self.position + count
        if end > len(self.data):
            raise ValueError(f"{count} bytes wanted, {len(self.data) - self.position} left")
        part = self.data[self.position : end]
        self.position = end
        return part

    def length(self) -> int:
        number = shift = 0
        while True:
            byte = self.data[self.position]
            self.position += 1
            number |= (byte & 0x7F) << shift
            if byte < 0x80:
                return number
            shift += 7

    def count(self) -> int:
        number = self.length()
        if number > len(self.data) - self.position:
            raise ValueError(f"{number} items announced, {len(self.data) - self.position} bytes left")
        return number

    def value(self, depth: int) -> Any:
        if depth > 2 * _MAX_DEPTH:
            raise ValueError("nested too deep")
        tag = self.data[self.position]
        self.position += 1
        if tag == 0x73:  # s
            return str(self.take(self.length()), "utf-8", "surrogatepass")
        if tag == 0x61:  # a
            return self.array()
        if tag == 0x69:  # i
            number = self.length()
            return -((number + 1) >> 1) if number & 1 else number >> 1
        if tag == 0x66:  # f
            return _FLOAT.unpack(self.take(8))[0]
        if tag == 0x6C:  # l
            return self.items(self.count(), depth)
        if tag == 0x74:  # t
            return tuple(self.items(self.count(), depth))
        if tag == 0x64:  # d
            pairs = [(self.value(depth + 1), self.value(depth + 1)) for _ in range(self.count())]
            return dict(pairs)
        if tag == 0x62:  # b
            return self.take(self.length())
        if tag in _CONSTANTS:
            return _CONSTANTS[tag]
        raise ValueError(f"unknown tag {bytes((tag,))!r}")

    def items(self, count: int, depth: int) -> list[Any]:
        """Read a list's items; short texts, small whole numbers and empty dicts are read in place."""
        data, position = self.data, self.position
        size = len(data)
        items: list[Any] = []
        for _ in range(count):
            if position + 1 < size:
                tag, length = data[position], data[position + 1]
                end = position + 2 + length
                if tag == 0x73 and length < 0x80 and end <= size:
                    items.append(str(data[position + 2 : end], "utf-8", "surrogatepass"))
                    position = end
                    continue
                if tag == 0x69 and length < 0x80:
                    items.append(-((length + 1) >> 1) if length & 1 else length >> 1)
                    position += 2
                    continue
                if tag == 0x64 and length == 0:
                    items.append({})
                    position += 2
                    continue
            self.position = position
            items.append(self.value(depth + 1))
            position = self.position
        self.position = position
        return items

    def array(self) -> np.ndarray[Any, Any]:
        dtype = array_dtype(self.take(self.take(1)[0]).decode("ascii"))
        shape = tuple([self.length() for _ in range(self.length())])
        size = math.prod(shape)
        if size == 0:
            return np.empty(shape, dtype)
        start = self.position
        self.position = start + size * dtype.itemsize
        return np.frombuffer(self.data, dtype, size, start).reshape(shape).copy()
