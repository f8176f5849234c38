"""How a participant's state, focus, place and doing are said: the words, icons and colours of the table."""

from dataclasses import dataclass

from gui.models.outcomes import OVER, outcome_words, warning_words
from mug.protocol.lab import ParticipantView

__all__ = [
    "StateLook",
    "doing_words",
    "focus_look",
    "hand_words",
    "is_here",
    "look_of",
    "needs_attention",
    "number_words",
    "ping_words",
    "scene_words",
]


@dataclass(frozen=True)
class StateLook:
    """A state as word, icon and colour role; `rank` sorts what needs help to the top."""

    word: str
    icon: str
    role: str
    rank: int


_STATES = {
    "lost": StateLook("Connection lost", "lost", "error", 0),
    "turned_away": StateLook("Turned away", "block", "warning", 1),
    "background": StateLook("In background", "eye-off", "warning", 2),
    "connected": StateLook("Connected", "connected", "good", 3),
    "screening": StateLook("Being checked", "search", "accent", 3),
    "left": StateLook("Left", "door", "muted", 4),
    "finished": StateLook("Finished", "check-circle", "muted", 5),
    "excluded": StateLook("Excluded", "block", "muted", 6),
}

_ENDS = {
    "screened_out": StateLook("Turned away", "block", "muted", 6),
    "no_partner": StateLook("No partner", "user", "muted", 5),
    "partner_left": StateLook("Partner left", "lost", "muted", 5),
    "technical": StateLook("Technical", "error", "warning", 5),
}
"""Ends that are not those of their states."""

_FOCUS_GONE = StateLook("–", "", "muted", 3)
_FOCUSED = StateLook("Focused", "eye", "good", 2)
_UNFOCUSED = StateLook("Unfocused", "blur", "warning", 1)
_HIDDEN = StateLook("Hidden", "eye-off", "error", 0)

_PHASES = {
    "connecting": "Connecting",
    "loading": "Loading",
    "page": "Reading",
    "waiting": "Waiting",
    "matching": "Being matched",
    "countdown": "Countdown",
    "playing": "Playing",
    "ended": "Ended",
    "excluded": "Excluded",
    "error": "Error",
}


def look_of(view: ParticipantView) -> StateLook:
    """Return how a participant's state is shown; a state of a newer server keeps its own name."""
    if view.state in OVER and view.outcome in _ENDS:
        return _ENDS[view.outcome]
    return _STATES.get(view.state, StateLook(view.state.replace("_", " ").capitalize(), "info", "muted", 4))


def focus_look(view: ParticipantView) -> StateLook:
    """Return how the page's visibility and focus are shown."""
    if not is_here(view):
        return _FOCUS_GONE
    if not view.visible:
        return _HIDDEN
    return _FOCUSED if view.focused else _UNFOCUSED


def scene_words(view: ParticipantView) -> str:
    """Return the scene and its place in this participant's order."""
    if view.scene_id is None:
        return "–"
    return f"{view.scene_index + 1} of {view.scene_total} · {view.scene_id}" if view.scene_total else view.scene_id


def is_here(view: ParticipantView) -> bool:
    """Return whether the participant's page is connected."""
    return view.state in {"connected", "background", "screening"}


def doing_words(view: ParticipantView) -> str:
    """Return what the page does, or how the participation ended."""
    if view.state in OVER:
        return outcome_words(view) or "–"
    doing = f"Paused · {_doing(view)}" if view.paused else _doing(view)
    return f"{doing} · {warned}" if (warned := warning_words(view)) else doing


def _doing(view: ParticipantView) -> str:
    phase = _PHASES.get(view.phase, view.phase.capitalize()) or "–"
    if view.phase == "playing" and view.episode is not None:
        phase = f"{phase} · episode {view.episode + 1}"
    return f"{phase} · {view.phase_detail}" if view.phase_detail else phase


def ping_words(view: ParticipantView) -> str:
    """Return the round trip, and how many of the last measurements were lost."""
    if not is_here(view):
        return "–"
    ping = number_words(view.rtt_ms, " ms")
    return f"{ping} · {view.lost_probes} lost" if view.lost_probes else ping


def number_words(value: float | None, unit: str = "", digits: int = 0) -> str:
    """Return a number with its unit; a dash where there is none."""
    return "–" if value is None else f"{value:,.{digits}f}{unit}"


def hand_words(view: ParticipantView) -> str:
    """Return what the participant asks for; a raised hand without words says so."""
    if view.hand is None:
        return ""
    return view.hand or "Hand raised"


def needs_attention(view: ParticipantView) -> bool:
    """Return whether somebody should look: a hand, a browser that asks to come in, a lost page, errors, a warning."""
    if view.hand is not None or view.wants_in:
        return True
    return view.state not in OVER and (view.state == "lost" or view.errors > 0 or bool(view.warning))
