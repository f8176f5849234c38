"""The life of a study's file: opening, saving, what changes outside, what a crash left, leaving it."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QFileDialog

from gui.design.file_banner import Answer, FileBanner
from gui.design.page import DesignPage
from gui.models.chain_document import ChainDocument
from gui.models.moments import short_moment
from gui.models.opened_study import OpenedStudy
from gui.runtime.study_loading import StudyLoading
from gui.runtime.study_saving import KeepVersion
from gui.runtime.study_watch import StudyWatch
from gui.runtime.study_writing import StudyWriting
from gui.runtime.tasks import Tasks
from gui.runtime.unsaved_work import LeftStudy
from gui.shell.outside_changes import OutsideChanges
from gui.shell.recovery_flow import RecoveryFlow
from gui.shell.save_dialogs import UnfinishedQuestion, UnsavedQuestion
from gui.shell.saving_flow import SavingFlow
from gui.shell.settings import LabSettings
from gui.shell.version_lock import VersionLock
from gui.widgets.theme import Theme
from mug.study.hashing import content_hash
from mug.study.model import Study
from mug.study.templates import create_study
from mug.study.versions import VersionStore

__all__ = ["StudyFlow"]

_OPENING, _LEFT = "opening", "left"
_SHOWN_AFTER_S, _SLOW_AFTER_S = 2, 10


class _NewStudy(Protocol):
    """What a new study is to be, as `create_study` takes it."""

    @property
    def template_key(self) -> str: ...

    @property
    def folder(self) -> Path: ...

    @property
    def study_id(self) -> str: ...

    @property
    def title(self) -> str: ...


class StudyFlow(QObject):
    """Joins the Design page and the document with the study's file.

    Attributes:
        saving, outside, recovery, lock: The parts.
        unsaved_question, unfinished_question: The question about unsaved changes, about what is no value yet, while it
            is open.

    Signals:
        opened: An `OpenedStudy`: loaded, checked thoroughly, or saved.
        said: A short message and its icon.
        saving_changed: Whether something is being written.
        unsaved_found: The `LeftStudy`s that crashed apps left, for the welcome page.
        compare_asked: Two `Study`s and a title: the open one, and another one that it may be replaced by.

    Runs on: GUI thread.
    """

    opened = Signal(object)
    said = Signal(str, str)
    saving_changed = Signal(bool)
    unsaved_found = Signal(object)
    compare_asked = Signal(object, object, str)

    def __init__(
        self,
        settings: LabSettings,
        loading: StudyLoading,
        page: DesignPage,
        document: ChainDocument,
        tasks: Tasks,
        theme: Theme,
        banner: FileBanner,
        keep_version: KeepVersion | None = None,
    ) -> None:
        super().__init__(page)
        self._settings, self._loading, self._page = settings, loading, page
        self._document, self._tasks, self._banner = document, tasks, banner
        self._writing = StudyWriting(self)
        self._watch = StudyWatch(tasks, self)
        keep = keep_version if keep_version is not None else _keep_version
        self.saving = SavingFlow(theme, document, tasks, self._writing, banner, keep, page)
        self.outside = OutsideChanges(document, loading, self._watch, tasks, banner, self)
        self.recovery = RecoveryFlow(settings.state_dir, document, tasks, banner, self)
        self.lock = VersionLock(settings, tasks, banner, self)
        self.unsaved_question: UnsavedQuestion | None = None
        self.unfinished_question: UnfinishedQuestion | None = None
        self._is_reload = False
        self._restoring: LeftStudy | None = None
        loading.busy_changed.connect(page.show_busy)
        loading.waited.connect(self._on_waited)
        loading.ended.connect(self._on_ended)
        loading.failed.connect(self._on_failed)
        loading.cancelled.connect(self._on_cancelled)
        loading.loaded.connect(self._on_loaded)
        page.open_asked.connect(self.open_path)
        page.open_folder_asked.connect(self.ask_folder)
        page.open_script_asked.connect(self.ask_script)
        page.reload_asked.connect(self.reload)
        self.saving.saving_changed.connect(self._on_saving_changed)
        self.saving.saved.connect(self._on_saved)
        self.saving.conflicted.connect(self.outside.ask_again)
        self.outside.reload_asked.connect(self._reload)
        self.outside.save_asked.connect(self.save)
        self.outside.save_as_asked.connect(self.save_as)
        self.outside.overwriting_allowed.connect(self.saving.allow_overwriting)
        self.recovery.left_changed.connect(self._on_left_changed)
        for part in (self.saving, self.outside, self.recovery):
            part.said.connect(self.said)
        for asking in (self.outside, self.recovery):
            asking.compare_asked.connect(self.compare_asked)

    # --- opening ------------------------------------------------------------------------------------------------------

    @Slot(str)
    def open_path(self, path: str) -> None:
        """Open the study at `path`; unsaved changes of the one that is open are asked about."""
        wanted = Path(path).expanduser().resolve()

        def go_on() -> None:
            self._open(wanted)

        if self.may_leave(go_on):
            go_on()

    def _open(self, path: Path) -> None:
        self._is_reload = False
        self._restoring = None
        self._loading.open(path)

    @Slot()
    def ask_folder(self) -> None:
        """Ask for a study folder."""
        dialog = QFileDialog(self._page, "Open a study folder", self._start_folder())
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        dialog.fileSelected.connect(self.open_path)
        dialog.open()

    @Slot()
    def ask_script(self) -> None:
        """Ask for a Python script."""
        dialog = QFileDialog(self._page, "Open a Python script", self._start_folder(), "Python scripts (*.py)")
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(self.open_path)
        dialog.open()

    @Slot()
    def reload(self) -> None:
        """Load the open study's file again, in the place of what is open; that can be undone."""
        if self._document.opened is not None:
            self.outside.load_theirs()

    @Slot()
    def cancel_opening(self) -> None:
        """Give up the study that is being opened."""
        self._loading.cancel()

    def new_study(
        self,
        request: _NewStudy,
        made: Callable[[], object] | None = None,
        failed: Callable[[str], object] | None = None,
    ) -> None:
        """Make a study from a template and open it.

        Args:
            request: What it is to be: the dialog's answer.
            made: Called when its folder is there.
            failed: Takes the sentence why it is not; not given: it is shown on the page.
        """

        def make() -> Path:
            return create_study(request.template_key, request.folder, study_id=request.study_id, title=request.title)

        def done(folder: Path) -> None:
            if made is not None:
                made()
            self.open_path(str(folder))

        def refused(error: Exception) -> None:
            if failed is not None:
                failed(str(error))
            else:
                self._page.show_failure(str(request.folder), f"The study was not made: {error}", "")

        self._tasks.run("make a study", make, done, refused)

    def restore_left(self, left: LeftStudy) -> None:
        """Open a study that a crashed app left, and take its unsaved changes over."""
        wanted = left.unsaved.path

        def go_on() -> None:
            self._open(wanted)
            self._restoring = left

        if self.may_leave(go_on):
            go_on()

    @Slot()
    def look_for_participants(self) -> None:
        """Look again whether the version in the file has participants: a session has ended."""
        if self._document.opened is not None:
            self.lock.look(self._document.opened)

    # --- saving and leaving -------------------------------------------------------------------------------------------

    @Slot()
    def save(self) -> None:
        """Save the study to its file."""
        self.saving.save()

    @Slot()
    def save_as(self) -> None:
        """Ask for another place, and save the study there."""
        self.saving.save_as()

    def save_then(self, then: Callable[[], object]) -> None:
        """Save what is unsaved, then go on; not saved: `then` is not called."""
        if self._document.opened is None or self._document.is_clean:
            then()
        else:
            self.saving.save(then)

    def may_leave(self, then: Callable[[], object]) -> bool:
        """Say whether the study may be left at once; else ask about its changes, and call `then` when it may."""
        opened = self._document.opened
        if opened is None:
            return True
        if self._document.is_clean and not self.saving.is_saving:
            return self._may_lose_unfinished(then)
        if self.saving.is_saving:  # asked only about what is unsaved after it
            self.saving.after_saving(lambda: then() if self.may_leave(then) else None)
            return False
        if self.unsaved_question is not None:
            return False
        title = self._document.study.title if self._document.study is not None else None
        question = UnsavedQuestion(title or opened.title, self._page.window())
        self.unsaved_question = question

        def answer() -> None:
            clicked = question.clickedButton()
            self.unsaved_question = None
            question.deleteLater()
            if clicked is not None and clicked is question.save:
                self.save_then(then)
            elif clicked is not None and clicked is question.discard:
                then()

        question.finished.connect(lambda _result: answer())
        question.open()
        return False

    def _may_lose_unfinished(self, then: Callable[[], object]) -> bool:
        fields = self._page.editor.inspector.unfinished()
        if fields == 0:
            return True
        if self.unfinished_question is None:
            question = UnfinishedQuestion(fields, self._page.window())
            self.unfinished_question = question

            def answer() -> None:
                leaves = question.clickedButton() is question.leave
                self.unfinished_question = None
                question.deleteLater()
                if leaves:
                    then()

            question.finished.connect(lambda _result: answer())
            question.open()
        return False

    def close(self, *, keep_unsaved: bool = False) -> None:
        """End everything: the app goes. `keep_unsaved`: leave the recovery file, as after a crash."""
        self._watch.stop()
        self._writing.close()
        self.recovery.close(keep=keep_unsaved)

    # --- what comes back ----------------------------------------------------------------------------------------------

    def _start_folder(self) -> str:
        recent = self._settings.recent
        return str(recent[0].parent if recent else Path.cwd())

    @Slot()
    def _reload(self) -> None:
        if self._document.opened is not None:
            self._is_reload = True
            self._loading.open(self._document.opened.path)

    @Slot(object)
    def _on_loaded(self, opened: OpenedStudy) -> None:
        if opened.checked:
            self._take_check(opened)
        elif self._is_reload and self._document.opened is not None and self._document.opened.path == opened.path:
            self._is_reload = False
            if self.outside.take(opened):
                self.saving.changed_outside(opened.file)
                self._show(opened)
        else:
            self._take_new(opened)

    def _take_new(self, opened: OpenedStudy) -> None:
        self.saving.forget()
        self.recovery.end()
        self._banner.drop(_LEFT)
        self._document.load(opened)
        self._settings.remember_study(opened.path)
        self.outside.begin(opened)
        left, self._restoring = self._restoring, None
        if left is not None:
            self.recovery.begin(opened)
            self.recovery.restore(left)
        else:
            self.recovery.begin(opened)
        self._show(opened)

    def _take_check(self, opened: OpenedStudy) -> None:
        known = self._document.opened
        if known is None or known.path != opened.path:
            return
        if known.source_sha256 != opened.source_sha256:
            self._watch.look()  # the file was changed meanwhile: that comes first
            return
        self._document.know(opened)
        self._page.show_study(opened)
        self.opened.emit(opened)

    def _show(self, opened: OpenedStudy) -> None:
        self._page.show_study(opened)
        self.lock.look(opened)
        self.opened.emit(opened)

    @Slot(object)
    def _on_left_changed(self, left: list[LeftStudy]) -> None:
        self.unsaved_found.emit(left)
        if not left or self._document.opened is not None:
            self._banner.drop(_LEFT)
            return
        newest = left[0]
        others = "" if len(left) == 1 else f" (and of {len(left) - 1} more)"
        self._banner.say(
            _LEFT,
            f"Unsaved changes of {newest.unsaved.title} from {short_moment(newest.unsaved.at)}{others} were found: "
            "MUG Lab did not end as it should.",
            icon="history",
            tone="warning",
            rank=2,
            answers=(
                Answer("Open them", lambda: self.restore_left(newest), "primary"),
                Answer("Later", lambda: self._banner.drop(_LEFT), "quiet"),
            ),
        )

    @Slot(bool)
    def _on_saving_changed(self, is_saving: bool) -> None:
        if is_saving:
            self._watch.hold()
        else:
            self._watch.release()
        self.saving_changed.emit(is_saving)

    @Slot(object, bool)
    def _on_saved(self, opened: OpenedStudy, moved: bool) -> None:
        self.outside.begin(opened)
        if moved:
            self._settings.remember_study(opened.path)
            self.recovery.begin(opened)
        self._show(opened)
        self._loading.check(opened.path)

    @Slot(str, str, str)
    def _on_failed(self, path: str, sentence: str, trace: str) -> None:
        left, self._restoring = self._restoring, None
        self.outside.forget_wish()
        if self._is_reload:
            self._is_reload = False
            self.outside.refuse()
        if left is not None:
            self._take_left_alone(left)
        self._page.show_failure(path, sentence, trace)

    def _take_left_alone(self, left: LeftStudy) -> None:
        """Open unsaved changes whose study cannot be read any more: nothing of them is lost."""
        unsaved = left.unsaved
        opened = OpenedStudy(
            path=unsaved.path,
            study=unsaved.study,
            folder=unsaved.source.parent,
            content_hash=content_hash(unsaved.study),
            problems=(),
            source=unsaved.source,
            source_sha256=unsaved.base_sha256,
        )
        self._take_new(opened)
        self.recovery.take_over(left)
        self._document.stack.resetClean()

    @Slot(str, int)
    def _on_waited(self, path: str, seconds: int) -> None:
        if seconds < _SHOWN_AFTER_S:
            return
        name, limit = Path(path).name, self._loading.load_timeout_ms // 1_000
        text = f"Opening {name}…"
        if seconds >= _SLOW_AFTER_S:
            text = f"{name} is still running after {seconds} s. It is ended after {limit} s."
        self._banner.say(_OPENING, text, icon="clock", rank=3, answers=(Answer("Cancel", self.cancel_opening),))

    @Slot()
    def _on_ended(self) -> None:
        if self._loading.opening is None:
            self._banner.drop(_OPENING)

    @Slot(str)
    def _on_cancelled(self, path: str) -> None:
        self._is_reload = False
        self._restoring = None
        self.outside.forget_wish()
        self.said.emit(f"{Path(path).name} was not opened", "close")


def _keep_version(file: Path, content: str | Study) -> object:
    return VersionStore.of(file).keep(content, at=datetime.now(UTC).isoformat(timespec="seconds"))
