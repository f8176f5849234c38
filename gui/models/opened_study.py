"""A study as the app holds it: frozen, with its problems."""

from pathlib import Path

import msgspec

from mug.study import Problem
from mug.study.files import STUDY_FILE
from mug.study.model import GymGame, Study
from mug.study.multiplayer import is_multiplayer
from mug.study.traversal import human_agents, walk

__all__ = ["LoadResult", "OpenedStudy"]


class LoadResult(msgspec.Struct, frozen=True, kw_only=True):
    """What the loading process wrote. `error` is empty when there is a study.

    `exact_study` takes the place of `study` where that would not come through JSON as it is.
    """

    error: str = ""
    traceback: str = ""
    study: Study | None = None
    exact_study: str = ""
    folder: str = ""
    source: str = ""
    source_sha256: str = ""
    content_hash: str = ""
    problems: tuple[Problem, ...] = ()
    in_python: tuple[str, ...] = ()
    in_python_words: tuple[str, ...] = ()
    generated: dict[str, str] = {}


class OpenedStudy(msgspec.Struct, frozen=True, kw_only=True):
    """A study that was loaded.

    Attributes:
        path: What the user opened: a folder or a script.
        study: Its content.
        folder: Where its files are.
        content_hash: sha256 of the content, in hex.
        problems: What `validate`, or the thorough check, found.
        in_python: References to functions that exist only in the script.
        in_python_words: What each of them is, for people: "tag.hud_text_fn (lambda in experiment.py)".
        generated: Modules for the browser that hold functions of the script, file name → source.
        checked: Whether files, packages and the environment were looked at too.
        source: The file that was read: ``study.toml`` or the script; not given: it follows from `path`.
        source_sha256: SHA-256 of that file when it was read, in hex; empty: not known, or it was not there.
    """

    path: Path
    study: Study
    folder: Path
    content_hash: str
    problems: tuple[Problem, ...]
    in_python: tuple[str, ...] = ()
    in_python_words: tuple[str, ...] = ()
    generated: dict[str, str] = {}
    checked: bool = False
    source: Path = Path()
    source_sha256: str = ""

    @property
    def file(self) -> Path:
        """The file that says what the study is, and that it is saved to."""
        if self.source != Path():
            return self.source
        return self.path if self.path.suffix in {".py", ".toml"} else self.path / STUDY_FILE

    @property
    def is_script(self) -> bool:
        """Whether the study is a Python script."""
        return self.file.suffix == ".py"

    @property
    def title(self) -> str:
        """The study's name for people."""
        return self.study.title or str(self.study.id)

    @property
    def plays_together(self) -> bool:
        """Whether the study has a game of several people."""
        return any(isinstance(node, GymGame) and is_multiplayer(node) for _path, node in walk(self.study))

    @property
    def forms_groups(self) -> bool:
        """Whether the study has a game for which people wait for each other."""
        games = (node for _path, node in walk(self.study) if isinstance(node, GymGame) and is_multiplayer(node))
        return any(len(human_agents(game)) > 1 for game in games)

    @property
    def errors(self) -> tuple[Problem, ...]:
        """The problems that keep it from starting."""
        return tuple(problem for problem in self.problems if problem.severity == "error")
