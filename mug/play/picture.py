"""What a frame looks like: a render packet of draw objects, or an image; never both."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from mug.play.errors import PlayError

__all__ = ["Image", "Picture", "PictureMaker", "relative_object"]

_X_NAMES: Final = ("x", "w", "x1", "x2")
_Y_NAMES: Final = ("y", "h", "y1", "y2")
_RADII: Final = ("radius",)


@dataclass(frozen=True)
class Image:
    """An image: `rgba` is width * height * 4 bytes, rows from the top."""

    width: int
    height: int
    rgba: bytes


@dataclass(frozen=True)
class Picture:
    """One frame's picture.

    Attributes:
        packet: A render packet as a dict (`game_state_objects`, `removed`), coordinates from 0 to 1.
        image: An image instead.
    """

    packet: dict[str, Any] | None = None
    image: Image | None = None


class PictureMaker:
    """Asks the environment, or the study's `env_to_state_fn`, for the picture of the world as it is.

    Args:
        env: The environment object.
        env_to_state_fn: The study's function env -> packet, list of objects or image; None: ``env.render()``.
        pixels: Whether `env_to_state_fn` gives coordinates in pixels.
        width: Game width in pixels.
        height: Game height in pixels.

    Attributes:
        by_agent: Whether that code takes an ``agent_id``, and draws each player's own picture.
    """

    def __init__(
        self, env: Any, env_to_state_fn: Callable[[Any], Any] | None, *, pixels: bool, width: int, height: int
    ) -> None:
        self._env = env
        self._state_fn = env_to_state_fn
        self.by_agent = _takes_agent(env_to_state_fn or getattr(env, "render", None))
        self._scale = (float(width), float(height)) if pixels and env_to_state_fn is not None else None

    @property
    def stage(self) -> str:
        """What runs, for messages."""
        return "render" if self._state_fn is None else "env_to_state_fn"

    def draw(self, agent_id: Any = None) -> Any:
        """Run the study's code; what it returns goes to `picture`.

        Args:
            agent_id: The environment's id of whoever sees the picture, for code that draws for each (`by_agent`).
        """
        given = {"agent_id": agent_id} if self.by_agent else {}
        if self._state_fn is not None:
            return self._state_fn(self._env, **given)
        return self._env.render(**given)

    def picture(self, drawn: Any) -> Picture:
        """Return the picture of what `draw` returned.

        Raises:
            PlayError: When it is neither a packet, nor a list of objects, nor an image.
        """
        if isinstance(drawn, np.ndarray):
            return Picture(image=_image(drawn))
        if hasattr(drawn, "to_dict"):
            drawn = drawn.to_dict()
        if isinstance(drawn, (list, tuple)):
            if drawn and isinstance(drawn[-1], np.ndarray):
                return Picture(image=_image(drawn[-1]))
            drawn = {"game_state_objects": drawn, "removed": []}
        if isinstance(drawn, Mapping) and "game_state_objects" in drawn:
            objects = [_wire_object(item, index) for index, item in enumerate(drawn["game_state_objects"])]
            if self._scale is not None:
                objects = [relative_object(item, *self._scale) for item in objects]
            removed = [str(name) for name in drawn.get("removed") or ()]
            return Picture(packet={"game_state_objects": objects, "removed": removed})
        if self._state_fn is not None:
            raise PlayError(
                f"env_to_state_fn returned {type(drawn).__name__}: it must return a list of draw objects, "
                "a render packet, or an RGB array"
            )
        raise PlayError(
            f"env.render() returned {type(drawn).__name__}: it must return a render packet (render_mode='mug', "
            "Surface.commit().to_dict()) or an array (render_mode='rgb_array'); or give env_to_state_fn"
        )


def _takes_agent(draws: Any) -> bool:
    try:
        parameter = inspect.signature(draws).parameters.get("agent_id")
    except (TypeError, ValueError):
        return False
    return parameter is not None and parameter.kind is not inspect.Parameter.POSITIONAL_ONLY


def _image(array: np.ndarray[Any, Any]) -> Image:
    if array.ndim == 2:
        array = np.repeat(array[:, :, None], 3, axis=2)
    if array.ndim != 3 or array.shape[2] not in (1, 3, 4):
        raise PlayError(f"an image must have the shape (height, width, 3), not {array.shape}")
    if array.dtype.kind == "f":
        array = np.clip(np.nan_to_num(array), 0.0, 1.0) * 255.0 + 0.5
    height, width, depth = array.shape
    rgba = np.full((height, width, 4), 255, dtype=np.uint8)
    rgba[:, :, : 3 if depth == 1 else depth] = array
    return Image(width, height, rgba.tobytes())


def _wire_object(item: Any, index: int) -> dict[str, Any]:
    for method in ("to_dict", "as_dict"):
        if hasattr(item, method):
            item = getattr(item, method)()
            break
    if not isinstance(item, Mapping) or "object_type" not in item:
        raise PlayError(f"draw object {index} is {type(item).__name__} without an 'object_type'")
    wire = dict(item)
    wire.setdefault("uuid", f"object-{index}")
    wire.setdefault("permanent", False)
    wire.setdefault("depth", 0)
    wire.setdefault("tween", wire.get("tween_duration") is not None)
    wire.setdefault("tween_duration", None)
    wire["uuid"] = str(wire["uuid"])
    return wire


def relative_object(wire: dict[str, Any], width: float, height: float) -> dict[str, Any]:
    """Return a wire object in pixels with coordinates from 0 to 1."""
    scaled = dict(wire)
    for names, size in ((_X_NAMES, width), (_Y_NAMES, height), (_RADII, max(width, height))):
        for name in names:
            if isinstance(scaled.get(name), (int, float, np.number)):
                scaled[name] = float(scaled[name]) / size
    for name, size in (("rx", width), ("ry", height)):
        if isinstance(scaled.get(name), (int, float, np.number)):
            scaled[name] = float(scaled[name]) / size
    points = scaled.get("points")
    if isinstance(points, (Sequence, np.ndarray)):
        scaled["points"] = [[float(point[0]) / width, float(point[1]) / height] for point in points]
    return scaled
