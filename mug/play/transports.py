"""Packets between the players as they come in and go out: their form on the page's side, and the conditions on the way.

Many packets come in one block of bytes, each as ``<BBdI``: player (1 byte), channel (1 byte), arrival on the receiver's
clock (float64, ms), length (uint32), then so many bytes.
"""

import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from mug.play.chaos import ChaosLink, Conditions
from mug.play.errors import PlayError
from mug.play.rollback.requests import CTRL, Send

__all__ = ["ChaosSender", "Incoming", "Outgoing", "pack_packets", "read_packets"]

_HEAD: Final = struct.Struct("<BBdI")


@dataclass(frozen=True, slots=True)
class Incoming:
    """A partner's packet.

    Attributes:
        player: Number of the player who sent it.
        channel: As in `mug.play.rollback.requests`.
        at_ms: When it arrived, on our clock.
        body: The bytes.
    """

    player: int
    channel: int
    at_ms: float
    body: bytes


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A packet for a partner.

    Attributes:
        player: Number of the player who is to get it.
        channel: As in `mug.play.rollback.requests`.
        body: The bytes.
        delay_ms: It leaves so much later (network conditions that the study set).
    """

    player: int
    channel: int
    body: bytes
    delay_ms: float = 0.0


def pack_packets(packets: Iterable[Incoming]) -> bytes:
    """Return packets as one block of bytes."""
    return b"".join(_HEAD.pack(p.player, p.channel, p.at_ms, len(p.body)) + p.body for p in packets)


def read_packets(block: bytes) -> list[Incoming]:
    """Return the packets of one block.

    Raises:
        PlayError: When the block ends inside a packet: it comes from our own page, which never cuts one.
    """
    packets, position = [], 0
    while position < len(block):
        if position + _HEAD.size > len(block):
            raise PlayError("a block of packets ends inside a packet's head")
        player, channel, at_ms, length = _HEAD.unpack_from(block, position)
        position += _HEAD.size
        if position + length > len(block):
            raise PlayError("a block of packets ends inside a packet")
        packets.append(Incoming(player, channel, at_ms, block[position : position + length]))
        position += length
    return packets


class ChaosSender:
    """Our side of every way to a partner, under the conditions that the study set for what we send.

    Args:
        conditions: `Conditions` as a dict, or None: nothing is done.
        match_seed: The match.
        local: Our own number.
        players: How many players there are.
    """

    def __init__(self, conditions: Mapping[str, Any] | None, match_seed: int, local: int, players: int) -> None:
        made = Conditions.from_dict(conditions or {})
        self._links: dict[int, ChaosLink] = {}
        if not made.changes_nothing:
            self._links = {
                player: ChaosLink(made, match_seed, local, player) for player in range(players) if player != local
            }

    def outgoing(self, sends: Sequence[Send], now_ms: float) -> list[Outgoing]:
        """Return what leaves, and when; a packet that is lost is absent, a doubled one is there twice."""
        if not self._links:
            return [Outgoing(send.player, send.channel, send.body) for send in sends]
        return [
            Outgoing(send.player, send.channel, send.body, float(delay_ms))
            for send in sends
            for delay_ms in self._links[send.player].delays(now_ms, reliable=send.channel == CTRL)
        ]
