"""Studies about people: pages, forms and small games of two, in the order in which a test needs them."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import tomlkit

from tests.drivers.pair_study import write_pair_study

__all__ = ["FORM", "game", "write_people_study"]

FORM = {
    "kind": "text_box",
    "scene_id": "thoughts",
    "scene_header": "Before you begin",
    "text_box_header": "What do you expect?",
}


def game(scene_id: str, **sections: Mapping[str, Any]) -> dict[str, Any]:
    """Another game like the small world's, with other sections: ``game("again", waitroom={"timeout": 5000})``."""
    return {"kind": "game", "scene_id": scene_id, "sections": sections}


def write_people_study(
    folder: Path, scenes: Sequence[Mapping[str, Any]], *, frames: int = 240, settings: Mapping[str, Any] | None = None
) -> Path:
    """Write a study: a start page, `scenes`, an end page.

    Args:
        folder: Made; the study's folder.
        scenes: Nodes as `study.toml` has them; what `game` made becomes a game of the small world.
        frames: Length of an episode.
        settings: Sections of the study itself (screening, endings, …).
    """
    write_pair_study(folder, frames=frames)
    file = folder / "study.toml"
    document = tomlkit.parse(file.read_text(encoding="utf-8")).unwrap()
    start, pattern, end = document["chain"]
    chain = [start]
    for scene in scenes:
        if scene["kind"] != "game":
            chain.append(dict(scene))
            continue
        made = {name: dict(value) if isinstance(value, dict) else value for name, value in pattern.items()}
        made["scene_id"] = scene["scene_id"]
        for name, section in scene["sections"].items():
            made[name] = {**made.get(name, {}), **section}
        chain.append(made)
    document["chain"] = [*chain, end]
    document.update(settings or {})
    file.write_text(tomlkit.dumps(document), encoding="utf-8")
    return folder
