"""Everything that a world's steps could read, flattened to attribute paths: what a finding names comes from here.

It reaches farther than saved states and hashes do: into closures, and to the globals and classes of the modules that
the environment's code is in.
"""

import functools
import hashlib
import sys
import types
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from mug.play.encoding import encode
from mug.play.errors import NotCanonicalError
from mug.play.snapshots_paths import attributes_of, reached, steps, type_name
from mug.play.snapshots_walker import is_generator, is_held, is_space, layers_of, module_of
from mug.play.world import World

__all__ = ["Difference", "View", "shared_objects", "view_of"]

_SHOWN_CHARS: Final = 60
_ORDER: Final = "{order}"
_LIBRARIES: Final = frozenset(sys.stdlib_module_names) | {
    "numpy",
    "gymnasium",
    "gym",
    "mug",
    "js",
    "pyodide",
    "_pyodide",
}
_MANY: Final = 20_000
_MANY_BESIDE: Final = 3_000
"""So many things outside the environment are looked at: of its own code's modules, and together with those of modules
that merely lie in the study's folder."""


@dataclass(frozen=True)
class Difference:
    """One place where two views differ.

    Attributes:
        path: Attribute path, ``file.py:NAME`` for what is outside the environment.
        expected: What the first view has there. found: What the second has.
        outside: Whether it is outside the environment: a module's global, a class's attribute.
        order: Whether only a set's order of iteration differs.
    """

    path: str
    expected: str
    found: str
    outside: bool
    order: bool


@dataclass(frozen=True)
class View:
    """What was there at one moment.

    Attributes:
        places: Path -> (a value that compares, a text that shows it).
        outside: The paths that are outside the environment.
        opaque: Path and type of what nobody can look into.
    """

    places: Mapping[str, tuple[Any, str]]
    outside: frozenset[str]
    opaque: Sequence[tuple[str, str]]

    def differences(self, later: "View") -> list[Difference]:
        """Return where another view differs; what changed most directly comes first, orders of sets last."""
        found = []
        nothing = (None, "nothing")
        for path in {**self.places, **later.places}:
            expected, seen = self.places.get(path, nothing), later.places.get(path, nothing)
            if expected[0] != seen[0]:
                outside = path in self.outside or path in later.outside
                found.append(Difference(path, expected[1], seen[1], outside, path.endswith(_ORDER)))
        orders = {difference.path.removesuffix(_ORDER) for difference in found if difference.order}
        values = {difference.path for difference in found if not difference.order}
        # A set with other items iterates differently, too: the items are what is said.
        return sorted(
            (d for d in found if not (d.order and any(path.startswith(d.path.removesuffix(_ORDER)) for path in values)))
            if orders
            else found,
            key=lambda difference: (difference.order, "<" in difference.found and "<" in difference.expected),
        )


def view_of(world: World) -> View:
    """Look at a world now."""
    layers = layers_of(world.env, world.world_hash.left_out)
    places: dict[str, tuple[Any, str]] = {}
    opaque: list[tuple[str, str]] = []
    inside: set[int] = set()
    kinds: set[str] = {module_of(type(layer.value)) for layer in layers}
    for path, value in reached(layers):
        inside.add(id(value))
        kinds.add(getattr(value, "__module__", None) or module_of(type(value)))
        _note(path, value, places, opaque)
    outer: dict[str, tuple[Any, str]] = {}
    inside |= {id(layer.value) for layer in layers}
    for path, value in _outside(world, kinds, inside):
        _note(path, value, outer, [])
    outer["mug_globals"] = _shown(repr(sorted(world.mug_globals.items(), key=str)))
    for path, place in outer.items():
        places.setdefault(path, place)
    return View(places, frozenset(outer), opaque)


def shared_objects(world: World) -> tuple[str, str] | None:
    """Return what something outside the saved state, and the state itself, both hold: the two paths to one object.

    A level that makes new objects would leave the outer holder with the old one.
    """
    layers = layers_of(world.env, world.world_hash.left_out)
    inside: dict[int, str] = {}
    kinds: set[str] = {module_of(type(layer.value)) for layer in layers}
    kept: list[tuple[str, Any]] = []
    for path, value in reached(layers):
        kinds.add(getattr(value, "__module__", None) or module_of(type(value)))
        if _would_be_new(value):
            inside.setdefault(id(value), path)
        elif isinstance(value, types.FunctionType):
            kept.append((path, value))
    for layer in layers:
        held = attributes_of(layer.value)
        kept += [(f"{layer.prefix}.{name}", held[name]) for name in layer.left_out if name in held]
    for root, value in kept:
        for path, part in _below(root, value, {id(layer.value) for layer in layers}):
            if id(part) in inside and path != inside[id(part)] and not inside[id(part)].startswith(root):
                return path, inside[id(part)]
    for path, part in _outside(world, kinds, {id(layer.value) for layer in layers}):
        if id(part) in inside:
            return path, inside[id(part)]
    return None


def _would_be_new(value: Any) -> bool:
    kind = type(value)
    if isinstance(value, (list, dict, set, np.ndarray)):
        return True
    if isinstance(value, (types.FunctionType, types.MethodType, types.BuiltinFunctionType, types.CellType, tuple)):
        return False
    if is_held(kind) or is_generator(value) or is_space(kind) or isinstance(value, functools.partial):
        return False
    return hasattr(value, "__dict__") or bool(getattr(kind, "__slots__", ()))


