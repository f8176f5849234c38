"""The place of a copy of the study, and what is wrong with it."""

import os
from pathlib import Path

import msgspec

from mug.study.files import STUDY_FILE
from mug.study.folder_names import folder_name_problem

__all__ = ["SaveTarget"]


class SaveTarget(msgspec.Struct, frozen=True, kw_only=True):
    """Where a study is to go.

    Attributes:
        kind: folder or script.
        parent: The folder it is in.
        name: Its own name.
    """

    kind: str
    parent: Path
    name: str

    @property
    def path(self) -> Path:
        """The study folder or the script."""
        return self.parent / self.name

    @property
    def file(self) -> Path:
        """The file that says what the study is."""
        return self.path if self.kind == "script" else self.path / STUDY_FILE

    def is_taken(self) -> bool:
        """Whether there is something that would have to be put aside."""
        path = self.path
        return path.is_file() or (path.is_dir() and any(path.iterdir()))

    def problem(self) -> str:
        """Say why nothing can be written there; empty: it seems that it can."""
        wrong = folder_name_problem(self.name)
        if wrong is not None:
            message = wrong.message
            if self.kind == "script":
                message = message.replace("the folder has no name", "the script has no name")
            suggestion = wrong.suggestion
            if self.kind == "script" and not suggestion.endswith(".py"):
                suggestion = f"{suggestion}.py"
            return f"{message[:1].upper()}{message[1:]}; try “{suggestion}”."
        if self.kind == "script" and (
            not self.name.endswith(".py") or not self.name.removesuffix(".py").isidentifier()
        ):
            return "A script’s name is letters, digits and underscores, and ends with .py."
        if not self.parent.is_absolute():
            return "Give the whole path of the folder, from its drive or root on."
        try:
            return self._place_problem()
        except OSError as error:
            return f"{self.path} cannot be looked at: {error.strerror or error}."

    def _place_problem(self) -> str:
        above = self.parent
        while not above.exists() and above != above.parent:
            above = above.parent
        if not above.is_dir():
            return f"{above} is not a folder."
        if not os.access(above, os.W_OK | os.X_OK):
            return f"{above} cannot be written to: choose another place."
        path = self.path
        if self.kind == "script" and path.is_dir():
            return f"{path} is a folder: choose another name."
        if self.kind == "folder" and path.is_file():
            return f"{path} is a file: choose another name."
        if self.kind == "folder" and self.is_taken() and not self.file.exists():
            return f"{path} holds other files, but no study: choose another name."
        return ""
