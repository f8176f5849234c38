"""The versions of the open study: what is listed, compared, brought back."""

from collections.abc import Callable
from typing import Any, TypeVar

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from gui.design.diff_view import DiffDialog
from gui.design.versions_view import VersionsView
from gui.models.chain_document import ChainDocument
from gui.runtime.tasks import Task, Tasks
from gui.shell.settings import LabSettings
from gui.widgets.theme import Theme
from mug.records.library import participants_by_hash
from mug.study import content_hash
from mug.study.diff import StudyDiff, diff_studies
from mug.study.edits import ReplaceStudy
from mug.study.model import Study
from mug.study.versions import Version, VersionStore

__all__ = ["VersionsFlow"]

_AFTER_EDIT_MS = 600
_T = TypeVar("_T")


class VersionsFlow(QObject):
    """Joins the panel of versions with their files.

    Attributes:
        diff_dialog: The visual diff, while it is open.

    Signals:
        said: A short message and its icon.

    Runs on: GUI thread; reading, hashing and comparing are done by tasks.
    """

    said = Signal(str, str)

    def __init__(
        self, theme: Theme, settings: LabSettings, document: ChainDocument, tasks: Tasks, view: VersionsView
    ) -> None:
        super().__init__(view)
        self._theme, self._settings, self._document, self._tasks, self._view = theme, settings, document, tasks, view
        self.diff_dialog: DiffDialog | None = None
        self._asked: dict[str, Task[Any]] = {}
        self._versions: list[Version] = []
        self._participants: dict[str, int] = {}
        self._current_hash = ""
        self._failure = ""
        self._timer = QTimer(self)
        self._timer.setObjectName("versions")
        self._timer.setSingleShot(True)
        self._timer.setInterval(_AFTER_EDIT_MS)
        self._timer.timeout.connect(self._find_current)
        document.loaded.connect(self.refresh)
        document.edit_applied.connect(self._on_edit_applied)
        view.compare_asked.connect(self._on_compare_asked)
        view.restore_asked.connect(self._on_restore_asked)

    @Slot()
    def refresh(self) -> None:
        """Look anew which versions there are and who took part, and which of them is open."""
        study, opened = self._document.study, self._document.opened
        if study is None or opened is None:
            for task in self._asked.values():
                task.cancel()
            self._view.show_versions((), {}, "")
            return
        data_dir, file, experiment_id = self._settings.data_dir, opened.file, str(study.id)

        def look() -> tuple[list[Version], dict[str, int]]:
            return VersionStore.of(file).list(), participants_by_hash(data_dir, experiment_id)

        def take(found: tuple[list[Version], dict[str, int]]) -> None:
            self._versions, self._participants = found
            self._failure = ""

        def fail(error: Exception) -> None:
            self._failure = str(error)
            self._show()

        self._look("look at the versions", look, take, fail)
        self._find_current()

    @Slot()
    def _find_current(self) -> None:
        """Look which version is open: an edit changes neither the files nor the records."""
        self._timer.stop()
        study = self._document.study

        def take(found: str) -> None:
            self._current_hash = found

        if study is not None:
            self._look("look which version is open", lambda: content_hash(study), take, self._say)

    def _look(
        self, what: str, look: Callable[[], _T], take: Callable[[_T], None], fail: Callable[[Exception], None]
    ) -> None:
        """Let a task look, take what it found, and show it; the newest of those that look for the same counts."""

        def show(found: _T) -> None:
            take(found)
            self._show()

        if what in self._asked:
            self._asked[what].cancel()
        self._asked[what] = self._tasks.run(what, look, show, fail)

    def _show(self) -> None:
        if self._failure:
            self._view.show_failure(self._failure)
        else:
            self._view.show_versions(self._versions, self._participants, self._current_hash)

    @Slot(object, object, str)
    def compare(self, before: Study, after: Study, title: str) -> None:
        """Show how the open study differs from another that may take its place.

        Args:
            before: The open one.
            after: The other one.
            title: What the other one is called.
        """
        self._compare(lambda: (before, after), "The open study", title)

    @Slot(object, object)
    def _on_compare_asked(self, first: Version, second: Version | None) -> None:
        opened, now = self._document.opened, self._document.study
        if opened is None or now is None:
            return
        store = VersionStore.of(opened.file)

        def read() -> tuple[Study, Study]:
            return store.read(first), store.read(second) if second is not None else now

        name = f"Version {second.number}" if second is not None else "The open study"
        self._compare(read, f"Version {first.number}", name)

    def _compare(self, read: Callable[[], tuple[Study, Study]], before: str, after: str) -> None:
        def look() -> StudyDiff:
            return diff_studies(*read())

        def show(diff: StudyDiff) -> None:
            if self.diff_dialog is not None:  # asked for twice, as by a double click
                return
            dialog = DiffDialog(self._theme, diff, before, after, self._view.window())
            self.diff_dialog = dialog
            dialog.finished.connect(lambda _result: self._forget(dialog))
            dialog.open()

        self._tasks.run("compare two versions", look, show, self._say)

    @Slot(object)
    def _on_restore_asked(self, version: Version) -> None:
        opened = self._document.opened
        if opened is None:
            return
        store = VersionStore.of(opened.file)

        def take(study: Study) -> None:
            if self._document.push(ReplaceStudy(study=study, label=f"Bring back version {version.number}")):
                self.said.emit(f"This is version {version.number} now; saving makes it the newest one", "history")

        self._tasks.run("read a version", lambda: store.read(version), take, self._say)

    def _forget(self, dialog: DiffDialog) -> None:
        if self.diff_dialog is dialog:
            self.diff_dialog = None
        dialog.deleteLater()

    def _say(self, error: Exception) -> None:
        self.said.emit(str(error), "error")

    @Slot(object)
    def _on_edit_applied(self, _change: object) -> None:
        self._timer.start()
