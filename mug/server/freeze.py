"""Freezing a study for a session: its texts, its files' hashes, and what the browsers unpack to ``/study``."""

import hashlib
import platform
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path, PurePosixPath
from typing import Any, Final

from mug.engine.payload import FrozenStudy
from mug.runtime import PreparedRuntime, browser_part, study_zip
from mug.server.errors import StudyRefusedError
from mug.study.hashing import content_hash
from mug.study.loading import LoadedStudy
from mug.study.model import GymGame, Node, RandomizeOrder, Repeat, StaticPage

__all__ = ["FrozenFiles", "freeze", "versions"]

MAX_FILES: Final = 5_000
MAX_TOTAL_BYTES: Final = 64 * 1024 * 1024
_SKIPPED_FOLDERS: Final = frozenset({"tests", "__pycache__", "node_modules", "venv", "site-packages", "data"})


@dataclass(frozen=True)
class FrozenFiles:
    """A study as one session holds it, with what the browsers get.

    Attributes:
        frozen: For the engine.
        sha256s: Path -> sha256 of every file that the study is made of.
        zip_sha256: Names the zip for `/study`; empty when no scene needs Python.
        zip_bytes: The zip.
    """

    frozen: FrozenStudy
    sha256s: dict[str, str] = field(default_factory=dict)
    zip_sha256: str = ""
    zip_bytes: bytes = b""


def freeze(loaded: LoadedStudy) -> FrozenFiles:
    """Read everything that the study consists of, once.

    Raises:
        StudyRefusedError: A file is missing, unreadable or too large; all such problems at once.
    """
    problems: list[str] = []
    texts: dict[str, str] = {}
    parts = {name: source.encode() for name, source in loaded.generated.items()}
    games = False
    for scene in _scenes(loaded.study.chain):
        for path in _text_paths(scene):
            _read_text(loaded, scene, path, texts, problems)
        if isinstance(scene, GymGame):
            games = True
            _collect(loaded, scene, parts, problems)
    if sum(map(len, parts.values())) > MAX_TOTAL_BYTES:
        problems.append(f"the study's Python files are larger than {MAX_TOTAL_BYTES // 1024**2} MB together")
    if problems:
        raise StudyRefusedError(str(loaded.source), tuple(problems))
    sha256s = {path: hashlib.sha256(text.encode()).hexdigest() for path, text in texts.items()}
    sha256s.update({path: hashlib.sha256(data).hexdigest() for path, data in parts.items()})
    zip_sha256, zip_bytes = study_zip({**parts, **browser_part()}) if games else ("", b"")
    frozen = FrozenStudy(study=loaded.study, content_hash=content_hash(loaded.study), texts=texts)
    return FrozenFiles(frozen, sha256s, zip_sha256, zip_bytes)


def versions(prepared: PreparedRuntime | None) -> dict[str, str]:
    """The versions that a session was run with."""
    found = {"mug": mug_version(), "python": platform.python_version()}
    if prepared is not None:
        found["pyodide"] = prepared.pyodide_version
        found.update({package.name: package.version for package in prepared.locked})
    return found


def mug_version() -> str:
    """This MUG's version."""
    try:
        return version("mug-py")
    except PackageNotFoundError:
        return "0+unknown"


def _scenes(nodes: tuple[Node, ...]) -> Iterator[StaticPage | GymGame]:
    for node in nodes:
        if isinstance(node, RandomizeOrder | Repeat):
            yield from _scenes(node.scenes)
        elif isinstance(node, StaticPage | GymGame):
            yield node


def _text_paths(scene: StaticPage | GymGame) -> Iterator[str]:
    paths: tuple[str | None, ...]
    if isinstance(scene, GymGame):
        paths = (
            scene.content.scene_body_filepath,
            scene.content.in_game_scene_body_filepath,
            scene.runtime.environment_initialization_code_filepath,
        )
    else:
        paths = (scene.scene_body_filepath,)
    yield from (path for path in paths if path is not None)


def _read_text(
    loaded: LoadedStudy, scene: StaticPage | GymGame, path: str, texts: dict[str, str], problems: list[str]
) -> None:
    if path in texts:
        return
    try:
        texts[path] = loaded.resolve_path(path).read_text(encoding="utf-8")
    except FileNotFoundError:
        problems.append(f"scene {scene.scene_id!r}: there is no file {path!r} in {loaded.folder}")
    except (OSError, UnicodeDecodeError) as error:
        problems.append(f"scene {scene.scene_id!r}: {path!r} cannot be read: {error}")


def _collect(loaded: LoadedStudy, game: GymGame, parts: dict[str, bytes], problems: list[str]) -> None:
    """Add the environment's file with the Python files beside and below it, and what `.runtime(files=…)` names."""
    for name in _environment_files(loaded, game):
        file = loaded.resolve_path(name)
        if file.is_file():
            _add_folder(loaded, file, PurePosixPath(Path(name).as_posix()).parent, parts)
    for pattern in game.runtime.files:
        found = [path for path in sorted(loaded.folder.glob(pattern)) if path.is_file()]
        if not found:
            problems.append(
                f"scene {game.scene_id!r}: .runtime(files=…) {pattern!r} matches no file in {loaded.folder}"
            )
        for path in found:
            if path.resolve().is_relative_to(loaded.folder):
                _add(parts, path.relative_to(loaded.folder).as_posix(), path)
    if len(parts) > MAX_FILES:
        problems.append(f"scene {game.scene_id!r}: more than {MAX_FILES} files would go to every browser")


def _environment_files(loaded: LoadedStudy, game: GymGame) -> Iterator[str]:
    if game.runtime.environment_initialization_code_filepath is not None:
        yield game.runtime.environment_initialization_code_filepath
    references: list[Any] = [
        game.environment.env_creator,
        game.rendering.env_to_state_fn,
        game.rendering.hud_text_fn,
        game.policies.load_policy_fn,
        game.policies.policy_inference_fn,
        *game.policies.policy_mapping.values(),
    ]
    for reference in references:
        if not isinstance(reference, str) or ":" not in reference or reference in loaded.callables:
            continue
        place = reference.rpartition(":")[0]
        if place.endswith(".py"):
            yield place
            continue
        module = place.split(".", maxsplit=1)[0]
        for name in (f"{module}.py", f"{module}/__init__.py"):
            if (loaded.folder / name).is_file():
                yield name


def _add_folder(loaded: LoadedStudy, file: Path, prefix: PurePosixPath, parts: dict[str, bytes]) -> None:
    folder = file.parent
    for path in _python_files(folder):
        if path.resolve() == loaded.source.resolve():
            continue
        _add(parts, (prefix / path.relative_to(folder).as_posix()).as_posix(), path)


def _python_files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.is_dir():
            if path.name not in _SKIPPED_FOLDERS and not path.name.startswith(".") and not path.is_symlink():
                yield from _python_files(path)
        elif path.suffix == ".py" and not path.name.startswith("test_") and path.name != "conftest.py":
            yield path


def _add(parts: dict[str, bytes], name: str, path: Path) -> None:
    if ".." not in PurePosixPath(name).parts and not name.startswith("/"):
        parts.setdefault(name, path.read_bytes())
