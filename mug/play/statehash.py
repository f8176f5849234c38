"""The canonical hash of a world: what the environment is after a step, apart from how it looks.

The walker reads the environment object and everything it refers to, in a fixed order, without pickling. Left out are
`mug.rendering` objects and the attributes that the first picture of a match changed: they describe the page, not the
world. Objects of C extensions are read through their own ``__reduce_ex__``; where that fails there is no hash, and
the reason is kept.
"""

import enum
import functools
import hashlib
import random
import types
import weakref
from collections import deque
from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from mug.play.encoding import write_array, write_length, write_value
from mug.play.errors import NotCanonicalError

__all__ = ["WorldHash"]

_MAX_DEPTH: Final = 60
_PLAIN: Final = frozenset((type(None), bool, int, float, str, bytes, bytearray))
_DESCRIPTIONS: Final = frozenset(
    ("spec", "_spec", "_cached_spec", "metadata", "_metadata", "render_mode", "_render_mode")
)
"""How Gymnasium describes an environment: constant, and larger than most states."""
_NAMED: Final = (
    types.FunctionType,
    types.BuiltinFunctionType,
    types.ModuleType,
    types.MethodDescriptorType,
    types.WrapperDescriptorType,
    types.MethodWrapperType,
    type,
    property,
)


class WorldHash:
    """Hashes one environment object; finds out by itself what belongs to its pictures only.

    Attributes:
        reason: Why there is no hash, or None.
        reason_path: The attribute path of what has no canonical form.
    """

    def __init__(self, env: Any) -> None:
        self._env = env
        self._left_out: set[str] = set()
        self._before_picture: dict[str, str] | None = None
        self.reason: str | None = None
        self.reason_path = ""

    @property
    def left_out(self) -> tuple[str, ...]:
        """The attributes that are not hashed because drawing changes them."""
        return tuple(sorted(self._left_out))

    def before_first_picture(self) -> None:
        """Remember the world before `render` runs for the first time."""
        self._before_picture = self._digests()

    def after_first_picture(self) -> None:
        """Leave out what `render` changed, and find out whether the rest can be hashed at all."""
        before, self._before_picture = self._before_picture or {}, None
        after = self._digests()
        self._left_out |= {name for name in {*before, *after} if before.get(name) != after.get(name)}
        self.digest()

    def digest(self) -> str | None:
        """Return the hash of the world now, or None when it cannot be hashed; `reason` then says why."""
        if self.reason is not None:
            return None
        walk = _Walk()
        try:
            for name, value in self.attributes():
                if name not in self._left_out:
                    walk.text(name)
                    walk.any(value, name, 0)
        except NotCanonicalError as error:
            self.reason, self.reason_path = f"the environment's state cannot be hashed: {error}", error.path
            return None
        return hashlib.blake2b(walk.out, digest_size=16).hexdigest()

    def attributes(self) -> list[tuple[str, Any]]:
        """Every attribute of the environment and of the environments it wraps, outermost first."""
        found: list[tuple[str, Any]] = []
        layer, prefix, seen = self._env, "env", set()
        while layer is not None and id(layer) not in seen:
            seen.add(id(layer))
            state = _state_of(layer)
            inner = state.get("env")
            wraps = inner is not None and hasattr(inner, "step")
            remembers_warnings = type(layer).__name__ == "PassiveEnvChecker"  # Gymnasium's; no part of any state
            for name in () if remembers_warnings else sorted(state):
                if name not in _DESCRIPTIONS and not (name == "env" and wraps):
                    found.append((f"{prefix}.{name}", state[name]))
            layer, prefix = (inner, f"{prefix}.env") if wraps else (None, prefix)
        return found

    def left_out_digests(self) -> dict[str, str]:
        """Return a digest of each attribute that is left out."""
        digests = self._digests()
        return {name: digests[name] for name in self.left_out if name in digests}

    def _digests(self) -> dict[str, str]:
        digests = {}
        for name, value in self.attributes():
            walk = _Walk()
            try:
                walk.any(value, name, 0)
                digests[name] = hashlib.blake2b(walk.out, digest_size=16).hexdigest()
            except NotCanonicalError as error:
                digests[name] = f"{error.path}: {error.type_name}"
        return digests


@functools.lru_cache(maxsize=4096)
def _encoded_text(text: str) -> bytes:
    out = bytearray()
    write_value(out, text)
    return bytes(out)


def _state_of(value: Any) -> dict[str, Any]:
    """Attributes of an object, from its ``__dict__`` and its slots."""
    state = dict(getattr(value, "__dict__", {}))
    for cls in type(value).__mro__:
        slots = cls.__dict__.get("__slots__", ())
        for slot in (slots,) if isinstance(slots, str) else slots:
            if slot not in ("__dict__", "__weakref__") and hasattr(value, slot):
                state[slot] = getattr(value, slot)
    return {str(name): item for name, item in state.items()}


