"""A world as a rollback core moves it: saved, restored, stepped with what people gave; rows wait for confirmation."""

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

from mug.play.actors import Actors
from mug.play.config import GameConfig
from mug.play.determinism import Entropy
from mug.play.errors import EnvironmentFailedError
from mug.play.inputs import NO_KEY, STATUS_DROPPED, STATUS_INPUT, Given
from mug.play.match_calibration import Calibration
from mug.play.match_globals import MatchGlobals
from mug.play.match_inputs import InputCodec
from mug.play.match_interpreter import with_generators_kept
from mug.play.match_rows import MatchRows
from mug.play.picture import Picture
from mug.play.recorder import Recorder, Row
from mug.play.rollback.requests import Advance, Load, Request, Save
from mug.play.seeding import derive_seed
from mug.play.snapshots import Snapshots
from mug.play.world import World

__all__ = ["DEFAULT_LEVEL", "WARM_FRAMES", "MatchWorld"]

DEFAULT_LEVEL: Final = "walker"
"""How states are saved where no check has chosen a level."""
WARM_FRAMES: Final = 40
WARM_SECONDS: Final = 1.5

T = TypeVar("T")

_DROPPED: Final = Given(STATUS_DROPPED)


@dataclass(frozen=True, slots=True)
class _Saved:
    """All that stepping reads, before one frame."""

    world: object
    decisions: object
    hash_reason: str | None
    left_out_infos: frozenset[str]


