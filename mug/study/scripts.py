"""Running a study's script: once, as itself, with somebody who takes the experiment that it gives to ``run``."""

import ast
import contextlib
import importlib
import importlib.util
import runpy
import sys
import threading
import time
import traceback
import types
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol, TypeVar

from mug.errors import MugError
from mug.study.errors import StudyLoadError
from mug.study.model import Study

__all__ = [
    "RunScript",
    "ScriptLoader",
    "StudyConfig",
    "active_loader",
    "calls_run",
    "put_first",
    "run_script",
    "taking_configs",
    "told",
]

_T = TypeVar("_T")
_ONE_SCRIPT_AT_A_TIME: Final = threading.RLock()
_OWN_PACKAGES: Final = frozenset({"mug", "gui"})


class StudyConfig(Protocol):
    """What a script hands to `mug.server.app.run`."""

    def build(self, script: str, folder: Path) -> tuple[Study, dict[str, Any], dict[str, str]]:
        """Return the study, the Python objects that it refers to by reference, and modules for the browser."""
        ...


class ScriptLoader:
    """Takes the config of a script that is being loaded."""

    def __init__(self, script: Path) -> None:
        self.script = script
        self.configs: list[StudyConfig] = []

    def accept(self, config: StudyConfig) -> None:
        """Take what the script gave to `run`."""
        self.configs.append(config)


_LOADER: Final[ContextVar[ScriptLoader | None]] = ContextVar("mug_active_loader", default=None)
_LOADERS: Final[list[ScriptLoader]] = []
_THREADS_S: Final = 5.0


def active_loader() -> ScriptLoader | None:
    """Return the loader that runs a script at the moment; None: nobody loads, so `mug.server.app.run` serves."""
    loader = _LOADER.get()
    # A thread that the script has started knows nothing of the context, and must serve as little.
    return loader if loader is not None or not _LOADERS else _LOADERS[-1]


@dataclass(frozen=True)
class RunScript:
    """What running a script gave.

    Attributes:
        study: The study.
        callables: The Python objects that it refers to, by their references.
        generated: Modules for the browser, file name → source.
        namespace: The script's own names, as they were at its end; empty when the script ended itself.
    """

    study: Study
    callables: Mapping[str, Any]
    generated: Mapping[str, str]
    namespace: Mapping[str, Any]


