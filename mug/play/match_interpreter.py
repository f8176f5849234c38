"""A world's share of the interpreter: module-level generators of chance, the study's modules, `mug_globals`.

In a browser a world has its interpreter for itself. In CPython, where simulated participants and tests keep several
worlds of one study in one process, each world gets its own share before it runs and leaves it afterwards.
"""

import builtins
import contextlib
import random
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from types import ModuleType
from typing import Any, ClassVar, Final, TypeVar

import numpy as np

__all__ = ["OwnInterpreter", "with_generators_kept"]

T = TypeVar("T")

_GLOBALS: Final = ("mug_globals", "interactive_gym_globals")
_STUDY_MODULES: Final = "mug_env_"
_ABSENT: Final = object()


class OwnInterpreter:
    """One world's share; `with` puts it in place. The first time is the one in which the study's code is loaded.

    Threads wait for each other: clocks and chance of a step are the whole process's.
    """

    _in_use: ClassVar[threading.RLock] = threading.RLock()

    def __init__(self, *, alone: bool | None = None) -> None:
        self._alone = sys.platform == "emscripten" if alone is None else alone
        self._modules: dict[str, ModuleType | None] | None = None
        self._globals: dict[str, Any] = dict.fromkeys(_GLOBALS, _ABSENT)
        self._generators: Any = None

    @contextlib.contextmanager
    def __call__(self) -> Iterator[None]:
        """Run with this world's share."""
        if self._alone:
            yield
            return
        with self._in_use:
            yield from self._swapped()

    def _swapped(self) -> Iterator[None]:
        names = _study_modules() if self._modules is None else self._modules
        modules = {name: sys.modules.get(name) for name in names}
        global_names, generators = _builtins(), _generators()
        _put(dict.fromkeys(names) if self._modules is None else self._modules, self._globals)
        if self._generators is not None:
            _set_generators(self._generators)
        try:
            yield
        finally:
            own = names if self._modules is not None else _study_modules()
            self._modules = {name: sys.modules.get(name) for name in own}
            self._globals, self._generators = _builtins(), _generators()
            _put({**dict.fromkeys(own), **modules}, global_names)
            _set_generators(generators)


def with_generators_kept(work: Callable[[], T]) -> tuple[T, bool]:
    """Run `work`, put the module-level generators back, and say whether it had drawn from them.

    Peers draw different frames, and play the same ones: what a picture takes by chance must not be missing in a step.
    """
    before = _generators()
    try:
        result = work()
        after = _generators()
    finally:
        _set_generators(before)
    return result, before[0] != after[0] or not _same(before[1], after[1])


def _study_modules() -> list[str]:
    return [name for name in sys.modules if name.startswith(_STUDY_MODULES)]


def _builtins() -> dict[str, Any]:
    return {name: getattr(builtins, name, _ABSENT) for name in _GLOBALS}


def _generators() -> Any:
    return random.getstate(), np.random.get_state(legacy=False)


def _set_generators(states: Any) -> None:
    random.setstate(states[0])
    np.random.set_state(states[1])


def _same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return (
        one["has_gauss"] == other["has_gauss"]
        and one["state"]["pos"] == other["state"]["pos"]
        and bool(np.array_equal(one["state"]["key"], other["state"]["key"]))
    )


def _put(modules: dict[str, ModuleType | None], global_names: dict[str, Any]) -> None:
    for name, module in modules.items():
        if module is not None:
            sys.modules[name] = module
        else:
            sys.modules.pop(name, None)
    for name, value in global_names.items():
        if value is not _ABSENT:
            setattr(builtins, name, value)
        elif hasattr(builtins, name):
            delattr(builtins, name)
