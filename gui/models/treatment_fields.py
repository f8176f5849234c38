"""What treatments can change: the scenes and fields of a study, with their names for people, and what differs now."""

from dataclasses import dataclass
from typing import Any

from mug.study.catalog import fields, struct_fields
from mug.study.decoding import encode_value
from mug.study.model import Node, RandomizeOrder, Repeat, Section, Study
from mug.study.traversal import walk
from mug.study.treatments import ChangePlace, arms_of, change_place, given_value

__all__ = ["DifferenceRow", "differences", "field_choices", "first_value", "scene_of", "scenes_of", "title_of"]


@dataclass(frozen=True)
class DifferenceRow:
    """One field that differs by treatment.

    Attributes:
        scene_id, title: The scene, and the field's name for people.
        field: Its name in a study file.
        base: What the scene itself says.
        values: Treatment -> what it says; a treatment that does not change the field has the scene's own value.
        changed: The treatments that change it.
    """

    scene_id: str
    title: str
    field: str
    base: Any
    values: dict[str, Any]
    changed: frozenset[str]


def scenes_of(study: Study | None) -> tuple[Node, ...]:
    """Return the scenes of a study, each id once, in their order."""
    found: dict[str, Node] = {}
    for _, node in walk(study) if study is not None else ():
        if not isinstance(node, RandomizeOrder | Repeat):
            found.setdefault(str(node.scene_id), node)
    return tuple(found.values())


def scene_of(study: Study | None, scene_id: str) -> Node | None:
    """Return a scene by its id."""
    return next((node for node in scenes_of(study) if getattr(node, "scene_id", None) == scene_id), None)


def field_choices(struct: type[Section]) -> tuple[tuple[str, str], ...]:
    """Return the fields that a treatment can change in a kind of scene: name and title, in the catalog's order."""
    return tuple(
        (name, title_of(struct, name))
        for name, info in fields(struct)
        if isinstance(change_place(struct, name), ChangePlace) and info.type_words != "list of node"
    )


def title_of(struct: type[Section] | None, field: str) -> str:
    """Return a field's name for people, its section's before it; of one that there is not, its name."""
    place = change_place(struct, field) if struct is not None else None
    if not isinstance(place, ChangePlace) or struct is None:
        return field
    words = [place.info.title]
    if len(place.names) > 1:
        words.insert(0, next(info.title for info in struct_fields(struct) if info.name == place.names[0]))
    if place.inside:
        words.append(place.inside)
    return " · ".join(words)


def first_value(node: Section, field: str) -> Any:
    """Return the value with which a change begins: what the scene itself says, else an empty one."""
    place = change_place(type(node), field)
    if not isinstance(place, ChangePlace):
        return ""
    value = encode_value(given_value(node, place))
    if value is not None:
        return value
    words = place.info.type_words
    if place.info.choices:
        return place.info.choices[0]
    if words.startswith("true"):
        return False
    if "number" in words and not words.startswith(("list", "table")):
        return place.info.ge if place.info.ge is not None else 0
    return [] if words.startswith("list") else {} if words.startswith("table") else ""


def differences(study: Study) -> tuple[DifferenceRow, ...]:
    """Return every field that some treatment changes, in the order of the chain."""
    arms = arms_of(study)
    rows: list[DifferenceRow] = []
    known = scenes_of(study)
    order = [str(getattr(node, "scene_id", "")) for node in known]
    named = dict.fromkeys((scene, field) for arm in arms for scene in arm.changes for field in arm.changes[scene])
    for scene, field in sorted(named, key=lambda place: order.index(place[0]) if place[0] in order else len(order)):
        node = scene_of(study, scene)
        place = change_place(type(node), field) if node is not None else None
        base = encode_value(given_value(node, place)) if node is not None and isinstance(place, ChangePlace) else None
        values = {arm.name: arm.changes.get(scene, {}).get(field, base) for arm in arms}
        changed = frozenset(arm.name for arm in arms if field in arm.changes.get(scene, {}))
        title = title_of(type(node) if node is not None else None, field)
        rows.append(DifferenceRow(scene, title, field, base, values, changed))
    return tuple(rows)
