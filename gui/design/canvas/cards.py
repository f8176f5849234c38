"""The nodes as graphics items: a scene as a card, a wrapper as a box around the cards in it."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPen, QPixmap, QTransform
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget
from shiboken6 import isValid
from typing_extensions import override

from gui.design.canvas.art import Art, blend
from gui.design.canvas.layout import HEADER_HEIGHT, PADDING
from gui.design.canvas.thumbnails import THUMBNAIL, Thumbnails
from gui.models.node_looks import KIND_LOOKS, NodeLook, look_of_node
from mug.study import Problem
from mug.study.model import Node, RandomizeOrder, Repeat
from mug.study.traversal import NodePath

__all__ = ["BoxItem", "CardItem", "KeptPictures", "Kit", "NodeItem", "make_item"]

_RING: Final = 6.0
_RADIUS: Final = 11.0
_PLAIN_BELOW: Final = 0.5
_WORDLESS_BELOW: Final = 0.3
_DIMMED: Final = 0.35
_BOXES_BELOW: Final = -1000.0


class KeptPictures:
    """The pictures of the cards that were seen last; older ones are given up for their memory."""

    def __init__(self, limit_bytes: int = 64_000_000) -> None:
        self._limit = limit_bytes
        self._cards: OrderedDict[int, CardItem] = OrderedDict()
        self._bytes: dict[int, int] = {}
        self._sum = 0

    def keep(self, card: "CardItem") -> None:
        """Take a card's new picture in."""
        key = id(card)
        self.drop(card)
        self._cards[key] = card
        self._bytes[key] = card.picture_bytes()
        self._sum += self._bytes[key]
        while self._sum > self._limit and len(self._cards) > 1:
            _, oldest = next(iter(self._cards.items()))
            self.drop(oldest)
            oldest.forget_picture()

    def drop(self, card: "CardItem") -> None:
        """Forget a card."""
        key = id(card)
        if self._cards.pop(key, None) is not None:
            self._sum -= self._bytes.pop(key)


@dataclass
class Kit:
    """What all items share."""

    art: Art
    thumbnails: Thumbnails
    kept: KeptPictures = field(default_factory=KeptPictures)


