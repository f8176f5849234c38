"""A child process of ours that tells what it does in JSON lines, ``mug … --progress``."""

import json
from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QObject, Signal, Slot

from gui.runtime.child_process import ChildOutcome, ChildProcess

__all__ = ["JsonChild"]


class JsonChild(QObject):
    """Runs one command at a time.

    Signals:
        told: A line as a dict.
        progressed: A share from 0 to 1 and what it does, in words.
        ended: The `ChildOutcome`, and the sentence of the command's own failure (empty: none).

    Runs on: GUI thread.
    """

    told = Signal(dict)
    progressed = Signal(float, str)
    ended = Signal(object, str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._child: ChildProcess | None = None
        self._error = ""

    @property
    def is_running(self) -> bool:
        """Whether a command runs."""
        return self._child is not None

    def start(self, what: str, arguments: Sequence[str]) -> None:
        """Begin; ignored while one runs. `what`: what it is to do, in words; `arguments`: what follows ``mug``."""
        if self._child is not None:
            return
        self._error = ""
        self._child = ChildProcess(what, ["-m", "mug", *arguments], parent=self)
        self._child.line_read.connect(self._on_line)
        self._child.ended.connect(self._on_ended)
        self._child.start()

    def cancel(self) -> None:
        """End the command."""
        if self._child is not None:
            self._child.cancel()

    def drop(self) -> None:
        """End the command and hear nothing more of it, so that another one can be started at once."""
        if self._child is not None:
            child, self._child = self._child, None
            child.line_read.disconnect(self._on_line)
            child.ended.disconnect(self._on_ended)
            child.ended.connect(child.deleteLater)
            child.cancel()

    def close(self) -> None:
        """End it before the app goes."""
        if self._child is not None:
            child, self._child = self._child, None
            child.line_read.disconnect(self._on_line)
            child.ended.disconnect(self._on_ended)
            child.close()

    @Slot(str)
    def _on_line(self, line: str) -> None:
        try:
            message: Any = json.loads(line)
        except ValueError:
            return
        if not isinstance(message, dict):
            return
        if "error" in message:
            self._error = str(message["error"])
        elif "progress" in message:
            self.progressed.emit(float(message["progress"]), str(message.get("text", "")))
        else:
            self.told.emit(message)

    @Slot(object)
    def _on_ended(self, outcome: ChildOutcome) -> None:
        if self._child is not None:
            self._child.deleteLater()
            self._child = None
        self.ended.emit(outcome, self._error)
