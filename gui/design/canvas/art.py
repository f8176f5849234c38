"""What everything on the canvas is painted with: colours and fonts of the theme, icons, text that fits."""

from typing import Final

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPixmap, QTextLayout, QTextOption
from PySide6.QtWidgets import QApplication

from gui.models.node_looks import KIND_LOOKS
from gui.widgets.theme import Theme

__all__ = ["Art", "blend"]

_TILE_STRENGTH: Final = 0.16


def blend(over: QColor, under: QColor, strength: float) -> QColor:
    """Return `over` laid on `under` with a strength from 0 to 1."""
    rest = 1.0 - strength
    return QColor.fromRgbF(
        over.redF() * strength + under.redF() * rest,
        over.greenF() * strength + under.greenF() * rest,
        over.blueF() * strength + under.blueF() * rest,
    )


class Art:
    """Colours, fonts and pictures; `refresh` takes them anew.

    Attributes:
        theme: Where they come from.
        edition: Counts the refreshes; what was painted in an earlier one is to be painted again.
        bold, plain, small, count: The fonts.
    """

    def __init__(self, theme: Theme) -> None:
        self.theme = theme
        self.edition = 0
        self._colours: dict[str, QColor] = {}
        self.refresh()

    def refresh(self) -> None:
        """Take colours and fonts from the theme."""
        self.edition += 1
        self._colours.clear()
        self.plain = QFont(QApplication.font())
        size = self.plain.pointSizeF() if self.plain.pointSizeF() > 0 else 10.0
        self.bold = QFont(self.plain)
        self.bold.setWeight(QFont.Weight.DemiBold)
        self.small = QFont(self.plain)
        self.small.setPointSizeF(size * 0.88)
        self.count = QFont(self.small)
        self.count.setWeight(QFont.Weight.DemiBold)
        self.large = QFont(self.bold)
        self.large.setPointSizeF(size * 1.9)

    def colour(self, role: str) -> QColor:
        """Return one of the theme's colours."""
        found = self._colours.get(role)
        if found is None:
            found = self._colours[role] = self.theme.colour(role)
        return found

    def tile_of(self, kind: str) -> QColor:
        """Return the soft ground of a kind's icon."""
        name = f"tile {kind}"
        if name not in self._colours:
            self._colours[name] = blend(self.ink_of(kind), self.colour("surface"), _TILE_STRENGTH)
        return self._colours[name]

    def ink_of(self, kind: str) -> QColor:
        """Return the colour of a kind."""
        return self.colour(f"series:{KIND_LOOKS[kind].series}")

    def icon(self, name: str, role: str, size: float, zoom: float) -> QPixmap:
        """Return an icon that is sharp at a zoom."""
        return self.theme.pixmap(name, role, max(1, round(size * zoom)))

    def draw_icon(self, painter: QPainter, name: str, role: str, rect: QRectF, zoom: float) -> None:
        """Draw an icon into a square."""
        pixmap = self.icon(name, role, rect.width(), zoom)
        painter.drawPixmap(rect, pixmap, QRectF(pixmap.rect()))

    def fits(self, font: QFont, text: str, width: float) -> bool:
        """Whether a text needs no more than one line."""
        return QFontMetricsF(font).horizontalAdvance(text) <= width

    def height(self, font: QFont) -> float:
        """Return how high a line is."""
        return QFontMetricsF(font).height()

    def line(self, painter: QPainter, font: QFont, colour: QColor, at: QPointF, width: float, text: str) -> float:
        """Write one line, shortened to `width`; `at` is its upper left corner. Returns its height."""
        metrics = QFontMetricsF(font)
        painter.setFont(font)
        painter.setPen(colour)
        shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, width)
        painter.drawText(QPointF(at.x(), at.y() + metrics.ascent()), shown)
        return metrics.height()

    def paragraph(
        self, painter: QPainter, font: QFont, colour: QColor, at: QPointF, width: float, text: str, lines: int
    ) -> float:
        """Write up to `lines` lines; what does not fit ends in dots. Returns their height."""
        metrics = QFontMetricsF(font)
        layout = QTextLayout(text, font)
        option = QTextOption()
        option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        layout.setTextOption(option)
        layout.beginLayout()
        begins: list[int] = []
        while len(begins) <= lines:
            line = layout.createLine()
            if not line.isValid():
                break
            line.setLineWidth(width)
            begins.append(line.textStart())
        layout.endLayout()
        painter.setFont(font)
        painter.setPen(colour)
        shown = min(len(begins), lines)
        encoded = text.encode("utf-16-le", "surrogatepass")  # Qt counts UTF-16 units
        for number in range(shown):
            end = begins[number + 1] if number + 1 < len(begins) and number + 1 < lines else len(encoded) // 2
            part = encoded[2 * begins[number] : 2 * end].decode("utf-16-le", "replace").strip()
            words = metrics.elidedText(part, Qt.TextElideMode.ElideRight, width)
            painter.drawText(QPointF(at.x(), at.y() + number * metrics.height() + metrics.ascent()), words)
        return shown * metrics.height()

    def pill_width(self, text: str) -> float:
        """Return how wide a pill with an icon and a word is."""
        return QFontMetricsF(self.count).horizontalAdvance(text) + 14 + 5 + 14

    def pill(self, painter: QPainter, right: QPointF, icon: str, text: str, tone: str, zoom: float) -> float:
        """Draw a pill with its upper right corner at `right`. Returns its width."""
        width, height = self.pill_width(text), 20.0
        rect = QRectF(right.x() - width, right.y(), width, height)
        ground = {"error": "error_soft", "warning": "warning_soft", "accent": "accent_soft"}.get(tone, "sunken")
        ink = tone if tone in ("error", "warning", "accent") else "muted"
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self.colour(ground))
        painter.drawRoundedRect(rect, height / 2, height / 2)
        self.draw_icon(painter, icon, ink, QRectF(rect.left() + 7, rect.top() + 3, 14, 14), zoom)
        painter.setFont(self.count)
        painter.setPen(self.colour(ink))
        painter.drawText(rect.adjusted(25, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)
        return width
