"""The telemetry stream, which holds three tables: telemetry, network, and the ticks of games of several people.

A page tells the ticks of a second as one line with one array a column; they become rows without a look at each.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa

from mug.records import facts as f
from mug.records.history import SessionHistory
from mug.records.json_lines import read_lines, table_of
from mug.records.lines import LinesTable
from mug.records.spool import TableSpool

__all__ = ["TelemetryTables", "TicksTable"]

_ROWS_AT_ONCE: Final = 65_536
_COLUMNS: Final[Mapping[str, Any]] = {
    "frame": np.int64,
    "predicted": np.bool_,
    "depth": np.int64,
    "stalled": np.bool_,
    "tick_ms": np.float64,
    "interval_ms": np.float64,
}


class _Second(NamedTuple):
    """The ticks of one line. `about`: session, participant, visit, scene, match, agent."""

    about: tuple[str | None, ...]
    episode: int
    columns: dict[str, "np.ndarray[Any, Any]"]
    rows: int


_ABOUT: Final = ("session_id", "participant_id", "visit_id", "scene_id", "match_id", "agent")


class TicksTable:
    """Feeds ticks into a spool, many seconds at once. Call `flush` after the last line.

    Attributes:
        problems: Sentences about lines whose arrays do not fit together.
        rows: Ticks that were taken.
    """

    def __init__(self, spool: TableSpool, history: SessionHistory) -> None:
        self.problems: list[str] = []
        self.rows = 0
        self._spool = spool
        self._history = history
        self._waiting: list[_Second] = []
        self._waiting_rows = 0

    def add_line(self, chunk: f.ChunkStored, number: int, line: Mapping[str, Any]) -> None:
        """Add the ticks of one line of a chunk; `number` counts the chunk's rows from 0."""
        columns = _columns(line)
        episode = line.get("episode")
        if columns is None or type(episode) is not int:
            self.problems.append(
                f"chunk {chunk.visit_id}/{chunk.stream}/{chunk.seq}: line {number + 1} holds no ticks that fit together"
            )
            return
        rows = len(columns["frame"])
        about = (
            self._history.opened.session_id,
            chunk.participant_id,
            chunk.visit_id,
            self._history.scene_of(chunk.visit_id),
            _text(line.get("match_id")),
            _text(line.get("agent")),
        )
        self._waiting.append(_Second(about, episode, columns, rows))
        self._waiting_rows += rows
        self.rows += rows
        if self._waiting_rows >= _ROWS_AT_ONCE:
            self.flush()

    def flush(self) -> None:
        """Hand on what is waiting."""
        waiting, rows = self._waiting, self._waiting_rows
        self._waiting, self._waiting_rows = [], 0
        if not rows:
            return
        counts = np.array([second.rows for second in waiting])
        table: dict[str, Any] = {}
        for place, name in enumerate(_ABOUT):
            codes: dict[str | None, int] = {}
            each = np.array([codes.setdefault(second.about[place], len(codes)) for second in waiting], np.int32)
            table[name] = pa.DictionaryArray.from_arrays(np.repeat(each, counts), pa.array(list(codes), pa.string()))
        table["episode"] = np.repeat(np.array([second.episode for second in waiting], np.int64), counts)
        for name in _COLUMNS:
            table[name] = np.concatenate([second.columns[name] for second in waiting])
        self._spool.add(table, rows)


def _columns(line: Mapping[str, Any]) -> dict[str, "np.ndarray[Any, Any]"] | None:
    """Return one array a column, all of one length; None when the line does not hold them."""
    lists = {name: line.get(name) for name in _COLUMNS}
    if lists["frame"] is None and type(line.get("first")) is int and isinstance(lists["predicted"], list):
        lists["frame"] = list(range(line["first"], line["first"] + len(lists["predicted"])))
    if any(not isinstance(values, list) for values in lists.values()):
        return None
    try:
        columns = {name: np.asarray(values, _COLUMNS[name]) for name, values in lists.items()}
    except (TypeError, ValueError, OverflowError):
        return None
    shapes = {column.shape for column in columns.values()}
    return columns if len(shapes) == 1 and len(shapes.pop()) == 1 else None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


class TelemetryTables:
    """Sorts the lines of the telemetry stream into their tables.

    Args:
        telemetry: The table of telemetry.
        network: The table of partners.
        ticks: None: ticks are not wanted.
        read_body: Gives stored bytes by their digest.
        takes: Whether rows of a participant are wanted.

    Attributes:
        expected: Rows of each table that the stream holds.
        paths: Match -> the paths on which its players reached each other, in the order in which they came.
    """

    def __init__(
        self,
        telemetry: LinesTable,
        network: LinesTable,
        ticks: TicksTable | None,
        read_body: Callable[[str], bytes | None],
        takes: Callable[[str], bool] = lambda participant_id: True,
    ) -> None:
        self.expected: Counter[str] = Counter()
        self.paths: dict[str, dict[str, None]] = defaultdict(dict)
        self._telemetry = telemetry
        self._network = network
        self._ticks = ticks
        self._read_body = read_body
        self._takes = takes

    @property
    def problems(self) -> list[str]:
        """Sentences about what could not be read."""
        return [*self._telemetry.problems, *self._network.problems, *(self._ticks.problems if self._ticks else ())]

    def add_chunk(self, chunk: f.ChunkStored) -> None:
        """Add the rows of one chunk of the stream."""
        body = self._read_body(chunk.sha256)
        if body is None:
            self._telemetry.add_chunk(chunk)  # it says that the bytes are missing
            return
        for number, line in enumerate(read_lines(body)):
            table = table_of(line)
            is_wanted = self._takes(chunk.participant_id)
            if table == "ticks":
                assert isinstance(line, dict)
                if self._ticks is not None and is_wanted:
                    self._ticks.add_line(chunk, number, line)
                continue
            self.expected[table] += is_wanted
            if table == "telemetry":
                self._telemetry.add_line(chunk, number, line)
                continue
            assert isinstance(line, dict)
            match_id, path = line.get("match_id"), line.get("path")
            if isinstance(match_id, str) and isinstance(path, str) and path:
                self.paths[match_id].setdefault(path)
            self._network.add_line(chunk, number, {name: value for name, value in line.items() if name != "table"})

    def flush(self) -> None:
        """Hand on what is waiting."""
        self._telemetry.flush()
        self._network.flush()
        if self._ticks is not None:
            self._ticks.flush()
            self.expected["ticks"] = self._ticks.rows
