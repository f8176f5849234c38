"""What the live plots share: clock times along the axis, and a plot that moves the window in time."""

from datetime import datetime

import pyqtgraph as pg
from PySide6.QtCore import QEvent, QObject, QPointF, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent, QWheelEvent
from typing_extensions import override

from gui.models.time_window import TimeWindow
from gui.run.time_keys import move_by_key

__all__ = ["TimeGestures", "clock_ticks", "plot_widget"]

_STEPS_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600)
_TICK_PX = 110


def clock_ticks(start_s: float, end_s: float, width_px: int) -> list[tuple[float, str]]:
    """Return round moments between two Unix times, with this computer's time of day as text."""
    wanted = max(2, width_px // _TICK_PX)
    span_s = max(1e-6, end_s - start_s)
    step_s = next((step for step in _STEPS_S if span_s / step <= wanted), _STEPS_S[-1])
    offset = datetime.fromtimestamp(end_s).astimezone().utcoffset()
    shift_s = offset.total_seconds() if offset is not None else 0.0
    form = "%H:%M" if step_s >= 60 else "%H:%M:%S"
    first = int((start_s + shift_s) // step_s + 1)
    last = int((end_s + shift_s) // step_s)
    moments = [k * step_s - shift_s for k in range(first, last + 1)]
    return [(moment, datetime.fromtimestamp(moment).astimezone().strftime(form)) for moment in moments]


class TimeGestures(QObject):
    """Moves a window in time with the mouse on a plot: wheel, dragging, and a double click to follow again.

    Runs on: GUI thread.
    """

    def __init__(self, widget: pg.PlotWidget, window: TimeWindow) -> None:
        super().__init__(widget)
        self._widget, self._window = widget, window
        self._grabbed_x: float | None = None
        widget.installEventFilter(self)
        widget.viewport().installEventFilter(self)

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        match event:
            case QKeyEvent() if event.type() is QEvent.Type.KeyPress and watched is self._widget:
                return move_by_key(self._window, event)
            case QWheelEvent() if event.angleDelta().y():
                self._window.zoom(0.8 if event.angleDelta().y() > 0 else 1.25, self._seconds(event.position()))
                return True
            case QMouseEvent() if watched is self._widget.viewport():
                self._mouse(event)
        return False

    def _mouse(self, event: QMouseEvent) -> None:
        left = Qt.MouseButton.LeftButton
        match event.type():
            case QEvent.Type.MouseButtonDblClick:
                self._window.follow()
            case QEvent.Type.MouseButtonPress if event.button() == left:
                self._grabbed_x = event.position().x()
            case QEvent.Type.MouseButtonRelease:
                self._grabbed_x = None
            case QEvent.Type.MouseMove if self._grabbed_x is not None and event.buttons() & left:
                moved = self._grabbed_x - event.position().x()
                if abs(moved) >= 1:
                    self._grabbed_x = event.position().x()
                    width = max(1.0, float(self._widget.getPlotItem().vb.width()))
                    self._window.pan(moved / width * self._window.span_s)

    def _seconds(self, point: QPointF) -> float:
        place = self._widget.mapToScene(point.toPoint())
        return float(self._widget.getPlotItem().vb.mapSceneToView(place).x())


def plot_widget(name: str, window: TimeWindow | None = None) -> pg.PlotWidget:
    """Make a bare plot; what pyqtgraph lets the mouse do is off."""
    widget = pg.PlotWidget()
    if window is not None:
        TimeGestures(widget, window)
    widget.setFocusPolicy(Qt.FocusPolicy.StrongFocus if window is not None else Qt.FocusPolicy.NoFocus)
    widget.setAccessibleName(name)
    item = widget.getPlotItem()
    item.hideButtons()
    item.setMenuEnabled(False)
    item.setMouseEnabled(x=False, y=False)
    item.setContentsMargins(0, 6, 10, 0)
    item.vb.setDefaultPadding(0.0)
    return widget
