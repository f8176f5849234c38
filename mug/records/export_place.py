"""Where an export is made: a folder of its own beside its place, which gets its name only when it is whole.

The folder's name tells the process that works in it. When that process was killed, the next export into the same
folder removes what it left.
"""

import os
import platform
import re
import secrets
import shutil
from pathlib import Path
from typing import Final

from mug.records.errors import ExportError

__all__ = ["CLOCK_STEPS_S", "ExportPlace", "process_began", "remove_left_behind"]

_MARK: Final = ".partial-"
_PART: Final = re.compile(r"\.(?P<name>.+)\.partial-(?P<host>[0-9a-z]+)-(?P<pid>\d+)-(?P<began>\d+)-[0-9a-f]{8}")

CLOCK_STEPS_S: Final = 10
"""By how much a process's beginning may differ when it is asked again: the machine's clock is set now and then."""


class ExportPlace:
    """The place of one export.

    Args:
        out: The folder to make.
        numbered: Whether another export there makes this one ``<name>_2`` and so on; else it is refused.

    Attributes:
        part: The folder in which to work, until `finish`.
    """

    def __init__(self, out: Path, *, numbered: bool = False) -> None:
        """Take the place.

        Raises:
            ExportError: It is taken, or another export is being made there.
            OSError: The disk refused.
        """
        self._wanted = out
        self._numbered = numbered
        out.parent.mkdir(parents=True, exist_ok=True)
        remove_left_behind(out.parent)
        self._out = self._free_place()
        name = f".{out.name}{_MARK}{_host()}-{os.getpid()}-{process_began(os.getpid())}-{secrets.token_hex(4)}"
        self.part = out.parent / name
        self.part.mkdir(mode=0o700)

    def finish(self) -> Path:
        """Give the folder its name; returns it.

        Raises:
            ExportError: Another export came to the place in the meantime.
            OSError: The disk refused.
        """
        self.part.chmod(0o755)
        while True:
            try:
                if self._out.is_dir():
                    self._out.rmdir()  # only an empty one
                self.part.rename(self._out)
            except OSError:
                if not self.part.is_dir() or not self._out.exists():
                    raise
                if not self._numbered:
                    raise ExportError(_taken(self._out)) from None
                self._out = self._free_place()
            else:
                return self._out

    def abandon(self) -> None:
        """Remove what was made; a failure of it changes nothing any more."""
        shutil.rmtree(self.part, ignore_errors=True)

    def _free_place(self) -> Path:
        out, number = self._wanted, 2
        while self._is_taken(out):
            if not self._numbered:
                raise ExportError(_taken(out))
            out = self._wanted.with_name(f"{self._wanted.name}_{number}")
            number += 1
        if not self._numbered:
            others = [pid for part, pid in _parts(out.parent) if pid and _name_of(part) == out.name]
            if others:
                raise ExportError(
                    f"an export to {out} is being made by process {others[0]}: wait for it, or choose another place"
                )
        return out

    @staticmethod
    def _is_taken(out: Path) -> bool:
        return out.is_symlink() or (out.exists() and (not out.is_dir() or any(out.iterdir())))


def remove_left_behind(folder: Path) -> None:
    """Remove what exports into a folder left, of whatever name, whose process is gone: it holds participants' data."""
    for part, pid in _parts(folder):
        if pid is None:
            shutil.rmtree(part, ignore_errors=True)


def _parts(folder: Path) -> list[tuple[Path, int | None]]:
    """Return the unfinished exports in a folder: each with its process, or None when that is gone."""
    found: list[tuple[Path, int | None]] = []
    for path in sorted(folder.glob(f".*{_MARK}*")):
        match = _PART.fullmatch(path.name)
        if match is None or match["host"] != _host() or path.is_symlink() or not path.is_dir():
            continue
        pid = int(match["pid"])
        is_gone = abs(process_began(pid) - int(match["began"])) > CLOCK_STEPS_S
        found.append((path, None if is_gone else pid))
    return found


def process_began(pid: int) -> int:
    """Return when a process began, so that another one with its number is not taken for it; 0 when there is none."""
    import psutil  # opens a socket when it is imported

    try:
        return int(psutil.Process(pid).create_time())
    except psutil.Error:
        return 0


def _host() -> str:
    return re.sub(r"[^0-9a-z]", "", platform.node().lower()) or "host"


def _name_of(part: Path) -> str:
    match = _PART.fullmatch(part.name)
    return match["name"] if match is not None else ""


def _taken(out: Path) -> str:
    return f"{out} exists already: choose another place, exports are never written over"
