"""Who needs the experimenter now, the most urgent first."""

from collections.abc import Iterable
from dataclasses import dataclass

from gui.models.moments import unix_seconds
from gui.models.outcomes import OVER
from mug.protocol.lab import MatchView, ParticipantView

__all__ = ["LOST_AFTER_S", "Need", "needs"]

LOST_AFTER_S = 15.0
"""A connection that is lost for longer is told; most come back before."""

_RANKS = ("hand", "wants_in", "lost", "desync", "error")


@dataclass(frozen=True)
class Need:
    """Something that somebody should look at.

    Attributes:
        kind: hand, wants_in, lost, desync or error.
        participant_id: Whose row it leads to.
        text: In words.
        icon, tone: How it is shown.
        since: ISO-8601 UTC, or empty.
    """

    kind: str
    participant_id: str
    text: str
    icon: str
    tone: str
    since: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """What makes it the same need when it is told again."""
        return self.kind, self.participant_id


def needs(participants: Iterable[ParticipantView], matches: Iterable[MatchView], now_s: float) -> list[Need]:
    """Return what needs the experimenter, raised hands first.

    Args:
        participants: All rows.
        matches: All matches; one that has ended asks for nothing.
        now_s: Unix time.
    """
    found: list[Need] = []
    for view in participants:
        found += _of_participant(view, now_s)
    for match in matches:
        if match.desyncs and match.state in {"connecting", "playing", "paused"} and match.players:
            names = ", ".join(player.participant_id for player in match.players)
            first = match.players[0].participant_id
            found.append(Need("desync", first, f"{names}: their games differ", "compare", "error", match.formed_at))
    return sorted(found, key=lambda need: (_RANKS.index(need.kind), need.since, need.participant_id))


def _of_participant(view: ParticipantView, now_s: float) -> list[Need]:
    name = view.participant_id
    found = []
    if view.hand is not None:
        words = f"{name}: “{view.hand}”" if view.hand else f"{name} raises a hand"
        found.append(Need("hand", name, words, "hand", "accent", view.hand_since))
    if view.wants_in:
        found.append(Need("wants_in", name, f"{name} asks to come in from another browser", "door", "warning"))
    if view.state in OVER:
        return found
    since_s = unix_seconds(view.since)
    if view.state == "lost" and since_s is not None and now_s - since_s >= LOST_AFTER_S:
        seconds = int(now_s - since_s)
        ago = f"{seconds} s" if seconds < 120 else f"{seconds // 60} min"
        found.append(Need("lost", name, f"{name}: connection lost for {ago}", "lost", "error", view.since))
    if view.errors:
        words = "1 error" if view.errors == 1 else f"{view.errors} errors"
        found.append(Need("error", name, f"{name}: {words}", "error", "error"))
    return found
