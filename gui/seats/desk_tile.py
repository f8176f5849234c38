"""A desk on the map: its name, its state in a shape, a colour and a word, and a line that says more."""

from typing import Final

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFont, QFontMetrics, QPainter, QPen
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget
from typing_extensions import override

from gui.models.room_plan import DESK_SIZE, SIGNS
from gui.models.seat_words import StateLook
from gui.widgets.card_painting import sized
from gui.widgets.theme import Theme
from gui.widgets.tips import plain_tip

__all__ = ["DeskTile", "SignTile"]

_RADIUS: Final = 10.0
_AIR: Final = 12.0
_RING: Final = 4.0
_FAR: Final = 0.72
"""Below this zoom the words are written larger and fewer."""


class DeskTile(QGraphicsItem):
    """Draws one desk; it is moved by the view's gestures, never by itself.

    Attributes:
        desk: Its name.
        look: How its state is shown.
        line: The last line: what was asked of it, or the look's detail. From afar there is room for one: what is wrong
            takes the word's place.
        repaints: How often another look was taken, for those who measure.

    Runs on: GUI thread.
    """

    def __init__(self, theme: Theme, desk: str, look: StateLook) -> None:
        super().__init__()
        self._theme = theme
        self.desk, self.look, self.line = desk, look, look.detail
        self._share: float | None = None
        self.repaints = 0
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemIsSelectable)

    def show_look(self, look: StateLook, line: str, share: float | None, words: str) -> bool:
        """Take another look; returns whether there is anything new to paint.

        Args:
            look: State in word, shape and colour.
            line: Below it.
            share: How much is loaded, 0 to 1, while the desk warms up.
            words: All of it, as the tooltip.
        """
        tip = plain_tip(words)
        if self.toolTip() != tip:
            self.setToolTip(tip)
        if (look, line, share) == (self.look, self.line, self._share):
            return False
        self.look, self.line, self._share = look, line, share
        self.repaints += 1
        self.update()
        return True

    @override
    def boundingRect(self) -> QRectF:
        return QRectF(-_RING, -_RING, DESK_SIZE[0] + 2 * _RING, DESK_SIZE[1] + 2 * _RING)

    @override
    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        body = QRectF(0, 0, *DESK_SIZE)
        tone = self.look.tone
        role = tone if tone != "neutral" else "muted"
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_ground(painter, body, tone)
        if self.isSelected():
            painter.setPen(QPen(self._theme.colour("focus"), 2.5))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(body.adjusted(-2.5, -2.5, 2.5, 2.5), _RADIUS + 2, _RADIUS + 2)
        far = option.levelOfDetailFromTransform(painter.worldTransform()) < _FAR
        font = widget.font() if widget is not None else QFont()
        icon_px = 26 if far else 20
        icon = self._theme.pixmap(self.look.icon, role, icon_px)
        inner = body.adjusted(_AIR, 8, -_AIR, -8)
        painter.drawPixmap(QPointF(inner.right() - icon_px, inner.top()), icon)
        names = sized(font, 1.75 if far else 1.12, bold=True)
        word = self.seen_word(far=far)
        words = _fitting(font, word, inner.width(), 1.5 if far else 1.0)
        name_high, word_high = QFontMetrics(names).height(), QFontMetrics(words).height()
        room = QRectF(inner.left(), inner.top(), inner.width() - icon_px - 4, name_high)
        self._write(painter, room, self.desk, names, "text")
        below = QRectF(inner.left(), inner.top() + max(name_high, icon_px) + 3, inner.width(), word_high)
        self._write(painter, below, word, words, role)
        if not far and self.line:
            small = sized(font, 0.88)
            last = QRectF(inner.left(), below.bottom() + 2, inner.width(), QFontMetrics(small).height())
            self._write(painter, last, self.line, small, "muted" if tone != "good" else "text")

    def seen_word(self, *, far: bool) -> str:
        """Return the word below the name; `far`: there is no line below it."""
        if not far or self.look.tone != "warning" or not self.line:
            return self.look.word
        several = self.line.count(", ") + 1 if self.line == self.look.detail else 1
        return self.line if several == 1 else f"{several} troubles"

    def _paint_ground(self, painter: QPainter, body: QRectF, tone: str) -> None:
        is_absent = self.look.icon == "seat-absent"
        pen = QPen(self._theme.colour("border_strong" if tone in ("neutral", "accent") else tone), 1.2)
        if is_absent:
            pen.setStyle(Qt.PenStyle.DashLine)
        painter.setPen(pen)
        soft = tone in ("good", "warning", "error") or self.look.icon == "user"
        painter.setBrush(self._theme.colour("background" if is_absent else f"{tone}_soft" if soft else "surface"))
        painter.drawRoundedRect(body, _RADIUS, _RADIUS)
        if self._share is not None:
            painter.setPen(Qt.PenStyle.NoPen)
            track = QRectF(_AIR, body.bottom() - 9, body.width() - 2 * _AIR, 4)
            painter.setBrush(self._theme.colour("sunken"))
            painter.drawRoundedRect(track, 2, 2)
            track.setWidth(max(4.0, track.width() * self._share))
            painter.setBrush(self._theme.colour("accent"))
            painter.drawRoundedRect(track, 2, 2)

    def _write(self, painter: QPainter, room: QRectF, text: str, font: QFont, role: str) -> None:
        painter.setFont(font)
        painter.setPen(self._theme.colour(role))
        shown = QFontMetrics(font).elidedText(text, Qt.TextElideMode.ElideRight, int(room.width()))
        painter.drawText(room, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, shown)


