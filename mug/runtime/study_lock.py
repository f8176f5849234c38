"""`study.lock.json`: which packages, exactly, a study runs with in the browser."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from mug.runtime.cache import write_whole
from mug.runtime.errors import StudyLockError

__all__ = ["LockedPackage", "StudyLock"]

_FORMAT: Final = 1


class LockedPackage(msgspec.Struct, frozen=True, kw_only=True):
    """One package of a study.

    Attributes:
        name: Canonical name.
        version: Its version.
        file: The wheel's file name.
        sha256: The wheel's hash, as published (before we add compiled modules).
        origin: "pyodide": from the distribution; "index": by pip.
    """

    name: str
    version: str
    file: str
    sha256: str
    origin: str


class StudyLock(msgspec.Struct, frozen=True, kw_only=True):
    """The resolved packages of a study.

    Attributes:
        pyodide: The Pyodide version they were resolved for.
        pyodide_lock_sha256: Its lock's hash.
        requested: What was asked for, sorted; a wheel given by path carries its hash behind an "@".
        packages: All packages, by name, those needed by others too.
        format: Version of this file's layout.
    """

    pyodide: str
    pyodide_lock_sha256: str
    requested: tuple[str, ...]
    packages: tuple[LockedPackage, ...]
    format: int = _FORMAT

    @classmethod
    def read(cls, path: Path) -> "StudyLock | None":
        """Read a lock file.

        Returns:
            The lock, or None if there is no such file.

        Raises:
            StudyLockError: The file is there, but is not a lock of ours.
        """
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StudyLockError(path, f"the file cannot be read ({error.strerror})") from error
        try:
            lock = msgspec.json.decode(data, type=cls)
        except msgspec.DecodeError as error:
            raise StudyLockError(path, f"the file is not a study lock ({error})") from error
        if lock.format != _FORMAT:
            raise StudyLockError(path, f"the file has format {lock.format}, this MUG reads format {_FORMAT}")
        for package in lock.packages:
            if Path(package.file).name != package.file or package.file.startswith(".") or "\\" in package.file:
                raise StudyLockError(path, f"{package.file!r} is not a plain file name")
        return lock

    def write(self, path: Path) -> None:
        """Write the file so that a person can read the difference; what others keep in it stays.

        Raises:
            OSError: The folder cannot be written to.
        """
        kept: dict[str, Any] = {}
        if path.is_file():
            try:
                kept = json.loads(path.read_bytes())
            except ValueError:
                kept = {}
        ours = json.loads(msgspec.json.encode(self))
        merged = {
            "format": ours.pop("format"),
            **{key: kept[key] for key in kept if key not in ours and key != "format"},
            **ours,
        }
        write_whole(path, (json.dumps(merged, indent=2, ensure_ascii=False) + "\n").encode())

    def answers(self, requested: Sequence[str], pyodide_lock_sha256: str) -> bool:
        """Whether this lock is for these requests and this distribution."""
        return tuple(requested) == self.requested and pyodide_lock_sha256 == self.pyodide_lock_sha256

    def covers(self, requested: Sequence[str], pyodide_lock_sha256: str) -> bool:
        """Whether this lock has what is asked for, and perhaps more."""
        return set(requested) <= set(self.requested) and pyodide_lock_sha256 == self.pyodide_lock_sha256
