"""The study in another form: as a script that is known to load, or a script's study as a folder; by a child process."""

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
from PySide6.QtCore import QObject

from gui.runtime.child_process import ChildOutcome, ChildProcess
from mug.study.model import Study
from mug.study.unsaved import exact_text, study_of_exact_text

__all__ = ["FolderForm", "StudyWriting", "WritingProblem"]

_TIMEOUT_MS = 60_000


class _Result(msgspec.Struct, frozen=True, kw_only=True):
    error: str = ""
    traceback: str = ""
    problems: tuple[str, ...] = ()
    text: str = ""
    study: Study | None = None
    exact_study: str = ""
    files: dict[str, str] = {}


@dataclass(frozen=True)
class WritingProblem:
    """Why the other form could not be made.

    Attributes:
        sentence: In words.
        problems: Each thing that cannot be said in it.
        traceback: Of the study's own code, or empty.
    """

    sentence: str
    problems: tuple[str, ...] = ()
    traceback: str = ""


@dataclass(frozen=True)
class FolderForm:
    """A script's study as a folder holds it.

    Attributes:
        study: What ``study.toml`` is to say.
        files: The files beside it, name → text.
    """

    study: Study
    files: dict[str, str] = field(default_factory=dict)


class StudyWriting(QObject):
    """Makes one form at a time.

    Runs on: GUI thread.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._folder = tempfile.TemporaryDirectory(prefix="mug-lab-", ignore_cleanup_errors=True)
        self._child: ChildProcess | None = None
        self._count = 0

    def script(
        self,
        study: Study,
        script: Path,
        in_script: Sequence[str],
        done: Callable[[str], object],
        failed: Callable[[WritingProblem], object],
    ) -> None:
        """Write a study as a script that is to stand at `script`; `done` takes its text.

        Args:
            study: The study.
            script: Where it is to stand.
            in_script: References that stand for objects of the script which was opened.
            done: Takes the text.
            failed: Takes why there is none.
        """
        more = ["--in-script", *in_script] if in_script else []
        self._begin(f"Writing {script.name}", "script", study, script, lambda result: done(result.text), failed, more)

    def folder_form(
        self,
        script: Path,
        study: Study,
        done: Callable[[FolderForm], object],
        failed: Callable[[WritingProblem], object],
    ) -> None:
        """Write the study that was opened from `script`, and changed since, as a folder holds it."""

        def take(result: _Result) -> None:
            found = study_of_exact_text(result.exact_study) if result.exact_study else result.study
            if found is None:
                failed(WritingProblem(f"{script.name} was run, but its study could not be read"))
            else:
                done(FolderForm(found, result.files))

        self._begin(f"Writing the study of {script.name}", "folder", study, script, take, failed)

    def close(self) -> None:
        """End a child that still runs, and remove what was written."""
        if self._child is not None:
            self._child.ended.disconnect()
            self._child.close()
        self._folder.cleanup()

    def _begin(
        self,
        what: str,
        form: str,
        study: Study,
        script: Path,
        done: Callable[[_Result], object],
        failed: Callable[[WritingProblem], object],
        more: Sequence[str] = (),
    ) -> None:
        self._count += 1
        given = Path(self._folder.name) / f"{self._count}-study.json"
        out = Path(self._folder.name) / f"{self._count}.json"
        try:
            given.write_text(exact_text(study), encoding="utf-8")
        except (OSError, ValueError) as error:
            failed(WritingProblem(f"{what} could not begin: {getattr(error, 'strerror', None) or error}"))
            return
        arguments = ["-m", "gui.runtime.write_study_child", form, str(script), "--study", str(given), "--out", str(out)]
        arguments += more
        child = ChildProcess(what, arguments, timeout_ms=_TIMEOUT_MS, parent=self)
        self._child = child

        def ended(outcome: ChildOutcome) -> None:
            self._child = None
            child.deleteLater()
            if not outcome.is_good or not out.exists():
                failed(WritingProblem(outcome.sentence, traceback=outcome.tail))
                return
            try:
                result = msgspec.json.decode(out.read_bytes(), type=_Result)
            except (msgspec.MsgspecError, OSError) as error:
                failed(WritingProblem(f"{what} went wrong: {error}"))
                return
            finally:
                given.unlink(missing_ok=True)
                out.unlink(missing_ok=True)
            if result.error:
                failed(WritingProblem(result.error, result.problems, result.traceback))
            else:
                done(result)

        child.ended.connect(ended)
        child.start()
