"""The answer to a raised hand, and a note: a few words of the experimenter."""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QComboBox, QDialog, QGridLayout, QPlainTextEdit, QPushButton, QWidget
from typing_extensions import override

from gui.models.moments import clock_time
from gui.run.dialog_frame import add_answers, fit, frame
from gui.runtime.console_requests import new_request_id
from gui.widgets.basics import Button, Notice, label
from gui.widgets.theme import Theme
from gui.widgets.tips import breakable
from mug.protocol.lab_console import Act, AddNote, AnswerHand

__all__ = ["HandDialog", "NoteDialog", "WordsBox"]

QUICK_REPLIES = (
    "I am coming to you.",
    "Everything is all right. Please go on.",
    "Please wait a moment.",
    "Please read the instructions again.",
)


class WordsBox(QPlainTextEdit):
    """A few lines; Ctrl+Return is as good as the button.

    Signals:
        sent: Ctrl+Return was pressed.

    Runs on: GUI thread.
    """

    sent = Signal()

    def __init__(self, name: str, height_px: int = 84) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setPlaceholderText(name)
        self.setTabChangesFocus(True)
        self.setFixedHeight(height_px)
        self.installEventFilter(self)

    def words(self) -> str:
        """Return what was typed."""
        return self.toPlainText().strip()

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            is_enter = event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}
            if is_enter and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
                self.sent.emit()
                return True
        return super().eventFilter(watched, event)


class HandDialog(QDialog):
    """What a participant asks, and a reply; both ways the hand is lowered.

    Attributes:
        asked: What the participant asks, or that the hand is lowered.
        about: Since when; whether the participant is there.
        text: The reply.
        replies: Replies to take with one press.
        confirm, only_lower: Sends the reply; only lowers the hand.

    Signals:
        answered: The `AnswerHand`.
        message_asked: The `Act` of a message, where the hand is lowered already.

    Runs on: GUI thread.
    """

    answered = Signal(object)
    message_asked = Signal(object)

    def __init__(
        self, theme: Theme, participant_id: str, question: str, since: str, seat: str, parent: QWidget
    ) -> None:
        super().__init__(parent)
        self._participant_id = participant_id
        where = f" at {seat}" if seat else ""
        layout = frame(self, "Raised hand", width=540, spacing=10, heading=f"{participant_id}{where} raises a hand")
        self.asked = Notice(theme, icon="hand", tone="accent")
        layout.addWidget(self.asked)
        self.about = label("", "small", wrap=True)
        layout.addWidget(self.about)
        self._is_raised = True
        grid = QGridLayout()
        grid.setSpacing(6)
        self.replies: list[QPushButton] = []
        for place, words in enumerate(QUICK_REPLIES):
            button = Button(theme, words, role="chip", name=f"Reply: {words}")
            button.setAutoDefault(False)
            button.clicked.connect(lambda _checked=False, words=words: self._take(words))
            grid.addWidget(button, place // 2, place % 2)
            self.replies.append(button)
        layout.addLayout(grid)
        self.text = WordsBox("Your reply")
        self.text.textChanged.connect(self._on_typed)
        self.text.sent.connect(self._reply)
        layout.addWidget(self.text)
        self.only_lower = Button(theme, "Only lower the hand", on_click=self._lower)
        self.only_lower.setAutoDefault(False)
        self.confirm = Button(theme, "Reply", "message", role="primary", on_click=self._reply)
        self.confirm.setDefault(True)
        add_answers(theme, self, layout, self.only_lower, self.confirm)
        self._layout = layout
        self.show_hand(question, since, is_there=True)
        self._on_typed()
        self.text.setFocus(Qt.FocusReason.OtherFocusReason)

    @property
    def participant_id(self) -> str:
        """Whose hand it is."""
        return self._participant_id

    def show_hand(self, question: str | None, since: str, *, is_there: bool) -> None:
        """Take how the hand is now: what is typed stays.

        Args:
            question: What is asked; None: the hand is lowered.
            since: When it was raised.
            is_there: Whether the participant's page is connected.
        """
        name = self._participant_id
        is_raised = question is not None
        if is_raised:
            self.asked.say(breakable(question or "No words were given."), "hand", "accent")
        else:
            self.asked.say(f"{name} has lowered the hand meanwhile.", "info", "warning")
        words = [f"Since {clock_time(since)}"] if is_raised and since else []
        if not is_there:
            words.append(f"{name} is not connected now: it is shown when the page is back.")
        self.about.setText(". ".join(words))
        self.about.setVisible(bool(words))
        if is_raised is not self._is_raised:
            self._is_raised = is_raised
            self.only_lower.setEnabled(is_raised)
            self.confirm.show_as("Reply" if is_raised else "Send as a message", "message", "primary")
        fit(self, self._layout)

    def _take(self, words: str) -> None:
        self.text.setPlainText(words)
        self.confirm.setFocus()

    @Slot()
    def _on_typed(self) -> None:
        self.confirm.setEnabled(bool(self.text.words()))

    @Slot()
    def _reply(self) -> None:
        if self.text.words():
            self._answer(self.text.words())

    def _lower(self) -> None:
        self._answer("")

    def _answer(self, text: str) -> None:
        self.accept()
        name = self._participant_id
        if self._is_raised:
            self.answered.emit(AnswerHand(request_id=new_request_id(), participant_id=name, text=text))
        else:
            act = Act(request_id=new_request_id(), action="message", participants=(name,), text=text)
            self.message_asked.emit(act)


class NoteDialog(QDialog):
    """A note on the session, or on one participant.

    Attributes:
        about: What the note is on.
        text: The note.
        confirm: Keeps it.

    Signals:
        added: The `AddNote`.

    Runs on: GUI thread.
    """

    added = Signal(object)

    def __init__(self, theme: Theme, participants: Sequence[str], parent: QWidget) -> None:
        super().__init__(parent)
        layout = frame(self, "Note", width=500, spacing=10)
        self.about = QComboBox()
        self.about.setAccessibleName("What the note is on")
        for name in participants:
            self.about.addItem(f"On {name}", name)
        self.about.addItem("On the session", None)
        layout.addWidget(self.about)
        self.text = WordsBox("Note")
        self.text.textChanged.connect(self._on_typed)
        self.text.sent.connect(self._keep)
        layout.addWidget(self.text)
        layout.addWidget(label("It is kept with the time, stands in the plots, and is exported.", "muted", wrap=True))
        self.confirm = Button(theme, "Keep note", "note", role="primary", on_click=self._keep)
        self.confirm.setDefault(True)
        add_answers(theme, self, layout, self.confirm)
        fit(self, layout)
        self._on_typed()
        self.text.setFocus(Qt.FocusReason.OtherFocusReason)

    @Slot()
    def _on_typed(self) -> None:
        self.confirm.setEnabled(bool(self.text.words()))

    @Slot()
    def _keep(self) -> None:
        if self.text.words():
            self.accept()
            about = self.about.currentData()
            self.added.emit(
                AddNote(
                    request_id=new_request_id(),
                    text=self.text.words(),
                    participant_id=about if isinstance(about, str) else None,
                )
            )
