"""Exports one after the other: `mug export … --progress` in a process of its own."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal, Slot

from gui.runtime.child_process import ChildOutcome
from gui.runtime.json_child import JsonChild

__all__ = ["ExportAnswer", "ExportProcess", "ExportRequest"]


@dataclass(frozen=True)
class ExportRequest:
    """One session to export. `out`: the folder to make; None: as the command names it; `options`: for the command."""

    data_dir: Path
    experiment_id: str
    session_id: str
    pilot: bool = False
    options: tuple[str, ...] = ()
    out: Path | None = None

    def arguments(self) -> list[str]:
        """Return what follows ``mug``."""
        given = ["export", "--data", str(self.data_dir), "--experiment", self.experiment_id]
        given += ["--session", self.session_id, "--progress", *(["--pilot"] if self.pilot else []), *self.options]
        return [*given, *(["--out", str(self.out)] if self.out is not None else [])]


@dataclass
class ExportAnswer:
    """A finished export.

    Attributes:
        problems: What the records lack.
        warnings: What is to be thought of before it is shared.
        keys: The key file, where one was written.
    """

    request: ExportRequest
    folder: str = ""
    keys: str = ""
    problems: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


class ExportProcess(QObject):
    """Exports sessions; who comes while one is exported waits.

    Signals:
        begun: The `ExportRequest` that is exported now.
        progressed: A share from 0 to 1 and what it does, in words.
        finished: The `ExportAnswer`.
        failed: The sentence why there is none.
        waiting_changed: How many sessions wait.

    Runs on: GUI thread.
    """

    begun = Signal(object)
    progressed = Signal(float, str)
    finished = Signal(object)
    failed = Signal(str)
    waiting_changed = Signal(int)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._child = JsonChild(self)
        self._child.progressed.connect(self.progressed)
        self._child.told.connect(self._on_told)
        self._child.ended.connect(self._on_ended)
        self._waiting: deque[ExportRequest] = deque()
        self._answer: ExportAnswer | None = None

    @property
    def is_running(self) -> bool:
        """Whether an export runs."""
        return self._child.is_running

    def waiting(self) -> Sequence[ExportRequest]:
        """Return those that are exported next."""
        return tuple(self._waiting)

    def start(self, request: ExportRequest) -> bool:
        """Begin, or let it wait its turn; False when the same one runs or waits already."""
        running = self._answer.request if self._answer is not None else None
        if request == running or request in self._waiting:
            return False
        self._waiting.append(request)
        if running is None:
            self._next()
        else:
            self.waiting_changed.emit(len(self._waiting))
        return True

    def cancel(self) -> None:
        """End the export that runs, and begin none of those that wait; nothing half-written stays."""
        self._waiting.clear()
        self._child.cancel()

    def close(self) -> None:
        """End it before the app goes."""
        self._waiting.clear()
        self._child.close()

    def _next(self) -> None:
        if not self._waiting:
            return
        request = self._waiting.popleft()
        self._answer = ExportAnswer(request)
        self.begun.emit(request)
        self.waiting_changed.emit(len(self._waiting))
        self._child.start(f"The export of {request.experiment_id}", request.arguments())

    @Slot(dict)
    def _on_told(self, message: dict[str, Any]) -> None:
        if self._answer is None:
            return
        if "done" in message:
            self._answer.folder = str(message["done"])
        elif "keys" in message:
            self._answer.keys = str(message["keys"])
        elif "problem" in message:
            self._answer.problems.append(str(message["problem"]))
        elif "warning" in message:
            self._answer.warnings.append(str(message["warning"]))

    @Slot(object, str)
    def _on_ended(self, outcome: ChildOutcome, error: str) -> None:
        answer, self._answer = self._answer, None
        if outcome.is_good and answer is not None and answer.folder:
            self.finished.emit(answer)
        else:
            self.failed.emit(error or outcome.sentence)
        if self._answer is None:
            self._next()
