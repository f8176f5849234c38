"""Loading a study from its folder or from a script in the chain API."""

import dataclasses
import difflib
import hashlib
import importlib
import importlib.util
import os
import sys
import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, cast

from mug.study.errors import CallableError, StudyLoadError
from mug.study.files import STUDY_FILE, read_study
from mug.study.model import Study
from mug.study.problems import did_you_mean
from mug.study.scripts import StudyConfig, calls_run, objects_of_script, put_first, run_script, taking_configs, told

__all__ = ["LoadedStudy", "leads_out", "load", "load_as_edited", "loaded_from_config"]


def leads_out(text: str) -> bool:
    """Whether a path leads out of the study's folder: what a game is made of goes with the study, into its records."""
    path = PurePosixPath(Path(text).as_posix())
    return path.is_absolute() or Path(text).is_absolute() or ".." in path.parts


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
    _scripts: dict[Path, tuple[Mapping[str, Any], Mapping[str, Any]]] = field(
        default_factory=dict, repr=False, compare=False
    )

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
            ref: ``"module:name"``, ``"file.py:name"`` (inside the study folder), or a reference into a script: of what
                it calls by name ("experiment.py:make_matchmaker"), or of what it gave to a setting
                ("experiment.py:welcome.on_connect"). A script is run for it once.

        Raises:
            CallableError: When there is no such thing, or its module cannot be imported; the message says which.
        """
        if ref in self.callables:
            found: Callable[..., Any] = self.callables[ref]
            return found
        place, separator, name = ref.rpartition(":")
        if not separator or not place or not name:
            raise CallableError(ref, f'{ref!r} is not a reference: write "module:function" or "file.py:function"')
        file = self.resolve_path(place).resolve() if place.endswith(".py") else None
        target: Any
        if file is not None and file not in self._modules and (file in self._scripts or calls_run(file)):
            callables, namespace = self._script(ref, file)
            if f"{file.name}:{name}" in callables:
                return cast("Callable[..., Any]", callables[f"{file.name}:{name}"])
            target = types.SimpleNamespace(**namespace)
        else:
            target = self._file_module(ref, place, file) if file is not None else self._named_module(ref, place)
        for part in name.split("."):
            if not hasattr(target, part) or hasattr(target, "build_node"):  # a scene's methods are no hooks of its own
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

    def _script(self, ref: str, file: Path) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
        """Return the objects that a script of the folder refers to, and its names."""
        if file not in self._scripts:
            try:
                self._scripts[file] = objects_of_script(file)
            except StudyLoadError as error:
                raise CallableError(ref, f"{ref!r}: {error}") from error
        return self._scripts[file]

    def _file_module(self, ref: str, place: str, file: Path) -> types.ModuleType:
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
            put_first(self.folder, self.working_directory)
            with taking_configs(file):
                spec.loader.exec_module(module)
        except Exception as error:
            sys.modules.pop(spec.name, None)
            raise CallableError(ref, f"{ref!r}: {told(error, self.folder)[0]}") from error
        self._modules[file] = module
        return module

    def _named_module(self, ref: str, place: str) -> types.ModuleType:
        try:
            put_first(self.folder, self.working_directory)
            with taking_configs(self.folder / f"{place}.py"):
                return importlib.import_module(place)
        except ModuleNotFoundError as error:
            raise CallableError(ref, f"{ref!r}: there is no module {error.name!r} here") from error
        except Exception as error:
            raise CallableError(ref, f"{ref!r}: {told(error, self.folder)[0]}") from error


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
        script = given.resolve()
        run = run_script(script, argv)
        return LoadedStudy(run.study, run.callables, script.parent, script, generated=run.generated)
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
        scripts = [file.name for file in sorted(folder.glob("*.py")) if calls_run(file)]
        hint = f"; did you mean {str(folder / scripts[0])!r}?" if scripts else ""
        raise StudyLoadError(folder, f"{folder} has no {STUDY_FILE}{hint}")
    return LoadedStudy(read_study(source), {}, source.parent, source)


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


def _module_name(file: Path) -> str:
    digest = hashlib.sha256(os.fsencode(file)).hexdigest()[:12]
    return f"mug_study_{file.stem}_{digest}"
