"""The questions of the Run page: who can open the address; whether to end the session."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from gui.widgets.basics import Button, Icon, label
from gui.widgets.theme import Theme

__all__ = ["EndSessionDialog", "ReachDialog"]


class ReachDialog(QDialog):
    """Asks once who can open the address.

    Signals:
        answered: "machine" or "network".

    Runs on: GUI thread.
    """

    answered = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Who can open the study?")
        self.setMinimumWidth(520)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(28, 26, 28, 22)
        layout.setSpacing(14)
        layout.addWidget(label("Who can open the study?", "title"))
        layout.addWidget(
            label(
                "This is asked once. You can change it in the settings; it holds from the next start on.",
                "muted",
                wrap=True,
            )
        )
        self.machine = self._choice(
            theme,
            layout,
            "monitor",
            "This machine",
            "Only browsers on this computer. Right for trying a study out.",
            "machine",
        )
        self.network = self._choice(
            theme,
            layout,
            "network",
            "The lab network",
            "Every computer that can reach this one. The address and a QR code are shown.",
            "network",
        )
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(Button(theme, "Cancel", on_click=self.reject))
        layout.addLayout(row)

    def _choice(self, theme: Theme, layout: QVBoxLayout, icon: str, title: str, text: str, key: str) -> Button:
        row = QHBoxLayout()
        row.setSpacing(14)
        row.addWidget(Icon(theme, icon, "accent", 30))
        texts = QVBoxLayout()
        texts.setSpacing(2)
        texts.addWidget(label(title, "heading"))
        texts.addWidget(label(text, "muted", wrap=True))
        row.addLayout(texts, 1)
        button = Button(theme, "Choose", role="primary" if key == "machine" else "plain", name=f"Choose: {title}")
        button.clicked.connect(lambda _checked=False: self._answer(key))
        row.addWidget(button)
        layout.addLayout(row)
        return button

    def _answer(self, key: str) -> None:
        self.accept()
        self.answered.emit(key)


class EndSessionDialog(QDialog):
    """Says what is lost, and asks for the reason that is recorded.

    Signals:
        confirmed: The reason.

    Runs on: GUI thread.
    """

    confirmed = Signal(str)

    def __init__(self, theme: Theme, unfinished: int, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("End the session?")
        self.setMinimumWidth(540)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(28, 26, 28, 22)
        layout.setSpacing(12)
        layout.addWidget(label("End the session?", "title"))
        if unfinished:
            people = "1 participant has" if unfinished == 1 else f"{unfinished} participants have"
            what = (
                f"{people} not finished. They see that the session is over, and cannot go on later. "
                "What they did so far is saved and stays in the export."
            )
        else:
            what = "Nobody is unfinished: nothing is lost. Nobody can join this session any more."
        layout.addWidget(label(what, wrap=True))
        layout.addWidget(
            label("To pause, press Stop instead: a stopped session can be started again.", "muted", wrap=True)
        )
        layout.addSpacing(4)
        layout.addWidget(label("Reason (recorded with the data)", "small"))
        self.reason = QLineEdit()
        self.reason.setAccessibleName("Reason for ending the session")
        self.reason.setPlaceholderText("All participants done")
        self.reason.setMaxLength(500)
        layout.addWidget(self.reason)
        row = QHBoxLayout()
        row.addStretch(1)
        cancel = Button(theme, "Cancel", on_click=self.reject)
        cancel.setAutoDefault(False)
        row.addWidget(cancel)
        self.confirm = Button(theme, "End session", "end", role="danger", on_click=self._confirm)
        self.confirm.setEnabled(False)
        row.addWidget(self.confirm)
        layout.addLayout(row)
        self.reason.textChanged.connect(lambda text: self.confirm.setEnabled(bool(text.strip())))
        self.reason.setFocus()

    def _confirm(self) -> None:
        self.accept()
        self.confirmed.emit(self.reason.text().strip())
