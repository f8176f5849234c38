"""Opening a study: in a child process, in two steps: what it is at once, the thorough check after it."""

import tempfile
from pathlib import Path

import msgspec
from PySide6.QtCore import QObject, QTimer, Signal, Slot

from gui.models.opened_study import LoadResult, OpenedStudy
from gui.runtime.child_process import ChildOutcome, ChildProcess
from gui.runtime.load_study_child import PROGRESS
from mug.study.unsaved import study_of_exact_text

__all__ = ["StudyLoading"]

_LOAD_TIMEOUT_MS = 60_000
_CHECK_TIMEOUT_MS = 600_000
_TICK_MS = 1_000


class StudyLoading(QObject):
    """Loads one study at a time; a newer request replaces the one before.

    Attributes:
        load_timeout_ms: A study that is not there after this is given up.

    Signals:
        busy_changed: What it does, in words; empty when nothing.
        waited: The path (str) that is being opened, and for how many seconds already; once a second.
        loaded: The `OpenedStudy`, first without, then with the thorough check.
        failed: The path (str), the sentence, and the traceback or nothing.
        cancelled: The path (str) that is not opened after all.
        ended: The opening or check is over, however it went.

    Runs on: GUI thread.
    """

    busy_changed = Signal(str)
    waited = Signal(str, int)
    loaded = Signal(object)
    failed = Signal(str, str, str)
    cancelled = Signal(str)
    ended = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._folder = tempfile.TemporaryDirectory(prefix="mug-lab-", ignore_cleanup_errors=True)
        self._child: ChildProcess | None = None
        self._opening: Path | None = None
        self._seconds = self._count = 0
        self.load_timeout_ms = _LOAD_TIMEOUT_MS
        self._clock = QTimer(self)
        self._clock.setObjectName("study loading")
        self._clock.setInterval(_TICK_MS)
        self._clock.timeout.connect(self._on_tick)

    @property
    def is_busy(self) -> bool:
        """Whether a study is being opened or checked."""
        return self._child is not None

    @property
    def opening(self) -> Path | None:
        """What is being opened; None: nothing, or a study is only being checked."""
        return self._opening

    def open(self, path: Path) -> None:
        """Load the study at `path`: a folder with ``study.toml``, or a Python script; the check follows by itself."""
        self._begin(path, check=False)

    def check(self, path: Path) -> None:
        """Look at a study thoroughly, as it is in its files now; while one is being opened, that comes by itself."""
        if self._opening is None:
            self._begin(path, check=True)

    def cancel(self) -> None:
        """Give up the opening."""
        if self._opening is not None:
            path = self._opening
            self._drop()
            self.busy_changed.emit("")
            self.cancelled.emit(str(path))
            self.ended.emit()

    def close(self) -> None:
        """End a child that still runs, and remove what was written."""
        self._drop()
        self._folder.cleanup()

    def _drop(self) -> None:
        self._opening = None
        self._clock.stop()
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
        timeout_ms = _CHECK_TIMEOUT_MS if check else self.load_timeout_ms
        child = ChildProcess(what, arguments, timeout_ms=timeout_ms, parent=self)
        child.ended.connect(lambda outcome: self._on_ended(path, out, outcome, check=check))
        child.line_read.connect(self._on_line)
        self._child = child
        if not check:
            self._opening, self._seconds = path, 0
            self._clock.start()
        self.busy_changed.emit(f"{what}…")
        child.start()

    @Slot()
    def _on_tick(self) -> None:
        self._seconds += 1
        self.waited.emit(str(self._opening), self._seconds)

    @Slot(str)
    def _on_line(self, line: str) -> None:
        if line.startswith(PROGRESS):
            text = line.removeprefix(PROGRESS)
            self.busy_changed.emit(f"{text[:1].upper()}{text[1:]}…")

    def _on_ended(self, path: Path, out: Path, outcome: ChildOutcome, *, check: bool) -> None:
        if self._child is not None:
            self._child.deleteLater()
            self._child = None
        self._opening = None
        self._clock.stop()
        self.busy_changed.emit("")
        opened = self._read(path, out, outcome, check=check)
        if opened is not None:
            self.loaded.emit(opened)
            if not check and self._child is None:
                self._begin(path, check=True)
        self.ended.emit()

    def _read(self, path: Path, out: Path, outcome: ChildOutcome, *, check: bool) -> OpenedStudy | None:
        """Return what the child wrote, or say why there is nothing."""
        if outcome.timed_out and not check:
            self.failed.emit(
                str(path),
                f"{path.name} was still running after {self.load_timeout_ms // 1_000} s and was ended. What is opened "
                "must come to its end by itself: a script ends after mug.server.app.run(config).",
                outcome.tail,
            )
            return None
        if not outcome.is_good or not out.exists():
            self.failed.emit(str(path), outcome.sentence, outcome.tail)
            return None
        try:
            result = msgspec.json.decode(out.read_bytes(), type=LoadResult)
        except (msgspec.MsgspecError, OSError) as error:
            self.failed.emit(str(path), f"{path.name} was loaded, but could not be read: {error}", "")
            return None
        finally:
            out.unlink(missing_ok=True)
        study = result.study if not result.exact_study else study_of_exact_text(result.exact_study)
        if study is None:
            self.failed.emit(str(path), result.error, result.traceback)
            return None
        return OpenedStudy(
            path=path,
            study=study,
            folder=Path(result.folder),
            content_hash=result.content_hash,
            problems=result.problems,
            in_python=result.in_python,
            in_python_words=result.in_python_words,
            generated=result.generated,
            checked=check,
            source=Path(result.source),
            source_sha256=result.source_sha256,
        )
