"""What the experimenter says of a new session: its label, who is expected, where, under which conditions."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from mug.errors import MugError
from mug.ids import is_valid_id

__all__ = ["FIRST_STAGES", "SessionDetails", "session_details"]

FIRST_STAGES: Final = ("prepared", "doors_open", "running")
"""The stages in which a session can begin."""
MAX_LABEL_CHARS: Final = 200
MAX_EXPECTED: Final = 10_000
MAX_SEATS: Final = 500
MAX_CONDITIONS: Final = 50
MAX_VALUE_CHARS: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionDetails:
    """A session that goes on keeps its own.

    Attributes:
        label: What the experimenter calls it.
        expected: How many participants are expected; None: not said.
        seats: The desks that take part; empty: any.
        conditions: Name -> value, told to the study's functions.
        stage: prepared, doors_open or running.
        help: Whether participants can ask for the experimenter.
    """

    label: str = ""
    expected: int | None = None
    seats: tuple[str, ...] = ()
    conditions: dict[str, str] = field(default_factory=dict)
    stage: str = "running"
    help: bool = False


def session_details(
    *,
    label: str = "",
    expected: int | None = None,
    seats: str = "",
    conditions: Sequence[str] = (),
    stage: str = "running",
    help: bool = False,  # noqa: A002 - as the option is called
) -> SessionDetails:
    """Read what the command line says.

    Args:
        label: As in `SessionDetails`.
        expected: As there.
        seats: Names of desks, with commas between them.
        conditions: Each ``name=value``.
        stage: As there.
        help: As there.

    Raises:
        MugError: Something is wrong; the text says what, and what is allowed.
    """
    text = " ".join(label.split())
    if len(text) > MAX_LABEL_CHARS:
        raise MugError(f"--label has {len(text)} characters; it may have {MAX_LABEL_CHARS}")
    if expected is not None and not 1 <= expected <= MAX_EXPECTED:
        raise MugError(f"--expected {expected}: give a number of participants from 1 to {MAX_EXPECTED}")
    if stage not in FIRST_STAGES:
        raise MugError(f"--stage {stage}: a session begins as {', '.join(FIRST_STAGES[:-1])} or {FIRST_STAGES[-1]}")
    return SessionDetails(
        label=text,
        expected=expected,
        seats=_desks(seats),
        conditions=_pairs(conditions),
        stage=stage,
        help=help,
    )


def _desks(text: str) -> tuple[str, ...]:
    desks = tuple(name.strip() for name in text.split(",") if name.strip())
    if len(desks) > MAX_SEATS:
        raise MugError(f"--seats names {len(desks)} desks; a session may have {MAX_SEATS}")
    for desk in desks:
        if not is_valid_id(desk):
            raise MugError(
                f"--seats: {desk!r} is no name of a desk: use 1 to 64 letters, digits, -, _ and ., beginning with a "
                "letter or a digit, as PC-07"
            )
        if desks.count(desk) > 1:
            raise MugError(f"--seats names the desk {desk!r} twice: leave one out")
    return desks


def _pairs(texts: Sequence[str]) -> dict[str, str]:
    if len(texts) > MAX_CONDITIONS:
        raise MugError(f"{len(texts)} conditions are given; a session may have {MAX_CONDITIONS}")
    found: dict[str, str] = {}
    for text in texts:
        name, equals, value = (part.strip() for part in text.partition("="))
        if not equals or not value:
            raise MugError(f"--condition {text!r}: give a name and a value, as --condition lighting=dim")
        if not is_valid_id(name):
            raise MugError(
                f"--condition: {name!r} is no name: use 1 to 64 letters, digits, -, _ and ., beginning with a letter "
                "or a digit"
            )
        if name in found:
            raise MugError(f"--condition gives {name!r} twice: leave one out")
        if len(value) > MAX_VALUE_CHARS:
            raise MugError(f"--condition {name}: the value has {len(value)} characters; it may have {MAX_VALUE_CHARS}")
        found[name] = value
    return found
