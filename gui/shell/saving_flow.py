"""Saving the open study: to its file, to another folder, as a script; never on the GUI thread."""

from collections.abc import Callable
from pathlib import Path

import msgspec
from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtWidgets import QMessageBox, QWidget

from gui.design.file_banner import Answer, FileBanner
from gui.models.chain_document import ChainDocument
from gui.models.opened_study import OpenedStudy
from gui.models.save_target import SaveTarget
from gui.runtime.study_copying import CopyProgress
from gui.runtime.study_saving import (
    ChangedOutsideError,
    KeepVersion,
    Saved,
    SaveRequest,
    save_beside,
    save_copy,
    save_script,
    save_study,
)
from gui.runtime.study_writing import FolderForm, StudyWriting, WritingProblem
from gui.runtime.tasks import Tasks
from gui.shell.save_dialogs import CopyDialog, ReplaceQuestion, SaveAsDialog, ScriptSaveDialog
from gui.widgets.theme import Theme
from mug.study import Problem
from mug.study.edits import ReplaceStudy, field_value
from mug.study.errors import EditError
from mug.study.files import STUDY_FILE
from mug.study.model import Study
from mug.study.python_refusals import python_problems

__all__ = ["SavingFlow", "python_only"]

_KEY = "save"
_POLL_MS = 100

Then = Callable[[], object]


