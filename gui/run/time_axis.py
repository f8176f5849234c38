"""What both live plots share: a bare plot, and clock times along it."""

from datetime import datetime

import pyqtgraph as pg

__all__ = ["clock_ticks", "plot_widget"]

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


def plot_widget(name: str) -> pg.PlotWidget:
    """Make a plot that the mouse does not move: the window in time is chosen beside it."""
    widget = pg.PlotWidget()
    widget.setAccessibleName(name)
    item = widget.getPlotItem()
    item.hideButtons()
    item.setMenuEnabled(False)
    item.setMouseEnabled(x=False, y=False)
    item.setContentsMargins(0, 6, 10, 0)
    item.vb.setDefaultPadding(0.0)
    return widget
