"""Saving a graph of objects in place: what every mutable object holds is copied, and put back into the same objects.

No object is made anew, so whoever holds a reference (a wrapper, a closure, a drawing) still holds the right one after a
restore. Numbers, texts and other immutable values are kept by reference. Not looked into are `mug.rendering` objects,
classes and modules: the first describe the page, the others are not the environment's own.
"""

import array
import collections
import datetime
import decimal
import enum
import fractions
import functools
import io
import itertools
import logging
import operator
import pathlib
import random
import re
import threading
import types
import uuid
import weakref
from collections.abc import Callable, Iterable
from typing import Any, Final

import numpy as np

__all__ = [
    "Graph",
    "Layer",
    "OpaqueObject",
    "is_generator",
    "is_held",
    "is_space",
    "layers_of",
    "module_of",
    "slots_of",
]

Part = tuple[Callable[[Any, Any], None], Any, Any]
"""How to put content back, into which object, the content (never changed)."""

_POINTER: Final = 8
_HEAP_TYPE: Final = 1 << 9

ATOMS: Final = frozenset(
    (type(None), bool, int, float, complex, str, bytes, range, slice, type(Ellipsis), type(NotImplemented))
) | frozenset(kind for kind in np.sctypeDict.values() if kind not in (np.void, np.object_))
"""Values without anything that could change."""

GENERATORS: Final = (np.random.Generator, np.random.RandomState, np.random.BitGenerator, random.Random)

_HELD_KINDS: Final = (
    type,
    types.ModuleType,
    types.MethodDescriptorType,
    types.WrapperDescriptorType,
    types.GetSetDescriptorType,
    types.MemberDescriptorType,
    types.CodeType,
    types.GenericAlias,
    types.MappingProxyType,
    property,
    staticmethod,
    classmethod,
    enum.Enum,
    weakref.ref,
    re.Pattern,
    datetime.date,
    datetime.time,
    datetime.timedelta,
    datetime.tzinfo,
    decimal.Decimal,
    fractions.Fraction,
    pathlib.PurePath,
    uuid.UUID,
    np.dtype,
    np.ufunc,
    BaseException,
    logging.Logger,
    logging.Handler,
    io.IOBase,
    threading.Thread,
    type(threading.Lock()),
    type(threading.RLock()),
    threading.local,
    operator.itemgetter,
    operator.attrgetter,
    operator.methodcaller,
    functools._lru_cache_wrapper,
    np.random.SeedSequence,
)
"""Kept as they are: immutable, or nothing that belongs to a game's state."""


class OpaqueObject(Exception):
    """An object whose state nobody can read and put back."""

    def __init__(self, value: Any) -> None:
        self.value = value
        super().__init__(type(value).__qualname__)


class Layer:
    """One environment of the chain (wrapper, adapter, environment itself).

    Attributes:
        prefix: Its path: "env" is the outermost, "env.env" what it wraps.
        left_out: Names of its attributes that only pictures change.
    """

    __slots__ = ("left_out", "prefix", "value")

    def __init__(self, prefix: str, value: Any, left_out: frozenset[str]) -> None:
        self.prefix = prefix
        self.value = value
        self.left_out = left_out


def layers_of(env: Any, left_out: Iterable[str] = ()) -> list[Layer]:
    """Return the environment and those it wraps, outermost first.

    Args:
        env: The outermost environment.
        left_out: Paths of attributes that are not state, such as "env.env.surface".
    """
    names: dict[str, set[str]] = {}
    for path in left_out:
        prefix, _, name = path.rpartition(".")
        names.setdefault(prefix, set()).add(name)
    found: list[Layer] = []
    prefix, layer, seen = "env", env, set()
    while layer is not None and id(layer) not in seen:
        seen.add(id(layer))
        inner = getattr(layer, "__dict__", {}).get("env")
        own = names.get(prefix, set())
        if is_checker(type(layer)):
            own = own | {name for name in vars(layer) if name != "env"}
        found.append(Layer(prefix, layer, frozenset(own)))
        layer = inner if inner is not None and hasattr(inner, "step") else None
        prefix += ".env"
    return found


def module_of(kind: type) -> str:
    """Return the module of a type; empty for types of some C extensions (SWIG's), which do not name it."""
    return str(getattr(kind, "__module__", ""))


def is_checker(kind: type) -> bool:
    """Whether this is the wrapper in which Gymnasium remembers what it has warned about: no part of any state."""
    return kind.__name__ == "PassiveEnvChecker" and module_of(kind).startswith("gymnasium.")


