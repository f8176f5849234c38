"""What is drawn besides the nodes: the chain's line, the caret where something would go, what is being dragged."""

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget
from typing_extensions import override

from gui.design.canvas.art import Art
from gui.design.canvas.layout import GAP_X, LINE_AT, MARGIN_X, ChainLayout, Gap, Wire

__all__ = ["CaretItem", "GhostItem", "PlusItem", "RubberBandItem", "WiresItem"]

_BEND: Final = 9.0
_HEAD: Final = 5.0
_PLUS: Final = 12.0
_DOT: Final = 5.0


class WiresItem(QGraphicsItem):
    """The line that leads from node to node, with the chain's beginning and end.

    Runs on: GUI thread.
    """

    def __init__(self, art: Art) -> None:
        super().__init__()
        self._art = art
        self._wires: Sequence[Wire] = ()
        self._ends: tuple[QPointF, QPointF] | None = None
        self._bounds = QRectF()
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemUsesExtendedStyleOption)

    def show_layout(self, layout: ChainLayout) -> None:
        """Draw the lines of a layout."""
        self.prepareGeometryChange()
        self._wires = layout.wires
        self._bounds = QRectF(0, 0, layout.width, layout.height)
        level = layout.levels[()]
        self._ends = None
        if level.rects:
            first, last = level.rects[0], level.rects[-1]
            self._ends = (
                QPointF(first.left() - MARGIN_X / 2 - 2, first.top() + LINE_AT),
                QPointF(last.right() + GAP_X / 2, last.top() + LINE_AT),
            )
        self.update()

    @override
    def boundingRect(self) -> QRectF:
        return self._bounds

    @override
    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        seen = option.exposedRect
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        pen = QPen(self._art.colour("border_strong"), 1.6)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for wire in self._wires:
            if wire.bottom >= seen.top() - 8 and wire.top <= seen.bottom() + 8:
                _draw_wire(painter, wire)
        if self._ends is not None:
            self._draw_ends(painter, *self._ends)

    def _draw_ends(self, painter: QPainter, start: QPointF, end: QPointF) -> None:
        """A full dot where the study begins, a dot in a ring where it ends."""
        painter.drawLine(start + QPointF(_DOT, 0), start + QPointF(MARGIN_X / 2 + 2, 0))
        painter.drawLine(end - QPointF(GAP_X / 2, 0), end - QPointF(_DOT + 2, 0))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._art.colour("good"))
        painter.drawEllipse(start, _DOT, _DOT)
        painter.setBrush(self._art.colour("muted"))
        painter.drawEllipse(end, _DOT - 2, _DOT - 2)
        painter.setPen(QPen(self._art.colour("muted"), 1.6))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawEllipse(end, _DOT + 1.5, _DOT + 1.5)


def _draw_wire(painter: QPainter, wire: Wire) -> None:
    points = wire.points
    x, y = points[-1]
    end = QPointF(x - 2, y)
    if len(points) == 2:
        painter.drawLine(QPointF(*points[0]), end)
    else:
        path = QPainterPath(QPointF(*points[0]))
        for before, corner, after in zip(points, points[1:], points[2:], strict=False):
            path.lineTo(*_towards(corner, before))
            path.quadTo(*corner, *_towards(corner, after))
        path.lineTo(end)
        painter.drawPath(path)
    painter.drawLine(end, QPointF(x - 2 - _HEAD, y - _HEAD + 0.5))
    painter.drawLine(end, QPointF(x - 2 - _HEAD, y + _HEAD - 0.5))


def _towards(corner: tuple[float, float], other: tuple[float, float]) -> tuple[float, float]:
    """Return the point on the way to `other` where the bend ends."""
    dx, dy = other[0] - corner[0], other[1] - corner[1]
    length = max(abs(dx), abs(dy))
    share = min(_BEND, length / 2) / length if length else 0.0
    return corner[0] + dx * share, corner[1] + dy * share


class CaretItem(QGraphicsItem):
    """The line in a gap that shows where something would be put.

    Runs on: GUI thread.
    """

    def __init__(self, art: Art) -> None:
        super().__init__()
        self._art = art
        self._height = 0.0
        self.gap: Gap | None = None
        self.setZValue(60)
        self.hide()

    def show_at(self, gap: Gap | None) -> None:
        """Show it in a gap, or hide it."""
        if gap == self.gap:
            return
        self.gap = gap
        self.setVisible(gap is not None)
        if gap is not None:
            self.prepareGeometryChange()
            self._height = gap.bottom - gap.top
            self.setPos(gap.x, gap.top)
            self.update()

    @override
    def boundingRect(self) -> QRectF:
        return QRectF(-6, -6, 12, self._height + 12)

    @override
    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._art.colour("accent"))
        painter.drawRoundedRect(QRectF(-2, 0, 4, self._height), 2, 2)
        painter.drawEllipse(QPointF(0, 0), 5, 5)
        painter.drawEllipse(QPointF(0, self._height), 5, 5)


