"""Autosave: unsaved changes are kept in a recovery file, and offered again after a crash."""

from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QGuiApplication

from gui.design.file_banner import Answer, FileBanner
from gui.models.chain_document import ChainDocument
from gui.models.moments import short_moment
from gui.models.opened_study import OpenedStudy
from gui.runtime.tasks import Tasks
from gui.runtime.unsaved_work import LeftStudy, StudyClaim, UnsavedWork
from mug.study.edits import ReplaceStudy
from mug.study.model import Study
from mug.study.unsaved import UnsavedStudy

__all__ = ["RecoveryFlow"]

_KEEP_AFTER_MS = 2_000
_FOUND, _ELSEWHERE = "recovery", "elsewhere"


class RecoveryFlow(QObject):
    """Keeps the document's unsaved changes, and offers what a crashed app left.

    Signals:
        left_changed: The `LeftStudy`s of crashed apps, for the welcome page.
        compare_asked: Two `Study`s, the file's and the one that was left, and a title for them.
        kept: The unsaved changes are in the recovery file.
        said: A short message and its icon.

    Runs on: GUI thread; the files are read and written by tasks.
    """

    left_changed = Signal(object)
    compare_asked = Signal(object, object, str)
    kept = Signal()
    said = Signal(str, str)

    def __init__(
        self, state_dir: Path, document: ChainDocument, tasks: Tasks, banner: FileBanner, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._document, self._tasks, self._banner = document, tasks, banner
        self._state_dir = state_dir
        self._work = UnsavedWork(state_dir)
        self._path: Path | None = None
        self._claim: StudyClaim | None = None
        self._is_writing = self._is_wanted = self._is_dismissed = False
        self._restored: list[LeftStudy] = []
        self._timer = QTimer(self)
        self._timer.setObjectName("autosave")
        self._timer.setSingleShot(True)
        self._timer.setInterval(_KEEP_AFTER_MS)
        self._timer.timeout.connect(self._keep)
        document.edit_applied.connect(self._on_edited)
        document.clean_changed.connect(self._on_clean_changed)
        application = QGuiApplication.instance()
        assert isinstance(application, QGuiApplication)
        application.applicationStateChanged.connect(self._on_application_state)

    @Slot()
    def scan(self) -> None:
        """Look for what crashed apps left; `left_changed` follows."""
        self._tasks.run("look for unsaved studies", self._work.left, self.left_changed.emit, lambda _error: None)

    def begin(self, opened: OpenedStudy) -> None:
        """Take care of a study that was just opened, or is saved elsewhere from now on."""
        path = opened.path
        if path != self._path:
            self.end()
            self._path = path
            self._take_claim()
        self.look_for_left(path)

    def end(self) -> None:
        """Let go of the study: what was not saved is not wanted."""
        self._timer.stop()
        self._is_wanted = False
        self._restored.clear()
        self._banner.drop(_FOUND, _ELSEWHERE)
        path, self._path = self._path, None
        claim, self._claim = self._claim, None
        self._is_dismissed = False
        if claim is not None:
            claim.release()
        if path is not None:
            self._drop(path)

    def close(self, *, keep: bool = False) -> None:
        """Remove this app's recovery files: its window is closed; with `keep` they stay."""
        self._timer.stop()
        self._path = None
        if self._claim is not None:
            self._claim.release()
            self._claim = None
        self._work.close(keep=keep)

    def look_for_left(self, path: Path) -> None:
        """Look whether a crashed app left changes of a study, and offer them."""

        def look() -> list[LeftStudy]:
            return self._work.left(path)

        self._tasks.run("look for unsaved changes", look, lambda found: self._offer(path, found), lambda _error: None)

    def forget(self, left: LeftStudy) -> None:
        """Remove what a crashed app left."""
        self._tasks.run("remove a recovery file", lambda: self._work.forget(left), lambda _done: self.scan())

    def restore(self, left: LeftStudy) -> None:
        """Take over what was left, as one edit; its file goes when the changes are kept or saved."""
        self._banner.drop(_FOUND)
        if left.unsaved.study == self._document.study:
            self.forget(left)
            return
        edit = ReplaceStudy(study=left.unsaved.study, label="Restore unsaved changes")
        if self._document.push(edit):
            self._restored.append(left)
            file = self._changed_since(left)
            but = f"; {file} was changed since then, and Undo brings that back" if file else ""
            self.said.emit(f"The unsaved changes are back{but}", "history")

    def take_over(self, left: LeftStudy) -> None:
        """Take care of what was left and is the document already; its file goes when it is kept or saved."""
        self._banner.drop(_FOUND)
        self._restored.append(left)
        self._timer.start()

    def _changed_since(self, left: LeftStudy) -> str:
        """Return the name of the study's file when it is another one than that the changes began with, or nothing."""
        opened = self._document.opened
        is_changed = opened is not None and left.unsaved.base_sha256 not in {"", opened.source_sha256}
        return left.unsaved.source.name if is_changed else ""

    def _offer(self, path: Path, found: list[LeftStudy]) -> None:
        if path != self._path or self._document.study is None:
            return
        known = {left.file for left in self._restored}
        for left in found:
            if left.file in known:
                continue
            if left.unsaved.study == self._document.study:
                self.forget(left)
                continue
            file = self._changed_since(left)
            but = f" {file} was changed since then: Restore brings back the study without that." if file else ""
            when = short_moment(left.unsaved.at)
            self._banner.say(
                _FOUND,
                f"Unsaved changes from {when} were found: MUG Lab did not end as it should.{but}",
                icon="history",
                tone="warning",
                rank=2,
                answers=(
                    Answer("Restore", partial(self.restore, left), "primary"),
                    Answer("Compare", partial(self._compare, left.unsaved.study)),
                    Answer("Discard", partial(self._discard, left), "danger"),
                ),
            )
            return

    def _compare(self, study: Study) -> None:
        if self._document.study is not None:
            self.compare_asked.emit(self._document.study, study, "Unsaved changes that were found")

    def _discard(self, left: LeftStudy) -> None:
        self._banner.drop(_FOUND)
        path = self._path

        def look(_done: None) -> None:
            self.scan()
            if path is not None:
                self.look_for_left(path)

        self._tasks.run("remove a recovery file", lambda: self._work.forget(left), look)

    # --- keeping ------------------------------------------------------------------------------------------------------

    @Slot(object)
    def _on_edited(self, _change: object) -> None:
        if self._path is not None and not self._timer.isActive():
            self._timer.start()  # not started anew by the next edit: who types without a pause is kept, too

    @Slot(bool)
    def _on_clean_changed(self, is_clean: bool) -> None:
        if is_clean and self._path is not None:
            self._timer.stop()
            self._is_wanted = False
            self._drop(self._path)
        elif not is_clean:
            self._on_edited(None)  # also without an edit: the file is gone, and what is open is all that there is

    @Slot()
    def _keep(self) -> None:
        document = self._document
        if self._path is None or document.study is None or document.opened is None or document.is_clean:
            return
        if self._is_writing:
            self._is_wanted = True
            return
        unsaved = UnsavedStudy(
            path=self._path,
            source=document.opened.file,
            base_sha256=document.opened.source_sha256,
            at=datetime.now(UTC).isoformat(timespec="seconds"),
            study=document.study,
        )
        self._is_writing = True
        self._tasks.run(
            "keep unsaved changes",
            lambda: self._work.keep(unsaved),
            lambda _done: self._on_kept(unsaved.path),
            self._on_not_kept,
        )

    def _on_kept(self, path: Path) -> None:
        self._is_writing = False
        if path != self._path or self._document.is_clean:  # saved, or left, while it was written
            self._tasks.run("remove a recovery file", lambda: self._work.drop(path), lambda _done: None)
        else:
            self._forget_restored()
            self.kept.emit()
            if self._is_wanted:
                self._is_wanted = False
                self._keep()

    def _on_not_kept(self, error: Exception) -> None:
        self._is_writing = self._is_wanted = False
        self.said.emit(f"Unsaved changes cannot be kept for the case of a crash: {error}", "warning")

    def _drop(self, path: Path) -> None:
        self._forget_restored()
        self._tasks.run("remove a recovery file", lambda: self._work.drop(path), lambda _done: None)

    def _forget_restored(self) -> None:
        for left in self._restored:
            self.forget(left)
        self._restored.clear()

    # --- two apps with one study --------------------------------------------------------------------------------------

    def _take_claim(self) -> None:
        path, state_dir = self._path, self._state_dir
        if path is None:
            return

        def take(claim: StudyClaim) -> None:
            if path != self._path:
                claim.release()
                return
            self._claim = claim
            if claim.holder is None:
                self._banner.drop(_ELSEWHERE)
            elif not self._is_dismissed:
                self._say_elsewhere(claim.holder)

        self._tasks.run("see who has the study open", lambda: StudyClaim.take(state_dir, path), take, lambda _e: None)

    def _say_elsewhere(self, holder: dict[str, str]) -> None:
        who = f" (process {holder['pid']} on {holder.get('host', 'this computer')})" if holder.get("pid") else ""
        self._banner.say(
            _ELSEWHERE,
            f"This study is open in another MUG Lab, too{who}. What is saved there is noticed here, and nothing is "
            "overwritten without asking.",
            icon="users",
            tone="warning",
            rank=4,
            answers=(Answer("All right", self._dismiss_elsewhere, "quiet"),),
        )

    def _dismiss_elsewhere(self) -> None:
        self._is_dismissed = True
        self._banner.drop(_ELSEWHERE)

    @Slot(Qt.ApplicationState)
    def _on_application_state(self, state: Qt.ApplicationState) -> None:
        if (
            state is Qt.ApplicationState.ApplicationActive
            and self._claim is not None
            and self._claim.holder is not None
        ):
            self._take_claim()
