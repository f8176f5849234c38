"""What leaves: which packets are due to whom, and when they were last sent."""

from typing import Final

from mug.play.rollback.config import RollbackConfig
from mug.play.rollback.packets import (
    MAX_INPUTS,
    encode_control,
    encode_inputs,
    encode_ping,
    encode_pong,
)
from mug.play.rollback.peer import Peer
from mug.play.rollback.requests import CTRL, GAME, Send
from mug.play.rollback.timeline import Timeline

__all__ = ["Outbox"]

_BURST_BYTES: Final = 16_384
"""Long inputs go in several packets; so much leaves at once at most."""


class Outbox:
    """The packets to send.

    Args:
        config: The match.

    Attributes:
        acknowledge: Inputs came that were not acknowledged yet.
    """

    def __init__(self, config: RollbackConfig) -> None:
        self.acknowledge = False
        self._config = config
        self._local = config.local
        self._sends: list[Send] = []

    def take(self) -> list[Send]:
        """Return the packets, once."""
        sends, self._sends = self._sends, []
        return sends

    def pongs(self, peer: Peer, now_ms: float) -> None:
        """Answer the pings that came, telling how long they lay here."""
        while peer.pongs:
            ident, at_ms = peer.pongs.popleft()
            hold_us = round((now_ms - at_ms) * 1000.0)
            self._game(peer, encode_pong(peer.magic, self._local, peer.next_sequence(), ident, hold_us))

    def ping(self, peer: Peer, now_ms: float, every_ms: float) -> None:
        """Ask for a pong, when the last time was long enough ago."""
        if peer.pinged_ms is None or now_ms - peer.pinged_ms >= every_ms:
            peer.pinged_ms = now_ms
            ident = peer.trips.ping(now_ms)
            self._game(peer, encode_ping(peer.magic, self._local, peer.next_sequence(), ident))

    def control(self, peer: Peer, now_ms: float) -> None:
        """Send control messages that are new or not acknowledged in time, or at least our acknowledgement."""
        line = peer.line
        if not line.acknowledgement_due and not len(line):
            return
        due = line.due(now_ms, max(self._config.resend_ms, 1.5 * peer.trips.mean_ms))
        if not due and line.acknowledgement_due:
            due = [(0, b"")]
        if due:
            line.acknowledgement_due = False
        for number, body in due:
            packet = encode_control(peer.magic, self._local, number, line.received, body)
            self._sends.append(Send(peer.player, CTRL, packet))

    def repeat_inputs(self, peer: Peer, timeline: Timeline, epoch: int, now_ms: float, every_ms: float) -> None:
        """Send the inputs again, when the last time was long enough ago; new ones are acknowledged sooner."""
        since_ms = every_ms if peer.inputs_ms is None else now_ms - peer.inputs_ms
        soon_ms = min(every_ms, 500.0 / self._config.fps)
        if since_ms >= every_ms or (self.acknowledge and since_ms >= soon_ms):
            self.inputs(peer, timeline, epoch, now_ms)

    def inputs(self, peer: Peer, timeline: Timeline, epoch: int, now_ms: float) -> None:
        """Send all our inputs that the player has not acknowledged, and what we hold."""
        peer.inputs_ms = now_ms
        views = [queue.last for queue in timeline.queues]
        start = peer.views[self._local] + 1
        values = timeline.queues[self._local].held(start, MAX_INPUTS)
        size = 0
        while True:
            body, count = encode_inputs(
                peer.magic, self._local, peer.next_sequence(), epoch, views, peer.sync.advantage, start, values
            )
            self._game(peer, body)
            size += len(body)
            start += count
            values = values[count:]
            if not values or size > _BURST_BYTES:
                break

    def _game(self, peer: Peer, body: bytes) -> None:
        self._sends.append(Send(peer.player, GAME, body))
