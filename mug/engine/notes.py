"""The experimenter's notes, on the session or on one participant."""

from typing import Final

from mug.engine.actions import USED_ID
from mug.engine.live import Core
from mug.engine.state import SessionState
from mug.ids import ParticipantId
from mug.protocol.lab_console import AddNote, NoteView
from mug.records import facts as f

__all__ = ["Notes", "last_notes"]

MAX_CHARS: Final = 4_000
MAX_ID_CHARS: Final = 128
SHOWN: Final = 2_000
"""So many notes a console that connects is shown."""


def last_notes(state: SessionState) -> tuple[NoteView, ...]:
    """The last notes, oldest first."""
    return tuple(_view(note) for note in [*state.notes.values()][-SHOWN:])


class Notes:
    """Keeps notes."""

    def __init__(self, core: Core) -> None:
        self._core = core

    def add(self, request: AddNote) -> str:
        """Keep a note, once for each request; returns what is wrong with it, in words."""
        core, who = self._core, request.participant_id
        text = request.text.strip()
        known = core.state.notes.get(request.request_id)
        if known is not None:
            return "" if (known.text, known.participant_id) == (text, who) else USED_ID
        if not 0 < len(request.request_id) <= MAX_ID_CHARS:
            return f"a note needs a request_id of at most {MAX_ID_CHARS} characters"
        if not text:
            return "the note is empty: write something"
        if len(text) > MAX_CHARS:
            return f"the note has {len(text)} characters; it may have {MAX_CHARS}"
        if who is not None and ParticipantId(who) not in core.state.participants:
            return f"there is no participant {who[:80]!r} in this session"
        note = f.NoteAdded(at=core.now(), note_id=request.request_id, text=text, participant_id=who)
        core.record(note)
        core.new_notes.append(_view(note))
        core.say("info", f"note: {text}", None if who is None else ParticipantId(who))
        return ""


def _view(note: f.NoteAdded) -> NoteView:
    return NoteView(note_id=note.note_id, at=note.at, text=note.text, participant_id=note.participant_id)
