"""Many small plots of the same kind side by side: each a name, the value now, and a line over the same time."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QEvent, QLineF, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPolygonF,
    QResizeEvent,
)
from PySide6.QtWidgets import QToolTip, QWidget
from typing_extensions import override

from gui.widgets.basics import scrolling
from gui.widgets.theme import Theme
from gui.widgets.tips import plain_tip

__all__ = ["Sparkline", "SparklineGrid"]

Floats = npt.NDArray[np.float64]

_LEAST_CELL_PX = 178
_CELL_PX = 82
_GAP_PX = 8
_PAD_PX = 8
_HEAD_PX = 20
_NONE = np.zeros(0, dtype=np.float64)


@dataclass(frozen=True)
class Sparkline:
    """One small plot.

    Attributes:
        key: What it is of.
        title: Its name.
        value: The value now, in words.
        trouble: Whether the value now is beyond the limit: it has a sign then, and another colour.
        x: Ascending Unix seconds, (n,).
        y: Values, (n,), NaN where the line is broken.
        top: The axis goes from 0 at least so far up.
        limit: Drawn as a dashed line; None: none.
        marks: Unix seconds of small triangles at the upper edge.
        tip: Words for the pointer.
        is_faint: Whether nobody is there any more.
    """

    key: str
    title: str
    value: str = ""
    trouble: bool = False
    x: Floats = field(default_factory=lambda: _NONE)
    y: Floats = field(default_factory=lambda: _NONE)
    top: float = 1.0
    limit: float | None = None
    marks: tuple[float, ...] = ()
    tip: str = ""
    is_faint: bool = False


class _Cells(QWidget):
    """The cells, painted; only those in sight.

    Signals:
        chosen: The key of a cell that was clicked, or taken with Enter.

    Runs on: GUI thread.
    """

    chosen = Signal(str)

    def __init__(self, theme: Theme, least_px: int) -> None:
        super().__init__()
        self._theme, self._least_px = theme, least_px
        self.cells: tuple[Sparkline, ...] = ()
        self.start_s, self.end_s = 0.0, 1.0
        self.current = ""
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def columns(self) -> int:
        """How many cells stand side by side."""
        return max(1, (self.width() + _GAP_PX) // (self._least_px + _GAP_PX))

    def fit(self) -> None:
        """Be as high as the rows need."""
        rows = -(-len(self.cells) // self.columns())
        self.setMinimumHeight(max(1, rows * (_CELL_PX + _GAP_PX) - _GAP_PX))

    def box(self, place: int) -> QRectF:
        """Where the cell at `place` is."""
        columns = self.columns()
        width = (self.width() + _GAP_PX) / columns - _GAP_PX
        row, column = divmod(place, columns)
        return QRectF(column * (width + _GAP_PX), row * (_CELL_PX + _GAP_PX), width, _CELL_PX)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.fit()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(event.rect(), QColor(self._theme.tokens.surface))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for place, cell in enumerate(self.cells):
            box = self.box(place)
            if box.intersects(QRectF(event.rect())):
                self._paint(painter, box, cell)
        painter.end()

    def _paint(self, painter: QPainter, box: QRectF, cell: Sparkline) -> None:
        tokens = self._theme.tokens
        is_current = cell.key == self.current
        edge = QColor(tokens.focus if is_current and self.hasFocus() else tokens.border)
        painter.setPen(QPen(edge, 2.0 if is_current and self.hasFocus() else 1.0))
        painter.setBrush(QColor(tokens.accent_soft if is_current else tokens.surface))
        painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)
        inner = box.adjusted(_PAD_PX, 4, -_PAD_PX, -_PAD_PX)
        head = QRectF(inner.left(), inner.top(), inner.width(), _HEAD_PX)
        metrics = painter.fontMetrics()
        value = f"▲ {cell.value}" if cell.trouble else cell.value
        room = max(20.0, head.width() - metrics.horizontalAdvance(value) - 8)
        painter.setPen(QColor(tokens.muted if cell.is_faint else tokens.text))
        title = metrics.elidedText(cell.title, Qt.TextElideMode.ElideMiddle, int(room))
        painter.drawText(head, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, title)
        painter.setPen(QColor(tokens.error if cell.trouble else tokens.muted))
        painter.drawText(head, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, value)
        self._paint_line(painter, inner.adjusted(0, _HEAD_PX + 4, 0, 0), cell)

    def _paint_line(self, painter: QPainter, area: QRectF, cell: Sparkline) -> None:
        tokens = self._theme.tokens
        painter.setPen(QPen(QColor(tokens.hairline), 1))
        painter.drawLine(QLineF(area.bottomLeft(), area.bottomRight()))
        top = max(cell.top, float(np.fmax.reduce(cell.y, initial=0.0)) * 1.05)
        if cell.limit is not None and cell.limit <= top:
            y = area.bottom() - cell.limit / top * area.height()
            painter.setPen(QPen(QColor(tokens.warning), 1, Qt.PenStyle.DashLine))
            painter.drawLine(QLineF(area.left(), y, area.right(), y))
        scale = area.width() / max(1e-6, self.end_s - self.start_s)
        pen = QPen(QColor(tokens.muted if cell.is_faint else tokens.error if cell.trouble else tokens.accent), 1.4)
        painter.save()
        painter.setClipRect(area.adjusted(0, -2, 0, 1))
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if len(cell.x):
            xs = area.left() + (cell.x - self.start_s) * scale
            ys = area.bottom() - cell.y / top * area.height()
            broken = np.flatnonzero(np.isnan(ys))
            for part_x, part_y in zip(np.split(xs, broken), np.split(ys, broken), strict=True):
                here = ~np.isnan(part_y)
                points = [QPointF(x, y) for x, y in zip(part_x[here].tolist(), part_y[here].tolist(), strict=True)]
                if len(points) > 1:
                    painter.drawPolyline(QPolygonF(points))
                elif points:
                    painter.drawEllipse(points[0], 1.5, 1.5)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(tokens.text))
        for mark in cell.marks:
            x = area.left() + (mark - self.start_s) * scale
            painter.drawPolygon(
                QPolygonF([QPointF(x - 3, area.top()), QPointF(x + 3, area.top()), QPointF(x, area.top() + 5)])
            )
        painter.restore()

    def place_at(self, point: QPointF) -> int | None:
        """The place of the cell at a point; None between them."""
        return next((place for place in range(len(self.cells)) if self.box(place).contains(point)), None)

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        place = self.place_at(event.position())
        if place is not None:
            self._go_to(place)
            self.chosen.emit(self.cells[place].key)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        keys = [cell.key for cell in self.cells]
        place = keys.index(self.current) if self.current in keys else 0
        steps = {
            Qt.Key.Key_Left: -1,
            Qt.Key.Key_Right: 1,
            Qt.Key.Key_Up: -self.columns(),
            Qt.Key.Key_Down: self.columns(),
        }
        step = steps.get(Qt.Key(event.key()))
        if step is not None and keys:
            self._go_to(min(max(place + step, 0), len(keys) - 1) if self.current in keys else 0)
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.current in keys:
            self.chosen.emit(self.current)
        else:
            super().keyPressEvent(event)

    def _go_to(self, place: int) -> None:
        self.current = self.cells[place].key
        self.setAccessibleDescription(f"{self.cells[place].title}: {self.cells[place].value}")
        self.update()

    @override
    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() is QEvent.Type.ToolTip:
            place = self.place_at(QPointF(event.pos()))
            tip = plain_tip(self.cells[place].tip) if place is not None else ""
            QToolTip.showText(event.globalPos(), tip, self)
            return True
        return super().event(event)


class SparklineGrid:
    """The small plots, to be scrolled when they are many; a cell is at least `least_cell_px` wide.

    Attributes:
        widget: To be put into a layout.
        chosen: Signal: the key of a cell that was clicked, or taken with Enter.

    Runs on: GUI thread.
    """

    def __init__(self, theme: Theme, name: str, *, least_cell_px: int = _LEAST_CELL_PX) -> None:
        self._cells = _Cells(theme, least_cell_px)
        self._cells.setAccessibleName(name)
        self.chosen = self._cells.chosen
        self.widget = scrolling(self._cells, name)
        self.widget.verticalScrollBar().setSingleStep(_CELL_PX // 2)

    def show_cells(self, cells: Sequence[Sparkline], start_s: float, end_s: float) -> None:
        """Show these cells between two moments, Unix seconds."""
        count = len(self._cells.cells)
        self._cells.cells = tuple(cells)
        self._cells.start_s, self._cells.end_s = start_s, end_s
        if len(cells) != count:
            self._cells.fit()
        self._cells.update()

    def cells(self) -> tuple[Sparkline, ...]:
        """Return what is shown."""
        return self._cells.cells

    def cell_width(self) -> int:
        """Return how wide a cell is, in pixels."""
        return int(self._cells.box(0).width())

    def visible_cells(self, count: int) -> range:
        """Return the places of those of `count` cells that are in sight."""
        top = self.widget.verticalScrollBar().value()
        height = self.widget.viewport().height()
        columns = self._cells.columns()
        first = top // (_CELL_PX + _GAP_PX) * columns
        last = ((top + height) // (_CELL_PX + _GAP_PX) + 1) * columns
        return range(min(first, count), min(last, count))

    def recolour(self) -> None:
        """Take the theme's colours."""
        self._cells.update()
