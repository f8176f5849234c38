"""Saving what environments hold by copying it: as a pickle, or with `copy.deepcopy`.

Both make new objects at every restore. Environments themselves, `mug.rendering` objects, classes, functions,
Gymnasium's spaces and generators of random numbers are not copied: they stay the objects they are, and the generators'
states are kept beside the copy.
"""

import copy
import io
import pickle
import types
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from mug.play.snapshots_walker import (
    DESCRIPTIONS,
    GENERATORS,
    Graph,
    Layer,
    Part,
    is_generator,
    is_held,
    is_space,
    module_of,
    slots_of,
)

__all__ = ["DeepCopies", "Pickles", "layer_content", "put_back"]

_SLOTS: Final = "__slots__"


def layer_content(layer: Layer) -> dict[str, Any]:
    """Return a layer's attributes, without those that are not state; slots under one key of their own."""
    value, left_out = layer.value, layer.left_out
    content = {name: item for name, item in getattr(value, "__dict__", {}).items() if name not in left_out}
    names = [name for name in slots_of(type(value)) if name not in left_out]
    if names:
        content[_SLOTS] = {name: getattr(value, name) for name in names if hasattr(value, name)}
    return content


def put_back(layer: Layer, content: dict[str, Any]) -> None:
    """Give a layer its attributes again; what is not state stays as it is now."""
    value = layer.value
    slots = content.pop(_SLOTS, None)
    state = getattr(value, "__dict__", None)
    if state is not None:
        kept = {name: state[name] for name in layer.left_out if name in state}
        state.clear()
        state.update(content)
        state.update(kept)
    if slots is not None:
        for name in slots_of(type(value)):
            if name in layer.left_out:
                continue
            if name in slots:
                object.__setattr__(value, name, slots[name])
            elif hasattr(value, name):
                object.__delattr__(value, name)


_OPEN: list[list[Any]] = []
"""Objects that the pickle being read refers to."""


def _held(index: int) -> Any:
    return _OPEN[-1][index]


class _Pickler(pickle.Pickler):
    def __init__(self, file: io.BytesIO, layers: Sequence[Layer]) -> None:
        super().__init__(file, 5)
        self.held: list[Any] = []
        self._layers = {id(layer.value) for layer in layers}
        self.generators: list[Any] = []

    def reducer_override(self, value: Any) -> Any:
        """Refer to what is not copied by its place in `held`."""
        kind = type(value)
        if value is _held:
            return NotImplemented
        fate = _FATES.get(kind)
        if fate is None:
            fate = _FATES[kind] = _fate(kind)
        if fate == _COPIED and id(value) not in self._layers:
            return NotImplemented
        if fate == _GENERATED:
            self.generators.append(value)
        self.held.append(value)
        return _held, (len(self.held) - 1,)


_COPIED: Final = 1
_KEPT: Final = 2
_GENERATED: Final = 3
_FATES: Final[dict[type, int]] = {}


def _fate(kind: type) -> int:
    if is_space(kind) or issubclass(kind, GENERATORS):
        return _GENERATED
    if issubclass(kind, (type, types.ModuleType, types.FunctionType)):
        return _KEPT
    return _KEPT if is_held(kind) and module_of(kind).startswith("mug.rendering") else _COPIED


Saved = tuple[Any, Any, list[Part]]
"""The copy, what it refers to, the generators' states."""


class Pickles:
    """Copies by pickle, protocol 5. `save` raises whatever pickling raises."""

    def save(self, layers: Sequence[Layer]) -> Saved:
        """Return a copy of what the layers hold."""
        file = io.BytesIO()
        pickler = _Pickler(file, layers)
        pickler.dump([_without_descriptions(layer_content(layer)) for layer in layers])
        generators = Graph(()).also(pickler.generators).save() if pickler.generators else []
        return file.getvalue(), pickler.held, generators

    def load(self, layers: Sequence[Layer], saved: Saved) -> None:
        """Put a copy back."""
        data, held, generators = saved
        _OPEN.append(held)
        try:
            contents = pickle.loads(data)
        finally:
            _OPEN.pop()
        _put_all_back(layers, contents)
        _restore(generators)


class DeepCopies:
    """Copies by `copy.deepcopy`. `save` raises whatever copying raises."""

    def save(self, layers: Sequence[Layer]) -> Saved:
        """Return a copy of what the layers hold."""
        contents = [_without_descriptions(layer_content(layer)) for layer in layers]
        kept = [layer.value for layer in layers]
        kept += _kept_in(contents, kept)
        memo = {id(value): value for value in kept}
        made = copy.deepcopy(contents, memo)
        generators = Graph(()).also(value for value in kept if is_generator(value) or is_space(type(value))).save()
        return made, kept, generators

    def load(self, layers: Sequence[Layer], saved: Saved) -> None:
        """Put a copy of the copy back."""
        made, kept, generators = saved
        contents = copy.deepcopy(made, {id(value): value for value in kept})
        _put_all_back(layers, contents)
        _restore(generators)


def _without_descriptions(content: dict[str, Any]) -> dict[str, Any]:
    return {name: item for name, item in content.items() if name not in DESCRIPTIONS}


def _put_all_back(layers: Sequence[Layer], contents: list[dict[str, Any]]) -> None:
    for layer, content in zip(layers, contents, strict=True):
        state = getattr(layer.value, "__dict__", {})
        content.update({name: state[name] for name in DESCRIPTIONS if name in state and name not in content})
        put_back(layer, content)


def _restore(parts: Iterable[Part]) -> None:
    for restore, value, content in parts:
        restore(value, content)


def _kept_in(contents: Sequence[Any], known: Sequence[Any]) -> list[Any]:
    """Find everything below `contents` that deep copies must not copy."""
    found: list[Any] = []
    seen = {id(value) for value in known}
    stack: list[Any] = list(contents)
    while stack:
        value = stack.pop()
        if id(value) in seen:
            continue
        seen.add(id(value))
        kind = type(value)
        if _FATES.get(kind) is None:
            _FATES[kind] = _fate(kind)
        if _FATES[kind] != _COPIED:
            found.append(value)
        elif isinstance(value, dict):
            stack += [*value.values(), *value.keys()]
        elif isinstance(value, (list, tuple, set, frozenset)):
            stack += value
        elif not is_held(kind):
            stack += [item for item in _attributes(value) if item is not value]
    return found


def _attributes(value: Any) -> list[Any]:
    items = list(getattr(value, "__dict__", {}).values())
    return items + [getattr(value, name) for name in slots_of(type(value)) if hasattr(value, name)]


Copier = Callable[[Any], Any]


def first_failure(value: Any, path: str, copier: Copier, layers: Sequence[Layer], depth: int = 0) -> tuple[str, Any]:
    """Return path and value of the innermost thing below `value` that `copier` cannot copy."""
    if depth < 20:
        for name, part in _named_parts(value):
            if any(part is layer.value for layer in layers):
                continue
            try:
                copier(part)
            except Exception:
                return first_failure(part, path + name, copier, layers, depth + 1)
    return path, value


def _named_parts(value: Any) -> Iterable[tuple[str, Any]]:
    if isinstance(value, dict):
        return [(f"[{key!r}]", item) for key, item in value.items()]
    if isinstance(value, (list, tuple, set, frozenset)):
        return [(f"[{index}]", item) for index, item in enumerate(value)]
    names = [*getattr(value, "__dict__", {}), *slots_of(type(value))]
    return [(f".{name}", getattr(value, name)) for name in names if hasattr(value, name)]
