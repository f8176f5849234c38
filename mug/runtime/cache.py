"""Where downloads live on this machine, and how files get there whole or not at all."""

import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory, mkstemp
from typing import TypeAlias

import platformdirs

__all__ = ["Progress", "cache_folder", "file_sha256", "no_progress", "staging", "write_whole"]

Progress: TypeAlias = Callable[[str, float | None], None]
"""Told what happens: a sentence, and how much of it is done (0 to 1; None: not known)."""


def no_progress(_text: str, _fraction: float | None) -> None:
    """The `Progress` that tells nobody."""


def cache_folder() -> Path:
    """The folder of everything that can be fetched again: `MUG_CACHE_DIR`, else the user's cache folder."""
    named = os.environ.get("MUG_CACHE_DIR")
    return Path(named).expanduser().absolute() if named else platformdirs.user_cache_path("mug")


def file_sha256(path: Path) -> str:
    """The sha256 of a file's bytes, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_whole(path: Path, data: bytes) -> None:
    """Write a file so that a reader sees the old or the new content, never a part of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = mkstemp(prefix=f".{path.name}.", dir=path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        temporary.chmod(0o644)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


@contextmanager
def staging(parent: Path) -> Iterator[Path]:
    """A temporary folder on the same file system as `parent`, so that what is made in it can be moved there at once."""
    parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".staging-", dir=parent) as name:
        yield Path(name)
