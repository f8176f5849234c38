"""Folders for what is made only to be looked at or compared: they hold participants' data, and must not stay.

A folder's name tells the process that works in it. When that process was killed, the next one removes what it left.
"""

import os
import re
import shutil
import tempfile
from pathlib import Path
from typing import Final

from mug.records.export_place import CLOCK_STEPS_S, process_began

__all__ = ["ScratchFolder", "make_scratch", "remove_old_scratch"]

_NAME: Final = re.compile(r"mug-(?P<kind>[a-z]+)-(?P<pid>\d+)-(?P<began>\d+)-.+")


def make_scratch(kind: str) -> Path:
    """Make a folder of this process's own, readable by this user only.

    Args:
        kind: What it is for, in small letters: a part of its name.

    Raises:
        OSError: The disk refused.
    """
    remove_old_scratch()
    return Path(tempfile.mkdtemp(prefix=_prefix(kind)))


class ScratchFolder(tempfile.TemporaryDirectory[str]):
    """A folder as `make_scratch` makes it, which goes with its object, or at the end of a `with`.

    Args:
        kind: What it is for, in small letters: a part of its name.

    Raises:
        OSError: The disk refused.
    """

    def __init__(self, kind: str) -> None:
        remove_old_scratch()
        super().__init__(prefix=_prefix(kind), ignore_cleanup_errors=True)

    @property
    def path(self) -> Path:
        """Where it is."""
        return Path(self.name)


def _prefix(kind: str) -> str:
    return f"mug-{kind}-{os.getpid()}-{process_began(os.getpid())}-"


def remove_old_scratch() -> None:
    """Remove the folders of processes that are gone; what cannot be removed stays."""
    for path in sorted(Path(tempfile.gettempdir()).glob("mug-*")):
        name = _NAME.fullmatch(path.name)
        if name is None or path.is_symlink() or not path.is_dir():
            continue
        if abs(process_began(int(name["pid"])) - int(name["began"])) > CLOCK_STEPS_S:
            shutil.rmtree(path, ignore_errors=True)
