"""The canvas of the editor: the chain, what can be done with it, and the controls around it."""

from collections.abc import Mapping

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QAccessible, QAccessibleEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from gui.design.canvas.cards import NodeItem
from gui.design.canvas.scene import ChainScene
from gui.design.canvas.view import ChainCanvasView
from gui.models.chain_document import ChainDocument
from gui.widgets.theme import Theme
from mug.study.edits import insert
from mug.study.errors import EditError
from mug.study.starters import place_after, starter
from mug.study.traversal import NodePath

__all__ = ["ChainCanvas"]


class ChainCanvas(QWidget):
    """Shows the document's chain and changes it.

    Signals:
        edit_wanted: A node's path and the field to begin with (empty: any): its properties are wanted.
        preview_asked: A scene's path, and "scene" or "from": it alone, or the chain from there.
        said: Something to tell the person, in a sentence.

    Runs on: GUI thread.
    """

    edit_wanted = Signal(tuple, str)
    preview_asked = Signal(tuple, str)
    said = Signal(str)

    def __init__(self, theme: Theme, document: ChainDocument, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._document = document
        self.scene = ChainScene(theme, document, self)
        self.view = ChainCanvasView(self.scene, document, self)
        self.setFocusProxy(self.view)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.view, 1)
        document.loaded.connect(self._on_loaded)
        document.edit_applied.connect(self._on_edit_applied)
        self.view.cursor_.moved.connect(self._on_cursor_moved)
        self.view.edit_asked.connect(self._on_edit_asked)
        self.view.said.connect(self.said)

    def items_by_path(self) -> dict[NodePath, NodeItem]:
        """Return the items of all nodes by their paths, in the order of reading."""
        return self.scene.items_by_path()

    def reveal(self, path: NodePath) -> None:
        """Select a node and scroll to it."""
        if path in self.scene.plan.rects:
            self.view.cursor_.go(path)
            self.view.show_node(path)

    def show_presence(self, counts: Mapping[str, int]) -> None:
        """Show how many participants are in each scene, by its id; all others are empty."""
        self.scene.show_presence(counts)

    def focus(self) -> None:
        """Take the keyboard."""
        self.view.setFocus(Qt.FocusReason.OtherFocusReason)

    @Slot(str)
    def insert_kind(self, kind: str) -> None:
        """Insert a new scene of a kind behind the selection, or into the wrapper that is selected."""
        study = self._document.study
        if study is None:
            return
        try:
            node = starter(study, kind)
        except EditError as error:
            self.said.emit(str(error))
            return
        self._document.push(insert(place_after(study, self._document.selection, (node,)), (node,)))

    @Slot()
    def _on_loaded(self) -> None:
        self.view.end_gesture()
        self.view.carried_away()
        self.scene.rebuild()
        self.view.verticalScrollBar().setValue(0)
        self.view.show_marks()
        self.view.scrolled.emit()

    @Slot(object)
    def _on_edit_applied(self, _change: object) -> None:
        self.view.end_gesture()
        self.scene.reconcile()
        self.view.scrolled.emit()

    @Slot(tuple)
    def _on_edit_asked(self, path: NodePath) -> None:
        self.edit_wanted.emit(path, "")

    @Slot()
    def _on_cursor_moved(self) -> None:
        words = self.words()
        if self.view.accessibleDescription() != words:
            self.view.setAccessibleDescription(words)
            QAccessible.updateAccessibility(QAccessibleEvent(self.view, QAccessible.Event.DescriptionChanged))

    def words(self) -> str:
        """Return the current node in words: "Game Tag, 3 of 7, 1 error"."""
        current = self.view.cursor_.current
        item = self.scene.item(current)
        if item is None or current is None:
            return "Nothing is selected"
        level = self.scene.plan.levels[current[:-1]]
        name, _, rest = item.words().partition(", ")
        place = f"{current[-1] + 1} of {len(level.rects)}"
        return ", ".join(part for part in (name, place, rest) if part)
