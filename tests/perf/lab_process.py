"""MUG Lab in a process of its own, watched from inside: ``python -m tests.perf.lab_process FOLDER [SECONDS [tour]]``.

Prints one line of JSON when the window is painted. With SECONDS it then waits until the app has found the server whose
records are below FOLDER by itself, shows the Run page and watches its own event loop for that long; a second line tells
what it saw. With "tour" the plots show something else every twenty seconds.
"""

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import psutil
from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtWidgets import QApplication

from gui.app import Lab
from gui.shell.settings import LabSettings

IMPORTED = time.time()
LOOK_EVERY_MS = 10
FIND_WITHIN_S = 60.0
TOUR_EVERY_MS = 20_000


class FirstPaint(QObject):
    """Ends the waiting when the window is painted for the first time."""

    painted_at: float | None = None

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Paint and self.painted_at is None:
            # After the event that is being handled, which does the painting.
            QTimer.singleShot(0, self, self._painted)
        return False

    def _painted(self) -> None:
        self.painted_at = self.painted_at or time.time()


class LoopWatch(QObject):
    """How long the event loop was busy at a time: by the clock, and by the processor time of the GUI thread."""

    def __init__(self) -> None:
        super().__init__()
        self.busy_ms: list[float] = []
        self.cpu_ms: list[float] = []
        self._at = time.perf_counter()
        self._cpu = time.thread_time()
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._look)
        self._timer.start(LOOK_EVERY_MS)

    def _look(self) -> None:
        at, cpu = time.perf_counter(), time.thread_time()
        self.busy_ms.append(max(0.0, (at - self._at) * 1000 - LOOK_EVERY_MS))
        self.cpu_ms.append((cpu - self._cpu) * 1000)
        self._at, self._cpu = at, cpu

    def stop(self) -> None:
        self._timer.stop()


class Tour(QObject):
    """Goes through the views, figures and stretches of time of the live plots."""

    def __init__(self, lab: Lab) -> None:
        super().__init__()
        self._live = lab.window.run.live
        self._step = 0
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._go_on)
        self._timer.start(TOUR_EVERY_MS)

    def _go_on(self) -> None:
        self._step += 1
        live = self._live
        live.mode.choose(("lines", "room", "server")[self._step % 3])
        live.figure.setCurrentIndex(self._step % live.figure.count())
        live.time.show_span((120.0, 600.0, 7_200.0)[self._step // 3 % 3])

    def stop(self) -> None:
        self._timer.stop()


def main() -> None:
    folder = Path(sys.argv[1])
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 0.0
    app = QApplication([sys.argv[0]])
    settings = LabSettings(folder / "lab.ini")
    settings.data_dir = folder
    settings.reach = "machine"
    paint = FirstPaint()
    lab = Lab(app, settings)
    lab.window.installEventFilter(paint)
    lab.window.resize(1440, 900)
    lab.window.show()
    _live_until(app, lambda: paint.painted_at is not None)
    assert paint.painted_at is not None
    began = psutil.Process().create_time()
    say(shown_s=paint.painted_at - began, imported_s=IMPORTED - began, rss_mb=_rss_mb())
    if seconds:
        say(**_watch(app, lab, seconds))
    lab.session.leave_everything()
    lab.close()


def _watch(app: QApplication, lab: Lab, seconds: float) -> dict[str, Any]:
    _live_until(app, lambda: lab.window.run.session is not None)
    lab.window.show_page("run")
    _live_for(app, 3.0)
    process = psutil.Process()
    used = process.cpu_times()
    watch = LoopWatch()
    tour = Tour(lab) if "tour" in sys.argv[3:] else None
    _live_for(app, seconds)
    watch.stop()
    if tour is not None:
        tour.stop()
    after = process.cpu_times()
    share = (after.user + after.system - used.user - used.system) / seconds
    return {
        "busy_ms": watch.busy_ms,
        "cpu_ms": watch.cpu_ms,
        "cpu_share": share,
        "rss_mb": _rss_mb(),
        "rows": lab.window.run.participants.model.rowCount(),
    }


def say(**values: object) -> None:
    sys.stdout.write(json.dumps(values) + "\n")
    sys.stdout.flush()


def _live_until(app: QApplication, condition: Any) -> None:
    deadline = time.monotonic() + FIND_WITHIN_S
    while not condition():
        app.processEvents()
        if time.monotonic() > deadline:
            raise SystemExit("the app did not get there in time")
        time.sleep(0.001)


def _live_for(app: QApplication, seconds: float) -> None:
    # Not `quit`, which would ask the window to close.
    QTimer.singleShot(int(seconds * 1000), lambda: app.exit(0))
    app.exec()


def _rss_mb() -> float:
    return float(psutil.Process().memory_info().rss) / 1e6


if __name__ == "__main__":
    main()
