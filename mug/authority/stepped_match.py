"""A recorded match of a game that the server stepped, stepped again from its rows, compared with them, and kept.

Everything is stepped straight from the match's start, frame after frame, and drawn as it was then; each view is kept,
so that going back asks nothing of the environment.
"""

import contextlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mug.authority.kept_views import KeptViews
from mug.authority.pictures import PicturePress
from mug.authority.sceneries import Sceneries
from mug.play.agents_now import agents_now
from mug.play.authority import player_views, viewers
from mug.play.config import GameConfig
from mug.play.determinism import Entropy
from mug.play.differences import Difference
from mug.play.errors import PlayError
from mug.play.stepping_again import compare_reset, step_as_recorded
from mug.play.values import own_copy
from mug.play.view_deltas import SeenView
from mug.play.watching_rows import RecordedRows
from mug.play.world import World

__all__ = ["SteppedMatch"]


class SteppedMatch:
    """One match.

    Args:
        config: The match's game, as its process had it.
        stored: Its rows: the bodies of one copy of its chunks, in order.
        root: The study's folder.
        entropy: Clocks and chance of a step.
        views: Where views are kept.

    Raises:
        EnvironmentFailedError: The study's code fails while it loads.
        PlayError: The settings do not fit the environment.

    Attributes:
        rows: What is recorded.
        told: The first place where stepping gave something else than what is recorded; None: all is equal so far.
        frames: Frames that were stepped and are equal to what is recorded. hashes: state hashes among them.
        is_over: There is nothing more to step.
        problem: What is wrong with the stored rows, or why it cannot be stepped further, in words; empty: nothing.
    """

    def __init__(
        self, config: GameConfig, stored: Sequence[bytes], *, root: Path, entropy: Entropy, views: KeptViews
    ) -> None:
        self.rows = RecordedRows(config.match_id)
        for body in stored:
            self.rows.add(body)
        self.problem = self.rows.problem
        self.told: Difference | None = None
        self.frames = self.hashes = 0
        self.is_over = not self.rows.episodes
        self._config = config
        self._root = root
        self._entropy = entropy
        self._views = views
        self._shown: dict[str, SeenView] = {}
        self._furthest = (-1, 0)
        self._begin()

    @property
    def agents(self) -> tuple[str, ...]:
        """All agents of the environment."""
        return self._world.agents

    @property
    def viewers(self) -> tuple[str, ...]:
        """The players whose views differ; none where one is for all."""
        return viewers(self._config, self._world)

    @property
    def place(self) -> tuple[int, int]:
        """The episode, and the steps made in it, at which the world stands; episode -1: nothing was reset yet."""
        return self._world.episode, self._world.next_frame

    def asset_specs(self) -> list[dict[str, Any]]:
        """Return the images and atlases that the environment's surface has registered."""
        return self._world.asset_specs()

    def step_on(self) -> None:
        """Make the next move: a reset or a step, and draw what comes of it."""
        try:
            self._move()
        except PlayError as error:
            self.is_over = True
            episode, frame = self.place
            self.problem = self.problem or f"Round {episode + 1} cannot be stepped beyond frame {frame}: {error}"

    def _move(self) -> None:
        world = self._world
        if world.episode >= 0 and world.next_frame < self.rows.frames(world.episode):
            self._step()
        else:
            later = [episode for episode in self.rows.episodes if episode > world.episode]
            if not later:
                self.is_over = True
                return
            self._reset(later[0])

    def view(self, episode: int, frame: int, agent: str = "") -> SeenView | None:
        """Return what a player ("": the first) saw at a frame, if it is kept or is where the world stands."""
        whose = self._whose(agent)
        kept = self._views.get(whose, episode, frame)
        if kept is not None:
            return kept
        shown = self._shown.get(whose)
        return shown if shown is not None and (shown.episode, shown.frame) == (episode, frame) else None

    def lies_behind(self, episode: int, frame: int) -> bool:
        """Whether the world has gone past a place; what was not kept of it needs a new beginning."""
        return self.place > (episode, frame)

    def begin_anew(self) -> None:
        """Begin with the match's start again; what is kept stays."""
        self._world.close()
        self._begin()

    def agents_at(self, episode: int, frame: int) -> list[dict[str, Any]]:
        """Return what the agents did in the frame that led to a picture, and what they have earned so far."""
        row = self.rows.row(episode, frame - 1) if 0 < frame <= self.rows.frames(episode) else None
        return agents_now(self._config, self.agents, row, self.rows.rewards(episode, frame))

    def close(self) -> None:
        """Close the environment."""
        with contextlib.suppress(Exception):
            self._world.close()

    # ------------------------------------------------------------------ inside

    def _begin(self) -> None:
        config = self._config
        self._globals: dict[str, Any] = own_copy(dict(config.mug_globals))
        self._sceneries = Sceneries()
        self._presses: dict[str, PicturePress] = {}
        self._world = World(config, root=self._root, mug_globals=self._globals, entropy=self._entropy)
        self.is_over = not self.rows.episodes

    def _reset(self, episode: int) -> None:
        world, context = self._world, self.rows.context(episode)
        if world.ended is not None:
            world.carry_over(world.rewards)
        values = context.get("mug_globals")
        if isinstance(values, Mapping):
            self._globals.clear()
            self._globals.update(own_copy(dict(values)))
        seed = world.reset(episode)
        self._differs(compare_reset(world, seed, context))
        self._draw()

    def _step(self) -> None:
        world = self._world
        recorded = self.rows.row(world.episode, world.next_frame)
        row, difference = step_as_recorded(world, recorded)
        self._differs(difference)
        if row is None:
            self.is_over = True
            return
        if difference is None and (world.episode, row.frame) > self._furthest:
            self._furthest = world.episode, row.frame
            self.frames += 1
            self.hashes += row.state_hash is not None and recorded.columns.get("state_hash") is not None
        self._draw()

    def _differs(self, difference: Difference | None) -> None:
        self.told = self.told or difference

    def _draw(self) -> None:
        seen, images = self._sceneries.take(player_views(self._world, self._config.players))
        for agent in self.viewers or self._config.players[:1]:
            view = seen[agent]
            if (image := images.get(agent)) is not None:
                pressed = self._presses.setdefault(agent, PicturePress()).press(image)
                view = SeenView(episode=view.episode, frame=view.frame, hud=view.hud, score=view.score, image=pressed)
            self._shown[agent] = view
            self._views.add(agent, view)

    def _whose(self, agent: str) -> str:
        """The player whose view stands for an agent's."""
        return agent if agent in self.viewers else self._config.players[0]
