"""Notices that files of a study were changed by another program."""

import hashlib
import os
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from gui.runtime.tasks import Tasks

__all__ = ["FolderWatch", "fingerprint"]

_PERIOD_MS = 1_000
_MAX_FILES = 5_000
_LEFT_OUT = frozenset({"__pycache__", "data", "node_modules", "venv", "site-packages"})


class FolderWatch(QObject):
    """Looks once a second, on a worker, at the names, times and sizes of a folder's files.

    The study's own file is left out: what changes in it is told by the document.

    Signals:
        changed: Some of them are others than a moment ago.

    Runs on: GUI thread.
    """

    changed = Signal()

    def __init__(self, tasks: Tasks, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._tasks = tasks
        self._folder: Path | None = None
        self._seen: str | None = None
        self._looking = False
        self._timer = QTimer(self)
        self._timer.setObjectName("folder watch")
        self._timer.setInterval(_PERIOD_MS)
        self._timer.timeout.connect(self._on_tick)

    def watch(self, folder: Path) -> None:
        """Watch a folder, from how it is now on; one that is watched already goes on being compared."""
        if folder != self._folder:
            self._folder, self._seen = folder, None
        self._timer.start()
        self._on_tick()

    def stop(self) -> None:
        """Watch no more."""
        self._timer.stop()
        self._folder = self._seen = None

    @Slot()
    def _on_tick(self) -> None:
        folder = self._folder
        if folder is None or self._looking:
            return
        self._looking = True
        self._tasks.run(
            "look for changed files",
            lambda: fingerprint(folder),
            lambda found: self._on_looked(folder, found),
            lambda _error: self._on_looked(folder, None),
        )

    def _on_looked(self, folder: Path, found: str | None) -> None:
        self._looking = False
        if folder != self._folder or found is None:
            return
        before, self._seen = self._seen, found
        if before is not None and before != found:
            self.changed.emit()


def fingerprint(folder: Path) -> str:
    """Return a text that changes when a file in `folder` does; hidden ones and those of programs are left out."""
    found: list[str] = []
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name not in _LEFT_OUT)
        for name in sorted(files):
            if name.startswith(".") or name in ("study.toml", "study.lock.json") or name.endswith((".pyc", ".log")):
                continue
            path = Path(place, name)
            try:
                stat = path.stat()
            except OSError:
                continue
            found.append(f"{path}\0{stat.st_mtime_ns}\0{stat.st_size}")
        if len(found) > _MAX_FILES:
            break
    return hashlib.sha256("\n".join(found).encode("utf-8", "surrogateescape")).hexdigest()
