"""Loads an exported folder as tidy pandas tables, from CSV or Parquet alike."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

import pandas as pd
import pyarrow as pa
import pyarrow.parquet

from mug.data.reading import ExportFolderError, read_manifest, read_table

__all__ = ["Dataset", "load"]

_NULLABLE: Final[dict[pa.DataType, Any]] = {
    pa.int64(): pd.Int64Dtype(),
    pa.uint64(): pd.UInt64Dtype(),
    pa.bool_(): pd.BooleanDtype(),
    pa.string(): pd.StringDtype(),
}

Format: TypeAlias = Literal["csv", "parquet"]


class Dataset(Mapping[str, pd.DataFrame]):
    """The tables of an export by name, each read when it is asked for first.

    Whole numbers and booleans are the nullable types, other numbers float64, texts with fixed levels categories, all
    other texts strings, times UTC. A table with another number of rows than the journal gave is refused.

    Attributes:
        folder: The folder.
        manifest: What the export says of itself: counts, digests, versions, the journal's hash.
    """

    def __init__(self, folder: Path, resources: Mapping[str, Mapping[str, Any]], source: Format) -> None:
        self.folder = folder
        self.manifest = read_manifest(folder)
        self._resources = resources
        self._source = source
        self._tables: dict[str, pd.DataFrame] = {}

    def __getitem__(self, table: str) -> pd.DataFrame:
        if table not in self._resources:
            raise KeyError(f"the export has no table {table!r}; it has {', '.join(self._resources)}")
        if table not in self._tables:
            self._tables[table] = self._read(table)
        return self._tables[table]

    def __iter__(self) -> Iterator[str]:
        return iter(self._resources)

    def __len__(self) -> int:
        return len(self._resources)

    def describe(self, table: str) -> pd.DataFrame:
        """Return what the columns of a table mean: type, unit, levels, meaning; one row for each column."""
        fields = self._fields(table)
        rows = {
            "type": [one["type"] for one in fields],
            "unit": [one.get("unit", "") for one in fields],
            "levels": [tuple(_levels(one)) for one in fields],
            "description": [one.get("description", "") for one in fields],
        }
        return pd.DataFrame(rows, index=pd.Index([one["name"] for one in fields], name="column"))

    def _fields(self, table: str) -> list[dict[str, Any]]:
        fields: list[dict[str, Any]] = self._resources[table]["schema"]["fields"]
        return fields

    def _read(self, table: str) -> pd.DataFrame:
        fields = self._fields(table)
        path = str(self._resources[table]["path"])
        if self._source == "parquet":
            rows = _read_parquet(self.folder, path)
        else:
            rows = read_table(self.folder / path, {str(one["name"]): str(one["type"]) for one in fields})
        counted = self.manifest.get("counts", {}).get(table, rows.num_rows)
        if rows.num_rows != counted:
            raise ExportFolderError(
                self.folder, f"its table {table} has {rows.num_rows} rows, and was exported with {counted}"
            )
        columns = zip(fields, rows.columns, strict=True)
        return pd.DataFrame({one["name"]: _tidy(column, one) for one, column in columns})


def load(folder: str | Path, *, source: Format | None = None) -> Dataset:
    """Return the tables of an exported folder; those of older formats too.

    Args:
        folder: The folder that holds ``datapackage.json``.
        source: "csv" or "parquet"; Parquet where the export has it when not given. Both give the same tables.

    Raises:
        ExportFolderError: The folder is not an export, or has no Parquet files.
    """
    folder = Path(folder)
    try:
        package = json.loads((folder / "datapackage.json").read_text(encoding="utf-8"))
        found: dict[str, dict[str, Mapping[str, Any]]] = {"csv": {}, "parquet": {}}
        for resource in package["resources"]:
            kind = str(resource.get("format", "csv"))
            name = str(resource["name"])
            found[kind][name.removesuffix("_parquet")] = resource
            resource["schema"]["fields"]
            if "parquet" in resource:
                found["parquet"][name] = {**resource, "path": resource["parquet"]["path"]}
    except (OSError, ValueError) as error:
        raise ExportFolderError(folder, f"its datapackage.json cannot be read ({error})") from error
    except (KeyError, TypeError, AttributeError) as error:
        raise ExportFolderError(folder, "its datapackage.json is not what MUG writes") from error
    chosen: Format = source or ("parquet" if found["parquet"] else "csv")
    if not found[chosen] and found["csv"]:
        raise ExportFolderError(folder, "it has no Parquet files: it was exported as CSV only")
    return Dataset(folder, found[chosen], chosen)


def _levels(described: Mapping[str, Any]) -> Sequence[str]:
    levels: Sequence[str] = described.get("constraints", {}).get("enum", ())
    return levels


def _read_parquet(folder: Path, path: str) -> pa.Table:
    try:
        return pa.parquet.read_table(folder / path)
    except (OSError, pa.ArrowException) as error:
        raise ExportFolderError(folder, f"its table {path} cannot be read ({error})") from error


def _tidy(column: pa.ChunkedArray, described: Mapping[str, Any]) -> "pd.Series[Any]":
    kind = str(described["type"])
    if kind == "datetime":
        texts = column if pa.types.is_string(column.type) else column.cast(pa.timestamp("us", "UTC"))
        times: pd.Series[Any] = pd.to_datetime(texts.to_pandas(), utc=True, format="ISO8601", errors="coerce")
        utc: pd.Series[Any] = times.dt.as_unit("us")
        return utc
    values: pd.Series[Any] = column.to_pandas(types_mapper=_NULLABLE.get)
    levels = _levels(described)
    return values.astype(pd.CategoricalDtype(list(levels))) if levels else values
