"""One child process of the app, by `QProcess`: its lines, its end, and the sentence for both."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QObject, QProcess, QProcessEnvironment, QTimer, Signal, Slot

__all__ = ["ChildOutcome", "ChildProcess"]

_TAIL_LINES = 40
_TAIL_BYTES = 64 * 1024
_LINE_BYTES = 1024 * 1024


@dataclass(frozen=True)
class ChildOutcome:
    """How a child ended.

    Attributes:
        what: What it was to do, in words.
        code: Its exit code; None when it was ended or did not start.
        started: Whether it ran at all.
        timed_out: Whether it was ended for taking too long.
        cancelled: Whether it was ended on request.
        tail: The last lines it wrote to its error stream.
    """

    what: str
    code: int | None
    started: bool = True
    timed_out: bool = False
    cancelled: bool = False
    tail: str = ""

    @property
    def is_good(self) -> bool:
        """Whether it did what it was to do."""
        return self.code == 0 and not self.cancelled

    @property
    def sentence(self) -> str:
        """How it ended, in a sentence."""
        if self.is_good:
            return f"{self.what}: done."
        if self.cancelled:
            return f"{self.what}: cancelled."
        if not self.started:
            return f"{self.what} could not be started: Python was not found at {sys.executable}."
        if self.timed_out:
            return f"{self.what} took too long and was ended."
        last = self.tail.strip().splitlines()[-1:] or [
            f"exit code {self.code}" if self.code is not None else "it crashed"
        ]
        return f"{self.what} failed: {_without_command(last[0])}"


def _without_command(line: str) -> str:
    """Drop the ``mug export:`` that our commands put before their sentence."""
    command, mark, sentence = line.partition(": ")
    return sentence if mark and command.startswith("mug ") else line


class ChildProcess(QObject):
    """Runs ``python -m <module> …`` once.

    Signals:
        line_read: One line of its standard output.
        ended: Its `ChildOutcome`; emitted once.

    Runs on: GUI thread.
    """

    line_read = Signal(str)
    ended = Signal(object)

    def __init__(
        self, what: str, arguments: Sequence[str], *, timeout_ms: int = 0, parent: QObject | None = None
    ) -> None:
        """Prepare the process; `start` begins it.

        Args:
            what: What it is to do, in words.
            arguments: What follows ``python``.
            timeout_ms: End it after this; 0: never.
            parent: The Qt parent.
        """
        super().__init__(parent)
        self._what = what
        self._timed_out = self._cancelled = self._over = False
        self._rest = b""
        self._tail = b""
        self._process = QProcess(self)
        self._process.setProgram(sys.executable)
        self._process.setArguments(list(arguments))
        environment = QProcessEnvironment.systemEnvironment()
        environment.insert("PYTHONUNBUFFERED", "1")
        environment.insert("PYTHONIOENCODING", "utf-8")
        self._process.setProcessEnvironment(environment)
        self._process.setStandardInputFile(QProcess.nullDevice())  # nobody is there to answer an input()
        self._process.readyReadStandardOutput.connect(self._on_output)
        self._process.readyReadStandardError.connect(self._on_error_output)
        self._process.finished.connect(self._on_finished)
        self._process.errorOccurred.connect(self._on_error)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._on_timeout)
        self._timeout_ms = timeout_ms

    def start(self) -> None:
        """Begin."""
        if self._timeout_ms:
            self._timer.start(self._timeout_ms)
        self._process.start()

    def cancel(self) -> None:
        """End the process."""
        if not self._over:
            self._cancelled = True
            self._process.kill()

    def close(self) -> None:
        """End the process before the app goes; at most one second is given to its end."""
        self.cancel()
        if self._process.state() is not QProcess.ProcessState.NotRunning:
            self._process.waitForFinished(1_000)

    @Slot()
    def _on_output(self) -> None:
        *lines, rest = (self._rest + bytes(self._process.readAllStandardOutput().data())).split(b"\n")
        self._rest = rest[:_LINE_BYTES]
        for line in lines:
            self.line_read.emit(line.decode("utf-8", "replace").rstrip("\r"))

    @Slot()
    def _on_error_output(self) -> None:
        # Only the end is kept, and not looked at before it is asked for: a child may write without end.
        self._tail = (self._tail + bytes(self._process.readAllStandardError().data()))[-_TAIL_BYTES:]

    @Slot()
    def _on_timeout(self) -> None:
        self._timed_out = True
        self._process.kill()

    @Slot(int, QProcess.ExitStatus)
    def _on_finished(self, code: int, status: QProcess.ExitStatus) -> None:
        self._on_output()
        self._on_error_output()
        if self._rest:
            self.line_read.emit(self._rest.decode("utf-8", "replace"))
        self._end(code if status is QProcess.ExitStatus.NormalExit else None, started=True)

    @Slot(QProcess.ProcessError)
    def _on_error(self, error: QProcess.ProcessError) -> None:
        if error is QProcess.ProcessError.FailedToStart:
            self._end(None, started=False)

    def _end(self, code: int | None, *, started: bool) -> None:
        if self._over:
            return
        self._over = True
        self._timer.stop()
        lines = [line for line in self._tail.decode("utf-8", "replace").splitlines() if line.strip()]
        tail = "\n".join(lines[-_TAIL_LINES:])
        self.ended.emit(ChildOutcome(self._what, code, started, self._timed_out, self._cancelled, tail))
