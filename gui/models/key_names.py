"""Keys by the names that browsers give them, and how people read them."""

from collections.abc import Iterable, Sequence
from typing import Final

from mug.play.inputs import normal_key

__all__ = ["SPECIAL_KEYS", "chord_of", "same_chord", "shown_chord", "shown_key", "spoken_chord"]

_SHOWN: Final = {
    "ArrowLeft": "←",
    "ArrowRight": "→",
    "ArrowUp": "↑",
    "ArrowDown": "↓",
    " ": "Space",
    "Escape": "Esc",
    "Control": "Ctrl",
    "Delete": "Del",
    "PageUp": "Page up",
    "PageDown": "Page down",
    "CapsLock": "Caps lock",
    "AltGraph": "Alt Gr",
}
_SPOKEN: Final = {
    "ArrowLeft": "left arrow",
    "ArrowRight": "right arrow",
    "ArrowUp": "up arrow",
    "ArrowDown": "down arrow",
    " ": "space",
}

SPECIAL_KEYS: Final = (
    "ArrowLeft",
    "ArrowRight",
    "ArrowUp",
    "ArrowDown",
    " ",
    "Enter",
    "Escape",
    "Tab",
    "Backspace",
    "Delete",
    "Shift",
    "Control",
    "Alt",
    "Meta",
    "CapsLock",
    "Home",
    "End",
    "PageUp",
    "PageDown",
)
"""Keys that a menu offers: those that are hard to press where a press means something else."""


def shown_key(key: str) -> str:
    """Return a key as it is printed on a keyboard."""
    key = normal_key(key)
    return _SHOWN.get(key, key.upper() if len(key) == 1 else key)


def shown_chord(keys: Sequence[str]) -> str:
    """Return keys that are held together, as people write them."""
    return " + ".join(shown_key(key) for key in keys)


def spoken_chord(keys: Sequence[str]) -> str:
    """Return keys as a screen reader says them."""
    return " and ".join(_SPOKEN.get(normal_key(key), shown_key(key)) for key in keys) or "no keys"


def chord_of(pressed: Iterable[str]) -> tuple[str, ...]:
    """Return what was pressed as a binding's keys: each once, in the order of pressing.

    Shift is left out where it only made another sign of the key ("?"): the sign's name says it already.
    """
    keys = tuple(dict.fromkeys(normal_key(key) for key in pressed))
    others = [key for key in keys if key != "Shift"]
    made_a_sign = any(len(key) == 1 and not key.isalnum() and key != " " for key in others)
    return tuple(others) if "Shift" in keys and made_a_sign else keys


def same_chord(one: Iterable[str], other: Iterable[str]) -> bool:
    """Whether two bindings are given by the same keys."""
    return {normal_key(key) for key in one} == {normal_key(key) for key in other}
