"""Loading a study from its folder or from a script in the chain API."""

import contextlib
import dataclasses
import difflib
import hashlib
import importlib
import importlib.util
import os
import runpy
import sys
import threading
import traceback
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Protocol

from mug.errors import MugError
from mug.study.errors import CallableError, StudyLoadError
from mug.study.files import STUDY_FILE, read_study
from mug.study.model import Study
from mug.study.problems import did_you_mean

__all__ = [
    "ACTIVE_LOADER",
    "LoadedStudy",
    "ScriptLoader",
    "StudyConfig",
    "load",
    "load_as_edited",
    "loaded_from_config",
]

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


ACTIVE_LOADER: Final[ContextVar[ScriptLoader | None]] = ContextVar("mug_active_loader", default=None)
"""The loader that runs a script at the moment; None: nobody loads, so `run` serves."""


@dataclass(frozen=True)
class LoadedStudy:
    """A study with the place it came from.

    Attributes:
        study: The study.
        callables: Python objects of a script (lambdas, instances), by the references that stand in the study.
        folder: The study's folder; relative paths start here.
        source: The file that was loaded: ``study.toml`` or the script.
        working_directory: Where relative paths are looked for next.
        generated: Modules for the browser, file name → source: functions that a script defines itself.
    """

    study: Study
    callables: Mapping[str, Any] = field(default_factory=dict)
    folder: Path = field(default_factory=Path.cwd)
    source: Path = field(default_factory=Path.cwd)
    working_directory: Path = field(default_factory=Path.cwd)
    generated: Mapping[str, str] = field(default_factory=dict)
    _modules: dict[Path, types.ModuleType] = field(default_factory=dict, repr=False, compare=False)

    @property
    def from_script(self) -> bool:
        """Whether the study was defined in Python."""
        return self.source.suffix == ".py"

    def resolve_path(self, text: str) -> Path:
        """Return where a path of the study leads: in its folder, else in the working directory.

        The file need not exist; then the path in the study's folder is returned.
        """
        given = Path(text)
        if given.is_absolute():
            return given
        inside = self.folder / given
        outside = self.working_directory / given
        return outside if not inside.exists() and outside.exists() else inside

    def resolve_callable(self, ref: str) -> Callable[..., Any]:
        """Return what a reference names: a function, a class, or an object of the script.

        Args:
            ref: ``"module:name"``, ``"file.py:name"`` (inside the study folder), or a reference into the script.

        Raises:
            CallableError: When there is no such thing, or its module cannot be imported; the message says which.
        """
        if ref in self.callables:
            found: Callable[..., Any] = self.callables[ref]
            return found
        place, separator, name = ref.rpartition(":")
        if not separator or not place or not name:
            raise CallableError(ref, f'{ref!r} is not a reference: write "module:function" or "file.py:function"')
        module = self._file_module(ref, place) if place.endswith(".py") else self._named_module(ref, place)
        target: Any = module
        for part in name.split("."):
            if not hasattr(target, part):
                hint = did_you_mean(part, [known for known in dir(target) if not known.startswith("_")])
                raise CallableError(ref, f"{ref!r}: {place} has no {name!r}{hint}")
            target = getattr(target, part)
        resolved: Callable[..., Any] = target
        return resolved

    def callable_file(self, ref: str) -> Path | None:
        """Return the file of a ``"file.py:name"`` reference, or None when it names something else."""
        place = ref.rpartition(":")[0]
        if ref in self.callables or not place.endswith(".py"):
            return None
        return self.resolve_path(place)

    def callable_sha256(self, ref: str) -> str | None:
        """Return the SHA-256 of the file that a ``"file.py:name"`` reference names, in hex."""
        file = self.callable_file(ref)
        return hashlib.sha256(file.read_bytes()).hexdigest() if file is not None and file.is_file() else None

    def _file_module(self, ref: str, place: str) -> types.ModuleType:
        file = self.resolve_path(place).resolve()
        if file in self._modules:
            return self._modules[file]
        if not file.is_file():
            raise CallableError(ref, f"{ref!r}: there is no file {place} in {self.folder}")
        spec = importlib.util.spec_from_file_location(_module_name(file), file)
        if spec is None or spec.loader is None:
            raise CallableError(ref, f"{ref!r}: {place} cannot be loaded as Python")
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module
        try:
            _put_first(self.folder, self.working_directory)
            spec.loader.exec_module(module)
        except Exception as error:
            sys.modules.pop(spec.name, None)
            raise CallableError(ref, f"{ref!r}: {_told(error, self.folder)[0]}") from error
        self._modules[file] = module
        return module

    def _named_module(self, ref: str, place: str) -> types.ModuleType:
        try:
            _put_first(self.folder, self.working_directory)
            return importlib.import_module(place)
        except ModuleNotFoundError as error:
            raise CallableError(ref, f"{ref!r}: there is no module {error.name!r} here") from error
        except Exception as error:
            raise CallableError(ref, f"{ref!r}: {_told(error, self.folder)[0]}") from error


