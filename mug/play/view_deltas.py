"""Views of a game that the server steps, as what changed since the view before.

A view goes to its page as the JSON of a `ViewDelta`:

- ``episode``, ``frame``: steps made in the episode so far. ``at_ms``: when that was, on the match's clock; pages show
  views evenly by it.
- ``base``: the number (`ServerView.n`) of the view that this one changes, always the one that the page was sent last;
  -1: none, it is whole.
- ``keys_n``: the newest ServerKeys of this page that the frame has taken in, -1 none.
- ``hud`` (text or null), ``score``: only when they changed, or in a whole view.
- ``new``: whole draw objects (wire form) that were not there before; one whose uuid was there takes its place.
  ``changed``: ``{"uuid": …, field: value}`` with the fields that differ. ``gone``: uuids; they are taken out first, and
  one that the page does not know is no error (a first object of the study may be meant). ``order``: all uuids, only
  where the order that follows from appending ``new`` is another one. Parts that would be empty are left out.
- ``image``: ``{"width", "height", "kind"}`` of the picture beside it (`ServerView.image`), where the environment gives
  pixels; then there are no objects. ``kind``: png, jpeg, webp; "same": the picture before still holds, none is sent.

The objects of a view are all that is in the picture: persistent ones, which environments send once, in the order in
which they first came, then the others in the order in which they were drawn. A page draws them by depth, and at the
same depth in this order. Numbers have at most 5 decimals: coordinates go from 0 to 1, so that is a hundredth of a
pixel.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from mug.play.errors import PlayError
from mug.play.values import json_value

__all__ = ["DECIMALS", "PictureImage", "Scenery", "SeenView", "ViewDecoder", "ViewEncoder", "wire_value"]

DECIMALS: Final = 5

MAX_TAKEN_OUT: Final = 500
"""So many uuids that were taken out of the picture are remembered for pages that come later."""


@dataclass(frozen=True)
class PictureImage:
    """A compressed picture. `kind`: png, jpeg, webp."""

    width: int
    height: int
    kind: str
    data: bytes


@dataclass(frozen=True, kw_only=True)
class SeenView:
    """What one page shows.

    Attributes:
        objects: Draw objects by uuid, in their order; as `wire_value` has them.
        taken_out: Uuids that were taken out of the picture before; for whole views.
        image: A picture instead of objects.
    """

    episode: int
    frame: int
    hud: str | None = None
    score: float = 0.0
    objects: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    taken_out: tuple[str, ...] = ()
    image: PictureImage | None = None


class Scenery:
    """All that is in one picture, of the packets that an environment gave one after the other.

    Attributes:
        objects: What is in it now. The dict, and the objects in it, are never changed: every packet makes new ones.
    """

    def __init__(self) -> None:
        self.objects: dict[str, dict[str, Any]] = {}
        self._persistent: dict[str, dict[str, Any]] = {}
        self._taken_out: dict[str, None] = {}

    @property
    def taken_out(self) -> tuple[str, ...]:
        """Uuids that were taken out and are not there again, oldest first."""
        return tuple(self._taken_out)

    def take(self, packet: Mapping[str, Any]) -> None:
        """Take the next packet: ``game_state_objects`` and ``removed``."""
        persistent = self._persistent
        for name in packet.get("removed") or ():
            persistent.pop(str(name), None)
            self._taken_out.pop(str(name), None)
            self._taken_out[str(name)] = None
        passing: dict[str, dict[str, Any]] = {}
        for item in packet["game_state_objects"]:
            wire = wire_value(item)
            uuid = wire["uuid"] = str(wire["uuid"])
            self._taken_out.pop(uuid, None)
            if wire.get("permanent"):
                passing.pop(uuid, None)
                persistent[uuid] = wire
            else:
                persistent.pop(uuid, None)
                passing[uuid] = wire
        for name in list(self._taken_out)[:-MAX_TAKEN_OUT]:
            del self._taken_out[name]
        self.objects = {**persistent, **passing}


def wire_value(value: Any) -> Any:
    """Return a value as it travels: plain JSON, with at most `DECIMALS` decimals."""
    kind = type(value)
    if kind is float:
        return round(value, DECIMALS) + 0.0 if math.isfinite(value) else json_value(value)
    if value is None or kind in (int, bool, str):
        return value
    if kind is dict:
        return {key if type(key) is str else str(key): wire_value(item) for key, item in value.items()}
    if kind in (list, tuple):
        return [wire_value(item) for item in value]
    plain = json_value(value)
    return plain if type(plain) is str else wire_value(plain)


class ViewEncoder:
    """Makes the views of one page, each from what was sent last.

    Attributes:
        sent: The number of the last view, -1: none.
    """

    def __init__(self) -> None:
        self.sent = -1
        self._last: SeenView | None = None

    def encode(self, view: SeenView, *, at_ms: float, keys_n: int = -1) -> tuple[bytes, bytes]:
        """Return the body of the page's next view, and the picture beside it (empty: none)."""
        last = self._last
        delta: dict[str, Any] = {
            "episode": view.episode,
            "frame": view.frame,
            "at_ms": round(at_ms, 1),
            "base": self.sent,
            "keys_n": keys_n,
        }
        if last is None or last.hud != view.hud:
            delta["hud"] = view.hud
        score = wire_value(float(view.score))
        if last is None or wire_value(float(last.score)) != score:
            delta["score"] = score
        picture = b""
        if view.image is not None:
            image, before = view.image, None if last is None else last.image
            same = before is not None and (before is image or before == image)
            delta["image"] = {"width": image.width, "height": image.height, "kind": "same" if same else image.kind}
            picture = b"" if same else image.data
        if last is None:
            gone: list[str] = [name for name in view.taken_out if name not in view.objects]
            delta.update(_objects(view, {}, gone))
        else:
            known = set(last.taken_out)
            gone = [name for name in last.objects if name not in view.objects]
            # One that the page shows of itself (a first object of the study) is gone by name only.
            gone += [
                name
                for name in view.taken_out
                if name not in known and name not in last.objects and name not in view.objects
            ]
            delta.update(_objects(view, last.objects, gone))
        self._last, self.sent = view, self.sent + 1
        return json.dumps(delta, separators=(",", ":"), ensure_ascii=False).encode(), picture


