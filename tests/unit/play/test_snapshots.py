"""Saved states: everything a step reads comes back, as often as it is loaded, and the page's things stay."""

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from play_worlds import CAR, config
from unsound_worlds import SOUND, changed, maker

from mug.play.encoding import encode
from mug.play.snapshots import LEVELS, SnapshotError, Snapshots
from mug.play.snapshots_globals import GlobalGenerators
from mug.play.snapshots_paths import type_name
from mug.play.world import World

ALL_BUT_OWN = LEVELS[1:]

RICH = changed(
    head="""
import collections
import enum
import random
from dataclasses import dataclass, field

from mug.rendering import Surface


class Kind(enum.Enum):
    WALL = 1


@dataclass(frozen=True)
class State:
    at: np.ndarray
    rng: np.random.Generator


class Slotted:
    __slots__ = ("x", "others", "__weakref__")

    def __init__(self, x):
        self.x = x
        self.others = []


class Bag(dict):
    pass
""",
    begin=(
        "self.state = State(np.zeros(3), np.random.default_rng(5)); self.slotted = Slotted(1); "
        "self.twice = [self.slotted, self.slotted]; self.slotted.others.append(self); "
        "self.more_rng = random.Random(2); self.bag = Bag(a=[1]); "
        "self.bag.note = 'x'; self.queue = collections.deque([1, 2], maxlen=3); "
        "self.kinds = {Kind.WALL: {(1, 2): bytearray(b'ab')}}; self.ordered = collections.OrderedDict(b=1, a=2); "
        "self.counter = collections.Counter(); self.surface = getattr(self, 'surface', None) or Surface(100, 100); "
        "self.grid = np.array([{'n': 0}, None], dtype=object); self.legacy = np.random.RandomState(4); "
        "self.bound = self.bag.get"
    ),
    more=(
        "assert self.twice[0] is self.twice[1] is self.slotted and self.slotted.others[0] is self; "
        "self.state = State(self.state.at + self.state.rng.random(3), self.state.rng); self.slotted.x += 1; "
        "self.twice.append(int(actions['a'])); self.bag['a'].append(self.more_rng.random()); self.bag.note += 'y'; "
        "self.queue.append(self.frame); self.kinds[Kind.WALL][(1, 2)].append(self.frame); "
        "self.ordered.move_to_end(next(iter(self.ordered))); self.counter[int(actions['b'])] += 1; "
        "self.grid[0]['n'] += 1; self.grid[1] = self.frame; "
        "self.extra = float(self.state.at.sum() + self.legacy.rand() + np.random.rand() + random.random() "
        "+ np.random.randn() + random.gauss() + self.slotted.x + len(self.bag.note) + self.queue[0] "
        "+ next(iter(self.ordered.values())) + sum(self.counter.values()) + self.grid[0]['n'] "
        "+ self.bound('a')[-1]); setattr(self, f'made_{self.frame}', 1)"
    ),
)


def play(world: World, frames: int, seed: int) -> list[bytes]:
    seen = []
    for _ in range(frames):
        if world.ended is not None:
            break
        row = world.step(dict.fromkeys(world.agent_env.live_agents, world.next_frame * seed % 3), {})
        seen.append(encode((row.rewards, world.observations, world.infos, world.rewards, world.ended)))
    return seen


def looks(world: World) -> bytes:
    return encode((world.observations, world.infos, world.rewards, world.ended, world.next_frame, world.episode))


@pytest.fixture
def make() -> Any:
    worlds: list[World] = []

    def made(code: str, **changes: Any) -> World:
        world = maker(code, **changes)(None)
        world.reset(0)
        worlds.append(world)
        return world

    yield made
    for world in worlds:
        world.close()


@pytest.mark.parametrize("level", ALL_BUT_OWN)
def test_that_a_state_comes_back_as_often_as_it_is_loaded(make: Callable[..., World], level: str) -> None:
    world = make(RICH.replace("self.bound = self.bag.get", "self.bound = None").replace("self.bound('a')[-1]", "0"))
    world.first_picture()
    env, surface = world.env, world.env.surface
    snapshots = Snapshots(world, level)
    play(world, 9, 1)
    saved, then, state = snapshots.save(), looks(world), world.world_hash.digest()
    assert state is not None
    right = play(world, 20, 2)
    after = world.world_hash.digest()
    for wrong in (3, 4, 5):
        snapshots.load(saved)
        play(world, wrong, 1)
        snapshots.load(saved)
        assert (looks(world), world.world_hash.digest()) == (then, state)
        assert not hasattr(world.env, "made_10")
        assert play(world, 20, 2) == right
        assert world.world_hash.digest() == after
    assert world.env is env
    assert world.env.surface is surface


def test_that_the_walker_keeps_every_object_the_one_it_was(make: Callable[..., World]) -> None:
    world = make(RICH)
    env = world.env
    snapshots = Snapshots(world, "walker")
    kept = [env.slotted, env.bag, env.field, env.queue, env.state, env.state.rng, env.bound.__self__]
    saved = snapshots.save()
    right = play(world, 6, 2)
    snapshots.load(saved)
    now = [env.slotted, env.bag, env.field, env.queue, env.state, env.state.rng, env.bound.__self__]
    assert all(a is b for a, b in zip(kept, now, strict=True))
    assert play(world, 6, 2) == right


@pytest.mark.parametrize("level", ALL_BUT_OWN)
def test_that_an_end_and_a_departure_are_taken_back(make: Callable[..., World], level: str) -> None:
    world = make(SOUND)
    snapshots = Snapshots(world, level)
    play(world, 57, 1)
    saved = snapshots.save()
    play(world, 9, 2)
    assert (world.ended, world.agent_env.live_agents, world.env.agents) == ("terminated", (), [])
    snapshots.load(saved)
    assert (world.ended, world.agent_env.live_agents, world.env.agents) == (None, ("a", "b"), ["a", "b"])
    assert world.next_frame == 57
    assert len(play(world, 9, 2)) == 3


