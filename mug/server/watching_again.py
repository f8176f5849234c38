"""Stepping a match again that the server had stepped: where its code is, and what this machine lacks for it."""

import io
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from mug.authority.place import StudyPlace
from mug.check.server_packages import missing_on_server
from mug.study.model import GymGame

__all__ = ["SteppedCode", "missing_packages", "unpacked"]


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


def unpacked(packed: bytes, folder: Path) -> StudyPlace:
    """Put the files of a study that the records hold into a folder."""
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        archive.extractall(folder)
    return StudyPlace(root=folder)
