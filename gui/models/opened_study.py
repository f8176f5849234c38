"""A study as the app holds it: frozen, with its problems."""

from pathlib import Path

import msgspec

from mug.study import Problem
from mug.study.model import GymGame, Study
from mug.study.multiplayer import is_multiplayer
from mug.study.traversal import human_agents, walk

__all__ = ["LoadResult", "OpenedStudy"]


class LoadResult(msgspec.Struct, frozen=True, kw_only=True):
    """What the loading process wrote. `error` is empty when there is a study."""

    error: str = ""
    traceback: str = ""
    study: Study | None = None
    folder: str = ""
    source: str = ""
    content_hash: str = ""
    problems: tuple[Problem, ...] = ()
    in_python: tuple[str, ...] = ()


class OpenedStudy(msgspec.Struct, frozen=True, kw_only=True):
    """A study that was loaded.

    Attributes:
        path: What the user opened: a folder or a script.
        study: Its content.
        folder: Where its files are.
        content_hash: sha256 of the content, in hex.
        problems: What `validate`, or the thorough check, found.
        in_python: References to functions that exist only in the script.
        checked: Whether files, packages and the environment were looked at too.
    """

    path: Path
    study: Study
    folder: Path
    content_hash: str
    problems: tuple[Problem, ...]
    in_python: tuple[str, ...] = ()
    checked: bool = False

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
