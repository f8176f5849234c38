"""A recorded match as somebody watches it: any frame of it, stepped from what was recorded, and compared with it.

Nothing is decided here: the recorded actions are stepped in the environment, from the episode's seed. A state of every
few seconds is kept, so that going back does not begin at the reset; where what is kept, or beginning in the middle of
the match, gives something else than what is recorded, everything is stepped from the match's start before that is
believed.
"""

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from mug.play.config import GameConfig
from mug.play.determinism import Entropy
from mug.play.differences import Difference
from mug.play.match_globals import MatchGlobals
from mug.play.match_interpreter import OwnInterpreter, with_generators_kept
from mug.play.match_world import DEFAULT_LEVEL
from mug.play.output import View, world_view
from mug.play.picture import Picture
from mug.play.snapshots import Snapshots
from mug.play.stepping_again import compare_reset, step_as_recorded
from mug.play.values import own_copy
from mug.play.watching_rows import RecordedRows, WatchedRow
from mug.play.watching_scene import ShownScene
from mug.play.world import World
from mug.rendering import Surface

__all__ = ["WatchedMatch"]

KEEP_EVERY_S: Final = 2.0
MAX_KEPT: Final = 400


@dataclass(frozen=True, slots=True)
class _Kept:
    """All that stepping and drawing read, before one frame."""

    world: object
    mug_globals: dict[str, Any]
    scene: dict[str, dict[str, Any]]
    hash_reason: str | None
    left_out_infos: frozenset[str]


