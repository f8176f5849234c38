"""The canvas of the editor: the chain, what can be done with it, and the controls around it."""

from collections.abc import Mapping

from PySide6.QtCore import QPoint, QRect, QSize, Qt, Signal, Slot
from PySide6.QtGui import QAccessible, QAccessibleEvent, QResizeEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget
from typing_extensions import override

from gui.design.canvas.actions import CanvasActions
from gui.design.canvas.cards import NodeItem
from gui.design.canvas.carrying import sentence
from gui.design.canvas.find_bar import FindBar, Finder
from gui.design.canvas.kind_menu import KindMenu
from gui.design.canvas.layout import Gap
from gui.design.canvas.minimap import Minimap
from gui.design.canvas.scene import ChainScene
from gui.design.canvas.view import ChainCanvasView
from gui.design.canvas.zoom_bar import ZoomBar
from gui.models.chain_document import ChainDocument
from gui.widgets.empty_state import EmptyState
from gui.widgets.theme import Theme
from mug.study.edits import insert
from mug.study.errors import EditError
from mug.study.starters import place_after, starter
from mug.study.traversal import NodePath

__all__ = ["ChainCanvas"]

_CORNER = 10
_BAR = 18


class ChainCanvas(QWidget):
    """Shows the document's chain and changes it.

    Attributes:
        scene, view: The graphics.
        find_bar, kind_menu, minimap, zoom_bar, empty: What is around it.

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
        self._document = document
        self._finder = Finder()
        self._found: list[NodePath] = []
        self._place: NodePath = ()
        self.scene = ChainScene(theme, document, self)
        self.view = ChainCanvasView(self.scene, document, self)
        self.setFocusProxy(self.view)
        self.find_bar = FindBar(theme, self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.find_bar)
        layout.addWidget(self.view, 1)
        self._actions = CanvasActions(
            theme,
            document,
            self.view,
            self,
            say=self.said.emit,
            edit=self.edit_wanted.emit,
            preview=self.preview_asked.emit,
        )
        self._menu = self._actions.menu(self)
        self.kind_menu = KindMenu(theme, self)
        self.empty = EmptyState(
            theme, "design", "This study has no scenes yet", "Drag a scene from the left, or press Insert."
        )
        self.empty.setParent(self.view.viewport())
        self.empty.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.minimap = Minimap(self.scene, self.view, self)
        self.zoom_bar = ZoomBar(theme, self._actions, self.view, self)
        self._connect()
        self._show_empty()

    def _connect(self) -> None:
        document, view, actions = self._document, self.view, self._actions
        document.loaded.connect(self._on_loaded)
        document.edit_applied.connect(self._on_edit_applied)
        document.problems_changed.connect(self._on_words_changed)
        view.cursor_.moved.connect(self._on_words_changed)
        view.edit_asked.connect(self._on_edit_asked)
        view.said.connect(self.said)
        view.menu_asked.connect(self._menu.popup)
        view.insert_menu_asked.connect(self._open_kind_menu)
        view.escaped.connect(self._leave_search)
        view.scrolled.connect(self._on_scrolled)
        self.scene.drawn_anew.connect(self._on_drawn_anew)
        self.kind_menu.chosen.connect(self._insert_at_place)
        self.kind_menu.closed.connect(self._on_kind_menu_closed)
        actions.find.triggered.connect(self._search)
        actions.find_next.triggered.connect(lambda _checked=False: self._step_found(1))
        actions.find_previous.triggered.connect(lambda _checked=False: self._step_found(-1))
        self.find_bar.changed.connect(self._on_search_changed)
        self.find_bar.stepped.connect(self._step_found)
        self.find_bar.closed.connect(self._leave_search)

    # --- for others --------------------------------------------------------------------------------------------------

    def actions(self) -> CanvasActions:  # type: ignore[override]  # the canvas has no actions in Qt's sense
        """Return what can be done here, as actions for menus; Qt's own list of them is empty."""
        return self._actions

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
        self._on_words_changed()

    def focus(self) -> None:
        """Take the keyboard."""
        self.view.setFocus(Qt.FocusReason.OtherFocusReason)

    def words(self) -> str:
        """Return the current node in words: "Game Tag, 3 of 7, 1 error"."""
        current = self.view.cursor_.current
        item = self.scene.item(current)
        if item is None or current is None:
            count = len(self.scene.plan.levels[()].rects)
            return f"Nothing is selected, {count} scene{'s'[: count != 1]}"
        level = self.scene.plan.levels[current[:-1]]
        name, *rest = item.words()
        return ", ".join((name, f"{current[-1] + 1} of {len(level.rects)}", *rest))

    # --- inserting ---------------------------------------------------------------------------------------------------

    @Slot(str)
    def insert_kind(self, kind: str) -> None:
        """Insert a new scene of a kind behind the selection, or into the wrapper that is selected."""
        study = self._document.study
        if study is None:
            return
        try:
            node = starter(study, kind)
        except EditError as error:
            self.said.emit(sentence(error))
            return
        self._document.push(insert(place_after(study, self._document.selection, (node,)), (node,)))

    @Slot(object)
    def _open_kind_menu(self, gap: Gap) -> None:
        self.view.ensureVisible(gap.x - 10, gap.top, 20, gap.bottom - gap.top, 8, 8)
        self._place = gap.place
        self.view.show_drop(gap)
        at = self.view.mapFromScene(gap.centre)
        self.kind_menu.open_at(self.view.viewport().mapToGlobal(at + QPoint(14, -20)))

    @Slot(str)
    def _insert_at_place(self, kind: str) -> None:
        study = self._document.study
        if study is not None:
            self._document.push(insert(self._place, (starter(study, kind),)))

    @Slot()
    def _on_kind_menu_closed(self) -> None:
        self.view.show_drop(None)
        self.focus()

    # --- the document ------------------------------------------------------------------------------------------------

    @Slot()
    def _on_loaded(self) -> None:
        self._let_go()
        self._leave_search()
        self.scene.rebuild()
        self.view.verticalScrollBar().setValue(0)
        self.view.cursor_.follow()
        self.view.show_marks()
        self._show_empty()
        self._on_words_changed()

    @Slot(object)
    def _on_edit_applied(self, _change: object) -> None:
        self._let_go()
        self.scene.reconcile()
        self._show_empty()
        if self.find_bar.isVisible():
            self._look()
        self._on_words_changed()

    def _let_go(self) -> None:
        """Cancel what the mouse is doing: its paths mean other nodes now."""
        self.view.end_gesture()
        self.view.carried_away()

    def _show_empty(self) -> None:
        study = self._document.study
        self.empty.setVisible(study is not None and not study.chain)
        self.zoom_bar.setVisible(study is not None and bool(study.chain))

    @Slot(tuple)
    def _on_edit_asked(self, path: NodePath) -> None:
        self.edit_wanted.emit(path, "")

    @Slot()
    def _on_words_changed(self) -> None:
        words = self.words()
        if self.view.accessibleDescription() != words:
            self.view.setAccessibleDescription(words)
            QAccessible.updateAccessibility(QAccessibleEvent(self.view, QAccessible.Event.DescriptionChanged))

    # --- the search --------------------------------------------------------------------------------------------------

    @Slot()
    def _search(self) -> None:
        self.find_bar.open()
        self._on_search_changed()

    @Slot()
    def _on_search_changed(self) -> None:
        self._look()
        current = self.view.cursor_.current
        if self._found and current not in self._found:
            after = [path for path in self._found if current is None or path >= current]
            self.reveal(after[0] if after else self._found[0])
            self._tell_found()

    def _look(self) -> None:
        study, text = self._document.study, self.find_bar.field.text()
        self._found = self._finder.find(study, text) if study is not None else []
        self.scene.show_found(self._found if text.strip() else None)
        self._tell_found()

    def _tell_found(self) -> None:
        self.find_bar.show_found(self._found, self.view.cursor_.current)

    @Slot(int)
    def _step_found(self, by: int) -> None:
        if not self.find_bar.isVisible():
            self._search()
            return
        if not self._found:
            return
        current = self.view.cursor_.current
        if current in self._found:
            place = (self._found.index(current) + by) % len(self._found)
        else:
            before = sum(current is not None and path < current for path in self._found)
            place = (before if by > 0 else before - 1) % len(self._found)
        self.reveal(self._found[place])
        self._tell_found()

    @Slot()
    def _leave_search(self) -> None:
        if self.find_bar.isVisible():
            self.find_bar.hide()
            self._found = []
            self.scene.show_found(None)
            self.focus()

    # --- the corner --------------------------------------------------------------------------------------------------

    @Slot()
    def _on_scrolled(self) -> None:
        self.minimap.follow()
        self._arrange()

    @Slot()
    def _on_drawn_anew(self) -> None:
        self.minimap.refresh()
        self._arrange()

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._on_scrolled()

    def _arrange(self) -> None:
        """Put the zoom's buttons into the corner, and the overview above them."""
        size = self.zoom_bar.sizeHint()
        right, bottom = self.width() - _BAR - _CORNER, self.height() - _CORNER
        self.zoom_bar.setGeometry(QRect(QPoint(right - size.width(), bottom - size.height()), size))
        map_size = QSize(self.minimap.width(), self.minimap.height())
        self.minimap.move(right - map_size.width(), bottom - size.height() - 8 - map_size.height())
        self.empty.setGeometry(self.view.viewport().rect())
