"""A few lines over time, apart by colour and by dashes: what the plots of a match are made of."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPen

from gui.models.telemetry import thin
from gui.models.time_window import TimeWindow
from gui.run.line_legend import line_pen
from gui.run.plot_kind import PlotKind
from gui.run.time_axis import clock_ticks, plot_widget
from gui.widgets.theme import Theme

__all__ = ["MatchPlot"]

_WIDTH = 1.8

Floats = npt.NDArray[np.float64]


class MatchPlot:
    """One plot.

    Attributes:
        widget: To be put into a layout.

    Runs on: GUI thread.
    """

    def __init__(self, theme: Theme, kind: PlotKind, left_px: int, window: TimeWindow) -> None:
        self._theme, self._kind = theme, kind
        self.widget = plot_widget(kind.name, window)
        self._item = self.widget.getPlotItem()
        self._item.getAxis("left").setWidth(left_px)
        self._curves: list[pg.PlotCurveItem] = []
        self._drawn: list[tuple[Floats, Floats]] = []
        self._limit = pg.InfiniteLine(angle=0, movable=False)
        self._item.addItem(self._limit)
        self.recolour()

    def recolour(self) -> None:
        """Take the theme's colours."""
        tokens = self._theme.tokens
        self.widget.setBackground(tokens.surface)
        for side in ("left", "bottom"):
            axis = self._item.getAxis(side)
            axis.setPen(QColor(tokens.border_strong))
            axis.setTextPen(QColor(tokens.muted))
        self._item.getAxis("left").setLabel(self._kind.axis, color=tokens.muted)
        self._item.showGrid(x=False, y=True, alpha=0.12)
        self._limit.setPen(QPen(QColor(tokens.warning), 0, Qt.PenStyle.DashLine))
        for place, curve in enumerate(self._curves):
            curve.setPen(self._pen(place))

    def show_kind(self, kind: PlotKind) -> None:
        """Show something else from the next drawing on."""
        self._kind = kind
        self.widget.setAccessibleName(kind.name)
        self._item.getAxis("left").setLabel(kind.axis, color=self._theme.tokens.muted)

    def draw(self, at_s: Floats, values: Floats, start_s: float, end_s: float) -> None:
        """Draw the lines between two moments.

        Args:
            at_s: Unix seconds, ascending: (n,).
            values: One row a line: (lines, n); NaN where there is no value.
            start_s: Unix seconds of the left edge.
            end_s: Unix seconds of the right edge.
        """
        width_px = max(50, int(self._item.vb.width()))
        self._want(len(values))
        top = self._kind.least_top
        self._drawn = [thin(at_s, row, start_s, end_s, width_px) for row in values]
        for curve, (x, y) in zip(self._curves, self._drawn, strict=True):
            curve.setData(x, y, connect="finite")
            top = max(top, float(np.fmax.reduce(y, initial=top)))
        self._limit.setValue(self._kind.limit)
        self._limit.setVisible(self._kind.limit <= top * 1.1)
        self._item.getAxis("bottom").setTicks([clock_ticks(start_s, end_s, width_px)])
        self._item.getAxis("left").setTicks(None)
        if self._kind.whole:
            step = max(1, round(top / 4))
            self._item.getAxis("left").setTicks([[(mark, str(mark)) for mark in range(0, int(top) + 1, step)]])
        self._item.setXRange(start_s, end_s, padding=0)
        self._item.setYRange(0.0, top * 1.1, padding=0)
        self._item.vb.prepareForPaint()  # else the first painting moves the lines and asks for a second one

    def drawn(self) -> Sequence[tuple[Floats, Floats]]:
        """Return the points of each line as drawn last: seconds and values."""
        return tuple(self._drawn)

    def _want(self, lines: int) -> None:
        while len(self._curves) > lines:
            self._item.removeItem(self._curves.pop())
        while len(self._curves) < lines:
            curve = pg.PlotCurveItem(pen=self._pen(len(self._curves)))
            self._item.addItem(curve)
            self._curves.append(curve)

    def _pen(self, place: int) -> QPen:
        return line_pen(self._theme, place, _WIDTH)
