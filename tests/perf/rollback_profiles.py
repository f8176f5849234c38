"""What a network costs a match: rollbacks, depth, waiting, confirmation and bandwidth, on a virtual clock.

The real core plays with itself at 60 Hz with a window of 8 and no input delay, inputs that change in four of five
frames, and an integer for a world. Those are about the circumstances under which another implementation, Fortress,
published its figures; they stand beside ours in the order rollbacks, depth, lag, waiting, bandwidth. On the LAN its
peers tick one after the other, ours at the same time: then every packet comes just after the tick that wanted it.
"""

from dataclasses import dataclass, field, replace
from typing import Any

from mug.play.chaos import Conditions
from mug.play.rollback import Advance, Request, Rollback, RollbackConfig
from tests.drivers.rollback_net import IntegerWorld, Match, Setup, active_inputs
from tests.perf.bench import Bench
from tests.perf.measurement import Row, quantile

__all__ = ["measure"]

FPS = 60
SECONDS = 60.0


@dataclass(frozen=True)
class Profile:
    """A network and how many share it; `theirs` are Fortress's figures in the order of `Found.numbers`."""

    name: str
    players: int
    conditions: Conditions
    theirs: str = ""


PROFILES = (
    Profile("LAN, RTT 10 ms", 2, Conditions(delay_ms=5), "0.10, 1, 1.0, 0, 4.73"),
    Profile("RTT 50 ms, 1 % loss", 2, Conditions(delay_ms=25, jitter_ms=3, loss=0.01), "66.7, 4, 2.6, 0, 5.24"),
    Profile("RTT 100 ms, 5 % loss", 2, Conditions(delay_ms=50, jitter_ms=6, loss=0.05), "71, 7, 4.3, 15, 5.86"),
    Profile("4 players, RTT 50 ms", 4, Conditions(delay_ms=25, jitter_ms=3), "97, 4, 6.1, 69, 17.8"),
    Profile(
        "4 players, RTT 200 ms, 15 % loss", 4, Conditions(delay_ms=100, jitter_ms=12, loss=0.15), "119, –, –, 2064, –"
    ),
    Profile("RTT 200 ms, jitter 50 ms, 5 % loss", 2, Conditions(delay_ms=100, jitter_ms=50, loss=0.05)),
)


@dataclass
class Watched:
    """What one player's core did."""

    depths: list[int] = field(default_factory=list)
    lags: list[int] = field(default_factory=list)


class WatchedRollback(Rollback):
    """The core, with a look at every tick."""

    def __init__(self, config: RollbackConfig, now_ms: float) -> None:
        super().__init__(config, now_ms)
        self.watched = Watched()

    def tick(self, local: bytes, now_ms: float) -> list[Request]:
        requests = super().tick(local, now_ms)
        depth = sum(isinstance(request, Advance) and request.again for request in requests)
        if depth:
            self.watched.depths.append(depth)
        if self.stage == "playing":
            self.watched.lags.append(self.frame - 1 - self.confirmed)
        return requests


def measure(bench: Bench) -> list[Row]:
    """Play a minute of every profile."""
    rows = []
    for profile in PROFILES:
        bench.say(f"{profile.name}: {SECONDS:.0f} s on a virtual clock")
        found = _played(profile)
        bench.details[profile.name] = found
        beside = f"; Fortress: {profile.theirs}" if profile.theirs else ""
        rows.append(
            Row(
                what=f"{profile.name}: rollbacks in 100 frames",
                value=found["rollbacks"],
                unit="",
                note=f"p99 depth {found['depth_p99']}, confirmed {found['lag']:.1f} frames later, "
                f"{found['stalled']:.0f} frame times a minute waited, {found['kib']:.2f} KiB/s a player; "
                f"{found['compared']} hashes compared, {found['desyncs']} differed{beside}",
            )
        )
    return rows


def _played(profile: Profile) -> dict[str, Any]:
    setups = [
        Setup(
            conditions=replace(profile.conditions, seed=number),
            offset_ms=1000.0 * number,
            inputs=active_inputs(7 + number, change=1.0),
        )
        for number in range(profile.players)
    ]
    config = RollbackConfig(
        match_id="perf",
        players=tuple(f"agent_{number}" for number in range(profile.players)),
        local=0,
        fps=FPS,
        default_input=b"\x00",
        window=8,
    )
    match = Match(config, setups, world=IntegerWorld, core=WatchedRollback, keep_rows=False)
    match.run(until_ms=2000.0)
    sent, frames = match.bytes_sent, [player.core.frame for player in match.present]
    match.run(until_ms=2000.0 + SECONDS * 1000.0)
    cores = [player.core for player in match.present]
    assert all(isinstance(core, WatchedRollback) for core in cores)
    watched = [core.watched for core in cores if isinstance(core, WatchedRollback)]
    played = sum(core.frame for core in cores) - sum(frames)
    figures = [core.figures for core in cores]
    # The few frames before the count began are left in the depths: less than a hundredth.
    return {
        "rollbacks": 100.0 * sum(len(each.depths) for each in watched) / played,
        "depth_p99": quantile([float(depth) for each in watched for depth in each.depths], 0.99),
        "lag": sum(sum(each.lags) for each in watched) / sum(len(each.lags) for each in watched),
        "stalled": sum(each.stalled_ticks for each in figures) / len(figures) / (SECONDS / 60.0),
        "kib": (match.bytes_sent - sent) / 1024.0 / SECONDS / len(cores),
        "compared": sum(each.compared for each in figures),
        "desyncs": sum(each.desyncs for each in figures),
    }
