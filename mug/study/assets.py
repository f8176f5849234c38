"""A game's pictures: where they are served, what is wrong with what the study says of them, what is drawn first."""

import re
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any, Final

from mug.play.picture import relative_object
from mug.rendering.color import normalize_color
from mug.study.model import EmbeddedBuild, GymGame, Study
from mug.study.places import problem_at
from mug.study.problems import Problem, did_you_mean
from mug.study.traversal import NodePath, walk
from mug.study.treatment_section import arms_in

__all__ = [
    "OBJECT_TYPES",
    "animations",
    "background",
    "first_objects",
    "form_picture",
    "is_color",
    "is_picture_path",
    "preloaded",
    "problems_of_assets",
    "served_path",
    "served_roots",
]

OBJECT_TYPES: Final = ("rect", "circle", "ellipse", "line", "polygon", "arc", "text", "sprite")
"""The kinds of draw objects."""

MAX_FRAME_RATE_HZ: Final = 240

_COLOR_FIELDS: Final = ("color", "stroke_color")
_PATH_FIELDS: Final = ("img_path", "json_path", "path", "atlas_path")
_PICTURE: Final = re.compile(r".+\.(png|jpe?g|webp|gif|svg|avif|bmp)", re.IGNORECASE)
_COLOR_FUNCTION: Final = re.compile(r"(rgb|hsl)a?\(\s*[\d.]+(deg)?%?([\s,/]+[\d.]+%?){2,3}\s*\)", re.IGNORECASE)


def is_picture_path(text: str) -> bool:
    """Whether `text` is written like the path of a picture."""
    return "\0" not in text and "://" not in text and _PICTURE.fullmatch(text.strip()) is not None


def is_color(text: str) -> bool:
    """Whether `text` is a colour that a page can show: a name, ``#rgb``, ``#rrggbb``, ``rgb(…)`` or ``hsl(…)``."""
    try:
        normalize_color(text)
    except ValueError:
        return _COLOR_FUNCTION.fullmatch(text.strip()) is not None
    return True


# --- where pictures are served ----------------------------------------------------------------------------------------


def served_roots(study: Study) -> dict[str, str]:
    """Return the folders that are served: how an address begins -> the folder as the study writes it."""
    texts = [*study.static_files]
    texts += [node.assets.assets_dir for _, node in walk(study) if isinstance(node, GymGame)]
    texts += [node.webgl.webgl_base_url for _, node in walk(study) if isinstance(node, EmbeddedBuild)]
    texts += _folders_of_treatments(study)
    roots: dict[str, str] = {}
    for text in texts:
        name = _plain(text)
        if name and ".." not in PurePosixPath(name).parts:
            roots.setdefault(name, text)
    return roots


def _folders_of_treatments(study: Study) -> list[str]:
    """Folders of pictures and of builds that a treatment names in the place of a scene's own."""
    return [
        fields[name]
        for arm in arms_in(study.treatments)
        for fields in arm.changes.values()
        for name in ("assets.assets_dir", "webgl.webgl_base_url")
        if isinstance(fields.get(name), str)
    ]


def served_path(study: Study, game: GymGame, path: str) -> str:
    """Return the address of a picture, below the server's root.

    A path that begins with a served folder as the study writes it is that file; any other is below `assets_dir`.
    """
    if path.startswith(("data:", "blob:")):
        return path
    name, roots, folder = _plain(path), served_roots(study), _plain(game.assets.assets_dir)
    if folder not in roots or any(name.startswith(f"{root}/") for root in roots):
        return name
    return f"{folder}/{name}"


def form_picture(path: str) -> str:
    """Return the address of a picture of a form, below the server's root; the path begins with a served folder."""
    return path if path.startswith("data:") else _plain(path)


def background(study: Study, game: GymGame) -> str:
    """Return a game's background as its page takes it: a colour, or the address of a picture."""
    text = game.rendering.background.strip()
    if not is_color(text):
        return served_path(study, game, text)
    return text if _COLOR_FUNCTION.fullmatch(text) else normalize_color(text)


def preloaded(study: Study, game: GymGame) -> tuple[dict[str, Any], ...]:
    """Return the specs of everything that a game's page loads before the start, with addresses."""
    specs = [dict(spec) for spec in game.assets.preload_specs]
    known = {spec.get("name") for spec in specs}
    specs += [
        {"object_type": "img_spec", "name": path, "img_path": path}
        for path in game.assets.assets_to_preload
        if path not in known
    ]
    for spec in specs:
        for name in _PATH_FIELDS:
            if isinstance(spec.get(name), str):
                spec[name] = served_path(study, game, spec[name])
    return tuple(specs)