def calls_run(file: Path) -> bool:
    """Whether a file is a study's script: by its source, it calls `mug.server.app.run`."""
    try:
        tree = ast.parse(file.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return False
    names: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.ImportFrom(module="mug.server.app", names=found):
                names |= {alias.asname or "run" for alias in found if alias.name in ("run", "*")}
            case ast.ImportFrom(module="mug.server", names=found):
                names |= {f"{alias.asname or 'app'}.run" for alias in found if alias.name == "app"}
            case ast.Import(names=found):
                names |= {f"{alias.asname or alias.name}.run" for alias in found if alias.name == "mug.server.app"}
    return (
        any(isinstance(node, ast.Call) and ast.unparse(node.func) in names for node in ast.walk(tree))
        if names
        else False
    )


def run_script(script: Path, argv: Sequence[str] = ()) -> RunScript:
    """Run a script, with the modules beside it as they are on disk now, and take its experiment.

    Args:
        script: The file, with its whole path.
        argv: What it finds in ``sys.argv`` after its own path.

    Raises:
        StudyLoadError: When it fails, or gives no experiment or several; the message says what and where.
    """

    def take(configs: Sequence[StudyConfig], namespace: Mapping[str, Any]) -> RunScript:
        if not configs:
            raise StudyLoadError(
                script, f"{script} never calls mug.server.app.run(config): add it at the end of the script"
            )
        if len(configs) > 1:
            raise StudyLoadError(
                script,
                f"{script} calls mug.server.app.run {len(configs)} times: a script is one study, so call it once",
            )
        return RunScript(*configs[0].build(script.name, script.parent), namespace)

    return _run(script, argv, take, afresh=True)


def objects_of_script(script: Path) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Run a script for the Python objects that its experiment refers to, by their references, and for its names.

    The modules that it imports stay the ones that are loaded already.

    Raises:
        StudyLoadError: When it fails.
    """

    def take(
        configs: Sequence[StudyConfig], namespace: Mapping[str, Any]
    ) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
        callables: dict[str, Any] = {}
        for config in configs:
            callables.update(config.build(script.name, script.parent)[1])
        return callables, namespace

    return _run(script, (), take, afresh=False)


def _run(
    script: Path,
    argv: Sequence[str],
    take: Callable[[Sequence[StudyConfig], Mapping[str, Any]], _T],
    *,
    afresh: bool,
) -> _T:
    folder, working_directory = script.parent, Path.cwd()
    with _ONE_SCRIPT_AT_A_TIME:
        if afresh:
            _forget_modules(folder)
        arguments = sys.argv
        sys.argv = [str(script), *argv]
        try:
            put_first(folder, working_directory)
            # What it prints goes to stderr: the first line of a server's stdout is its address.
            with taking_configs(script) as loader, _eventlet_stand_in(), contextlib.redirect_stdout(sys.stderr):
                namespace: dict[str, Any] = {}
                before = set(threading.enumerate())
                try:
                    namespace = runpy.run_path(str(script), run_name="__main__")
                except SystemExit as error:
                    if not loader.configs:
                        raise StudyLoadError(
                            script,
                            f"{script} ended itself (sys.exit({error.code!r})) before it called "
                            "mug.server.app.run(config)",
                        ) from error
                _await_config(loader, before)
                return take(loader.configs, namespace)
        except StudyLoadError:
            raise
        except Exception as error:
            message, line = told(error, folder)
            if line is None:
                message = f"{script}: {message}"
            raise StudyLoadError(
                script, message, line=line, detail="".join(traceback.format_exception(error))
            ) from error
        finally:
            sys.argv = arguments


def _await_config(loader: ScriptLoader, before: Collection[threading.Thread]) -> None:
    """Let threads of the script, in which it may call `run`, come to their end; for a few seconds."""
    deadline = time.monotonic() + _THREADS_S
    for thread in set(threading.enumerate()).difference(before):
        if not loader.configs and not thread.daemon:
            thread.join(max(0.0, deadline - time.monotonic()))


@contextlib.contextmanager
def taking_configs(file: Path) -> Iterator[ScriptLoader]:
    """Take what code gives to `mug.server.app.run` while the context lasts, so that nothing is served."""
    loader = ScriptLoader(file)
    token = _LOADER.set(loader)
    _LOADERS.append(loader)
    try:
        yield loader
    finally:
        _LOADERS.remove(loader)
        _LOADER.reset(token)


def told(error: BaseException, folder: Path) -> tuple[str, int | None]:
    """Say what went wrong, at the line of the study's own code that is nearest to it."""
    text = str(error) if isinstance(error, MugError) else f"{type(error).__name__}: {error}"
    if isinstance(error, SyntaxError) and error.filename:
        shown = f"\n    {error.text.strip()}" if error.text else ""
        return f"{error.filename}, line {error.lineno}: {type(error).__name__}: {error.msg}{shown}", error.lineno
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if _is_inside(Path(frame.filename), folder)]
    if not own:
        return text, None
    frame = own[-1]
    shown = f"\n    {frame.line}" if frame.line else ""
    return f"{frame.filename}, line {frame.lineno}: {text}{shown}", frame.lineno


def _is_inside(file: Path, folder: Path) -> bool:
    parts = file.parts
    return file.is_relative_to(folder) and "site-packages" not in parts and not _is_own(file)


def _is_own(file: Path) -> bool:
    return file.is_relative_to(Path(__file__).parents[1])


def put_first(*folders: Path) -> None:
    """Put the study's folders first on ``sys.path``; they stay, for what its functions import when they are called."""
    wanted = list(dict.fromkeys(str(folder) for folder in folders))
    sys.path[:] = [*wanted, *(entry for entry in sys.path if entry not in wanted)]
    importlib.invalidate_caches()


def _forget_modules(folder: Path) -> None:
    """Forget modules that the folder has too, so that a study gets its own, as it is on disk now."""
    names = {entry.stem if entry.suffix == ".py" else entry.name for entry in folder.iterdir()} - _OWN_PACKAGES
    for name, module in list(sys.modules.items()):
        top = name.partition(".")[0]
        file = getattr(module, "__file__", None)
        if top not in names or file is None or name == "__main__":
            continue
        path = Path(file)
        installed = "site-packages" in path.parts or path.is_relative_to(sys.base_prefix)
        if not installed and path.suffix == ".py":
            del sys.modules[name]


@contextlib.contextmanager
def _eventlet_stand_in() -> Iterator[None]:
    """Let scripts that call ``eventlet.monkey_patch()`` run where eventlet is not installed (MUG needs none)."""
    if "eventlet" in sys.modules or importlib.util.find_spec("eventlet") is not None:
        yield
        return

    def nothing(*_: object, **__: object) -> None:
        return None

    stand_in = types.ModuleType("eventlet", "A do-nothing stand-in: MUG does not use eventlet.")
    stand_in.__dict__["__getattr__"] = lambda name: nothing
    sys.modules["eventlet"] = stand_in
    try:
        yield
    finally:
        sys.modules.pop("eventlet", None)
