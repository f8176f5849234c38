"""What each agent did in the frame that led to a picture, and what it has earned: for who watches a match."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from mug.play.config import GameConfig
from mug.play.values import json_value

__all__ = ["ActedRow", "agents_now"]


class ActedRow(Protocol):
    """One frame: every mapping is by agent, agents that no longer took part are absent."""

    @property
    def statuses(self) -> Mapping[str, str]:
        """How each action came about."""

    @property
    def actions(self) -> Mapping[str, Any]:
        """The actions."""

    @property
    def rewards(self) -> Mapping[str, float]:
        """The rewards."""


def agents_now(
    config: GameConfig, agents: Sequence[str], row: ActedRow | None, totals: Mapping[str, float]
) -> list[dict[str, Any]]:
    """Return what a watcher reads beside a picture, as plain JSON.

    Args:
        config: The game.
        agents: All agents, in order.
        row: The frame that led to the picture; None: it is that of the reset.
        totals: The rewards of the episode so far.
    """
    return [
        {
            "agent": agent,
            "action": None if row is None or agent not in row.actions else json_value(row.actions[agent]),
            "keys": "" if row is None else _keys(config, row.actions.get(agent)),
            "status": "" if row is None else row.statuses.get(agent, "out"),
            "reward": None if row is None else json_value(row.rewards.get(agent)),
            "total": json_value(totals.get(agent, 0.0)),
        }
        for agent in agents
    ]


def _keys(config: GameConfig, action: Any) -> str:
    """The keys that give an action, shortest chord first."""
    told = json.dumps(json_value(action))
    chords = [(len(row.keys), row.keys) for row in config.action_mapping if json.dumps(json_value(row.action)) == told]
    return "+".join(min(chords)[1]) if chords else ""
