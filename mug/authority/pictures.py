"""Pictures of environments that give pixels, made small enough to travel at the game's rate."""

import io
import time
from collections.abc import Callable
from typing import Any, Final

import numpy as np
from PIL import Image as PillowImage

from mug.play.picture import Image
from mug.play.view_deltas import PictureImage

__all__ = ["PicturePress"]

SLOW_S: Final = 0.008
"""A way of compressing that takes longer than this on average gives place to a faster one."""

MAX_COLORS: Final = 256


class PicturePress:
    """Compresses one picture after the other.

    Pictures of few colours stay exactly as they are (PNG); others lose what nobody sees (WebP, or JPEG where WebP
    takes too long). All of this runs without Python's lock, so it can be done beside the game.

    Args:
        clock_s: For measuring.
    """

    def __init__(self, clock_s: Callable[[], float] = time.perf_counter) -> None:
        self._clock_s = clock_s
        self._last: tuple[bytes, PictureImage] | None = None
        self._cost_s: dict[str, float] = {}

    def press(self, image: Image) -> PictureImage:
        """Return the picture compressed; the same object again for the same picture as before."""
        if self._last is not None and self._last[0] == image.rgba:
            return self._last[1]
        made = self._pressed(image)
        self._last = (image.rgba, made)
        return made

    def _pressed(self, image: Image) -> PictureImage:
        pixels = np.frombuffer(image.rgba, dtype=np.uint8).reshape(image.height, image.width, 4)
        is_clear = bool((pixels[:, :, 3] == 255).all())
        picture = PillowImage.frombytes("RGBA", (image.width, image.height), image.rgba)
        if is_clear:
            picture = picture.convert("RGB")
        if picture.getcolors(MAX_COLORS) is not None:
            level = 6 if self._is_fast("png6") else 1
            data = self._saved(picture, f"png{level}", format="PNG", compress_level=level)
            return PictureImage(image.width, image.height, "png", data)
        if not is_clear or self._is_fast("webp"):
            data = self._saved(picture, "webp", format="WEBP", quality=80, method=0)
            return PictureImage(image.width, image.height, "webp", data)
        return PictureImage(image.width, image.height, "jpeg", self._saved(picture, "jpeg", format="JPEG", quality=85))

    def _is_fast(self, way: str) -> bool:
        return self._cost_s.get(way, 0.0) < SLOW_S

    def _saved(self, picture: PillowImage.Image, way: str, **options: Any) -> bytes:
        out, began = io.BytesIO(), self._clock_s()
        picture.save(out, **options)
        took = self._clock_s() - began
        self._cost_s[way] = took if way not in self._cost_s else 0.9 * self._cost_s[way] + 0.1 * took
        return out.getvalue()
