"""One move of a recorded match made again in its environment, and compared with what is recorded."""

import contextlib
from collections.abc import Callable, Mapping
from typing import Any

from mug.play.differences import Difference
from mug.play.encoding import encode
from mug.play.errors import EnvironmentFailedError, NotCanonicalError, PlayError
from mug.play.recorder import Row
from mug.play.values import own_copy
from mug.play.watching_rows import WatchedRow
from mug.play.world import World

__all__ = ["compare_reset", "step_as_recorded"]


def compare_reset(world: World, seed: int, context: Mapping[str, Any]) -> Difference | None:
    """Return how a reset that was just made differs from the recorded one.

    Args:
        world: It.
        seed: That it was reset with.
        context: What is recorded of the episode's start.
    """
    if context.get("seed", seed) != seed:
        return Difference(world.episode, 0, "seed", str(context["seed"]), str(seed))
    if "reset_hash" in context and context["reset_hash"] != world.seen_hash:
        return Difference(world.episode, 0, "first observation", "another one", "not the recorded one")
    return None


def step_as_recorded(
    world: World,
    recorded: WatchedRow,
    around: Callable[[], contextlib.AbstractContextManager[Any]] = contextlib.nullcontext,
) -> tuple[Row | None, Difference | None]:
    """Step the world with the recorded actions.

    Args:
        world: It stands before the frame.
        recorded: The frame's row.
        around: Gives what holds while the environment steps.

    Returns:
        The row that came of it, and the first thing in which it differs. Without a row no step could be made, and the
        difference says why.
    """
    if world.ended is not None:
        return None, Difference(world.episode, recorded.frame, "frame", "recorded", "the episode had ended before it")
    try:
        actions = {agent: world.agent_env.fit(agent, action) for agent, action in recorded.actions.items()}
        with around():
            row = world.step(actions, recorded.statuses)
    except (EnvironmentFailedError, PlayError, KeyError) as error:
        return None, Difference(world.episode, recorded.frame, "step", "recorded", str(error))
    return row, _compare_row(world.episode, row, recorded)


def _compare_row(episode: int, row: Row, recorded: WatchedRow) -> Difference | None:
    """Compare a stepped row with the recorded one, column by column; the state's hash first."""
    again: dict[str, Any] = {"state_hash": row.state_hash}
    for name, part in (
        ("rewards", row.rewards),
        ("terminated", row.terminated),
        ("truncated", row.truncated),
        ("observations", row.observations),
        ("infos", row.infos),
    ):
        for agent in {**recorded.statuses, **part}:
            again[f"{name}.{agent}"] = own_copy(part.get(agent))
    for name, value in again.items():
        if name not in recorded.columns:
            continue
        ours, theirs = recorded.columns[name], value
        if not _same(ours, theirs):
            return Difference(episode, row.frame, name, repr(ours)[:200], repr(theirs)[:200])
    return None


def _same(one: Any, other: Any) -> bool:
    try:
        return encode(one) == encode(other)
    except NotCanonicalError:
        return repr(one) == repr(other)
