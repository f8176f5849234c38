"""People who are programs and really play: matches in CPython (`mug.play.match`), joined by a real server's relay."""

import heapq
import itertools
import random
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from mug.play.match import MatchSession
from mug.play.output import Event, Output
from mug.play.rollback.requests import CTRL, GAME
from mug.play.transports import Incoming, Outgoing
from mug.protocol.messages import MatchVerdict, RelayedPacket, RelayPacket, ReportMatch, ReportPeer
from tests.drivers.server_driver import ParticipantClient

__all__ = ["MatchPlayer", "play"]

POLL_MS: Final = 50.0
CHANNELS: Final = {GAME: "game", CTRL: "ctrl"}
NUMBERS: Final = {name: number for number, name in CHANNELS.items()}


@dataclass
class MatchPlayer:
    """One of them: takes what the server sends, plays, and keeps the outbox as a page does.

    Attributes:
        client: The participant, who has been told of the match.
        root: The study's folder.
        seed: Of the hands.
    """

    client: ParticipantClient
    root: Path
    seed: int = 1
    peers: list[Event] = field(default_factory=list)
    episodes_ended: int = 0
    stage: str = ""
    outcome: str = ""
    reason: str = ""
    alive: bool = True

    def __post_init__(self) -> None:
        config = self.client.config
        self.session = MatchSession(config, root=self.root)
        self._frame_ms = 1000.0 / config.fps
        self._keys = sorted({key for binding in config.action_mapping for key in binding.keys})
        self._hands = random.Random(self.seed)
        self._held: list[str] = []
        self._seen = 0
        self._next_tick_ms = self._next_poll_ms = 0.0
        self._leaving: list[tuple[float, int, Outgoing]] = []
        self._order = itertools.count()

    def begin(self, now_ms: float) -> None:
        """Enter the match."""
        self._take(self.session.open(), now_ms)
        for number in self._partners():
            self.session.note({"kind": "path", "player": number, "path": "relay"})
        self._take(self.session.start(), now_ms)
        self._next_tick_ms = now_ms

    def work(self, now_ms: float) -> None:
        """Do what is due now."""
        if not self.alive or self.outcome:
            return
        packets = self._arrived(now_ms)
        if now_ms >= self._next_tick_ms:
            if self._hands.random() < 0.2:
                self._held = [key for key in self._keys if self._hands.random() < 0.4]
            self.session.keys(self._held, [])
            output = self.session.tick(now_ms, packets)
            step_ms = self._frame_ms * output.speed + 1000.0 * output.wait_s
            self._next_tick_ms = max(self._next_tick_ms + step_ms, now_ms - self._frame_ms)
        elif self.stage != "playing" and (packets or now_ms >= self._next_poll_ms):
            self._next_poll_ms = now_ms + POLL_MS
            output = self.session.poll(now_ms, packets)
        else:
            self._held_back = packets
            return
        self._take(output, now_ms)

    _held_back: Sequence[Incoming] = ()

    def _arrived(self, now_ms: float) -> list[Incoming]:
        messages, config = self.client.received, self.client.config
        found, self._held_back = list(self._held_back), ()
        while self._seen < len(messages):
            message = messages[self._seen]
            self._seen += 1
            if isinstance(message, RelayedPacket) and message.match_id == config.match_id:
                number = config.players.index(message.agent)
                found.append(Incoming(number, NUMBERS[message.channel], now_ms, message.body))
            elif isinstance(message, MatchVerdict) and message.match_id == config.match_id:
                dropped = [config.players.index(agent) for agent in message.dropped]
                self.session.note({"kind": "verdict", "dropped": dropped, "policy": message.policy})
        return found

    def _take(self, output: Output, now_ms: float) -> None:
        for packet in output.packets:
            heapq.heappush(self._leaving, (now_ms + packet.delay_ms, next(self._order), packet))
        self.send_due(now_ms)
        for event in output.events:
            self.episodes_ended += event.name == "episode_ended"
            self.client.put_rows("event", {"name": event.name, "at_ms": now_ms, **event.data})
        for chunk in output.chunks:
            self.client.put("frames", chunk.body, chunk.meta)
        if output.rows:
            self.client.put_rows("telemetry", *output.rows)
        for event in output.peers:
            self._tell(event)
        self.stage = output.stage or self.stage
        if output.finished:
            self.outcome, self.reason = output.outcome or "completed", output.reason

    def _tell(self, event: Event) -> None:
        self.peers.append(event)
        config = self.client.config
        if not self.client.connected:
            return
        if event.name in ("lost", "resumed"):
            agent = config.players[int(event.data["player"])]
            state = "lost" if event.name == "lost" else "back"
            silent_ms = float(event.data.get("silent_ms", 0.0))
            self.client.send(ReportPeer(match_id=config.match_id, agent=agent, state=state, silent_ms=silent_ms))
        elif event.name in ("desync", "refused"):
            detail = str(event.data)
            self.client.send(ReportMatch(match_id=config.match_id, flag=event.name, detail=detail))

    def send_due(self, now_ms: float) -> None:
        """Give those packets to the server that leave now; without a connection they are lost, as on any network."""
        config = self.client.config
        while self._leaving and self._leaving[0][0] <= now_ms:
            packet = heapq.heappop(self._leaving)[2]
            if self.client.connected:
                to, channel = config.players[packet.player], CHANNELS[packet.channel]
                self.client.send(RelayPacket(match_id=config.match_id, to=to, channel=channel, body=packet.body))

    def _partners(self) -> Iterator[int]:
        config = self.client.config
        return (number for number, agent in enumerate(config.players) if agent not in config.human_agents)

    def vanish(self) -> None:
        """The computer is switched off."""
        self.alive = False
        self.client.drop()

    @property
    def frame(self) -> int:
        """Frames of all episodes that are confirmed."""
        core = self.session.core
        return -1 if core is None else core.epoch * 1_000_000 + core.confirmed


@contextmanager
def play(*players: MatchPlayer) -> Iterator["Match"]:
    """Let players play, in this thread, while the block waits for things."""
    match = Match(players)
    try:
        match.begin()
        yield match
    finally:
        for player in players:
            player.session.close()


class Match:
    """Players in one thread: their worlds share the interpreter's generators, each in its turn."""

    def __init__(self, players: Sequence[MatchPlayer]) -> None:
        self._players = players

    def begin(self) -> None:
        """Everybody enters."""
        for player in self._players:
            player.begin(_now_ms())

    def until(self, condition: Any, what: str, deadline_s: float = 60.0) -> None:
        """Play until something holds."""
        deadline = time.monotonic() + deadline_s
        while not condition():
            if time.monotonic() > deadline:
                said = [(p.client.subject_id, p.stage, p.outcome, p.reason, p.frame) for p in self._players]
                raise AssertionError(f"{what}: did not happen; {said}")
            for player in self._players:
                player.work(_now_ms())
                if player.alive:
                    player.send_due(_now_ms())
            threading.Event().wait(0.001)

    def to_the_end(self, deadline_s: float = 240.0) -> None:
        """Play until nobody plays any more."""
        self.until(lambda: all(p.outcome or not p.alive for p in self._players), "the match is over", deadline_s)


def _now_ms() -> float:
    return 1000.0 * time.monotonic()
