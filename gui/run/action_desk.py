"""Opens the dialogs for what the experimenter does to participants, and remembers what was typed."""

from collections.abc import Sequence

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QDialog, QWidget

from gui.models.action_words import ACTION_KINDS, ActionKind
from gui.models.outcomes import OVER
from gui.models.participants import ParticipantsModel, is_here
from gui.run.action_dialog import ActionDialog
from gui.run.hand_dialog import HandDialog, NoteDialog
from gui.widgets.theme import Theme
from mug.protocol.lab_console import Act

__all__ = ["ActionDesk"]

_REMEMBERED = 8


class ActionDesk(QObject):
    """From a button to a request.

    Attributes:
        dialog: The dialog that is open.

    Signals:
        act_asked: The `Act` and the ids it is for (a list of str).
        preview_asked: The `Act` with `preview`, and the dialog that wants the answer.
        hand_answered: The `AnswerHand`.
        note_added: The `AddNote`.
        said: A short message and its icon.

    Runs on: GUI thread.
    """

    act_asked = Signal(object, list)
    preview_asked = Signal(object, object)
    hand_answered = Signal(object)
    note_added = Signal(object)
    said = Signal(str, str)

    def __init__(self, theme: Theme, people: ParticipantsModel, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme, self._people, self._parent = theme, people, parent
        self._reasons: list[str] = []
        self._texts: list[str] = []
        self.dialog: QDialog | None = None

    def unfinished(self) -> list[str]:
        """Return who can still be acted on."""
        return [view.participant_id for view in self._people.rows() if view.state not in OVER]

    def ask(self, key: str, selected: Sequence[str]) -> None:
        """Begin an action for the selected participants; with none selected, for all who have not finished."""
        kind = ACTION_KINDS[key]
        everyone = not selected
        names = self.unfinished() if everyone else list(selected)
        if not names:
            self.said.emit("There is nobody to whom this could be done", "info")
        elif key == "repair" and len(names) < 2:
            self.said.emit("Select the participants who shall play together, two at least", "info")
        else:
            self._open(kind, names, everyone=everyone)

    def _open(self, kind: ActionKind, names: list[str], *, everyone: bool, text: str = "") -> None:
        dialog = ActionDialog(
            self._theme,
            kind,
            names,
            self._parent.window(),
            everyone=everyone and kind.key != "repair",
            reasons=self._reasons,
            texts=self._texts,
        )
        if text and dialog.text is not None:
            dialog.text.setPlainText(text)

        def confirmed(act: Act) -> None:
            _remember(self._reasons, act.reason)
            if act.action == "message":
                _remember(self._texts, act.text)
            self.act_asked.emit(act, names)

        dialog.confirmed.connect(confirmed)
        dialog.preview_asked.connect(lambda act: self.preview_asked.emit(act, dialog))
        self._show(dialog)
        dialog.ask_preview()

    def answer_hand(self, participant_id: str) -> None:
        """Open the reply to a raised hand."""
        view = self._people.view_of(participant_id)
        if view is None or view.hand is None:
            self.said.emit("This hand is not raised any more", "info")
            return
        dialog = HandDialog(self._theme, participant_id, view.hand, view.hand_since, view.seat, self._parent.window())
        dialog.answered.connect(self.hand_answered)
        dialog.message_asked.connect(lambda act: self.act_asked.emit(act, [participant_id]))
        self._show(dialog)
        self.show_hands()

    def show_hands(self) -> None:
        """Let the reply that is being typed show how the hand is now."""
        dialog = self.dialog
        if isinstance(dialog, HandDialog) and (view := self._people.view_of(dialog.participant_id)) is not None:
            dialog.show_hand(view.hand, view.hand_since, is_there=is_here(view))

    def keep_words(self, participant_id: str, words: str) -> None:
        """Take back words that were not delivered: as a message, if nothing else is being typed."""
        _remember(self._texts, words)
        if self.dialog is None:
            self._open(ACTION_KINDS["message"], [participant_id], everyone=False, text=words)

    def ask_note(self, selected: Sequence[str]) -> None:
        """Open a note, on the first of the selected participants or on the session."""
        dialog = NoteDialog(self._theme, list(selected[:1]), self._parent.window())
        dialog.added.connect(self.note_added)
        self._show(dialog)

    def _show(self, dialog: QDialog) -> None:
        if self.dialog is not None:
            self.dialog.reject()
        self.dialog = dialog
        dialog.finished.connect(lambda _result: self._forget(dialog))
        dialog.open()

    def _forget(self, dialog: QDialog) -> None:
        if self.dialog is dialog:
            self.dialog = None
        dialog.deleteLater()


def _remember(past: list[str], words: str) -> None:
    if words:
        past[:] = [words, *(other for other in past if other != words)][:_REMEMBERED]
