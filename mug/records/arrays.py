"""Observations too large for a table's row: kept in ``arrays/*.npz``, named and digested in the row."""

import hashlib
import io
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np

from mug.records.spool import column_name

__all__ = ["MAX_ROW_VALUES", "ArrayStore", "digest_of"]

MAX_ROW_VALUES: Final = 256
"""Observations of more single numbers than this leave the row."""

_TIME: Final = (1980, 1, 1, 0, 0, 0)


class ArrayStore:
    """Writes arrays into one file per episode; the same arrays always make the same file.

    Args:
        folder: Where the files lie.
        name_of: What a match is called in the file's name, and an array in the file.
    """

    def __init__(self, folder: Path, name_of: Callable[[str], str] = str) -> None:
        self._folder = folder
        self._name_of = name_of
        self._open: zipfile.ZipFile | None = None
        self._name = ""
        self.files: list[Path] = []

    def put(self, match_id: str, episode: int, key: str, value: Any) -> tuple[str, str]:
        """Keep a value; returns its place (``arrays/<file>.npz:<key>``) and its digest.

        A value made of several arrays (a dict of them) gets one entry for each, ``<key>.<their path>``.
        """
        name = f"match-{self._name_of(match_id)}_episode-{episode}.npz"
        if name != self._name:
            self.close()
            path = self._folder / name
            self._folder.mkdir(parents=True, exist_ok=True)
            self._open = zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED, compresslevel=1)
            self._name = name
            if path not in self.files:
                self.files.append(path)
        assert self._open is not None
        for tail, array in _parts(value):
            member = zipfile.ZipInfo(f"{self._name_of(f'{key}{column_name(tail)}')}.npy", _TIME)
            member.compress_type = zipfile.ZIP_DEFLATED
            buffer = io.BytesIO()
            np.lib.format.write_array(buffer, array, allow_pickle=False)
            self._open.writestr(member, buffer.getvalue())
        return f"arrays/{name}:{key}", digest_of(value)

    def close(self) -> None:
        """Finish the file that is being written."""
        if self._open is not None:
            self._open.close()
        self._open = None
        self._name = ""


def digest_of(value: Any) -> str:
    """Return the SHA-256 of an array's bytes: C order, little endian; of several arrays one after the other."""
    digest = hashlib.sha256()
    for _, array in _parts(value):
        digest.update(array.tobytes())
    return digest.hexdigest()


def _parts(value: Any, tail: str = "") -> list[tuple[str, np.ndarray[Any, Any]]]:
    if isinstance(value, Mapping):
        return [part for key, item in value.items() for part in _parts(item, f"{tail}.{key}")]
    array = np.asarray(value) if not isinstance(value, list | tuple) else _as_array(value)
    if array is None:
        return [part for index, item in enumerate(value) for part in _parts(item, f"{tail}.{index}")]
    if array.dtype.kind == "O":
        array = np.asarray(str(value))
    return [(tail, np.ascontiguousarray(array.astype(array.dtype.newbyteorder("<"), copy=False)))]


def _as_array(value: list[Any] | tuple[Any, ...]) -> np.ndarray[Any, Any] | None:
    """Return a list of numbers as one array; None for a list of unequal things."""
    try:
        array = np.asarray(value)
    except ValueError:
        return None
    return array if array.dtype.kind in "biuf" else None
