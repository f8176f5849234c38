"""What the editors of fields know of the study around them."""

from collections.abc import Callable
from pathlib import Path
from time import monotonic
from typing import TypeVar

from PySide6.QtCore import QObject, Signal

from gui.models.chain_document import ChainDocument
from gui.models.environment_info import EnvironmentInfo
from gui.models.function_index import FoundFunction, find_functions
from gui.runtime.tasks import Tasks
from gui.widgets.theme import Theme
from mug.study.traversal import NodePath, walk

__all__ = ["Surroundings"]

_T = TypeVar("_T")
_FRESH_S = 3.0


class Surroundings(QObject):
    """The study around a field: its folder, functions, scenes, the shown scene's environment.

    Attributes:
        paths: The nodes that are shown; empty: the study itself.
        functions: What the study's Python files define, as far as it is known.
        environment: What the shown scene's environment says of itself, when that is known.

    Signals:
        functions_changed: `functions` are others.
        environment_changed: `environment` is another.
        file_open_asked: Show this file (an absolute path) to the user.
        said: Something happened, in a sentence.

    Runs on: GUI thread.
    """

    functions_changed = Signal()
    environment_changed = Signal()
    file_open_asked = Signal(str)
    said = Signal(str)

    def __init__(self, theme: Theme, document: ChainDocument, tasks: Tasks, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.theme = theme
        self.document = document
        self.paths: tuple[NodePath, ...] = ()
        self.functions: tuple[FoundFunction, ...] = ()
        self.environment: EnvironmentInfo | None = None
        self._tasks = tasks
        self._looked: tuple[Path, float] | None = None

    @property
    def folder(self) -> Path:
        """The study's folder."""
        return self.document.folder

    @property
    def has_folder(self) -> bool:
        """Whether the study lives in a folder already."""
        return self.document.opened is not None

    def path_in_study(self, chosen: str) -> str:
        """Return a chosen file's path as a study writes it: relative where it lies in the folder, else it is said."""
        place, folder = Path(chosen), self.folder.resolve()
        if place.resolve().is_relative_to(folder):
            return place.resolve().relative_to(folder).as_posix()
        self.said.emit(f"{place.name} is outside of the study's folder: copy it there, so that the study can be moved.")
        return place.as_posix()

    @property
    def in_python(self) -> frozenset[str]:
        """The references to what only the study's script defines."""
        opened = self.document.opened
        return frozenset(opened.in_python if opened is not None else ())

    def scene_ids(self) -> tuple[str, ...]:
        """Return the ids of the study's scenes, in their order."""
        if self.document.study is None:
            return ()
        return tuple(str(node.scene_id) for _, node in walk(self.document.study) if hasattr(node, "scene_id"))

    def look(self, name: str, function: Callable[[], _T], done: Callable[[_T], object]) -> None:
        """Do file work beside the GUI thread; a failure is said."""
        self._tasks.run(name, function, done, lambda error: self.said.emit(f"{name} failed: {error}"))

    def look_for_functions(self) -> None:
        """Read the study's Python files again, when the last reading is not fresh any more."""
        folder, now = self.folder, monotonic()
        if not self.has_folder:
            return
        if self._looked is not None and self._looked[0] == folder and now - self._looked[1] < _FRESH_S:
            return
        self._looked = (folder, now)
        self.look("Reading the study's Python files", lambda: find_functions(folder), self._take_functions)

    def show_environment(self, info: EnvironmentInfo | None) -> None:
        """Take what is known of the shown scene's environment."""
        if info != self.environment:
            self.environment = info
            self.environment_changed.emit()

    def forget(self) -> None:
        """Forget what belongs to a study that is no longer open."""
        self._looked = None
        self.functions = ()
        self.environment = None

    def _take_functions(self, found: tuple[FoundFunction, ...]) -> None:
        if found != self.functions:
            self.functions = found
            self.functions_changed.emit()
