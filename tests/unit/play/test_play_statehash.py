import collections
import enum
import functools
import random
import threading
from typing import Any

import numpy as np

from mug.play.statehash import WorldHash


class Colour(enum.Enum):
    RED = 1


class Slotted:
    __slots__ = ("x",)

    def __init__(self, x: Any) -> None:
        self.x = x


class World:
    def __init__(self, **state: Any) -> None:
        self.__dict__.update(state)

    def step(self) -> None: ...


def digest(**state: Any) -> str | None:
    return WorldHash(World(**state)).digest()


def test_that_equal_worlds_have_equal_hashes_whatever_the_order_of_making() -> None:
    assert digest(a=1, b={"x": 1, "y": 2}, c={3, 1, 2}) == digest(c={2, 3, 1}, b={"y": 2, "x": 1}, a=1)


def test_that_every_part_of_the_state_counts() -> None:
    def state(**changes: Any) -> dict[str, Any]:
        base = {
            "n": 0, "f": 0.0, "array": np.zeros(3), "list": [1, [2]], "slots": Slotted(1), "enum": Colour.RED,
            "deque": collections.deque([1]), "ordered": collections.OrderedDict(a=1), "rng": np.random.default_rng(1),
            "old": np.random.RandomState(1), "py": random.Random(1), "call": functools.partial(max, 1),
            "complex": 1j, "inner": World(deep=World(x=1)),
        }  # fmt: skip
        return {**base, **changes}

    used = np.random.default_rng(1)
    used.random()
    other_py = random.Random(1)
    other_py.random()
    changes: list[dict[str, Any]] = [
        {"n": 1}, {"n": 0.0}, {"f": -0.0}, {"array": np.zeros(3, np.float32)}, {"array": np.array([0, 0, 1e-300])},
        {"list": [1, [3]]}, {"slots": Slotted(2)}, {"enum": None}, {"deque": collections.deque([2])},
        {"ordered": collections.OrderedDict(a=2)}, {"rng": used}, {"old": np.random.RandomState(2)}, {"py": other_py},
        {"call": functools.partial(max, 2)}, {"complex": 2j}, {"inner": World(deep=World(x=2))},
    ]  # fmt: skip
    hashes = [digest(**state())] + [digest(**state(**change)) for change in changes]
    assert None not in hashes
    assert len(set(hashes)) == len(hashes)
    assert digest(**state()) == hashes[0]


def test_that_cycles_and_shared_objects_are_no_trouble() -> None:
    one: list[Any] = [1]
    one.append(one)
    assert digest(a=one) is not None
    shared = [1]
    assert digest(a=shared, b=shared) != digest(a=[1], b=[1])


def test_that_the_wrapped_environments_are_part_of_the_world() -> None:
    assert digest(env=World(x=1), own=1) != digest(env=World(x=2), own=1)


def test_that_what_has_no_readable_state_is_named() -> None:
    hashed = WorldHash(World(env=World(handle=[threading.Lock()])))
    assert hashed.digest() is None
    assert hashed.reason == "the environment's state cannot be hashed: env.env.handle[0] is of type _thread.lock, " \
        "which cannot be written canonically"  # fmt: skip


def test_that_attributes_that_drawing_changes_are_left_out() -> None:
    world = World(x=1, screen=None)
    hashed = WorldHash(world)
    hashed.before_first_picture()
    world.screen = threading.Lock()
    world.cache = [1]
    hashed.after_first_picture()
    assert hashed.left_out == ("env.cache", "env.screen")
    before = hashed.digest()
    world.cache.append(2)
    assert hashed.digest() == before
    world.x = 2
    assert hashed.digest() != before
