"""One of the conditions that an experiment compares, as a script says it."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from mug.configurations.configuration_constants import Given, ModelConfig, NotProvided
from mug.ids import check_id
from mug.scenes.values import Building, action_bindings, checked, plain_value
from mug.study.allocation import MAX_WEIGHT
from mug.study.catalog import FieldInfo
from mug.study.model import Node, RandomizeOrder, Repeat
from mug.study.rules import shown
from mug.study.treatments import ChangePlace, change_place

__all__ = ["Treatment", "built_arms", "checked_treatments"]


class Treatment:
    """A treatment: its name, and what differs in the experiment's scenes for whoever has it.

    ``Treatment("slow", changes={"game": {"rendering.fps": 15}})``

    Args:
        name: Its id, as data and exports have it.
        changes: Scene id → field → value. A field is written as in a study file: "scene_body" of a page,
            "rendering.fps" of a game, that is the chain method's name, a dot, and the parameter's. One entry of a table
            is named behind its field: "policies.policy_mapping.ai". Whatever is not named is as the scene says.
        title: Its name for people.
        weight: How many places it gets for each one of a treatment of weight 1, which is the default.

    Attributes:
        said: What was given, by the words of a study file.

    Raises:
        ValueError: For a name or weight that is not allowed.
        TypeError: For a value of a wrong type.
    """

    def __init__(
        self,
        name: str,
        changes: Given[Mapping[str, Mapping[str, Any]]] = NotProvided,
        *,
        title: Given[str | None] = NotProvided,
        weight: Given[int] = NotProvided,
    ) -> None:
        if not isinstance(name, str):
            raise TypeError(f"Treatment(name=…) is {shown(name)}; it must be a text")
        check_id(name, "name of a treatment")
        self.name = name
        self.said: dict[str, Any] = {}
        if title is not NotProvided and title is not None:
            if not isinstance(title, str):
                raise TypeError(f"Treatment({name!r}, title=…) is {shown(title)}; it must be a text")
            self.said["title"] = title
        if weight is not NotProvided:
            if isinstance(weight, bool) or not isinstance(weight, int):
                raise TypeError(f"Treatment({name!r}, weight=…) is {shown(weight)}; it must be a whole number")
            if not 1 <= weight <= MAX_WEIGHT:
                raise ValueError(f"Treatment({name!r}, weight=…) is {weight}; it must be from 1 to {MAX_WEIGHT}")
            self.said["weight"] = weight
        if changes is not NotProvided:
            self.said["changes"] = _changes(name, changes)

    def __repr__(self) -> str:
        return f"Treatment({self.name!r})"


def _changes(name: str, changes: Any) -> dict[str, dict[str, Any]]:
    """Return a copy of what a script gave: what it does with its own tables later changes nothing here."""
    place = f"Treatment({name!r}, changes=…)"
    if not isinstance(changes, Mapping):
        raise TypeError(f"{place} is {shown(changes)}; it must be a dict, scene id → field → value")
    for scene, fields in changes.items():
        if not isinstance(scene, str):
            raise TypeError(f"{place} has the key {shown(scene)}; it must be the id of a scene")
        if not isinstance(fields, Mapping) or not all(isinstance(field, str) for field in fields):
            raise TypeError(
                f'{place}[{scene!r}] is {shown(fields)}; it must be a dict, field → value, as {{"rendering.fps": 15}}'
            )
    return {scene: {field: _copied(value) for field, value in fields.items()} for scene, fields in changes.items()}


def _copied(value: Any) -> Any:
    match value:
        case Mapping():
            return {key: _copied(item) for key, item in value.items()}
        case list():
            return [_copied(item) for item in value]
        case tuple():
            return tuple(_copied(item) for item in value)
    return value


def checked_treatments(arms: Any) -> tuple[Treatment, ...]:
    """Return the treatments that a script gave, when they are such and differ by name.

    Raises:
        ValueError: When two have one name.
        TypeError: When something among them is no treatment.
    """
    if isinstance(arms, str | Mapping) or not isinstance(arms, Iterable):
        raise TypeError(f'treatments(arms=…) is {shown(arms)}; it must be a list, as [Treatment("a"), Treatment("b")]')
    listed = tuple(arms)
    for number, treatment in enumerate(listed):
        if not isinstance(treatment, Treatment):
            raise TypeError(f"treatments(arms=…)[{number}] is {shown(treatment)}; it must be a Treatment")
    names = [treatment.name for treatment in listed]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise ValueError(f"treatments(arms=…) has two treatments called {twice!r}: each needs a name of its own")
    return listed


def built_arms(treatments: Sequence[Treatment], chain: Sequence[Node], building: Building) -> dict[str, dict[str, Any]]:
    """Return treatments as a study holds them: plain data, with references in the place of Python objects.

    A scene or field that is not there is kept: the study's validation says so, with all other problems.

    Raises:
        ValueError: For a value that a field does not allow; names the treatment, the scene, the field.
        TypeError: For a value of a type that it does not allow.
    """
    scenes = dict(_scenes(chain))
    built: dict[str, dict[str, Any]] = {}
    for treatment in treatments:
        arm = dict(treatment.said)
        if "changes" in arm:
            arm["changes"] = {
                scene: {
                    field: _built(treatment.name, scenes.get(scene), scene, field, value, building)
                    for field, value in fields.items()
                }
                for scene, fields in arm["changes"].items()
            }
        built[treatment.name] = arm
    return built


def _scenes(nodes: Sequence[Node]) -> Iterable[tuple[str, Node]]:
    for node in nodes:
        if isinstance(node, RandomizeOrder | Repeat):
            yield from _scenes(node.scenes)
        else:
            yield node.scene_id, node


def _built(treatment: str, node: Node | None, scene: str, field: str, value: Any, building: Building) -> Any:
    where = f"treatment {treatment!r}, scene {scene!r}, {field}"
    if value is None:
        raise ValueError(f"{where} is None: give a value, or leave the field out of the scene itself instead")
    place = change_place(type(node), field) if node is not None else None
    if not isinstance(place, ChangePlace):
        return plain_value(where, value)
    info = place.info
    if place.inside:
        return _reference(info, value, where, f"treatments.{treatment}.{scene}.{field}", building)
    if info.name == "action_mapping":
        bindings = action_bindings(where, value) if isinstance(value, Mapping) else None
        if bindings is None:
            return plain_value(where, value)
        return [{"keys": list(binding.keys), "action": plain_value(where, binding.action)} for binding in bindings]
    try:
        checked("treatments", info, value)
    except (TypeError, ValueError) as error:
        raise type(error)(str(error).replace(f"treatments({info.name}=…)", where)) from error
    if info.name == "policy_mapping":
        named = f"treatments.{treatment}.{scene}.{field}"
        return {str(agent): _reference(info, one, where, f"{named}.{agent}", building) for agent, one in value.items()}
    return _reference(info, value, where, f"treatments.{treatment}.{scene}.{field}", building)


def _reference(info: FieldInfo, value: Any, where: str, place: str, building: Building) -> Any:
    """Return a value as plain data; a Python object of a field that takes one becomes a reference."""
    if info.shape == "policy" and (isinstance(value, ModelConfig) or callable(value)):
        return building.policy(value, place)
    if info.shape == "callable" and not isinstance(value, str):
        return building.reference(value, place)
    if info.shape == "path" and isinstance(value, str):
        return building.path(value)
    return plain_value(where, value)
