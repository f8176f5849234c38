"""What a study refers to on disk: pages, code, folders, functions."""

import ast
import inspect
from collections.abc import Iterator
from pathlib import Path

from mug.check.builds import build_findings
from mug.check.environments import Finding
from mug.study.assets import form_picture, is_color, preloaded, served_path, served_roots
from mug.study.catalog import fields
from mug.study.errors import CallableError
from mug.study.game_validation import BROWSER_CALLABLES
from mug.study.loading import LoadedStudy, leads_out
from mug.study.matchmaking import Matchmaker
from mug.study.model import EmbeddedBuild, FormPage, GymGame, Section, Study
from mug.study.problems import did_you_mean
from mug.study.questions import pictures_of
from mug.study.scripts import calls_run

__all__ = ["browser_callable", "files_of_node", "files_of_study"]

_FOLDERS = ("assets_dir", "webgl_base_url")


def files_of_study(loaded: LoadedStudy) -> Iterator[Finding]:
    """Check what the study itself refers to."""
    for index, folder in enumerate(loaded.study.static_files):
        path = loaded.resolve_path(folder)
        if not path.is_dir():
            what = "is no folder" if path.exists() else f"does not exist in {loaded.folder}"
            yield f"static_files[{index}]", "error", "missing_folder", f"{folder!r} {what}"
    yield from _callables(loaded, Study, loaded.study)


def files_of_node(loaded: LoadedStudy, node: Section) -> Iterator[Finding]:
    """Check what one node refers to."""
    for name, info in fields(type(node)):
        value = _value(node, name)
        if info.shape == "path" and isinstance(value, str) and value.strip() and info.name not in _FOLDERS:
            yield from _text_file(loaded, name, value)
    yield from _callables(loaded, type(node), node)
    if isinstance(node, GymGame):
        yield from _of_game(loaded, node)
    if isinstance(node, EmbeddedBuild):
        yield from build_findings(loaded, node)
    if isinstance(node, FormPage):
        for field, path in pictures_of(node):
            if path:
                yield from _picture(loaded, field, form_picture(path))


def _value(node: Section, name: str) -> object:
    found: object = node
    for part in name.split("."):
        found = getattr(found, part)
    return found


def _text_file(loaded: LoadedStudy, field: str, text: str) -> Iterator[Finding]:
    path = loaded.resolve_path(text)
    if not path.is_file():
        yield field, "error", "missing_file", f"there is no file {text!r} in {loaded.folder}{_near(path)}"
        return
    try:
        source = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        yield field, "error", "unreadable_file", f"{text!r} cannot be read as UTF-8 text: {error}"
        return
    if path.suffix == ".py":
        yield from _compiles(field, text, source)


def _near(path: Path) -> str:
    folder = path.parent
    names = [entry.name for entry in folder.iterdir()] if folder.is_dir() else []
    return did_you_mean(path.name, names)


def _compiles(field: str, text: str, source: str) -> Iterator[Finding]:
    try:
        compile(source, text, "exec", dont_inherit=True)
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None)
        shown = (getattr(error, "text", None) or "").strip()
        place = f"{text}, line {line}" if line else text
        message = f"{place}: {getattr(error, 'msg', error)}"
        yield field, "error", "code_does_not_compile", f"{message}\n    {shown}" if shown else message


def _callables(loaded: LoadedStudy, struct: type[Section], node: Section) -> Iterator[Finding]:
    for name, info in fields(struct):
        ref = _value(node, name)
        if info.shape != "callable" or not isinstance(ref, str) or ":" not in ref:
            continue
        if ref in loaded.callables:
            if info.name == "matchmaker":
                yield from _matchmaker(name, ref, loaded.callables[ref])
            continue
        if name in BROWSER_CALLABLES:
            yield from browser_callable(loaded, name, ref)
            continue
        try:
            named = loaded.resolve_callable(ref)
        except CallableError as error:
            yield name, "error", "missing_function", str(error)
            continue
        if info.name == "matchmaker":
            yield from _matchmaker(name, ref, named)


