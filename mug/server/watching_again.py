"""Stepping a match again that the server had stepped: where its code is, and what this machine lacks for it."""

import contextlib
import io
import platform
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

from mug.authority.place import StudyPlace
from mug.check.server_packages import missing_on_server
from mug.study.model import GymGame

__all__ = ["SteppedCode", "missing_packages", "other_versions", "unpacked"]

OF_SERVER: Final = " (server)"
"""After a package's name in the recorded versions: of games that the server steps."""


@dataclass(frozen=True)
class SteppedCode:
    """The code of a study's games that the server steps.

    Attributes:
        place: Where it is; None: `problem` says why it is not there.
        problem: In words.
        missing: Says what this machine lacks for a game, in words; empty: nothing.
    """

    place: StudyPlace | None
    problem: str = ""
    missing: Callable[[GymGame], str] = lambda _game: ""


def missing_packages(game: GymGame) -> str:
    """Return which packages of a game are not there in this Python, with the command that installs them."""
    problems = missing_on_server(game)
    return "" if not problems else f"This game cannot be stepped on this machine: {' '.join(problems)}"


def other_versions(recorded: Mapping[str, str]) -> str:
    """Return which packages are here in another version than the session's, in words; empty: none.

    Args:
        recorded: The versions that the session was run with.
    """
    others: list[str] = []
    for name, before in sorted(recorded.items()):
        package = name.removesuffix(OF_SERVER)
        with contextlib.suppress(PackageNotFoundError):
            if name != package and (now := version(package)) != before:
                others.append(f"{package} {before} (here {now})")
    if (here := platform.python_version()) != recorded.get("python", here):
        others.append(f"Python {recorded['python']} (here {here})")
    if not others:
        return ""
    why = "if stepping again gives something else, that may be why."
    return f"The session stepped its games with {', '.join(others)}: {why}"


def unpacked(packed: bytes, folder: Path) -> StudyPlace:
    """Put the files of a study that the records hold into a folder."""
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        archive.extractall(folder)
    return StudyPlace(root=folder)