def is_generator(value: Any) -> bool:
    """Whether a value is a generator of random numbers, of numpy or of the standard library."""
    return isinstance(value, GENERATORS)


def is_held(kind: type) -> bool:
    """Whether objects of this kind are kept as they are, whatever happens."""
    return issubclass(kind, _HELD_KINDS) or any(module_of(cls).startswith("mug.rendering") for cls in kind.__mro__)


def is_space(kind: type) -> bool:
    """Whether this is one of Gymnasium's own spaces: all that ever changes in one is its generator."""
    return module_of(kind).startswith(("gymnasium.spaces.", "gym.spaces."))


_SLOTS: Final[dict[type, tuple[str, ...]]] = {}


def slots_of(kind: type) -> tuple[str, ...]:
    """Return the names of all slots of a class and its bases."""
    known = _SLOTS.get(kind)
    if known is not None:
        return known
    names: list[str] = []
    for cls in kind.__mro__:
        slots = cls.__dict__.get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else tuple(slots):
            if name not in ("__dict__", "__weakref__"):
                private = name.startswith("__") and not name.endswith("__")
                names.append(f"_{cls.__name__.lstrip('_')}{name}" if private else name)
    _SLOTS[kind] = tuple(names)
    return _SLOTS[kind]


def is_python_class(kind: type) -> bool:
    """Whether all of an object's state is in its attributes: no base class has fields of a C extension."""
    if not any("__dict__" in cls.__dict__ or "__slots__" in cls.__dict__ for cls in kind.__mro__[:-1]):
        return False
    cls: type = kind
    while cls is not object:
        base = cls.__base__ or object
        slots = cls.__dict__.get("__slots__", ())
        own = 1 if isinstance(slots, str) else len(tuple(slots))
        room = _POINTER * (own + 2)
        if not cls.__flags__ & _HEAP_TYPE or cls.__basicsize__ > base.__basicsize__ + room:
            return False
        cls = base
    return True


class Graph:
    """One pass over everything that environments hold.

    Args:
        layers: The environments.
        tolerant: Pass by what cannot be read instead of raising.

    Raises:
        OpaqueObject: At the first object whose state cannot be read, unless `tolerant`.

    Attributes:
        parts: What to put back.
        opaque: Objects that were passed by.
    """

    __slots__ = ("_layers", "_seen", "_stack", "opaque", "parts", "tolerant")

    def __init__(self, layers: Iterable[Layer], *, tolerant: bool = False) -> None:
        self.parts: list[Part] = []
        self.opaque: list[Any] = []
        self.tolerant = tolerant
        self._layers = {id(layer.value): layer for layer in layers}
        self._stack: list[Any] = [layer.value for layer in layers]
        self._seen: set[int] = set()

    def save(self) -> list[Part]:
        """Walk and return the parts."""
        stack, seen, layers = self._stack, self._seen, self._layers
        while stack:
            value = stack.pop()
            key = id(value)
            if key in seen:
                continue
            seen.add(key)
            if key in layers:
                self._layer(layers[key])
                continue
            kind = type(value)
            _SAVERS.get(kind, _unknown)(self, value, kind)
        return self.parts

    def also(self, values: Iterable[Any]) -> "Graph":
        """Walk these too."""
        self._push(values)
        return self

    @property
    def seen(self) -> set[int]:
        """Identities of all objects met, immutable containers included."""
        return self._seen

    def _push(self, values: Iterable[Any]) -> None:
        self._stack.extend([value for value in values if type(value) not in ATOMS])

    def _layer(self, layer: Layer) -> None:
        value, left_out = layer.value, layer.left_out
        state = getattr(value, "__dict__", None)
        if state is not None:
            if left_out:
                content = {name: item for name, item in state.items() if name not in left_out}
                self.parts.append((_restore_layer, (state, left_out), content))
            else:
                content = state.copy()
                self.parts.append((_restore_dict, state, content))
            self._push([item for name, item in content.items() if name not in DESCRIPTIONS])
        if names := [name for name in slots_of(type(value)) if name not in left_out]:
            self._slots(value, names)

    def _slots(self, value: Any, names: Iterable[str]) -> None:
        content = {name: getattr(value, name) for name in names if hasattr(value, name)}
        self.parts.append((_restore_slots, (value, tuple(names)), content))
        self._push(content.values())

    def _attributes(self, value: Any, kind: type) -> None:
        state = getattr(value, "__dict__", None)
        if state is not None:
            content = state.copy()
            self.parts.append((_restore_dict, state, content))
            self._stack.extend([item for item in content.values() if type(item) not in ATOMS])
        if names := slots_of(kind):
            self._slots(value, names)


