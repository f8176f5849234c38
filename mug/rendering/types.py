"""What a frame's picture is made of, in Python and as it travels."""

from dataclasses import dataclass, field
from typing import Any

__all__ = ["DrawCommand", "RenderPacket"]


@dataclass(frozen=True)
class DrawCommand:
    """One object to draw.

    Attributes:
        object_type: rect, circle, ellipse, line, polygon, arc, text or sprite.
        id: Identity of the object between frames.
        params: The shape's parameters as they travel (colours normalised, coordinates relative), with `depth`,
            `tween` and `tween_duration`.
        persistent: Sent once and again only when changed; stays until it is removed.
    """

    object_type: str
    id: str
    params: dict[str, Any]
    persistent: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Return the wire object."""
        return {"uuid": self.id, "object_type": self.object_type, "permanent": self.persistent, **self.params}


@dataclass
class RenderPacket:
    """One frame's picture: what to draw, and which persistent objects to take away.

    Attributes:
        objects: The non-persistent objects of this frame, and the persistent ones that are new or have changed.
        removed: Ids of persistent objects that are no longer drawn.
    """

    objects: list[DrawCommand] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """Return the packet as it travels: ``{"game_state_objects": [...], "removed": [...]}``."""
        return {
            "game_state_objects": [command.to_dict() for command in self.objects],
            "removed": list(self.removed),
        }
