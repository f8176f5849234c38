"""What the experimenter can do to participants, in words: titles, what each needs, what participants read."""

from collections.abc import Sequence
from dataclasses import dataclass

from mug.protocol.lab_console import ActionView

__all__ = [
    "ACTION_KINDS",
    "OUTCOME_CHOICES",
    "PAY_CHOICES",
    "ActionKind",
    "action_title",
    "progress_words",
    "state_words",
    "who_words",
]


@dataclass(frozen=True)
class ActionKind:
    """One action.

    Attributes:
        key: Its name in the protocol.
        title: What its button says, without dots.
        past: What stands in the list of actions.
        icon: Its picture.
        sentence: What it does.
        needs_reason: Whether it is asked why.
        has_text: Whether participants read something.
        text: What they read, as it is proposed.
        confirm: What the dialog's button says.
    """

    key: str
    title: str
    past: str
    icon: str
    sentence: str
    needs_reason: bool = False
    has_text: bool = False
    text: str = ""
    confirm: str = ""


ACTION_KINDS = {
    kind.key: kind
    for kind in (
        ActionKind(
            "message",
            "Message",
            "Message",
            "message",
            "Your words appear above the page, until they are put away.",
            has_text=True,
            confirm="Send",
        ),
        ActionKind(
            "pause",
            "Pause",
            "Paused",
            "pause",
            "The page takes no input, and its game makes no frame; it stays connected.",
            has_text=True,
            text="The experimenter has paused the study. Please wait a moment.",
        ),
        ActionKind("resume", "Resume", "Resumed", "play", "The page goes on."),
        ActionKind(
            "advance",
            "Advance",
            "Advanced",
            "advance",
            "The present scene is finished, and the next one begins. What is not answered there stays unanswered.",
            needs_reason=True,
            confirm="Advance",
        ),
        ActionKind(
            "to_waitroom",
            "Back to waitroom",
            "Back to the waitroom",
            "to-waitroom",
            "The game ends for everybody who plays in it, and the participants wait for partners again.",
            needs_reason=True,
            confirm="Send back",
        ),
        ActionKind(
            "repair",
            "Re-pair",
            "Paired anew",
            "users",
            "They play together, in the order shown. Whoever is in a game with them now waits again.",
            needs_reason=True,
            confirm="Pair them",
        ),
        ActionKind(
            "exclude",
            "Exclude",
            "Excluded",
            "block",
            "The participation ends here and cannot be taken up again. What was done so far stays in the data.",
            needs_reason=True,
            has_text=True,
            text="The experimenter has ended your participation. Please stay seated; somebody will come to you.",
            confirm="Exclude",
        ),
        ActionKind(
            "end",
            "End",
            "Ended",
            "finish",
            "The participation ends now, as if the study were over. It cannot be taken up again.",
            needs_reason=True,
            has_text=True,
            text="The study is over for you. Thank you for taking part!",
            confirm="End participation",
        ),
    )
}

OUTCOME_CHOICES = {
    "exclude": (
        ("excluded", "Excluded", "Broke the rules, or could not go on"),
        ("technical", "Technical", "Something did not work; not the participant's fault"),
        ("screened_out", "Screened out", "Should not have taken part"),
    ),
    "end": (
        ("complete", "Complete", "Counts as finished"),
        ("technical", "Technical", "Something did not work"),
    ),
}
"""Outcome, its word and what it means; the first is proposed."""

PAY_CHOICES = (("", "Not said"), ("full", "Full pay"), ("partial", "Partial pay"), ("none", "No pay"))
"""Pay rule and its word. It goes to the key file only."""

_STATES = {
    "sent": ("Sent, not seen yet", "clock", "muted"),
    "shown": ("Shown", "check", "good"),
    "read": ("Read", "check-circle", "good"),
    "skipped": ("Left out", "block", "warning"),
    "sending": ("Being sent", "clock", "muted"),
    "pending": ("Not delivered yet", "lost", "warning"),
    "failed": ("Not done", "error", "error"),
}


def state_words(state: str) -> tuple[str, str, str]:
    """Return how far an action is for one participant: the word, its icon and its colour role."""
    return _STATES.get(state, (state.replace("_", " ").capitalize(), "info", "muted"))


def action_title(action: str) -> str:
    """Return what stands in the list for an action; one of a newer server keeps its own name."""
    kind = ACTION_KINDS.get(action)
    return kind.past if kind is not None else action.replace("_", " ").capitalize()


def who_words(names: Sequence[str], most: int = 3) -> str:
    """Return who it is about: ``anna, bert``, ``anna, bert and 4 more``."""
    if len(names) <= most:
        return ", ".join(names)
    return f"{', '.join(names[: most - 1])} and {len(names) - most + 1} more"


def progress_words(view: ActionView) -> str:
    """Return how far an action is: ``shown on 2 of 3``, ``read by all 3``."""
    states = [target.state for target in view.targets]
    skipped = states.count("skipped")
    wanted = len(states) - skipped
    words = []
    if wanted:
        read = states.count("read")
        seen = read + states.count("shown")
        if seen and wanted == 1:
            words.append("read" if read else "shown")
        elif read and read == seen:
            words.append(f"read by {_of(read, wanted)}")
        elif seen:
            words.append(f"shown on {_of(seen, wanted)}" + (f", read by {read}" if read else ""))
        else:
            words.append("sent, not seen yet" if wanted == 1 else f"sent to {wanted}, not seen yet")
    if skipped:
        words.append("not done" if skipped == len(states) == 1 else f"{skipped} not done")
    return ", ".join(words) or "–"


def _of(part: int, whole: int) -> str:
    if part == whole:
        return f"all {whole}"
    return f"{part} of {whole}"
