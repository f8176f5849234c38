"""Games that people play together: which they are, and what is done to their network on purpose."""

from typing import Any, Final

from mug.ids import AgentId
from mug.study.conditions import conditions_by_agent
from mug.study.model import GymGame
from mug.study.multiplayer_section import MultiplayerSection
from mug.study.traversal import human_agents

__all__ = [
    "MAX_PEOPLE",
    "conditions_for",
    "focus_timeout_ms",
    "is_matched",
    "is_monitored",
    "is_multiplayer",
    "is_rolled_back",
    "runs_on_server",
]

MAX_PEOPLE: Final = 4
"""Most people in one match: each sends to each, and waits for the slowest."""


def is_multiplayer(game: GymGame) -> bool:
    """Return whether participants wait for partners before they play `game`."""
    said = game.multiplayer.multiplayer
    return len(human_agents(game)) > 1 if said is None else said


def runs_on_server(game: GymGame) -> bool:
    """Return whether a process of the server steps `game`, so that its pages need no Python."""
    return game.multiplayer.mode == "server_authoritative"


def is_matched(game: GymGame) -> bool:
    """Return whether a match of `game` is formed when its pages ask for it: with partners, or with the server."""
    return is_multiplayer(game) or runs_on_server(game)


def is_rolled_back(game: GymGame) -> bool:
    """Return whether several pages step `game`, each for itself, and take frames back: its states are to be saved."""
    return is_multiplayer(game) and not runs_on_server(game)


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


def is_monitored(game: GymGame) -> bool:
    """Return whether ping and tab are watched during the game: any ``continuous_*`` value switches that on."""
    rules, standard = game.multiplayer, MultiplayerSection()
    return any(
        getattr(rules, name) != getattr(standard, name)
        for name in rules.__struct_fields__
        if name.startswith("continuous_")
    )


def focus_timeout_ms(game: GymGame) -> int:
    """Return for how long a player may look elsewhere, ms; 0: for ever."""
    return game.multiplayer.focus_loss_timeout_ms if is_multiplayer(game) or is_monitored(game) else 0