def _note(path: str, value: Any, places: dict[str, tuple[Any, str]], opaque: list[tuple[str, str]]) -> None:
    kind = type(value)
    if path.endswith("{}"):
        return  # an item of a set, which is noted as a whole
    if is_generator(value):
        places[path] = _generator(value)
    elif isinstance(value, np.ndarray) and not value.dtype.hasobject:
        places[path] = ((value.dtype.str, value.shape, value.tobytes()), _short(repr(value.tolist())))
    elif isinstance(value, (bool, int, float, complex, str, bytes, type(None), np.generic)):
        places[path] = _shown(value)
    elif isinstance(value, (set, frozenset)):
        _set(path, value, places)
    elif isinstance(value, (list, tuple, Mapping)) or hasattr(value, "maxlen"):
        places[path] = ((kind.__qualname__, len(value)), f"<{kind.__qualname__} of {len(value)}>")
    elif isinstance(value, types.CellType):
        pass
    elif isinstance(value, (bytearray, range, slice)) or is_held(kind):
        places[path] = _shown(value)
    elif not steps(value) and not hasattr(value, "__dict__") and not _is_plain(kind):
        opaque.append((path, type_name(value)))
        places[path] = (type_name(value), f"<{type_name(value)}>")
    else:
        places[path] = (type_name(value), f"<{type_name(value)}>")


def _is_plain(kind: type) -> bool:
    return issubclass(kind, (types.FunctionType, types.MethodType, types.BuiltinFunctionType, functools.partial)) or (
        kind.__flags__ & (1 << 9) != 0 and "__slots__" in kind.__dict__
    )


def _set(path: str, value: Any, places: dict[str, tuple[Any, str]]) -> None:
    items = [repr(item) for item in value if isinstance(item, (bool, int, float, str, bytes, tuple, type(None)))]
    places[path] = (tuple(sorted(items)), _short("{" + ", ".join(sorted(items)) + "}"))
    places[path + _ORDER] = (tuple(items), _short(", ".join(items)))


def _generator(value: Any) -> tuple[Any, str]:
    if isinstance(value, np.random.Generator):
        state: Any = value.bit_generator.state
    elif isinstance(value, np.random.RandomState):
        state = value.get_state(legacy=False)
    elif isinstance(value, np.random.BitGenerator):
        state = value.state
    else:
        try:
            state = value.getstate()
        except NotImplementedError:
            state = None
    digest = hashlib.blake2b(encode(state), digest_size=4).hexdigest()
    return digest, f"<{type(value).__name__} in state {digest}>"


def _shown(value: Any) -> tuple[Any, str]:
    text = _short(repr(value.item() if isinstance(value, np.generic) and value.dtype.names is None else value))
    try:
        return encode(value), text
    except NotCanonicalError:
        return repr(value), text


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _SHOWN_CHARS else text[: _SHOWN_CHARS - 1] + "…"


# ------------------------------------------------------------------ outside the environment


def _outside(world: World, kinds: set[str], inside: set[int]) -> Iterator[tuple[str, Any]]:
    """Yield what the modules of the environment's code hold in globals and class attributes."""
    tops = {name.partition(".")[0] for name in kinds} - _LIBRARIES
    root = str(world.workspace.root.resolve())
    seen = set(inside) | {id(world.env), id(world.mug_globals)}
    count = 0
    studys = [
        (not _is_its_own(name, tops), name, module)
        for name, module in list(sys.modules.items())
        if isinstance(module, types.ModuleType) and _is_studys(name, module, tops, root)
    ]
    # The environment's own code first: what merely lies in the same folder may be more than can be looked at.
    for beside, name, module in sorted(studys, key=lambda found: found[0]):
        label = _label(name, module)
        for path, value in _module_roots(label, module):
            for found in _below(path, value, seen):
                count += 1
                if count > (_MANY_BESIDE if beside else _MANY):
                    return
                yield found


def _is_its_own(name: str, tops: set[str]) -> bool:
    return name.startswith("mug_env_") or name.partition(".")[0] in tops


def _is_studys(name: str, module: types.ModuleType, tops: set[str], root: str) -> bool:
    top = name.partition(".")[0]
    if top in _LIBRARIES:
        return False
    if _is_its_own(name, tops):
        return True
    file = getattr(module, "__file__", None) or ""
    return file.startswith(root + "/") and "site-packages" not in file and root not in ("/", "")


def _label(name: str, module: types.ModuleType) -> str:
    return f"{Path(module.__file__).name}:" if name.startswith("mug_env_") and module.__file__ else f"{name}."


def _module_roots(label: str, module: types.ModuleType) -> Iterator[tuple[str, Any]]:
    for name, value in list(vars(module).items()):
        if name.startswith("__") or isinstance(value, types.ModuleType):
            continue
        if isinstance(value, type):
            if module_of(value) == module.__name__:
                yield from _class_roots(f"{label}{name}", value)
        elif not isinstance(value, types.FunctionType) or value.__module__ == module.__name__:
            yield f"{label}{name}", value


def _class_roots(label: str, kind: type) -> Iterator[tuple[str, Any]]:
    for name, value in list(vars(kind).items()):
        if name.startswith("__") and name.endswith("__") and not isinstance(value, types.FunctionType):
            continue
        if isinstance(value, (staticmethod, classmethod)):
            value = value.__func__
        if isinstance(value, (property, types.GetSetDescriptorType, types.MemberDescriptorType)):
            continue
        yield f"{label}.{name}", value


def _below(root: str, value: Any, seen: set[int]) -> Iterator[tuple[str, Any]]:
    """Yield a value and what it refers to; each mutable object once for all calls with the same `seen`."""
    queue = [(root, value)]
    own: set[int] = set()
    for path, item in queue:  # grows while it is read
        atom = isinstance(item, (bool, int, float, str, bytes, type(None)))
        if not atom and (id(item) in seen or id(item) in own):
            continue
        if not atom:
            own.add(id(item))
        yield path, item
        queue += [(path + step, part) for step, part in steps(item)]
