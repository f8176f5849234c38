"""One export at a time: `mug export … --progress` in a process of its own."""

import json
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot

from gui.runtime.child_process import ChildOutcome, ChildProcess

__all__ = ["ExportProcess"]


class ExportProcess(QObject):
    """Exports one session.

    Signals:
        progressed: A share from 0 to 1 and what it does, in words.
        finished: The folder of the finished export (str).
        failed: The sentence why there is none.

    Runs on: GUI thread.
    """

    progressed = Signal(float, str)
    finished = Signal(str)
    failed = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._child: ChildProcess | None = None
        self._folder = ""
        self._error = ""

    @property
    def is_running(self) -> bool:
        """Whether an export runs."""
        return self._child is not None

    def start(self, data_dir: Path, experiment_id: str, session_id: str, *, pilot: bool = False) -> None:
        """Begin; ignored while one runs."""
        if self._child is not None:
            return
        self._folder = self._error = ""
        arguments = ["-m", "mug", "export", "--data", str(data_dir), "--experiment", experiment_id]
        arguments += ["--session", session_id, "--progress", *(["--pilot"] if pilot else [])]
        self._child = ChildProcess(f"The export of {experiment_id}", arguments, parent=self)
        self._child.line_read.connect(self._on_line)
        self._child.ended.connect(self._on_ended)
        self._child.start()

    def cancel(self) -> None:
        """End the export; nothing half-written stays."""
        if self._child is not None:
            self._child.cancel()

    def close(self) -> None:
        """End it before the app goes."""
        if self._child is not None:
            self._child.ended.disconnect()
            self._child.close()

    @Slot(str)
    def _on_line(self, line: str) -> None:
        try:
            message = json.loads(line)
        except ValueError:
            return
        if not isinstance(message, dict):
            return
        if "done" in message:
            self._folder = str(message["done"])
        elif "error" in message:
            self._error = str(message["error"])
        elif "progress" in message:
            self.progressed.emit(float(message["progress"]), str(message.get("text", "")))

    @Slot(object)
    def _on_ended(self, outcome: ChildOutcome) -> None:
        if self._child is not None:
            self._child.deleteLater()
            self._child = None
        if outcome.is_good and self._folder:
            self.finished.emit(self._folder)
        else:
            self.failed.emit(self._error or outcome.sentence)
