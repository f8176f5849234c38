"""Which node has the keyboard, and how keys move it: in the order of reading, and from row to row."""

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from gui.design.canvas.layout import ChainLayout
from gui.models.chain_document import ChainDocument
from mug.study.traversal import NodePath

__all__ = ["Cursor"]


class Cursor(QObject):
    """The current node, and where an extended selection began.

    Attributes:
        current: Its path; None: no node is current.

    Signals:
        moved: Another node is current, or none.

    Runs on: GUI thread.
    """

    moved = Signal()

    def __init__(self, document: ChainDocument, plan: Callable[[], ChainLayout], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._plan = plan
        self.current: NodePath | None = None
        self._anchor: NodePath | None = None

    def follow(self) -> None:
        """Go along with a selection that was made elsewhere, or with what an edit left."""
        selection = self._document.selection
        current = self.current
        if current is None or not any(current[: len(path)] == path for path in selection):
            self._stand_at(selection[-1] if selection else None)
            self._anchor = selection[0] if selection else None
        elif current not in self._plan().rects:
            self._stand_at(selection[-1])
            self._anchor = selection[0]

    def go(self, path: NodePath | None, *, extend: bool = False) -> None:
        """Select a node, or from where the selection began up to it."""
        if path is None:
            self._anchor = None
            self._stand_at(None)
            self._document.select(())
            return
        if extend and self._anchor in self._plan().rects:
            order = self._plan().order
            first, last = sorted((order.index(self._anchor), order.index(path)))
            self._stand_at(path)
            self._document.select(order[first : last + 1])
        else:
            self._anchor = path
            self._stand_at(path)
            self._document.select((path,))

    def toggle(self, path: NodePath) -> None:
        """Take a node into the selection, or out of it."""
        selection = self._document.selection
        self._anchor = path
        if path in selection:
            rest = tuple(one for one in selection if one != path)
            self._stand_at(rest[-1] if rest else None)
            self._document.select(rest)
        else:
            self._stand_at(path)
            self._document.select((*selection, path))

    def step(self, by: int, *, extend: bool = False) -> None:
        """Go on, or back, in the order of reading."""
        order = self._plan().order
        if not order:
            return
        if self.current not in self._plan().rects:
            self.go(order[0] if by > 0 else order[-1], extend=extend)
            return
        assert self.current is not None
        place = order.index(self.current) + by
        self.go(order[max(0, min(len(order) - 1, place))], extend=extend)

    def go_to_end(self, *, first: bool, extend: bool = False) -> None:
        """Go to the first node, or the last."""
        order = self._plan().order
        if order:
            self.go(order[0] if first else order[-1], extend=extend)

    def step_rows(self, *, down: bool, at_least: float = 0.0, extend: bool = False) -> None:
        """Go to the nearest node above or below, at least `at_least` away."""
        plan = self._plan()
        if self.current not in plan.rects:
            self.step(1 if down else -1, extend=extend)
            return
        assert self.current is not None
        here = plan.sign_of(self.current)
        best: tuple[float, float] | None = None
        found: NodePath | None = None
        farthest: tuple[float, float] | None = None
        farthest_path: NodePath | None = None
        for path in plan.order:
            sign = plan.sign_of(path)
            away = sign.top() - here.bottom() if down else here.top() - sign.bottom()
            if away < 0:
                continue
            beside = max(0.0, sign.left() - here.center().x(), here.center().x() - sign.right())
            if away >= at_least - here.height() and (best is None or (away, beside) < best):
                best, found = (away, beside), path
            if farthest is None or (-away, beside) < farthest:
                farthest, farthest_path = (-away, beside), path
        target = found if found is not None else farthest_path
        if target is not None:
            self.go(target, extend=extend)

    def _stand_at(self, path: NodePath | None) -> None:
        if path != self.current:
            self.current = path
            self.moved.emit()
