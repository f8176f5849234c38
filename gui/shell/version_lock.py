"""Saying that the open version of a study has participants: it stays as it is, and changes become the next one."""

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject

from gui.design.file_banner import Answer, FileBanner
from gui.models.opened_study import OpenedStudy
from gui.runtime.tasks import Tasks
from gui.shell.settings import LabSettings
from mug.records.library import participants_by_hash
from mug.study.versions import VersionStore

__all__ = ["VersionLock"]

_KEY = "participants"


@dataclass(frozen=True)
class _Found:
    participants: int = 0
    next_number: int = 0


class VersionLock(QObject):
    """Looks in the records, which are only read, whether the version in the file has participants.

    Attributes:
        participants: How many the open version has, as far as is known.
        next_number: The number of the version that changes become.

    Runs on: GUI thread; the records are read by tasks.
    """

    def __init__(self, settings: LabSettings, tasks: Tasks, banner: FileBanner, parent: QObject) -> None:
        super().__init__(parent)
        self._settings, self._tasks, self._banner = settings, tasks, banner
        self._opened: OpenedStudy | None = None
        self._seen: set[str] = set()
        self.participants = self.next_number = 0

    def look(self, opened: OpenedStudy) -> None:
        """Look whether a study, as it is in its file, has participants."""
        if self._opened is None or self._opened.content_hash != opened.content_hash:
            self.participants = self.next_number = 0
            self._banner.drop(_KEY)
        self._opened = opened
        data_dir = self._settings.data_dir
        self._tasks.run(
            "look for participants", lambda: _look(data_dir, opened), lambda found: self._show(opened, found), _ignore
        )

    def _show(self, opened: OpenedStudy, found: _Found) -> None:
        if opened is not self._opened:
            return
        self.participants, self.next_number = found.participants, found.next_number
        if not found.participants or opened.content_hash in self._seen:
            self._banner.drop(_KEY)
            return
        people = "1 participant" if found.participants == 1 else f"{found.participants} participants"
        self._banner.say(
            _KEY,
            f"This version has {people} and stays as it is; your changes become version {found.next_number}.",
            icon="users",
            rank=6,
            answers=(Answer("All right", lambda: self._dismiss(opened.content_hash), "quiet"),),
        )

    def _dismiss(self, digest: str) -> None:
        self._seen.add(digest)
        self._banner.drop(_KEY)


def _look(data_dir: Path, opened: OpenedStudy) -> _Found:
    participants = participants_by_hash(data_dir, str(opened.study.id)).get(opened.content_hash, 0)
    if not participants:
        return _Found()
    newest = VersionStore.of(opened.file).newest()
    if newest is None:
        return _Found(participants, 2)
    # A version that was changed without MUG Lab is kept as the next one before it is overwritten.
    return _Found(participants, newest.number + (1 if newest.content_hash == opened.content_hash else 2))


def _ignore(_error: Exception) -> None:
    """Records that cannot be read are said on the Data page; here nothing can be told."""
