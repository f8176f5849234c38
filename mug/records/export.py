"""Exporting one session: a folder of tables that is a pure function of the records.

The folder is written beside its place under a temporary name, every file's rows are counted again and compared with
the journal, and only then it gets its name: there is never half an export.
"""

import shutil
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.csv

from mug.ids import check_id
from mug.records.agreement import TrackComparison
from mug.records.arrays import ArrayStore
from mug.records.codebook import TABLES
from mug.records.dataset import agreement_of, table_file_name, write_descriptions, write_manifest
from mug.records.episodes import EpisodeFrames, collect_episodes
from mug.records.errors import ExportError
from mug.records.excel import write_excel_copies
from mug.records.forms import FormsTable, question_rows
from mug.records.frames import FramesOf, FramesTable
from mug.records.history import SessionHistory, read_history
from mug.records.lines import LinesTable, count_lines, count_server_events, server_event_rows
from mug.records.matches import condition_columns, figures_of, match_rows
from mug.records.reader import RecordReader
from mug.records.spool import TableFile, TableSpool
from mug.records.tables import Rows, console_rows, episode_columns, participant_rows, visit_rows
from mug.records.telemetry import TelemetryTables, TicksTable

__all__ = ["ExportResult", "Progress", "export_session"]

Progress = Callable[[float, str], None]

_STREAMS: Final = {"events": ("event", LinesTable), "forms": ("form", FormsTable)}
_OPTIONAL: Final = ("forms", "questions", "frames_disagreeing", "network", "ticks")
"""Tables that are left out when they have no rows."""


@dataclass(frozen=True)
class ExportResult:
    """A finished export.

    Attributes:
        folder: Where it lies.
        counts: Rows per table.
        problems: What the records lack or contradict, in words; empty for a faultless session.
    """

    folder: Path
    counts: dict[str, int]
    problems: tuple[str, ...]


def export_session(
    records: Path,
    session_id: str,
    out: Path,
    *,
    progress: Progress | None = None,
    excel: bool = False,
    ticks: bool = False,
) -> ExportResult:
    """Export one session of a file of records to the folder `out`, which must not exist yet (or be empty).

    Args:
        records: The file, as `records_path` names it; it is only read, also while the server writes it.
        session_id: The session.
        out: The folder to make.
        progress: Called with a fraction from 0 to 1 and what is being done.
        excel: Write copies of the tables for Excel too, with formulas neutralised.
        ticks: Write the table of ticks too: a row for each frame time of each player in games of several people.

    Raises:
        RecordsError: The records cannot be read, or do not hold the session.
        ExportError: The folder is taken, the disk refused, or the written rows are not those of the journal.
    """
    say = progress or (lambda fraction, text: None)
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ExportError(f"{out} exists already: choose another place, exports are never written over")
    say(0.0, "reading the journal")
    with RecordReader(records) as reader:
        history = read_history(reader, session_id)
        check_id(history.opened.session_id, "session id")
        check_id(history.opened.experiment_id, "experiment id")
        try:
            out.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(prefix="mug-export-") as spool_folder:
                part = Path(tempfile.mkdtemp(prefix=f".{out.name}.partial-", dir=out.parent))
                try:
                    exporter = _Exporter(reader, history, part, Path(spool_folder), say, ticks)
                    tables, problems = exporter.run()
                    _check_counts(tables, exporter.expected)
                    say(0.93, "describing the columns")
                    write_descriptions(part, history, tables)
                    if excel:
                        write_excel_copies(part, tables)
                    write_manifest(part, history, reader.head, tables, problems, exporter.agreement)
                    part.chmod(0o755)
                    if out.exists():
                        out.rmdir()
                    part.rename(out)
                except BaseException:
                    shutil.rmtree(part, ignore_errors=True)
                    raise
        except (OSError, pa.ArrowException) as error:
            raise ExportError(f"the export to {out} failed and nothing of it was left: {error}") from error
    say(1.0, "done")
    return ExportResult(out, {table.table: table.rows for table in tables}, tuple(problems))


