"""Pictures by the names that a game draws them by: images, and frames of atlases."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QImage, QPainter, QTransform

__all__ = ["Atlas", "PictureBook", "load_pictures"]

_ENDINGS = (".png", ".jpg", ".jpeg", ".webp", ".gif")


@dataclass
class Atlas:
    """One image with named parts, as TexturePacker writes them; cut out when they are asked for."""

    image: QImage
    frames: list[tuple[str, Mapping[str, Any]]]
    _cut: dict[str, QImage] = field(default_factory=dict)

    def frame(self, wanted: str | int | None) -> QImage | None:
        """Return a part by its name (perhaps without its ending) or number; the first for None."""
        found = self._find(wanted)
        if found is None:
            return None
        name, entry = found
        if name not in self._cut:
            self._cut[name] = _cut(self.image, entry)
        return self._cut[name]

    def _find(self, wanted: str | int | None) -> tuple[str, Mapping[str, Any]] | None:
        if isinstance(wanted, int):
            if 0 <= wanted < len(self.frames):
                return self.frames[wanted]
            wanted = str(wanted)
        if wanted is None:
            return self.frames[0] if self.frames else None
        for name, entry in self.frames:
            if name == wanted or any(name.lower() == f"{wanted}{ending}".lower() for ending in _ENDINGS):
                return name, entry
        return None


@dataclass
class PictureBook:
    """What was loaded. `failed`: names whose file is not there or is no picture."""

    images: dict[str, QImage] = field(default_factory=dict)
    atlases: dict[str, Atlas] = field(default_factory=dict)
    failed: set[str] = field(default_factory=set)

    def knows(self, name: str) -> bool:
        """Whether it was tried to load `name`."""
        return name in self.images or name in self.atlases or name in self.failed

    def picture(self, name: str, frame: str | int | None) -> QImage | None:
        """Return an image, or a frame of an atlas."""
        if name in self.atlases:
            return self.atlases[name].frame(frame)
        return self.images.get(name)

    def add(self, other: "PictureBook") -> None:
        """Take over what another one has."""
        self.images.update(other.images)
        self.atlases.update(other.atlases)
        self.failed |= other.failed


def load_pictures(files: Mapping[str, Sequence[str]]) -> PictureBook:
    """Read pictures; may be called from any thread.

    Args:
        files: Name -> the image's file, or the image's and the atlas's.
    """
    book = PictureBook()
    for name, places in files.items():
        image = QImage(places[0])
        if image.isNull():
            book.failed.add(name)
        elif len(places) < 2:
            book.images[name] = image
        else:
            try:
                frames = _frames(json.loads(Path(places[1]).read_text(encoding="utf-8")))
            except (OSError, ValueError):
                frames = []
            if frames:
                book.atlases[name] = Atlas(image, frames)
            else:
                book.failed.add(name)
    return book


def _frames(root: Any) -> list[tuple[str, Mapping[str, Any]]]:
    """Read TexturePacker's hash and array forms, and the multi-texture form."""
    if not isinstance(root, Mapping):
        return []
    if isinstance(textures := root.get("textures"), list):
        return [frame for texture in textures for frame in _frames(texture)]
    frames = root.get("frames")
    entries: list[tuple[Any, Any]] = []
    if isinstance(frames, Mapping):
        entries = list(frames.items())
    elif isinstance(frames, list):
        entries = [(entry.get("filename"), entry) for entry in frames if isinstance(entry, Mapping)]
    return [(name, entry) for name, entry in entries if isinstance(name, str) and _box(entry) is not None]


def _box(entry: Any) -> tuple[int, int, int, int] | None:
    """Some tools write the rectangle itself where others write {frame: rectangle}."""
    if not isinstance(entry, Mapping):
        return None
    box = entry.get("frame", entry)
    if not isinstance(box, Mapping):
        return None
    numbers = [box.get("x"), box.get("y"), box.get("w", box.get("width")), box.get("h", box.get("height"))]
    found = [round(number) for number in numbers if isinstance(number, int | float)]
    return (found[0], found[1], found[2], found[3]) if len(found) == 4 else None


def _cut(image: QImage, entry: Mapping[str, Any]) -> QImage:
    box = _box(entry)
    assert box is not None
    x, y, w, h = box
    if entry.get("rotated") is True:  # it lies in the atlas turned to the right, its sides exchanged
        part = image.copy(QRect(x, y, h, w)).transformed(QTransform().rotate(-90))
    else:
        part = image.copy(QRect(x, y, w, h))
    place, size = entry.get("spriteSourceSize"), entry.get("sourceSize")
    if entry.get("trimmed") is not True or not isinstance(place, Mapping) or not isinstance(size, Mapping):
        return part
    whole = QImage(int(size.get("w", w)), int(size.get("h", h)), QImage.Format.Format_ARGB32_Premultiplied)
    whole.fill(Qt.GlobalColor.transparent)
    painter = QPainter(whole)
    painter.drawImage(int(place.get("x", 0)), int(place.get("y", 0)), part)
    painter.end()
    return whole