def _matchmaker(field: str, ref: str, named: object) -> Iterator[Finding]:
    """Look whether something is a matchmaker, or a class or function that makes one; functions are not called."""
    if isinstance(named, Matchmaker):
        return
    if isinstance(named, type):
        if not issubclass(named, Matchmaker):
            yield field, "error", "no_matchmaker", f"{ref!r} is a class, but not a mug.server.matchmaker.Matchmaker"
            return
        try:
            inspect.signature(named).bind()
        except TypeError as error:
            message = (
                f"{ref!r} cannot be made without arguments ({error}): make one in a file of the study and name that"
            )
            yield field, "error", "no_matchmaker", message
    elif not callable(named):
        message = f"{ref!r} is a {type(named).__name__}, not a mug.server.matchmaker.Matchmaker"
        yield field, "error", "no_matchmaker", message


def browser_callable(loaded: LoadedStudy, field: str, ref: str) -> Iterator[Finding]:
    """Look for a function that runs in the browser without running its module, which may need the browser."""
    place, _, name = ref.rpartition(":")
    if place in loaded.generated:
        return
    relative = place if place.endswith(".py") else f"{place.replace('.', '/')}.py"
    if leads_out(relative):
        message = f"{ref!r} lies outside the study's folder: copy the file, and what it imports, into the folder"
        yield field, "error", "outside_study", message
        return
    path = loaded.folder / relative
    if not path.is_file() and not place.endswith(".py"):
        path = loaded.folder / place.replace(".", "/") / "__init__.py"
        if not path.is_file():
            return  # a package's function; trying the environment tells whether it is there
    if not path.is_file():
        yield field, "error", "missing_file", f"{ref!r}: there is no file {relative!r} in {loaded.folder}{_near(path)}"
        return
    if path.resolve() == loaded.source.resolve() or calls_run(path):
        message = (
            f"{ref!r} is in the study's script, which the participant's browser does not get: move the function into a "
            "module beside the environment"
        )
        yield field, "error", "not_in_the_browser", message
        return
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, SyntaxError):
        return  # told where the file itself is checked, or when the environment is tried
    names = _defined(tree)
    first = name.partition(".")[0]
    if first not in names and "*" not in names:
        yield field, "error", "missing_function", f"{ref!r}: {relative} has no {first!r}{did_you_mean(first, names)}"


def _defined(tree: ast.Module) -> set[str]:
    names: set[str] = set()
    for statement in ast.walk(tree):
        match statement:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                names.add(statement.name)
            case ast.Import() | ast.ImportFrom():
                names.update((alias.asname or alias.name).partition(".")[0] for alias in statement.names)
            case ast.Name(id=name, ctx=ast.Store()):
                names.add(name)
    return names


def _of_game(loaded: LoadedStudy, game: GymGame) -> Iterator[Finding]:
    if not is_color(game.rendering.background):
        yield from _picture(loaded, "rendering.background", served_path(loaded.study, game, game.rendering.background))
    given = len(game.assets.preload_specs)
    for index, spec in enumerate(preloaded(loaded.study, game)):
        for name in ("img_path", "path", "json_path", "atlas_path"):
            if isinstance(spec.get(name), str):
                field = f"assets.preload_specs[{index}].{name}"
                yield from _picture(loaded, field if index < given else _preload_field(game, spec["name"]), spec[name])
    for index, pattern in enumerate(game.runtime.files):
        if leads_out(pattern):
            message = f"{pattern!r} names files outside the study's folder: copy them into it"
            yield f"runtime.files[{index}]", "error", "outside_study", message
        elif not any(path.is_file() for path in loaded.folder.glob(pattern)):
            message = f"{pattern!r} matches no file in {loaded.folder}"
            yield f"runtime.files[{index}]", "error", "missing_file", message


def _preload_field(game: GymGame, name: str) -> str:
    return f"assets.assets_to_preload[{game.assets.assets_to_preload.index(name)}]"


def _picture(loaded: LoadedStudy, field: str, address: str) -> Iterator[Finding]:
    """Look for a picture where the server will."""
    if address.startswith(("data:", "blob:")):
        return
    for root, text in served_roots(loaded.study).items():
        if address.startswith(f"{root}/"):
            path = loaded.resolve_path(text) / address.removeprefix(f"{root}/")
            if path.is_file():
                return
            folder = loaded.resolve_path(text)
            message = f"there is no file {address.removeprefix(f'{root}/')!r} in {folder}{_near(path)}"
            yield field, "error", "missing_file", message
            return
    message = f"{address!r} is in no folder that is served: name its folder in static_files or assets.assets_dir"
    yield field, "error", "not_served", message
