"""A folder that really cannot be written to: by an ordinary user, whom root becomes meanwhile."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

__all__ = ["closed_folder"]

_NOBODY = 65_534


@contextmanager
def closed_folder(*files: str) -> Iterator[Path]:
    """Make a folder with empty files in it, and close it and its folders.

    It lies outside of pytest's own folders, which only their owner may enter.
    """
    if not hasattr(os, "geteuid"):
        pytest.skip("permissions as on POSIX")
    folder = Path(tempfile.mkdtemp(prefix="mug-closed-"))
    user = os.geteuid()
    try:
        for name in files:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).touch()
        for inner in (folder, *(path for path in folder.rglob("*") if path.is_dir())):
            inner.chmod(0o555)
        if user == 0:
            os.seteuid(_NOBODY)
        yield folder
    finally:
        if user == 0:
            os.seteuid(user)
        for inner in (folder, *(path for path in folder.rglob("*") if path.is_dir())):
            inner.chmod(0o755)
        shutil.rmtree(folder)
