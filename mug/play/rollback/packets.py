"""The bytes between the players: four kinds of packets, little-endian, without padding.

The layout is in docs/reference/rollback-packets.md; golden vectors are in tests/vectors/rollback_packets.json. What
cannot be read raises `PacketError` with one word of why; the core counts and drops it.
"""

import hashlib
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

__all__ = [
    "MAX_CONTROL_BYTES",
    "MAX_INPUTS",
    "MAX_INPUT_BYTES",
    "MAX_PACKET_BYTES",
    "VERSION",
    "Control",
    "Inputs",
    "PacketError",
    "Ping",
    "Pong",
    "decode",
    "encode_control",
    "encode_inputs",
    "encode_ping",
    "encode_pong",
    "magic_of",
]

VERSION: Final = 1
MAX_INPUTS: Final = 128
"""Inputs in one packet; who has more unacknowledged ones waits (GGRS)."""
MAX_INPUT_BYTES: Final = 4096
GOOD_PACKET_BYTES: Final = 1200
"""What passes any path unfragmented; a packet exceeds it only for a single input that is larger."""
MAX_CONTROL_BYTES: Final = 60_000
MAX_PACKET_BYTES: Final = 65_536
ADVANTAGE_STEPS: Final = 16
"""An advantage is sent in sixteenths of a frame."""

_INPUTS, _PING, _PONG, _CONTROL = 1, 2, 3, 4
_HEADER: Final = struct.Struct("<IBBB")
_INPUTS_HEAD: Final = struct.Struct("<IiB")
_INPUTS_TAIL: Final = struct.Struct("<hiB")
_RUN: Final = struct.Struct("<BH")
_PING_BODY: Final = struct.Struct("<II")
_PONG_BODY: Final = struct.Struct("<III")
_CONTROL_HEAD: Final = struct.Struct("<II")
_VIEWS: Final = {players: struct.Struct(f"<{players}i") for players in range(2, 5)}


class PacketError(ValueError):
    """Bytes that are no packet of this match.

    Attributes:
        reason: "huge", "truncated", "foreign", "version", "kind", "sender", "malformed".
    """

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


@dataclass(slots=True)
class Inputs:
    """The sender's inputs that the receiver has not acknowledged, and what the sender holds.

    Attributes:
        sequence: Number of the packet on the game channel, from 1.
        epoch: The episode.
        views: The last frame of every player's input that the sender holds; its own: the last it has made.
        advantage: Frames that the receiver seems to be ahead of the sender.
        start: Frame of the first input.
        values: The inputs, one a frame.
    """

    sequence: int
    epoch: int
    views: tuple[int, ...]
    advantage: float
    start: int
    values: list[bytes]


@dataclass(slots=True)
class Ping:
    """Asks for a pong at once; `ident` names it."""

    sequence: int
    ident: int


@dataclass(slots=True)
class Pong:
    """Answers a ping, after `hold_us` microseconds in the receiver's hands."""

    sequence: int
    ident: int
    hold_us: int


@dataclass(slots=True)
class Control:
    """A numbered message (0: none), and up to which number the sender has received ours."""

    number: int
    acknowledged: int
    body: bytes


def magic_of(match_id: str, returns: tuple[int, int] = (0, 0)) -> int:
    """Return what every packet between two players of a match begins with, an unsigned integer of 32 bits.

    Args:
        match_id: The match.
        returns: How often the page of the player with the lower number has come back, and that of the other: packets of
            a page's earlier life are foreign.
    """
    text = match_id if returns == (0, 0) else f"{match_id}\n{returns[0]}\n{returns[1]}"
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "little")


def _header(magic: int, kind: int, sender: int) -> bytes:
    return _HEADER.pack(magic, VERSION, kind, sender)


