"""Columns of an episode's rows, kept by what their values have in common; whole values are made only when asked for."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, TypeAlias

import numpy as np

__all__ = ["Column", "Columns", "Fields", "Numbers", "Same", "Texts", "whole_values"]

Column: TypeAlias = "list[Any] | np.ndarray[Any, Any]"
"""Whole values, one per row."""


@dataclass(frozen=True)
class Texts:
    """A column of texts. `lengths`: bytes of each, -1 for None; `data`: their UTF-8, one after the other."""

    lengths: "np.ndarray[Any, np.dtype[np.int64]]"
    data: bytes


@dataclass(frozen=True)
class Numbers:
    """A column of numbers where some are missing: `values` holds 0 where `present` is False."""

    values: "np.ndarray[Any, Any]"
    present: "np.ndarray[Any, np.dtype[np.bool_]]"


@dataclass(frozen=True)
class Same:
    """A column that holds nothing but None (`empty_dict` False) or empty dicts."""

    rows: int
    empty_dict: bool


@dataclass(frozen=True)
class Fields:
    """A column of dicts with the same keys, or of lists of one length (`is_list`, keys "0", "1", …)."""

    columns: "dict[str, Columns]"
    is_list: bool


Columns: TypeAlias = "np.ndarray[Any, Any] | Texts | Numbers | Same | Fields | list[Any]"


def whole_values(columns: Columns) -> Column:
    """Return whole values: numbers of one kind and arrays of one shape as one array, all else as a list."""
    match columns:
        case Texts():
            texts: list[Any] = []
            for start, end, length in _places(columns.lengths):
                texts.append(None if length < 0 else str(columns.data[start:end], "utf-8", "surrogatepass"))
            return texts
        case Numbers():
            pairs = zip(columns.values.tolist(), columns.present.tolist(), strict=True)
            return [value if present else None for value, present in pairs]
        case Same():
            return [{} for _ in range(columns.rows)] if columns.empty_dict else [None] * columns.rows
        case Fields():
            values = [_items(whole_values(column)) for column in columns.columns.values()]
            rows = zip(*values, strict=True)
            return [list(row) if columns.is_list else dict(zip(columns.columns, row, strict=True)) for row in rows]
        case _:
            return columns


def _places(lengths: "np.ndarray[Any, np.dtype[np.int64]]") -> Iterator[tuple[int, int, int]]:
    sizes = lengths.tolist()
    ends = list(accumulate([max(size, 0) for size in sizes]))
    return zip([0, *ends], ends, sizes, strict=False)


def _items(column: Column) -> list[Any]:
    """Return a part's values one by one: numbers as Python's own, arrays as arrays."""
    if isinstance(column, np.ndarray):
        return column.tolist() if column.ndim == 1 else list(column)
    return column
