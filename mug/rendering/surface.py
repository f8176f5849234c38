"""A surface that an environment draws a frame on, and that becomes a render packet.

The same module runs in CPython and in the browser. The surface remembers what it has sent: a persistent object travels
once, and again only when it has changed.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from mug.rendering.color import Color, normalize_color
from mug.rendering.types import DrawCommand, RenderPacket

__all__ = ["Surface"]

Points = Iterable[Sequence[float]]


class Surface:
    """Collects draw commands and makes render packets of them.

    Coordinates are pixels of the surface, from its top left corner, y downwards; with ``relative=True`` they are
    fractions, 0 to 1. In the packet they are always fractions: x and w of the width, y and h of the height, a radius
    of the larger of the two (an ellipse's rx of the width, its ry of the height). Stroke widths, border radii and
    text sizes stay pixels of the surface.

    Every shape takes the keywords

    - ``id``: identity between frames; needed for `persistent` and for gliding.
    - ``persistent``: sent once and again only when changed; it stays in the picture until `remove` or `reset`.
    - ``relative``: coordinates are fractions.
    - ``depth``: higher is in front; at the same depth the earlier drawn lies behind.
    - ``tween_duration``: ms that the object takes to glide from where it was; None: it jumps.

    Args:
        width: Width in pixels.
        height: Height in pixels.
    """

    def __init__(self, width: float, height: float) -> None:
        for name, size in (("width", width), ("height", height)):
            if not size > 0:
                raise ValueError(f"{name} must be more than 0, got {size!r}")
        self.width = width
        self.height = height
        self._frame: dict[str, DrawCommand] = {}
        self._sent: dict[str, DrawCommand] = {}
        self._removed: dict[str, None] = {}
        self._unnamed = 0
        self._assets: dict[tuple[str, str], dict[str, Any]] = {}

    # --- shapes ----------------------------------------------------------------------------------------------------

    def rect(
        self,
        x: float,
        y: float,
        w: float,
        h: float,
        color: Color | None = "white",
        border_radius: float = 0,
        stroke_color: Color | None = None,
        stroke_width: float = 1,
        *,
        id: str | None = None,  # noqa: A002
        persistent: bool = False,
        relative: bool = False,
        depth: float = 0,
        tween_duration: float | None = None,
    ) -> None:
        """Draw a rectangle; (x, y) is its top left corner, `border_radius` rounds its corners (pixels)."""
        params = {
            **self._place(x, y, relative),
            **self._size(w, h, relative),
            "color": _color(color),
            "border_radius": float(border_radius),
            **_stroke(stroke_color, stroke_width),
        }
        self._add("rect", id, params, persistent, depth, tween_duration)

    def circle(
        self,
        x: float,
        y: float,
        radius: float,
        color: Color | None = "white",
        stroke_color: Color | None = None,
        stroke_width: float = 1,
        *,
        id: str | None = None,  # noqa: A002
        persistent: bool = False,
        relative: bool = False,
        depth: float = 0,
        tween_duration: float | None = None,
    ) -> None:
        """Draw a circle around (x, y)."""
        params = {
            **self._place(x, y, relative),
            "radius": self._radius(radius, relative),
            "color": _color(color),
            **_stroke(stroke_color, stroke_width),
        }
        self._add("circle", id, params, persistent, depth, tween_duration)

    def ellipse(
        self,
        x: float,
        y: float,
        rx: float,
        ry: float,
        color: Color | None = "white",
        stroke_color: Color | None = None,
        stroke_width: float = 1,
        *,
        id: str | None = None,  # noqa: A002
        persistent: bool = False,
        relative: bool = False,
        depth: float = 0,
        tween_duration: float | None = None,
    ) -> None:
        """Draw an ellipse around (x, y) with the half axes `rx` and `ry`."""
        params = {
            **self._place(x, y, relative),
            "rx": float(rx if relative else rx / self.width),
            "ry": float(ry if relative else ry / self.height),
            "color": _color(color),
            **_stroke(stroke_color, stroke_width),
        }
        self._add("ellipse", id, params, persistent, depth, tween_duration)

    def line(
        self,
        points: Points,
        color: Color = "white",
        width: float = 1,
        fill_below: bool = False,
        fill_above: bool = False,
        *,
        id: str | None = None,  # noqa: A002
        persistent: bool = False,
        relative: bool = False,
        depth: float = 0,
        tween_duration: float | None = None,
    ) -> None:
        """Draw a line through `points`; the area down to the lower edge or up to the upper one can be filled."""
        params = {
            "points": self._points(points, relative),
            "color": normalize_color(color),
            "width": float(width),
            "fill_below": bool(fill_below),
            "fill_above": bool(fill_above),
        }
        self._add("line", id, params, persistent, depth, tween_duration)

    def polygon(
        self,
        points: Points,
        color: Color | None = "white",
        stroke_color: Color | None = None,
        stroke_width: float = 1,
        *,
        id: str | None = None,  # noqa: A002
        persistent: bool = False,
        relative: bool = False,
        depth: float = 0,
        tween_duration: float | None = None,
    ) -> None:
        """Draw a closed polygon through `points`."""
        params = {
            "points": self._points(points, relative),
            "color": _color(color),
            **_stroke(stroke_color, stroke_width),
        }
        self._add("polygon", id, params, persistent, depth, tween_duration)

    def arc(
        self,
        x: float,
        y: float,
        radius: float,
        start_angle: float,
        end_angle: float,
        color: Color | None = "white",
        stroke_color: Color | None = None,
        stroke_width: float = 1,
        *,
        id: str | None = None,  # noqa: A002
        persistent: bool = False,
        relative: bool = False,
        depth: float = 0,
        tween_duration: float | None = None,
    ) -> None:
        """Draw a slice of a circle around (x, y).

        Angles are radians, clockwise from the direction of x. `color` fills the slice (None: not filled),
        `stroke_color` draws the curve.
        """
        params = {
            **self._place(x, y, relative),
            "radius": self._radius(radius, relative),
            "start_angle": float(start_angle),
            "end_angle": float(end_angle),
            "color": _color(color),
            **_stroke(stroke_color, stroke_width),
        }
        self._add("arc", id, params, persistent, depth, tween_duration)

    def text(
        self,
        text: str,
        x: float,
        y: float,
        size: float = 16,
        color: Color = "black",
        font: str = "Arial",
        *,
        id: str | None = None,  # noqa: A002
        persistent: bool = False,
        relative: bool = False,
        depth: float = 0,
        tween_duration: float | None = None,
    ) -> None:
        """Write a text; (x, y) is its top left corner, `size` its height in pixels."""
        params = {
            "text": str(text),
            **self._place(x, y, relative),
            "size": float(size),
            "color": normalize_color(color),
            "font": str(font),
        }
        self._add("text", id, params, persistent, depth, tween_duration)

    def image(
        self,
        image_name: str,
        x: float,
        y: float,
        w: float | None = None,
        h: float | None = None,
        frame: str | int | None = None,
        angle: float = 0,
        *,
        id: str | None = None,  # noqa: A002
        persistent: bool = False,
        relative: bool = False,
        depth: float = 0,
        tween_duration: float | None = None,
    ) -> None:
        """Draw a registered image; (x, y) is its top left corner before it is turned.

        Args:
            image_name: Name given to `register_image` or `register_atlas`, or the path of a served file.
            x: Left edge.
            y: Upper edge.
            w: Width; None: the picture's own, or in proportion to `h`.
            h: Height; None: the picture's own, or in proportion to `w`.
            frame: Frame of an atlas: its name, or its number.
            angle: Degrees, clockwise, around the middle of the image.
            id: Identity between frames.
            persistent: Sent once and again only when changed.
            relative: Coordinates are fractions.
            depth: Higher is in front.
            tween_duration: ms to glide from where it was.
        """
        params = {
            "image_name": str(image_name),
            **self._place(x, y, relative),
            "w": None if w is None else float(w if relative else w / self.width),
            "h": None if h is None else float(h if relative else h / self.height),
            "frame": frame,
            "angle": float(angle),
        }
        self._add("sprite", id, params, persistent, depth, tween_duration)

    # --- pictures --------------------------------------------------------------------------------------------------

    def register_atlas(self, name: str, *, img_path: str, json_path: str) -> None:
        """Name an atlas: one picture with many frames, and the JSON file that tells where they are."""
        self._assets["atlas", name] = {
            "object_type": "atlas_spec",
            "name": name,
            "img_path": img_path,
            "json_path": json_path,
        }

    def register_image(self, name: str, *, path: str) -> None:
        """Name a picture."""
        self._assets["image", name] = {"object_type": "img_spec", "name": name, "img_path": path}

    def get_asset_specs(self) -> list[dict[str, Any]]:
        """Return what the page has to load, in the order of registration, for ``assets.preload_specs``."""
        return [dict(spec) for spec in self._assets.values()]

    # --- packets ---------------------------------------------------------------------------------------------------

    def commit(self) -> RenderPacket:
        """Return the packet of what was drawn since the last one, and begin a new frame."""
        objects = []
        for name, command in self._frame.items():
            if command.persistent:
                if self._sent.get(name) == command:
                    continue
                self._sent[name] = command
            else:
                self._sent.pop(name, None)
            objects.append(command)
        packet = RenderPacket(objects, list(self._removed))
        self._begin_frame()
        return packet

    def remove(self, id: str) -> None:  # noqa: A002
        """Take a persistent object out of the picture; an unknown id is no error and is sent all the same."""
        self._frame.pop(id, None)
        self._sent.pop(id, None)
        self._removed[id] = None

    def reset(self) -> None:
        """Forget the frame and what was sent: persistent objects are sent again when they are drawn."""
        self._sent.clear()
        self._begin_frame()

    # --- inside ----------------------------------------------------------------------------------------------------

    def _begin_frame(self) -> None:
        self._frame = {}
        self._removed = {}
        self._unnamed = 0

    def _add(
        self,
        object_type: str,
        id: str | None,  # noqa: A002
        params: dict[str, Any],
        persistent: bool,
        depth: float,
        tween_duration: float | None,
    ) -> None:
        if id is None:
            if persistent:
                raise ValueError(f"a persistent {object_type} requires an id, so that it is known again")
            name = f"{object_type}~{self._unnamed}"
            self._unnamed += 1
        else:
            name = str(id)
        params["depth"] = depth
        params["tween"] = tween_duration is not None
        params["tween_duration"] = tween_duration
        self._frame[name] = DrawCommand(object_type, name, params, persistent)

    def _place(self, x: float, y: float, relative: bool) -> dict[str, float]:
        if relative:
            return {"x": float(x), "y": float(y)}
        return {"x": float(x / self.width), "y": float(y / self.height)}

    def _size(self, w: float, h: float, relative: bool) -> dict[str, float]:
        if relative:
            return {"w": float(w), "h": float(h)}
        return {"w": float(w / self.width), "h": float(h / self.height)}

    def _radius(self, radius: float, relative: bool) -> float:
        return float(radius if relative else radius / max(self.width, self.height))

    def _points(self, points: Points, relative: bool) -> list[list[float]]:
        width, height = (1, 1) if relative else (self.width, self.height)
        return [[float(x / width), float(y / height)] for x, y in points]


def _color(color: Color | None) -> str | None:
    return None if color is None else normalize_color(color)


def _stroke(color: Color | None, width: float) -> dict[str, Any]:
    return {"stroke_color": _color(color), "stroke_width": float(width)}
