"""The stages of a session in words: where it stands, what comes next, and what is missing before it starts."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gui.models.outcomes import OVER
from gui.models.participants import is_here
from mug.protocol.lab import ParticipantView, SessionView

__all__ = [
    "STAGE_SENTENCES",
    "STAGE_TITLES",
    "Attendance",
    "Step",
    "attendance",
    "missing_words",
    "next_step",
    "other_steps",
    "stage_of",
]

STAGE_TITLES = {
    "prepared": "Prepared",
    "doors_open": "Doors open",
    "running": "Running",
    "paused": "Paused",
    "ended": "Ended",
}
STAGE_SENTENCES = {
    "prepared": "The doors are closed: nobody comes in yet.",
    "doors_open": "The doors are open: who comes in waits for the start.",
    "running": "Who comes in begins at once.",
    "paused": "Everybody is paused, and nobody's time runs.",
    "ended": "The session has ended. Nobody can join it any more; its data can be exported.",
}


@dataclass(frozen=True)
class Step:
    """A way from one stage to another.

    Attributes:
        stage: Where it leads.
        title: What its button says.
        icon: Its picture.
        tip: What it does, in a sentence.
        done: What is said when it was done.
    """

    stage: str
    title: str
    icon: str
    tip: str
    done: str


_OPEN = Step(
    "doors_open",
    "Open doors",
    "door",
    "Let participants in: they see that the session begins soon, and wait",
    "The doors are open",
)
_CLOSE = Step(
    "prepared", "Close doors", "lock", "Let nobody new in until the doors are opened again", "The doors are closed"
)
_START = Step("running", "Start", "play", "Let everybody who is here begin", "The session runs")
_PAUSE = Step("paused", "Pause all", "pause", "Stop every page; games stay connected", "Everybody is paused")
_RESUME = Step("running", "Resume", "play", "Let everybody go on", "The session goes on")

_NEXT = {"prepared": _OPEN, "doors_open": _START, "running": _PAUSE, "paused": _RESUME}
_OTHERS = {"prepared": (_START,), "doors_open": (_CLOSE,)}


@dataclass(frozen=True)
class Attendance:
    """Who is here of those who are expected.

    Attributes:
        here: How many are present or have finished.
        expected: How many are expected; None: not said.
        missing_seats: The desks of the session at which nobody is.
    """

    here: int
    expected: int | None
    missing_seats: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.here} of {self.expected} here" if self.expected is not None else f"{self.here} here"


def stage_of(session: SessionView) -> str:
    """Return the stage; a session that has ended is at its last one."""
    return "ended" if session.state == "ended" else session.stage


def next_step(stage: str) -> Step | None:
    """Return the step that comes next in a session; None after its end."""
    return _NEXT.get(stage)


def other_steps(stage: str) -> tuple[Step, ...]:
    """Return the other steps that are possible at a stage."""
    return _OTHERS.get(stage, ())


def attendance(session: SessionView, views: Iterable[ParticipantView]) -> Attendance:
    """Return who is here."""
    rows = tuple(views)
    counted = [view for view in rows if is_here(view) or view.state in OVER - {"turned_away"}]
    taken = {view.seat for view in counted if view.seat}
    return Attendance(len(counted), session.expected, tuple(desk for desk in session.seats if desk not in taken))


def missing_words(found: Attendance) -> str:
    """Return what is missing before the start, in sentences; empty when nothing is."""
    words = []
    if found.expected is not None and found.here < found.expected:
        words.append(f"{found.here} of {found.expected} participants are here.")
    if found.missing_seats:
        words.append(f"Nobody is at {_and(found.missing_seats)}.")
    return " ".join(words)


def _and(names: Sequence[str], most: int = 12) -> str:
    if len(names) > most:
        return f"{', '.join(names[:most])} and {len(names) - most} more desks"
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
