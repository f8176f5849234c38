"""The settings of the scenes that ask for it, each in a file of its own beside the tables."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from mug.ids import is_valid_id
from mug.study.decoding import decode_study, encode_study

__all__ = ["scene_files", "write_scene_settings"]


def write_scene_settings(folder: Path, study: Mapping[str, Any]) -> None:
    """Write ``<n>_<scene_id>.json`` into `folder` for every scene of a study with `should_export_metadata`."""
    for name, settings in scene_files(study).items():
        folder.mkdir(parents=True, exist_ok=True)
        text = json.dumps(settings, indent=2, ensure_ascii=False) + "\n"
        (folder / name).write_text(text, encoding="utf-8", newline="\n")


def scene_files(study: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return file name -> settings with their defaults and the scene's `node_path`.

    The number counts the scenes from 1 in the order of the chain, through wrappers. A study that this version of MUG
    cannot read any more gives its scenes as they were written.
    """
    decoded, _ = decode_study(study)
    plain: Mapping[str, Any] = study if decoded is None else encode_study(decoded, defaults=True)
    files: dict[str, dict[str, Any]] = {}
    for number, (path, scene) in enumerate(_scenes(plain.get("chain"), ()), start=1):
        scene_id = scene.get("scene_id")
        if scene.get("should_export_metadata") is True and isinstance(scene_id, str):
            label = scene_id if is_valid_id(scene_id) else "scene"
            files[f"{number}_{label}.json"] = {"node_path": list(path), **scene}
    return files


def _scenes(nodes: object, above: tuple[int, ...]) -> Iterator[tuple[tuple[int, ...], Mapping[str, Any]]]:
    for index, node in enumerate(nodes if isinstance(nodes, list | tuple) else ()):
        if not isinstance(node, Mapping):
            continue
        if "scenes" in node:
            yield from _scenes(node["scenes"], (*above, index))
        else:
            yield (*above, index), node
