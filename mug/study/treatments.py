"""What a study is under one of its treatments: the same scenes in the same order, with some fields that differ."""

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

import msgspec

from mug.study.catalog import FieldInfo, struct_fields
from mug.study.decoding import decode_field
from mug.study.errors import TreatmentError
from mug.study.model import Node, RandomizeOrder, Repeat, Section, Study
from mug.study.problems import did_you_mean
from mug.study.rules import shown
from mug.study.traversal import NodePath, walk
from mug.study.treatment_section import ARM_FIELDS, Arm, Treatments, arms_in

__all__ = [
    "ARM_FIELDS",
    "Arm",
    "ChangeFault",
    "ChangePlace",
    "applied",
    "apply",
    "arms_of",
    "change_place",
    "changed_scenes",
    "every_version",
    "given_value",
    "versions_of",
]

_FIXED: Final = frozenset({"scene_id"})
"""Fields that are the same under every treatment, so that data of one scene can be compared."""


class ChangePlace(NamedTuple):
    """Where a change leads to in a scene.

    Attributes:
        names: The field's name, its section's before it.
        info: What is known about the field.
        inside: The key inside of its table ("policies.policy_mapping.ai" names the entry "ai"); empty: all of it.
    """

    names: tuple[str, ...]
    info: FieldInfo
    inside: str = ""


class ChangeFault(NamedTuple):
    """A change that cannot be made. `field` None: the scene itself is not there."""

    scene_id: str
    field: str | None
    code: str
    message: str


def arms_of(study: Study) -> tuple[Arm, ...]:
    """Return the treatments in the order of the study; what a file says wrongly of one is left out."""
    return arms_in(study.treatments)


def changed_scenes(study: Study) -> frozenset[str]:
    """Return the ids of the scenes that differ by treatment: those in which some treatment changes something."""
    return frozenset(scene for arm in arms_of(study) for scene, fields in arm.changes.items() if fields)


def versions_of(study: Study) -> Iterator[tuple[str, Study]]:
    """Iterate over the study under each treatment, with its name; without treatments it is the study itself.

    Raises:
        TreatmentError: As `apply`.
    """
    arms = arms_of(study)
    if not arms:
        yield "", study
    for arm in arms:
        yield arm.name, apply(study, arm.name)


def every_version(study: Study) -> tuple[tuple[str, NodePath, Node], ...]:
    """Return every node as it stands, and again as each treatment changes it: (treatment or "", path, node)."""
    found = [("", path, node) for path, node in walk(study)]
    for arm in arms_of(study):
        changed = {scene for scene, fields in arm.changes.items() if fields}
        version, _ = applied(study, arm)
        found += [
            (arm.name, path, node)
            for path, node in walk(version)
            if not isinstance(node, RandomizeOrder | Repeat) and node.scene_id in changed
        ]
    return tuple(found)


def apply(study: Study, arm: str) -> Study:
    """Return the study as it is under a treatment, without treatments; "" is no treatment: the study as it stands.

    Raises:
        TreatmentError: When there is no such treatment, or one of its changes cannot be made.
    """
    if not arm:
        return msgspec.structs.replace(study, treatments=Treatments())
    found = next((known for known in arms_of(study) if known.name == arm), None)
    if found is None:
        names = [known.name for known in arms_of(study)]
        raise TreatmentError(f"the study has no treatment {arm!r}{did_you_mean(arm, names)}")
    changed, faults = applied(study, found)
    if faults:
        fault = faults[0]
        place = f"scene {fault.scene_id!r}" + (f", {fault.field}" if fault.field else "")
        raise TreatmentError(f"treatment {arm!r}: {place} {fault.message}")
    return changed


def applied(
    study: Study, arm: Arm, memo: dict[tuple[int, int], tuple[Any, ...]] | None = None
) -> tuple[Study, tuple[ChangeFault, ...]]:
    """Return the study under a treatment with every change that can be made, and what is wrong with the others.

    Args:
        study: The study.
        arm: The treatment.
        memo: Kept from call to call, it lets scenes stay the same objects while neither they nor their changes change.
    """
    known = {node.scene_id: node for _, node in walk(study) if not isinstance(node, RandomizeOrder | Repeat)}
    faults = [
        ChangeFault(scene, None, "unknown_scene", f"is no scene of the study{did_you_mean(scene, known)}")
        for scene in arm.changes
        if scene not in known
    ]
    told: set[str] = set()

    def changed(node: Node) -> Node:
        if isinstance(node, RandomizeOrder | Repeat):
            scenes = tuple(changed(inner) for inner in node.scenes)
            if all(one is other for one, other in zip(scenes, node.scenes, strict=True)):
                return node
            return msgspec.structs.replace(node, scenes=scenes)
        fields = arm.changes.get(node.scene_id)
        if not fields:
            return node
        key = (id(node), id(fields))
        made = memo.get(key) if memo is not None else None
        if made is None:
            made = (*_changed_scene(node, fields), node, fields)  # held, so that no other object can have their ids
            if memo is not None:
                memo[key] = made
        if node.scene_id not in told:
            told.add(node.scene_id)
            faults.extend(made[1])
        result: Node = made[0]
        return result

    chain = tuple(changed(node) for node in study.chain)
    return msgspec.structs.replace(study, chain=chain, treatments=Treatments()), tuple(faults)