class WatchedMatch:
    """One match.

    Args:
        config: The match's game, of any of its players.
        root: The study's folder.
        entropy: Clocks and chance of a step; None: CPython's.

    Raises:
        EnvironmentFailedError: The study's code fails while it loads.
        PlayError: The settings do not fit the environment.

    Attributes:
        rows: What is recorded; add to it as it comes.
        told: The first place where stepping gave something else than what is recorded; None: all of it is equal so far.
        compared: Frames that were stepped and are equal to what is recorded. hashes: state hashes among them.
    """

    def __init__(self, config: GameConfig, *, root: Path, entropy: Entropy | None = None) -> None:
        self.rows = RecordedRows(config.match_id)
        self.told: Difference | None = None
        self.compared: dict[int, int] = {}
        self.hashes: dict[int, int] = {}
        self._config = config
        self._root = root
        self._entropy = entropy
        self._every = max(1, round(KEEP_EVERY_S * config.fps))
        self._kept: dict[tuple[int, int], _Kept] = {}
        self._at_reset: dict[int, dict[str, dict[str, Any]]] = {}
        self._scene = ShownScene()
        self._snapshots: Snapshots | None = None
        self._keeps = True
        self._from_start = False
        self._straight = True
        self._stuck = False
        self._drawn: Picture | None = None
        self._interpreter = OwnInterpreter()
        with self._interpreter():
            self._world = self._new_world()

    @property
    def agents(self) -> tuple[str, ...]:
        """All agents of the environment."""
        return self._world.agents

    @property
    def place(self) -> tuple[int, int]:
        """The episode, and the steps made in it, at which the world stands; episode -1: nothing was reset yet."""
        return self._world.episode, self._world.next_frame

    @property
    def kept(self) -> list[tuple[int, int]]:
        """The places that are gone back to without a reset."""
        return sorted(self._kept)

    def asset_specs(self) -> list[dict[str, Any]]:
        """Return the images and atlases that the environment's surface has registered."""
        return self._world.asset_specs()

    def go(self, episode: int, frame: int, has_time: Callable[[], bool] = lambda: True) -> bool:
        """Go towards a frame, forwards or backwards; 0 is the picture after the reset.

        Args:
            episode: The episode.
            frame: The frame; beyond what is recorded, the last one that is.
            has_time: Asked after each step; False: enough for now.

        Returns:
            Whether the world stands there, or as near as it can.

        Raises:
            EnvironmentFailedError: The study's code fails in a reset or a picture.
        """
        frame = max(0, min(frame, self.rows.frames(episode)))
        with self._interpreter():
            while self.place != (episode, frame):
                if self._stuck and self._world.episode == episode and self._world.next_frame <= frame:
                    break
                self._move(episode, frame)
                if not has_time():
                    return self.place == (episode, frame)
        return True

    def view(self) -> View:
        """Draw the world as it stands, as its page showed it."""
        with self._interpreter():
            return world_view(self._world, self._scene.told(self._draw()))

    def row(self) -> WatchedRow | None:
        """Return the recorded frame that led to what is seen; None right after a reset."""
        episode, frame = self.place
        return None if frame == 0 or frame > self.rows.frames(episode) else self.rows.row(episode, frame - 1)

    def close(self) -> None:
        """Close the environment and leave a clean interpreter."""
        with self._interpreter():
            self._world.close()

    # ------------------------------------------------------------------ moving

    def _move(self, episode: int, frame: int) -> None:
        """Make one move towards a place: a step, a reset, or a state that is kept."""
        world = self._world
        nearest = max((known for at, known in self._kept if at == episode and known <= frame), default=None)
        if world.episode == episode and world.next_frame <= frame:
            if nearest is not None and nearest > world.next_frame:
                self._load(episode, nearest)
            else:
                self._step()
        elif nearest is not None:
            self._load(episode, nearest)
        elif not self._from_start:
            self._reset(episode)
        elif world.episode < 0 or world.episode > episode or (world.episode == episode and world.next_frame > frame):
            if world.episode >= 0:
                self._start_anew()
            self._reset(0)
        elif world.next_frame < self.rows.frames(world.episode) and not self._stuck:
            self._step()
        else:
            self._reset(world.episode + 1)

    def _new_world(self) -> World:
        config = self._config
        self._globals: dict[str, Any] = (
            MatchGlobals(config.mug_globals) if config.players else dict(own_copy(config.mug_globals))
        )
        self._snapshots, self._straight, self._stuck, self._drawn = None, True, False, None
        self._kept.clear()
        self._at_reset.clear()
        self._scene.load({})
        return World(config, root=self._root, mug_globals=self._globals, entropy=self._entropy)

    def _start_anew(self) -> None:
        self._world.close()
        self._world = self._new_world()

    def _reset(self, episode: int) -> None:
        world, context = self._world, self.rows.context(episode)
        if episode != world.episode + 1 or (world.episode >= 0 and world.ended is None):
            self._straight = False
        self._stuck, self._drawn = False, None
        if episode in self._at_reset:
            self._scene.load(self._at_reset[episode])
            self._forget_drawn()
        self._at_reset.setdefault(episode, self._scene.save())
        self._restore_globals(context.get("mug_globals"))
        with self._locked():
            seed = world.reset(episode)
        self._carry_over(episode)
        if not world.drawn:
            alone = not self._config.players
            self._drawn = world.first_picture() if alone else with_generators_kept(world.first_picture)[0]
            self._scene.take(self._drawn)
        self._differs(compare_reset(world, seed, context))

    def _step(self) -> None:
        world = self._world
        recorded = self.rows.row(world.episode, world.next_frame)
        if world.ended is None:
            self._drawn = None
        row, difference = step_as_recorded(world, recorded, self._locked)
        self._stuck = row is None
        self._differs(difference)
        if row is not None and difference is None:
            self.compared[world.episode] = max(self.compared.get(world.episode, 0), row.frame + 1)
            if row.state_hash is not None and world.next_frame % self._config.fps == 0:
                passed = world.next_frame // self._config.fps
                self.hashes[world.episode] = max(self.hashes.get(world.episode, 0), passed)
            self._keep()

    def _differs(self, difference: Difference | None) -> None:
        """Believe a difference only when the match was stepped straight from its start."""
        if difference is None or self.told is not None:
            return
        if self._straight:
            self.told, self._keeps = difference, True
            return
        self._from_start, self._keeps = True, False
        self._start_anew()

    # ------------------------------------------------------------------ keeping states

    def _keep(self) -> None:
        world = self._world
        place = self.place
        if not self._keeps or world.next_frame % self._every or place in self._kept or world.ended is not None:
            return
        try:
            if self._snapshots is None:
                self._snapshots = Snapshots(world, self._config.snapshot_level or DEFAULT_LEVEL)
            saved = self._snapshots.save()
        except Exception:
            self._keeps = False  # without kept states, going back begins at the reset
            return
        self._draw()
        self._kept[place] = _Kept(
            saved,
            own_copy(dict(self._globals)),
            self._scene.save(),
            world.world_hash.reason,
            frozenset(world.left_out_infos),
        )
        if len(self._kept) > MAX_KEPT:
            self._every *= 2
            self._kept = {at: kept for at, kept in self._kept.items() if at[1] % self._every == 0}

    def _load(self, episode: int, frame: int) -> None:
        kept, world = self._kept[episode, frame], self._world
        assert self._snapshots is not None
        try:
            self._snapshots.load(kept.world)
        except Exception:
            self._keeps = False
            self._start_anew()
            return
        self._restore_globals(kept.mug_globals)
        world.world_hash.reason = kept.hash_reason
        world.left_out_infos = set(kept.left_out_infos)
        self._carry_over(episode)
        self._straight, self._stuck, self._drawn = False, False, None
        self._scene.load(kept.scene)
        self._forget_drawn()

    def _carry_over(self, episode: int) -> None:
        self._world.earlier_rewards = {}
        for earlier in range(episode):
            self._world.carry_over(self.rows.rewards(earlier, self.rows.frames(earlier)))

    def _draw(self) -> Picture:
        if self._drawn is None:
            self._drawn = with_generators_kept(self._world.picture)[0]
            self._scene.take(self._drawn)
        return self._drawn

    def _forget_drawn(self) -> None:
        """What the surface has sent is of another time: it sends all that is drawn again."""
        for _, value in self._world.world_hash.attributes():
            if isinstance(value, Surface):
                value.reset()

    def _restore_globals(self, values: Any) -> None:
        if isinstance(values, Mapping) and not self._config.players:
            self._globals.clear()
            self._globals.update(own_copy(dict(values)))

    def _locked(self) -> contextlib.AbstractContextManager[None]:
        return self._globals.locked() if isinstance(self._globals, MatchGlobals) else contextlib.nullcontext()
