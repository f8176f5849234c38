"""Pictures as arrays of shape (height, width, 3) uint8: just enough PNG for screenshots and for a study's images."""

import struct
import zlib

import numpy as np
import numpy.typing as npt

__all__ = ["Picture", "decode", "encode"]

Picture = npt.NDArray[np.uint8]

_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def encode(picture: Picture) -> bytes:
    """Write an RGB picture."""
    height, width, _ = picture.shape
    rows = b"".join(b"\0" + picture[y].tobytes() for y in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return _SIGNATURE + _chunk(b"IHDR", header) + _chunk(b"IDAT", zlib.compress(rows)) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def decode(data: bytes) -> Picture:
    """Read an 8-bit RGB or RGBA picture that is not interlaced (Chromium's screenshots); alpha is dropped."""
    assert data.startswith(_SIGNATURE)
    at, parts, width, height, depth = len(_SIGNATURE), [], 0, 0, 0
    while at < len(data):
        (length,) = struct.unpack_from(">I", data, at)
        kind, body = data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        at += 12 + length
        if kind == b"IHDR":
            width, height, bits, color, _, _, interlaced = struct.unpack(">IIBBBBB", body)
            assert (bits, interlaced) == (8, 0)
            depth = {2: 3, 6: 4}[color]
        elif kind == b"IDAT":
            parts.append(body)
    raw = np.frombuffer(zlib.decompress(b"".join(parts)), dtype=np.uint8).reshape(height, 1 + width * depth)
    rows = np.zeros((height, width, depth), dtype=np.uint8)
    above = np.zeros((width, depth), dtype=np.uint8)
    for y in range(height):
        above = rows[y] = _unfilter(int(raw[y, 0]), raw[y, 1:].reshape(width, depth), above)
    return rows[:, :, :3]


def _unfilter(kind: int, line: Picture, above: Picture) -> Picture:
    if kind == 0:
        return line
    if kind == 1:
        return np.cumsum(line, axis=0, dtype=np.uint8)
    if kind == 2:
        return line + above
    out = np.zeros_like(line)
    left = np.zeros(line.shape[1], dtype=np.int64)
    corner = np.zeros(line.shape[1], dtype=np.int64)
    for x in range(line.shape[0]):
        up = above[x].astype(np.int64)
        guess = (left + up) // 2 if kind == 3 else _paeth(left, up, corner)
        left = (line[x] + guess) & 0xFF
        out[x] = left
        corner = up
    return out


def _paeth(
    left: npt.NDArray[np.int64], up: npt.NDArray[np.int64], corner: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    guess = left + up - corner
    to_left, to_up, to_corner = abs(guess - left), abs(guess - up), abs(guess - corner)
    return np.where((to_left <= to_up) & (to_left <= to_corner), left, np.where(to_up <= to_corner, up, corner))
