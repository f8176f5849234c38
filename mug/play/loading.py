"""From a study's code to an environment object, and away again without a trace.

Environment code runs as module ``mug_env_<scene id>``, registered before it runs, so that its classes pickle; its
source is given to `linecache`, so that a traceback shows the study's own file, line and text. `Workspace` remembers
which modules a scene brought in and removes them, so that the next scene starts clean.
"""

import builtins
import importlib
import importlib.util
import linecache
import re
import sys
import traceback
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from mug.errors import MugError
from mug.play.config import GameConfig
from mug.play.errors import EnvironmentFailedError, PlayError

__all__ = ["Workspace", "environment_failure", "module_name"]

_GLOBALS_NAMES: Final = ("mug_globals", "interactive_gym_globals")
_OWN_FOLDER: Final = str(Path(__file__).parent)


def module_name(scene_id: str) -> str:
    """Return the name of the module that a scene's environment code runs as."""
    return "mug_env_" + re.sub(r"[^A-Za-z0-9_]", "_", scene_id)


def environment_failure(stage: str, error: BaseException) -> EnvironmentFailedError:
    """Return `error`, raised by study code, with the traceback from the study's first line on."""
    if isinstance(error, EnvironmentFailedError):
        return error
    frames = traceback.extract_tb(error.__traceback__)
    first = next((i for i, frame in enumerate(frames) if not _is_ours(frame.filename)), None)
    shown = frames[first:] if first is not None else frames
    own = shown if first is not None else []  # called wrongly: the place is ours and helps nobody
    where = next((frame for frame in reversed(own) if not _is_library(frame.filename)), None)
    summary = "".join(traceback.format_exception_only(error)).strip()
    text = "Traceback (most recent call last):\n" + "".join(traceback.format_list(shown)) + summary + "\n"
    if error.__cause__ is not None:
        cause = "".join(traceback.format_exception_only(error.__cause__)).strip()
        text = f"{cause}\n\nThe above exception was the direct cause of:\n\n{text}"
    place = f" ({where.filename}, line {where.lineno})" if where is not None else ""
    if isinstance(error, SyntaxError) and error.filename:
        place = f" ({error.filename}, line {error.lineno})"
    return EnvironmentFailedError(stage, f"{_STAGES.get(stage, stage)}: {summary.splitlines()[-1]}{place}", text)


_STAGES: Final = {
    "load": "the environment could not be loaded",
    "reset": "env.reset failed",
    "step": "env.step failed",
    "render": "env.render failed",
    "env_to_state_fn": "env_to_state_fn failed",
    "hud_text_fn": "hud_text_fn failed",
    "on_game_step_code": "on_game_step_code failed",
    "policy": "the policy failed",
}


