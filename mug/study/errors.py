"""What can go wrong with a study before it runs."""

from collections.abc import Sequence
from pathlib import Path

from mug.errors import MugError
from mug.study.problems import Problem

__all__ = [
    "CallableError",
    "EditError",
    "NewStudyError",
    "PythonWriteError",
    "StudyFileError",
    "StudyLoadError",
    "TreatmentError",
    "VersionError",
]


class StudyLoadError(MugError):
    """A study could not be loaded.

    Attributes:
        path: What was to be loaded.
        line: The line of the file that is to be looked at, where it is known.
        problems: All problems, where the file could be read but is not a study.
        detail: A traceback of the study's own code, or an empty text.
    """

    def __init__(
        self,
        path: Path | str,
        message: str,
        *,
        line: int | None = None,
        problems: Sequence[Problem] = (),
        detail: str = "",
    ) -> None:
        self.path = Path(path)
        self.line = line
        self.problems = tuple(problems)
        self.detail = detail
        super().__init__(message)


class StudyFileError(MugError):
    """A study cannot be written to a file.

    Attributes:
        path: The file.
    """

    def __init__(self, path: Path | str, message: str) -> None:
        self.path = Path(path)
        super().__init__(message)


class NewStudyError(MugError):
    """A new study cannot be made.

    Attributes:
        path: The folder that was to become a study, or the template that was asked for.
        suggestion: A name that would do, or an empty text.
        taken: Whether something else is there already.
    """

    def __init__(self, path: Path | str, message: str, *, suggestion: str = "", taken: bool = False) -> None:
        self.path = Path(path)
        self.suggestion = suggestion
        self.taken = taken
        super().__init__(message)


class VersionError(MugError):
    """A version of a study cannot be kept or read.

    Attributes:
        path: The file or folder.
    """

    def __init__(self, path: Path | str, message: str) -> None:
        self.path = Path(path)
        super().__init__(message)


class EditError(MugError):
    """A study cannot be changed in this way; the message says why."""


class TreatmentError(MugError):
    """A study has no such treatment, or one of its changes cannot be made; the message says which, and why."""


class PythonWriteError(MugError):
    """A study cannot be written as a script in the chain API.

    Attributes:
        problems: Every place that keeps it from being written, and how to change it.
    """

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        count = len(self.problems)
        lines = "\n".join(f"  - {str(problem).removeprefix('error: ')}" for problem in self.problems)
        super().__init__(f"the study cannot be written as Python ({count} place{'s'[: count != 1]}):\n{lines}")


class CallableError(MugError):
    """A function that the study refers to cannot be found.

    Attributes:
        ref: The reference, as it stands in the study.
    """

    def __init__(self, ref: str, message: str) -> None:
        self.ref = ref
        super().__init__(message)
