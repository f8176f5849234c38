"""Attribute paths through everything that environments hold, as messages name them: ``env.players[0].speed``."""

import collections
import functools
import types
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from mug.play.snapshots_walker import DESCRIPTIONS, Layer, is_generator, is_held, is_space, module_of, slots_of

__all__ = ["attributes_of", "path_of", "reached", "steps", "type_name"]

Step = tuple[str, Any]
"""What is added to the path, and what is there."""


def type_name(value: Any) -> str:
    """Return the type of a value, with its module unless it is built in, or does not say it."""
    kind = type(value)
    module = module_of(kind)
    return kind.__qualname__ if module in ("", "builtins") else f"{module}.{kind.__qualname__}"


def attributes_of(value: Any, left_out: frozenset[str] = frozenset()) -> dict[str, Any]:
    """Return an object's attributes by name, those in slots too."""
    found = {str(name): item for name, item in getattr(value, "__dict__", {}).items()}
    found.update({name: getattr(value, name) for name in slots_of(type(value)) if hasattr(value, name)})
    return {name: item for name, item in found.items() if name not in left_out and name not in DESCRIPTIONS}


def steps(value: Any) -> list[Step]:
    """Return what a value refers to, as far as states go: nothing behind classes, modules, drawings, generators."""
    kind = type(value)
    if isinstance(value, types.FunctionType):
        return _function(value)
    if isinstance(value, types.CellType):
        return _cell(value)
    if is_held(kind) or is_generator(value):
        return []
    if is_space(kind):
        state = vars(value)
        return [(f".{name}", state[name]) for name in ("_np_random", "spaces") if state.get(name) is not None]
    if isinstance(value, Mapping):
        entries = [(f"[{key!r}]", item) for key, item in value.items()]
        entries += [(f"[key {key!r}]", key) for key in value if not isinstance(key, (str, int, float, bytes))]
        return entries + _attribute_steps(value)
    if isinstance(value, (list, tuple, collections.deque)):
        return [(f"[{index}]", item) for index, item in enumerate(value)] + _attribute_steps(value)
    if isinstance(value, (set, frozenset)):
        return [("{}", item) for item in value] + _attribute_steps(value)
    if isinstance(value, np.ndarray):
        return [(f"[{i}]", item) for i, item in enumerate(value.ravel().tolist())] if value.dtype.hasobject else []
    if isinstance(value, (types.MethodType, types.BuiltinMethodType)):
        return [(".__self__", value.__self__), (".__func__", getattr(value, "__func__", None))]
    if isinstance(value, functools.partial):
        return [(".func", value.func), (".args", value.args), (".keywords", value.keywords)]
    return _attribute_steps(value)


def _attribute_steps(value: Any) -> list[Step]:
    return [(f".{name}", item) for name, item in attributes_of(value).items()]


def _function(value: types.FunctionType) -> list[Step]:
    names = value.__code__.co_freevars
    found: list[Step] = [(f".<{name}>", cell) for name, cell in zip(names, value.__closure__ or (), strict=False)]
    found += [(f".<default {index}>", item) for index, item in enumerate(value.__defaults__ or ())]
    found += [(f".<default {name}>", item) for name, item in (value.__kwdefaults__ or {}).items()]
    return found + [(f".{name}", item) for name, item in value.__dict__.items()]


def _cell(value: types.CellType) -> list[Step]:
    try:
        return [("", value.cell_contents)]
    except ValueError:
        return []


def reached(layers: Sequence[Layer]) -> Iterator[Step]:
    """Yield everything that the layers hold with the shortest path to it; mutable objects once."""
    environments = {id(layer.value) for layer in layers}
    queue: list[Step] = []
    for layer in layers:
        held = attributes_of(layer.value, layer.left_out)
        queue += [(f"{layer.prefix}.{name}", item) for name, item in held.items()]
    seen: set[int] = set()
    for path, value in queue:  # grows while it is read
        if id(value) in environments:
            continue
        if id(value) in seen and not isinstance(value, (bool, int, float, str, bytes, type(None))):
            continue
        seen.add(id(value))
        yield path, value
        queue += [(path + step, part) for step, part in steps(value)]


def path_of(layers: Sequence[Layer], wanted: Any) -> str:
    """Return the shortest path to an object, or ``env`` when none leads there."""
    return next((path for path, value in reached(layers) if value is wanted), "env")
