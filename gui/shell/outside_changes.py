"""Changes of the study's files that were made outside of MUG Lab: taken over, or asked about; never overwritten."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Qt, Signal, Slot
from PySide6.QtGui import QGuiApplication

from gui.design.file_banner import Answer, FileBanner
from gui.models.chain_document import ChainDocument
from gui.models.opened_study import OpenedStudy
from gui.runtime.study_loading import StudyLoading
from gui.runtime.study_watch import StudyWatch
from gui.runtime.tasks import Tasks
from mug.study.edits import ReplaceStudy
from mug.study.files import read_study
from mug.study.model import Study

__all__ = ["OutsideChanges"]

_OUTSIDE, _GONE = "outside", "gone"


class OutsideChanges(QObject):
    """Follows the file of the open study.

    Signals:
        reload_asked: Load the study again; `take` gets the result.
        save_asked, save_as_asked: The user wants the study to be written.
        overwriting_allowed: SHA-256, in hex, of the outside content that the next save may overwrite.
        compare_asked: Two `Study`s, the open one and the one in the file, and a title for them.
        said: A short message and its icon.

    Runs on: GUI thread.
    """

    reload_asked = Signal()
    save_asked = Signal()
    save_as_asked = Signal()
    overwriting_allowed = Signal(str)
    compare_asked = Signal(object, object, str)
    said = Signal(str, str)

    def __init__(
        self,
        document: ChainDocument,
        loading: StudyLoading,
        watch: StudyWatch,
        tasks: Tasks,
        banner: FileBanner,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._document, self._loading, self._watch = document, loading, watch
        self._tasks, self._banner = tasks, banner
        self._theirs = self._is_missed = False
        self._accepted = ""
        self._is_following_up = False
        watch.source_changed.connect(self._on_source_changed)
        watch.others_changed.connect(self._on_others_changed)
        watch.caught_up.connect(self._on_caught_up)
        loading.busy_changed.connect(self._on_busy_changed)
        loading.ended.connect(self._on_loading_ended)
        application = QGuiApplication.instance()
        assert isinstance(application, QGuiApplication)
        application.applicationStateChanged.connect(self._on_application_state)

    def begin(self, opened: OpenedStudy) -> None:
        """Follow the file of a study as it was just read or written."""
        self._theirs = False
        self._accepted = ""
        self._banner.drop(_OUTSIDE, _GONE)
        self._watch.watch(opened.file, opened.source_sha256)

    def take(self, opened: OpenedStudy) -> bool:
        """Take the file as it is now for the study, as one edit; returns whether that was done.

        Where there are unsaved changes, and the user did not ask for it, nothing is done but to ask.
        """
        document = self._document
        if not document.is_clean and not self._theirs:
            self._ask(opened.source_sha256)
            return False
        self._theirs = False
        label = f"Load {opened.file.name} as it is outside"
        if document.study != opened.study:
            document.push(ReplaceStudy(study=opened.study, label=label))
            self.said.emit(f"{opened.file.name} was changed outside and loaded again", "refresh")
        document.mark_saved(opened)
        self.begin(opened)
        return True

    def refuse(self) -> None:
        """The file cannot be read as it is now: what is open stays, and is not what the file says."""
        self.forget_wish()
        self._document.stack.resetClean()

    def forget_wish(self) -> None:
        """The file is not loaded after all."""
        self._theirs = False

    def load_theirs(self) -> None:
        """Load the file in the place of the unsaved changes; that can be undone."""
        self._theirs = True
        self._banner.drop(_OUTSIDE)
        self.reload_asked.emit()

    @Slot()
    def ask_again(self) -> None:
        """Ask about the change that a save has come upon."""
        file = self._file()
        if file is not None:
            self._watch.know("")  # so that the next look tells what the file is now
            self._watch.look()

    def _file(self) -> Path | None:
        return self._document.opened.file if self._document.opened is not None else None

    @Slot(str)
    def _on_source_changed(self, sha256: str) -> None:
        opened = self._document.opened
        if opened is None or (sha256 and sha256 == self._accepted):
            return
        if self._loading.opening is not None:
            self._is_missed = True
        elif sha256 == opened.source_sha256:
            self._banner.drop(_OUTSIDE, _GONE)
        elif not sha256:
            self._say_gone(opened)
        elif self._document.is_clean:
            self._banner.drop(_GONE)
            self.reload_asked.emit()
        else:
            self._ask(sha256)

    def _say_gone(self, opened: OpenedStudy) -> None:
        self._document.stack.resetClean()
        self._banner.drop(_OUTSIDE)
        self._banner.say(
            _GONE,
            f"{opened.file.name} is not there any more: it was moved, renamed or deleted. The study is still open "
            "here; saving writes it anew.",
            icon="warning",
            tone="warning",
            rank=1,
            answers=(
                Answer("Save", self.save_asked.emit, "primary"),
                Answer("Save as…", self.save_as_asked.emit),
                Answer("Later", lambda: self._banner.drop(_GONE), "quiet"),
            ),
        )

    def _ask(self, sha256: str) -> None:
        file = self._file()
        if file is None:
            return
        self._banner.drop(_GONE)

        def keep_mine() -> None:
            self._banner.drop(_OUTSIDE)
            self._accepted = sha256
            self.overwriting_allowed.emit(sha256)
            self.said.emit("Yours stays; the next save keeps the other as a version", "history")

        self._banner.say(
            _OUTSIDE,
            f"{file.name} was changed outside, and you have unsaved changes.",
            icon="warning",
            tone="warning",
            rank=1,
            answers=(
                Answer("Load theirs", self.load_theirs, tip="Load the file; your changes can be brought back by Undo"),
                Answer("Keep mine", keep_mine, tip="The next save overwrites the file; it is kept as a version"),
                Answer("Compare", lambda: self._compare(file)),
            ),
        )

    def _compare(self, file: Path) -> None:
        def show(theirs: Study) -> None:
            if self._document.study is not None:
                self.compare_asked.emit(self._document.study, theirs, f"{file.name} as it is outside")

        failed: Callable[[Exception], None] = lambda error: self.said.emit(str(error), "error")  # noqa: E731
        self._tasks.run("read the study outside", lambda: read_study(file), show, failed)

    # --- other files of the study -------------------------------------------------------------------------------------

    @Slot()
    def _on_others_changed(self) -> None:
        if self._document.opened is not None:
            self._is_following_up = False
            self._loading.check(self._document.opened.path)

    @Slot(bool)
    def _on_caught_up(self, is_changed: bool) -> None:
        """Check once more when files were changed while the study was run; not again, for it may write them itself."""
        opened = self._document.opened
        self._is_following_up = is_changed and not self._is_following_up and opened is not None
        if self._is_following_up and opened is not None:
            self._loading.check(opened.path)

    @Slot(str)
    def _on_busy_changed(self, text: str) -> None:
        if text:
            self._watch.pause_others()

    @Slot()
    def _on_loading_ended(self) -> None:
        opened = self._document.opened
        if opened is None or self._loading.is_busy:
            return
        if self._is_missed:
            self._is_missed = False
            self._watch.know(opened.source_sha256)
            self._watch.look()
        self._watch.resume_others()

    @Slot(Qt.ApplicationState)
    def _on_application_state(self, state: Qt.ApplicationState) -> None:
        if state is Qt.ApplicationState.ApplicationActive:
            self._watch.look()