def _objects(view: SeenView, before: Mapping[str, Mapping[str, Any]], gone: list[str]) -> dict[str, Any]:
    parts: dict[str, Any] = {}
    new: list[Mapping[str, Any]] = []
    changed: list[dict[str, Any]] = []
    for uuid, wire in view.objects.items():
        old = before.get(uuid)
        if old is None or not old.keys() <= wire.keys():
            new.append(wire)
        elif old is not wire and (fields := {k: v for k, v in wire.items() if k not in old or not _equal(old[k], v)}):
            changed.append({**fields, "uuid": uuid})
    if new:
        parts["new"] = new
    if changed:
        parts["changed"] = changed
    if gone:
        parts["gone"] = gone
    follows = [uuid for uuid in before if uuid in view.objects]
    follows += [uuid for uuid in view.objects if uuid not in before]
    if follows != list(view.objects):
        parts["order"] = list(view.objects)
    return parts


def _equal(a: Any, b: Any) -> bool:
    return bool(a == b) and (type(a) is type(b) or not (type(a) is bool or type(b) is bool))


class ViewDecoder:
    """Puts views together again, as a page does; what pages show of themselves (`taken_out`) is not its business.

    Attributes:
        view: What is shown now; None before the first view.
        n: Its number.
        keys_n: The newest keys that its frame has taken in. at_ms: When it was made.
    """

    def __init__(self) -> None:
        self.view: SeenView | None = None
        self.n = -1
        self.keys_n = -1
        self.at_ms = 0.0

    def take(self, n: int, body: bytes, image: bytes = b"") -> SeenView:
        """Take the view with number `n`; returns what is to be shown.

        Raises:
            PlayError: When it changes another view than the one that is shown.
        """
        delta = json.loads(body)
        last = self.view
        if delta["base"] == -1:
            last = None
        elif last is None or delta["base"] != self.n:
            raise PlayError(f"view {n} changes view {delta['base']}, but view {self.n} is shown")
        objects = {} if last is None else {uuid: dict(wire) for uuid, wire in last.objects.items()}
        for uuid in delta.get("gone", ()):
            objects.pop(uuid, None)
        for change in delta.get("changed", ()):
            objects[change["uuid"]].update(change)
        for wire in delta.get("new", ()):
            objects[wire["uuid"]] = wire
        if "order" in delta:
            objects = {uuid: objects[uuid] for uuid in delta["order"]}
        self.n, self.keys_n, self.at_ms = n, delta["keys_n"], delta["at_ms"]
        self.view = SeenView(
            episode=delta["episode"],
            frame=delta["frame"],
            hud=delta["hud"] if "hud" in delta or last is None else last.hud,
            score=delta["score"] if "score" in delta or last is None else last.score,
            objects=objects,
            image=_image(delta.get("image"), image, last),
        )
        return self.view


def _image(said: Mapping[str, Any] | None, data: bytes, last: SeenView | None) -> PictureImage | None:
    if said is None:
        return None
    if said["kind"] == "same":
        return None if last is None else last.image
    return PictureImage(said["width"], said["height"], said["kind"], data)
