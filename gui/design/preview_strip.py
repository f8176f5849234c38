"""The line that says how the preview stands, with its buttons."""

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QFrame, QHBoxLayout

from gui.models.preview_outcome import PreviewOutcome, PreviewState
from gui.widgets.basics import Button, Pill, label
from gui.widgets.theme import Theme

__all__ = ["PreviewStrip"]

_ICONS = {
    PreviewState.OFF: "eye-off",
    PreviewState.STARTING: "clock",
    PreviewState.RUNNING: "eye",
    PreviewState.FAILED: "error",
}


class PreviewStrip(QFrame):
    """Hidden while there is nothing to say.

    Attributes:
        open_page, reload, stop: The buttons.

    Signals:
        open_asked: A page is to be opened (again).
        reload_asked: The preview is to begin anew.
        stop_asked: The preview is to end, or its last word to go.

    Runs on: GUI thread.
    """

    open_asked = Signal()
    reload_asked = Signal()
    stop_asked = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setProperty("kind", "card")
        self.setAccessibleName("Preview")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 8, 8, 8)
        layout.setSpacing(10)
        self._pill = Pill(theme, "Preview", "eye")
        self._text = label("", wrap=True, selectable=True)
        self._text.setMinimumWidth(80)
        self.open_page = Button(theme, "Open page", "external", role="quiet", name="Open the preview's page")
        self.reload = Button(
            theme, "Reload", "refresh", role="quiet", name="Reload the preview", tip="Begin anew, on all its pages"
        )
        self.stop = Button(theme, "Stop", "stop", role="quiet", name="Stop the preview")
        self.open_page.clicked.connect(self.open_asked)
        self.reload.clicked.connect(self.reload_asked)
        self.stop.clicked.connect(self.stop_asked)
        layout.addWidget(self._pill)
        layout.addWidget(self._text, 1)
        for button in (self.open_page, self.reload, self.stop):
            layout.addWidget(button)
        self.show_outcome(PreviewOutcome())

    def text(self) -> str:
        """Return the sentence."""
        return self._text.text()

    @Slot(object)
    def show_outcome(self, outcome: PreviewOutcome) -> None:
        """Show how the preview stands."""
        icon = "warning" if outcome.pending else "error" if outcome.trouble else _ICONS[outcome.state]
        self._pill.show_state(outcome.word, icon, outcome.tone)
        self._text.setText(_short(outcome.sentence))
        self._text.setToolTip(outcome.sentence)
        running = outcome.state is PreviewState.RUNNING
        self.open_page.setVisible(running and len(outcome.present & set(outcome.pages)) < len(outcome.pages))
        self.reload.setVisible(running or outcome.state is PreviewState.FAILED)
        ends = outcome.state in {PreviewState.STARTING, PreviewState.RUNNING}
        self.stop.show_as("Stop" if ends else "Close", "stop" if ends else "close", "quiet")
        self.stop.setAccessibleName("Stop the preview" if ends else "Close the message")
        self.setVisible(bool(outcome.sentence))


def _short(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    more = f"\n… and {len(lines) - 4} more" if len(lines) > 5 else ""
    return "\n".join(lines[:4] if more else lines)[:1_200] + more
