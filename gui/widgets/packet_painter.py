"""Draws a game's picture as participants' pages do: render packets (coordinates from 0 to 1), or whole images.

Objects are drawn at their places: what glides or smooths on a page jumps here, because single frames are looked at.
"""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QImage, QPainter, QPainterPath, QPen, QPolygonF

from gui.widgets.picture_book import PictureBook

__all__ = ["PacketPainter", "colour_of"]

_MISSING = QColor("#c9ced6")
_MISSING_PX = 32.0
_NUMBERS = re.compile(r"[\d.]+")


@dataclass
class _Object:
    wire: Mapping[str, Any]
    permanent: bool
    depth: float
    order: int
    since: float


class PacketPainter:
    """What is in the picture now: persistent objects until they are removed, the others until the next packet.

    At the same depth persistent objects lie behind, in the order in which they first came.

    Attributes:
        width, height: The game's size in its own pixels.
        pictures: For sprites.
    """

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self.pictures = PictureBook()
        self._background: QColor | QImage = QColor("#ffffff")
        self._objects: dict[str, _Object] = {}
        self._image: QImage | None = None
        self._arrivals = 0
        self._animations: dict[tuple[str, str], Mapping[str, Any]] = {}

    def set_background(self, background: QColor | QImage) -> None:
        """Take a colour, or a picture that is scaled until it covers the game."""
        self._background = background

    def set_animations(self, configs: Iterable[Mapping[str, Any]]) -> None:
        """Take the animations: a sprite whose frame is an animation's name shows its frames one after the other."""
        self._animations = {(str(config.get("image")), str(config.get("name"))): config for config in configs}

    def clear(self) -> None:
        """Forget every object and image."""
        self._objects.clear()
        self._image = None

    def apply(self, packet: Mapping[str, Any]) -> None:
        """Take the next frame's packet: ``game_state_objects`` and ``removed``."""
        for name in packet.get("removed") or ():
            self._objects.pop(str(name), None)
        wires = [wire for wire in packet.get("game_state_objects") or () if isinstance(wire, Mapping)]
        sent = {str(wire.get("uuid")) for wire in wires}
        for name in [name for name, thing in self._objects.items() if not thing.permanent and name not in sent]:
            del self._objects[name]
        now = monotonic()
        for index, wire in enumerate(wires):
            name, permanent = str(wire.get("uuid")), bool(wire.get("permanent"))
            old = self._objects.get(name)
            if old is not None and old.permanent and permanent:
                order = old.order
            elif permanent:
                order, self._arrivals = self._arrivals, self._arrivals + 1
            else:
                order = index
            plays_on = old is not None and _sprite_key(old.wire) == _sprite_key(wire)
            since = old.since if old is not None and plays_on else now
            self._objects[name] = _Object(wire, permanent, _number(wire.get("depth"), 0), order, since)

    def show_image(self, width: int, height: int, rgba: bytes) -> None:
        """Take an image instead of objects: rows from the top, 4 bytes a pixel."""
        image = QImage(rgba, width, height, 4 * width, QImage.Format.Format_RGBA8888)
        self._image = image.copy()  # the bytes are not kept

    def unknown_pictures(self) -> set[str]:
        """Return the names of pictures that are drawn, but were not loaded."""
        names = {str(thing.wire.get("image_name") or "") for thing in self._objects.values() if _is_sprite(thing.wire)}
        return {name for name in names if name and not self.pictures.knows(name)}

    def plays(self) -> bool:
        """Whether the picture changes by itself, because an animation is in it."""
        return any(_is_sprite(thing.wire) and self._animation(thing.wire) for thing in self._objects.values())

    def paint(self, painter: QPainter, target: QRectF) -> None:
        """Draw everything into `target`, which has the game's proportions."""
        painter.save()
        painter.setRenderHints(
            QPainter.RenderHint.Antialiasing
            | QPainter.RenderHint.SmoothPixmapTransform
            | QPainter.RenderHint.TextAntialiasing
        )
        painter.setClipRect(target)
        painter.translate(target.topLeft())
        painter.scale(target.width() / self.width, target.height() / self.height)
        self._paint_background(painter)
        if self._image is not None:
            self._paint_image(painter, self._image)
        things = sorted(self._objects.values(), key=lambda thing: (thing.depth, not thing.permanent, thing.order))
        for thing in things:
            self._paint_object(painter, thing)
        painter.restore()

    def _paint_background(self, painter: QPainter) -> None:
        whole = QRectF(0, 0, self.width, self.height)
        if isinstance(self._background, QColor):
            painter.fillRect(whole, self._background)
            return
        painter.fillRect(whole, QColor("#ffffff"))
        image = self._background
        scale = max(self.width / max(1, image.width()), self.height / max(1, image.height()))
        w, h = image.width() * scale, image.height() * scale
        painter.drawImage(QRectF((self.width - w) / 2, (self.height - h) / 2, w, h), image)

    def _paint_image(self, painter: QPainter, image: QImage) -> None:
        """As large as it goes without distortion."""
        scale = min(self.width / image.width(), self.height / image.height())
        w, h = image.width() * scale, image.height() * scale
        painter.drawImage(QRectF((self.width - w) / 2, (self.height - h) / 2, w, h), image)

    def _paint_object(self, painter: QPainter, thing: _Object) -> None:
        wire = thing.wire
        x, y = _number(wire.get("x"), 0) * self.width, _number(wire.get("y"), 0) * self.height
        larger = max(self.width, self.height)
        match wire.get("object_type"):
            case "rect":
                w, h = _number(wire.get("w"), 0) * self.width, _number(wire.get("h"), 0) * self.height
                radius = min(_number(wire.get("border_radius"), 0), abs(w) / 2, abs(h) / 2)
                self._stroke(painter, wire, _rounded(QRectF(x, y, w, h).normalized(), radius))
            case "circle":
                radius = _number(wire.get("radius"), 0) * larger
                self._stroke(painter, wire, _ellipse(x, y, radius, radius))
            case "ellipse":
                rx, ry = _number(wire.get("rx"), 0) * self.width, _number(wire.get("ry"), 0) * self.height
                self._stroke(painter, wire, _ellipse(x, y, rx, ry))
            case "polygon":
                points = self._points(wire)
                if len(points) > 2:
                    path = QPainterPath()
                    path.addPolygon(QPolygonF([*points, points[0]]))
                    self._stroke(painter, wire, path)
            case "line":
                self._paint_line(painter, wire)
            case "arc":
                self._paint_arc(painter, wire, QPointF(x, y), _number(wire.get("radius"), 0) * larger)
            case "text":
                self._paint_text(painter, wire, x, y)
            case "sprite":
                self._paint_sprite(painter, thing, x, y)

    def _points(self, wire: Mapping[str, Any]) -> list[QPointF]:
        given = wire.get("points")
        if not isinstance(given, Sequence):
            return []
        pairs = [point for point in given if isinstance(point, Sequence) and len(point) > 1]
        return [QPointF(_number(p[0], 0) * self.width, _number(p[1], 0) * self.height) for p in pairs]

    def _stroke(self, painter: QPainter, wire: Mapping[str, Any], path: QPainterPath) -> None:
        fill = _fill(wire)
        if fill is not None:
            painter.fillPath(path, fill)
        pen = _pen(wire)
        if pen is not None:
            painter.strokePath(path, pen)

    def _paint_line(self, painter: QPainter, wire: Mapping[str, Any]) -> None:
        points = self._points(wire)
        if len(points) < 2:
            return
        colour = colour_of(wire.get("color"), "#ffffff")
        for name, edge in (("fill_below", float(self.height)), ("fill_above", 0.0)):
            value = wire.get(name)
            if value:
                filled = colour_of(value, "#ffffff") if isinstance(value, str) else colour
                path = QPainterPath()
                path.addPolygon(QPolygonF([*points, QPointF(points[-1].x(), edge), QPointF(points[0].x(), edge)]))
                painter.fillPath(path, filled)
        pen = QPen(colour, _number(wire.get("width"), 1))
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        path = QPainterPath(points[0])
        for point in points[1:]:
            path.lineTo(point)
        painter.strokePath(path, pen)

    def _paint_arc(self, painter: QPainter, wire: Mapping[str, Any], center: QPointF, radius: float) -> None:
        """Angles go clockwise from the right, in radians; Qt's go the other way round, in degrees."""
        start = -math.degrees(_number(wire.get("start_angle"), 0))
        sweep = -math.degrees(_number(wire.get("end_angle"), 0)) - start
        around = QRectF(center.x() - radius, center.y() - radius, 2 * radius, 2 * radius)
        fill = _fill(wire)
        if fill is not None:
            wedge = QPainterPath(center)
            wedge.arcTo(around, start, sweep)
            wedge.closeSubpath()
            painter.fillPath(wedge, fill)
        pen = _pen(wire)
        if pen is not None:
            arc = QPainterPath()
            arc.arcMoveTo(around, start)
            arc.arcTo(around, start, sweep)
            painter.strokePath(arc, pen)

    def _paint_text(self, painter: QPainter, wire: Mapping[str, Any], x: float, y: float) -> None:
        font = QFont()
        font.setFamilies([str(wire.get("font") or "Arial"), "Arial", "Liberation Sans", "sans-serif"])
        font.setPixelSize(max(1, round(_number(wire.get("size"), 16))))
        painter.setFont(font)
        painter.setPen(colour_of(wire.get("color"), "#000000"))
        text = wire.get("text")
        shown = text if isinstance(text, str) else str("" if text is None else text)
        flags = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop
        painter.drawText(QRectF(x, y, 10_000, 10_000), flags, shown)

    def _paint_sprite(self, painter: QPainter, thing: _Object, x: float, y: float) -> None:
        wire = thing.wire
        image = self._sprite_image(thing)
        natural = (image.width(), image.height()) if image is not None else (_MISSING_PX, _MISSING_PX)
        w, h = wire.get("w"), wire.get("h")
        given_w = _number(w, 0) * self.width if isinstance(w, int | float) else None
        given_h = _number(h, 0) * self.height if isinstance(h, int | float) else None
        width = given_w if given_w is not None else natural[0] * (given_h / natural[1] if given_h is not None else 1)
        height = given_h if given_h is not None else natural[1] * (given_w / natural[0] if given_w is not None else 1)
        painter.save()
        painter.translate(x + width / 2, y + height / 2)
        painter.rotate(_number(wire.get("angle"), 0))
        place = QRectF(-width / 2, -height / 2, width, height)
        if image is not None:
            painter.drawImage(place, image)
        else:
            painter.fillRect(place, _MISSING)  # a pale box of the right size, never a hole that nobody sees
        painter.restore()

    def _sprite_image(self, thing: _Object) -> QImage | None:
        wire = thing.wire
        name, frame = str(wire.get("image_name") or ""), wire.get("frame")
        animation = self._animation(wire)
        if animation is not None:
            frames = list(animation.get("frames") or [0])
            index = int((monotonic() - thing.since) * _number(animation.get("frame_rate"), 1) + 1e-6)
            repeats = animation.get("repeat", True) is not False
            frame = frames[index % len(frames) if repeats else min(index, len(frames) - 1)]
            if name not in self.pictures.atlases and isinstance(frame, str):
                return self.pictures.picture(frame, None)
        return self.pictures.picture(name, frame if isinstance(frame, str | int) else None)

    def _animation(self, wire: Mapping[str, Any]) -> Mapping[str, Any] | None:
        frame = wire.get("frame")
        return self._animations.get((str(wire.get("image_name")), frame)) if isinstance(frame, str) else None


