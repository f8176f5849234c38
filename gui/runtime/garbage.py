"""Garbage collection on the GUI thread only.

Python collects cycles on whichever thread happens to allocate. A Qt object that dies on another thread than its own
takes the program with it (seen: a segmentation fault in the event loop), so the automatic collection is off while the
app runs, and a timer does its work here.
"""

import gc

from PySide6.QtCore import QObject, QTimer, Slot

__all__ = ["GuiThreadGarbage"]

_PERIOD_MS = 500


class GuiThreadGarbage(QObject):
    """Collects garbage at the pace that Python itself would.

    Runs on: GUI thread.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._was_enabled = gc.isenabled()
        gc.disable()
        self._timer = QTimer(self)
        self._timer.setObjectName("garbage")
        self._timer.setInterval(_PERIOD_MS)
        self._timer.timeout.connect(self._on_tick)
        self._timer.start()

    def close(self) -> None:
        """Give the work back to Python."""
        self._timer.stop()
        if self._was_enabled:
            gc.enable()

    @Slot()
    def _on_tick(self) -> None:
        counts, thresholds = gc.get_count(), gc.get_threshold()
        for generation in (2, 1, 0):
            if counts[generation] > thresholds[generation]:
                gc.collect(generation)
                return
