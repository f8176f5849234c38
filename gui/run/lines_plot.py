"""One figure over time, one line per participant, with its limit and the experimenter's marks."""

from collections.abc import Collection, Sequence
from typing import TypeAlias

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPen

from gui.models.markers import Marker
from gui.models.metrics import LOOKS, Metric
from gui.models.telemetry import TelemetryHistory, thin
from gui.models.time_window import TimeWindow
from gui.run.line_legend import line_pen
from gui.run.time_axis import clock_ticks, plot_widget
from gui.widgets.theme import Theme
from gui.widgets.tips import plain_tip

__all__ = ["LinesPlot"]

Look: TypeAlias = tuple[str, float, int]

_MOST_POINTS = 20_000
_LEAST_STEPS = 60
_MANY = 20
"""Of more lines than this, thin ones say more, and Qt draws them several times as fast as wide ones."""
_GAP = np.full((2, 1), np.nan)
"""Ends a line, so that the next participant's does not go on from it."""
_MOST_NAMED = 8
"""So many chosen lines have their name at their end, and dashes of their own."""
_NAME_PX = 15
_SYMBOLS = {"note": "t", "action": "d"}
_MOST_MARKS = 200


class LinesPlot:
    """The plot.

    Attributes:
        widget: To be put into a layout.
        metric: What is shown.

    Runs on: GUI thread.
    """

    def __init__(self, theme: Theme, left_px: int, window: TimeWindow) -> None:
        self._theme = theme
        self.metric = Metric.PING
        self.widget = plot_widget("Ping of each participant over time", window)
        self._item = self.widget.getPlotItem()
        self._item.getAxis("left").setWidth(left_px)
        # One curve for all lines that look the same: a curve of its own for each of 100 participants costs 200 ms a
        # repaint.
        self._curves: dict[Look, pg.PlotCurveItem] = {}
        self._names: dict[str, pg.TextItem] = {}
        self._drawn: dict[str, tuple[np.ndarray, np.ndarray]] = {}
        self._limit = pg.InfiniteLine(angle=0, movable=False)
        self._limit.setZValue(5)
        self._item.addItem(self._limit)
        self._stems = pg.PlotCurveItem()
        self._stems.setZValue(4)
        self._item.addItem(self._stems)
        self._marks = pg.ScatterPlotItem(hoverable=True, tip=lambda x, y, data: plain_tip(str(data)), size=11)
        self._marks.setZValue(6)
        self._item.addItem(self._marks)
        self.recolour()

    def recolour(self) -> None:
        """Take the theme's colours."""
        tokens = self._theme.tokens
        self.widget.setBackground(tokens.surface)
        for side in ("left", "bottom"):
            axis = self._item.getAxis(side)
            axis.setPen(QColor(tokens.border_strong))
            axis.setTextPen(QColor(tokens.muted))
        self._item.getAxis("left").setLabel(LOOKS[self.metric].axis, color=tokens.muted)
        self._item.showGrid(x=False, y=True, alpha=0.12)
        self._limit.setPen(QPen(QColor(tokens.warning), 0, Qt.PenStyle.DashLine))
        self._stems.setPen(QPen(QColor(tokens.border_strong), 0, Qt.PenStyle.DotLine))
        self._marks.setPen(QColor(tokens.surface))
        self._marks.setBrush(QColor(tokens.text))

    def show_metric(self, metric: Metric) -> None:
        """Show another figure from the next drawing on."""
        self.metric = metric
        look = LOOKS[metric]
        self.widget.setAccessibleName(f"{look.title} of each participant over time")
        self._item.getAxis("left").setLabel(look.axis, color=self._theme.tokens.muted)

    def draw(
        self,
        history: TelemetryHistory,
        participants: Sequence[str],
        chosen: Collection[str],
        start_s: float,
        end_s: float,
        marks: Sequence[Marker] = (),
    ) -> None:
        """Draw the lines between two moments.

        Args:
            history: The pulses.
            participants: Whose lines.
            chosen: Whose lines stand out; none: all alike.
            start_s: Unix seconds of the left edge.
            end_s: Unix seconds of the right edge.
            marks: The experimenter's notes and actions.
        """
        look = LOOKS[self.metric]
        width_px = max(50, int(self._item.vb.width()))
        # Two points a pixel are too many with many lines over hours: wider steps, still with every peak.
        steps = min(width_px, max(_LEAST_STEPS, _MOST_POINTS // (2 * max(1, len(participants)))))
        width = 2.2 if chosen else 1.0 if len(participants) > _MANY else 1.6
        top = look.least_top
        self._drawn = {}
        named = [who for who in participants if who in chosen] if len(chosen) <= _MOST_NAMED else []
        alike: dict[Look, list[np.ndarray]] = {}
        for participant in participants:
            pulses = history.pulses(participant)
            many = width_px if participant in chosen else steps
            x, y = thin(pulses.at_s, pulses.values(self.metric), start_s, end_s, many)
            self._drawn[participant] = (x, y)
            top = max(top, float(np.fmax.reduce(y, initial=top)))
            stands_out = participant in chosen or not chosen
            dashes = named.index(participant) if participant in named else 0
            key = self._look(pulses.colour_index, dashes, stands_out=stands_out, width=width if stands_out else 1.0)
            alike.setdefault(key, []).extend((np.array((x, y)), _GAP))
        for gone in set(self._curves) - set(alike):
            self._item.removeItem(self._curves.pop(gone))
        for key, parts in alike.items():
            points = np.hstack(parts)
            self._curve(key).setData(points[0], points[1], connect="finite")
        top *= 1.1
        self._name_lines(history, named, top / max(1.0, float(self._item.vb.height())) * _NAME_PX)
        self._limit.setValue(look.limit)
        self._limit.setVisible(look.limit <= top)
        self._draw_marks(marks[-_MOST_MARKS:], top)
        self._item.getAxis("bottom").setTicks([clock_ticks(start_s, end_s, width_px)])
        self._item.setXRange(start_s, end_s, padding=0)
        self._item.setYRange(0.0, top, padding=0)
        self._item.vb.prepareForPaint()  # else the first painting moves the lines and asks for a second one

    def _draw_marks(self, marks: Sequence[Marker], top: float) -> None:
        stems = np.array([[mark.at_s, mark.at_s] for mark in marks]).ravel()
        heights = np.array([[0.0, top] for _ in marks]).ravel()
        self._stems.setData(stems, heights, connect="pairs")
        self._marks.setData(
            x=[mark.at_s for mark in marks],
            y=[top * 0.94] * len(marks),
            symbol=[_SYMBOLS.get(mark.kind, "o") for mark in marks],
            data=[mark.text for mark in marks],
        )

    def _name_lines(self, history: TelemetryHistory, named: Sequence[str], apart: float) -> None:
        """Write the names of a few lines at their newest points, never on one another: nobody needs to tell colours."""
        for gone in set(self._names) - set(named):
            self._item.removeItem(self._names.pop(gone))
        ends = {who: np.flatnonzero(np.isfinite(self._drawn[who][1])) for who in named}
        height = -apart
        for who in sorted(named, key=lambda who: float(self._drawn[who][1][ends[who][-1]]) if len(ends[who]) else 0.0):
            (x, y), here = self._drawn[who], ends[who]
            if who not in self._names:
                self._names[who] = pg.TextItem(anchor=(1.0, 1.0))
                self._names[who].setZValue(7)
                self._item.addItem(self._names[who])
            text = self._names[who]
            text.setText(who, color=self._theme.series(history.pulses(who).colour_index))
            text.setVisible(bool(len(here)))
            if len(here):
                height = max(height + apart, float(y[here[-1]]))
                text.setPos(float(x[here[-1]]), height)

    def edges_px(self) -> tuple[float, float]:
        """Return where the left and the right edge of the time axis are in the widget."""
        rect = self._item.vb.sceneBoundingRect()
        return float(rect.left()), float(rect.right())

    def drawn(self, participant: str) -> tuple[np.ndarray, np.ndarray]:
        """Return the points of a participant's line as drawn: seconds and values."""
        empty = np.zeros(0)
        return self._drawn.get(participant, (empty, empty))

    def named(self) -> list[str]:
        """Return whose lines have their name beside them."""
        return [who for who, text in self._names.items() if text.isVisible()]

    def marks(self) -> list[str]:
        """Return the words of the marks as drawn."""
        return [str(point.data()) for point in self._marks.points()]

    def _curve(self, look: Look) -> pg.PlotCurveItem:
        curve = self._curves.get(look)
        if curve is None:
            colour, width, dashes = look
            pen = line_pen(self._theme, dashes, width)
            pen.setColor(QColor(colour))
            curve = pg.PlotCurveItem(pen=pen)
            curve.setZValue(width)
            self._item.addItem(curve)
            self._curves[look] = curve
        return curve

    def _look(self, index: int, dashes: int, *, stands_out: bool, width: float) -> Look:
        """The colour, the width and the place in the order of dashes of a line."""
        colour = self._theme.series(index) if stands_out else self._theme.colour("border_strong")
        return colour.name(), width, dashes
