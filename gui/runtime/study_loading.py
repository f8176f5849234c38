"""Opening a study: in a child process, in two steps: what it is at once, the thorough check after it."""

import tempfile
from pathlib import Path

import msgspec
from PySide6.QtCore import QObject, Signal, Slot

from gui.models.opened_study import LoadResult, OpenedStudy
from gui.runtime.child_process import ChildOutcome, ChildProcess
from gui.runtime.load_study_child import PROGRESS

__all__ = ["StudyLoading"]

_LOAD_TIMEOUT_MS = 60_000
_CHECK_TIMEOUT_MS = 600_000


class StudyLoading(QObject):
    """Loads one study at a time; a newer request replaces the one before.

    Signals:
        busy_changed: What it does, in words; empty when nothing.
        loaded: The `OpenedStudy`, first without, then with the thorough check.
        failed: The path (str), the sentence, and the traceback or nothing.

    Runs on: GUI thread.
    """

    busy_changed = Signal(str)
    loaded = Signal(object)
    failed = Signal(str, str, str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._folder = tempfile.TemporaryDirectory(prefix="mug-lab-", ignore_cleanup_errors=True)
        self._child: ChildProcess | None = None
        self._count = 0

    def open(self, path: Path) -> None:
        """Load the study at `path`: a folder with ``study.toml``, or a Python script."""
        self._begin(path.resolve(), check=False)

    def close(self) -> None:
        """End a child that still runs, and remove what was written."""
        self._drop()
        self._folder.cleanup()

    def _drop(self) -> None:
        if self._child is not None:
            child, self._child = self._child, None
            child.ended.disconnect()
            child.close()
            child.deleteLater()

    def _begin(self, path: Path, *, check: bool) -> None:
        self._drop()
        self._count += 1
        out = Path(self._folder.name) / f"{self._count}.json"
        what = f"Checking {path.name}" if check else f"Opening {path.name}"
        arguments = [
            "-m",
            "gui.runtime.load_study_child",
            str(path),
            "--out",
            str(out),
            *(["--check"] if check else []),
        ]
        timeout_ms = _CHECK_TIMEOUT_MS if check else _LOAD_TIMEOUT_MS
        child = ChildProcess(what, arguments, timeout_ms=timeout_ms, parent=self)
        child.ended.connect(lambda outcome: self._on_ended(path, out, outcome, check=check))
        child.line_read.connect(self._on_line)
        self._child = child
        self.busy_changed.emit(f"{what}…")
        child.start()

    @Slot(str)
    def _on_line(self, line: str) -> None:
        if line.startswith(PROGRESS):
            text = line.removeprefix(PROGRESS)
            self.busy_changed.emit(f"{text[:1].upper()}{text[1:]}…")

    def _on_ended(self, path: Path, out: Path, outcome: ChildOutcome, *, check: bool) -> None:
        if self._child is not None:
            self._child.deleteLater()
            self._child = None
        self.busy_changed.emit("")
        if not outcome.is_good or not out.exists():
            self.failed.emit(str(path), outcome.sentence, outcome.tail)
            return
        try:
            result = msgspec.json.decode(out.read_bytes(), type=LoadResult)
        except msgspec.MsgspecError as error:
            self.failed.emit(str(path), f"{path.name} was loaded, but could not be read: {error}", "")
            return
        if result.study is None:
            self.failed.emit(str(path), result.error, result.traceback)
            return
        self.loaded.emit(
            OpenedStudy(
                path=path,
                study=result.study,
                folder=Path(result.folder),
                content_hash=result.content_hash,
                problems=result.problems,
                in_python=result.in_python,
                checked=check,
            )
        )
        if not check:
            self._begin(path, check=True)
