"""One player's inputs in one episode: held, or guessed and later compared (after GGPO's and GGRS's input queues)."""

from bisect import bisect_right
from collections.abc import Iterable
from typing import Final

__all__ = ["NEVER", "InputQueue", "Run", "runs_of"]

Run = tuple[int, bytes]
"""How many frames in a row have an input, and the input."""

NEVER: Final = 2**62
"""A frame that does not come."""


def runs_of(inputs: Iterable[bytes]) -> list[Run]:
    """Return inputs as runs of equal ones."""
    runs: list[Run] = []
    for value in inputs:
        if runs and runs[-1][1] == value:
            runs[-1] = (runs[-1][0] + 1, value)
        else:
            runs.append((1, value))
    return runs


class _Past:
    """Inputs of frames that are confirmed, from frame 0 on: kept for a player who comes back, as runs."""

    __slots__ = ("_ends", "_values")

    def __init__(self) -> None:
        self._ends: list[int] = []
        self._values: list[bytes] = []

    def add(self, value: bytes) -> None:
        if self._values and self._values[-1] == value:
            self._ends[-1] += 1
        else:
            self._ends.append((self._ends[-1] if self._ends else 0) + 1)
            self._values.append(value)

    def from_frame(self, first: int) -> list[bytes]:
        inputs: list[bytes] = []
        for place in range(bisect_right(self._ends, first), len(self._ends)):
            inputs += [self._values[place]] * (self._ends[place] - first - len(inputs))
        return inputs


class InputQueue:
    """The inputs of one player, strictly consecutive, from frame 0 on.

    A guess is the same value for every frame after the last held one, until all of them were compared or forgotten: so
    one comparison with each new input finds the first frame that was stepped with a wrong one.

    Args:
        default: The input of the first frames, and the guess when there is nothing else.
        repeats: Guess the last held input again; else `default`.
        delay: Frames from 0 on whose input is `default`, because no input can take effect there.

    Attributes:
        last: The last frame whose input is held; -1: none.
        wrong: The first frame that was stepped with a wrong guess; `NEVER`: none.
    """

    __slots__ = ("_default", "_first", "_guess", "_guessed_to", "_inputs", "_past", "_repeats", "last", "wrong")

    def __init__(self, default: bytes, *, repeats: bool, delay: int) -> None:
        self._default = default
        self._repeats = repeats
        self._inputs = dict.fromkeys(range(delay), default)
        self._past = _Past()
        self._first = 0
        self._guess = default
        self._guessed_to = -1
        self.last = delay - 1
        self.wrong = NEVER

    def __len__(self) -> int:
        return len(self._inputs)

    def add(self, frame: int, value: bytes) -> bool:
        """Hold the input of `frame`; False, and nothing happens, unless it is the next one."""
        if frame != self.last + 1:
            return False
        self._inputs[frame] = value
        self.last = frame
        if frame <= self._guessed_to and frame < self.wrong and value != self._guess:
            self.wrong = frame
        return True

    def at(self, frame: int) -> tuple[bytes, bool]:
        """Return the input to step `frame` with, and whether it is a guess.

        Raises:
            KeyError: The frame was forgotten.
        """
        if frame <= self.last:
            return self._inputs[frame], False
        if self.last >= self._guessed_to:
            # Every guess was compared; the next one is made of what came since.
            self._guess = self._inputs[self.last] if self._repeats and self.last >= 0 else self._default
        if frame > self._guessed_to:
            self._guessed_to = frame
        return self._guess, True

    def forget_guess(self) -> None:
        """Guess anew from the last held input: the frames after the wrong one are about to be stepped again."""
        self._guessed_to = -1
        self.wrong = NEVER

    def forget_guesses_from(self, frame: int) -> None:
        """Forget the guesses from `frame` on: what was stepped with them is void."""
        self._guessed_to = min(self._guessed_to, frame - 1)
        if self.wrong >= frame:
            self.wrong = NEVER

    def held(self, first: int, count: int) -> list[bytes]:
        """Return at most `count` held inputs from `first` on."""
        inputs = self._inputs
        if first < self._first:
            return self.all_from(first)[:count]
        return [inputs[frame] for frame in range(first, min(first + count, self.last + 1))]

    def all_from(self, first: int) -> list[bytes]:
        """Return all inputs from frame `first` on, those of confirmed frames too."""
        begin = max(first, self._first)
        return self._past.from_frame(first) + [self._inputs[frame] for frame in range(begin, self.last + 1)]

    def cut(self, last: int) -> None:
        """Forget the inputs after frame `last`."""
        for frame in range(last + 1, self.last + 1):
            self._inputs.pop(frame, None)
        self.last = min(self.last, last)

    def discard(self, before: int) -> None:
        """Put the inputs of frames before `before` away; the last held one stays, guesses are made of it."""
        before = min(before, self.last)
        for frame in range(self._first, before):
            self._past.add(self._inputs.pop(frame))
        self._first = max(self._first, before)
