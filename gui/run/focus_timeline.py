"""Where each participant's attention was: one bar per participant, in colour and in shape."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QLineF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QPainter, QPaintEvent, QPen, QPixmap
from PySide6.QtWidgets import QHBoxLayout, QWidget
from typing_extensions import override

from gui.models.telemetry import (
    Attention,
    Pulses,
    Segments,
    TelemetryHistory,
    attention_segments,
    fullscreen_stretches,
)
from gui.widgets.basics import label, scrolling
from gui.widgets.theme import Theme

__all__ = ["LOOKS", "FocusTimeline", "Legend"]

ROW_PX = 21
_NAME_GAP_PX = 8


@dataclass(frozen=True)
class AttentionLook:
    """Word, colour role, and the bar's lower and upper edge within its row (0 to 1)."""

    word: str
    role: str
    low: float
    high: float


LOOKS = {
    Attention.FOCUSED: AttentionLook("Focused", "good", 0.14, 0.86),
    Attention.UNFOCUSED: AttentionLook("Unfocused", "warning", 0.14, 0.50),
    Attention.HIDDEN: AttentionLook("Hidden", "error", 0.14, 0.30),
    Attention.LOST: AttentionLook("No connection", "muted", 0.46, 0.54),
}
FULLSCREEN = AttentionLook("Full screen", "accent", 0.03, 0.10)
"""A line below the bar: it goes with each of the others."""


class _Rows(QWidget):
    """Names and bars, one row a participant. Only rows in sight are looked up and painted.

    Runs on: GUI thread.
    """

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.setAccessibleName("Focus of each participant over time")
        self.names: Sequence[str] = ()
        self.segments_of: Callable[[str], Segments] = _no_segments
        self.fullscreen_of: Callable[[str], tuple[np.ndarray, np.ndarray]] = _no_stretches
        self.start_s, self.end_s = 0.0, 1.0
        self.left_px, self.right_px = 0.0, 1.0

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        tokens = self._theme.tokens
        painter = QPainter(self)
        painter.fillRect(event.rect(), QColor(tokens.surface))
        first = max(0, event.rect().top() // ROW_PX)
        last = min(len(self.names), event.rect().bottom() // ROW_PX + 1)
        painter.setPen(QColor(tokens.muted))
        align = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        for row in range(first, last):
            box = QRectF(0, row * ROW_PX, max(0.0, self.left_px - _NAME_GAP_PX), ROW_PX)
            painter.drawText(box, align, _short(self.names[row]))
        painter.setPen(QColor(tokens.border_strong))
        painter.drawLine(QLineF(self.left_px, first * ROW_PX, self.left_px, last * ROW_PX))
        brushes = {int(code): QBrush(self._theme.colour(look.role)) for code, look in LOOKS.items()}
        for row in range(first, last):
            self._paint_bars(painter, row, brushes)
        painter.end()

    def _paint_bars(self, painter: QPainter, row: int, brushes: dict[int, QBrush]) -> None:
        segments = self.segments_of(self.names[row])
        inside = (segments.end_s > self.start_s) & (segments.start_s < self.end_s)
        a_second = (self.right_px - self.left_px) / (self.end_s - self.start_s)
        left = self.left_px + (np.maximum(segments.start_s[inside], self.start_s) - self.start_s) * a_second
        right = self.left_px + (np.minimum(segments.end_s[inside], self.end_s) - self.start_s) * a_second
        for x, until, code in zip(left.tolist(), right.tolist(), segments.code[inside].tolist(), strict=True):
            look = LOOKS[Attention(code)]
            top = (row + 1 - look.high) * ROW_PX
            painter.fillRect(QRectF(x, top, until - x, (look.high - look.low) * ROW_PX), brushes[code])
        begins, ends = self.fullscreen_of(self.names[row])
        inside = (ends > self.start_s) & (begins < self.end_s)
        pen = QPen(self._theme.colour("accent"), 1.6)
        painter.setPen(pen)
        y = (row + 1 - FULLSCREEN.low) * ROW_PX
        for begin, end in zip(begins[inside].tolist(), ends[inside].tolist(), strict=True):
            x = self.left_px + (max(begin, self.start_s) - self.start_s) * a_second
            painter.drawLine(QLineF(x, y, self.left_px + (min(end, self.end_s) - self.start_s) * a_second, y))


class FocusTimeline:
    """The bars of all participants, to be scrolled when they are many.

    Attributes:
        widget: To be put into a layout.

    Runs on: GUI thread.
    """

    def __init__(self, theme: Theme) -> None:
        self._rows = _Rows(theme)
        self._live: set[str] = set()
        self._history = TelemetryHistory()
        self.widget = scrolling(self._rows, "Focus timeline")
        self.widget.verticalScrollBar().setSingleStep(ROW_PX)

    def recolour(self) -> None:
        """Take the theme's colours."""
        self._rows.update()

    def draw(
        self,
        history: TelemetryHistory,
        participants: Sequence[str],
        live: set[str],
        start_s: float,
        end_s: float,
        edges_px: tuple[float, float],
    ) -> None:
        """Draw the bars between two moments.

        Args:
            history: The pulses.
            participants: Whose bars, from the top.
            live: From whom pulses are expected.
            start_s: Unix seconds of the left edge.
            end_s: Unix seconds of the right edge: now.
            edges_px: Where these two moments are in the widget.
        """
        self._history, self._live = history, live
        rows = self._rows
        rows.names, rows.segments_of, rows.fullscreen_of = participants, self._segments_of, self._fullscreen_of
        rows.start_s, rows.end_s = start_s, end_s
        rows.left_px = edges_px[0]
        rows.right_px = max(rows.left_px + 1.0, min(edges_px[1], float(self.widget.viewport().width())))
        rows.setMinimumHeight(max(1, len(participants)) * ROW_PX)
        rows.update()

    def segments(self, participant: str) -> Segments | None:
        """Return a participant's stretches as drawn last."""
        return self._segments_of(participant) if participant in self._rows.names else None

    def _fullscreen_of(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        return fullscreen_stretches(self._history.pulses(name), self._rows.end_s, live=name in self._live)

    def _segments_of(self, name: str) -> Segments:
        return attention_segments(self._history.pulses(name), self._rows.end_s, live=name in self._live)


class Legend(QWidget):
    """What the bars mean: shape, colour and word.

    Runs on: GUI thread.
    """

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        self._samples = []
        for look in (*LOOKS.values(), FULLSCREEN):
            sample = label("")
            self._samples.append((sample, look))
            layout.addWidget(sample)
            layout.addWidget(label(look.word, "small"))
            layout.addSpacing(8)
        self.recolour()

    def recolour(self) -> None:
        """Take the theme's colours."""
        for sample, look in self._samples:
            pixmap = QPixmap(28, 36)
            pixmap.setDevicePixelRatio(2)
            pixmap.fill(Qt.GlobalColor.transparent)
            painter = QPainter(pixmap)
            painter.fillRect(
                QRectF(0, 18 * (1 - look.high), 14, 18 * (look.high - look.low)), self._theme.colour(look.role)
            )
            painter.end()
            sample.setPixmap(pixmap)


def _short(name: str) -> str:
    return name if len(name) <= 13 else f"{name[:6]}…{name[-5:]}"


def _no_segments(_name: str) -> Segments:
    return attention_segments(Pulses(0), 0.0, live=False)


def _no_stretches(_name: str) -> tuple[np.ndarray, np.ndarray]:
    return np.zeros(0), np.zeros(0)
