"""The versions of the open study: what is listed, compared, brought back."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from gui.design.diff_view import DiffDialog
from gui.design.versions_view import VersionsView
from gui.models.chain_document import ChainDocument
from gui.runtime.tasks import Tasks
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
        self._asked = 0
        self._timer = QTimer(self)
        self._timer.setObjectName("versions")
        self._timer.setSingleShot(True)
        self._timer.setInterval(_AFTER_EDIT_MS)
        self._timer.timeout.connect(self.refresh)
        document.loaded.connect(self.refresh)
        document.clean_changed.connect(self.refresh)
        document.edit_applied.connect(self._on_edit_applied)
        view.compare_asked.connect(self._on_compare_asked)
        view.restore_asked.connect(self._on_restore_asked)

    @Slot()
    def refresh(self) -> None:
        """Look anew which versions there are, and which one is open."""
        self._timer.stop()
        study, opened = self._document.study, self._document.opened
        self._asked += 1
        if study is None or opened is None:
            self._view.show_versions((), {}, "")
            return
        asked, data_dir, file = self._asked, self._settings.data_dir, opened.file

        def look() -> tuple[list[Version], dict[str, int], str]:
            return VersionStore.of(file).list(), _participants(data_dir, str(study.id)), content_hash(study)

        def show(found: tuple[list[Version], dict[str, int], str]) -> None:
            if asked == self._asked:
                self._view.show_versions(*found)

        def fail(error: Exception) -> None:
            if asked == self._asked:
                self._view.show_failure(str(error))

        self._tasks.run("look at the versions", look, show, fail)

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


def _participants(data_dir: Path, experiment_id: str) -> dict[str, int]:
    return participants_by_hash(data_dir, experiment_id)