class NodeItem(QGraphicsItem):
    """One node of the chain.

    Attributes:
        node: What it shows.
        path: Where that is.
        problems: What is wrong with it.
        present: How many participants are in it.
        hovered, selected, current, target, found: How it is marked. `current` has the keyboard, `target` would take
            what is being dragged, `found` is what is looked for.

    Runs on: GUI thread.
    """

    def __init__(self, kit: Kit, node: Node, path: NodePath) -> None:
        super().__init__()
        self.kit = kit
        self.art = kit.art
        self.node = node
        self.path = path
        self.problems: tuple[Problem, ...] = ()
        self.present = 0
        self.hovered = self.selected = self.current = self.target = self.found = False
        self.rect = QRectF(0, 0, 1, 1)
        self._bounds = self.rect
        self._look: NodeLook | None = None
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)
        self.stack()

    def stack(self) -> None:
        """Lie above what it is in."""
        self.setZValue(1.0)

    @property
    def look(self) -> NodeLook:
        """The node in words."""
        if self._look is None:
            self._look = look_of_node(self.node)
        return self._look

    @property
    def errors(self) -> int:
        """How many of its problems are errors."""
        return sum(problem.severity == "error" for problem in self.problems)

    @property
    def badge(self) -> tuple[str, str] | None:
        """The number on the badge and its severity; errors hide warnings."""
        if not self.problems:
            return None
        return (str(self.errors), "error") if self.errors else (str(len(self.problems)), "warning")

    def words(self) -> tuple[str, ...]:
        """Return its name, and what there is to say about it, as a screen reader says it."""
        look = self.look
        parts = [look.title if look.title.startswith(look.kind) else f"{look.kind} {look.title}"]
        if self.badge is not None:
            number, severity = self.badge
            parts.append(f"{number} {severity}{'s'[: number != '1']}")
        if self.present:
            parts.append(f"{self.present} participant{'s'[: self.present != 1]} here")
        return tuple(parts)

    def show_node(self, node: Node, path: NodePath) -> None:
        """Show another node, or the same one at another place."""
        if len(path) != len(self.path):
            self.path = path
            self.stack()
        self.path = path
        if node is not self.node:
            self.node = node
            self._look = None
            self.repaint_all()

    def place(self, rect: QRectF) -> None:
        """Lie at `rect`, in the scene's coordinates."""
        if rect.size() != self.rect.size():
            self.prepareGeometryChange()
            self.rect = QRectF(QPointF(0, 0), rect.size())
            self._bounds = self.rect.adjusted(-_RING, -_RING, _RING, _RING)
            self.repaint_all()
        if rect.topLeft() != self.pos():
            self.setPos(rect.topLeft())

    def mark(self, **marks: bool) -> None:
        """Set some of the marks."""
        if any(getattr(self, name) != value for name, value in marks.items()):
            for name, value in marks.items():
                setattr(self, name, value)
            self.repaint_all()

    def show_problems(self, problems: Sequence[Problem]) -> None:
        """Take what is wrong with it."""
        found = tuple(problems)
        if found != self.problems:
            self.problems = found
            self.repaint_all()

    def show_presence(self, count: int) -> None:
        """Take how many participants are in it."""
        if count != self.present:
            self.present = count
            self.repaint_all()

    def dim(self, dimmed: bool) -> None:
        """Step back, or forward again."""
        self.setOpacity(_DIMMED if dimmed else 1.0)

    def repaint_all(self) -> None:
        """Paint it anew, whatever is kept of its picture."""
        self.update()

    @override
    def boundingRect(self) -> QRectF:
        return self._bounds

    def _draw_frame(self, painter: QPainter, rect: QRectF, ground: str) -> None:
        art = self.art
        if self.current:
            painter.setPen(QPen(art.colour("focus"), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            ring = rect.adjusted(-3.5, -3.5, 3.5, 3.5)
            painter.drawRoundedRect(ring, _RADIUS + 3.5, _RADIUS + 3.5)
        badge = self.badge
        if self.target:
            pen = QPen(art.colour("accent"), 2, Qt.PenStyle.DashLine)
        elif self.selected:
            pen = QPen(art.colour("accent"), 2)
        elif self.found:
            pen = QPen(art.colour("warning"), 2)
        elif badge is not None:
            pen = QPen(art.colour(badge[1]), 1)
        else:
            pen = QPen(art.colour("border_strong" if self.hovered else "border"), 1)
        inset = pen.widthF() / 2
        fill = art.colour(ground)
        if self.selected or self.target:
            fill = blend(art.colour("accent_soft"), fill, 0.55)
        elif self.hovered and ground == "surface":
            fill = blend(art.colour("hover"), fill, 0.35)
        painter.setPen(pen)
        painter.setBrush(fill)
        painter.drawRoundedRect(rect.adjusted(inset, inset, -inset, -inset), _RADIUS, _RADIUS)

    def _draw_tile(self, painter: QPainter, rect: QRectF, zoom: float) -> None:
        kind = self.node.kind
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self.art.tile_of(kind))
        painter.drawRoundedRect(rect, rect.width() / 4, rect.width() / 4)
        inner = rect.width() * 0.2
        role = f"series:{KIND_LOOKS[kind].series}"
        self.art.draw_icon(painter, self.look.icon, role, rect.adjusted(inner, inner, -inner, -inner), zoom)

    def _draw_pills(self, painter: QPainter, right: QPointF, zoom: float) -> float:
        """Draw the badge and who is there; return how much room they take."""
        x = right.x()
        if self.badge is not None:
            number, severity = self.badge
            x -= self.art.pill(painter, QPointF(x, right.y()), severity, number, severity, zoom) + 5
        if self.present:
            word = str(self.present)
            x -= self.art.pill(painter, QPointF(x, right.y()), "user", word, "accent", zoom) + 5
        return right.x() - x


class CardItem(NodeItem):
    """A scene. Its picture is kept, so that moving and scrolling cost no painting.

    Runs on: GUI thread.
    """

    def __init__(self, kit: Kit, node: Node, path: NodePath) -> None:
        super().__init__(kit, node, path)
        self._body: QPixmap | None = None
        self._body_key: tuple[float, float, int] = (0.0, 0.0, 0)

    @override
    def repaint_all(self) -> None:
        self._body = None
        self.update()

    def forget_picture(self) -> None:
        """Give the memory of its picture back; it is painted again when it is seen."""
        self._body = None

    @override
    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        transform = painter.worldTransform()
        zoom = transform.m11()
        ratio = painter.device().devicePixelRatioF()
        key = (zoom, ratio, self.art.edition)
        if self._body is None or self._body_key != key:
            self._body, self._body_key = self._painted(zoom, ratio), key
            self.kit.kept.keep(self)
        painter.save()
        x = round((transform.dx() - _RING * zoom) * ratio) / ratio
        y = round((transform.dy() - _RING * zoom) * ratio) / ratio
        painter.setWorldTransform(QTransform.fromTranslate(x, y))
        painter.drawPixmap(QPointF(0, 0), self._body)
        painter.restore()

    def _on_picture_made(self) -> None:
        if isValid(self):
            self.repaint_all()

    def picture_bytes(self) -> int:
        """Return how much memory its picture takes."""
        return self._body.width() * self._body.height() * 4 if self._body is not None else 0

    def _painted(self, zoom: float, ratio: float) -> QPixmap:
        size = self._bounds.size() * (zoom * ratio)
        body = QPixmap(QSize(max(1, round(size.width())), max(1, round(size.height()))))
        body.setDevicePixelRatio(ratio)
        body.fill(Qt.GlobalColor.transparent)
        painter = QPainter(body)
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        painter.scale(zoom, zoom)
        painter.translate(_RING, _RING)
        self._draw_frame(painter, self.rect, "surface")
        if zoom < _WORDLESS_BELOW:
            self._draw_wordless(painter, zoom)
        elif zoom < _PLAIN_BELOW:
            self._draw_plain(painter, zoom)
        else:
            self._draw_card(painter, zoom)
        painter.end()
        return body

    def _draw_card(self, painter: QPainter, zoom: float) -> None:
        art, look, width = self.art, self.look, self.rect.width()
        inner = width - 24
        self._draw_tile(painter, QRectF(12, 12, 30, 30), zoom)
        pills = self._draw_pills(painter, QPointF(width - 11, 17), zoom)
        art.line(painter, art.small, art.colour("muted"), QPointF(51, 19), inner - 42 - pills, look.kind)
        beside = inner
        if self.kit.thumbnails.has(self.node):
            picture = self.kit.thumbnails.of(self.node, self._on_picture_made)
            frame = QRectF(QPointF(width - 12 - THUMBNAIL.width(), 50), THUMBNAIL)
            beside = inner - THUMBNAIL.width() - 10
            self.kit.thumbnails.draw(painter, picture, frame)
        height = art.paragraph(painter, art.bold, art.colour("text"), QPointF(12, 49), beside, look.title, 2)
        has_room = height < 26  # a title of one line leaves a second one to the summary
        if look.label and look.label != look.title:
            art.line(painter, art.small, art.colour("muted"), QPointF(12, 50 + height), beside, look.label)
        lines = 2 if has_room and not art.fits(art.small, look.summary, inner) else 1
        at = QPointF(12, 121 - lines * art.height(art.small))
        art.paragraph(painter, art.small, art.colour("muted"), at, inner, look.summary, lines)

    def _draw_plain(self, painter: QPainter, zoom: float) -> None:
        """From afar: a larger icon and title, nothing small."""
        art, width = self.art, self.rect.width()
        self._draw_tile(painter, QRectF(12, 12, 40, 40), zoom)
        self._draw_marks(painter, zoom)
        font = art.large
        art.paragraph(painter, font, art.colour("text"), QPointF(12, 60), width - 22, self.look.title, 2)

    def _draw_wordless(self, painter: QPainter, zoom: float) -> None:
        side = 64.0
        rect = QRectF((self.rect.width() - side) / 2, (self.rect.height() - side) / 2, side, side)
        self._draw_tile(painter, rect, zoom)
        self._draw_marks(painter, zoom)

    def _draw_marks(self, painter: QPainter, zoom: float) -> None:
        """Draw badge and presence as large icons, where numbers could not be read."""
        x = self.rect.width() - 12
        if self.badge is not None:
            x -= 40
            self.art.draw_icon(painter, self.badge[1], self.badge[1], QRectF(x, 12, 40, 40), zoom)
        if self.present:
            x -= 44
            self.art.draw_icon(painter, "user", "accent", QRectF(x, 12, 40, 40), zoom)


class BoxItem(NodeItem):
    """A wrapper: a titled box; what is in it are items of their own.

    Runs on: GUI thread.
    """

    @override
    def stack(self) -> None:
        self.setZValue(_BOXES_BELOW + len(self.path))

    @override
    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        assert isinstance(self.node, RandomizeOrder | Repeat)
        zoom = painter.worldTransform().m11()
        art, look, width = self.art, self.look, self.rect.width()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        self._draw_frame(painter, self.rect, "sunken" if len(self.path) % 2 else "background")
        if zoom < _WORDLESS_BELOW:
            self._draw_tile(painter, QRectF(12, 8, 42, 42), zoom)
            return
        self._draw_tile(painter, QRectF(12, 12, 32, 32), zoom)
        pills = self._draw_pills(painter, QPointF(width - 12, 18), zoom)
        count = len(self.node.scenes)
        words = f"{count} scene{'s'[: count != 1]}"
        room = width - 54 - 14 - pills
        if zoom < _PLAIN_BELOW:
            art.line(painter, art.large, art.colour("text"), QPointF(54, 9), room, look.title)
            return
        art.line(painter, art.bold, art.colour("text"), QPointF(54, 10), room, look.title)
        art.line(painter, art.small, art.colour("muted"), QPointF(54, 30), room, f"{words} · {look.summary}")
        if not self.node.scenes:
            self._draw_hint(painter)

    def _draw_hint(self, painter: QPainter) -> None:
        rect = self.rect.adjusted(PADDING, HEADER_HEIGHT, -PADDING, -PADDING)
        painter.setPen(QPen(self.art.colour("border_strong"), 1.2, Qt.PenStyle.DashLine))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(rect, 8, 8)
        painter.setFont(self.art.small)
        painter.setPen(self.art.colour("muted"))
        flags = int(Qt.AlignmentFlag.AlignCenter) | int(Qt.TextFlag.TextWordWrap)
        painter.drawText(rect.adjusted(8, 4, -8, -4), flags, "Drop scenes here, or press Insert")


def make_item(kit: Kit, node: Node, path: NodePath) -> NodeItem:
    """Make the item that shows a node."""
    is_wrapper = isinstance(node, RandomizeOrder | Repeat)
    return BoxItem(kit, node, path) if is_wrapper else CardItem(kit, node, path)
