"""What a study's `hud_text_fn` is given: the game as it stands, to be read."""

from dataclasses import dataclass
from typing import Any

__all__ = ["GameView", "SceneView"]


@dataclass(frozen=True)
class SceneView:
    """The scene, as far as a browser knows it."""

    scene_id: str
    num_episodes: int
    max_steps: int


@dataclass(frozen=True)
class GameView:
    """One player's game.

    Attributes:
        episode_rewards: Sum of the rewards of this episode by agent; with `hud_score_carry_over` of all episodes.
        tick_num: Steps made in this episode.
        episode_num: The episode, from 0.
        env: The environment object.
        scene: The scene.
        human_players: Agent id -> subject id of the person.
        fps: Frames per second.
        mug_globals: The participant's dict.
    """

    episode_rewards: dict[str, float]
    tick_num: int
    episode_num: int
    env: Any
    scene: SceneView
    human_players: dict[str, str]
    fps: int
    mug_globals: dict[str, Any]
