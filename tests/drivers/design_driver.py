"""A person at MUG Lab's Design page: drags scenes, clicks cards, types into the properties."""

from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from gui.app import Lab
from gui.models.opened_study import OpenedStudy
from mug.study.model import Study
from mug.study.traversal import NodePath
from tests.drivers.canvas_hand import CanvasHand

__all__ = ["DesignDriver"]

DEADLINE_MS = 60_000


class DesignDriver(CanvasHand):
    """The hand of `CanvasHand` in the app's own window, and the properties beside the canvas."""

    def __init__(self, lab: Lab, qtbot: QtBot) -> None:
        editor = lab.window.design.editor
        self.lab, self.qtbot, self.editor = lab, qtbot, editor
        self.document, self.window = lab.document, lab.window
        self.palette, self.canvas = editor.palette_view, editor.canvas
        self.window.activateWindow()

    @property
    def study(self) -> Study:
        """The study as it is edited."""
        assert self.document.study is not None
        return self.document.study

    def open(self, path: Path) -> OpenedStudy:
        """Open a study and wait until its chain is shown."""
        with self.qtbot.waitSignal(self.lab.studies.opened, timeout=DEADLINE_MS) as signal:
            self.lab.open_study(path)
        opened = signal.args[0]
        assert isinstance(opened, OpenedStudy)
        return opened

    def wait(self, condition: Any, deadline_ms: int = DEADLINE_MS) -> None:
        """Let the app work until something holds."""
        self.qtbot.waitUntil(condition, timeout=deadline_ms)

    def save(self) -> None:
        """Press Ctrl+S and wait until the file is written."""
        self.settle_window()
        self.key(Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
        self.wait(lambda: self.document.is_clean)

    def click_widget(self, widget: QWidget) -> None:
        """Click something that is to be seen."""
        self.settle_window()
        assert widget.isVisible(), f"{widget.accessibleName()!r} is not to be seen"
        self.qtbot.mouseClick(widget, Qt.MouseButton.LeftButton)

    def choose(self, path: NodePath) -> None:
        """Click a card."""
        self.settle_window()
        self.click(self.node(path))
        assert self.document.selection == (path,)

    def field(self, name: str) -> Any:
        """The editor of a field of what is selected, brought into sight."""
        row = self.editor.inspector.row(name)
        assert row is not None, f"the panel shows no {name}"
        current = self.document.current
        self.editor.inspector.reveal(current if current is not None else (), name)
        QApplication.processEvents()
        return row.editor

    def type_into(self, widget: QWidget, text: str) -> None:
        """Replace what stands in a line by typing, and leave it."""
        self.settle_window()
        widget.setFocus()
        self.wait(widget.hasFocus)
        self.qtbot.keyClick(widget, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
        self.qtbot.keyClicks(widget, text)
        self.qtbot.keyClick(widget, Qt.Key.Key_Tab)

    def chord(self, widget: QWidget, *keys: Qt.Key) -> None:
        """Press keys together, and let them go."""
        for key in keys:
            self.qtbot.keyPress(widget, key)
        for key in keys:
            self.qtbot.keyRelease(widget, key)

    def settle_window(self) -> None:
        """Let the window have the keyboard: offscreen, a popup that closes keeps it."""
        QApplication.processEvents()
        if not self.window.isActiveWindow():
            self.window.activateWindow()
            assert QTest.qWaitForWindowActive(self.window)
