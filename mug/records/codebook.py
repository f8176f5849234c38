"""What a column of an exported file means: its description from the tables' specifications, its place, its type."""

from collections.abc import Sequence
from dataclasses import replace

from mug.records.table_specs import TABLES, ColumnSpec, TableSpec

__all__ = ["TABLES", "ColumnSpec", "TableSpec", "describe", "rank"]


def _family(spec: ColumnSpec) -> str:
    """Return the beginning that the members of a family share; empty for a single column."""
    return spec.name.partition("<")[0] if "<" in spec.name else ""


def _place(table: TableSpec, column: str) -> int:
    fallback = len(table.columns)
    found = fallback
    length = -1
    for index, spec in enumerate(table.columns):
        if spec.name == column:
            return index
        if "<" not in spec.name:
            continue
        start, _, end = spec.name.partition("<agent>") if "<agent>" in spec.name else (_family(spec), "", "")
        tail = end if end in (".array", ".sha256") else ""
        if column.startswith(start) and column.endswith(tail) and len(start) + len(tail) > length:
            found, length = index, len(start) + len(tail)
    return found


def rank(table: str, columns: Sequence[str]) -> list[str]:
    """Return the columns in the table's order; members of a family in the order in which they came."""
    spec = TABLES[table]

    def place(column: str) -> int:
        index = _place(spec, column)
        # A large observation's place and digest stay beside its agent's other observations.
        while 0 < index < len(spec.columns) and spec.columns[index].name.startswith("observations.<agent>."):
            index -= 1
        return index

    return sorted(columns, key=place)


def describe(table: str, column: str, found_type: str) -> ColumnSpec:
    """Return what a column of a file means; `found_type` is the type of its values."""
    spec = TABLES[table]
    index = _place(spec, column)
    if index >= len(spec.columns):
        return ColumnSpec(column, found_type, "Not described.")
    known = spec.columns[index]
    kind = found_type if known.type == "any" else known.type
    return replace(known, name=column, type=kind, description=_with_member(known, column))


def _with_member(spec: ColumnSpec, column: str) -> str:
    start = _family(spec)
    if spec.name == column or not column.startswith(start):
        return spec.description
    member = column[len(start) :]
    return f"{spec.description} ({member})" if member else spec.description
