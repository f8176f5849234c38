"""One table on its way to a CSV file: rows come in blocks, the columns are known only at the end.

Blocks wait in a temporary folder as Arrow files, so memory stays bounded however long the session was. When all rows
are there, the columns of all blocks are brought to one order and one type each, and the file is written.
"""

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

from mug.records.codebook import rank

__all__ = ["ColumnValues", "TableFile", "TableSpool", "json_text", "kind_of", "to_array"]

ColumnValues: TypeAlias = "Sequence[Any] | np.ndarray[Any, Any] | pa.Array"

_BLOCK_BYTES: Final = 24 * 1024 * 1024
_EXACT: Final = 2**53
_WRITE: Final = pa.csv.WriteOptions(null_string="NA", eol="\r\n")
_KINDS: Final = {"bool": "boolean", "int64": "integer", "uint64": "integer", "double": "number"}


@dataclass(frozen=True)
class TableFile:
    """A written file. `columns`: name -> Frictionless type, in the file's order."""

    table: str
    path: Path
    rows: int
    columns: dict[str, str]


class TableSpool:
    """Collects the rows of one table, then writes them."""

    def __init__(self, table: str, folder: Path) -> None:
        self.table = table
        self.rows = 0
        self._folder = folder
        self._waiting: list[pa.Table] = []
        self._waiting_bytes = 0
        self._types: dict[str, pa.DataType] = {}
        self._wide: set[str] = set()  # columns with integers that a double does not hold exactly
        self._blocks: list[Path] = []

    def add(self, columns: Mapping[str, ColumnValues], rows: int) -> None:
        """Add rows; every column must have `rows` values."""
        if rows == 0:
            return
        arrays = {name: to_array(values) for name, values in columns.items()}
        table = pa.table(arrays)
        if table.num_rows != rows:
            raise ValueError(f"{self.table}: {table.num_rows} rows came where {rows} were announced")
        for name, array in arrays.items():
            self._types[name] = self._common_type(name, array)
        self._waiting.append(table)
        self._waiting_bytes += table.nbytes
        self.rows += rows
        if self._waiting_bytes >= _BLOCK_BYTES:
            self._write_block()

    def write_csv(self, path: Path, fixed: Sequence[str], on_block: Callable[[float], None] | None = None) -> TableFile:
        """Write everything as one file, with the columns `fixed` even where no row has them."""
        names = rank(self.table, list(dict.fromkeys([*fixed, *self._types])))
        types = {name: _text_for_null(self._types.get(name, pa.null())) for name in names}
        schema = pa.schema(list(types.items()))
        with pa.csv.CSVWriter(path, schema, write_options=_WRITE) as writer:
            for number, block in enumerate(self._all_blocks()):
                for batch in block.to_batches():
                    writer.write_batch(_fit(batch, schema))
                if on_block is not None:
                    on_block(min(1.0, (number + 1) / (len(self._blocks) + 1)))
        kinds = {name: kind_of(kind) for name, kind in types.items()}
        return TableFile(self.table, path, self.rows, kinds)

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
