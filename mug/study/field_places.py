"""Places inside of a field's value, as problems name them: ``gameplay.action_mapping[2].keys``, ``images[0][1]``."""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple, TypeAlias

import msgspec

from mug.study.catalog import FieldInfo, struct_fields
from mug.study.model import KeyBinding, Section

__all__ = ["FieldPlace", "Step", "find_place", "value_inside", "with_value_inside"]

Step: TypeAlias = str | int
"""A key of a table, a field of a key binding, or an index of a list."""

_INDEX = re.compile(r"\[(\d+)\]")


class FieldPlace(NamedTuple):
    """A field of a node or study, and a place in its value.

    Attributes:
        field: The field's dotted name, as `mug.study.edits.SetField` takes it.
        info: What is known about it.
        root: The field's whole value.
        steps: The way from there; empty: the whole value.
    """

    field: str
    info: FieldInfo
    root: Any
    steps: tuple[Step, ...]

    @property
    def value(self) -> Any:
        """What is at the place."""
        return value_inside(self.root, self.steps)


def find_place(section: Section, name: str, prefix: str = "") -> FieldPlace | None:
    """Return the place that a problem's field names in a node or study; None: there is none."""
    infos = {info.name: info for info in struct_fields(type(section))}
    first = re.split(r"[.\[]", name, maxsplit=1)[0]
    info = infos.get(first)
    if info is None:
        return None
    rest = name[len(first) :]
    value = getattr(section, first)
    if info.section is not None:
        return find_place(value, rest[1:], f"{first}.") if rest.startswith(".") and not prefix else None
    steps = _steps(value, rest)
    return FieldPlace(prefix + first, info, value, steps) if steps is not None else None


def _steps(value: Any, rest: str) -> tuple[Step, ...] | None:
    if not rest:
        return ()
    index = _INDEX.match(rest)
    if index is not None:
        number = int(index[1])
        if not isinstance(value, list | tuple) or number >= len(value):
            return None
        inner = _steps(value[number], rest[index.end() :])
        return None if inner is None else (number, *inner)
    keys = ("keys", "action") if isinstance(value, KeyBinding) else value if isinstance(value, Mapping) else ()
    for key in sorted(keys, key=len, reverse=True):  # a key may hold dots itself
        if rest == f".{key}" or rest.startswith((f".{key}.", f".{key}[")):
            inner = _steps(value_inside(value, (key,)), rest[len(key) + 1 :])
            if inner is not None:
                return (key, *inner)
    return None


def value_inside(value: Any, steps: tuple[Step, ...]) -> Any:
    """Return what is at a place of a value."""
    for step in steps:
        value = getattr(value, str(step)) if isinstance(value, KeyBinding) else value[step]
    return value


def with_value_inside(value: Any, steps: tuple[Step, ...], new: Any) -> Any:
    """Return a value with another one at a place; the tables and lists on the way are copies."""
    if not steps:
        return new
    step, rest = steps[0], steps[1:]
    inner = with_value_inside(value_inside(value, (step,)), rest, new)
    match value:
        case KeyBinding():
            return msgspec.structs.replace(value, **{str(step): inner})
        case Mapping():
            return {key: inner if key == step else item for key, item in value.items()}
    return type(value)(inner if index == step else item for index, item in enumerate(value))
