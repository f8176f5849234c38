"""Clocks and unseeded randomness inside a step come from the match, not from the machine.

In the browser the worker replaces `crypto.getRandomValues`, `Date.now` and `performance.now` while a step runs; here
is what it is told, and the same for CPython (tests, checks, bots). The global generators of `random` and `numpy.random`
are seeded at every reset.
"""

import contextlib
import itertools
import random
import time
from collections.abc import Callable, Iterator
from typing import Any, Final, Protocol

import numpy as np

from mug.play.seeding import derive_seed, step_entropy

__all__ = ["BrowserEntropy", "Entropy", "NativeEntropy", "seed_global_generators"]

_EPOCH_S: Final = 1_577_836_800
"""The clock of a game begins at 2020-01-01, the same on every machine."""


class Entropy(Protocol):
    """Runs study code with clocks and chance of the match."""

    def during(self, episode: int, frame: int, part: str = "") -> contextlib.AbstractContextManager[None]:
        """Return the context in which the step (frame -1: the reset, -2: the loading) runs; `part`: a policy."""


class BrowserEntropy:
    """Tells the worker when a step begins and ends.

    Args:
        match_seed: The match.
        fps: Frames per second: the game's clock moves by one frame time a frame.
        begin: The worker's function (seed low 32 bits, seed high 32 bits, clock in ms).
        end: The worker's function that puts the real clocks back.
    """

    def __init__(self, match_seed: int, fps: int, begin: Callable[[int, int, float], Any], end: Callable[[], Any]):
        self._match_seed = match_seed
        self._fps = fps
        self._begin = begin
        self._end = end

    @contextlib.contextmanager
    def during(self, episode: int, frame: int, part: str = "") -> Iterator[None]:
        """Run with the match's clocks and chance."""
        seed = step_entropy(self._match_seed, episode, frame, part)
        self._begin(seed & 0xFFFFFFFF, seed >> 32, 1000.0 * game_time_s(episode, frame, self._fps))
        try:
            yield
        finally:
            self._end()


class NativeEntropy:
    """The same for CPython: patches `numpy`'s source of seeds, `os.urandom`'s users in `random`, and `time`.

    Args:
        match_seed: The match.
        fps: Frames per second.
        told: Called with "clock" or "chance" whenever study code asks for one; for checks.
    """

    def __init__(self, match_seed: int, fps: int, told: Callable[[str], None] | None = None) -> None:
        self._match_seed = match_seed
        self._fps = fps
        self._told = told or (lambda _: None)

    @contextlib.contextmanager
    def during(self, episode: int, frame: int, part: str = "") -> Iterator[None]:
        """Run with the match's clocks and chance."""
        seed = step_entropy(self._match_seed, episode, frame, part)
        draws, questions, told = itertools.count(), itertools.count(1), self._told
        start_s = game_time_s(episode, frame, self._fps)

        def clock_s() -> float:
            # Each question moves the clock a little: a loop that waits for time to pass comes to an end.
            told("clock")
            return start_s + 5e-5 * next(questions)

        def randbits(bits: int) -> int:
            told("chance")
            return derive_seed(seed, "bits", next(draws), bits=min(bits, 256))

        def urandom(size: int) -> bytes:
            told("chance")
            return b"".join(
                derive_seed(seed, "bytes", next(draws), bits=256).to_bytes(32, "little") for _ in range(-(-size // 32))
            )[:size]

        seed_random = random.Random.seed

        def seed_from_match(generator: random.Random, a: Any = None, version: int = 2) -> None:
            if a is None:
                told("chance")
            seed_random(generator, derive_seed(seed, "bits", next(draws)) if a is None else a, version)

        with contextlib.ExitStack() as stack:
            for target, name, replacement in (
                (np.random.bit_generator, "randbits", randbits),
                (random, "_urandom", urandom),
                (random.Random, "seed", seed_from_match),
                (time, "time", clock_s),
                (time, "time_ns", lambda: int(clock_s() * 1e9)),
                (time, "monotonic", clock_s),
                (time, "monotonic_ns", lambda: int(clock_s() * 1e9)),
                (time, "perf_counter", clock_s),
                (time, "perf_counter_ns", lambda: int(clock_s() * 1e9)),
            ):
                if hasattr(target, name):
                    stack.callback(setattr, target, name, getattr(target, name))
                    setattr(target, name, replacement)
            yield


def game_time_s(episode: int, frame: int, fps: int) -> float:
    """Return the game's own clock: seconds since 1970, one frame time a frame, a day an episode."""
    return _EPOCH_S + 86_400.0 * (episode + 1) + (frame + 2) / fps


def seed_global_generators(match_seed: int, episode: int) -> None:
    """Seed the module-level generators of `random` and `numpy.random` for an episode."""
    seed = derive_seed(match_seed, "global generators", episode, bits=32)
    random.seed(seed)
    np.random.seed(seed)