DESCRIPTIONS: Final = frozenset(
    ("spec", "_spec", "_cached_spec", "metadata", "_metadata", "render_mode", "_render_mode")
)
"""How Gymnasium describes an environment: constant."""


# ------------------------------------------------------------------ putting back


def _restore_dict(value: dict[Any, Any], content: dict[Any, Any]) -> None:
    value.clear()
    value.update(content)


def _restore_plain_dict(value: dict[Any, Any], content: dict[Any, Any]) -> None:
    dict.clear(value)
    dict.update(value, content)


def _restore_layer(where: tuple[dict[str, Any], frozenset[str]], content: dict[str, Any]) -> None:
    state, left_out = where
    kept = {name: state[name] for name in left_out if name in state}
    state.clear()
    state.update(content)
    state.update(kept)


def _restore_slots(where: tuple[Any, tuple[str, ...]], content: dict[str, Any]) -> None:
    value, names = where
    for name in names:
        if name in content:
            object.__setattr__(value, name, content[name])
        elif hasattr(value, name):
            object.__delattr__(value, name)


def _restore_list(value: list[Any], content: list[Any]) -> None:
    list.__setitem__(value, slice(None), content)


def _restore_set(value: set[Any], content: set[Any]) -> None:
    set.clear(value)
    set.update(value, content)


def _restore_deque(value: collections.deque[Any], content: list[Any]) -> None:
    value.clear()
    value.extend(content)


def _restore_buffer(value: Any, content: Any) -> None:
    value[:] = content


def _restore_array(value: np.ndarray[Any, Any], content: np.ndarray[Any, Any]) -> None:
    if value.shape != content.shape:
        value.resize(content.shape, refcheck=False)
    value[...] = content


def _restore_bits(value: Any, content: Any) -> None:
    value.state = content


def _restore_random_state(value: np.random.RandomState, content: Any) -> None:
    value.set_state(content)


def _restore_random(value: random.Random, content: Any) -> None:
    value.setstate(content)


def _restore_cell(value: types.CellType, content: tuple[Any, ...]) -> None:
    if content:
        value.cell_contents = content[0]
    else:
        del value.cell_contents


def _restore_space(value: Any, content: Any) -> None:
    value._np_random = content


# ------------------------------------------------------------------ reading


def _nothing(graph: Graph, value: Any, kind: type) -> None:
    pass


def _opaque(graph: Graph, value: Any, kind: type) -> None:
    if not graph.tolerant:
        raise OpaqueObject(value)
    graph.opaque.append(value)


def _dict(graph: Graph, value: dict[Any, Any], kind: type) -> None:
    content = value.copy()
    graph.parts.append((_restore_dict, value, content))
    graph._stack.extend([item for item in content.values() if type(item) not in ATOMS])
    graph._stack.extend([key for key in content if type(key) not in ATOMS])


def _dict_subclass(graph: Graph, value: dict[Any, Any], kind: type) -> None:
    content = dict(value)
    restore = _restore_dict if issubclass(kind, collections.OrderedDict) else _restore_plain_dict
    graph.parts.append((restore, value, content))
    graph._push(content.values())
    graph._push(content)
    if isinstance(value, collections.defaultdict):
        graph._push((value.default_factory,))
    graph._attributes(value, kind)


def _list(graph: Graph, value: list[Any], kind: type) -> None:
    content = list(value)
    graph.parts.append((_restore_list, value, content))
    graph._stack.extend([item for item in content if type(item) not in ATOMS])
    if kind is not list:
        graph._attributes(value, kind)


def _tuple(graph: Graph, value: tuple[Any, ...], kind: type) -> None:
    graph._stack.extend([item for item in value if type(item) not in ATOMS])
    if kind is not tuple:
        graph._attributes(value, kind)


def _set(graph: Graph, value: set[Any], kind: type) -> None:
    content = set.copy(value)
    graph.parts.append((_restore_set, value, content))
    graph._push(content)
    if kind is not set:
        graph._attributes(value, kind)


def _frozenset(graph: Graph, value: frozenset[Any], kind: type) -> None:
    graph._push(value)


