"""Saved states of a world, so that a game of several people can go back and step again.

A state holds everything that a step reads: what the environment, its wrappers and spaces hold with their generators,
who still acts, what the agents saw last, and the global generators of `random` and `numpy.random`. The environment
stays the same object, and so do `mug.rendering` objects and what only pictures change: they describe the page.

How states are saved is a level. Which one is right for an environment is found out by `mug.play.sync_test`:

=========  ==================================================================================================
own        the environment's own ``get_state()`` and ``set_state(state)``, completed by generators and wrappers
pickle     pickle, protocol 5, of what the environments hold: new objects at every restore
walker     the content of every mutable object, put back in place (`mug.play.snapshots_walker`)
deepcopy   `copy.deepcopy` of what the environments hold: slow, new objects at every restore
=========  ==================================================================================================
"""

import copy
import pickle
from collections.abc import Sequence
from typing import Any, Final, Protocol

from mug.play.errors import PlayError
from mug.play.snapshots_copying import DeepCopies, Pickles, first_failure, layer_content
from mug.play.snapshots_globals import GlobalGenerators
from mug.play.snapshots_paths import path_of, type_name
from mug.play.snapshots_walker import Graph, Layer, OpaqueObject, Part, is_generator, layers_of
from mug.play.world import World

__all__ = ["LEVELS", "SnapshotError", "Snapshots"]

LEVELS: Final = ("own", "pickle", "walker", "deepcopy")
"""How states are saved, in the order in which they are tried."""


class SnapshotError(PlayError):
    """A world's state cannot be saved this way.

    Attributes:
        level: The level.
        path: Attribute path of what cannot be saved, from ``env`` on.
        type_name: Its type.
        absent: The environment has no methods of its own for it.
    """

    def __init__(self, level: str, path: str, type_name: str, reason: str = "", *, absent: bool = False) -> None:
        self.absent = absent
        self.level = level
        self.path = path
        self.type_name = type_name
        super().__init__(
            f"{path} ({type_name}) cannot be saved and restored with level {level!r}"
            + (f": {reason}" if reason else "")
        )


class _Level(Protocol):
    def save(self, layers: Sequence[Layer]) -> Any: ...

    def load(self, layers: Sequence[Layer], saved: Any) -> None: ...


class Snapshots:
    """Saves and restores one world.

    Args:
        world: The world; it was reset at least once.
        level: One of `LEVELS`.

    Raises:
        SnapshotError: When the world's state cannot be saved this way (also from `save`, later).
    """

    def __init__(self, world: World, level: str) -> None:
        if level not in LEVELS:
            raise ValueError(f"there is no level {level!r}: it is one of {', '.join(LEVELS)}")
        self.level = level
        self._world = world
        self._left_out: tuple[str, ...] | None = None
        self._episode: int | None = None
        self._layers: list[Layer] = []
        self._chance = GlobalGenerators()
        kinds: dict[str, type[_Level]] = {"own": _Own, "pickle": Pickles, "walker": _Walker, "deepcopy": DeepCopies}
        self._how = kinds[level]()
        self.save()

    def save(self) -> object:
        """Return the world's state now; it never changes afterwards."""
        world = self._begin()
        try:
            state = self._how.save(self._layers)
        except SnapshotError:
            raise
        except Exception as error:
            raise self._named(error) from error
        return (
            state,
            world.agent_env.live_agents,
            world.observations,
            world.infos,
            world.rewards.copy(),
            world.ended,
            world.episode,
            world.next_frame,
            self._chance.save(),
        )

    def load(self, saved: Any) -> None:
        """Put the world back into a saved state; the same one may be loaded again and again."""
        world = self._begin()
        state, live, observations, infos, rewards, ended, episode, next_frame, chance = saved
        self._how.load(self._layers, state)
        world.agent_env.live_agents = live
        world.observations = observations
        world.infos = infos
        world.rewards = rewards.copy()
        world.ended = ended
        world.episode = episode
        world.next_frame = next_frame
        self._chance.load(chance)

    def _begin(self) -> World:
        """Find the layers again when the first picture has told what belongs to pictures only."""
        world = self._world
        left_out = world.world_hash.left_out
        if left_out != self._left_out or world.episode != self._episode:
            self._left_out, self._episode = left_out, world.episode
            self._layers = layers_of(world.env, left_out)
            if isinstance(self._how, _Own):
                self._how.begin(self._layers)
        return world

    def _named(self, error: Exception) -> SnapshotError:
        """Say which attribute it was."""
        if isinstance(self._how, (Pickles, DeepCopies)):
            how = self._how
            bare = [Layer(layer.prefix, layer.value, frozenset(layer_content(layer))) for layer in self._layers]

            def copier(value: Any) -> Any:
                probe = Layer("", _Probe(value), frozenset())
                how.save([probe, *bare])

            for layer in self._layers:
                for name, value in layer_content(layer).items():
                    try:
                        copier(value)
                    except Exception as inner:
                        path, culprit = first_failure(value, f"{layer.prefix}.{name}", copier, self._layers)
                        return SnapshotError(self.level, path, type_name(culprit), str(inner))
        if isinstance(error, OpaqueObject):
            path = path_of(self._layers, error.value)
            return SnapshotError(self.level, path, type_name(error.value), "nobody can read what it holds")
        return SnapshotError(self.level, "env", type_name(self._world.env), f"{type(error).__name__}: {error}")


