"""The packages of games that the server steps: are they there, in the Python that the server runs with?"""

import sys
from collections.abc import Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from typing import Final

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename

from mug.check.environments import Finding
from mug.study.loading import LoadedStudy
from mug.study.model import GymGame
from mug.study.multiplayer import runs_on_server
from mug.study.treatments import every_version

__all__ = ["missing_on_server", "packages_of_server", "server_versions"]

_MAX_DEPTH: Final = 3


def packages_of_server(loaded: LoadedStudy, game: GymGame) -> list[Finding]:
    """Return which packages of a game on the server are missing here, or have another version than it asks for."""
    findings: list[Finding] = []
    for index, text in enumerate(game.runtime.packages_to_install):
        missing = list(_missing(_requirement(text)))
        if missing:
            findings.append(
                (
                    f"runtime.packages_to_install[{index}]",
                    "error",
                    "package_not_installed",
                    f"{text!r} is needed where this game is stepped, but {' and '.join(missing)} in the Python that "
                    f'the server runs with: run  {sys.executable} -m pip install "{_installable(loaded, text)}"',
                )
            )
    return findings


def missing_on_server(game: GymGame) -> list[str]:
    """Return which packages of a game are missing here, without its study's folder: sentences with what to run."""
    sentences: list[str] = []
    for text in game.runtime.packages_to_install:
        missing = list(_missing(_requirement(text)))
        if missing and text.endswith(".whl"):
            sentences.append(f"{' and '.join(missing)}; install the study's wheel {text} with pip.")
        elif missing:
            sentences.append(f'{" and ".join(missing)}; run  {sys.executable} -m pip install "{text}"')
    return sentences


def server_versions(loaded: LoadedStudy) -> dict[str, str]:
    """Return the installed versions of what the games on the server name, for the records: ``name (server)``."""
    found: dict[str, str] = {}
    for _, _, game in every_version(loaded.study):
        if not isinstance(game, GymGame) or not runs_on_server(game):
            continue
        for text in ("numpy", *game.runtime.packages_to_install):
            requirement = _requirement(text)
            there = None if requirement is None else _installed(requirement.name)
            if requirement is not None and there is not None:
                found[f"{requirement.name} (server)"] = there.version
    return found


def _requirement(text: str) -> Requirement | None:
    """Read a requirement, or the path of a wheel; None: it is neither, which the study's own check says."""
    try:
        if text.endswith(".whl"):
            name, version, _, _ = parse_wheel_filename(text.replace("\\", "/").rpartition("/")[2])
            return Requirement(f"{name}=={version}")
        return Requirement(text)
    except (InvalidRequirement, InvalidWheelFilename):
        return None


def _missing(requirement: Requirement | None, depth: int = 0) -> Iterator[str]:
    """Yield what of a requirement is not there, in words; extras are looked at, too."""
    if requirement is None or (requirement.marker is not None and not requirement.marker.evaluate({"extra": ""})):
        return
    there = _installed(requirement.name)
    if there is None:
        yield f"{requirement.name!r} is not installed"
        return
    if not requirement.specifier.contains(there.version, prereleases=True):
        yield f"{requirement.name!r} has version {there.version}"
        return
    if depth >= _MAX_DEPTH:
        return
    for extra in sorted(requirement.extras):
        for text in there.requires or ():
            further = Requirement(text)
            if further.marker is not None and further.marker.evaluate({"extra": ""}):
                continue  # needed with any extra: the package's own business
            if further.marker is not None and further.marker.evaluate({"extra": canonicalize_name(extra)}):
                further.marker = None
                yield from _missing(further, depth + 1)


def _installed(name: str) -> Distribution | None:
    try:
        return distribution(name)
    except PackageNotFoundError:
        return None


def _installable(loaded: LoadedStudy, text: str) -> str:
    return str(loaded.resolve_path(text)) if text.endswith(".whl") else text