def load(path: str | Path, argv: Sequence[str] = ()) -> LoadedStudy:
    """Load a study from a folder with ``study.toml``, from that file, or from a script.

    Args:
        path: The folder or file.
        argv: What a script finds in ``sys.argv`` after its own path.

    Raises:
        StudyLoadError: When there is no study; the message says what, where and how to fix it.
    """
    given = Path(path).expanduser()
    if given.is_dir():
        return _load_folder(given)
    if not given.exists():
        raise StudyLoadError(given, _unknown_path(given))
    if given.suffix == ".toml":
        source = given.resolve()
        return LoadedStudy(read_study(source), {}, source.parent, source)
    if given.suffix == ".py":
        return _load_script(given.resolve(), argv)
    raise StudyLoadError(given, f"{given} is no study: give a folder with {STUDY_FILE}, or a Python script")


def load_as_edited(study: str | Path, edited: Path, argv: Sequence[str] = ()) -> LoadedStudy:
    """Return a study with the content of another file, and its own files and functions.

    Args:
        study: The study's folder, its ``study.toml`` (which need not be there, or right), or its script.
        edited: A study file with the content.
        argv: What a script finds in ``sys.argv``.

    Raises:
        StudyLoadError: The file or the script cannot be read.
    """
    content = read_study(edited)
    place = Path(study).expanduser()
    if place.suffix == ".py":
        return dataclasses.replace(load(place, argv), study=content)
    folder = (place.parent if place.suffix == ".toml" else place).resolve()
    return LoadedStudy(content, {}, folder, folder / STUDY_FILE)


def loaded_from_config(config: StudyConfig, script: Path | None) -> LoadedStudy:
    """Make a loaded study of a config that a running script gave to `run` (``python script.py``)."""
    source = (script if script is not None else Path.cwd() / "script.py").resolve()
    study, callables, generated = config.build(source.name, source.parent)
    return LoadedStudy(study, callables, source.parent, source, generated=generated)


def _load_folder(folder: Path) -> LoadedStudy:
    source = (folder / STUDY_FILE).resolve()
    if not source.is_file():
        scripts = [file.name for file in sorted(folder.glob("*.py")) if _calls_run(file)]
        hint = f"; did you mean {str(folder / scripts[0])!r}?" if scripts else ""
        raise StudyLoadError(folder, f"{folder} has no {STUDY_FILE}{hint}")
    return LoadedStudy(read_study(source), {}, source.parent, source)


def _calls_run(file: Path) -> bool:
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return False
    return "ExperimentConfig" in text and "run(" in text


def _unknown_path(path: Path) -> str:
    """Say that there is no such path, which part of it is missing, and what is there instead."""
    missing = path.absolute()
    while not missing.parent.exists():
        missing = missing.parent
    folder = missing.parent
    try:
        names = [entry.name for entry in folder.iterdir() if not entry.name.startswith(".")]
    except OSError:
        names = []
    near = difflib.get_close_matches(missing.name, names, n=1, cutoff=0.5)
    if not near:
        return f"there is no study at {path}: {folder} has no {missing.name!r}"
    meant = path.parent / near[0] if missing == path.absolute() else folder / near[0]
    return f"there is no study at {path}; did you mean {str(meant)!r}?"


def _load_script(script: Path, argv: Sequence[str]) -> LoadedStudy:
    folder, working_directory = script.parent, Path.cwd()
    loader = ScriptLoader(script)
    with _ONE_SCRIPT_AT_A_TIME:
        _forget_modules(folder)
        token = ACTIVE_LOADER.set(loader)
        arguments = sys.argv
        sys.argv = [str(script), *argv]
        try:
            # A script's prints go to stderr: the first line of a server's stdout is its address.
            _put_first(folder, working_directory)
            with _eventlet_stand_in(), contextlib.redirect_stdout(sys.stderr):
                runpy.run_path(str(script), run_name="__main__")
                return _take(loader, script)
        except StudyLoadError:
            raise
        except SystemExit as error:
            if loader.configs:
                return _take(loader, script)
            raise StudyLoadError(
                script, f"{script} ended itself (sys.exit({error.code!r})) before it called mug.server.app.run(config)"
            ) from error
        except Exception as error:
            message, line = _told(error, folder)
            if line is None:
                message = f"{script}: {message}"
            raise StudyLoadError(
                script, message, line=line, detail="".join(traceback.format_exception(error))
            ) from error
        finally:
            sys.argv = arguments
            ACTIVE_LOADER.reset(token)


def _take(loader: ScriptLoader, script: Path) -> LoadedStudy:
    if not loader.configs:
        raise StudyLoadError(
            script, f"{script} never calls mug.server.app.run(config): add it at the end of the script"
        )
    if len(loader.configs) > 1:
        raise StudyLoadError(
            script,
            f"{script} calls mug.server.app.run {len(loader.configs)} times: a script is one study, so call it once",
        )
    study, callables, generated = loader.configs[0].build(script.name, script.parent)
    return LoadedStudy(study, callables, script.parent, script, generated=generated)


def _told(error: BaseException, folder: Path) -> tuple[str, int | None]:
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


def _module_name(file: Path) -> str:
    digest = hashlib.sha256(os.fsencode(file)).hexdigest()[:12]
    return f"mug_study_{file.stem}_{digest}"


def _put_first(*folders: Path) -> None:
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