class PlusItem(QGraphicsItem):
    """The button in a gap that opens the menu of kinds.

    Runs on: GUI thread.
    """

    def __init__(self, art: Art) -> None:
        super().__init__()
        self._art = art
        self.gap: Gap | None = None
        self.setZValue(55)
        self.hide()

    def show_at(self, gap: Gap | None, line: float = 0.0) -> None:
        """Show it in a gap at the height of the chain's line, or hide it."""
        self.gap = gap
        self.setVisible(gap is not None)
        if gap is not None:
            self.setPos(gap.x, line)

    @override
    def boundingRect(self) -> QRectF:
        return QRectF(-_PLUS - 2, -_PLUS - 2, 2 * _PLUS + 4, 2 * _PLUS + 4)

    @override
    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(self._art.colour("accent"), 1.2))
        painter.setBrush(self._art.colour("accent_soft"))
        painter.drawEllipse(QPointF(0, 0), _PLUS, _PLUS)
        painter.setPen(QPen(self._art.colour("accent"), 1.8))
        painter.drawLine(QPointF(-5, 0), QPointF(5, 0))
        painter.drawLine(QPointF(0, -5), QPointF(0, 5))


class RubberBandItem(QGraphicsItem):
    """The rectangle that is drawn to select what lies in it.

    Runs on: GUI thread.
    """

    def __init__(self, art: Art) -> None:
        super().__init__()
        self._art = art
        self._rect = QRectF()
        self.setZValue(70)
        self.hide()

    def show_rect(self, rect: QRectF | None) -> None:
        """Show it, or hide it."""
        self.prepareGeometryChange()
        self._rect = QRectF(rect) if rect is not None else QRectF()
        self.setVisible(rect is not None)

    @override
    def boundingRect(self) -> QRectF:
        return self._rect.adjusted(-2, -2, 2, 2)

    @override
    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        fill = self._art.theme.colour("accent")
        fill.setAlphaF(0.10)
        painter.setPen(QPen(self._art.colour("accent"), 0))
        painter.setBrush(fill)
        painter.drawRect(self._rect)


class GhostItem(QGraphicsItem):
    """What is being dragged, beside the pointer: an icon, a name, and a plus when a copy is made.

    Runs on: GUI thread.
    """

    def __init__(self, art: Art) -> None:
        super().__init__()
        self._art = art
        self._icon, self._words, self._is_copy = "", "", False
        self._width = 0.0
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemIgnoresTransformations)
        self.setZValue(80)
        self.hide()

    def show_at(self, at: QPointF, icon: str, words: str, *, is_copy: bool) -> None:
        """Show it at a point of the scene."""
        if (icon, words, is_copy) != (self._icon, self._words, self._is_copy):
            self.prepareGeometryChange()
            self._icon, self._words, self._is_copy = icon, words, is_copy
            metrics = QFontMetricsF(self._art.bold)
            self._words = metrics.elidedText(words, Qt.TextElideMode.ElideRight, 220)
            self._width = metrics.horizontalAdvance(self._words) + 46 + (22 if is_copy else 0)
            self._words = words
            self.update()
        self.setPos(at)
        self.show()

    @override
    def boundingRect(self) -> QRectF:
        return QRectF(10, 10, self._width + 8, 44)

    @override
    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        art = self._art
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        rect = QRectF(13, 13, self._width, 36)
        painter.setPen(QPen(art.colour("accent"), 1.5))
        painter.setBrush(art.colour("surface"))
        painter.drawRoundedRect(rect, 9, 9)
        art.draw_icon(painter, self._icon, "accent", QRectF(rect.left() + 10, rect.top() + 9, 18, 18), 1)
        at = QPointF(rect.left() + 36, rect.center().y() - QFontMetricsF(art.bold).height() / 2)
        art.line(painter, art.bold, art.colour("text"), at, 220, self._words)
        if self._is_copy:
            art.draw_icon(painter, "plus", "accent", QRectF(rect.right() - 26, rect.top() + 9, 18, 18), 1)
