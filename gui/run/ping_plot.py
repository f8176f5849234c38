"""Round-trip times, one line per participant."""

from collections.abc import Collection, Sequence

import numpy as np
import pyqtgraph as pg
from PySide6.QtGui import QColor, QPen

from gui.models.telemetry import TelemetryHistory, thin
from gui.run.time_axis import clock_ticks, plot_widget
from gui.widgets.theme import Theme

__all__ = ["PingPlot"]

_LEAST_TOP_MS = 40.0


class PingPlot:
    """The plot of the ping.

    Attributes:
        widget: To be put into a layout.

    Runs on: GUI thread.
    """

    def __init__(self, theme: Theme, left_px: int) -> None:
        self._theme = theme
        self.widget = plot_widget("Ping of each participant over time")
        self._item = self.widget.getPlotItem()
        self._item.getAxis("left").setWidth(left_px)
        self._curves: dict[str, pg.PlotDataItem] = {}
        self._drawn: dict[str, tuple[np.ndarray, np.ndarray]] = {}
        self.recolour()

    def recolour(self) -> None:
        """Take the theme's colours."""
        tokens = self._theme.tokens
        self.widget.setBackground(tokens.surface)
        for side in ("left", "bottom"):
            axis = self._item.getAxis(side)
            axis.setPen(QColor(tokens.border_strong))
            axis.setTextPen(QColor(tokens.muted))
        self._item.getAxis("left").setLabel("Ping (ms)", color=tokens.muted)
        self._item.showGrid(x=False, y=True, alpha=0.12)

    def draw(
        self,
        history: TelemetryHistory,
        participants: Sequence[str],
        chosen: Collection[str],
        start_s: float,
        end_s: float,
    ) -> None:
        """Draw the lines between two moments.

        Args:
            history: The pulses.
            participants: Whose lines.
            chosen: Whose lines stand out; none: all alike.
            start_s: Unix seconds of the left edge.
            end_s: Unix seconds of the right edge.
        """
        width_px = max(50, int(self._item.vb.width()))
        top = _LEAST_TOP_MS
        for gone in set(self._curves) - set(participants):
            self._item.removeItem(self._curves.pop(gone))
            self._drawn.pop(gone, None)
        for participant in participants:
            pulses = history.pulses(participant)
            x, y = thin(pulses.at_s, pulses.rtt_ms, start_s, end_s, width_px)
            curve = self._curves.get(participant)
            if curve is None:
                curve = pg.PlotDataItem(connect="finite", skipFiniteCheck=False)
                self._item.addItem(curve)
                self._curves[participant] = curve
            stands_out = not chosen or participant in chosen
            curve.setPen(self._pen(pulses.colour_index, stands_out=stands_out, alone=bool(chosen)))
            curve.setZValue(2 if stands_out else 1)
            curve.setData(x, y)
            self._drawn[participant] = (x, y)
            if len(y) and not np.all(np.isnan(y)):
                top = max(top, float(np.nanmax(y)))
        self._item.getAxis("bottom").setTicks([clock_ticks(start_s, end_s, width_px)])
        self._item.setXRange(start_s, end_s, padding=0)
        self._item.setYRange(0.0, top * 1.1, padding=0)

    def drawn(self, participant: str) -> tuple[np.ndarray, np.ndarray]:
        """Return the points of a participant's line as drawn: seconds and milliseconds."""
        empty = np.zeros(0)
        return self._drawn.get(participant, (empty, empty))

    def _pen(self, index: int, *, stands_out: bool, alone: bool) -> QPen:
        colour = self._theme.series(index)
        if not stands_out:
            colour = self._theme.colour("border_strong")
        width = 2.2 if stands_out and alone else 1.6 if stands_out else 1.0
        pen = QPen(colour, width)
        pen.setCosmetic(True)
        return pen
