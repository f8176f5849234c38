"""What a study's own functions may see of a game that runs in a browser."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from mug.study.model import GymGame

__all__ = ["ServerGame"]


def _nothing() -> Mapping[str, Any]:
    return MappingProxyType({})


@dataclass(frozen=True, kw_only=True)
class ServerGame:
    """A read-only view of one game.

    Attributes:
        scene: The game's scene, as the study holds it.
        human_players: Agent id → participant id.
        fps: Frames per second.
        match_id: The game's identity in the data.
        episode_num: The episode, from 0.
        tick_num: Frames of this episode that are done.
        episode_rewards: Agent id → the sum of its rewards in this episode.
        env: The environment where it runs in this process; None where it runs in a browser.
    """

    scene: GymGame
    human_players: Mapping[str, str] = field(default_factory=_nothing)
    fps: int
    match_id: str = ""
    episode_num: int = 0
    tick_num: int = 0
    episode_rewards: Mapping[str, float] = field(default_factory=_nothing)
    env: Any = None
