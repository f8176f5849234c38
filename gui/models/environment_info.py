"""What an environment says of itself: its agents, their spaces, how it is drawn."""

from collections.abc import Sequence
from typing import Any

import msgspec

__all__ = ["AgentInfo", "EnvironmentInfo", "SpaceInfo"]


class SpaceInfo(msgspec.Struct, frozen=True, kw_only=True):
    """An action or observation space.

    Attributes:
        kind: Its class ("Discrete", "Box", "Dict"…).
        n: How many values a Discrete or MultiBinary has.
        start: The first value of a Discrete.
        shape: Of a Box, MultiDiscrete, MultiBinary.
        low, high: Bounds of each element, flat; empty when they are too many. None: no bound.
        nvec: How many values each element of a MultiDiscrete has.
        dtype: Of the elements.
        parts: Names of the parts of a Dict or Tuple.
        meanings: What the values of a Discrete mean, where the environment says it.
    """

    kind: str
    n: int | None = None
    start: int = 0
    shape: tuple[int, ...] = ()
    low: tuple[float | None, ...] = ()
    high: tuple[float | None, ...] = ()
    nvec: tuple[int, ...] = ()
    dtype: str = ""
    parts: tuple[str, ...] = ()
    meanings: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """The space in a few words."""
        match self.kind:
            case "Discrete":
                last = self.start + (self.n or 1) - 1
                return f"a whole number from {self.start} to {last}"
            case "Box":
                shape = " × ".join(map(str, self.shape)) or "1"
                bounds = self._bounds()
                if self.shape in ((), (1,)):
                    return f"a number {bounds}".strip()
                what = "numbers" if len(self.shape) == 1 else "table of numbers"
                return f"{shape} {what} {bounds}".strip()
            case "MultiDiscrete":
                return f"{len(self.nvec)} whole numbers, each from 0, with {', '.join(map(str, self.nvec))} values"
            case "MultiBinary":
                return f"{self.n} times 0 or 1"
            case "Dict" | "Tuple":
                return f"a {'table' if self.kind == 'Dict' else 'list'} of {', '.join(self.parts)}"
        return self.kind

    def _bounds(self) -> str:
        lows, highs = set(self.low), set(self.high)
        if len(lows) == 1 and len(highs) == 1:
            low, high = lows.pop(), highs.pop()
            if low is not None and high is not None:
                return f"from {low:g} to {high:g}"
            if low is not None:
                return f"of at least {low:g}"
            return f"of at most {high:g}" if high is not None else ""
        return "within bounds of their own" if lows else ""

    def refuses(self, action: Any) -> str | None:
        """Return why `action` is none of this space, in words; None: it is one, or that cannot be said here."""
        match self.kind:
            case "Discrete" if self.n is not None:
                whole = isinstance(action, int) and not isinstance(action, bool)
                if not whole or not self.start <= action < self.start + self.n:
                    return f"must be {self.words}"
            case "Box":
                flat = _flat(action)
                if flat is None or len(flat) != _size(self.shape):
                    return f"must be {self.words}"
                for value, low, high in zip(flat, self.low, self.high, strict=False):
                    if (low is not None and value < low) or (high is not None and value > high):
                        return f"must be {self.words}"
            case "MultiDiscrete":
                flat = _flat(action)
                if flat is None or len(flat) != len(self.nvec):
                    return f"must be {self.words}"
            case "MultiBinary":
                flat = _flat(action)
                if flat is None or len(flat) != _size(self.shape) or any(value not in (0, 1) for value in flat):
                    return f"must be {self.words}"
        return None

    @property
    def choices(self) -> tuple[tuple[int, str], ...]:
        """The values of a small Discrete with what they mean; else empty."""
        if self.kind != "Discrete" or self.n is None or self.n > 64:
            return ()
        return tuple(
            (self.start + index, self.meanings[index] if index < len(self.meanings) else "") for index in range(self.n)
        )


def _size(shape: Sequence[int]) -> int:
    size = 1
    for length in shape:
        size *= length
    return size


def _flat(value: Any) -> list[float] | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return [float(value)]
    if not isinstance(value, list | tuple):
        return None
    found: list[float] = []
    for item in value:
        inner = _flat(item)
        if inner is None:
            return None
        found += inner
    return found


class AgentInfo(msgspec.Struct, frozen=True, kw_only=True):
    """One agent of an environment."""

    agent: str
    action: SpaceInfo | None = None
    observation: SpaceInfo | None = None


class EnvironmentInfo(msgspec.Struct, frozen=True, kw_only=True):
    """What came of loading an environment.

    Attributes:
        name: The environment's class.
        agents: Its agents, in its own order.
        names_agents: Whether the environment itself says who its agents are.
        render_mode: As the environment says it.
        draws: What a picture of it is, in words.
        fps: Frames per second of its metadata.
        error: Why it could not be loaded, in a sentence; empty when it was.
        detail: The traceback, from the study's first line on.
        missing: The module that this Python does not have.
    """

    name: str = ""
    agents: tuple[AgentInfo, ...] = ()
    names_agents: bool = False
    render_mode: str | None = None
    draws: str = ""
    fps: float | None = None
    error: str = ""
    detail: str = ""
    missing: str | None = None

    @property
    def action_space(self) -> SpaceInfo | None:
        """The action space, when all agents have the same."""
        spaces = [agent.action for agent in self.agents]
        return spaces[0] if spaces and all(space == spaces[0] for space in spaces) else None

    def space_of(self, agent: str) -> SpaceInfo | None:
        """Return the action space of one agent."""
        return next((known.action for known in self.agents if known.agent == agent), None)

    @property
    def sentences(self) -> tuple[str, ...]:
        """What it is, in a few sentences; or why nothing is known."""
        if self.error:
            return (self.error,)
        count = len(self.agents)
        names = ", ".join(agent.agent for agent in self.agents[:6]) + (", …" if count > 6 else "")
        found = [f"{self.name}: {count} agent{'' if count == 1 else 's'} ({names})."]
        if not self.names_agents and count:
            found = [f"{self.name}: names no agents; the study calls {'it' if count == 1 else 'them'} {names}."]
        space = self.action_space
        if space is not None:
            found.append(f"An action is {space.words}.")
        else:
            found += [f"An action of {known.agent} is {known.action.words}." for known in self.agents if known.action]
        seen = [agent.observation for agent in self.agents]
        if seen and seen[0] is not None and all(space == seen[0] for space in seen):
            found.append(f"An observation is {seen[0].words}.")
        if self.draws:
            found.append(f"It is drawn as {self.draws}.")
        if self.fps:
            found.append(f"Made for {self.fps:g} frames a second.")
        return tuple(found)
