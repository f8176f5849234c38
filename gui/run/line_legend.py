"""Which line of a plot is whose: its colour and dashes, the name, and the value now."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QLineF, QPoint, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QVBoxLayout, QWidget
from typing_extensions import override

from gui.widgets.basics import label, scrolling
from gui.widgets.theme import Theme
from gui.widgets.tips import plain_tip

__all__ = ["LineLegend", "NamedLine", "line_pen"]

_ROW_PX = 20
_SAMPLE_PX = 26
_GAP_PX = 8
_DASHES = (
    Qt.PenStyle.SolidLine,
    Qt.PenStyle.DashLine,
    Qt.PenStyle.DotLine,
    Qt.PenStyle.DashDotLine,
    Qt.PenStyle.DashDotDotLine,
    Qt.PenStyle.SolidLine,
)


def line_pen(theme: Theme, place: int, width: float) -> QPen:
    """Return the pen of the line at `place`: no two of the first five have the same colour or the same dashes."""
    pen = QPen(theme.series(place), width, _DASHES[place % len(_DASHES)])
    pen.setCosmetic(True)
    return pen


@dataclass(frozen=True)
class NamedLine:
    """One line: whose it is, and its value now."""

    name: str
    value: str


class _Rows(QWidget):
    """The lines, painted: a layout of labels would be laid out anew with every value.

    Runs on: GUI thread.
    """

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.lines: tuple[NamedLine, ...] = ()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        tokens = self._theme.tokens
        painter = QPainter(self)
        painter.fillRect(event.rect(), QColor(tokens.surface))
        metrics = painter.fontMetrics()
        left, width = _SAMPLE_PX + _GAP_PX, self.width()
        for place, line in enumerate(self.lines):
            top = place * _ROW_PX
            painter.setPen(line_pen(self._theme, place, 2.0))
            painter.drawLine(QLineF(QPoint(1, top + _ROW_PX // 2), QPoint(_SAMPLE_PX, top + _ROW_PX // 2)))
            room = max(24, width - left - metrics.horizontalAdvance(line.value) - _GAP_PX)
            align = Qt.AlignmentFlag.AlignVCenter
            painter.setPen(QColor(tokens.text))
            name = metrics.elidedText(line.name, Qt.TextElideMode.ElideMiddle, room)
            painter.drawText(QRectF(left, top, room, _ROW_PX), align | Qt.AlignmentFlag.AlignLeft, name)
            painter.setPen(QColor(tokens.muted))
            painter.drawText(QRectF(left, top, width - left, _ROW_PX), align | Qt.AlignmentFlag.AlignRight, line.value)
        painter.end()


class LineLegend(QWidget):
    """The lines of one plot, below its title; to be scrolled when there is little room.

    Runs on: GUI thread.
    """

    def __init__(self, theme: Theme, title: str, tip: str) -> None:
        super().__init__()
        self._title = title
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 4, 0, 0)
        layout.setSpacing(2)
        self._heading = label(title, "small")
        self._heading.setToolTip(tip)
        layout.addWidget(self._heading)
        self._rows = _Rows(theme)
        self._scroll = scrolling(self._rows, title)
        layout.addWidget(self._scroll, 1)

    def show_lines(self, lines: Sequence[NamedLine]) -> None:
        """Show these, in the order of the plot's lines."""
        shown = tuple(lines)
        if shown == self._rows.lines:
            return
        self._rows.lines = shown
        self._rows.setMinimumHeight(len(shown) * _ROW_PX)
        words = "\n".join(f"{line.name}: {line.value}" for line in shown)
        self._scroll.setAccessibleDescription(words)
        self._rows.setToolTip(plain_tip(words))
        self._rows.update()

    def lines(self) -> tuple[NamedLine, ...]:
        """Return what is shown."""
        return self._rows.lines

    def recolour(self) -> None:
        """Take the theme's colours."""
        self._rows.update()