def colour_of(value: Any, otherwise: str) -> QColor:
    """Return a colour as pages read it: a CSS name, ``#rgb``, ``#rrggbb``, ``#rrggbbaa``, ``rgb(…)``, ``hsl(…)``."""
    if not isinstance(value, str):
        return QColor(otherwise)
    text = value.strip().lower()
    if text.startswith("#") and len(text) in (5, 9):  # CSS has the opacity at the end, Qt at the beginning
        digits = text[1:] if len(text) == 9 else "".join(digit * 2 for digit in text[1:])
        colour = QColor(f"#{digits[6:]}{digits[:6]}")
    elif text.startswith(("rgb", "hsl")):
        colour = _of_function(text)
    else:
        colour = QColor(text)
    return colour if colour.isValid() else QColor(otherwise)


def _of_function(text: str) -> QColor:
    numbers = [float(number) for number in _NUMBERS.findall(text) if number != "."]
    if len(numbers) < 3:
        return QColor()
    if text.startswith("rgb"):
        colour = QColor(*(min(255, round(number)) for number in numbers[:3]))
    else:
        colour = QColor.fromHslF(numbers[0] % 360 / 360, min(1, numbers[1] / 100), min(1, numbers[2] / 100))
    if len(numbers) > 3:
        percent = text.rstrip(") ").endswith("%")
        colour.setAlphaF(min(1.0, numbers[3] / 100 if percent else numbers[3]))
    return colour


