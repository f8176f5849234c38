"""What a person gives for a frame, as the bytes that travel between the players, and back."""

from collections.abc import Iterable, Sequence

from mug.play.config import ActionBinding, GameConfig
from mug.play.encoding import encode
from mug.play.inputs import NO_KEY, STATUS_HIDDEN, STATUS_INPUT, Given, KeyBoard

__all__ = ["InputCodec", "LocalPerson"]

_CODES = {STATUS_INPUT: 0, NO_KEY.status: 1, STATUS_HIDDEN: 2}
_HIDDEN = Given(STATUS_HIDDEN)


class InputCodec:
    """Input bytes: the canonical encoding of (code, action); code 0: keys gave it, 1: no key did, 2: page hidden.

    Only what the action mapping can give is understood; whatever else a partner's page sends is no key, on every peer
    alike.
    """

    def __init__(self, mapping: Sequence[ActionBinding]) -> None:
        self.default = self.write(NO_KEY)
        self._known = {self.write(given): given for given in (NO_KEY, _HIDDEN)}
        for binding in mapping:
            given = Given(STATUS_INPUT, binding.action)
            self._known[self.write(given)] = given

    @staticmethod
    def write(given: Given) -> bytes:
        """Return the bytes of what was given."""
        return encode((_CODES[given.status], given.action))

    def read(self, data: bytes) -> Given:
        """Return what these bytes say."""
        return self._known.get(data, NO_KEY)


class LocalPerson:
    """The person at this page: keys, and whether the page can be seen.

    Attributes:
        hidden: The page is hidden or has no focus: every frame gets a neutral input with its own status.
    """

    def __init__(self, config: GameConfig) -> None:
        self.hidden = False
        self._keyboard = KeyBoard(config.action_mapping, config.input_mode)

    def update(self, held: Iterable[str], pressed: Iterable[str]) -> None:
        """Take the keys that are down now, and the presses since the last update."""
        self._keyboard.update(held, pressed)

    def peek(self) -> Given:
        """Return what the next frame would be given; it waits until `next_frame`, however long the game stalls."""
        return _HIDDEN if self.hidden else self._keyboard.peek()

    def next_frame(self) -> None:
        """A frame has taken what was given."""
        if self.hidden:
            self._keyboard.forget_presses()
        else:
            self._keyboard.next_frame()

    def forget_presses(self) -> None:
        """Drop what was pressed before an episode began."""
        self._keyboard.forget_presses()
