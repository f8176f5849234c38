"""Notes and actions of the experimenter as marks on the axis of time."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from mug.protocol.lab_console import ActionView, NoteView

__all__ = ["Marker", "Markers"]


@dataclass(frozen=True)
class Marker:
    """One mark.

    Attributes:
        at_s: Unix seconds.
        kind: note or action: each has its own shape.
        text: What it says.
        participants: Whom it is about; empty: the whole session.
    """

    at_s: float
    kind: str
    text: str
    participants: frozenset[str] = frozenset()


class Markers:
    """All marks of the session, in order of time.

    Attributes:
        version: Rises when anything changed.
    """

    def __init__(self) -> None:
        self.version = 0
        self._by_id: dict[str, Marker] = {}

    def clear(self) -> None:
        """Forget everything, as on a new snapshot."""
        self._by_id.clear()
        self.version += 1

    def add(self, actions: Iterable[ActionView], notes: Iterable[NoteView]) -> None:
        """Take up actions and notes; one that is known is the same mark."""
        for action in actions:
            whom = frozenset(target.participant_id for target in action.targets if target.state != "skipped")
            said = action.text or action.reason
            words = action.action.replace("_", " ").capitalize() + (f": {said}" if said else "")
            self._keep(action.action_id, action.at, "action", words, whom)
        for note in notes:
            whom = frozenset((note.participant_id,)) if note.participant_id else frozenset()
            self._keep(note.note_id, note.at, "note", note.text, whom)

    def between(self, start_s: float, end_s: float, participants: Iterable[str] = ()) -> list[Marker]:
        """Return the marks of a stretch of time, of the session and of these participants (none: of all)."""
        whom = frozenset(participants)
        found = [
            mark
            for mark in self._by_id.values()
            if start_s <= mark.at_s <= end_s and (not whom or not mark.participants or mark.participants & whom)
        ]
        return sorted(found, key=lambda mark: mark.at_s)

    def _keep(self, key: str, at: str, kind: str, text: str, whom: frozenset[str]) -> None:
        try:
            at_s = datetime.fromisoformat(at).timestamp()
        except ValueError:
            return
        mark = Marker(at_s, kind, text, whom)
        if self._by_id.get(key) != mark:
            self._by_id[key] = mark
            self.version += 1
