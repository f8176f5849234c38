"""`check_environment`: is this environment fit for games of several people? For its author, and for tests."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TextIO

from mug.play.config import GameConfig
from mug.play.determinism import Entropy
from mug.play.environment import SingleAgent
from mug.play.errors import PlayError
from mug.play.sync_test import sync_test
from mug.play.sync_test_report import SyncReport
from mug.play.world import World

__all__ = ["check_environment"]


def check_environment(
    env: Any,
    *,
    fps: int = 30,
    frames: int = 500,
    distances: Sequence[int] = (1, 2, 7, 8),
    out: TextIO | None = None,
    quiet: bool = False,
) -> SyncReport:
    """Test whether an environment can be taken back and stepped again, and print what was found.

    Every agent acts at random, from a seed. The environment is stepped, taken back, and stepped again over several
    distances; it is drawn and not drawn, reset when new and when used.

    Args:
        env: A function or class that makes the environment; better than an environment itself, of which only that one
            is there to be reset again and again. A Gymnasium environment of one agent is taken, too.
        fps: Frames per second of the game, for the rollback depth that fits.
        frames: How many frames each run has.
        distances: How many frames are taken back.
        out: Where the report is printed; None: standard output.
        quiet: Print nothing.

    Returns:
        The report; `report.passed` says whether several people can play together.

    Raises:
        EnvironmentFailedError: The environment's own code raised.
        PlayError: It is no environment.
    """
    made = None if isinstance(env, type) or not hasattr(env, "step") else env
    maker: Callable[[], Any] = env if made is None else lambda: made
    if not callable(maker):
        raise PlayError(f"a {type(env).__name__} is neither an environment nor a function that makes one")
    first = _with_agents(maker())
    agents = _agents(first)
    config = GameConfig(
        scene_id="check",
        match_id="check",
        match_seed=1,
        subject_id="check",
        human_agents=agents,
        players=agents,
        fps=fps,
    )
    waiting = [first]

    def make_world(entropy: Entropy | None) -> World:
        own = waiting.pop() if waiting else _with_agents(maker())
        # A class that was given as it is keeps its environments open: `close` of one must not end the only one.
        return World(config, root=Path(), mug_globals={}, entropy=entropy, env=own if made is None else _KeptOpen(own))

    report = sync_test(make_world, distances=distances, frames=frames, pictures=_draws(first))
    if not quiet:
        print(report.text(fps), file=out or sys.stdout, flush=True)
    return report


class _KeptOpen:
    """An environment that is used for several worlds, one after the other."""

    def __init__(self, env: Any) -> None:
        self.env = env

    def close(self) -> None:
        """Stay open."""

    def step(self, actions: Any) -> Any:
        """Step the environment."""
        return self.env.step(actions)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name == "env":
            raise AttributeError(name)
        return getattr(self.env, name)


def _with_agents(env: Any) -> Any:
    listed = any(getattr(env, name, None) for name in ("possible_agents", "agents", "agent_ids"))
    by_agent = hasattr(getattr(env, "action_space", None), "spaces") or hasattr(env, "action_spaces")
    return env if listed or by_agent else SingleAgent(env)


def _agents(env: Any) -> tuple[str, ...]:
    for name in ("possible_agents", "agents", "agent_ids"):
        listed = getattr(env, name, None)
        if listed:
            return tuple(map(str, listed))
    spaces = getattr(env, "action_spaces", None) or getattr(getattr(env, "action_space", None), "spaces", None) or {}
    return tuple(map(str, spaces))


def _draws(env: Any) -> bool:
    """Whether `render` gives a page something to show."""
    drawn = env.env if isinstance(env, SingleAgent) else env
    unwrapped = getattr(env, "unwrapped", env)
    return callable(getattr(drawn, "render", None)) and getattr(unwrapped, "render_mode", "mug") in ("mug", "rgb_array")