class _Walk:
    """One pass over a graph of objects; mutable ones met before are written as a reference."""

    def __init__(self) -> None:
        self.out = bytearray()
        self._seen: dict[int, int] = {}
        self._kept: list[Any] = []

    def text(self, text: str) -> None:
        write_value(self.out, text)

    def any(self, value: Any, path: str, depth: int) -> None:
        kind = type(value)
        if kind in _PLAIN:
            write_value(self.out, value)
        elif depth > _MAX_DEPTH:
            raise NotCanonicalError(path, f"{kind.__name__} nested more than {_MAX_DEPTH} deep")
        elif kind is tuple:
            self.out += b"t"
            write_length(self.out, len(value))
            for index, item in enumerate(value):
                if type(item) in _PLAIN:
                    write_value(self.out, item)
                else:
                    self.any(item, f"{path}[{index}]", depth + 1)
        elif isinstance(value, np.generic) and value.dtype.kind != "O":
            write_array(self.out, np.asarray(value), path)
        elif isinstance(value, _NAMED):
            name = getattr(value, "__qualname__", None) or getattr(value, "__name__", kind.__name__)
            self._tag("named", f"{getattr(value, '__module__', '')}.{name}")
        elif isinstance(value, enum.Enum):
            self._tag("enum", f"{_module(kind)}.{kind.__qualname__}.{value.name}")
        elif _module(kind).startswith("mug.rendering"):
            self._tag("picture", kind.__qualname__)
        else:
            self._mutable(value, path, depth)

    def _tag(self, tag: str, name: str) -> None:
        self.out += b"o"
        self.text(tag)
        self.text(name)

    def _mutable(self, value: Any, path: str, depth: int) -> None:
        known = self._seen.get(id(value))
        if known is not None:
            self.out += b"r"
            write_length(self.out, known)
            return
        self._seen[id(value)] = len(self._seen)
        self._kept.append(value)
        kind = type(value)
        if isinstance(value, np.ndarray):
            if value.dtype.kind == "O":
                self._tag("objects", str(value.shape))
                self.any(value.ravel().tolist(), path, depth + 1)
            else:
                write_array(self.out, value, path)
        elif kind is list or kind is deque:
            self.out += b"l"
            write_length(self.out, len(value))
            for index, item in enumerate(value):
                if type(item) in _PLAIN:
                    write_value(self.out, item)
                else:
                    self.any(item, f"{path}[{index}]", depth + 1)
        elif isinstance(value, dict):
            self._mapping(value, path, depth)
        elif isinstance(value, (set, frozenset)):
            self._set(value, path, depth)
        else:
            self._object(value, kind, path, depth)

    def _mapping(self, value: Mapping[Any, Any], path: str, depth: int) -> None:
        entries = []
        for key, item in value.items():
            if type(key) is str:
                entries.append((_encoded_text(key), key, item))
                continue
            head = _Walk()
            head.any(key, f"{path}[key {key!r}]", depth + 1)
            entries.append((bytes(head.out), key, item))
        entries.sort(key=lambda entry: entry[0])
        self.out += b"d"
        write_length(self.out, len(entries))
        for written, key, item in entries:
            self.out += written
            if type(item) in _PLAIN:
                write_value(self.out, item)
            else:
                self.any(item, f"{path}[{key!r}]", depth + 1)
        if type(value) is not dict and getattr(value, "__dict__", None):
            self.any(_state_of(value), path, depth + 1)

    def _set(self, value: Any, path: str, depth: int) -> None:
        items = []
        for item in value:
            part = _Walk()
            part.any(item, f"{path}{{}}", depth + 1)
            items.append(bytes(part.out))
        self.out += b"e"
        write_length(self.out, len(items))
        for written in sorted(items):
            self.out += written

    def _object(self, value: Any, kind: type, path: str, depth: int) -> None:
        self._tag("object", f"{_module(kind)}.{kind.__qualname__}")
        if isinstance(value, np.random.Generator):
            self.any(value.bit_generator.state, path, depth + 1)
        elif isinstance(value, np.random.RandomState):
            self.any(value.get_state(legacy=False), path, depth + 1)
        elif isinstance(value, random.Random):
            self.any(value.getstate(), path, depth + 1)
        elif isinstance(value, types.MethodType):
            self.text(value.__qualname__)
            self.any(value.__self__, path, depth + 1)
        elif isinstance(value, functools.partial):
            self.any((value.func, value.args, value.keywords), path, depth + 1)
        elif isinstance(value, weakref.ref):
            pass
        elif _is_python_object(kind):
            self.any(_state_of(value), path, depth + 1)
        else:
            self._reduced(value, kind, path, depth)

    def _reduced(self, value: Any, kind: type, path: str, depth: int) -> None:
        name = f"{_module(kind)}.{kind.__qualname__}".lstrip(".")
        try:
            reduced = value.__reduce_ex__(4)
        except Exception as error:
            raise NotCanonicalError(path, name) from error
        if isinstance(reduced, str):
            self.text(reduced)
            return
        function, arguments, *rest = reduced
        self.any((function, tuple(arguments)), path, depth + 1)
        for part in rest:
            if part is None or isinstance(part, (dict, tuple, list)):
                self.any(part, path, depth + 1)
            else:
                self.any(list(part) if hasattr(part, "__next__") else part, path, depth + 1)


def _module(kind: type) -> str:
    """The module of a type, which types of some C extensions (SWIG's) do not name."""
    return str(getattr(kind, "__module__", ""))


def _is_python_object(kind: type) -> bool:
    """Whether all of an object's state is in its attributes: no base class of a C extension."""
    return all(_is_python_class(cls) and "__reduce__" not in cls.__dict__ for cls in kind.__mro__[:-1])


def _is_python_class(cls: type) -> bool:
    """Whether a class was made by a class statement: only those have instance dicts or slots of their own."""
    return any("__dict__" in base.__dict__ or "__slots__" in base.__dict__ for base in cls.__mro__[:-1])
