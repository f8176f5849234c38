"""One table on its way to its files: rows come in blocks, the columns are known only at the end.

Blocks wait in a temporary folder as Arrow files, so memory stays bounded however long the session was. When all rows
are there, the columns of all blocks are brought to one order and one type each, and the file is written.
"""

import dataclasses
import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.ipc
import pyarrow.parquet

from mug.records.codebook import describe, rank
from mug.records.observed import ColumnFound, Observation

__all__ = ["ColumnValues", "TableFile", "TableSpool", "column_name", "json_text", "kind_of", "to_array"]

ColumnValues: TypeAlias = "Sequence[Any] | np.ndarray[Any, Any] | pa.Array"
Change: TypeAlias = Callable[[str, Mapping[str, pa.Array]], Mapping[str, pa.Array]]
"""Changes columns on their way into a table, as for an anonymised export; called with the table's name."""

_BLOCK_BYTES: Final = 24 * 1024 * 1024
_EXACT: Final = 2**53
_TIME: Final = pa.timestamp("us", "UTC")
_OF_KIND: Final = {"boolean": pa.bool_(), "integer": pa.int64(), "number": pa.float64()}
_IN_PARQUET: Final = {"datetime": _TIME, "number": pa.float64()}
_WRITE: Final = pa.csv.WriteOptions(null_string="NA", eol="\r\n")
_KINDS: Final = {"bool": "boolean", "int64": "integer", "uint64": "integer", "double": "number"}


@dataclass(frozen=True)
class TableFile:
    """A written table.

    Attributes:
        path: The CSV file.
        columns: Name -> Frictionless type, in the file's order.
        parquet: The Parquet file beside it; None when it was not asked for.
        found: What its columns hold, as far as somebody may rely on it.
    """

    table: str
    path: Path
    rows: int
    columns: dict[str, str]
    parquet: Path | None = None
    found: dict[str, ColumnFound] = dataclasses.field(default_factory=dict)


class TableSpool:
    """Collects the rows of one table, then writes them."""

    def __init__(self, table: str, folder: Path, change: Change | None = None) -> None:
        self.table = table
        self.rows = 0
        self._folder = folder
        self._change = change
        self._waiting: list[pa.Table] = []
        self._waiting_bytes = 0
        self._types: dict[str, pa.DataType] = {}
        self._wide: set[str] = set()  # columns with integers that a double does not hold exactly
        self._blocks: list[Path] = []

    def add(self, columns: Mapping[str, ColumnValues], rows: int) -> None:
        """Add rows; every column must have `rows` values."""
        if rows == 0:
            return
        arrays: Mapping[str, pa.Array] = {column_name(name): to_array(values) for name, values in columns.items()}
        if self._change is not None:
            arrays = self._change(self.table, arrays)
        table = pa.table(dict(arrays))
        if table.num_rows != rows:
            raise ValueError(f"{self.table}: {table.num_rows} rows came where {rows} were announced")
        for name, array in arrays.items():
            self._types[name] = self._common_type(name, array)
        self._waiting.append(table)
        self._waiting_bytes += table.nbytes
        self.rows += rows
        if self._waiting_bytes >= _BLOCK_BYTES:
            self._write_block()

    def write(
        self,
        path: Path,
        fixed: Sequence[str],
        on_block: Callable[[float], None] | None = None,
        *,
        parquet: Path | None = None,
    ) -> TableFile:
        """Write everything as a CSV file, with the columns `fixed` even where no row has them.

        Args:
            path: The CSV file.
            fixed: Columns that are always there.
            on_block: Called with the share that is done.
            parquet: A file that gets the same rows with the same types.
        """
        names = rank(self.table, list(dict.fromkeys([*fixed, *self._types])))
        types = {name: self._type_of(name) for name in names}
        schema = pa.schema(list(types.items()))
        kinds = {name: describe(self.table, name, kind_of(kind)).type for name, kind in types.items()}
        seen = Observation(self.table, kinds)
        with pa.csv.CSVWriter(path, schema, write_options=_WRITE) as writer:
            for number, block in enumerate(self._all_blocks()):
                for batch in block.to_batches():
                    fitting = _fit(batch, schema)
                    seen.take(fitting)
                    writer.write_batch(fitting)
                if on_block is not None:
                    on_block(min(1.0, (number + 1) / (len(self._blocks) + 1)))
        # A column that is typed by its specification holds what a page or an older version wrote: it may be otherwise.
        kinds = {name: kind if seen.fits(name) else kind_of(types[name]) for name, kind in kinds.items()}
        if parquet is not None:
            self._write_parquet(parquet, schema, kinds)
        return TableFile(self.table, path, self.rows, kinds, parquet, seen.found())

    def _write_parquet(self, path: Path, schema: pa.Schema, kinds: Mapping[str, str]) -> None:
        typed = pa.schema([(field.name, _IN_PARQUET.get(kinds[field.name], field.type)) for field in schema])
        with pa.parquet.ParquetWriter(path, typed, compression="zstd", store_schema=False) as writer:
            for block in self._all_blocks():
                for batch in block.to_batches():
                    fitting = _fit(batch, schema)
                    columns = [
                        column if column.type == field.type else pc.cast(column, field.type)
                        for field, column in zip(typed, fitting.columns, strict=True)
                    ]
                    writer.write_batch(pa.record_batch(columns, schema=typed))

    def _type_of(self, name: str) -> pa.DataType:
        """Return a column's type; of one without any value the type that its specification says."""
        known = self._types.get(name, pa.null())
        if pa.types.is_null(known):
            return _OF_KIND.get(describe(self.table, name, "string").type, pa.string())
        return _text_for_null(known)

    def _all_blocks(self) -> Iterator[pa.Table]:
        for block in self._blocks:
            with pa.memory_map(str(block)) as source:
                for batch in pa.ipc.open_stream(source):
                    yield pa.Table.from_batches([batch])
        yield from self._waiting

    def _write_block(self) -> None:
        path = self._folder / f"{self.table}-{len(self._blocks)}.arrow"
        names = list(dict.fromkeys(name for table in self._waiting for name in table.column_names))
        schema = pa.schema([(name, _text_for_null(self._types[name])) for name in names])
        with pa.ipc.new_stream(path, schema) as writer:
            for table in self._waiting:
                for batch in table.to_batches():
                    writer.write_batch(_fit(batch, schema))
        self._blocks.append(path)
        self._waiting = []
        self._waiting_bytes = 0

    def _common_type(self, name: str, array: pa.Array) -> pa.DataType:
        """Return the type that holds what came before and these values exactly; text when there is no other."""
        known = self._types.get(name, pa.null())
        new = pa.string() if pa.types.is_dictionary(array.type) else array.type
        if pa.types.is_int64(new) and name not in self._wide and len(array) > array.null_count:
            bounds = pc.min_max(array).as_py()
            if max(-bounds["min"], bounds["max"]) > _EXACT:
                self._wide.add(name)
        if pa.types.is_null(known) or known == new:
            return new
        if pa.types.is_null(new):
            return known
        if {str(known), str(new)} == {"int64", "double"} and name not in self._wide:
            return pa.float64()
        return pa.string()


