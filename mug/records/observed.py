"""What the columns of a table hold, looked at while it is written: only what is true of every row is promised of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from mug.records.codebook import describe

__all__ = ["ColumnFound", "Observation"]

_LINKS: Final = ("participant_id", "visit_id", "match_id")
"""Columns that name rows of other tables."""
_TIME: Final = pa.timestamp("us", "UTC")


@dataclass(frozen=True)
class ColumnFound:
    """What a column holds.

    Attributes:
        is_whole: Whether it has a value in every row.
        keeps_levels: Whether all values are levels of its specification. keeps_bounds: likewise minimum, maximum.
        values: All different values, of columns that name rows of other tables.
    """

    is_whole: bool = True
    keeps_levels: bool = True
    keeps_bounds: bool = True
    values: frozenset[str] = frozenset()


class Observation:
    """Looks at the batches of one table. `kinds`: column -> type as the specification has it."""

    def __init__(self, table: str, kinds: Mapping[str, str]) -> None:
        self._specs = {name: describe(table, name, kind) for name, kind in kinds.items()}
        self._holed: set[str] = set()
        self._misfits: set[str] = set()
        self._other_levels: set[str] = set()
        self._out_of_bounds: set[str] = set()
        self._values: dict[str, set[str]] = {name: set() for name in _LINKS if name in kinds}

    def take(self, batch: pa.RecordBatch) -> None:
        """Look at rows that are about to be written."""
        for name, column in zip(batch.schema.names, batch.columns, strict=True):
            if column.null_count:
                self._holed.add(name)
            if column.null_count == len(column):
                continue
            spec = self._specs[name]
            if not _is(column.type, spec.type) or (spec.type == "datetime" and not _are_times(column)):
                self._misfits.add(name)
                continue
            if name in self._values:
                self._values[name].update(value for value in pc.unique(column).to_pylist() if value is not None)
            if spec.levels and not set(pc.unique(column).to_pylist()) <= {*spec.levels, None}:
                self._other_levels.add(name)
            if spec.minimum is not None or spec.maximum is not None:
                bounds = pc.min_max(column).as_py()
                low, high = bounds["min"], bounds["max"]
                if spec.minimum is not None and not low >= spec.minimum:
                    self._out_of_bounds.add(name)
                if spec.maximum is not None and not high <= spec.maximum:
                    self._out_of_bounds.add(name)

    def fits(self, name: str) -> bool:
        """Whether all values of a column have the type of its specification."""
        return name not in self._misfits

    def found(self) -> dict[str, ColumnFound]:
        """Return what was found of each column."""
        return {
            name: ColumnFound(
                name not in self._holed,
                name not in self._other_levels and name not in self._misfits,
                name not in self._out_of_bounds and name not in self._misfits,
                frozenset(self._values.get(name, ())),
            )
            for name in self._specs
        }


def _is(data_type: pa.DataType, kind: str) -> bool:
    match kind:
        case "number":
            return bool(pa.types.is_floating(data_type) or pa.types.is_integer(data_type))
        case "integer":
            return bool(pa.types.is_integer(data_type))
        case "boolean":
            return bool(pa.types.is_boolean(data_type))
        case _:
            return bool(pa.types.is_string(data_type))


def _are_times(column: pa.Array) -> bool:
    """Whether all texts are times as ISO 8601 with a time zone, of the form that readers of tables take."""
    if not pc.all(pc.match_substring_regex(column, _ISO)).as_py():
        return False
    try:
        pc.cast(column, _TIME)
    except pa.ArrowInvalid:
        return False
    return True


_ISO: Final = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z$"
