"""Noticing that a study's files change outside: the file system tells it, and where it may not have, one looks."""

import contextlib
import hashlib
from dataclasses import dataclass, field
from pathlib import Path

from PySide6.QtCore import QFileSystemWatcher, QObject, QTimer, Signal, Slot

from gui.runtime.study_copying import study_places
from gui.runtime.tasks import Task, Tasks

__all__ = ["StudyWatch"]

_SETTLE_MS = 250
_MOST_WATCHED = 1_000


@dataclass(frozen=True)
class _Sight:
    """What a look found: the source's digest (empty: not there), the folders, the other files by time and size."""

    sha256: str = ""
    folders: tuple[Path, ...] = ()
    others: dict[Path, tuple[int, int]] = field(default_factory=dict)


class StudyWatch(QObject):
    """Watches the file of one study, and the files that belong to it.

    Signals:
        source_changed: The file on disk is another one; its SHA-256 in hex, empty when it is not there. It may be the
            known one again.
        others_changed: Another file of the study was changed, added or removed.
        caught_up: After `resume_others`: whether other files were changed while they were not looked at.

    Runs on: GUI thread; looking is done by tasks.
    """

    source_changed = Signal(str)
    others_changed = Signal()
    caught_up = Signal(bool)

    def __init__(self, tasks: Tasks, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._tasks = tasks
        self._source: Path | None = None
        self._told = ""
        self._others: dict[Path, tuple[int, int]] | None = None
        self._is_maybe_gone = False
        self._held = self._is_paused = self._is_catching_up = self._is_old = False
        self._look: Task[_Sight] | None = None
        self._watcher = QFileSystemWatcher(self)
        self._watcher.fileChanged.connect(self._on_touched)
        self._watcher.directoryChanged.connect(self._on_touched)
        self._timer = QTimer(self)
        self._timer.setObjectName("study watch")
        self._timer.setSingleShot(True)
        self._timer.setInterval(_SETTLE_MS)
        self._timer.timeout.connect(self.look)

    def watch(self, source: Path, sha256: str) -> None:
        """Watch a study's file, which was last seen with this digest; with another one than before, anew."""
        if source != self._source:
            self.stop()
            self._source = source
        self.know(sha256)
        self.look()

    def know(self, sha256: str) -> None:
        """Take this for what the file says."""
        self._told = sha256

    def stop(self) -> None:
        """Watch nothing."""
        self._timer.stop()
        if self._look is not None:
            self._look.cancel()
            self._look = None
        self._source = self._others = None
        if watched := [*self._watcher.files(), *self._watcher.directories()]:
            self._watcher.removePaths(watched)

    def hold(self) -> None:
        """Say nothing for now: this app is writing."""
        self._held = True

    def release(self) -> None:
        """Say what changes again."""
        self._held = False
        self.look()

    def pause_others(self) -> None:
        """Say nothing of other files for now: the study is being run, and may write files itself."""
        self._is_paused, self._is_catching_up = True, False

    def resume_others(self) -> None:
        """Look at the other files again; `caught_up` follows."""
        if self._is_paused:
            self._is_paused, self._is_catching_up = False, True
            self._is_old = self._look is not None
            self.look()

    @Slot()
    def look(self) -> None:
        """Look at the files now."""
        source = self._source
        if source is None or self._held:
            return
        if self._look is not None:
            self._timer.start()  # one look at a time; what changes meanwhile is seen by the next
            return
        self._look = self._tasks.run(
            "look at the study's files", lambda: _look(source), self._on_seen, self._on_not_seen
        )

    @Slot(str)
    def _on_touched(self, _path: str) -> None:
        self._timer.start()

    def _on_seen(self, sight: _Sight) -> None:
        self._look = None
        source = self._source
        if source is None or self._held:
            return
        self._follow(source, sight)
        is_gone = not sight.sha256
        if is_gone and self._told and not self._is_maybe_gone:
            self._is_maybe_gone = True  # an editor that replaces a file leaves it away for a moment
            self._timer.start()
        elif sight.sha256 != self._told:
            self._told = sight.sha256
            self._is_maybe_gone = False
            self.source_changed.emit(sight.sha256)
        else:
            self._is_maybe_gone = False
        is_old, self._is_old = self._is_old, False
        if self._others is None:
            self._others = sight.others
        elif not self._is_paused and not is_old:
            is_changed, self._others = self._others != sight.others, sight.others
            if self._is_catching_up:
                self._is_catching_up = False
                self.caught_up.emit(is_changed)
            elif is_changed:
                self.others_changed.emit()

    def _on_not_seen(self, _error: Exception) -> None:
        """What cannot be read just now is not said to be gone; the next look tells."""
        self._look = None

    def _follow(self, source: Path, sight: _Sight) -> None:
        """Watch the files that there are now; editors that replace a file end the watch of the one before."""
        wanted = {str(path) for path in (source, *sight.folders, *sight.others) if path.exists()}
        watched = {*self._watcher.files(), *self._watcher.directories()}
        if gone := [path for path in watched if path not in wanted]:
            self._watcher.removePaths(gone)
        if fresh := [path for path in wanted if path not in watched]:
            self._watcher.addPaths(fresh)


def _look(source: Path) -> _Sight:
    try:
        sha256 = hashlib.sha256(source.read_bytes()).hexdigest()
    except (FileNotFoundError, NotADirectoryError):
        sha256 = ""
    folders: list[Path] = []
    others: dict[Path, tuple[int, int]] = {}
    for folder, files in study_places(source.parent):
        folders.append(folder)
        for file in files:
            if file != source:
                with contextlib.suppress(OSError):
                    stat = file.stat()
                    others[file] = (stat.st_mtime_ns, stat.st_size)
        if len(folders) + len(others) > _MOST_WATCHED:
            break  # a folder of other things than a study: looking at all of it would cost more than it tells
    return _Sight(sha256, tuple(folders), others)
