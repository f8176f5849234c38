"""The head of the Run page: what runs, how it is, and the buttons that start, stop and end it."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QApplication, QHBoxLayout, QProgressBar, QVBoxLayout, QWidget

from gui.models.stages import STAGE_SENTENCES, stage_of
from gui.runtime.server_state import Outcome, ServerState
from gui.widgets.basics import Button, Elided, Pill
from gui.widgets.theme import Theme
from mug.protocol.lab import SessionView

__all__ = ["RunHead"]

_PILLS = {
    ServerState.STOPPED: ("stop", "neutral"),
    ServerState.STARTING: ("clock", "accent"),
    ServerState.READY: ("check-circle", "good"),
    ServerState.STOPPING: ("clock", "accent"),
    ServerState.CRASHED: ("error", "error"),
}
_HASH_SHOWN = 8


class RunHead(QWidget):
    """Title, state, label, pilot mark and study hash; start, stop and end.

    Attributes:
        state, pilot: The server's state; the mark of a pilot.
        sentence: The state in a sentence.
        study_hash: Copies the hash of the frozen study.
        start_stop, end_session: The buttons.

    Signals:
        start_asked, stop_asked, end_asked: The buttons.
        said: A short message and its icon.

    Runs on: GUI thread.
    """

    start_asked = Signal()
    stop_asked = Signal()
    end_asked = Signal()
    said = Signal(str, str)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._outcome = Outcome()
        self._hash = ""
        head = QHBoxLayout(self)
        head.setContentsMargins(0, 0, 0, 0)
        head.setSpacing(10)
        texts = QVBoxLayout()
        texts.setSpacing(2)
        row = QHBoxLayout()
        row.setSpacing(10)
        self.title = Elided("title")
        row.addWidget(self.title, 1)
        self.state = Pill(theme)
        row.addWidget(self.state)
        self.pilot = Pill(theme, "Pilot", "flask", "warning")
        self.pilot.setToolTip("Its records are kept apart from real ones")
        row.addWidget(self.pilot)
        texts.addLayout(row)
        below = QHBoxLayout()
        below.setSpacing(8)
        self.sentence = Elided("muted")
        below.addWidget(self.sentence, 1)
        self.study_hash = Button(
            theme, "", "copy", role="link", name="Copy the hash of the frozen study", on_click=self._copy_hash
        )
        below.addWidget(self.study_hash)
        texts.addLayout(below)
        self.progress = QProgressBar()
        self.progress.setRange(0, 0)
        self.progress.setTextVisible(False)
        self.progress.setMaximumWidth(280)
        self.progress.setAccessibleName("Working")
        texts.addWidget(self.progress)
        head.addLayout(texts, 1)
        self.end_session = Button(theme, "End session…", "end", role="danger", on_click=self.end_asked.emit)
        head.addWidget(self.end_session, 0, Qt.AlignmentFlag.AlignTop)
        self.start_stop = Button(theme, "Start session", "play", role="primary", on_click=self._on_start_stop)
        head.addWidget(self.start_stop, 0, Qt.AlignmentFlag.AlignTop)

    def show_state(
        self, outcome: Outcome, session: SessionView | None, title: str, *, can_start: bool, ended: bool
    ) -> None:
        """Show the server's state and the session's marks."""
        self._outcome = outcome
        state = outcome.state
        icon, tone = _PILLS[state]
        if state is ServerState.READY and outcome.link in {"gone", "refused"}:
            icon, tone = "clock", "warning"
        self.state.show_state(outcome.word, icon, tone)
        self.title.say(title or "Run a session")
        is_crashed = state is ServerState.CRASHED
        label = session.label if session is not None and state is ServerState.READY else ""
        stage = "ended" if ended else stage_of(session) if session is not None else ""
        is_news = outcome.attached or outcome.link in {"gone", "refused"}
        says_stage = ended or (state is ServerState.READY and not is_news)
        sentence = STAGE_SENTENCES.get(stage, outcome.sentence) if says_stage else outcome.sentence
        self.sentence.say("" if is_crashed else f"{label}  ·  {sentence}" if label else sentence)
        self.sentence.setVisible(not is_crashed)
        shown = session if state is ServerState.READY else None
        self.pilot.setVisible(shown is not None and shown.pilot)
        self._hash = shown.study_hash if shown is not None else ""
        self.study_hash.setVisible(bool(self._hash))
        self.study_hash.setText(f"Study {self._hash[:_HASH_SHOWN]}")
        self.study_hash.setToolTip(f"The frozen study of this session. Copy its hash: {self._hash}")
        self.progress.setVisible(state in {ServerState.STARTING, ServerState.STOPPING})
        runs = state in {ServerState.STARTING, ServerState.READY, ServerState.STOPPING}
        if runs:
            self.start_stop.show_as("Stop", "stop", "plain")
        else:
            self.start_stop.show_as("Start session", "play", "primary")
        self.start_stop.setEnabled(can_start if not runs else state is not ServerState.STOPPING)
        self.start_stop.setToolTip("Stop the server (Ctrl+.)" if runs else "Start the session (Ctrl+R)")
        self.end_session.setVisible(state is ServerState.READY)
        self.end_session.setEnabled(not ended)

    def _copy_hash(self) -> None:
        QApplication.clipboard().setText(self._hash)
        self.said.emit("The study's hash was copied", "copy")

    def _on_start_stop(self) -> None:
        if self._outcome.state in {ServerState.STARTING, ServerState.READY}:
            self.stop_asked.emit()
        else:
            self.start_asked.emit()
