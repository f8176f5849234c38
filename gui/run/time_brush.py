"""All that is kept, at a glance, with the window in time as a frame on it that can be dragged and stretched."""

from collections.abc import Callable
from typing import Final

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QWidget
from typing_extensions import override

from gui.models.time_window import LONGEST_S, SHORTEST_S, TimeWindow
from gui.run.time_keys import move_by_key
from gui.widgets.theme import Theme

__all__ = ["TimeBrush"]

HEIGHT_PX: Final = 34
_EDGE_PX: Final = 6
_LEAST_RANGE_S: Final = 600.0
_BUCKETS: Final = 300

Floats = npt.NDArray[np.float64]


class TimeBrush(QWidget):
    """The strip below the plots.

    Attributes:
        left_px: Where the axis of time begins, to stand below the plots'.

    Runs on: GUI thread.
    """

    def __init__(self, theme: Theme, window: TimeWindow, now: Callable[[], float]) -> None:
        super().__init__()
        self._theme, self._window, self._now = theme, window, now
        self.left_px = 0
        self._x: Floats = np.zeros(0)
        self._y: Floats = np.zeros(0)
        self._begin_s = now() - _LEAST_RANGE_S
        self._grab: tuple[str, float, float, float] | None = None
        self.setFixedHeight(HEIGHT_PX)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Time shown, within all that is kept")
        self.setToolTip(
            "All that is kept. Drag the frame, or its edges, to look back; a double click follows the time again."
        )
        window.changed.connect(self.update)

    def show_line(self, x: Floats, y: Floats, begin_s: float) -> None:
        """Show the worst value over time, and since when anything is kept (Unix seconds)."""
        self._x, self._y = x, y
        self._begin_s = max(begin_s, self._now() - LONGEST_S)
        self.update()

    def range_s(self) -> tuple[float, float]:
        """Return the moments of the strip's edges."""
        now = self._now()
        return min(self._begin_s, now - _LEAST_RANGE_S), now

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        tokens = self._theme.tokens
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = self._area()
        painter.fillRect(area, QColor(tokens.sunken))
        if len(self._x):
            top = max(1e-6, float(np.fmax.reduce(self._y, initial=0.0)))
            xs = [self._to_px(at) for at in self._x.tolist()]
            ys = (area.bottom() - np.nan_to_num(self._y) / top * (area.height() - 4)).tolist()
            points = [QPointF(x, y) for x, y in zip(xs, ys, strict=True)]
            painter.setPen(QPen(QColor(tokens.muted), 1))
            painter.drawPolyline(QPolygonF(points))
        start, end = self._window.edges()
        left, right = max(area.left(), self._to_px(start)), min(area.right(), self._to_px(end))
        frame = QRectF(left, area.top() + 0.5, max(3.0, right - left), area.height() - 1)
        ground = QColor(tokens.accent)
        ground.setAlpha(46)
        painter.setBrush(ground)
        painter.setPen(QPen(QColor(tokens.focus if self.hasFocus() else tokens.accent), 2 if self.hasFocus() else 1.2))
        painter.drawRoundedRect(frame, 3, 3)
        painter.setBrush(QColor(tokens.accent))
        painter.setPen(Qt.PenStyle.NoPen)
        for x in (frame.left(), frame.right()):
            painter.drawRoundedRect(QRectF(x - 2, area.center().y() - 7, 4, 14), 2, 2)
        painter.end()

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            return
        x = event.position().x()
        start, end = self._window.edges()
        part = self._part(x)
        if part == "outside":
            half = self._window.span_s / 2
            at = self._to_s(x)
            self._window.show(at - half, at + half)
            start, end = self._window.edges()
            part = "middle"
        self._grab = (part, self._to_s(x), start, end)

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        x = event.position().x()
        if self._grab is None:
            edge = self._part(x) in {"left", "right"}
            self.setCursor(Qt.CursorShape.SizeHorCursor if edge else Qt.CursorShape.ArrowCursor)
            return
        part, from_s, start, end = self._grab
        moved = self._to_s(x) - from_s
        if part == "left":
            self._window.show(min(start + moved, end - SHORTEST_S), end)
        elif part == "right":
            self._window.show(start, max(end + moved, start + SHORTEST_S))
        else:
            by = min(moved, self._now() - end)
            self._window.show(start + by, end + by)

    @override
    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._grab = None

    @override
    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self._window.follow()

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not move_by_key(self._window, event):
            super().keyPressEvent(event)

    def _area(self) -> QRectF:
        return QRectF(self.left_px, 4, max(1, self.width() - self.left_px - 10), HEIGHT_PX - 8)

    def _to_px(self, at_s: float) -> float:
        begin, end = self.range_s()
        area = self._area()
        return area.left() + (at_s - begin) / (end - begin) * area.width()

    def _to_s(self, x: float) -> float:
        begin, end = self.range_s()
        area = self._area()
        return begin + (x - area.left()) / area.width() * (end - begin)

    def _part(self, x: float) -> str:
        start, end = (self._to_px(at) for at in self._window.edges())
        if abs(x - start) <= _EDGE_PX:
            return "left"
        if abs(x - end) <= _EDGE_PX:
            return "right"
        return "middle" if start < x < end else "outside"
