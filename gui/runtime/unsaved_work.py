"""Recovery files: the unsaved studies of this app, and those that an app left behind that is no more.

Every app has a folder of its own with a lock that the operating system drops when the process dies, however it dies:
files in a folder that nobody holds were left by a crash.
"""

import contextlib
import hashlib
import os
import shutil
import sqlite3
import tempfile
import threading
import uuid
from dataclasses import dataclass
from pathlib import Path

from mug.records.errors import RecordsInUseError
from mug.records.lock import RecordsLock
from mug.study.unsaved import UnsavedStudy, unsaved_from_text, unsaved_to_text

__all__ = ["LeftStudy", "StudyClaim", "UnsavedWork"]


@dataclass(frozen=True)
class LeftStudy:
    """An unsaved study that a crashed app left.

    Attributes:
        unsaved: The study.
        file: The recovery file.
    """

    unsaved: UnsavedStudy
    file: Path


class UnsavedWork:
    """The recovery files of one app.

    Runs on: any thread; every method does file work.
    """

    def __init__(self, state_dir: Path) -> None:
        """Name the place; nothing is read or made yet."""
        self._apps = state_dir / "unsaved"
        self._own = self._apps / uuid.uuid4().hex[:16]
        self._lock: RecordsLock | None = None
        self._guard = threading.Lock()
        self._is_closed = False

    def keep(self, unsaved: UnsavedStudy) -> None:
        """Keep a study until `drop`; the one kept before for the same path is replaced in one step.

        Raises:
            OSError: When it cannot be written.
        """
        text = unsaved_to_text(unsaved)
        with self._guard:
            if self._is_closed:
                return
            self._begin()
            handle, name = tempfile.mkstemp(dir=self._own)
            try:
                with os.fdopen(handle, "w", encoding="utf-8") as file:
                    file.write(text)
                    file.flush()
                    os.fsync(file.fileno())
                Path(name).replace(self._own / _name(unsaved.path))
            except BaseException:
                Path(name).unlink(missing_ok=True)
                raise

    def drop(self, path: Path) -> None:
        """Remove what is kept for a path."""
        with self._guard, contextlib.suppress(OSError):
            (self._own / _name(path)).unlink(missing_ok=True)

    def left(self, path: Path | None = None) -> list[LeftStudy]:
        """Return what crashed apps left, the newest first; damaged files stay where they are.

        Args:
            path: Only what was opened from here; None: everything.
        """
        found: list[LeftStudy] = []
        with contextlib.suppress(OSError):
            for folder in self._apps.iterdir():
                if folder == self._own or not folder.is_dir() or _is_held(folder):
                    continue
                files = [folder / _name(path)] if path is not None else sorted(folder.glob("*.unsaved.json"))
                for file in files:
                    with contextlib.suppress(OSError, UnicodeDecodeError):
                        unsaved = unsaved_from_text(file.read_text(encoding="utf-8"))
                        if unsaved is not None and (path is None or unsaved.path == path):
                            found.append(LeftStudy(unsaved, file))
        return sorted(found, key=lambda left: left.unsaved.at, reverse=True)

    def forget(self, left: LeftStudy) -> None:
        """Remove a file that a crashed app left, and its folder after the last."""
        with contextlib.suppress(OSError):
            left.file.unlink(missing_ok=True)
            if not any(left.file.parent.glob("*.unsaved.json")):
                shutil.rmtree(left.file.parent)

    def close(self, *, keep: bool = False) -> None:
        """Remove this app's own files; with `keep` they stay, as if the app had crashed."""
        with self._guard:
            self._is_closed = True
            if self._lock is not None:
                self._lock.release()
                self._lock = None
            if not keep:
                shutil.rmtree(self._own, ignore_errors=True)

    def _begin(self) -> None:
        if self._lock is None:
            self._own.mkdir(parents=True, exist_ok=True)
            # Where nothing can be locked, other apps see these files, too; who just looks at the lock lets it go soon.
            with contextlib.suppress(sqlite3.Error, RecordsInUseError):
                self._lock = RecordsLock.acquire(self._own / "app")


class StudyClaim:
    """The word of one app that it has a study open; dropped by the operating system when the app dies.

    Runs on: any thread.
    """

    def __init__(self, lock: RecordsLock | None, holder: dict[str, str] | None) -> None:
        self._lock = lock
        self.holder = holder

    @classmethod
    def take(cls, state_dir: Path, path: Path) -> "StudyClaim":
        """Claim a study; `holder` is then who has it already, or None. Where nothing can be locked, nobody has it."""
        place = state_dir / "open" / _name(path).removesuffix(".unsaved.json")
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            return cls(RecordsLock.acquire(place), None)
        except RecordsInUseError as error:
            return cls(None, error.holder)
        except (OSError, sqlite3.Error):
            return cls(None, None)

    def release(self) -> None:
        """Let others have it."""
        if self._lock is not None:
            self._lock.release()
            self._lock = None


def _name(path: Path) -> str:
    return f"{hashlib.sha256(os.fsencode(path)).hexdigest()[:24]}.unsaved.json"


def _is_held(folder: Path) -> bool:
    """Whether the app of a folder lives."""
    if not (folder / "app.lock").exists():
        return False
    try:
        RecordsLock.acquire(folder / "app").release()
    except (RecordsInUseError, OSError, sqlite3.Error):
        return True
    return False
