"""How a list's delegate paints what the style sheet paints of widgets: cards, pills, lines of text."""

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPen

from gui.widgets.theme import Theme

__all__ = ["paint_card", "paint_pill", "paint_text", "sized"]

_RADIUS = 10.0


def sized(font: QFont, factor: float, *, bold: bool = False) -> QFont:
    """Return a font in another size."""
    made = QFont(font)
    if font.pointSizeF() > 0:
        made.setPointSizeF(font.pointSizeF() * factor)
    else:
        made.setPixelSize(max(1, round(font.pixelSize() * factor)))
    if bold:
        made.setWeight(QFont.Weight.DemiBold)
    return made


def paint_card(
    painter: QPainter, rect: QRect, ground: QColor, border: QColor, *, width: float = 1.0, dashed: bool = False
) -> None:
    """Paint a panel with rounded corners."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    pen = QPen(border, width)
    if dashed:
        pen.setStyle(Qt.PenStyle.DashLine)
    painter.setPen(pen)
    painter.setBrush(ground)
    half = width / 2
    painter.drawRoundedRect(QRectF(rect).adjusted(half, half, -half, -half), _RADIUS, _RADIUS)


def paint_text(painter: QPainter, rect: QRect, text: str, font: QFont, colour: QColor) -> int:
    """Paint one line, cut off with dots where there is no room; returns its width."""
    painter.setFont(font)
    painter.setPen(colour)
    shown = QFontMetrics(font).elidedText(text.replace("\n", " "), Qt.TextElideMode.ElideRight, rect.width())
    painter.drawText(rect, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, shown)
    return QFontMetrics(font).horizontalAdvance(shown)


def paint_pill(
    painter: QPainter, right: int, centre: int, theme: Theme, text: str, tone: str, font: QFont, icon: str = ""
) -> int:
    """Paint a state in a word, with its right end at `right`; returns its left end.

    Args:
        painter: On the list's viewport.
        right: In pixels.
        centre: Its middle line, in pixels.
        theme: The look.
        text: The word.
        tone: good, warning, error, accent or neutral.
        font: Of the word.
        icon: Before the word; empty: none.
    """
    ground = theme.colour(f"{tone}_soft" if tone != "neutral" else "sunken")
    role = tone if tone != "neutral" else "muted"
    metrics = QFontMetrics(font)
    icon_px = 20 if icon else 0
    width, height = metrics.horizontalAdvance(text) + 18 + icon_px, metrics.height() + 6
    box = QRectF(right - width, centre - height / 2, width, height)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(ground)
    painter.drawRoundedRect(box, height / 2, height / 2)
    if icon:
        painter.drawPixmap(QPointF(box.left() + 8, centre - 8), theme.pixmap(icon, role, 16))
    painter.setFont(font)
    painter.setPen(theme.colour(role))
    painter.drawText(
        box.adjusted(9 + icon_px, 0, -9, 0), Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, text
    )
    return int(box.left())
