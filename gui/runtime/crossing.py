"""The one way from other threads into Qt: a queue that a timer drains on the GUI thread.

No Qt signal is emitted, and no Qt object touched, by a foreign thread.
"""

import queue
from collections.abc import Callable
from time import perf_counter

from PySide6.QtCore import QObject, QTimer, Slot

__all__ = ["Crossing"]

_PERIOD_MS = 33
_BUDGET_S = 0.012


class Crossing(QObject):
    """Takes calls from any thread and makes them on the GUI thread, in order.

    A drain stops after 12 ms; the rest waits for the next tick, so that a burst never freezes the window.

    Runs on: GUI thread; only `post` may be called from elsewhere.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._calls: queue.SimpleQueue[Callable[[], object]] = queue.SimpleQueue()
        self._timer = QTimer(self)
        self._timer.setObjectName("crossing")
        self._timer.setInterval(_PERIOD_MS)
        self._timer.timeout.connect(self._on_tick)
        self._timer.start()

    def post(self, call: Callable[[], object]) -> None:
        """Have `call` made on the GUI thread. May be called from any thread."""
        self._calls.put(call)

    def close(self) -> None:
        """Take no more calls to the GUI thread."""
        self._timer.stop()

    @Slot()
    def _on_tick(self) -> None:
        until = perf_counter() + _BUDGET_S
        while perf_counter() < until:
            try:
                call = self._calls.get_nowait()
            except queue.Empty:
                return
            call()