def _fitting(font: QFont, text: str, width: float, factor: float) -> QFont:
    """Return a bold font `factor` times as large, or as large as the text has room for."""
    made = sized(font, factor, bold=True)
    needed = QFontMetrics(made).horizontalAdvance(text) + 10  # hinting makes it wider on some zooms
    return made if needed <= width else sized(font, max(0.9, factor * width / needed), bold=True)


class SignTile(QGraphicsItem):
    """Draws a sign: the door, the screen, the experimenter.

    Attributes:
        kind: One of SIGNS.

    Runs on: GUI thread.
    """

    _ICONS: Final = {"door": "door", "screen": "monitor", "experimenter": "mug"}

    def __init__(self, theme: Theme, kind: str) -> None:
        super().__init__()
        self._theme = theme
        self.kind = kind
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemIsSelectable)
        self.setToolTip(f"{SIGNS[kind]}: only a sign, to find your way on the map.")

    @override
    def boundingRect(self) -> QRectF:
        return QRectF(-_RING, -_RING, DESK_SIZE[0] + 2 * _RING, DESK_SIZE[1] / 2 + 2 * _RING)

    @override
    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        body = QRectF(0, 0, DESK_SIZE[0], DESK_SIZE[1] / 2)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.colour("sunken"))
        painter.drawRoundedRect(body, _RADIUS, _RADIUS)
        if self.isSelected():
            painter.setPen(QPen(self._theme.colour("focus"), 2.5))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(body.adjusted(-2.5, -2.5, 2.5, 2.5), _RADIUS + 2, _RADIUS + 2)
        painter.drawPixmap(QPointF(_AIR, 10), self._theme.pixmap(self._ICONS[self.kind], "muted", 20))
        font = widget.font() if widget is not None else QFont()
        far = option.levelOfDetailFromTransform(painter.worldTransform()) < _FAR
        painter.setFont(_fitting(font, SIGNS[self.kind], body.width() - 48, 1.5 if far else 1.0))
        painter.setPen(self._theme.colour("muted"))
        painter.drawText(body.adjusted(40, 0, -8, 0), Qt.AlignmentFlag.AlignVCenter, SIGNS[self.kind])
