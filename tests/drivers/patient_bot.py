"""pytest-qt's hand on the app, which waits as long as a busy machine may take."""

from collections.abc import Callable
from typing import Any

from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

__all__ = ["PATIENCE_MS", "PatientBot"]

PATIENCE_MS = 60_000


class PatientBot(QtBot):
    """Gives what is waited for a minute, where pytest-qt gives five seconds."""

    def waitUntil(self, callback: Callable[[], bool | None], *, timeout: int = PATIENCE_MS) -> None:
        """Let the app work until something holds."""
        super().waitUntil(callback, timeout=timeout)

    def waitSignal(self, signal: Any, *, timeout: int = PATIENCE_MS, **more: Any) -> Any:
        """Let the app work until a signal comes."""
        return super().waitSignal(signal, timeout=timeout, **more)

    def waitExposed(self, widget: QWidget, *, timeout: int = PATIENCE_MS) -> Any:
        """Show a window in a `with` block, and go on when it is on the screen."""
        return super().waitExposed(widget, timeout=timeout)

    def waitSignals(self, signals: Any, *, timeout: int = PATIENCE_MS, **more: Any) -> Any:
        """Let the app work until several signals have come."""
        return super().waitSignals(signals, timeout=timeout, **more)