class Workspace:
    """The study's code of one scene in this interpreter: modules, callables, `mug_globals`.

    Args:
        config: The game.
        root: The study's folder, where ``file.py:function`` references are looked up.
        mug_globals: The dict that study code sees under this name in every module.
    """

    def __init__(self, config: GameConfig, root: Path, mug_globals: dict[str, Any]) -> None:
        self.config = config
        self.root = root
        self.mug_globals = mug_globals
        self.module = module_name(config.scene_id)
        self._before = set(sys.modules)
        self._cached_lines: list[str] = []
        for name in _GLOBALS_NAMES:
            setattr(builtins, name, mug_globals)

    def make_environment(self) -> Any:
        """Run the scene's environment code or call its `env_creator`; returns the environment object.

        Raises:
            EnvironmentFailedError: When the study's code raises; the traceback names its file and line.
            PlayError: When it runs, but leaves no environment.
        """
        config = self.config
        if config.environment_code is not None:
            namespace = self.run(config.environment_code, config.environment_filename, self.module).__dict__
            if namespace.get("env") is None:
                raise PlayError(
                    f"{config.environment_filename} ran to its end but left no environment: "
                    "it must assign one to the global name 'env'"
                )
            return namespace["env"]
        if config.env_creator is None:
            raise PlayError(
                f"scene {config.scene_id!r} has no environment: give env_creator, or environment_initialization_code"
            )
        creator = self.callable(config.env_creator, "env_creator")
        try:
            env = creator(**config.env_config)
        except MugError:
            raise
        except Exception as error:
            raise environment_failure("load", error) from error
        if env is None:
            raise PlayError(f"env_creator {config.env_creator!r} returned None instead of an environment")
        if self.module in sys.modules:
            sys.modules[self.module].__dict__["env"] = env
        return env

    def environment_module(self) -> types.ModuleType | None:
        """Return the module that the scene's environment code ran as, if it ran as one."""
        return sys.modules.get(self.module)

    def run(self, source: str, filename: str, name: str) -> types.ModuleType:
        """Run `source` as module `name`; its text is kept for tracebacks."""
        module = types.ModuleType(name)
        module.__file__ = filename
        for global_name in _GLOBALS_NAMES:
            module.__dict__[global_name] = self.mug_globals
        sys.modules[name] = module
        code = self.compile(source, filename)
        try:
            exec(code, module.__dict__)
        except MugError:
            raise
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt):
                raise
            raise environment_failure("load", error) from error
        return module

    def compile(self, source: str, filename: str) -> types.CodeType:
        """Compile study code, so that tracebacks name `filename` and show its lines."""
        linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
        self._cached_lines.append(filename)
        try:
            return compile(source, filename, "exec", dont_inherit=True)
        except (SyntaxError, ValueError) as error:
            raise environment_failure("load", error) from error

    def callable(self, reference: str, what: str) -> Callable[..., Any]:
        """Return the function that ``"module:function"`` or ``"file.py:function"`` names.

        Raises:
            PlayError: When there is no such file, module or function.
            EnvironmentFailedError: When its module raises.
        """
        place, _, attribute = reference.rpartition(":")
        if not place or not attribute:
            raise PlayError(f"{what} {reference!r} must have the form 'module:function' or 'file.py:function'")
        module = self._file_module(place, what) if place.endswith(".py") else self._named_module(place)
        found: Any = module
        for part in attribute.split("."):
            if not hasattr(found, part):
                raise PlayError(f"{what}: {place} has no function {attribute!r}")
            found = getattr(found, part)
        if not callable(found):
            raise PlayError(f"{what}: {attribute!r} in {place} is a {type(found).__name__}, not a function")
        function: Callable[..., Any] = found
        return function

    def close(self) -> None:
        """Remove what the scene brought into this interpreter: its modules, its lines, its globals."""
        for name in _GLOBALS_NAMES:
            if getattr(builtins, name, None) is self.mug_globals:
                delattr(builtins, name)
        root = str(self.root.resolve())
        for name in [name for name in sys.modules if name not in self._before]:
            file = getattr(sys.modules[name], "__file__", None) or ""
            if name.startswith("mug_env_") or (file and _is_below(file, root)):
                del sys.modules[name]
        sys.modules.pop(self.module, None)
        for filename in self._cached_lines:
            linecache.cache.pop(filename, None)

    def _named_module(self, name: str) -> types.ModuleType:
        try:
            return importlib.import_module(name)
        except Exception as error:
            raise environment_failure("load", error) from error

    def _file_module(self, file: str, what: str) -> types.ModuleType:
        path = self.root / file
        own_name = self.module if what == "env_creator" else "mug_env_file_" + re.sub(r"[^A-Za-z0-9_]", "_", file)
        for name in (self.module, own_name):
            loaded = sys.modules.get(name)
            if loaded is not None and getattr(loaded, "__file__", None) == file:
                return loaded
        try:
            source = path.read_text(encoding="utf-8")
        except OSError as error:
            raise PlayError(f"{what}: the study has no file {file!r} ({error.strerror or error})") from error
        return self.run(source, file, own_name)


def _is_ours(filename: str) -> bool:
    return filename.startswith((_OWN_FOLDER, "<frozen importlib"))


def _is_library(filename: str) -> bool:
    parts = Path(filename).parts
    return "site-packages" in parts or filename.startswith("<frozen") or f"python{sys.version_info[0]}." in filename


def _is_below(file: str, root: str) -> bool:
    resolved = str(Path(file).resolve())
    return resolved.startswith(root.rstrip("/") + "/") and not resolved.startswith(_OWN_FOLDER)
