"""Asks how a participant is withdrawn, says what will be lost, and asks for a reason and the id."""

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QCloseEvent, QShowEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QDialog,
    QHBoxLayout,
    QLineEdit,
    QProgressBar,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from gui.widgets.basics import Button, Notice, label
from gui.widgets.theme import Theme
from mug.records.quality_figures import PersonQuality

__all__ = ["WithdrawDialog"]

_HOW = {
    "removed": (
        "Remove the data",
        "Everything {who} did is deleted: answers, events, telemetry, games played alone, and all that says who it is. "
        "In games with others the others' data stay; {who}'s own actions, observations, rewards and infos are blank.",
    ),
    "anonymised": (
        "Anonymise the data",
        "The data stay under a new name. Parameters of the address, browser, recruiter's ids, codes, desk and notes "
        "are deleted. Free answers are not read for you: look through them.",
    ),
}


class WithdrawDialog(QDialog):
    """The last question before data are gone.

    Attributes:
        choices: The ways by their keys, "removed" and "anonymised".
        reason: Why, kept with the tombstone.
        typed: Where the id is typed once more.
        confirm: Does it.
        notice: Why it was not done.

    Signals:
        confirmed: How, and the reason.

    Runs on: GUI thread.
    """

    confirmed = Signal(str, str)

    def __init__(self, theme: Theme, person: PersonQuality, session: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._who = person.participant_id
        self._is_working = False
        self.setWindowTitle("Withdraw a participant")
        self.setMinimumWidth(560)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(28, 24, 28, 22)
        layout.setSpacing(8)
        layout.addWidget(label(f"Withdraw {self._who}?", "title"))
        about = (
            f"{_count(person.visits, 'scene')}, {_count(person.matches, 'match', 'matches')} of the session {session}. "
            "This cannot be undone."
        )
        layout.addWidget(label(about, "muted", wrap=True))
        layout.addSpacing(4)
        self._group = QButtonGroup(self)
        self.choices: dict[str, QRadioButton] = {}
        for key, (title, text) in _HOW.items():
            button = QRadioButton(title)
            button.setAccessibleDescription(text.format(who=self._who))
            self._group.addButton(button)
            self.choices[key] = button
            layout.addWidget(button)
            words = label(text.format(who=self._who), "muted", wrap=True)
            words.setContentsMargins(26, 0, 0, 4)
            layout.addWidget(words)
        self.choices["removed"].setChecked(True)
        if person.withdrawn == "anonymised":
            self.choices["anonymised"].setEnabled(False)
        layout.addSpacing(2)
        self.reason = self._line(layout, "Reason (kept with the records; no name)", "Reason for the withdrawal")
        self.reason.setPlaceholderText("Asked by mail on 1 March")
        self.typed = self._line(layout, f"Type {self._who} to go on", "The participant's id once more")
        self.notice = Notice(theme, icon="error", tone="error")
        layout.addWidget(self.notice)
        self._progress = QProgressBar()
        self._progress.setTextVisible(False)
        self._progress.setAccessibleName("Progress of the withdrawal")
        self._progress.hide()
        layout.addWidget(self._progress)
        row = QHBoxLayout()
        row.addStretch(1)
        self._cancel = Button(theme, "Cancel", on_click=self.reject)
        self._cancel.setAutoDefault(False)
        self.confirm = Button(theme, "Withdraw", "eye-off", role="danger", on_click=self._confirm)
        row.addWidget(self._cancel)
        row.addWidget(self.confirm)
        layout.addLayout(row)
        self.reason.textChanged.connect(self._check)
        self.typed.textChanged.connect(self._check)
        self._check()
        self.reason.setFocus(Qt.FocusReason.OtherFocusReason)
        self.resize(self.minimumWidth(), layout.totalHeightForWidth(self.minimumWidth()))

    def show_progress(self, fraction: float, text: str) -> None:
        """Show how far it is."""
        self._progress.setRange(0, 1000)
        self._progress.setValue(round(1000 * fraction))
        self._progress.setAccessibleDescription(text)

    def show_failure(self, sentence: str) -> None:
        """Say why it was not done, and let it be tried again."""
        self._work(False)
        self.notice.say(sentence, "error", "error")
        self._fit()

    def how(self) -> str:
        """Return the way that is chosen."""
        return next(key for key, button in self.choices.items() if button.isChecked())

    @override
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._fit()  # only now the fonts of the style are known

    def _fit(self) -> None:
        """Make room for every word: what cannot be undone must be read as a whole."""
        if (layout := self.layout()) is not None:
            layout.activate()
            self.setMinimumHeight(min(layout.totalHeightForWidth(self.width()), self.screen().availableSize().height()))

    @override
    def reject(self) -> None:
        if not self._is_working:
            super().reject()

    @override
    def closeEvent(self, event: QCloseEvent) -> None:
        if self._is_working:
            event.ignore()
        else:
            super().closeEvent(event)

    def _line(self, layout: QVBoxLayout, title: str, name: str) -> QLineEdit:
        layout.addWidget(label(title, "small"))
        line = QLineEdit()
        line.setAccessibleName(name)
        line.setMaxLength(500)
        layout.addWidget(line)
        return line

    @Slot()
    def _check(self) -> None:
        fits = self.typed.text().strip() == self._who and bool(self.reason.text().strip())
        self.confirm.setEnabled(fits and not self._is_working)

    @Slot()
    def _confirm(self) -> None:
        self.notice.say("")
        self._work(True)
        self.confirmed.emit(self.how(), self.reason.text().strip())

    def _work(self, is_working: bool) -> None:
        self._is_working = is_working
        self._progress.setRange(0, 0)
        self._progress.setVisible(is_working)
        for widget in (self.reason, self.typed, self._cancel, *self.choices.values()):
            widget.setEnabled(not is_working)
        self._check()


def _count(number: int, one: str, several: str = "") -> str:
    return f"{number:,} {one if number == 1 else several or one + 's'}"
