"""Drawing for environments: a `Surface`, colours, and the packets that travel to the page.

Runs in CPython and in the browser; imports the standard library and numpy.
"""

from mug.rendering.color import NAMED_COLORS, normalize_color
from mug.rendering.surface import Surface
from mug.rendering.types import DrawCommand, RenderPacket

__all__ = ["NAMED_COLORS", "DrawCommand", "RenderPacket", "Surface", "normalize_color"]
