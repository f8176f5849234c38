"""Noticing that a study's files change outside: the file system tells it, and where it may not have, one looks."""

import contextlib
import hashlib
from collections.abc import Callable
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

    Runs on: GUI thread; looking is done by tasks.
    """

    source_changed = Signal(str)
    others_changed = Signal()

    def __init__(self, tasks: Tasks, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._tasks = tasks
        self._source: Path | None = None
        self._told = ""
        self._others: dict[Path, tuple[int, int]] | None = None
        self._held = False
        self._look: Task[_Sight] | None = None
        self._after: list[Callable[[], object]] = []
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
        self._after.clear()
        self._source = self._others = None
        if watched := [*self._watcher.files(), *self._watcher.directories()]:
            self._watcher.removePaths(watched)

    def hold(self) -> None:
        """Say nothing for now: this app is writing."""
        self._held = True

    def release(self, *, forget_others: bool = False) -> None:
        """Say what changes again. `forget_others`: the other files as they are now are no news."""
        self._held = False
        if forget_others:
            self._others = None
        self.look()

    def look_then(self, then: Callable[[], object]) -> None:
        """Look at the files as they are from now on; then, when what is new was said, call `then`."""
        self._after.append(then)
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
        after, self._after = self._after, []

        def seen(sight: _Sight) -> None:
            self._on_seen(sight)
            for then in after:
                then()

        self._look = self._tasks.run(
            "look at the study's files", lambda: _look(source), seen, lambda _error: seen(_Sight())
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
        before, self._others = self._others, sight.others
        if sight.sha256 != self._told:
            self._told = sight.sha256
            self.source_changed.emit(sight.sha256)
        if before is not None and before != sight.others:
            self.others_changed.emit()

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
    except OSError:
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
