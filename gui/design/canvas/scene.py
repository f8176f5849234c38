"""The chain on the canvas: one item for each node, kept in step with the document."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QGraphicsScene

from gui.design.canvas.art import Art
from gui.design.canvas.cards import BoxItem, CardItem, Kit, NodeItem, make_item
from gui.design.canvas.feedback import CaretItem, GhostItem, PlusItem, RubberBandItem, WiresItem
from gui.design.canvas.layout import ChainLayout, lay_out
from gui.design.canvas.thumbnails import Thumbnails
from gui.models.chain_document import ChainDocument
from gui.widgets.theme import Theme
from mug.study import Problem
from mug.study.model import Node, RandomizeOrder, Repeat
from mug.study.traversal import NodePath, walk

__all__ = ["ChainScene"]


class ChainScene(QGraphicsScene):
    """Projects the document's study. It changes nothing there.

    Attributes:
        plan: Where everything lies.
        art, thumbnails: What it is painted with.
        space_below: How much more can be scrolled than the plan is high, of which the view's corner covers some.
        caret, ghost, band, plus: What gestures draw.

    Signals:
        drawn_anew: Something lies elsewhere, or looks different from afar.

    Runs on: GUI thread.
    """

    drawn_anew = Signal()

    def __init__(self, theme: Theme, document: ChainDocument, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.setItemIndexMethod(QGraphicsScene.ItemIndexMethod.NoIndex)
        self.document = document
        self.art = Art(theme)
        self.thumbnails = Thumbnails(self.art, lambda: document.folder, self)
        self._kit = Kit(self.art, self.thumbnails)
        self._nodes: dict[NodePath, NodeItem] = {}
        self._marked: set[NodeItem] = set()
        self._presence: Mapping[str, int] = {}
        self._somebody_was_here = False
        self._found: frozenset[NodePath] | None = None
        self._carried: tuple[NodePath, ...] = ()
        self._room = 800.0
        self.space_below: Callable[[ChainLayout], float] = lambda _plan: 0.0
        self.plan: ChainLayout = lay_out((), self._room)
        self._wires = WiresItem(self.art)
        self._wires.setZValue(-0.5)
        self.caret, self.ghost = CaretItem(self.art), GhostItem(self.art)
        self.band, self.plus = RubberBandItem(self.art), PlusItem(self.art)
        for item in (self._wires, self.caret, self.ghost, self.band, self.plus):
            self.addItem(item)
        theme.changed.connect(self._on_theme_changed)
        document.problems_changed.connect(self.show_problems)
        self.rebuild()

    def items_by_path(self) -> dict[NodePath, NodeItem]:
        """Return the items by their nodes' paths, in the order of reading."""
        return dict(self._nodes)

    def item(self, path: NodePath | None) -> NodeItem | None:
        """Return the item at a path."""
        return self._nodes.get(path) if path is not None else None

    # --- keeping in step ---------------------------------------------------------------------------------------------

    def rebuild(self) -> None:
        """Make every item anew."""
        for item in self._nodes.values():
            self._discard(item)
        self._nodes = {}
        self._marked.clear()
        self._found = None
        self.thumbnails.forget()
        self.reconcile()
        self.show_problems()

    def reconcile(self) -> None:
        """Take the study as it is now: a node that is the same object keeps its item, wherever it is."""
        study = self.document.study
        chain: tuple[Node, ...] = study.chain if study is not None else ()
        walked = list(walk(study)) if study is not None else []
        by_node: defaultdict[int, list[NodeItem]] = defaultdict(list)
        for item in reversed(self._nodes.values()):
            by_node[id(item.node)].append(item)
        chosen: dict[NodePath, NodeItem | None] = {}
        for path, node in walked:
            same = by_node.get(id(node))
            chosen[path] = same.pop() if same else None
        free = {item.path: item for items in by_node.values() for item in items}
        nodes: dict[NodePath, NodeItem] = {}
        fresh: list[NodePath] = []
        for path, node in walked:
            found = chosen[path]
            if found is None and (other := free.get(path)) is not None and other.node.kind == node.kind:
                found = free.pop(path)
            if found is None:
                nodes[path] = self._made(node, path)
                fresh.append(path)
            else:
                nodes[path] = found
                found.show_node(node, path)
        for item in free.values():
            self._discard(item)
        is_same_row = bool(nodes) and not fresh and list(nodes.items()) == list(self._nodes.items())
        self._nodes = nodes
        self._marked &= set(nodes.values())
        self._restore_problems(fresh)
        if is_same_row:
            self.drawn_anew.emit()  # a field was changed: everything stays where it is
        else:
            self._lay_out(chain)
        self._show_presence()

    def _restore_problems(self, fresh: Iterable[NodePath]) -> None:
        """Put badges on new items, as far as what is known of their places is about them.

        A deletion that is undone brings the problems of before, of which the document then has nothing new to tell.
        """
        known = self._problems_by_path() if fresh else {}
        for path in fresh:
            item = self._nodes[path]
            label = getattr(item.node, "scene_id", None)
            item.show_problems([problem for problem in known.get(path, ()) if problem.label == label])

    def _problems_by_path(self) -> dict[NodePath, list[Problem]]:
        by_path: defaultdict[NodePath, list[Problem]] = defaultdict(list)
        for problem in self.document.problems:
            if problem.node_id is not None:
                by_path[problem.path].append(problem)
        return by_path

    def set_room(self, width: float) -> None:
        """Let the rows be as wide as `width`."""
        if width != self._room:
            self._room = width
            study = self.document.study
            self._lay_out(study.chain if study is not None else ())
        else:
            self.setSceneRect(0, 0, self.plan.width, self.plan.height + self.space_below(self.plan))

    def _lay_out(self, chain: tuple[Node, ...]) -> None:
        self.plan = lay_out(chain, self._room)
        for path, rect in self.plan.rects.items():
            self._nodes[path].place(rect)
        self._wires.show_layout(self.plan)
        self.plus.show_at(None)
        self.setSceneRect(0, 0, self.plan.width, self.plan.height + self.space_below(self.plan))
        self.drawn_anew.emit()

    def _made(self, node: Node, path: NodePath) -> NodeItem:
        item = make_item(self._kit, node, path)
        self.addItem(item)
        return item

    def _discard(self, item: NodeItem) -> None:
        if isinstance(item, CardItem):
            self._kit.kept.drop(item)
        self.removeItem(item)

    # --- marks -------------------------------------------------------------------------------------------------------

    @Slot()
    def show_problems(self) -> None:
        """Put the badges on."""
        by_path = self._problems_by_path()
        for path, item in self._nodes.items():
            item.show_problems(by_path.get(path, ()))
        self.drawn_anew.emit()

    def show_presence(self, counts: Mapping[str, int]) -> None:
        """Show how many participants are in each scene, by its id."""
        self._presence = dict(counts)
        self._show_presence()

    def _show_presence(self) -> None:
        if not self._presence and not self._somebody_was_here:
            return
        self._somebody_was_here = bool(self._presence)
        for item in self._nodes.values():
            if not isinstance(item.node, RandomizeOrder | Repeat):
                item.show_presence(self._presence.get(item.node.scene_id, 0))

    def show_selection(self, selected: Iterable[NodePath], current: NodePath | None) -> None:
        """Mark the selected nodes, and the one that has the keyboard."""
        chosen = {item for path in selected if (item := self._nodes.get(path)) is not None}
        focused = self.item(current)
        marked = chosen | {focused} if focused is not None else chosen
        for item in self._marked | marked:
            item.mark(selected=item in chosen, current=item is focused)
        self._marked = marked

    def show_found(self, found: Iterable[NodePath] | None) -> None:
        """Let what was found stand out; None: nothing is looked for."""
        self._found = frozenset(found) if found is not None else None
        for path, item in self._nodes.items():
            item.mark(found=self._found is not None and path in self._found)
        self._dim()

    def show_carried(self, paths: Iterable[NodePath]) -> None:
        """Let nodes that are being moved, with all inside them, step back."""
        carried = tuple(paths)
        if carried != self._carried:
            self._carried = carried
            self._dim()

    def _dim(self) -> None:
        for path, item in self._nodes.items():
            is_carried = any(path[: len(gone)] == gone for gone in self._carried)
            passed_over = self._found is not None and path not in self._found and not isinstance(item, BoxItem)
            item.dim(is_carried or passed_over)

    def show_target(self, path: NodePath | None) -> None:
        """Mark the wrapper that would take what is being dragged."""
        for own, item in self._nodes.items():
            if isinstance(item, BoxItem):
                item.mark(target=own == path and path != ())

    def show_hovered(self, path: NodePath | None) -> None:
        """Mark the node below the pointer."""
        for own, item in self._nodes.items():
            if item.hovered or own == path:
                item.mark(hovered=own == path)

    @Slot()
    def _on_theme_changed(self) -> None:
        self.art.refresh()
        for item in self._nodes.values():
            item.repaint_all()
        self.invalidate()
        self.drawn_anew.emit()
