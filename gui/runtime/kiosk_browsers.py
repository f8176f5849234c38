"""Browsers on this machine, each showing one desk's page in a window of its own: for trying a study out alone."""

import shutil
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, QProcess, QTimer, Signal, Slot

from gui.runtime.browser_search import FoundBrowser, WindowPlace, browser_command, find_browsers, tiled
from gui.runtime.tasks import Tasks

__all__ = ["KioskBrowsers"]

_PATIENCE_MS = 3_000
_LAST_PATIENCE_MS = 1_500
_PROFILE_MS = 10_000
_AGAIN_S = 0.05


@dataclass(eq=False)
class _Window:
    desk: str
    process: QProcess
    profile: Path
    is_ending: bool = False


class KioskBrowsers(QObject):
    """Opens seats as browsers, and closes those that it opened, and no others.

    Attributes:
        headless: Open them without windows.

    Signals:
        changed: How many are open now.
        failed: A browser that did not start or ended by itself at once, in a sentence.

    Runs on: GUI thread; the profiles' folders are removed by tasks.
    """

    changed = Signal(int)
    failed = Signal(str)

    def __init__(self, tasks: Tasks, parent: QObject | None = None, *, headless: bool = False) -> None:
        super().__init__(parent)
        self._tasks = tasks
        self.headless = headless
        self._windows: list[_Window] = []
        self._closing = QTimer(self)
        self._closing.setObjectName("kiosk browsers end")
        self._closing.setSingleShot(True)
        self._closing.setInterval(_PATIENCE_MS)
        self._closing.timeout.connect(self._kill_left)

    @property
    def desks(self) -> tuple[str, ...]:
        """The desks whose browsers are open."""
        return tuple(window.desk for window in self._windows)

    @property
    def pids(self) -> tuple[int, ...]:
        """The processes that were started here and run."""
        return tuple(window.process.processId() for window in self._windows)

    def found(self) -> tuple[FoundBrowser, ...]:
        """Return the browsers of this machine."""
        return find_browsers()

    def open(self, browser: FoundBrowser, addresses: Sequence[tuple[str, str]], screen: WindowPlace) -> None:
        """Open a window for each desk; those that are open already stay as they are.

        Args:
            browser: With which.
            addresses: Each desk's name and its page's address.
            screen: Where the windows are laid out.
        """
        there = {window.desk for window in self._windows if not window.is_ending}
        wanted = [(desk, address) for desk, address in addresses if desk not in there]
        for (desk, address), place in zip(wanted, tiled(len(wanted), screen) if wanted else [], strict=True):
            self._start(browser, desk, address, place)
        self.changed.emit(len(self._windows))

    def _start(self, browser: FoundBrowser, desk: str, address: str, place: WindowPlace) -> None:
        try:
            profile = Path(tempfile.mkdtemp(prefix="mug-seat-"))
        except OSError as error:
            self.failed.emit(f"There is no room for the browser of {desk}: {error}.")
            return
        process = QProcess(self)
        window = _Window(desk, process, profile)
        process.setProgram(browser.path)
        process.setArguments(browser_command(browser, address, profile, place, headless=self.headless))
        process.setStandardInputFile(QProcess.nullDevice())
        process.setStandardOutputFile(QProcess.nullDevice())
        process.setStandardErrorFile(QProcess.nullDevice())
        process.finished.connect(lambda code, status: self._on_finished(window, code, status))
        process.errorOccurred.connect(lambda error: self._on_error(window, browser, error))
        self._windows.append(window)
        process.start()

    def close_all(self) -> None:
        """Ask all windows to close; who does not within three seconds is ended."""
        for window in self._windows:
            window.is_ending = True
            window.process.terminate()
        if self._windows:
            self._closing.start()

    def shut_down(self) -> None:
        """End all windows before the app goes; it waits a moment for them."""
        self._closing.stop()
        windows, self._windows = self._windows, []
        for window in windows:
            window.process.blockSignals(True)
            window.process.terminate()
        for window in windows:
            if not window.process.waitForFinished(_LAST_PATIENCE_MS):
                window.process.kill()
                window.process.waitForFinished(_LAST_PATIENCE_MS)
            _remove(window.profile, _LAST_PATIENCE_MS)

    @Slot()
    def _kill_left(self) -> None:
        for window in self._windows:
            if window.is_ending:
                window.process.kill()

    def _on_finished(self, window: _Window, code: int, status: QProcess.ExitStatus) -> None:
        if window in self._windows:
            self._forget(window)
            if window.is_ending:
                return
            if status is QProcess.ExitStatus.CrashExit:
                self.failed.emit(f"The browser of {window.desk} crashed. Open the seat again.")
            elif code:
                self.failed.emit(f"The browser of {window.desk} ended with exit code {code}.")

    def _on_error(self, window: _Window, browser: FoundBrowser, error: QProcess.ProcessError) -> None:
        if error is QProcess.ProcessError.FailedToStart and window in self._windows:
            self._forget(window)
            self.failed.emit(f"{browser.name} could not be started: {window.process.errorString()}.")

    def _forget(self, window: _Window) -> None:
        self._windows.remove(window)
        window.process.deleteLater()
        profile = window.profile
        self._tasks.run("remove a browser's profile", lambda: _remove(profile), lambda _: None)
        if not self._windows:
            self._closing.stop()
        self.changed.emit(len(self._windows))


def _remove(profile: Path, patience_ms: int = _PROFILE_MS) -> None:
    """Remove a profile. A browser's other processes outlive it for a moment, and write there while it is removed."""
    ends_s = time.monotonic() + patience_ms / 1000
    while True:
        shutil.rmtree(profile, ignore_errors=True)
        if not profile.exists() or time.monotonic() >= ends_s:
            return
        time.sleep(_AGAIN_S)