def _deque(graph: Graph, value: collections.deque[Any], kind: type) -> None:
    content = list(value)
    graph.parts.append((_restore_deque, value, content))
    graph._push(content)
    if kind is not collections.deque:
        graph._attributes(value, kind)


def _buffer(graph: Graph, value: Any, kind: type) -> None:
    graph.parts.append((_restore_buffer, value, value[:]))


def _array(graph: Graph, value: np.ndarray[Any, Any], kind: type) -> None:
    if value.dtype.hasobject:
        graph._push(value.ravel().tolist())
    if value.flags.writeable:
        graph.parts.append((_restore_array, value, value.copy()))
    if kind is not np.ndarray:
        graph._attributes(value, kind)


def _generator(graph: Graph, value: np.random.Generator, kind: type) -> None:
    bits = value.bit_generator
    graph.parts.append((_restore_bits, bits, bits.state))
    if kind is not np.random.Generator:
        graph._attributes(value, kind)


def _bits(graph: Graph, value: np.random.BitGenerator, kind: type) -> None:
    graph.parts.append((_restore_bits, value, value.state))


def _random_state(graph: Graph, value: np.random.RandomState, kind: type) -> None:
    graph.parts.append((_restore_random_state, value, value.get_state(legacy=False)))


def _random(graph: Graph, value: random.Random, kind: type) -> None:
    if isinstance(value, random.SystemRandom):
        return
    graph.parts.append((_restore_random, value, value.getstate()))
    if kind is not random.Random:
        graph._attributes(value, kind)


def _function(graph: Graph, value: types.FunctionType, kind: type) -> None:
    if value.__closure__:
        graph._stack.extend(value.__closure__)
    if value.__defaults__:
        graph._push(value.__defaults__)
    if value.__kwdefaults__:
        graph._push((value.__kwdefaults__,))
    if value.__dict__:
        graph._push((value.__dict__,))


def _cell(graph: Graph, value: types.CellType, kind: type) -> None:
    try:
        content: tuple[Any, ...] = (value.cell_contents,)
    except ValueError:
        content = ()
    graph.parts.append((_restore_cell, value, content))
    graph._push(content)


def _method(graph: Graph, value: Any, kind: type) -> None:
    graph._push((value.__self__, getattr(value, "__func__", None)))


def _partial(graph: Graph, value: functools.partial[Any], kind: type) -> None:
    graph._push((value.func, value.args, value.keywords))


def _space(graph: Graph, value: Any, kind: type) -> None:
    state = value.__dict__
    generator = state.get("_np_random")
    if "_np_random" in state:
        graph.parts.append((_restore_space, value, generator))
    graph._push((generator, state.get("spaces"), state.get("feature_space"), state.get("node_space")))


def _python_object(graph: Graph, value: Any, kind: type) -> None:
    graph._attributes(value, kind)


def _unknown(graph: Graph, value: Any, kind: type) -> None:
    """Find out how objects of a kind are read, once."""
    saver = _SAVERS[kind] = _saver_for(kind)
    saver(graph, value, kind)


Saver = Callable[[Graph, Any, type], None]


def _saver_for(kind: type) -> Saver:
    if is_held(kind):
        return _nothing
    if is_space(kind):
        return _space
    for base, saver in _BASES:
        if issubclass(kind, base):
            return saver
    return _python_object if is_python_class(kind) else _opaque


_BASES: Final[tuple[tuple[type, Saver], ...]] = (
    (dict, _dict_subclass),
    (list, _list),
    (tuple, _tuple),
    (set, _set),
    (frozenset, _frozenset),
    (collections.deque, _deque),
    (bytearray, _buffer),
    (array.array, _buffer),
    (np.void, _opaque),
    (np.generic, _nothing),
    (np.ndarray, _array),
    (np.random.Generator, _generator),
    (np.random.BitGenerator, _bits),
    (np.random.RandomState, _random_state),
    (random.Random, _random),
    (functools.partial, _partial),
    (str, _python_object),
    (int, _python_object),
    (float, _python_object),
    (bytes, _python_object),
    (types.SimpleNamespace, _python_object),
)

_SAVERS: Final[dict[type, Saver]] = {
    **dict.fromkeys(ATOMS, _nothing),
    dict: _dict,
    types.FunctionType: _function,
    types.CellType: _cell,
    types.MethodType: _method,
    types.BuiltinFunctionType: _method,
    types.MethodWrapperType: _method,
    object: _nothing,
    itertools.count: _opaque,
}