def _plain(path: str) -> str:
    name = PurePosixPath(path.replace("\\", "/")).as_posix().strip("/")
    return "" if name == "." else name


# --- what is drawn ----------------------------------------------------------------------------------------------------


def first_objects(game: GymGame) -> tuple[dict[str, Any], ...]:
    """Return the wire objects that stand before the first frame; they stay until the environment removes them."""
    pixels = game.rendering.location_representation == "pixels"
    found = []
    for given in game.assets.state_init:
        wire = {"depth": 0, **given, "permanent": True, "tween": False, "tween_duration": None}
        wire.update({name: _normal(wire[name]) for name in _COLOR_FIELDS if wire.get(name) is not None})
        if pixels:
            wire = relative_object(wire, game.rendering.game_width, game.rendering.game_height)
        found.append(wire)
    return tuple(found)


def animations(game: GymGame) -> tuple[dict[str, Any], ...]:
    """Return a game's animations with every setting written out."""
    return tuple({"repeat": True, **given} for given in game.assets.animation_configs)


def _normal(color: Any) -> str:
    return normalize_color(tuple(color) if isinstance(color, list) else color)


# --- problems ---------------------------------------------------------------------------------------------------------


def problems_of_assets(path: NodePath, node: GymGame) -> Iterator[Problem]:
    """Return what is wrong with what a game says of its pictures, whatever files there are."""
    for field, entries, check in (
        ("preload_specs", node.assets.preload_specs, _of_spec),
        ("animation_configs", node.assets.animation_configs, _of_animation),
        ("state_init", node.assets.state_init, _of_object),
    ):
        key = "uuid" if field == "state_init" else "name"
        seen: dict[object, int] = {}
        for index, entry in enumerate(entries):
            place = f"assets.{field}[{index}]"
            for name, code, message in check(entry):
                yield problem_at(node, path, f"{place}.{name}" if name else place, code, message)
            identity = entry.get(key)
            if isinstance(identity, str) and identity in seen:
                message = f"{identity!r} is given twice (also at {seen[identity]}): give each its own {key}"
                yield problem_at(node, path, f"{place}.{key}", "given_twice", message)
            elif isinstance(identity, str):
                seen[identity] = index


def _of_spec(spec: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    yield from _text(spec, "name", "the name that the environment draws it by")
    if not any(isinstance(spec.get(name), str) and spec[name] for name in ("img_path", "path")):
        yield "img_path", "missing", "is missing: name the picture's file"


def _of_animation(config: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    yield from _text(config, "name", 'what a sprite says as its frame, like "walk"')
    yield from _text(config, "image", "the atlas or picture that the frames are of")
    frames = config.get("frames")
    if not isinstance(frames, list | tuple) or not frames:
        yield "frames", "missing", "must be a list of the frames' names or numbers, with at least one"
    else:
        for index, frame in enumerate(frames):
            if not isinstance(frame, str | int) or isinstance(frame, bool):
                yield f"frames[{index}]", "wrong_type", f"is {frame!r}; a frame is a name or a whole number"
    rate = config.get("frame_rate")
    if not isinstance(rate, int | float) or isinstance(rate, bool) or not 0 < rate <= MAX_FRAME_RATE_HZ:
        message = f"must be the frames a second: a number above 0, at most {MAX_FRAME_RATE_HZ}"
        yield "frame_rate", "out_of_bounds" if isinstance(rate, int | float) else "missing", message
    if not isinstance(config.get("repeat", True), bool):
        yield "repeat", "wrong_type", f"is {config['repeat']!r}; it must be true (over and over) or false (once)"


def _of_object(wire: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    yield from _text(wire, "uuid", "the id that the environment changes or removes the object by")
    kind = wire.get("object_type")
    if kind not in OBJECT_TYPES:
        hint = did_you_mean(kind, OBJECT_TYPES) if isinstance(kind, str) else ""
        what = "is missing" if kind is None else f"is {kind!r}{hint}"
        yield "object_type", "missing" if kind is None else "not_allowed", f"{what}; allowed: {', '.join(OBJECT_TYPES)}"
    for name in _COLOR_FIELDS:
        if wire.get(name) is not None:
            try:
                _normal(wire[name])
            except (ValueError, TypeError) as error:
                yield name, "invalid_color", f"is no colour: {error}"


def _text(entry: Mapping[str, Any], name: str, what: str) -> Iterator[tuple[str, str, str]]:
    value = entry.get(name)
    if not isinstance(value, str) or not value:
        yield name, "missing" if value is None else "wrong_type", f"must be a text: {what}"
