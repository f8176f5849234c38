"""Network conditions as a study writes them: for all players alike, or for each human agent its own."""

import dataclasses
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from mug.play.chaos import Conditions
from mug.study.problems import did_you_mean

__all__ = ["CONDITIONS", "CONDITION_BOUNDS", "conditions_by_agent", "refused_conditions"]

CONDITIONS: Final[Mapping[str, Any]] = {field.name: field.default for field in dataclasses.fields(Conditions)}
"""Every condition's name and its value where a study does not give one: that value changes nothing."""

CONDITION_BOUNDS: Final[Mapping[str, tuple[int, int]]] = {
    "delay_ms": (0, 60_000),
    "jitter_ms": (0, 60_000),
    "loss": (0, 1),
    "reorder": (0, 1),
    "reorder_ms": (0, 60_000),
    "duplicate": (0, 1),
    "burst": (0, 1),
    "burst_length": (1, 60_000),
    "seed": (0, 2**63 - 1),
}
"""Every condition's smallest and largest value."""


def conditions_by_agent(value: Mapping[str, Any], agents: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Return for every agent that has conditions all of them, those that the study does not name at their default.

    Args:
        value: As the study holds it, free of what `refused_conditions` tells.
        agents: The human agents.

    Raises:
        ValueError: When a value is none that conditions can have.
    """
    given = {agent: value.get(agent) for agent in agents} if _is_by_agent(value) else dict.fromkeys(agents, value)
    return {
        agent: {
            name: float(item) if isinstance(CONDITIONS[name], float) else item
            for name, item in dataclasses.asdict(Conditions.from_dict(conditions)).items()
        }
        for agent, conditions in given.items()
        if conditions
    }


def refused_conditions(value: Mapping[str, Any], agents: Sequence[str] | None) -> Iterator[tuple[str, str, str]]:
    """Say what is wrong with network conditions: (where below the field, code, message).

    Args:
        value: As the study holds it.
        agents: The human agents; None: not known yet.
    """
    if not _is_by_agent(value):
        yield from _refused("", value)
        return
    for agent, conditions in value.items():
        if not isinstance(conditions, Mapping):
            what = f"is {conditions!r}"
            if agent in CONDITIONS:
                what = f"is {conditions!r} for all players, beside tables for single agents"
            yield (
                f".{agent}",
                "mixed_conditions",
                f"{what}: give either {{delay_ms, …}} for all, or one such table for each human agent",
            )
            continue
        if agents is not None and agent not in agents:
            yield (
                f".{agent}",
                "unknown_agent",
                f"names the agent {agent!r}, which no participant plays{did_you_mean(agent, agents)}; human agents: "
                f"{', '.join(agents)}",
            )
        yield from _refused(f".{agent}", conditions)


def _is_by_agent(value: Mapping[str, Any]) -> bool:
    return any(isinstance(item, Mapping) for item in value.values())


def _refused(place: str, conditions: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    for name, value in conditions.items():
        if name not in CONDITION_BOUNDS:
            hint = did_you_mean(name, CONDITION_BOUNDS)
            yield (
                f"{place}.{name}",
                "unknown_condition",
                f"{name!r} is no network condition{hint}; there are {', '.join(CONDITION_BOUNDS)}",
            )
            continue
        low, high = CONDITION_BOUNDS[name]
        whole = isinstance(CONDITIONS[name], int)
        words = "a whole number" if whole else "a number"
        if isinstance(value, bool) or not isinstance(value, int if whole else int | float):
            yield f"{place}.{name}", "wrong_type", f"is {value!r}; it must be {words} from {low} to {high}"
        elif not low <= value <= high or not math.isfinite(value):
            unit = " ms" if name.endswith("_ms") else ""
            yield f"{place}.{name}", "out_of_bounds", f"is {value!r}; it must be from {low} to {high}{unit}"
