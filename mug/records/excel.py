"""Copies of the tables that Excel opens by a double click, with texts that cannot run as formulas."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from mug.records.export_layout import CSV_BLOCK_BYTES
from mug.records.spool import TableFile

__all__ = ["write_excel_copies"]

_FORMULA: Final = "^[=+@\\t\\r-]"


def write_excel_copies(folder: Path, tables: Sequence[TableFile]) -> None:
    """Write ``excel/<same name>`` for each table: a byte order mark, and ' before texts that begin like a formula."""
    target = folder / "excel"
    target.mkdir()
    parse = pa.csv.ParseOptions(newlines_in_values=True)
    for table in tables:
        if table.rows == 0:
            (target / table.path.name).write_bytes(b"\xef\xbb\xbf" + table.path.read_bytes())
            continue
        convert = pa.csv.ConvertOptions(
            column_types=dict.fromkeys(table.columns, pa.string()),
            null_values=["NA"],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        )
        texts = {name for name, kind in table.columns.items() if kind in ("string", "datetime")}
        for size in CSV_BLOCK_BYTES:
            read = pa.csv.ReadOptions(block_size=size)
            try:
                with pa.csv.open_csv(
                    table.path, read_options=read, parse_options=parse, convert_options=convert
                ) as reader:
                    _copy(reader, target / table.path.name, texts)
                break
            except pa.ArrowInvalid:
                if size == CSV_BLOCK_BYTES[-1]:
                    raise


def _copy(reader: pa.csv.CSVStreamingReader, path: Path, texts: set[str]) -> None:
    names = _safe(pa.array(reader.schema.names, pa.string())).to_pylist()
    schema = pa.schema([field.with_name(name) for field, name in zip(reader.schema, names, strict=True)])
    with path.open("wb") as out:
        out.write(b"\xef\xbb\xbf")
        with pa.csv.CSVWriter(out, schema, write_options=pa.csv.WriteOptions(eol="\r\n")) as writer:
            for batch in reader:
                columns = [
                    _safe(column) if name in texts else column
                    for name, column in zip(batch.schema.names, batch.columns, strict=True)
                ]
                writer.write_batch(pa.record_batch(columns, schema=schema))


def _safe(column: pa.Array) -> pa.Array:
    dangerous = pc.match_substring_regex(column, _FORMULA)
    return pc.if_else(dangerous, pc.binary_join_element_wise("'", column, ""), column)