def _fill(wire: Mapping[str, Any]) -> QColor | None:
    """Null is no filling; what is left out is white."""
    if "color" in wire and wire["color"] is None:
        return None
    return colour_of(wire.get("color"), "#ffffff")


def _pen(wire: Mapping[str, Any]) -> QPen | None:
    width = _number(wire.get("stroke_width"), 1)
    if not isinstance(wire.get("stroke_color"), str) or width <= 0:
        return None
    pen = QPen(colour_of(wire.get("stroke_color"), "#000000"), width)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    return pen


def _rounded(rect: QRectF, radius: float) -> QPainterPath:
    path = QPainterPath()
    if radius > 0:
        path.addRoundedRect(rect, radius, radius)
    else:
        path.addRect(rect)
    return path


def _ellipse(x: float, y: float, rx: float, ry: float) -> QPainterPath:
    path = QPainterPath()
    path.addEllipse(QPointF(x, y), rx, ry)
    return path


def _number(value: Any, otherwise: float) -> float:
    number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return float(value) if number else otherwise


def _is_sprite(wire: Mapping[str, Any]) -> bool:
    return wire.get("object_type") == "sprite"


def _sprite_key(wire: Mapping[str, Any]) -> tuple[Any, Any]:
    return wire.get("image_name"), wire.get("frame")
