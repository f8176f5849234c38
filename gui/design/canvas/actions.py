"""Everything that can be done with the selected nodes, as actions with their keys, for menus and the keyboard."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QObject, Qt, Slot
from PySide6.QtGui import QAction, QGuiApplication, QKeySequence
from PySide6.QtWidgets import QMenu, QWidget

from gui.design.canvas import rearranging
from gui.design.canvas.carrying import sentence, text_of, to_mime
from gui.design.canvas.view import ZOOMS, ChainCanvasView
from gui.models.chain_document import ChainDocument
from gui.widgets.theme import Theme
from mug.study import edits
from mug.study.clipboard import nodes_from_text
from mug.study.errors import EditError
from mug.study.model import Node, RandomizeOrder, Repeat, Study
from mug.study.starters import place_after
from mug.study.traversal import NodePath

__all__ = ["CanvasActions"]

_Rearranged = Callable[[Study, Sequence[NodePath]], edits.Splice | None]


class CanvasActions(QObject):
    """The actions of one canvas. What the selection does not allow is disabled.

    Attributes:
        cut, copy, paste, duplicate, delete, select_all, insert: As in every editor.
        properties, rename: Ask for the selected node's fields.
        wrap_random, wrap_repeat, unwrap: Wrappers around the selection.
        move_earlier, move_later, move_out, move_into_next: Moves without a mouse.
        find, find_next, find_previous: The search.
        zoom_in, zoom_out, zoom_reset, zoom_fit: The zoom.
        preview_scene, preview_from_here: The preview.

    Runs on: GUI thread.
    """

    def __init__(
        self,
        theme: Theme,
        document: ChainDocument,
        view: ChainCanvasView,
        canvas: QWidget,
        *,
        say: Callable[[str], object],
        edit: Callable[[NodePath, str], object],
        preview: Callable[[NodePath, str], object],
    ) -> None:
        """Make the actions.

        Args:
            theme: For their icons.
            document: What they change.
            view: Where most of their keys work.
            canvas: Where the keys of search and zoom work.
            say: Tells a sentence.
            edit: Asks for a node's properties, beginning with a field.
            preview: Asks for a preview: of the scene, or from there.
        """
        super().__init__(canvas)
        self._theme, self._document, self._view = theme, document, view
        self._say, self._edit, self._preview = say, edit, preview
        self._icons: list[tuple[QAction, str]] = []
        make = self._make
        self.cut = make(view, "Cu&t", "Ctrl+X", self._cut)
        self.copy = make(view, "&Copy", "Ctrl+C", self._copy, icon="copy")
        self.paste = make(view, "&Paste", "Ctrl+V", self._paste)
        self.duplicate = make(view, "D&uplicate", "Ctrl+D", self._duplicate)
        self.delete = make(view, "&Delete", "Del|Backspace", self._delete)
        self.select_all = make(view, "Select &all", "Ctrl+A", self._select_all)
        self.insert = make(view, "&Insert scene…", "Ins|Ctrl+Ins", self._ask_insert, icon="plus")
        self.properties = make(view, "&Properties", "", self._show_properties)
        self.rename = make(view, "Re&name", "F2", self._rename)
        self.wrap_random = make(view, "Put in random &order", "Ctrl+G", self._wrap_random, icon="shuffle")
        self.wrap_repeat = make(view, "Put in &repeat", "Ctrl+Alt+G", self._wrap_repeat, icon="repeat")
        self.unwrap = make(view, "Take scenes o&ut", "Ctrl+Shift+G", self._unwrap)
        self.move_earlier = make(view, "Move &earlier", "Alt+Left|Alt+Up", self._move_earlier)
        self.move_later = make(view, "Move &later", "Alt+Right|Alt+Down", self._move_later)
        self.move_out = make(view, "Move out of the &wrapper", "Alt+Shift+Left", self._move_out)
        self.move_into_next = make(view, "Move &into the next wrapper", "Alt+Shift+Right", self._move_into_next)
        self.find = make(canvas, "&Find…", "Ctrl+F", None, icon="search")
        self.find_next = make(canvas, "Find ne&xt", "F3", None)
        self.find_previous = make(canvas, "Find pre&vious", "Shift+F3", None)
        self.zoom_in = make(canvas, "Zoom &in", "Ctrl++|Ctrl+=", self._zoom_in, icon="plus")
        self.zoom_out = make(canvas, "Zoom &out", "Ctrl+-", self._zoom_out, icon="minus")
        self.zoom_reset = make(canvas, "Actual &size", "Ctrl+0", self._zoom_reset)
        self.zoom_fit = make(canvas, "See &everything", "Ctrl+9", view.zoom_to_fit, icon="fit")
        self.preview_scene = make(view, "Preview this &scene", "", self._preview_scene, icon="eye")
        self.preview_from_here = make(view, "Preview &from here", "", self._preview_from_here, icon="play")
        for signal in (document.loaded, document.edit_applied, document.selection_changed, view.zoomed):
            signal.connect(self._enable)
        theme.changed.connect(self._on_theme_changed)
        self._on_theme_changed()
        self._enable()

    def _make(self, home: QWidget, text: str, keys: str, do: Callable[[], object] | None, *, icon: str = "") -> QAction:
        action = QAction(text, self)
        action.setShortcuts([QKeySequence(key) for key in keys.split("|") if key])
        action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        home.addAction(action)
        if do is not None:
            action.triggered.connect(lambda _checked=False: do())
        if icon:
            self._icons.append((action, icon))
        return action

    def menu(self, parent: QWidget) -> QMenu:
        """Make the context menu."""
        menu = QMenu(parent)
        menu.setAccessibleName("Scene")
        for group in (
            (self.insert, self.properties, self.rename),
            (self.cut, self.copy, self.paste, self.duplicate, self.delete),
            (self.wrap_random, self.wrap_repeat, self.unwrap),
            (self.move_earlier, self.move_later, self.move_out, self.move_into_next),
            (self.preview_scene, self.preview_from_here),
        ):
            if not menu.isEmpty():
                menu.addSeparator()
            menu.addActions(group)
        return menu

    @Slot()
    def _on_theme_changed(self) -> None:
        for action, icon in self._icons:
            action.setIcon(self._theme.icon(icon))

    @Slot()
    def _enable(self) -> None:
        study, selection = self._document.study, self._document.selection
        current = self._document.current
        node = self._document.node(current) if current is not None else None
        is_wrapper = isinstance(node, RandomizeOrder | Repeat)
        for action in (self.cut, self.copy, self.duplicate, self.delete, self.wrap_random, self.wrap_repeat):
            action.setEnabled(bool(selection))
        for action in (self.paste, self.insert):
            action.setEnabled(study is not None)
        for action in (self.select_all, self.find, self.find_next, self.find_previous, self.zoom_fit):
            action.setEnabled(study is not None and bool(study.chain))
        self.properties.setEnabled(node is not None)
        self.rename.setEnabled(node is not None and not is_wrapper)
        self.unwrap.setEnabled(is_wrapper)
        for action, way in (
            (self.move_earlier, rearranging.earlier),
            (self.move_later, rearranging.later),
            (self.move_out, rearranging.out),
            (self.move_into_next, rearranging.into_next),
        ):
            action.setEnabled(study is not None and bool(selection) and way(study, selection) is not None)
        self.preview_scene.setEnabled(node is not None and not is_wrapper)
        self.preview_from_here.setEnabled(node is not None)
        self.zoom_in.setEnabled(self._view.zoom < ZOOMS[-1])
        self.zoom_out.setEnabled(self._view.zoom > ZOOMS[0])

    # --- clipboard ---------------------------------------------------------------------------------------------------

    def _selected(self) -> tuple[Node, ...]:
        return tuple(self._document.node(path) for path in self._document.selection)

    def _copy(self) -> bool:
        try:
            data = to_mime(self._selected())
        except EditError as error:
            self._say(sentence(error))
            return False
        QGuiApplication.clipboard().setMimeData(data)
        return True

    def _cut(self) -> None:
        if self._copy():
            self._remove("Cut")

    def _paste(self) -> None:
        study = self._document.study
        if study is None:
            return
        text = text_of(QGuiApplication.clipboard().mimeData())
        try:
            nodes = edits.with_fresh_ids(study, nodes_from_text(text or ""))
        except EditError as error:
            self._say(sentence(error))
            return
        self._document.push(edits.insert(place_after(study, self._document.selection), nodes, verb="Paste"))

    def _duplicate(self) -> None:
        study, selection = self._document.study, self._document.selection
        if study is not None and selection:
            self._document.push(edits.duplicate(study, selection))

    def _delete(self) -> None:
        self._remove("Delete")

    def _remove(self, verb: str) -> None:
        """Take the selected nodes out; what comes after them is selected, else what comes before, else the wrapper."""
        study, selection = self._document.study, self._document.selection
        if study is None or not selection or not self._document.push(edits.remove(study, selection, verb=verb)):
            return
        place = edits.after_removal(selection[0], selection)
        before = (*place[:-1], place[-1] - 1)
        for path in (place, before if before[-1] >= 0 else place[:-1], place[:-1]):
            self._document.select((path,))
            if self._document.selection:
                break

    def _select_all(self) -> None:
        study = self._document.study
        if study is not None:
            self._document.select((index,) for index in range(len(study.chain)))

    # --- the selected nodes ------------------------------------------------------------------------------------------

    def _ask_insert(self) -> None:
        study = self._document.study
        if study is not None:
            place = place_after(study, self._document.selection)
            gap = self._view.scene_.plan.gap_of(place)
            self._view.insert_menu_asked.emit(gap)

    def _show_properties(self) -> None:
        if self._document.current is not None:
            self._edit(self._document.current, "")

    def _rename(self) -> None:
        if self._document.current is not None:
            self._edit(self._document.current, "scene_id")

    def _wrap_random(self) -> None:
        self._wrap(RandomizeOrder(scenes=()))

    def _wrap_repeat(self) -> None:
        self._wrap(Repeat(scenes=(), n=2))

    def _wrap(self, wrapper: RandomizeOrder | Repeat) -> None:
        study, selection = self._document.study, self._document.selection
        if study is not None and selection:
            self._document.push(edits.wrap(study, selection, wrapper))

    def _unwrap(self) -> None:
        study, current = self._document.study, self._document.current
        if study is not None and current is not None:
            self._document.push(edits.unwrap(study, current))

    def _rearrange(self, way: _Rearranged) -> None:
        study, selection = self._document.study, self._document.selection
        if study is not None and selection:
            self._document.push(way(study, selection))

    def _move_earlier(self) -> None:
        self._rearrange(rearranging.earlier)

    def _move_later(self) -> None:
        self._rearrange(rearranging.later)

    def _move_out(self) -> None:
        self._rearrange(rearranging.out)

    def _move_into_next(self) -> None:
        self._rearrange(rearranging.into_next)

    def _preview_scene(self) -> None:
        if self._document.current is not None:
            self._preview(self._document.current, "scene")

    def _preview_from_here(self) -> None:
        if self._document.current is not None:
            self._preview(self._document.current, "from")

    # --- zoom --------------------------------------------------------------------------------------------------------

    def _zoom_in(self) -> None:
        self._view.zoom_step(closer=True)

    def _zoom_out(self) -> None:
        self._view.zoom_step(closer=False)

    def _zoom_reset(self) -> None:
        self._view.set_zoom(1.0)
