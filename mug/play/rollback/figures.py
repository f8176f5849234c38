"""What a match cost and how its network was: counters of one peer, for the console and the telemetry."""

from dataclasses import dataclass, field

__all__ = ["Figures", "PlayerFigures"]


@dataclass(slots=True)
class PlayerFigures:
    """The way to one player.

    Attributes:
        rtt_ms: Mean of the last ten round trips. jitter_ms: mean difference of one and the next.
        loss: Share of their last packets that never came.
        silent_ms: Since anything was heard of them.
        advantage: Frames that they seem to be ahead of us.
        path: "p2p", "relay", "" (none), or "?" when nobody said.
    """

    rtt_ms: float = 0.0
    jitter_ms: float = 0.0
    loss: float = 0.0
    silent_ms: float = 0.0
    advantage: float = 0.0
    path: str = "?"


@dataclass(slots=True)
class Figures:
    """Counters since the match began.

    Attributes:
        ticks: Frame times in which a new frame was wanted.
        rollbacks: Repairs that were asked for. resimulated: frames that they stepped again.
        depth_sum: Wrong frames of all rollbacks together. depth_max: of the deepest.
        stalls: How often the game began to wait. stalled_ticks: frame times it waited. stalled_ms: the same as time.
        skipped: Frame times left out because we were ahead.
        compared: State hashes compared with another player's. desyncs: those that differed.
        bad_packets: Packets that were dropped, by reason.
        players: The way to each other player, by number.
    """

    ticks: int = 0
    rollbacks: int = 0
    resimulated: int = 0
    depth_sum: int = 0
    depth_max: int = 0
    stalls: int = 0
    stalled_ticks: int = 0
    stalled_ms: float = 0.0
    skipped: int = 0
    compared: int = 0
    desyncs: int = 0
    bad_packets: dict[str, int] = field(default_factory=dict)
    players: dict[int, PlayerFigures] = field(default_factory=dict)

    def drop_packet(self, reason: str) -> None:
        """Count a packet that was dropped."""
        self.bad_packets[reason] = self.bad_packets.get(reason, 0) + 1