class MatchWorld:
    """One match's world.

    Args:
        config: The game.
        root: The study's folder.
        mug_globals: The participant's dict.
        entropy: Clocks and chance of a step; None: CPython's.
        calibration: Gets what steps, saves and loads cost.
        clock: Seconds, for measuring.

    Attributes:
        world: The environment as it stands; its newest frames may be guesses.
        level: How states are saved.
        rows: Rows of the episode under way; None between episodes.
        failure: Frame and error of a step that failed. It counts once the frame is confirmed; until then, nothing is
            stepped after it.
    """

    def __init__(
        self,
        config: GameConfig,
        *,
        root: Path,
        mug_globals: MatchGlobals,
        entropy: Entropy | None,
        calibration: Calibration,
        clock: Callable[[], float],
    ) -> None:
        self.world = World(config, root=root, mug_globals=mug_globals, entropy=entropy)
        self.level = config.snapshot_level or DEFAULT_LEVEL
        self.rows: MatchRows | None = None
        self.failure: tuple[int, EnvironmentFailedError] | None = None
        self._config = config
        self._globals = mug_globals
        self._calibration = calibration
        self._clock = clock
        self._codec = InputCodec(config.action_mapping)
        self._actors: Actors | None = None
        self._snapshots: Snapshots | None = None
        self._saved: dict[int, _Saved] = {}
        self._draws_by_chance = False
        self.seed = 0
        self.seen_hash = ""
        self.first_picture: Picture | None = None

    @property
    def ended(self) -> bool:
        """Whether stepping has come to an end, as far as is known: the episode's, or study code failed."""
        return self.world.ended is not None or self.failure is not None

    @property
    def next_frame(self) -> int:
        """The frame after the last one that was stepped, or that failed."""
        return self.world.next_frame if self.failure is None else self.failure[0] + 1

    @property
    def reset_hash(self) -> str:
        """What peers compare of a world that was just reset."""
        carried = self._require_actors().carried()
        return f"{self.seen_hash} {self.world.world_hash.digest()}" + (f" {carried}" if carried else "")

    def begin_episode(self, episode: int) -> Picture:
        """Reset the world; returns the first picture."""
        world, config = self.world, self._config
        seed = self.seed = self._reset(episode)
        seen = self.seen_hash = world.seen_hash
        self._begin_decisions()
        recorder = Recorder(
            match_id=config.match_id,
            episode=episode,
            agents=world.agents,
            fps=config.fps,
            context={"seed": seed, "reset_hash": seen},
        )
        self.rows = MatchRows(recorder, world.observations)
        self.failure = None
        self._saved.clear()
        picture, self._draws_by_chance = with_generators_kept(world.picture if world.drawn else world.first_picture)
        self._require_snapshots()
        self.first_picture = picture
        return picture

    def picture(self) -> Picture:
        """Draw the world as it stands."""
        return with_generators_kept(self.world.picture)[0] if self._draws_by_chance else self.world.picture()

    def execute(self, requests: Sequence[Request]) -> bool:
        """Carry out the core's requests, in order; what comes after an end is left out.

        Returns:
            Whether the world went back.
        """
        went_back = False
        for request in requests:
            if isinstance(request, Load):
                self._load(request.frame)
                went_back = True
            elif self.ended:
                continue
            elif isinstance(request, Save):
                self._save(request)
            else:
                self._advance(request)
        return went_back

    def step_again(self, inputs: Sequence[bytes | None]) -> None:
        """Step a frame of an earlier episode again, which is not recorded; None: the player was out."""
        people = {
            agent: _DROPPED if given is None else self._codec.read(given)
            for agent, given in zip(self._config.players, inputs, strict=True)
        }
        self._decide_and_step(people)

    def warm_up(self) -> None:
        """Step, save and go back as a match would, to be measured: for a world that is thrown away."""
        world = self.world
        self._reset(0)
        self._begin_decisions()
        with_generators_kept(world.first_picture)
        self._require_snapshots()
        given = [Given(STATUS_INPUT, binding.action) for binding in self._config.action_mapping] or [NO_KEY]
        began, episode = self._clock(), 0
        for frame in range(WARM_FRAMES):
            if world.ended is not None:
                episode += 1
                self._reset(episode)
                self._begin_decisions()
            people = {
                agent: given[derive_seed(self._config.match_seed, "warm up", agent, frame) % len(given)]
                for agent in self._config.players
            }
            saved = self._measured("save", self._save_all)
            self._measured("step", functools.partial(self._decide_and_step, people))
            if frame % 4 == 0:
                self._measured("load", functools.partial(self._load_all, *saved))
            if self._clock() - began > WARM_SECONDS:
                break

    @property
    def actors(self) -> Actors:
        """Who decides; after the first reset."""
        return self._require_actors()

    def close(self) -> None:
        """Close the environment."""
        self.world.close()

    def _require_actors(self) -> Actors:
        if self._actors is None:
            self._actors = Actors(self._config, self.world.agent_env, self.world, clock=self._clock)
        return self._actors

    def _begin_decisions(self) -> None:
        """The world was just reset: policies begin anew, and are asked once for nothing before the first episode."""
        fresh, actors = self._actors is None, self._require_actors()
        actors.begin_episode()
        if fresh:
            actors.warm_up(self.world.observations)
            actors.save()  # what cannot be saved is found now, not in the middle of a match

    def _require_snapshots(self) -> Snapshots:
        if self._snapshots is None:
            self._snapshots = Snapshots(self.world, self.level)
        return self._snapshots

    def _measured(self, name: str, work: Callable[[], T]) -> T:
        began = self._clock()
        result = work()
        self._calibration.add(name, 1000.0 * (self._clock() - began))
        return result

    def _reset(self, episode: int) -> int:
        with self._globals.locked():
            return self.world.reset(episode)

    def _decided(self, people: Mapping[str, Given]) -> tuple[dict[str, Any], dict[str, str]]:
        world = self.world
        with self._globals.locked():
            return self._require_actors().decide(world.episode, world.next_frame, world.observations, people)

    def _decide_and_step(self, people: Mapping[str, Given]) -> Row:
        return self._step(*self._decided(people))

    def _save_all(self) -> tuple[object, object]:
        return self._require_snapshots().save(), self._require_actors().save()

    def _load_all(self, world: object, decisions: object) -> None:
        self._require_snapshots().load(world)
        self._require_actors().load(decisions)

    def _step(self, actions: Mapping[str, Any], statuses: Mapping[str, str]) -> Row:
        with self._globals.locked():
            return self.world.step(actions, statuses)

    def _save(self, request: Save) -> None:
        world = self.world
        self._saved[request.frame] = _Saved(
            *self._measured("save", self._save_all),
            world.world_hash.reason,
            frozenset(world.left_out_infos),
        )
        for frame in [frame for frame in self._saved if frame < request.oldest]:
            del self._saved[frame]

    def _load(self, frame: int) -> None:
        world, saved = self.world, self._saved[frame]
        self._measured("load", functools.partial(self._load_all, saved.world, saved.decisions))
        # Both are found out while stepping: frames that never were must not have found anything.
        world.world_hash.reason = saved.hash_reason
        world.left_out_infos = set(saved.left_out_infos)
        self.failure = None
        for later in [known for known in self._saved if known > frame]:
            del self._saved[later]
        if self.rows is not None:
            self.rows.void(frame)

    def _advance(self, request: Advance) -> None:
        world, rows = self.world, self.rows
        if rows is None or request.frame != world.next_frame:
            raise RuntimeError(f"frame {request.frame} was asked for, but the world stands at {world.next_frame}")
        people = {
            agent: _DROPPED if request.dropped[number] else self._codec.read(request.inputs[number])
            for number, agent in enumerate(self._config.players)
        }
        try:
            row = self._measured("step", functools.partial(self._decide_and_step, people))
        except EnvironmentFailedError as error:
            self.failure = (request.frame, error)
            return
        rows.add(row, world.observations)
