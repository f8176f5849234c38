"""Where each participant's attention was: one bar per participant, in colour and in shape."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QPainter, QPixmap
from PySide6.QtWidgets import QFrame, QGraphicsItem, QHBoxLayout, QScrollArea, QStyleOptionGraphicsItem, QWidget
from typing_extensions import override

from gui.models.telemetry import Attention, Segments, TelemetryHistory, attention_segments
from gui.run.time_axis import plot_widget
from gui.widgets.basics import label
from gui.widgets.theme import Theme

__all__ = ["LOOKS", "FocusTimeline", "Legend"]

ROW_PX = 21


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


class _Bars(QGraphicsItem):
    """Draws the rows that are in sight."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._rows: list[Segments] = []
        self._bounds = QRectF(0, 0, 1, 1)

    def show_rows(self, rows: list[Segments], start_s: float, end_s: float) -> None:
        bounds = QRectF(start_s, 0.0, end_s - start_s, float(max(1, len(rows))))
        if bounds != self._bounds:
            self.prepareGeometryChange()
            self._bounds = bounds
        self._rows = rows
        self.update()

    @override
    def boundingRect(self) -> QRectF:
        return self._bounds

    @override
    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        brushes = {int(code): QBrush(self._theme.colour(look.role)) for code, look in LOOKS.items()}
        start, end = self._bounds.left(), self._bounds.right()
        for row, segments in enumerate(self._rows):
            base = len(self._rows) - 1 - row
            inside = (segments.end_s > start) & (segments.start_s < end)
            for left, right, code in zip(
                segments.start_s[inside], segments.end_s[inside], segments.code[inside], strict=True
            ):
                look = LOOKS[Attention(int(code))]
                left, right = max(float(left), start), min(float(right), end)
                painter.setBrush(brushes[int(code)])
                painter.drawRect(QRectF(left, base + look.low, right - left, look.high - look.low))


class FocusTimeline:
    """The bars of all participants, to be scrolled when they are many.

    Attributes:
        widget: To be put into a layout.

    Runs on: GUI thread.
    """

    def __init__(self, theme: Theme, left_px: int) -> None:
        self._theme = theme
        self._plot = plot_widget("Focus of each participant over time")
        self._item = self._plot.getPlotItem()
        self._item.setContentsMargins(0, 0, 10, 0)
        self._item.hideAxis("bottom")
        self._item.getAxis("left").setWidth(left_px)
        self._item.getAxis("left").setStyle(tickLength=0)
        self._bars = _Bars(theme)
        self._item.addItem(self._bars, ignoreBounds=True)
        self._segments: dict[str, tuple[tuple[int, bool], Segments]] = {}
        self.widget = QScrollArea()
        self.widget.setFrameShape(QFrame.Shape.NoFrame)
        self.widget.setWidgetResizable(True)
        self.widget.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.widget.setWidget(self._plot)
        self.widget.setAccessibleName("Focus timeline")
        self.recolour()

    def recolour(self) -> None:
        """Take the theme's colours."""
        self._plot.setBackground(self._theme.tokens.surface)
        axis = self._item.getAxis("left")
        axis.setPen(QColor(self._theme.tokens.border_strong))
        axis.setTextPen(QColor(self._theme.tokens.muted))
        self._bars.update()

    def draw(
        self, history: TelemetryHistory, participants: Sequence[str], live: set[str], start_s: float, end_s: float
    ) -> None:
        """Draw the bars between two moments.

        Args:
            history: The pulses.
            participants: Whose bars, from the top.
            live: From whom pulses are expected.
            start_s: Unix seconds of the left edge.
            end_s: Unix seconds of the right edge: now.
        """
        rows = [self._segments_of(history, name, end_s, is_live=name in live) for name in participants]
        count = max(1, len(rows))
        self._plot.setMinimumHeight(count * ROW_PX)
        self._plot.setMaximumHeight(count * ROW_PX)
        self._bars.show_rows(rows, start_s, end_s)
        self._item.setXRange(start_s, end_s, padding=0)
        self._item.setYRange(0.0, float(count), padding=0)
        names = [(count - row - 0.5, _short(name)) for row, name in enumerate(participants)]
        self._item.getAxis("left").setTicks([names])

    def segments(self, participant: str) -> Segments | None:
        """Return a participant's stretches as drawn last."""
        kept = self._segments.get(participant)
        return None if kept is None else kept[1]

    def _segments_of(self, history: TelemetryHistory, name: str, now_s: float, *, is_live: bool) -> Segments:
        pulses = history.pulses(name)
        key = (pulses.version, is_live)
        kept = self._segments.get(name)
        if kept is None or kept[0] != key or is_live:
            self._segments[name] = (key, attention_segments(pulses, now_s, live=is_live))
        return self._segments[name][1]


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
        for look in LOOKS.values():
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
