"""How good a session's connections were: figures over its tables of telemetry and of partners, for its page."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from mug.records.export_layout import CSV_BLOCK_BYTES
from mug.records.spool import TableFile

__all__ = ["NetworkFigures"]

_WHAT: Final = {
    "telemetry": {
        "rtt_ms": "round trip to the server, ms",
        "jitter_ms": "its jitter, ms",
        "frame_time_p95_ms": "time between pictures (95th percentile of a second), ms",
        "tick_p95_ms": "a step in Python (95th percentile of a second), ms",
    },
    "network": {
        "rtt_ms": "round trip between partners, ms",
        "jitter_ms": "its jitter, ms",
        "loss": "share of a partner's packets that was lost",
        "rollbacks": "rollbacks in a second",
        "depth_max": "deepest rollback of a second, frames",
        "stalled_ms": "waiting for a partner in a second, ms",
    },
}


class NetworkFigures:
    """Figures over the tables that were written."""

    def __init__(self, tables: Sequence[TableFile]) -> None:
        self._tables = {table.table: table for table in tables if table.table in _WHAT and table.rows}

    def rows(self) -> list[tuple[str, int, float, float, float]]:
        """Return what was measured, how often, and its median, 95th percentile and largest value."""
        return [row for name, table in self._tables.items() for row in _figures(name, table)]


def _figures(name: str, table: TableFile) -> Iterator[tuple[str, int, float, float, float]]:
    wanted = [column for column in _WHAT[name] if table.columns.get(column) in ("number", "integer")]
    if not wanted:
        return
    convert = pa.csv.ConvertOptions(
        include_columns=wanted, column_types=dict.fromkeys(wanted, pa.float64()), null_values=["NA"]
    )
    parse = pa.csv.ParseOptions(newlines_in_values=True)
    read = pa.csv.ReadOptions(block_size=CSV_BLOCK_BYTES[0])
    data: Any = pa.csv.read_csv(table.path, read_options=read, parse_options=parse, convert_options=convert)
    for column in wanted:
        values = pc.drop_null(data[column])
        if not len(values):
            continue
        middle, high = pc.quantile(values, q=[0.5, 0.95]).to_pylist()
        yield _WHAT[name][column], len(values), round(middle, 2), round(high, 2), round(pc.max(values).as_py(), 2)
