"""The short questions of the Run page: who can open the address, whether to end, to start with people missing."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from gui.run.dialog_frame import add_answers, fit, frame
from gui.widgets.basics import Button, Icon, label
from gui.widgets.theme import Theme

__all__ = ["EndSessionDialog", "ReachDialog", "ReleaseModeDialog", "StartAnywayDialog"]


class ReachDialog(QDialog):
    """Asks once who can open the address.

    Signals:
        answered: "machine" or "network".

    Runs on: GUI thread.
    """

    answered = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        layout = frame(self, "Who can open the study?", width=520, spacing=14)
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
        layout = frame(self, "End the session?", width=540, spacing=12)
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
            label("To go on later, press Stop instead: a stopped session can be started again.", "muted", wrap=True)
        )
        layout.addSpacing(4)
        layout.addWidget(label("Reason (recorded with the data)", "small"))
        self.reason = QLineEdit()
        self.reason.setAccessibleName("Reason for ending the session")
        self.reason.setPlaceholderText("All participants done")
        self.reason.setMaxLength(500)
        layout.addWidget(self.reason)
        self.confirm = Button(theme, "End session", "end", role="danger", on_click=self._confirm)
        self.confirm.setEnabled(False)
        add_answers(theme, self, layout, self.confirm)
        self.reason.textChanged.connect(lambda text: self.confirm.setEnabled(bool(text.strip())))
        self.reason.setFocus()

    def _confirm(self) -> None:
        self.accept()
        self.confirmed.emit(self.reason.text().strip())


class ReleaseModeDialog(QDialog):
    """Says what the other way of letting groups go does, and takes a reason for it.

    Signals:
        confirmed: The mode, automatic or experimenter, and the reason; it may be empty.

    Runs on: GUI thread.
    """

    confirmed = Signal(str, str)

    def __init__(self, theme: Theme, mode: str, ready: int, parent: QWidget) -> None:
        super().__init__(parent)
        self._mode = mode
        if mode == "automatic":
            title = "Let groups go by themselves?"
            held = "The group that is ready goes" if ready == 1 else f"The {ready} groups that are ready go"
            now = f"{held} at once. " if ready else ""
            what = f"{now}From now on every group plays as soon as it is complete."
        else:
            title = "Let the groups go yourself?"
            what = (
                "From now on complete groups wait until you let them go. Participants see that they are waiting. "
                "Matches that have begun go on."
            )
        layout = frame(self, title, width=500, spacing=12)
        layout.addWidget(label(what, wrap=True))
        layout.addSpacing(4)
        layout.addWidget(label("Reason, if there is one (recorded with the data)", "small"))
        self.reason = QLineEdit()
        self.reason.setAccessibleName("Reason for the change")
        self.reason.setMaxLength(500)
        layout.addWidget(self.reason)
        words = "Let them go by themselves" if mode == "automatic" else "Let me release them"
        self.confirm = Button(theme, words, role="primary", on_click=self._confirm)
        self.confirm.setDefault(True)
        add_answers(theme, self, layout, self.confirm)
        fit(self, layout)
        self.reason.setFocus()

    def _confirm(self) -> None:
        self.accept()
        self.confirmed.emit(self._mode, self.reason.text().strip())


class StartAnywayDialog(QDialog):
    """Says who is missing before everybody begins.

    Attributes:
        confirm: Starts all the same.

    Signals:
        confirmed: Start all the same.

    Runs on: GUI thread.
    """

    confirmed = Signal()

    def __init__(self, theme: Theme, missing: str, parent: QWidget) -> None:
        super().__init__(parent)
        layout = frame(self, "Start without them?", width=500, spacing=12)
        layout.addWidget(label(missing, wrap=True))
        layout.addWidget(
            label("Who comes later can still join, and begins at once. The start is recorded.", "muted", wrap=True)
        )
        self.confirm = Button(theme, "Start all the same", "play", role="primary", on_click=self._confirm)
        add_answers(theme, self, layout, self.confirm, cancel="Wait")
        fit(self, layout)

    def _confirm(self) -> None:
        self.accept()
        self.confirmed.emit()
