"""The list of problems: what, where, how to fix; a click goes there."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget
from typing_extensions import override

from gui.widgets.basics import Icon, label
from gui.widgets.theme import Theme
from mug.study import Problem

__all__ = ["ProblemRow", "ProblemsView"]


class ProblemRow(QFrame):
    """One problem.

    Signals:
        chosen: The path of its node.

    Runs on: GUI thread.
    """

    chosen = Signal(tuple)

    def __init__(self, theme: Theme, problem: Problem) -> None:
        super().__init__()
        self.problem = problem
        self.setProperty("kind", "card")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName(str(problem))
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 10, 12, 10)
        layout.setSpacing(10)
        layout.addWidget(Icon(theme, problem.severity, problem.severity, 18), 0, Qt.AlignmentFlag.AlignTop)
        texts = QVBoxLayout()
        texts.setSpacing(2)
        texts.addWidget(label(_breakable(_place(problem)), "small", wrap=True))
        texts.addWidget(label(problem.message, wrap=True, selectable=False))
        layout.addLayout(texts, 1)

    @override
    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        event.accept()
        self.chosen.emit(self.problem.path)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space}:
            self.chosen.emit(self.problem.path)
        else:
            super().keyPressEvent(event)


class ProblemsView(QScrollArea):
    """All problems, errors first.

    Signals:
        chosen: The path of the node of the problem that was chosen.

    Runs on: GUI thread.
    """

    chosen = Signal(tuple)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._rows: list[ProblemRow] = []
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setAccessibleName("Problems")
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    def show_problems(self, problems: Sequence[Problem]) -> None:
        """Show these instead."""
        host = QWidget()
        layout = QVBoxLayout(host)
        layout.setContentsMargins(0, 0, 6, 0)
        layout.setSpacing(8)
        self._rows = []
        for problem in sorted(problems, key=lambda problem: (problem.severity != "error", problem.path)):
            row = ProblemRow(self._theme, problem)
            row.chosen.connect(self.chosen)
            self._rows.append(row)
            layout.addWidget(row)
        layout.addStretch(1)
        self.setWidget(host)

    def rows(self) -> list[ProblemRow]:
        """Return the rows in order."""
        return list(self._rows)


def _breakable(text: str) -> str:
    """Let a long field name go on in the next line: room for a break, without a width, after dots and underscores."""
    return text.replace(".", ".\u200b").replace("_", "_\u200b")


def _place(problem: Problem) -> str:
    where = f"Scene {problem.label}" if problem.label else f"Node {problem.node_id}" if problem.node_id else "Study"
    kind = "Error" if problem.severity == "error" else "Warning"
    return f"{kind} · {where} · {problem.field}" if problem.field else f"{kind} · {where}"
