"""Freezing a study for a session: its texts, its files' hashes, and what the browsers unpack to ``/study``."""

import hashlib
import platform
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version

from mug.engine.payload import FrozenStudy
from mug.runtime import PreparedRuntime, browser_part, study_parts, study_zip
from mug.server.builds import build_hashes, read_builds
from mug.server.errors import StudyRefusedError
from mug.study.hashing import content_hash
from mug.study.loading import LoadedStudy
from mug.study.model import GymGame, StaticPage
from mug.study.multiplayer import runs_on_server
from mug.study.treatments import every_version

__all__ = ["FrozenFiles", "freeze", "versions"]


@dataclass(frozen=True)
class FrozenFiles:
    """A study as one session holds it, with what the browsers get.

    Attributes:
        frozen: For the engine.
        sha256s: Path -> sha256 of every file that the study is made of.
        zip_sha256: Names the zip for `/study`; empty when no scene needs Python.
        zip_bytes: The zip.
        stepped_sha256: Names the zip of the files of games that the server steps; empty when there are none.
        stepped_bytes: That zip: with it, their matches can be stepped again later.
    """

    frozen: FrozenStudy
    sha256s: dict[str, str] = field(default_factory=dict)
    zip_sha256: str = ""
    zip_bytes: bytes = b""
    stepped_sha256: str = ""
    stepped_bytes: bytes = b""


def freeze(loaded: LoadedStudy, snapshot_levels: Mapping[str, str] | None = None) -> FrozenFiles:
    """Read everything that the study consists of, once.

    Args:
        loaded: The study.
        snapshot_levels: How states of the games of several people are saved, by scene id (`mug.check`).

    Raises:
        StudyRefusedError: A file is missing, unreadable or too large; all such problems at once.
    """
    problems: list[str] = []
    texts: dict[str, str] = {}
    scenes = [node for _, _, node in every_version(loaded.study) if isinstance(node, StaticPage | GymGame)]
    games = [scene for scene in scenes if isinstance(scene, GymGame)]
    parts, found = study_parts(loaded, games)
    for scene in scenes:
        for path in _text_paths(scene):
            _read_text(loaded, scene, path, texts, problems)
    problems += dict.fromkeys(found)
    builds, missing = read_builds(loaded)
    problems += missing
    if problems:
        raise StudyRefusedError(str(loaded.source), tuple(problems))
    sha256s = {path: hashlib.sha256(text.encode()).hexdigest() for path, text in texts.items()}
    sha256s.update({path: hashlib.sha256(data).hexdigest() for path, data in parts.items()})
    sha256s.update(build_hashes(loaded))
    in_browsers = [game for game in games if not runs_on_server(game)]
    packed = parts if len(in_browsers) == len(games) else study_parts(loaded, in_browsers)[0]
    zip_sha256, zip_bytes = study_zip({**packed, **browser_part()}) if in_browsers else ("", b"")
    on_server = [game for game in games if runs_on_server(game)]
    stepped_sha256, stepped_bytes = study_zip(study_parts(loaded, on_server)[0]) if on_server else ("", b"")
    frozen = FrozenStudy(
        study=loaded.study,
        content_hash=content_hash(loaded.study),
        texts=texts,
        snapshot_levels=dict(snapshot_levels or {}),
        builds=builds,
    )
    return FrozenFiles(frozen, sha256s, zip_sha256, zip_bytes, stepped_sha256, stepped_bytes)


def versions(prepared: PreparedRuntime | None, of_server: Mapping[str, str] | None = None) -> dict[str, str]:
    """The versions that a session was run with.

    Args:
        prepared: The packages of the browsers.
        of_server: Those of games that the server steps.
    """
    found = {"mug": mug_version(), "python": platform.python_version(), **(of_server or {})}
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