def encode_inputs(
    magic: int,
    sender: int,
    sequence: int,
    epoch: int,
    views: Sequence[int],
    advantage: float,
    start: int,
    values: Sequence[bytes],
) -> tuple[bytes, int]:
    """Return a packet and how many of the values are in it: all, unless it would grow beyond what passes well."""
    steps = min(max(round(advantage * ADVANTAGE_STEPS), -32768), 32767)
    parts = [
        _header(magic, _INPUTS, sender),
        _INPUTS_HEAD.pack(sequence, epoch, len(views)),
        _VIEWS[len(views)].pack(*views),
        b"",
    ]
    size = sum(map(len, parts)) + _INPUTS_TAIL.size
    count = min(len(values), MAX_INPUTS)
    place = 0
    while place < count:
        value = values[place]
        end = place + 1
        while end < count and values[end] == value:
            end += 1
        grown = size + _RUN.size + len(value)
        if grown > GOOD_PACKET_BYTES and place > 0:
            break
        parts.append(_RUN.pack(end - place, len(value)))
        parts.append(value)
        size = grown
        place = end
    parts[3] = _INPUTS_TAIL.pack(steps, start, place)
    return b"".join(parts), place


def encode_ping(magic: int, sender: int, sequence: int, ident: int) -> bytes:
    """Return the packet."""
    return _header(magic, _PING, sender) + _PING_BODY.pack(sequence, ident)


def encode_pong(magic: int, sender: int, sequence: int, ident: int, hold_us: int) -> bytes:
    """Return the packet."""
    return _header(magic, _PONG, sender) + _PONG_BODY.pack(sequence, ident, min(max(hold_us, 0), 2**32 - 1))


def encode_control(magic: int, sender: int, number: int, acknowledged: int, body: bytes) -> bytes:
    """Return the packet."""
    return _header(magic, _CONTROL, sender) + _CONTROL_HEAD.pack(number, acknowledged) + body


def decode(data: bytes, magic: int, sender: int, players: int) -> Inputs | Ping | Pong | Control:
    """Read a packet.

    Args:
        data: The bytes.
        magic: What our match's packets begin with.
        sender: Whom the bytes came from.
        players: People in the match.

    Raises:
        PacketError: It is none of this match, or not laid out as it should be.
    """
    if len(data) > MAX_PACKET_BYTES:
        raise PacketError("huge")
    if len(data) < _HEADER.size:
        raise PacketError("truncated")
    found, version, kind, claimed = _HEADER.unpack_from(data)
    if found != magic:
        raise PacketError("foreign")
    if version != VERSION:
        raise PacketError("version")
    if claimed != sender:
        raise PacketError("sender")
    try:
        if kind == _INPUTS:
            return _decode_inputs(data, players)
        if kind == _CONTROL:
            number, acknowledged = _CONTROL_HEAD.unpack_from(data, _HEADER.size)
            return Control(number, acknowledged, data[_HEADER.size + _CONTROL_HEAD.size :])
        if kind == _PING:
            sequence, ident = _PING_BODY.unpack(data[_HEADER.size :])
            return Ping(sequence, ident)
        if kind == _PONG:
            sequence, ident, hold_us = _PONG_BODY.unpack(data[_HEADER.size :])
            return Pong(sequence, ident, hold_us)
    except struct.error:
        raise PacketError("truncated") from None
    raise PacketError("kind")


def _decode_inputs(data: bytes, players: int) -> Inputs:
    at = _HEADER.size
    sequence, epoch, count_of_views = _INPUTS_HEAD.unpack_from(data, at)
    if count_of_views != players:
        raise PacketError("malformed")
    at += _INPUTS_HEAD.size
    views = _VIEWS[players].unpack_from(data, at)
    at += 4 * players
    steps, start, count = _INPUTS_TAIL.unpack_from(data, at)
    at += _INPUTS_TAIL.size
    if count > MAX_INPUTS or start < 0 or epoch < 0 or min(views) < -1:
        raise PacketError("malformed")
    values: list[bytes] = []
    end = len(data)
    while len(values) < count:
        length, size = _RUN.unpack_from(data, at)
        at += _RUN.size
        if length == 0 or size > MAX_INPUT_BYTES or len(values) + length > count:
            raise PacketError("malformed")
        if at + size > end:
            raise PacketError("truncated")
        values.extend([data[at : at + size]] * length)
        at += size
    if at != end:
        raise PacketError("malformed")
    return Inputs(sequence, epoch, views, steps / ADVANTAGE_STEPS, start, values)
