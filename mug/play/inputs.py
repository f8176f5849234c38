"""From keys to actions: which action a participant's keys give at a frame, and how it came about."""

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from mug.play.config import ActionBinding

__all__ = [
    "NO_KEY",
    "STATUS_DEFAULT",
    "STATUS_DROPPED",
    "STATUS_HIDDEN",
    "STATUS_INPUT",
    "STATUS_LATE",
    "STATUS_POLICY",
    "Given",
    "KeyBoard",
    "normal_key",
]

STATUS_INPUT: Final = "input"
STATUS_DEFAULT: Final = "default"
STATUS_HIDDEN: Final = "hidden"
STATUS_DROPPED: Final = "dropped"
STATUS_POLICY: Final = "policy"
STATUS_LATE: Final = "late"
"""A policy was not ready in time, in games that do not wait for it: what stands in for a missing key was used."""


@dataclass(frozen=True, slots=True)
class Given:
    """What one person gave for one frame.

    Attributes:
        status: STATUS_INPUT: keys gave `action`. STATUS_DEFAULT: no key did. STATUS_HIDDEN: the page was not to be
            seen. STATUS_DROPPED: the person is out of the match.
        action: The action of the keys; None without any.
    """

    status: str
    action: Any = None


NO_KEY: Final = Given(STATUS_DEFAULT)

_ALIASES: Final = {
    "Space": " ",
    "Spacebar": " ",
    "Left": "ArrowLeft",
    "Right": "ArrowRight",
    "Up": "ArrowUp",
    "Down": "ArrowDown",
    "Esc": "Escape",
    "Del": "Delete",
}


def normal_key(key: str) -> str:
    """Return a key's one name: old names are mapped, letters are lower case (Caps Lock changes nothing)."""
    key = _ALIASES.get(key, key)
    return key.lower() if len(key) == 1 else key


class KeyBoard:
    """The keys of one participant, read once a frame.

    "pressed_keys": the action of the longest chord whose keys are all down; with equal lengths the mapping's first. A
    key that went down and up between two frames counts as down for the next one.
    "single_keystroke": each key press gives one action, one a frame, in order; a chord is complete when its last key
    goes down while the others are held. At most `queue_limit` presses wait; later ones are dropped, so that nobody
    plays with the key presses of long ago.
    """

    def __init__(self, mapping: Sequence[ActionBinding], input_mode: str, queue_limit: int = 10) -> None:
        if input_mode not in ("pressed_keys", "single_keystroke"):
            raise ValueError(f"input_mode must be 'pressed_keys' or 'single_keystroke', not {input_mode!r}")
        self.input_mode = input_mode
        named = {_ALIASES.get(key, key) for binding in mapping for key in binding.keys}
        self._both_cases = frozenset(key for key in named if key.swapcase() != key and key.swapcase() in named)
        chords = [(frozenset(map(self._name, binding.keys)), binding.action) for binding in mapping if binding.keys]
        self._chords = sorted(chords, key=lambda chord: -len(chord[0]))
        self._held: frozenset[str] = frozenset()
        self._tapped: frozenset[str] = frozenset()
        self._presses: deque[Any] = deque()
        self._queue_limit = queue_limit

    def update(self, held: Iterable[str], pressed: Iterable[str]) -> None:
        """Take the keys that are down now, and the presses since the last update, in order."""
        self._held = frozenset(map(self._name, held))
        if self.input_mode != "single_keystroke":
            self._tapped |= frozenset(map(self._name, pressed))
            return
        for key in map(self._name, pressed):
            chord = self._longest(self._held | {key}, containing=key)
            if chord is not None and len(self._presses) < self._queue_limit:
                self._presses.append(chord[1])

    def read(self) -> Given:
        """Return what the keys give for this frame; the next call is about the next frame."""
        given = self.peek()
        self.next_frame()
        return given

    def peek(self) -> Given:
        """Return what the keys would give now."""
        if self.input_mode == "single_keystroke":
            return Given(STATUS_INPUT, self._presses[0]) if self._presses else NO_KEY
        chord = self._longest(self._held | self._tapped)
        return NO_KEY if chord is None else Given(STATUS_INPUT, chord[1])

    def next_frame(self) -> None:
        """What the keys gave belongs to a frame now: taps and the first waiting press are used up."""
        if self._presses:
            self._presses.popleft()
        self._tapped = frozenset()

    def forget_presses(self) -> None:
        """Drop the waiting presses: an episode begins without those of the one before."""
        self._presses.clear()
        self._tapped = frozenset()

    def _name(self, key: str) -> str:
        """Letters of which the mapping has both cases are two keys, as on the page."""
        return key if key in self._both_cases else normal_key(key)

    def _longest(self, keys: frozenset[str], containing: str | None = None) -> tuple[frozenset[str], Any] | None:
        for chord in self._chords:
            if chord[0] <= keys and (containing is None or containing in chord[0]):
                return chord
        return None
