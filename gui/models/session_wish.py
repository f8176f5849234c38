"""What a new session shall be: its label, pilot or real, whom it is for, and how it begins."""

import re

import msgspec

from mug.ids import is_valid_id

__all__ = ["SessionWish", "desks_in", "next_label", "read_wish"]

_RANGE = re.compile(r"^(.*?)(\d+)\.\.(?:\1)?(\d+)$")
_MOST_DESKS = 500


class SessionWish(msgspec.Struct, frozen=True, kw_only=True):
    """The answers of the new-session dialog.

    Attributes:
        label: What people call the session.
        pilot: Whether its records are kept apart from real ones.
        expected: How many participants are expected; None: not said.
        seats: The desks that take part; empty: any.
        conditions: Values of the session, such as its condition, kept with the data.
        stage: How it begins: prepared (the doors are opened by hand) or running.
        release: Who lets groups go: experimenter or automatic.
        help: Whether participants can raise a hand.
    """

    label: str = ""
    pilot: bool = False
    expected: int | None = None
    seats: tuple[str, ...] = ()
    conditions: dict[str, str] = {}
    stage: str = "running"
    release: str = "automatic"
    help: bool = True

    def as_text(self) -> str:
        """Return the wish as a text for the settings."""
        return msgspec.json.encode(self).decode()


def read_wish(text: str) -> SessionWish | None:
    """Return the wish that a text of the settings holds; None where it holds none."""
    try:
        return msgspec.json.decode(text, type=SessionWish)
    except msgspec.MsgspecError:
        return None


def next_label(label: str) -> str:
    """Return what the next session after `label` may be called: a number at its end counts on."""
    found = re.search(r"(\d+)$", label)
    if found is None:
        return label
    digits = found.group()
    return label[: found.start()] + str(int(digits) + 1).zfill(len(digits))


def desks_in(text: str) -> tuple[tuple[str, ...], str]:
    """Read names of desks: with commas or spaces between, ``PC-01..PC-12`` for a row of them.

    Returns:
        The desks, each once, and what is wrong, in words; empty when nothing is.
    """
    desks: dict[str, None] = {}
    for word in re.split(r"[\s,;]+", text.strip()):
        if not word:
            continue
        names = _expanded(word)
        wrong = next((name for name in names if not is_valid_id(name)), "")
        if wrong or not names:
            return tuple(desks), f"“{wrong or word}” is no name of a desk: letters, digits, - and _, as PC-07."
        desks.update(dict.fromkeys(names))
        if len(desks) > _MOST_DESKS:
            return tuple(desks), f"These are more than {_MOST_DESKS} desks."
    return tuple(desks), ""


def _expanded(word: str) -> list[str]:
    found = _RANGE.match(word)
    if found is None:
        return [word]
    prefix, first, last = found.groups()
    if int(last) < int(first) or int(last) - int(first) > _MOST_DESKS:
        return []
    return [f"{prefix}{number:0{len(first)}}" for number in range(int(first), int(last) + 1)]
