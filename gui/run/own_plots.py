"""All figures of one participant in small plots: for the panel that shows one participant."""

import time

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QVBoxLayout, QWidget

from gui.models.telemetry import TelemetryHistory
from gui.models.time_window import TimeWindow
from gui.run.sparklines import metric_cells
from gui.widgets.sparkline_grid import SparklineGrid
from gui.widgets.theme import Theme

__all__ = ["OwnPlots"]

_EVERY_S = 1.0
_LEAST_CELL_PX = 138


class OwnPlots(QWidget):
    """The plots; they show the same stretch of time as the large ones.

    Runs on: GUI thread.
    """

    def __init__(self, theme: Theme, history: TelemetryHistory, window: TimeWindow) -> None:
        super().__init__()
        self._history, self._window = history, window
        self._who, self._is_live = "", False
        self._drawn_s = 0.0
        self.grid = SparklineGrid(theme, "Figures of this participant", least_cell_px=_LEAST_CELL_PX)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.grid.widget)
        window.changed.connect(self._draw)
        theme.changed.connect(self.grid.recolour)

    def show_participant(self, participant_id: str, *, is_live: bool) -> None:
        """Show a participant (empty: nobody), from whom pulses are expected or not."""
        if (participant_id, is_live) != (self._who, self._is_live):
            self._who, self._is_live = participant_id, is_live
            self._draw()

    @Slot()
    def draw_due(self) -> None:
        """Draw when it is due and in sight; called by the page's one repaint timer."""
        if self.isVisible() and self._window.follows and time.time() - self._drawn_s >= _EVERY_S:
            self._draw()

    @Slot()
    def _draw(self) -> None:
        self._drawn_s = time.time()
        start, end = self._window.edges()
        cells = []
        if self._who:
            pulses = self._history.pulses(self._who)
            cells = metric_cells(pulses, (start, end), self.grid.cell_width(), is_live=self._is_live)
        self.grid.show_cells(cells, start, end)