class SavingFlow(QObject):
    """Saves the document.

    Attributes:
        script_dialog, save_as_dialog, replace_question, copy_dialog: The questions, while they are open.

    Signals:
        saving_changed: Whether something is being written.
        saved: The `OpenedStudy` as it is in its file now, and whether it lives elsewhere from now on.
        conflicted: The file was changed outside, so nothing was written.
        said: A short message and its icon.

    Runs on: GUI thread; files are written by tasks, scripts are run in a child process.
    """

    saving_changed = Signal(bool)
    saved = Signal(object, bool)
    conflicted = Signal()
    said = Signal(str, str)

    def __init__(
        self,
        theme: Theme,
        document: ChainDocument,
        tasks: Tasks,
        writing: StudyWriting,
        banner: FileBanner,
        keep_version: KeepVersion,
        page: QWidget,
    ) -> None:
        super().__init__(page)
        self._theme, self._document, self._tasks, self._page = theme, document, tasks, page
        self._writing, self._banner, self._keep_version = writing, banner, keep_version
        self._then: list[Then] = []
        self._is_again = self._is_left = False
        self.is_saving = False
        self._written_scripts: set[Path] = set()
        self._overwrite = ""
        self.script_dialog: ScriptSaveDialog | None = None
        self.save_as_dialog: SaveAsDialog | None = None
        self.replace_question: ReplaceQuestion | None = None
        self.copy_dialog: CopyDialog | None = None

    def allow_overwriting(self, sha256: str) -> None:
        """Let the next save overwrite the file where it is this one; its content is kept first."""
        self._overwrite = sha256

    def forget(self) -> None:
        """Another study is open: nothing of the one before counts any more; what is being written is finished."""
        self._is_left = self.is_saving
        self._overwrite = ""
        self._then.clear()
        self._is_again = False
        self._banner.drop(_KEY)

    def changed_outside(self, script: Path) -> None:
        """A script was written by somebody else: what is in it is asked about again before it is overwritten."""
        self._written_scripts.discard(script)

    def after_saving(self, then: Then) -> None:
        """Call `then` when what is being written is there."""
        self._then.append(then)

    def save(self, then: Then | None = None) -> None:
        """Save the document to its file; `then` is called when that went well."""
        opened, study = self._document.opened, self._document.study
        if opened is None or study is None:
            return
        if then is not None:
            self._then.append(then)
        if self.is_saving:
            self._is_again = True
        elif self._document.is_clean:
            self.said.emit("Everything is saved", "check")
            self._call_then()
        elif opened.is_script and opened.file not in self._written_scripts:
            self._ask_script(opened, study)
        elif opened.is_script:
            self._write_script(opened, put_aside=False)
        else:
            self._write(opened)

    def save_as(self, only: str = "", then: Then | None = None) -> None:
        """Ask where the study is to go, and save it there. `only`: offer "folder" or "script" only."""
        opened, study = self._document.opened, self._document.study
        if opened is None or study is None or self.is_saving or self.save_as_dialog is not None:
            return
        if then is not None:
            self._then.append(then)
        home = opened.file.parent
        name = f"{opened.file.stem}_mug.py" if opened.is_script else f"{home.name}_copy"
        kind = only or "folder"
        if kind == "folder" and opened.is_script:
            name = f"{opened.file.stem}_study"
        elif kind == "script" and not opened.is_script:
            name = "experiment.py"
        parent = home if kind == "script" else home.parent
        target = SaveTarget(kind=kind, parent=parent, name=name)
        dialog = SaveAsDialog(
            self._theme, target, script_problem=_script_problem(opened, study), only=only, parent=self._page.window()
        )
        self.save_as_dialog = dialog

        def finished(result: int) -> None:
            self.save_as_dialog = None
            dialog.deleteLater()
            if not result:
                self._then.clear()

        dialog.answered.connect(self._take_target)
        dialog.finished.connect(finished)
        dialog.open()

    # --- to its own file ----------------------------------------------------------------------------------------------

    def _write(self, opened: OpenedStudy) -> None:
        request = self._request(opened)
        keep = self._keep_version
        self._begin()
        self._tasks.run("save the study", lambda: save_study(request, keep), self._on_saved, self._on_failed)

    def _write_script(self, opened: OpenedStudy, *, put_aside: bool) -> None:
        request = self._request(opened)
        self._begin()

        def write(text: str) -> None:
            keep = self._keep_version
            self._tasks.run(
                "save the script",
                lambda: save_script(request, text, keep, put_aside=put_aside),
                self._on_script_saved,
                self._on_failed,
            )

        self._writing.script(request.study, opened.file, opened.in_python, write, self._on_problem)

    def _on_script_saved(self, saved: Saved) -> None:
        opened = self._document.opened
        self._written_scripts.add(saved.opened.file)
        self._on_saved(saved, moved=opened is None or saved.opened.path != opened.path)

    def _request(self, opened: OpenedStudy) -> SaveRequest:
        study = self._document.study
        assert study is not None
        return SaveRequest(study=study, opened=opened, overwrite=self._overwrite)

    # --- from a script ------------------------------------------------------------------------------------------------

    def _ask_script(self, opened: OpenedStudy, study: Study) -> None:
        if self.script_dialog is not None:
            return
        there = opened.file.with_name(STUDY_FILE)
        problem = f"there is a {STUDY_FILE} in this folder already" if there.exists() else ""
        only = python_only(opened, study)
        dialog = ScriptSaveDialog(self._theme, opened.file, only, problem, self._page.window())
        self.script_dialog = dialog

        def finished(result: int) -> None:
            self.script_dialog = None
            dialog.deleteLater()
            if not result:
                self._then.clear()

        def take(key: str) -> None:
            if key == "folder":
                self._save_folder_form(opened, None)
            elif key == "replace":
                self._write_script(opened, put_aside=True)
            else:
                self.save_as("folder" if key == "elsewhere" else "script")

        dialog.answered.connect(take)
        dialog.finished.connect(finished)
        dialog.open()

    def _save_folder_form(self, opened: OpenedStudy, target: SaveTarget | None, *, put_aside: bool = False) -> None:
        """Write a script's study as a folder; `target` None: beside the script."""
        study = self._document.study
        assert study is not None
        self._begin()

        def write(form: FolderForm) -> None:
            if target is not None:
                self._copy(opened, form.study, form.files, target, put_aside=put_aside)
                return
            folder = opened.file.parent
            request = SaveRequest(form.study, _moved(opened, folder, folder / STUDY_FILE))
            keep = self._keep_version
            self._tasks.run(
                "save the study",
                lambda: save_beside(request, form.files, keep),
                lambda saved: self._on_saved(saved, study=study, moved=True),
                self._on_failed,
            )

        self._writing.folder_form(opened.file, study, write, self._on_problem)

    # --- elsewhere ----------------------------------------------------------------------------------------------------

    def _take_target(self, target: SaveTarget) -> None:
        if not target.is_taken():
            self._save_to(target, put_aside=False)
            return
        question = ReplaceQuestion(target.path, self._page.window())
        self.replace_question = question

        def answer() -> None:
            self.replace_question = None
            question.deleteLater()
            if question.clickedButton() is question.replace:
                self._save_to(target, put_aside=True)
            else:
                self._then.clear()

        question.finished.connect(lambda _result: answer())
        question.open()

    def _save_to(self, target: SaveTarget, *, put_aside: bool) -> None:
        opened, study = self._document.opened, self._document.study
        if opened is None or study is None or self.is_saving:
            return
        if target.kind == "script":
            self._write_script(_moved(opened, target.path, target.path), put_aside=True)
        elif opened.is_script:
            self._save_folder_form(opened, target, put_aside=put_aside)
        else:
            self._begin()
            self._copy(opened, study, {}, target, put_aside=put_aside)

    def _copy(
        self, opened: OpenedStudy, study: Study, files: dict[str, str], target: SaveTarget, *, put_aside: bool
    ) -> None:
        progress = CopyProgress()
        dialog = CopyDialog(self._theme, target.path, self._page.window())
        timer = QTimer(dialog)
        timer.setObjectName("copy progress")
        timer.timeout.connect(lambda: dialog.show_progress(progress.done, progress.total))
        timer.start(_POLL_MS)
        self.copy_dialog = dialog
        dialog.rejected.connect(lambda: setattr(progress, "cancelled", True))
        dialog.open()
        request = SaveRequest(study, _moved(opened, target.path, target.file))
        keep, source, mine = self._keep_version, opened.folder, self._document.study

        def close() -> None:
            self.copy_dialog = None
            timer.stop()
            dialog.hide()
            dialog.deleteLater()

        def done(saved: Saved) -> None:
            close()
            self._on_saved(saved, study=mine, moved=True)

        def failed(error: Exception) -> None:
            close()
            self._on_failed(error)

        self._tasks.run(
            "save the study elsewhere",
            lambda: save_copy(request, source, files, progress, keep, put_aside=put_aside),
            done,
            failed,
        )

    # --- how it went --------------------------------------------------------------------------------------------------

    def _begin(self) -> None:
        if not self.is_saving:
            self.is_saving = True
            self.saving_changed.emit(True)
        self._banner.drop(_KEY)

    def _end(self) -> bool:
        """Say that nothing is being written any more; returns whether it was for a study that is not open now."""
        is_left, self._is_left = self._is_left, False
        self.is_saving = False
        self.saving_changed.emit(False)
        return is_left

    def _on_saved(self, saved: Saved, *, study: Study | None = None, moved: bool = False) -> None:
        """Take what was written for the document's file. `study`: what the document held when it was asked."""
        if self._is_left:
            self._end()
            self.said.emit(f"Saved to {saved.opened.path}", "check")
            return
        self._overwrite = ""
        document, opened = self._document, saved.opened
        asked = study if study is not None else opened.study
        if document.study is asked:
            if opened.study != asked:
                document.push(ReplaceStudy(study=opened.study, label="Save as a study folder"))
            document.mark_saved(opened)
        else:  # changed while it was written: the file holds no state of the history that could be called clean
            document.know(opened)
            document.stack.resetClean()
        self._end()
        if saved.outside_kept:
            where = saved.outside_kept
            self.said.emit(f"Saved; what was there is kept in {Path(where).name}", "check")
        elif saved.warning:
            self.said.emit(saved.warning, "warning")
        else:
            self.said.emit(f"Saved to {opened.file.name}" if not moved else f"Saved to {opened.path}", "check")
        self.saved.emit(opened, moved)
        is_again, self._is_again = self._is_again, False
        if is_again and not document.is_clean:
            self.save()
        else:
            self._call_then()

    def _call_then(self) -> None:
        then, self._then = self._then, []
        for call in then:
            call()

    def _on_failed(self, error: Exception) -> None:
        if self._end():
            self.said.emit(f"The study before was not saved: {error}", "error")
            return
        is_again, self._is_again = self._is_again, False
        if isinstance(error, ChangedOutsideError) and is_again and self._overwrite:
            self.save()  # it was allowed, and asked for again, while this one was under way
            return
        self._then.clear()
        if isinstance(error, ChangedOutsideError):
            self.conflicted.emit()
            return
        self._say(f"Not saved: {error}. Your changes are still here.")

    def _on_problem(self, problem: WritingProblem) -> None:
        if self._end():
            self.said.emit(f"The study before was not saved: {problem.sentence}", "error")
            return
        self._then.clear()
        self._is_again = False
        details = "\n".join([*problem.problems, problem.traceback]).strip()
        self._say(f"Not saved: {problem.sentence}", details)

    def _say(self, sentence: str, details: str = "") -> None:
        answers = [
            Answer("Save as…", self._save_elsewhere, "primary"),
            Answer("Try again", self.save),
            Answer("Later", lambda: self._banner.drop(_KEY), "quiet"),
        ]
        if details:
            answers.insert(2, Answer("Details", lambda: self._show_details(sentence, details)))
        self._banner.say(_KEY, sentence, icon="error", tone="error", rank=0, answers=answers)

    def _show_details(self, sentence: str, details: str) -> None:
        box = QMessageBox(self._page.window())
        box.setWindowTitle("Why it was not saved")
        box.setIcon(QMessageBox.Icon.Warning)
        box.setTextFormat(Qt.TextFormat.PlainText)
        box.setText(sentence)
        box.setDetailedText(details)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.open()

    def _save_elsewhere(self) -> None:
        self._banner.drop(_KEY)
        self.save_as()


