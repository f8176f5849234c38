"""One calm line about the treatments of the session: how many have each, and whether names are shown."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDialog, QFrame, QHBoxLayout, QLineEdit, QWidget

from gui.models.treatments import counts_of, state_words
from gui.run.dialog_frame import add_answers, fit, frame
from gui.widgets.basics import Button, Elided, Icon, label
from gui.widgets.theme import Theme
from mug.protocol.lab import SessionView

__all__ = ["TreatmentBar", "UnblindDialog"]


class TreatmentBar(QFrame):
    """Hidden where the study has no treatments.

    Attributes:
        names: Asks for the names, while they are hidden.
        dialog: The question before they are shown.

    Signals:
        unblind_asked: With the reason.

    Runs on: GUI thread.
    """

    unblind_asked = Signal(str)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setProperty("kind", "card")
        self.setAccessibleName("Treatments")
        self._theme = theme
        self._shown: SessionView | None = None
        self.dialog: UnblindDialog | None = None
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 5, 10, 5)
        layout.setSpacing(8)
        layout.addWidget(Icon(theme, "compare", "muted", 16))
        layout.addWidget(label("Treatments", "small"))
        self._counts = Elided()
        layout.addWidget(self._counts, 1)
        self._state = Icon(theme, "eye-off", "muted", 16)
        layout.addWidget(self._state)
        self.names = Button(theme, "Show names…", role="link", name="Show the treatments' names", on_click=self.ask)
        layout.addWidget(self.names)
        self.hide()

    def words(self) -> str:
        """Return what is said of all treatments."""
        return self._counts.words()

    def show_session(self, session: SessionView | None) -> None:
        """Show how the places are filled."""
        self._shown = session
        if session is None or not session.treatments:
            self.hide()
            return
        counts = counts_of(session)
        self._counts.say("   ·   ".join(f"{c.name}: {c.running} running, {c.completed} completed" for c in counts))
        lines = [count.words for count in counts]
        if words := state_words(session):
            lines.append(words)
        self._counts.setToolTip("\n".join(lines))
        self._counts.setAccessibleName(" ".join(lines))
        self._state.setVisible(session.blind)
        self._state.setToolTip(state_words(session))
        self.names.setVisible(session.blind)
        self.show()

    def ask(self) -> None:
        """Ask why the names are to be shown."""
        self.dialog = UnblindDialog(self._theme, self.window())
        self.dialog.confirmed.connect(self.unblind_asked)
        self.dialog.open()


class UnblindDialog(QDialog):
    """Says what it means, and asks for the reason that is recorded.

    Signals:
        confirmed: The reason.

    Runs on: GUI thread.
    """

    confirmed = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        layout = frame(self, "Show the treatments' names?", width=520, spacing=12)
        layout.addWidget(
            label(
                "From now on everybody who sees this session knows who has which treatment. That cannot be taken back; "
                "it is recorded with the reason, and stands in every export.",
                wrap=True,
            )
        )
        layout.addWidget(label("When the session is over, the names are shown without asking.", "muted", wrap=True))
        layout.addSpacing(4)
        layout.addWidget(label("Reason (recorded with the data)", "small"))
        self.reason = QLineEdit()
        self.reason.setAccessibleName("Reason for showing the names")
        self.reason.setMaxLength(500)
        layout.addWidget(self.reason)
        self.confirm = Button(theme, "Show the names", "eye", role="danger", on_click=self._confirm)
        self.confirm.setEnabled(False)
        add_answers(theme, self, layout, self.confirm)
        self.reason.textChanged.connect(lambda text: self.confirm.setEnabled(bool(text.strip())))
        self.reason.setFocus()
        fit(self, layout)

    def _confirm(self) -> None:
        self.accept()
        self.confirmed.emit(self.reason.text().strip())
