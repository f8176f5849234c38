"""The playground with its own document, used as a person does."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from gui.design.playground import PlaygroundWindow
from gui.models.chain_document import ChainDocument
from gui.runtime.crossing import Crossing
from gui.runtime.playground_control import PlaygroundState
from gui.runtime.tasks import Tasks
from gui.widgets.theme import Theme
from mug.study.edits import SetField
from mug.study.model import GymGame
from mug.study.traversal import NodePath, walk
from tests.drivers.preview_driver import opened_study

__all__ = ["PlaygroundDriver", "playing_with"]

DEADLINE_MS = 60_000


class PlaygroundDriver:
    """Presses what a person presses, reads what a person reads."""

    def __init__(self, qtbot: QtBot, window: PlaygroundWindow, document: ChainDocument) -> None:
        self.qtbot = qtbot
        self.window = window
        self.document = document

    def wait(self, condition: Callable[[], bool], deadline_ms: int = DEADLINE_MS) -> None:
        """Let the app work until something holds."""
        try:
            self.qtbot.waitUntil(condition, timeout=deadline_ms)
        except Exception as error:
            state = self.window.control.state
            raise AssertionError(f"state {state}, {self.window.trouble.text()!r}, {self.figures()!r}") from error

    def start(self, path: NodePath | None = None) -> None:
        """Open the window for the study's game, and wait for its first picture."""
        assert self.document.study is not None
        games = [found for found, node in walk(self.document.study) if isinstance(node, GymGame)]
        with self.qtbot.waitExposed(self.window):
            self.window.play(path if path is not None else games[0])

    def wait_ready(self) -> None:
        """Wait until the environment can be stepped, and its figures are shown."""
        self.wait(lambda: self.window.control.state is PlaygroundState.IDLE and self.figures() != "")

    def frame(self) -> tuple[int, int]:
        """Return the episode and the frame that are shown."""
        parts = self.figures().split("  ·  ")
        episode = next(part for part in parts if part.startswith("Episode ") and "over" not in part)
        return int(episode.split()[1]), int(next(part for part in parts if part.startswith("frame ")).split()[1])

    def figures(self) -> str:
        """Return the line of figures."""
        return self.window._figures.words()

    def press(self, key: Qt.Key) -> None:
        """Press and release a key where the focus is."""
        self.qtbot.keyClick(self.focused(), key)

    def focused(self) -> QObject:
        """Return what has the focus."""
        return QApplication.focusWidget() or self.window

    def step_until(self, frame: int) -> None:
        """Press the full stop until the frame is shown."""
        while self.frame()[1] < frame:
            before = self.frame()
            self.press(Qt.Key.Key_Period)
            self.wait(lambda before=before: self.frame() != before)

    def image(self) -> QImage:
        """Return the picture as it is on the screen."""
        return self.window.picture.grab().toImage()

    def change(self, path: NodePath, name: str, value: object) -> None:
        """Edit a field as the property panel does."""
        assert self.document.push(SetField(path=path, field=name, value=value))


@contextmanager
def playing_with(qtbot: QtBot, theme: Theme, study: Path) -> Iterator[PlaygroundDriver]:
    """Open a study for the playground; everything ends with the block."""
    owner = QObject()
    crossing = Crossing(owner)
    failures: list[BaseException] = []
    tasks = Tasks(crossing, failures.append, owner)
    document = ChainDocument(owner)
    document.load(opened_study(study))
    window = PlaygroundWindow(theme, document, tasks)
    try:
        yield PlaygroundDriver(qtbot, window, document)
        assert failures == []
    finally:
        window.end()
        window.hide()
        crossing.close()
        tasks.close()
        window.deleteLater()
        owner.deleteLater()