def python_only(opened: OpenedStudy, study: Study) -> list[str]:
    """Return what only a script can say of what the study holds, in words: "tag.hud_text_fn (lambda in study.py)"."""
    words = dict(zip(opened.in_python, opened.in_python_words, strict=False))
    found = []
    for problem in python_problems(study, opened.in_python):
        if problem.code == "only_in_python" and problem.field is not None:
            ref = _reference(study, problem)
            place = f"{problem.label}." if problem.label else ""
            bare = f"{place}{problem.field.rpartition('.')[2]} (function in {opened.file.name})"
            found.append(words.get(ref, bare))
    return found


def _reference(study: Study, problem: Problem) -> str:
    try:
        value = field_value(study, problem.path, str(problem.field))
    except EditError:  # a policy of one agent, or a part of it
        return ""
    return value if isinstance(value, str) else ""


def _script_problem(opened: OpenedStudy, study: Study) -> str:
    only = python_only(opened, study)
    if not only:
        return ""
    listed = ", ".join(only[:4]) + (" …" if len(only) > 4 else "")
    return f"A written script cannot say this: {listed}."


def _moved(opened: OpenedStudy, path: Path, file: Path) -> OpenedStudy:
    """Return what is known about a study that is to live elsewhere."""
    kept = (
        opened
        if file.suffix == ".py"
        else msgspec.structs.replace(opened, in_python=(), in_python_words=(), generated={})
    )
    return msgspec.structs.replace(kept, path=path, source=file, folder=file.parent, source_sha256="", checked=False)
