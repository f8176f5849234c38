"""What the tests of whole matches share: networks, what always has to hold, a core without rollback."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from mug.play.chaos import Conditions
from mug.play.rollback import Request, Rollback, RollbackConfig
from mug.play.rollback.timeline import Timeline
from tests.drivers.rollback_net import IntegerWorld, Match, Player, Setup, World

PROFILES = {
    "lan": Conditions(delay_ms=1, jitter_ms=1),
    "wifi_good": Conditions(loss=0.01, delay_ms=5, jitter_ms=5),
    "wifi_average": Conditions(loss=0.05, delay_ms=15, jitter_ms=15, reorder=0.02, reorder_ms=30, duplicate=0.01),
    "wifi_congested": Conditions(
        loss=0.15, delay_ms=30, jitter_ms=40, reorder=0.05, reorder_ms=60, duplicate=0.02, burst=0.02, burst_length=3
    ),
    "mobile_4g": Conditions(
        loss=0.08, delay_ms=50, jitter_ms=25, reorder=0.03, reorder_ms=60, duplicate=0.01, burst=0.01, burst_length=2
    ),
    "mobile_3g": Conditions(
        loss=0.15, delay_ms=100, jitter_ms=50, reorder=0.05, reorder_ms=100, duplicate=0.02, burst=0.02, burst_length=4
    ),
    "intercontinental": Conditions(loss=0.02, delay_ms=150, jitter_ms=20),
    "heavy_reorder": Conditions(loss=0.02, delay_ms=30, jitter_ms=20, reorder=0.3, reorder_ms=330),
    "duplicating": Conditions(delay_ms=15, jitter_ms=5, duplicate=0.15),
    "bursty": Conditions(loss=0.05, delay_ms=25, jitter_ms=15, burst=0.1, burst_length=8),
    "terrible": Conditions(
        loss=0.25, delay_ms=120, jitter_ms=60, reorder=0.1, reorder_ms=150, duplicate=0.05, burst=0.05, burst_length=5
    ),
}
"""Loss, one way, jitter and so on as in the table of Fortress-rollback's tests."""
SMOOTH = ("lan", "wifi_good", "wifi_average", "wifi_congested", "mobile_4g")
"""Those on which at least 95 % of the frames have to be made in time."""


class NoRollback(Rollback):
    """The control: a core that never repairs what it guessed wrongly. Tests that pass with it prove nothing."""

    def _repair(self, timeline: Timeline, requests: list[Request]) -> None:
        for queue in timeline.queues:
            queue.forget_guess()


def a_config(players: int = 2, **changes: Any) -> RollbackConfig:
    return RollbackConfig(
        **{
            "match_id": "match",
            "players": ("ann", "bob", "cas", "dee")[:players],
            "local": 0,
            "fps": 30,
            "default_input": b"\x00",
            **changes,
        }
    )


def a_match(
    conditions: Conditions | Sequence[Conditions],
    *,
    players: int = 2,
    seed: int = 1,
    length: int = 2**60,
    ends: Callable[[int, int], bool] | None = None,
    episodes: int = 1,
    setups: Sequence[dict[str, Any]] = (),
    world: Callable[[], World] | None = None,
    config: dict[str, Any] | None = None,
    **kinds: Any,
) -> Match:
    """A match whose every direction has its own chance, whose clocks have other origins and slightly other speeds."""
    each = [conditions] * players if isinstance(conditions, Conditions) else list(conditions)
    circumstances = [
        Setup(
            **{
                "conditions": replace(one, seed=one.seed + 17 * number),
                "offset_ms": 10_000.0 * number - 5_000.0,
                "skew": 1.0 + 0.0004 * number,
                **(setups[number] if number < len(setups) else {}),
            }
        )
        for number, one in enumerate(each)
    ]
    return Match(
        a_config(players, **(config or {})),
        circumstances,
        world=world or (lambda: IntegerWorld(length, ends)),
        seed=seed,
        episodes=episodes,
        **kinds,
    )


def all_over(match: Match) -> bool:
    return all(p is not None and (p.core.stage == "over" or match.is_dead(p)) for p in match.players)


def check(match: Match, *, rollbacks: int, players: Sequence[Player] | None = None, prefix: bool = True) -> None:
    """What has to hold of every match.

    Args:
        match: A match that was run.
        rollbacks: Every player must have made at least so many.
        players: Whose rows are compared; None: everybody's.
        prefix: One player's rows may be fewer than another's; else they are all the same.
    """
    everybody = list(players or match.present)
    longest = max((player.rows for player in everybody), key=len)
    for player in everybody:
        figures = player.core.figures
        assert player.rows == longest[: len(player.rows)], f"player {player.number} has other rows"
        assert prefix or len(player.rows) == len(longest)
        assert player.named("desync") == []
        assert figures.desyncs == 0
        assert figures.compared > 0
        assert player.named("protocol_error") == []
        assert figures.rollbacks >= rollbacks, f"player {player.number} rolled back {figures.rollbacks} times"
        # Only a cut, once, goes back further: to what the slowest survivor holds.
        assert figures.depth_max <= max(player.core.window, 1) * (3 if player.named("dropped") else 1)
        window, interval = player.core.window, match.config.snapshot_interval
        assert player.largest["saved"] <= 4 * window + 2 * interval + 12
        assert player.largest["queue"] <= 4 * window + 2 * interval + 24
        assert player.largest["line"] <= 200
        pressed = {row[2][player.number] for row in player.rows}
        assert len(player.rows) < 60 or len(pressed) > 2, "the inputs have to be active"
        firsts = [row[1] for row in player.rows if row[1] == 0]
        assert len(firsts) == len({row[0] for row in player.rows}), "an episode's rows begin at frame 0"


def replayed(match: Match, player: Player) -> bool:
    """Whether the recorded inputs, stepped without any network, give the recorded states."""
    world = match.make_world()
    epoch = -1
    for row in player.rows:
        if row[0] != epoch:
            epoch = row[0]
            world.reset(match.seed * 1000 + epoch)
        world.step(row[2], row[3])
        if world.digest() != row[4]:
            return False
    return True