@pytest.mark.parametrize("level", ALL_BUT_OWN)
def test_that_wrappers_and_the_generators_of_spaces_come_back(level: str) -> None:
    world = World(config(CAR, max_steps=1000), root=Path(), mug_globals={})
    try:
        world.reset(0)
        snapshots = Snapshots(world, level)
        space = world.env.action_space
        space.seed(3)
        saved = snapshots.save()
        first = [int(space.sample()) for _ in range(20)]
        for _ in range(150):
            world.step({"human": 2}, {})
        snapshots.load(saved)
        assert world.env.action_space is space
        assert [int(space.sample()) for _ in range(20)] == first
        for _ in range(199):
            world.step({"human": 1}, {})
        assert world.ended is None
        world.step({"human": 1}, {})
        assert world.ended == "truncated"  # TimeLimit had counted on without a restore
    finally:
        world.close()


@pytest.mark.parametrize("level", ALL_BUT_OWN)
def test_that_what_pictures_change_stays(make: Callable[..., World], level: str) -> None:
    world = make(changed(render="self.drawn = getattr(self, 'drawn', 0) + 1"))
    world.first_picture()
    snapshots = Snapshots(world, level)
    saved = snapshots.save()
    play(world, 2, 1)
    world.picture()
    snapshots.load(saved)
    assert world.env.drawn == 2
    assert world.env.frame == 0


def test_that_the_own_level_asks_for_both_methods(make: Callable[..., World]) -> None:
    with pytest.raises(SnapshotError, match=r"no get_state\(\) and set_state\(state\)"):
        Snapshots(make(SOUND), "own")


def test_that_an_own_state_is_a_copy_and_generators_are_added(make: Callable[..., World]) -> None:
    methods = """
    def get_state(self):
        return {"places": self.places, "trail": self.trail, "frame": self.frame, "agents": self.agents,
                "field": self.field}

    def set_state(self, state):
        self.__dict__.update(state)
"""
    world = make(changed(methods=methods))
    snapshots = Snapshots(world, "own")
    play(world, 5, 1)
    saved = snapshots.save()
    right = play(world, 8, 2)
    for _ in range(2):
        snapshots.load(saved)
        assert play(world, 8, 2) == right


@pytest.mark.parametrize(
    ("level", "begin", "path", "type_name"),
    [
        ("pickle", "self.a = {'b': [1, (i for i in range(3))]}", "env.a['b'][1]", "generator"),
        ("deepcopy", "self.a = {'b': [1, (i for i in range(3))]}", "env.a['b'][1]", "generator"),
        ("walker", "self.a = {'b': [1, (i for i in range(3))]}", "env.a['b'][1]", "generator"),
        ("walker", "import itertools; self.n = itertools.count()", "env.n", "itertools.count"),
        ("pickle", "import threading; self.n = [threading.Lock()]", "env.n[0]", "_thread.lock"),
    ],
)
def test_that_what_cannot_be_saved_is_named(
    make: Callable[..., World], level: str, begin: str, path: str, type_name: str
) -> None:
    with pytest.raises(SnapshotError) as refused:
        Snapshots(make(changed(begin=begin)), level)
    assert (refused.value.level, refused.value.path, refused.value.type_name) == (level, path, type_name)
    assert path in str(refused.value)


@pytest.mark.parametrize("level", ["pickle", "deepcopy", "walker"])
def test_that_an_object_of_a_type_without_a_module_comes_back(make: Callable[..., World], level: str) -> None:
    """Types of some C extensions (SWIG's) do not say their module."""
    begin = "made = {}; exec('Odd = type(\"Odd\", (), {})', made); self.odd = made['Odd'](); self.odd.x = 0"
    world = make(changed(begin=begin, more="self.odd.x += 1; self.extra = float(self.odd.x)"))
    assert not hasattr(type(world.env.odd), "__module__")
    assert type_name(world.env.odd) == "Odd"
    snapshots = Snapshots(world, level)
    play(world, 5, 1)
    saved = snapshots.save()
    right = play(world, 8, 2)
    snapshots.load(saved)
    assert world.env.odd.x == 5
    assert play(world, 8, 2) == right


def test_that_there_is_no_other_level(make: Callable[..., World]) -> None:
    with pytest.raises(ValueError, match="no level 'copy'"):
        Snapshots(make(SOUND), "copy")


def test_that_global_generators_come_back_whatever_was_drawn() -> None:
    draws: list[Callable[[], Any]] = [
        np.random.rand,
        np.random.randn,
        random.random,
        lambda: random.gauss(0, 1),
        lambda: np.random.randint(5),
        lambda: None,
    ]
    before = random.getstate(), np.random.get_state()
    try:
        random.seed(1)
        np.random.seed(1)
        generators, choice = GlobalGenerators(), random.Random(7)
        kept: list[Any] = []
        for _ in range(400):
            what = choice.randrange(8)
            if what < 6:
                draws[what]()
            elif what == 6 or not kept:
                kept.append((generators.save(), random.getstate(), np.random.get_state(legacy=False)))
            else:
                saved, chance, numpy_chance = choice.choice(kept)
                generators.load(saved)
                assert random.getstate() == chance
                assert encode(np.random.get_state(legacy=False)) == encode(numpy_chance)
        assert len(kept) > 20
    finally:
        random.setstate(before[0])
        np.random.set_state(before[1])