class _Exporter:
    """Writes the tables of one session."""

    def __init__(
        self,
        reader: RecordReader,
        history: SessionHistory,
        folder: Path,
        spool_folder: Path,
        say: Progress,
        ticks: bool,
    ) -> None:
        self.expected: dict[str, int] = {}
        self.agreement: dict[str, Any] = {}
        self._reader = reader
        self._history = history
        self._folder = folder
        self._data = folder / "data"
        self._data.mkdir()
        self._spool_folder = spool_folder
        self._say = say
        self._ticks = ticks
        self._arrays = ArrayStore(folder / "arrays")
        self._problems: list[str] = []
        self._files: dict[str, TableFile] = {}

    def run(self) -> tuple[list[TableFile], list[str]]:
        history = self._history
        players = {match_id: match.participants for match_id, match in history.matches.items()}
        compare = TrackComparison(self._reader.find_body)
        episodes, stray = collect_episodes(history.chunks_of("frames"), players, compare)
        order = {match_id: place for place, match_id in enumerate(history.matches)}
        episodes.sort(key=lambda episode: (order.get(episode.match_id, len(order)), episode.episode))
        self._problems += stray
        self._write_frames(episodes)
        events = self._write_lines("events", 0.75)
        paths = self._write_telemetry()
        self._write_lines("forms", 0.85)
        questions = question_rows(history)
        self._write_rows("questions", questions, len(questions))
        self._say(0.88, "writing participants, visits, matches, episodes")
        columns, rows, problems = episode_columns(history, episodes, events.marks, self._arrays)
        self._problems += problems
        spool = TableSpool("episodes", self._spool_folder)
        spool.add(columns, rows)
        self.expected["episodes"] = rows
        self._write(spool)
        people = participant_rows(history, episodes)
        matches = match_rows(history, episodes, figures_of(events.marks), paths)
        self.agreement = agreement_of(columns, matches)
        self._write_rows("participants", people, len(history.participants))
        self._write_rows("visits", visit_rows(history), len(history.visits))
        self._write_rows("matches", matches, len(history.matches))
        self._write_rows("console", console_rows(history), len(history.console))
        self._arrays.close()
        return [self._files[name] for name in TABLES if name in self._files], self._problems

    def _write_frames(self, episodes: Sequence[EpisodeFrames]) -> None:
        conditions = condition_columns(self._history)
        total = sum(episode.frames for episode in episodes)
        spool, others = (TableSpool(name, self._spool_folder) for name in ("frames", "frames_disagreeing"))
        session_id, read_body = self._history.opened.session_id, self._reader.find_body
        table = FramesTable(spool, self._arrays, session_id, read_body)
        disagreeing = FramesTable(others, self._arrays, session_id, read_body)
        written = 0
        for episode in episodes:
            match = self._history.matches.get(episode.match_id)
            if match is None:
                self._problems.append(f"match {episode.match_id} has frames, but was never formed")
            where = f"match {episode.match_id}, episode {episode.episode}"
            told = (*episode.problems, *episode.missing, *episode.disagreements)
            self._problems += [f"{where}: {sentence}" for sentence in told]
            constants = conditions.get(episode.match_id, {})
            of = FramesOf(episode.match_id, match.formed.scene_id if match else None, None, constants)
            written += table.add_episode(of, episode.episode, episode.parts)
            for difference in episode.differences:
                theirs = replace(of, participant_id=difference.participant_id)
                disagreeing.add_episode(theirs, episode.episode, difference.parts)
            self._say(0.02 + 0.5 * written / max(1, total), f"frames: {written:,} of {total:,}")
        table.flush()
        disagreeing.flush()
        self._problems += [*table.problems, *disagreeing.problems]
        # A damaged chunk is told above and in the manifest; every other frame must be in the file.
        self.expected["frames"] = total - table.lost_frames
        self._write(spool, lambda done: self._say(0.52 + 0.2 * done, f"frames: writing {spool.rows:,} rows"))
        differing = sum(difference.frames for episode in episodes for difference in episode.differences)
        self.expected[others.table] = differing - disagreeing.lost_frames
        self._write(others)

    def _write_telemetry(self) -> Mapping[str, Iterable[str]]:
        """Write telemetry, network and, on request, ticks; returns the paths on which players reached each other."""
        self._say(0.80, "writing telemetry")
        read_body = self._reader.find_body
        spools = {name: TableSpool(name, self._spool_folder) for name in ("telemetry", "network", "ticks")}
        telemetry, network = (LinesTable(spools[name], self._history, read_body) for name in ("telemetry", "network"))
        ticks = TicksTable(spools["ticks"], self._history) if self._ticks else None
        tables = TelemetryTables(telemetry, network, ticks, read_body)
        for chunk in self._history.chunks_of("telemetry"):
            tables.add_chunk(chunk)
        tables.flush()
        self._problems += tables.problems
        for name, spool in spools.items():
            if name != "ticks" or self._ticks:
                self.expected[name] = tables.expected[name]
                self._write(spool, always=name == "ticks")
        return tables.paths

    def _write_lines(self, name: str, fraction: float) -> LinesTable:
        self._say(fraction, f"writing {name}")
        spool = TableSpool(name, self._spool_folder)
        stream, kind = _STREAMS[name]
        table = kind(spool, self._history, self._reader.find_body)
        expected = 0
        for chunk in self._history.chunks_of(stream):
            table.add_chunk(chunk)
            expected += count_lines(self._reader.find_body(chunk.sha256) or b"")
        if name == "events":
            for known, said in server_event_rows(self._history):
                table.add_row(known, said)
            expected += count_server_events(self._history)
        table.flush()
        self._problems += table.problems
        self.expected[name] = expected
        self._write(spool)
        return table

    def _write_rows(self, name: str, rows: Rows, expected: int) -> None:
        spool = TableSpool(name, self._spool_folder)
        names = dict.fromkeys(key for row in rows for key in row)
        spool.add({key: [row.get(key) for row in rows] for key in names}, len(rows))
        self.expected[name] = expected
        self._write(spool)

    def _write(
        self, spool: TableSpool, on_block: Callable[[float], None] | None = None, *, always: bool = False
    ) -> None:
        if not spool.rows and spool.table in _OPTIONAL and not always:
            return
        opened = self._history.opened
        path = self._data / table_file_name(opened.experiment_id, opened.session_id, spool.table)
        fixed = [column.name for column in TABLES[spool.table].columns if "<" not in column.name]
        self._files[spool.table] = spool.write_csv(path, fixed, on_block)


def _check_counts(tables: Sequence[TableFile], expected: dict[str, int]) -> None:
    """Count the rows of the written files again and compare them with the journal."""
    for table in tables:
        rows = _count_rows(table.path)
        if not rows == table.rows == expected[table.table]:
            raise ExportError(
                f"the table {table.table} has {rows} rows in its file, and the journal gives {expected[table.table]}; "
                "nothing was exported. Run `mug verify`, and report this with its output"
            )


def _count_rows(path: Path) -> int:
    """Count the rows of a CSV file by reading it (a text may hold line breaks)."""
    parse = pa.csv.ParseOptions(newlines_in_values=True)
    with path.open("rb") as file:
        first = file.readline()
    if path.stat().st_size == len(first):
        return 0
    convert = pa.csv.ConvertOptions(include_columns=["session_id"], column_types={"session_id": pa.string()})
    with pa.csv.open_csv(path, parse_options=parse, convert_options=convert) as reader:
        return sum(batch.num_rows for batch in reader)