class _Probe:
    def __init__(self, value: Any) -> None:
        self.value = value


class _Walker:
    def save(self, layers: Sequence[Layer]) -> list[Part]:
        return Graph(layers).save()

    def load(self, layers: Sequence[Layer], saved: list[Part]) -> None:
        for restore, value, content in saved:
            restore(value, content)


class _Own:
    """The environment's own methods. What is around its layer is saved in place; generators below it are completed."""

    def __init__(self) -> None:
        self._owner: Any = None
        self._around: list[Layer] = []
        self._places: list[tuple[Any, Any]] = []
        self._look_again = True

    def begin(self, layers: Sequence[Layer]) -> None:
        """Find the outermost environment that has both methods.

        Raises:
            SnapshotError: When there is none.
        """
        for index, layer in enumerate(layers):
            kind = type(layer.value)
            if all(callable(getattr(kind, name, None)) for name in ("get_state", "set_state")):
                self._owner = layer.value
                self._around = [Layer(outer.prefix, outer.value, outer.left_out | {"env"}) for outer in layers[:index]]
                self._look_again = True
                return
        raise SnapshotError(
            "own", "env", type_name(layers[0].value), "it has no get_state() and set_state(state)", absent=True
        )

    def save(self, layers: Sequence[Layer]) -> Any:
        """Call `get_state`, and keep what it says as a copy."""
        owner = self._owner
        state = owner.get_state()
        try:
            kept: tuple[bool, Any] = (True, pickle.dumps(state, 5))
        except Exception:
            kept = (False, copy.deepcopy(state))
        chance = []
        for container, key in self._generators(layers):
            value = container[key]
            parts = Graph(()).also((value,)).save()
            chance.append((container, key, value, parts))
        return kept, chance, Graph(self._around).save() if self._around else []

    def load(self, layers: Sequence[Layer], saved: Any) -> None:
        """Call `set_state` with a copy of what was kept."""
        (pickled, state), chance, around = saved
        self._owner.set_state(pickle.loads(state) if pickled else copy.deepcopy(state))
        for container, key, value, parts in chance:
            container[key] = value
            for restore, part, content in parts:
                restore(part, content)
        for restore, part, content in around:
            restore(part, content)

    def _generators(self, layers: Sequence[Layer]) -> list[tuple[Any, Any]]:
        """Where generators are; looked for again when one of the places holds none any more."""
        places = self._places
        if self._look_again or not all(_holds_generator(container, key) for container, key in places):
            self._places = places = _generator_places(layers)
            self._look_again = False
        return places


def _holds_generator(container: Any, key: Any) -> bool:
    try:
        return is_generator(container[key])
    except (KeyError, IndexError):
        return False


def _generator_places(layers: Sequence[Layer]) -> list[tuple[Any, Any]]:
    """Every dict and list entry below the layers that is a generator."""
    graph = Graph(layers, tolerant=True)
    found: list[tuple[Any, Any]] = []
    for _, value, content in graph.save():
        target = value[0] if isinstance(value, tuple) else value
        if isinstance(content, dict) and isinstance(target, dict):
            found += [(target, key) for key, item in content.items() if is_generator(item)]
        elif isinstance(content, list) and isinstance(target, list):
            found += [(target, index) for index, item in enumerate(content) if is_generator(item)]
        elif is_generator(content):  # a space's
            found.append((target.__dict__, "_np_random"))
    return found