def column_name(name: str) -> str:
    """Return a name that a file can hold: of half a surrogate pair the number stays."""
    return name.encode("utf-8", "backslashreplace").decode("utf-8")


def to_array(values: ColumnValues) -> pa.Array:
    """Return one column's values as an Arrow array: bool, int64, uint64, double or text; None is missing.

    Single precision becomes double precision, so that the written number is the exact one for every reader.
    """
    if isinstance(values, pa.Array | pa.ChunkedArray):
        return values
    if isinstance(values, np.ndarray):
        kind = values.dtype.kind
        if kind == "f":
            return pa.array(np.ascontiguousarray(values, dtype=np.float64), from_pandas=False)
        if kind == "i":
            return pa.array(np.ascontiguousarray(values, dtype=np.int64))
        if kind == "u":
            wide = np.uint64 if values.dtype.itemsize == 8 else np.int64
            return pa.array(np.ascontiguousarray(values, dtype=wide))
        if kind == "b":
            return pa.array(np.ascontiguousarray(values))
        return _list_to_array([str(value) for value in values.tolist()])
    return _list_to_array(values)


def json_text(value: Any) -> str:
    """Return a JSON text with sorted keys, keeping every letter as it is."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str)


def kind_of(data_type: pa.DataType) -> str:
    """Return the Frictionless type of a column."""
    return _KINDS.get(str(data_type), "string")


def _list_to_array(values: Sequence[Any]) -> pa.Array:
    kinds = set(map(type, values))
    kinds.discard(type(None))
    if any(issubclass(kind, np.generic) for kind in kinds):
        return _list_to_array([value.item() if isinstance(value, np.generic) else value for value in values])
    if not kinds:
        return pa.nulls(len(values))
    if kinds == {bool}:
        return pa.array(values, pa.bool_())
    if kinds == {int} and all(value is None or -(2**63) <= value < 2**63 for value in values):
        return pa.array(values, pa.int64())
    if kinds == {float}:
        return pa.array(values, pa.float64(), from_pandas=False)
    if kinds == {int, float} and all(not isinstance(value, int) or abs(value) <= _EXACT for value in values):
        floats = [None if value is None else float(value) for value in values]
        return pa.array(floats, pa.float64(), from_pandas=False)
    texts = values if kinds == {str} else [None if value is None else _text(value) for value in values]
    try:
        return pa.array(texts, pa.string())
    except UnicodeEncodeError:  # half a surrogate pair has no UTF-8; its place stays visible
        return pa.array([text and text.encode("utf-8", "replace").decode("utf-8") for text in texts], pa.string())


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, float):
        return "nan" if math.isnan(value) else repr(value).removesuffix(".0")
    return json_text(value.tolist() if isinstance(value, np.ndarray) else value)


def _text_for_null(data_type: pa.DataType) -> pa.DataType:
    return pa.string() if pa.types.is_null(data_type) or pa.types.is_dictionary(data_type) else data_type


def _fit(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    columns = []
    for field in schema:
        place = batch.schema.get_field_index(field.name)
        if place < 0:
            columns.append(pa.nulls(batch.num_rows, field.type))
            continue
        column = batch.column(place)
        columns.append(column if column.type == field.type else pc.cast(column, field.type))
    return pa.record_batch(columns, schema=schema)
