"""How a participation ended, and what a participant is warned of, in words."""

from mug.protocol.lab import ParticipantView

__all__ = ["OVER", "is_complete", "outcome_words", "warning_words"]

OVER = frozenset({"finished", "excluded", "turned_away"})
"""The states of those who do not go on."""

_OUTCOMES = {
    "complete": "Complete",
    "screened_out": "Turned away",
    "excluded": "Excluded",
    "no_partner": "No partner came",
    "partner_left": "Partner left",
    "technical": "Technical",
}
_REASONS = {
    "browser": "browser",
    "mobile": "phone or tablet",
    "desktop": "no phone or tablet",
    "webassembly": "no WebAssembly",
    "webgl": "no WebGL",
    "viewport": "window too small",
    "ping": "ping",
    "tab": "other tab",
    "focus": "focus",
    "callback": "rule of the study",
    "console": "by the experimenter",
}
_SAID_BY_THE_OUTCOME = frozenset({"complete", "no_partner", "partner_left"})


def outcome_words(view: ParticipantView) -> str:
    """Return how the participation ended and why, ``Turned away: browser``; empty while it goes on.

    Words of a newer server are shown as they are.
    """
    if not view.outcome:
        return ""
    outcome = _OUTCOMES.get(view.outcome, _spoken(view.outcome).capitalize())
    if not view.outcome_reason or view.outcome in _SAID_BY_THE_OUTCOME:
        return outcome
    return f"{outcome}: {_REASONS.get(view.outcome_reason, _spoken(view.outcome_reason))}"


def warning_words(view: ParticipantView) -> str:
    """Return what the participant is being warned of, ``warned: ping``; empty when of nothing."""
    return f"warned: {_REASONS.get(view.warning, _spoken(view.warning))}" if view.warning else ""


def is_complete(view: ParticipantView) -> bool:
    """Return whether the participant came to the end of the study."""
    return view.state == "finished" and view.outcome in {"", "complete"}


def _spoken(word: str) -> str:
    return word.replace("_", " ")
