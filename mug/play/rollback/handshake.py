"""Before the first episode: who plays must have the same study, program and settings, and agree on the input delay."""

import math
from collections.abc import Iterable, Mapping
from typing import Any, Final

from mug.play.rollback.config import RollbackConfig

__all__ = ["MAX_AUTO_DELAY", "PINGS", "Handshake", "auto_delay", "differences"]

PINGS: Final = 5
"""Round trips before anybody proposes an input delay (GGPO and GGRS, too, take five)."""
MAX_AUTO_DELAY: Final = 3
_MAX_DIFFERENCES: Final = 8
_MAX_WORDS_CHARS: Final = 120


def auto_delay(rtt_ms: float, fps: int) -> int:
    """Return the frames that hide the way of an input (half the round trip), to the nearest, 0 to `MAX_AUTO_DELAY`."""
    return min(max(math.floor(rtt_ms / 2.0 * fps / 1000.0 + 0.5), 0), MAX_AUTO_DELAY)


def differences(ours: Mapping[str, str], theirs: Mapping[str, str]) -> list[str]:
    """Say in words what two peers have not alike, as far as anybody reads on; empty: nothing."""
    words = []
    for name in sorted(ours.keys() | theirs.keys()):
        here, there = ours.get(name, "nothing"), theirs.get(name, "nothing")
        if here != there:
            words.append(f"{_short(name)} differs: {_short(here)} here, {_short(there)} there")
    return (
        [*words[:_MAX_DIFFERENCES], f"and {len(words) - _MAX_DIFFERENCES} more"] if words[_MAX_DIFFERENCES:] else words
    )


def _short(text: str) -> str:
    return text if len(text) <= _MAX_WORDS_CHARS else text[: _MAX_WORDS_CHARS - 1] + "…"


class Handshake:
    """What was said before the first episode.

    Args:
        config: The match.
    """

    def __init__(self, config: RollbackConfig) -> None:
        self._config = config
        self.calibrations: dict[int, dict[str, float]] = {}
        self.proposals: dict[int, int] = {}
        self.proposed: int | None = None
        self.settings = {
            "number of frames a second": str(config.fps),
            "input delay": str(config.input_delay),
            "rollback window": str(config.window),
            "distance of saved states": str(config.snapshot_interval),
            "distance of compared states": str(config.check_interval),
            "default input": config.default_input.hex(),
            "prediction": "repeat" if config.repeats else "default",
            "list of players": ", ".join(config.players),
        }

    def hello(self) -> dict[str, Any]:
        """Return what we say of ourselves."""
        config = self._config
        return {"identity": dict(config.identity), "settings": self.settings, "calibration": dict(config.calibration)}

    def meet(self, player: int, message: Mapping[str, Any]) -> str:
        """Take what a player says of themselves; returns why we do not play together, in words, or ""."""
        words = differences(self._config.identity, message["identity"]) + differences(
            self.settings, message["settings"]
        )
        self.calibrations[player] = {name: float(value) for name, value in message["calibration"].items()}
        return "; ".join(words)

    def propose(self, live: Iterable[int], trips_ms: Mapping[int, float]) -> int | None:
        """Return the delay that we propose, once: when everybody was met and pinged often enough.

        Args:
            live: The other players.
            trips_ms: Round trips to those who answered `PINGS` pings.
        """
        if self.proposed is not None or any(p not in self.calibrations or p not in trips_ms for p in live):
            return None
        wish = self._config.input_delay
        if isinstance(wish, int):
            self.proposed = wish
        else:
            self.proposed = auto_delay(max((trips_ms[p] for p in live), default=0.0), self._config.fps)
        return self.proposed

    def forget(self, player: int) -> None:
        """A player's page comes back: what its earlier life said is void."""
        self.calibrations.pop(player, None)
        self.proposals.pop(player, None)

    def agreed(self, live: Iterable[int]) -> int | None:
        """Return the largest proposal, once all are in."""
        live = list(live)
        if self.proposed is None or any(p not in self.proposals for p in live):
            return None
        return max([self.proposed, *(self.proposals[p] for p in live)])