def change_place(struct: type[Section], field: str) -> ChangePlace | tuple[str, str]:
    """Return where a change of a scene leads to, or (code, message) when it leads nowhere."""
    names = field.split(".")
    section: type[Section] = struct
    for depth, name in enumerate(names):
        infos = {info.name: info for info in struct_fields(section)}
        info = infos.get(name)
        before = "".join(f"{part}." for part in names[:depth])
        if info is None or (depth == 0 and name in ("scenes", "chain")):
            hint = did_you_mean(field, _all_fields(struct)) or did_you_mean(name, infos)
            return "unknown_field", f"is no field of this scene{hint}"
        if info.section is None:
            inside = ".".join(names[depth + 1 :])
            if before + name in _FIXED:
                return "fixed_field", "is the same under every treatment: take this change out"
            if inside and not info.type_words.startswith("table"):
                return "unknown_field", f"is no field: {before}{name} is a {info.type_words}, and has no parts"
            return ChangePlace(tuple(names[: depth + 1]), info, inside)
        section = info.section
    first = struct_fields(section)[0].name
    return "unknown_field", f"is a section: name one of its fields, as {field}.{first}"


def given_value(node: Section, place: ChangePlace) -> Any:
    """Return what a scene itself says at a place; None when a table has no such entry."""
    value: Any = node
    for name in place.names:
        value = getattr(value, name)
    if not place.inside:
        return value
    found, rest = value, place.inside
    while isinstance(found, Mapping):
        if rest in found:
            return found[rest]
        key, _, rest = rest.partition(".")
        found = found.get(key)
    return None


def _all_fields(struct: type[Section], prefix: str = "") -> list[str]:
    found: list[str] = []
    for info in struct_fields(struct):
        if info.section is not None:
            found += _all_fields(info.section, f"{prefix}{info.name}.")
        else:
            found.append(prefix + info.name)
    return found


def _changed_scene(scene: Section, fields: Mapping[str, Any]) -> tuple[Section, tuple[ChangeFault, ...]]:
    scene_id = str(getattr(scene, "scene_id", ""))
    faults: list[ChangeFault] = []
    for name in sorted(fields):
        around = next((other for other in fields if name.startswith(f"{other}.")), None)
        if around is not None:
            message = f"is changed twice: as a part of {around}, too; keep one of the two"
            faults.append(ChangeFault(scene_id, name, "changed_twice", message))
            continue
        place = change_place(type(scene), name)
        if not isinstance(place, ChangePlace):
            faults.append(ChangeFault(scene_id, name, *place))
            continue
        try:
            scene = _with(scene, place.names, place, fields[name])
        except _Refused as refused:
            faults.append(ChangeFault(scene_id, name, "wrong_type", str(refused)))
    return scene, tuple(faults)


class _Refused(Exception):
    """A value that a field cannot have, in words."""


def _with(section: Section, names: tuple[str, ...], place: ChangePlace, raw: Any) -> Section:
    name, rest = names[0], names[1:]
    if rest:
        return msgspec.structs.replace(section, **{name: _with(getattr(section, name), rest, place, raw)})
    if raw is None:
        raise _Refused("is nothing: a study file has no word for that; leave the field out of the scene itself instead")
    value = _inside(getattr(section, name), place.inside, raw) if place.inside else raw
    decoded, problem = decode_field(place.info, value)
    if problem:
        raise _Refused(problem)
    return msgspec.structs.replace(section, **{name: decoded})


def _inside(table: Any, key: str, value: Any) -> dict[str, Any]:
    """Return a table with another value at a key; where none is called so, dots lead into tables inside of it."""
    known = dict(table) if isinstance(table, Mapping) else {}
    first, dot, rest = key.partition(".")
    if key not in known and dot and isinstance(known.get(first), Mapping):
        return {**known, first: _inside(known[first], rest, value)}
    if key not in known and dot and first in known:
        raise _Refused(f"leads into {first!r}, which is {shown(known[first])} and has no parts")
    return {**known, key: value}
