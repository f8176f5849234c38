"""What only this peer knows of a match: how its ticks went, how the ways to its partners are.

Rows for the tables ``network`` (one a second and partner) and ``ticks`` (one a second, arrays with one entry a tick),
and the figures of the last second for whoever watches.
"""

import itertools
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from mug.play.match_calibration import median

__all__ = ["MatchTelemetry", "PeerFigures", "Tick", "peer_status"]

_SECOND_MS: Final = 1000.0


@dataclass(frozen=True, kw_only=True)
class Tick:
    """One frame time of the game on this machine.

    Attributes:
        at_ms: When it began.
        episode: The episode.
        frame: The frame that it stepped first, or waited for.
        stalled: No new frame came of it.
        predicted: The newest frame was stepped with a guess for somebody.
        depth: Frames that were found to be wrong, and stepped again.
        tick_ms: How long it took.
        interval_ms: Since the tick before.
        confirm_lag: Frames between the newest and the last confirmed one.
    """

    at_ms: float
    episode: int
    frame: int
    stalled: bool
    predicted: bool
    depth: int
    tick_ms: float
    interval_ms: float
    confirm_lag: int


@dataclass(kw_only=True)
class PeerFigures:
    """The way to one partner.

    Attributes:
        path: "p2p", "relay", or "" while there is none. pair: Kinds of the two ends of a direct path.
        loss: Share of the partner's packets that did not come, 0 to 1.
        silent_ms: Since the last packet.
    """

    agent: str
    path: str = ""
    pair: str = ""
    rtt_ms: float | None = None
    jitter_ms: float | None = None
    loss: float | None = None
    silent_ms: float = 0.0
    bytes_sent: int = 0
    bytes_received: int = 0


@dataclass
class _Second:
    """What happened since the last rows."""

    ticks: list[Tick] = field(default_factory=list)
    depths: list[int] = field(default_factory=list)
    resimulated: int = 0


class MatchTelemetry:
    """Collects ticks and makes rows of them.

    Args:
        match_id: The match.
        agent: Our own agent.

    Attributes:
        rollbacks: Rollbacks of the match so far. resimulated: frames stepped again.
    """

    def __init__(self, match_id: str, agent: str) -> None:
        self.rollbacks = 0
        self.resimulated = 0
        self._match_id = match_id
        self._agent = agent
        self._recent: deque[Tick] = deque()
        self._recent_rollbacks: deque[tuple[float, int]] = deque()
        self._second = _Second()
        self._second_began_ms: float | None = None
        self._bytes: dict[str, tuple[int, int]] = {}

    def rollback(self, depth: int, steps: int, at_ms: float) -> None:
        """Count a rollback: `depth` frames were wrong, `steps` were stepped again."""
        self.rollbacks += 1
        self.resimulated += steps
        self._second.depths.append(depth)
        self._second.resimulated += steps
        self._recent_rollbacks.append((at_ms, depth))

    def tick(self, tick: Tick) -> None:
        """Take a tick."""
        self._second.ticks.append(tick)
        self._recent.append(tick)

    def last_second(self, now_ms: float) -> dict[str, Any]:
        """Return rollbacks, depth_mean, depth_max, stalled_ms of the last second."""
        since = now_ms - _SECOND_MS
        while self._recent and self._recent[0].at_ms < since:
            self._recent.popleft()
        while self._recent_rollbacks and self._recent_rollbacks[0][0] < since:
            self._recent_rollbacks.popleft()
        depths = [depth for _, depth in self._recent_rollbacks]
        return {
            "rollbacks": len(depths),
            "depth_mean": _mean(depths),
            "depth_max": max(depths, default=0),
            "stalled_ms": _stalled_ms(self._recent),
        }

    def rows(self, now_ms: float, episode: int, frame: int, peers: Sequence[PeerFigures]) -> list[dict[str, Any]]:
        """Return the rows of the second that is over, or none."""
        if self._second_began_ms is None:
            self._second_began_ms = now_ms
        if now_ms - self._second_began_ms < _SECOND_MS:
            return []
        self._second_began_ms = now_ms
        return self.last_rows(episode, frame, peers)

    def last_rows(self, episode: int, frame: int, peers: Sequence[PeerFigures]) -> list[dict[str, Any]]:
        """Return the rows of what was not told yet: at the end of an episode, of the match."""
        second, self._second = self._second, _Second()
        rows = [self._network(second, episode, frame, peer) for peer in peers]
        for _, ticks in itertools.groupby(second.ticks, key=lambda tick: tick.episode):
            rows.append(self._ticks(list(ticks)))
        return rows

    def _network(self, second: _Second, episode: int, frame: int, peer: PeerFigures) -> dict[str, Any]:
        ticks, depths = second.ticks, second.depths
        sent, received = self._bytes.get(peer.agent, (0, 0))
        self._bytes[peer.agent] = (peer.bytes_sent, peer.bytes_received)
        intervals = [tick.interval_ms for tick in ticks]
        times = [tick.tick_ms for tick in ticks]
        return {
            "table": "network",
            "match_id": self._match_id,
            "agent": self._agent,
            "partner": peer.agent,
            "episode": episode,
            "frame": frame,
            "path": peer.path,
            "pair": peer.pair,
            "rtt_ms": _rounded(peer.rtt_ms),
            "jitter_ms": _rounded(peer.jitter_ms),
            "loss": _rounded(peer.loss, 4),
            "rollbacks": len(depths),
            "resimulated": second.resimulated,
            "depth_mean": _mean(depths),
            "depth_max": max(depths, default=0),
            "stalled_ms": _stalled_ms(ticks),
            "predicted_shown": sum(tick.predicted for tick in ticks),
            "confirm_lag_mean": _mean([tick.confirm_lag for tick in ticks]),
            "frame_time_ms_mean": _mean(intervals),
            "frame_time_ms_max": round(max(intervals, default=0.0), 3),
            "tick_ms_p50": round(median(times), 3),
            "tick_ms_max": round(max(times, default=0.0), 3),
            "bytes_sent": peer.bytes_sent - sent,
            "bytes_received": peer.bytes_received - received,
        }

    def _ticks(self, ticks: Sequence[Tick]) -> dict[str, Any]:
        return {
            "table": "ticks",
            "match_id": self._match_id,
            "agent": self._agent,
            "episode": ticks[0].episode,
            "first": ticks[0].frame,
            "frame": [tick.frame for tick in ticks],
            "predicted": [int(tick.predicted) for tick in ticks],
            "depth": [tick.depth for tick in ticks],
            "stalled": [int(tick.stalled) for tick in ticks],
            "tick_ms": [round(tick.tick_ms, 3) for tick in ticks],
            "interval_ms": [round(tick.interval_ms, 3) for tick in ticks],
        }


def peer_status(peer: PeerFigures) -> dict[str, Any]:
    """Return one partner as `MatchStatus` tells of it."""
    return {
        "agent": peer.agent,
        "path": peer.path,
        "rtt_ms": _rounded(peer.rtt_ms),
        "jitter_ms": _rounded(peer.jitter_ms),
        "loss": _rounded(peer.loss, 4),
        "silent_ms": round(peer.silent_ms, 1),
    }


def _stalled_ms(ticks: Iterable[Tick]) -> float:
    return round(sum((tick.interval_ms for tick in ticks if tick.stalled), 0.0), 1)


def _mean(values: Sequence[float]) -> float:
    return round(sum(values) / len(values), 3) if values else 0.0


def _rounded(value: float | None, digits: int = 2) -> float | None:
    return None if value is None else round(value, digits)
