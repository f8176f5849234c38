"""A world's share of the interpreter: module-level generators of chance, the study's modules, `mug_globals`.

In a browser a world has its interpreter for itself. In CPython, where simulated participants and tests keep several
worlds of one study in one process, each world gets its own share before it runs and leaves it afterwards.
"""

import builtins
import contextlib
import random
import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any, Final

import numpy as np

__all__ = ["OwnInterpreter", "generators_kept"]

_GLOBALS: Final = ("mug_globals", "interactive_gym_globals")
_STUDY_MODULES: Final = "mug_env_"


class OwnInterpreter:
    """One world's share; `with` puts it in place."""

    def __init__(self, *, alone: bool | None = None) -> None:
        self._alone = sys.platform == "emscripten" if alone is None else alone
        self._generators: Any = None
        self._modules: dict[str, ModuleType] = {}
        self._globals: dict[str, Any] = {}

    @contextlib.contextmanager
    def __call__(self) -> Iterator[None]:
        """Run with this world's share."""
        if self._alone:
            yield
            return
        others = _study_modules(), _builtins(), _generators()
        _put(self._modules, self._globals, self._generators)
        try:
            yield
        finally:
            self._modules, self._globals, self._generators = _study_modules(), _builtins(), _generators()
            _put(*others)


@contextlib.contextmanager
def generators_kept() -> Iterator[None]:
    """Put the module-level generators back afterwards: peers draw different frames, and play the same ones."""
    before = _generators()
    try:
        yield
    finally:
        _set_generators(before)


def _study_modules() -> dict[str, ModuleType]:
    return {name: module for name, module in sys.modules.items() if name.startswith(_STUDY_MODULES)}


def _builtins() -> dict[str, Any]:
    return {name: getattr(builtins, name) for name in _GLOBALS if hasattr(builtins, name)}


def _generators() -> Any:
    return random.getstate(), np.random.get_state(legacy=False)


def _set_generators(states: Any) -> None:
    random.setstate(states[0])
    np.random.set_state(states[1])


def _put(modules: dict[str, ModuleType], global_names: dict[str, Any], generators: Any) -> None:
    for name in _study_modules():
        del sys.modules[name]
    sys.modules.update(modules)
    for name in _GLOBALS:
        if name in global_names:
            setattr(builtins, name, global_names[name])
        elif hasattr(builtins, name):
            delattr(builtins, name)
    if generators is not None:
        _set_generators(generators)
