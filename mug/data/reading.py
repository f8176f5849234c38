"""Reads an exported folder. It needs nothing of the rest of MUG, so that it can run wherever the data goes."""

import itertools
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv

from mug.errors import MugError

__all__ = ["Export", "ExportFolderError", "read_array", "read_export", "read_manifest", "read_table"]

Export: TypeAlias = dict[str, pd.DataFrame]

_ARROW: dict[str, pa.DataType] = {"integer": pa.int64(), "number": pa.float64(), "boolean": pa.bool_()}


_BLOCK_BYTES = 4 * 1024 * 1024, 256 * 1024 * 1024
"""A row must fit; where the first size is too small, the second is taken."""


@dataclass(frozen=True)
class _Resource:
    """One table. `kinds`: column -> Frictionless type."""

    path: str
    kinds: dict[str, str]

    @classmethod
    def of(cls, described: dict[str, Any]) -> "_Resource":
        fields = described["schema"]["fields"]
        return cls(str(described["path"]), {str(field["name"]): str(field["type"]) for field in fields})


class ExportFolderError(MugError):
    """A folder that is not an export of MUG, or not all of one.

    Attributes:
        folder: The folder.
    """

    def __init__(self, folder: Path, reason: str) -> None:
        self.folder = folder
        super().__init__(f"{folder} cannot be read as an export of MUG: {reason}")


def read_export(
    folder: str | Path, tables: Sequence[str] | None = None, *, dtype_backend: Literal["pandas", "pyarrow"] = "pandas"
) -> Export:
    """Read the tables of an exported folder.

    Args:
        folder: The folder that holds ``datapackage.json``.
        tables: Names of tables ("frames", "events", …); all when not given.
        dtype_backend: "pandas": int64, float64, bool, string and UTC times; the nullable Int64 and boolean where
            values are missing. "pyarrow": Arrow types, which tell a missing number from a NaN.

    Returns:
        Table name -> its rows. A text that reads "NA" or "null" is that text; only missing values are missing.

    Raises:
        ExportFolderError: The folder is not an export, or lacks a table.
    """
    folder = Path(folder)
    package = _read_json(folder, "datapackage.json")
    try:
        resources = {
            str(one["name"]): _Resource.of(one) for one in package["resources"] if one.get("format", "csv") == "csv"
        }
    except (KeyError, TypeError, AttributeError) as error:
        raise ExportFolderError(folder, "its datapackage.json is not what MUG writes") from error
    for name in tables or ():
        if name not in resources:
            raise ExportFolderError(folder, f"it has no table {name!r}; it has {', '.join(resources)}")
    return {
        name: _read_table(folder, resource, dtype_backend)
        for name, resource in resources.items()
        if tables is None or name in tables
    }


def read_manifest(folder: str | Path) -> dict[str, Any]:
    """Return what the export says of itself: counts, digests, versions, the study's and the journal's hash.

    Raises:
        ExportFolderError: The folder is not an export.
    """
    folder = Path(folder)
    name = "provenance/manifest.json"
    return _read_json(folder, name if (folder / name).exists() else "manifest.json")  # as format 1 has it


def read_array(folder: str | Path, place: str) -> np.ndarray[Any, Any] | dict[str, np.ndarray[Any, Any]]:
    """Return an observation that was too large for its row.

    Args:
        folder: The exported folder.
        place: The text in the column ``observations.<agent>.array``.

    Returns:
        The array; for an observation of several arrays a dict of them by their path.

    Raises:
        ExportFolderError: There is nothing at that place.
    """
    name, _, key = place.partition(":")
    path = Path(folder) / name
    if not key or not path.is_file() or path.parent.name != "arrays":
        raise ExportFolderError(Path(folder), f"it has no array {place!r}")
    with np.load(path, allow_pickle=False) as arrays:
        if key in arrays.files:
            array: np.ndarray[Any, Any] = arrays[key]
            return array
        parts = {file.removeprefix(f"{key}."): arrays[file] for file in arrays.files if file.startswith(f"{key}.")}
    if not parts:
        raise ExportFolderError(Path(folder), f"it has no array {place!r}")
    return parts


def _read_json(folder: Path, name: str) -> dict[str, Any]:
    try:
        data = json.loads((folder / name).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ExportFolderError(folder, f"its {name} cannot be read ({error})") from error
    if not isinstance(data, dict):
        raise ExportFolderError(folder, f"its {name} is not what MUG writes")
    return data


def _read_table(folder: Path, resource: _Resource, dtype_backend: str) -> pd.DataFrame:
    kinds = resource.kinds
    table = read_table(folder / resource.path, kinds)
    if dtype_backend == "pyarrow":
        frame: pd.DataFrame = table.to_pandas(types_mapper=pd.ArrowDtype)
        return frame
    columns = {
        name: _as_series(column, kinds[name]) for name, column in zip(table.column_names, table.columns, strict=True)
    }
    return pd.DataFrame(columns, columns=table.column_names)


def read_table(path: Path, kinds: dict[str, str]) -> pa.Table:
    """Return a table's CSV file as Arrow has it. `kinds`: column -> type as the Data Package says.

    Raises:
        ExportFolderError: It is not there, or not as described.
    """
    parse = pa.csv.ParseOptions(newlines_in_values=True)
    error: Exception | None = None
    # Whole numbers above 2^63 are rare; they are tried as unsigned, and as texts where even that is too small.
    tried = itertools.product((pa.int64(), pa.uint64(), pa.string()), _BLOCK_BYTES)
    for integer, size in tried:
        types = {name: integer if kind == "integer" else _ARROW.get(kind, pa.string()) for name, kind in kinds.items()}
        convert = pa.csv.ConvertOptions(
            column_types=types,
            null_values=["NA"],
            true_values=["true"],
            false_values=["false"],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        )
        try:
            read = pa.csv.ReadOptions(block_size=size)
            return pa.csv.read_csv(path, read_options=read, parse_options=parse, convert_options=convert)
        except pa.ArrowInvalid as invalid:
            error = invalid
        except OSError as missing:
            raise ExportFolderError(
                path.parent.parent, f"its table {path.name} cannot be read ({missing})"
            ) from missing
    raise ExportFolderError(path.parent.parent, f"its table {path.name} is not as described ({error})") from error


def _as_series(column: pa.ChunkedArray, kind: str) -> "pd.Series[Any]":
    dtypes: dict[pa.DataType, Any] = {pa.string(): pd.StringDtype()}
    if column.null_count:
        dtypes |= {pa.int64(): pd.Int64Dtype(), pa.uint64(): pd.UInt64Dtype(), pa.bool_(): pd.BooleanDtype()}
    values: pd.Series[Any] = column.to_pandas(types_mapper=dtypes.get)
    if kind == "datetime":
        times = pd.to_datetime(values, utc=True, format="ISO8601", errors="coerce")
        if not (times.isna() & values.notna()).any():
            return times.dt.as_unit("us")
    return values
