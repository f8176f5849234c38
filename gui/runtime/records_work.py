"""What else is done with records in processes of their own: measured, exported for a look, withdrawn from, verified."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal, Slot

from gui.runtime.child_process import ChildOutcome, ChildProcess
from gui.runtime.json_child import JsonChild
from mug.records.scratch import make_scratch

__all__ = ["LookExport", "QualityReading", "VerifyProcess", "WithdrawProcess"]


class QualityReading(QObject):
    """Asks for the quality of one session; who asks again hears of the last one only.

    Signals:
        read: The key that was asked with, and what ``mug records quality`` says (a dict).
        failed: The key, and why not, in a sentence.

    Runs on: GUI thread.
    """

    read = Signal(object, dict)
    failed = Signal(object, str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._child = JsonChild(self)
        self._child.told.connect(self._on_told)
        self._child.ended.connect(self._on_ended)
        self._key: object = None
        self._data: dict[str, Any] | None = None

    def start(self, key: object, place: Sequence[str]) -> None:
        """Begin; one that runs is ended. `place`: which session, as options."""
        self._child.drop()
        self._key, self._data = key, None
        self._child.start("Looking at the data", ["records", "quality", *place])

    def close(self) -> None:
        """End it before the app goes."""
        self._child.close()

    @Slot(dict)
    def _on_told(self, message: dict[str, Any]) -> None:
        self._data = message

    @Slot(object, str)
    def _on_ended(self, outcome: ChildOutcome, error: str) -> None:
        if outcome.is_good and self._data is not None:
            self.read.emit(self._key, self._data)
        else:
            self.failed.emit(self._key, error or outcome.sentence)


class LookExport(QObject):
    """Makes one table of a session for a look, in a folder that is removed.

    Signals:
        progressed: A share from 0 to 1 and what it does, in words.
        made: The key that was asked with, and the exported folder (a Path).
        failed: The key, and why not, in a sentence.

    Runs on: GUI thread.
    """

    progressed = Signal(float, str)
    made = Signal(object, object)
    failed = Signal(object, str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._child = JsonChild(self)
        self._child.progressed.connect(self.progressed)
        self._child.ended.connect(self._on_ended)
        self._folder: Path | None = None
        self._out = Path()
        self._key: object = None
        self._number = 0

    @property
    def is_running(self) -> bool:
        """Whether a table is being made."""
        return self._child.is_running

    def start(self, key: object, place: Sequence[str], table: str) -> None:
        """Begin; one that runs is ended."""
        self._child.drop()
        if self._folder is None:
            self._folder = make_scratch("look")
        self._number += 1
        self._key, self._out = key, self._folder / str(self._number)
        arguments = ["export", *place, "--tables", table, "--out", str(self._out), "--progress"]
        self._child.start("Reading the records", arguments)

    def cancel(self) -> None:
        """End it."""
        self._child.cancel()

    def forget(self) -> None:
        """Remove what was made."""
        self._child.drop()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None

    def close(self) -> None:
        """End it and remove its folder before the app goes."""
        self._child.close()
        self.forget()

    @Slot(object, str)
    def _on_ended(self, outcome: ChildOutcome, error: str) -> None:
        if outcome.is_good:
            self.made.emit(self._key, self._out)
        else:
            self.failed.emit(self._key, error or outcome.sentence)


class WithdrawProcess(QObject):
    """Takes a participant's data out of the records.

    Signals:
        progressed: A share from 0 to 1 and what it does, in words.
        finished: What was done (a dict: done, how, bodies, again), and what is left elsewhere: pairs of path and why.
        failed: Why it was not done, in a sentence.

    Runs on: GUI thread.
    """

    progressed = Signal(float, str)
    finished = Signal(dict, list)
    failed = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._child = JsonChild(self)
        self._child.progressed.connect(self.progressed)
        self._child.told.connect(self._on_told)
        self._child.ended.connect(self._on_ended)
        self._done: dict[str, Any] = {}
        self._left: list[tuple[str, str]] = []

    @property
    def is_running(self) -> bool:
        """Whether somebody's data is being taken out."""
        return self._child.is_running

    def start(self, place: Sequence[str], participant_id: str, how: str, reason: str) -> None:
        """Begin; ignored while one runs. It cannot be cancelled: it is done as a whole or not at all."""
        if self._child.is_running:
            return
        self._done, self._left = {}, []
        arguments = ["records", "withdraw", *place, "--participant", participant_id, "--how", how]
        arguments += [f"--reason={reason}", "--yes", "--progress"]  # a reason may begin with a dash
        self._child.start("The withdrawal", arguments)

    def close(self) -> None:
        """End it before the app goes; what was not committed is not done."""
        self._child.close()

    @Slot(dict)
    def _on_told(self, message: dict[str, Any]) -> None:
        if "leftover" in message:
            self._left.append((str(message["leftover"]), str(message.get("why", ""))))
        elif "done" in message:
            self._done = message

    @Slot(object, str)
    def _on_ended(self, outcome: ChildOutcome, error: str) -> None:
        if outcome.is_good and self._done:
            self.finished.emit(self._done, self._left)
        else:
            self.failed.emit(error or outcome.sentence)


class VerifyProcess(QObject):
    """Checks records, or an export against them.

    Signals:
        finished: Whether all is well, and what was said, in lines.

    Runs on: GUI thread.
    """

    finished = Signal(bool, list)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._child: ChildProcess | None = None
        self._lines: list[str] = []

    @property
    def is_running(self) -> bool:
        """Whether something is being checked."""
        return self._child is not None

    def start(self, arguments: Sequence[str]) -> None:
        """Begin; ignored while one runs. `arguments`: for ``mug verify``."""
        if self._child is not None:
            return
        self._lines = []
        self._child = ChildProcess("The check", ["-m", "mug", "verify", *arguments], parent=self)
        self._child.line_read.connect(self._lines.append)
        self._child.ended.connect(self._on_ended)
        self._child.start()

    def close(self) -> None:
        """End it before the app goes."""
        if self._child is not None:
            self._child.ended.disconnect()
            self._child.close()

    @Slot(object)
    def _on_ended(self, outcome: ChildOutcome) -> None:
        if self._child is not None:
            self._child.deleteLater()
            self._child = None
        lines = [line for line in self._lines if line.strip()]
        self.finished.emit(outcome.is_good, lines or [outcome.sentence])
