"""Network conditions as a treatment, and as a test: delay, jitter, loss and more, drawn from a seed.

A `ChaosLink` is one direction between two players. It sends nothing: for each packet it says when, and how often, it
is to leave. The same seed and the same packets at the same times give the same answer, on every machine.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from mug.play.seeding import derive_seed

__all__ = ["ChaosLink", "Conditions"]


@dataclass(frozen=True, kw_only=True)
class Conditions:
    """What is done to what one player sends. Times in ms, shares from 0 to 1.

    Attributes:
        delay_ms: Added to every packet.
        jitter_ms: The delay varies uniformly by up to so much, up and down (never below 0).
        loss: Share of packets that vanish (of the game channel; on the control channel nothing is lost).
        reorder: Share of packets that are held back by up to `reorder_ms` more.
        reorder_ms: See `reorder`.
        duplicate: Share of packets that leave twice.
        burst: Share of packets with which a burst of losses begins.
        burst_length: Packets that a burst swallows.
        seed: What chance is drawn from, together with the match and the two players.
    """

    delay_ms: float = 0.0
    jitter_ms: float = 0.0
    loss: float = 0.0
    reorder: float = 0.0
    reorder_ms: float = 0.0
    duplicate: float = 0.0
    burst: float = 0.0
    burst_length: int = 1
    seed: int = 0

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Conditions":
        """Make conditions of the study's dict.

        Raises:
            ValueError: An unknown name, or a value out of its range; the message names it.
        """
        known = {field.name for field in fields(cls)}
        for name in data:
            if name not in known:
                raise ValueError(f"network_conditions has no {name!r}; it takes {', '.join(sorted(known))}")
        made = cls(**dict(data))
        for name in ("loss", "reorder", "duplicate", "burst"):
            if not 0.0 <= getattr(made, name) <= 1.0:
                raise ValueError(f"network_conditions[{name!r}] must be between 0 and 1, not {getattr(made, name)!r}")
        for name in ("delay_ms", "jitter_ms", "reorder_ms", "burst_length"):
            if not 0 <= getattr(made, name) <= 60_000:
                raise ValueError(
                    f"network_conditions[{name!r}] must be between 0 and 60000, not {getattr(made, name)!r}"
                )
        return made

    @property
    def changes_nothing(self) -> bool:
        """Whether packets pass as they are."""
        return self == Conditions(seed=self.seed)


class ChaosLink:
    """One direction between two players.

    Args:
        conditions: What is done.
        match_seed: The match.
        sender: Number of the player who sends.
        receiver: Number of the player who is sent to.
    """

    def __init__(self, conditions: Conditions, match_seed: int, sender: int, receiver: int) -> None:
        self._conditions = conditions
        seed = derive_seed(match_seed, "chaos", conditions.seed, sender, receiver)
        self._rng = np.random.Generator(np.random.PCG64(seed))
        self._burst_left = 0
        self._last_reliable_ms = 0.0

    def delays(self, now_ms: float, *, reliable: bool = False) -> tuple[float, ...]:
        """Return in how many ms each copy of a packet leaves; empty when it is lost.

        Args:
            now_ms: The sender's clock.
            reliable: The packet is of a reliable, ordered channel: it is delayed, never lost, never overtaken.
        """
        c = self._conditions
        # Always the same number of draws a packet, so that one packet's fate never changes the others'.
        loss, jitter, reorder, far, double, again, burst = self._rng.random(7)
        delay = max(0.0, c.delay_ms + c.jitter_ms * (2.0 * jitter - 1.0))
        if reliable:
            # A lost packet of a reliable channel comes a round trip later.
            if loss < c.loss:
                delay += 2.0 * c.delay_ms
            leaves = max(now_ms + delay, self._last_reliable_ms)
            self._last_reliable_ms = leaves
            return (leaves - now_ms,)
        if self._burst_left > 0:
            self._burst_left -= 1
            return ()
        if burst < c.burst:
            self._burst_left = c.burst_length - 1
            return ()
        if loss < c.loss:
            return ()
        if reorder < c.reorder:
            delay += far * c.reorder_ms
        if double < c.duplicate:
            return delay, max(0.0, c.delay_ms + c.jitter_ms * (2.0 * again - 1.0))
        return (delay,)
