"""Games that people play together: which they are, and what is done to their network on purpose."""

from typing import Any, Final

from mug.ids import AgentId
from mug.study.conditions import conditions_by_agent
from mug.study.model import GymGame
from mug.study.traversal import human_agents

__all__ = ["MAX_PEOPLE", "conditions_for", "is_multiplayer"]

MAX_PEOPLE: Final = 4
"""Most people in one match: each sends to each, and waits for the slowest."""


def is_multiplayer(game: GymGame) -> bool:
    """Return whether participants wait for partners before they play `game`."""
    said = game.multiplayer.multiplayer
    return len(human_agents(game)) > 1 if said is None else said


def conditions_for(game: GymGame) -> dict[AgentId, dict[str, Any]]:
    """Return what is done to what each player sends: agent → `mug.play.chaos.Conditions` as a whole dict.

    Agents of whom the study says nothing are left out; without conditions, and for one person, it is empty.

    Raises:
        ValueError: When the study was not validated, and a value is none that conditions can have.
    """
    if not is_multiplayer(game):
        return {}
    found = conditions_by_agent(game.multiplayer.network_conditions, human_agents(game))
    return {AgentId(agent): conditions for agent, conditions in found.items()}
