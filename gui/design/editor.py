"""The editor of one study: palette, canvas, properties, history, versions, problems."""

from PySide6.QtCore import QByteArray, Qt, Signal, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSplitter, QTabWidget, QWidget
from typing_extensions import override

from gui.design.canvas import ChainCanvas, Palette
from gui.design.history_view import HistoryView
from gui.design.inspector import Inspector
from gui.design.live_check import LiveCheck
from gui.design.problems_panel import ProblemsPanel
from gui.design.versions_view import VersionsView
from gui.models.chain_document import ChainDocument
from gui.runtime.tasks import Tasks
from gui.widgets.theme import Theme
from mug.study import Problem
from mug.study.traversal import NodePath

__all__ = ["StudyEditor"]

_LIST_PX = 190
_MUCH_PX = 100_000
_HANDLE_PX = 12
_ROOMY_PX = 840
"""So wide that the palette's names leave room for a column of cards and the problems."""


class StudyEditor(QWidget):
    """Shows and edits the document's study.

    Attributes:
        palette_view, canvas, inspector, history, versions, problems: The parts.

    Signals:
        said: Something to tell, in a sentence.

    Runs on: GUI thread.
    """

    said = Signal(str)

    def __init__(self, theme: Theme, document: ChainDocument, check: LiveCheck, tasks: Tasks) -> None:
        super().__init__()
        self._document = document
        self.palette_view = Palette(theme)
        self.canvas = ChainCanvas(theme, document)
        self.inspector = Inspector(theme, document, tasks)
        self.history = HistoryView(theme, document.stack)
        self.versions = VersionsView(theme)
        self.problems = ProblemsPanel(theme, document, check)
        self._middle = middle = QSplitter(Qt.Orientation.Vertical)
        middle.setChildrenCollapsible(False)
        middle.setHandleWidth(10)
        middle.addWidget(self.canvas)
        middle.addWidget(self.problems)
        middle.setStretchFactor(0, 1)
        middle.setStretchFactor(1, 0)
        self._list_px = _LIST_PX
        self._folded_for_room = False
        self._on_list_shown(self.problems.list.isVisibleTo(self.problems))
        self.problems.list_shown.connect(self._on_list_shown)
        self.side = QTabWidget()
        self.side.addTab(self.inspector, "Properties")
        self.side.addTab(self.history, "History")
        self.side.addTab(self.versions, "Versions")
        self.side.setMinimumWidth(320)
        self.side.tabBar().setAccessibleName("Beside the chain")
        self._split = QSplitter(Qt.Orientation.Horizontal)
        self._split.setChildrenCollapsible(False)
        self._split.setHandleWidth(_HANDLE_PX)
        for part, stretch in ((middle, 1), (self.side, 0)):
            self._split.addWidget(part)
            self._split.setStretchFactor(self._split.count() - 1, stretch)
        self._split.setSizes([660, 390])
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(_HANDLE_PX)
        layout.addWidget(self.palette_view)  # beside the splitter, which would keep its place when it folds
        layout.addWidget(self._split, 1)
        actions = self.canvas.actions()
        self.addActions([actions.find, actions.find_next, actions.find_previous])  # their keys work beside the canvas
        self.palette_view.insert_asked.connect(self.canvas.insert_kind)
        self.canvas.edit_wanted.connect(self.edit)
        self.canvas.said.connect(self.said)
        self.inspector.said.connect(self.said)
        document.edit_refused.connect(self.said)
        self.problems.chosen.connect(self.go_to)

    def shut_down(self) -> None:
        """End what runs beside the editor, and let go of the history: its view would undo it all as it is deleted."""
        self.inspector.shut_down()
        self.history.let_go()

    def arrangement(self) -> QByteArray:
        """Return how wide the parts are."""
        return self._split.saveState()

    def restore(self, state: QByteArray) -> None:
        """Make the parts as wide as they were."""
        if not state.isEmpty():
            self._split.restoreState(state)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        cramped = event.size().width() < _ROOMY_PX
        if cramped != (event.oldSize().width() < _ROOMY_PX) or event.oldSize().width() < 0:
            self._make_room(cramped)

    def _make_room(self, cramped: bool) -> None:
        """Fold the palette while there is little room; one that the user folded stays so."""
        if cramped and not self.palette_view.is_folded:
            self._folded_for_room = True
            self.palette_view.set_folded(True)
        elif not cramped and self._folded_for_room:
            self._folded_for_room = False
            self.palette_view.set_folded(False)

    @Slot(bool)
    def _on_list_shown(self, shown: bool) -> None:
        """Give the list its room; without it the canvas takes all but the line."""
        if not shown and self.problems.height() > _LIST_PX // 2 and self.isVisible():
            self._list_px = self.problems.height()
        height = self._list_px if shown else self.problems.minimumSizeHint().height()
        self.problems.setMaximumHeight(_MUCH_PX if shown else height)
        self._middle.setSizes([max(200, self._middle.height() - height), height])

    @Slot(tuple, str)
    def edit(self, path: NodePath, field: str = "") -> None:
        """Go to the properties of a node, or to one of them."""
        self.side.setCurrentWidget(self.inspector)
        self.inspector.reveal(path, field or None)

    @Slot(object)
    def go_to(self, problem: Problem) -> None:
        """Go to where a problem is."""
        self._document.select([problem.path] if problem.path else [])
        if problem.path:
            self.canvas.reveal(problem.path)
        self.edit(problem.path, problem.field or "")
