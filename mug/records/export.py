"""Exporting one session: a folder of tables that is a pure function of the records and the options.

The folder is written beside its place under a temporary name, every file's rows are counted again and compared with
the journal, and only then it gets its name: there is never half an export.
"""

import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from mug.ids import check_id
from mug.records.agreement import TrackComparison
from mug.records.allocation import allocation_rows, count_allocation
from mug.records.anonymise import Anonymiser
from mug.records.arrays import ArrayStore
from mug.records.build_episodes import build_episode_rows
from mug.records.codebook import TABLES
from mug.records.console import console_rows, count_console, seat_rows
from mug.records.dataset import Described, agreement_of, table_file_name, write_dataset
from mug.records.episodes import EpisodeFrames, collect_episodes
from mug.records.errors import ExportError
from mug.records.excel import write_excel_copies
from mug.records.export_layout import CSV_BLOCK_BYTES
from mug.records.export_options import ExportOptions
from mug.records.export_place import ExportPlace
from mug.records.forms import FormsTable, question_rows
from mug.records.frames import FramesOf, FramesTable
from mug.records.history import SessionHistory, read_history
from mug.records.journal import Head
from mug.records.lines import LinesTable, count_lines, count_server_events, server_event_rows
from mug.records.matches import condition_columns, figures_of, match_rows
from mug.records.policies import policy_rows
from mug.records.pseudonyms import read_key
from mug.records.reader import RecordReader
from mug.records.small_cells import warnings_of
from mug.records.spool import TableFile, TableSpool
from mug.records.tables import Rows, episode_columns, participant_rows, visit_rows
from mug.records.telemetry import TelemetryTables, TicksTable

__all__ = ["ExportOptions", "ExportResult", "Progress", "count_rows", "export_session"]

Progress = Callable[[float, str], None]

_STREAMS: Final = {"events": ("event", LinesTable), "forms": ("form", FormsTable)}
_OPTIONAL: Final = (
    *("forms", "questions", "frames_disagreeing", "network", "ticks", "seats", "build_episodes", "allocation"),
    "policies",
)
"""Tables that are left out when they have no rows."""

_WRITTEN: Final = {"console": ("text", "reason"), "participants": ("outcome_message",)}
"""Table -> columns with what the experimenter wrote."""


@dataclass(frozen=True)
class ExportResult:
    """A finished export.

    Attributes:
        folder: Where it lies.
        counts: Rows per table.
        problems: What the records lack or contradict, in words; empty for a faultless session.
        warnings: What to look at before an anonymised export is given away, in words.
    """

    folder: Path
    counts: dict[str, int]
    problems: tuple[str, ...]
    warnings: tuple[str, ...] = ()


def export_session(
    records: Path,
    session_id: str,
    out: Path,
    options: ExportOptions | None = None,
    *,
    progress: Progress | None = None,
    numbered: bool = False,
    until: Head | None = None,
) -> ExportResult:
    """Export one session of a file of records to the folder `out`, which must not exist yet (or be empty).

    Args:
        records: The file, as `records_path` names it; it is only read, also while the server writes it.
        session_id: The session.
        out: The folder to make.
        options: What it holds; everything, as CSV, when not given.
        progress: Called with a fraction from 0 to 1 and what is being done.
        numbered: Make ``<out>_2`` and so on where `out` is taken; else that is an error.
        until: Export what the journal held up to this entry; up to now when not given.

    Raises:
        RecordsError: The records cannot be read, or do not hold the session.
        ExportError: The folder is taken, the disk refused, or the written rows are not those of the journal.
    """
    say = progress or (lambda fraction, text: None)
    options = options or ExportOptions()
    try:
        place = ExportPlace(out, numbered=numbered)
    except OSError as error:
        raise ExportError(f"the export to {out} cannot be made: {error}") from error
    try:
        say(0.0, "reading the journal")
        with RecordReader(records) as reader:
            if until is not None:
                reader.head = until
            history = read_history(reader, session_id)
            check_id(history.opened.session_id, "session id")
            check_id(history.opened.experiment_id, "experiment id")
            key = read_key(records.parent / "keys") if options.anonymise else None
            exporter = _Exporter(reader, history, place.part, say, options, key)
            tables, problems = exporter.run()
            _check_counts(tables, exporter.expected)
            say(0.93, "describing the columns")
            if options.excel:
                write_excel_copies(place.part, tables)
            write_dataset(place.part, exporter.described(tables, problems))
            folder = place.finish()
    except (OSError, UnicodeError, pa.ArrowException) as error:
        raise ExportError(f"the export to {out} failed and nothing of it was left: {error}") from error
    finally:
        place.abandon()
    say(1.0, "done")
    warnings = tuple(exporter.warnings)
    return ExportResult(folder, {table.table: table.rows for table in tables}, tuple(problems), warnings)


class _Exporter:
    """Writes the tables of one session. `key`: of the new ids in an anonymised export."""

    def __init__(
        self,
        reader: RecordReader,
        history: SessionHistory,
        folder: Path,
        say: Progress,
        options: ExportOptions,
        key: bytes | None,
    ) -> None:
        self.expected: dict[str, int] = {}
        self.warnings: list[str] = []
        self._agreement: dict[str, Any] = {}
        self._reader = reader
        self._history = history
        self._options = options
        self._anonymiser = Anonymiser(history, key) if key is not None else None
        if options.participants is not None:
            _check_participants(options.participants, history)
            history.select(options.participants)
        self._folder = folder
        self._data = folder / "data"
        self._data.mkdir()
        self._spool_folder = folder / ".spool"
        self._spool_folder.mkdir()
        self._say = say
        self._arrays = ArrayStore(folder / "arrays", self._text)
        self._problems: list[str] = []
        self._files: dict[str, TableFile] = {}
        self._scenes: dict[str, list[str]] = {}

    def described(self, tables: Sequence[TableFile], problems: Sequence[str]) -> Described:
        """Return what is said about the tables beside them."""
        return Described(
            history=self._history,
            reader=self._reader,
            tables=tuple(tables),
            problems=tuple(problems),
            warnings=tuple(self.warnings),
            agreement=self._agreement,
            options=self._options,
            scenes=self._scenes,
            anonymiser=self._anonymiser,
        )

    def _text(self, text: str) -> str:
        return self._anonymiser.text(text) if self._anonymiser is not None else text

    def _spool(self, table: str) -> TableSpool:
        return TableSpool(table, self._spool_folder, self._changed)

    def _changed(self, table: str, columns: Mapping[str, pa.Array]) -> Mapping[str, pa.Array]:
        """Take out of columns what the options leave out."""
        if self._options.drop_texts and table in _WRITTEN:
            columns = {
                name: pa.nulls(len(array), pa.string()) if name in _WRITTEN[table] else array
                for name, array in columns.items()
            }
        return self._anonymiser.columns(table, columns) if self._anonymiser is not None else columns

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
        forms = self._write_lines("forms", 0.85)
        self._answers = forms.answers if isinstance(forms, FormsTable) else {}
        questions = question_rows(history)
        self._write_rows("questions", questions, len(questions))
        self._say(0.88, "writing participants, visits, matches, episodes")
        columns, rows, problems = episode_columns(history, episodes, events.marks, self._arrays)
        self._problems += problems
        spool = self._spool("episodes")
        spool.add(columns, rows)
        self.expected["episodes"] = rows
        self._write(spool)
        people = participant_rows(history, episodes)
        matches = match_rows(history, episodes, figures_of(events.marks), paths)
        self._agreement = agreement_of(columns, matches)
        self._write_rows("participants", people, len(history.participants))
        visits = sum(history.takes(visit.participant_id) for visit in history.visits.values())
        builds = build_episode_rows(history, events.build_marks)
        self._write_rows("build_episodes", builds, len(builds))
        self._write_rows("visits", visit_rows(history), visits)
        self._write_rows("matches", matches, len(history.matches))
        policies = policy_rows(history)
        self._write_rows("policies", policies, len(policies))
        done, seats = console_rows(history), seat_rows(history)
        self._write_rows("console", done, count_console(history))
        self._write_rows("allocation", allocation_rows(history), count_allocation(history))
        checked = sum(history.takes(getattr(fact, "participant_id", None)) for fact in history.seats)
        self._write_rows("seats", seats, checked)
        self._arrays.close()
        shutil.rmtree(self._spool_folder)
        if self._anonymiser is not None:
            self.warnings += warnings_of(history, self._answers, questions, texts=not self._options.drop_texts)
        problems = [self._text(problem) for problem in self._problems]
        return [self._files[name] for name in TABLES if name in self._files], problems

    def _write_frames(self, episodes: Sequence[EpisodeFrames]) -> None:
        conditions = condition_columns(self._history)
        total = sum(episode.frames for episode in episodes)
        spool, others = self._spool("frames"), self._spool("frames_disagreeing")
        session_id, read_body = self._history.opened.session_id, self._reader.find_body
        table = FramesTable(spool, self._arrays, session_id, read_body)
        disagreeing = FramesTable(others, self._arrays, session_id, read_body)
        written = 0
        for episode in episodes:
            match = self._history.matches.get(episode.match_id)
            if match is None:
                self._problems.append(f"match {episode.match_id} has frames, but was never formed")
            where = f"match {episode.match_id}, episode {episode.episode}"
            for sentence in (*episode.problems, *episode.missing, *episode.disagreements):
                self._problems.append(f"{where}: {sentence}")
            if not any(map(self._options.wants, (spool.table, others.table))):
                continue  # the rows themselves are not asked for: what is known of them is
            constants = conditions.get(episode.match_id, {})
            of = FramesOf(episode.match_id, match.formed.scene_id if match else None, None, constants)
            written += table.add_episode(of, episode.episode, episode.parts)
            for difference in episode.differences:
                theirs = replace(of, participant_id=difference.participant_id)
                disagreeing.add_episode(theirs, episode.episode, difference.parts)
            self._say(0.02 + 0.5 * written / max(1, total), f"frames: {written:,} of {total:,}")
        table.flush()
        disagreeing.flush()
        self._scenes = {name: list(scenes) for name, scenes in table.scenes.items()}
        self._problems += [*table.problems, *disagreeing.problems]
        # A damaged chunk is told above and in the manifest; every other frame must be in the file.
        self.expected["frames"] = total - table.lost_frames if self._options.wants("frames") else 0
        self._write(spool, lambda done: self._say(0.52 + 0.2 * done, f"frames: writing {spool.rows:,} rows"))
        differing = sum(difference.frames for episode in episodes for difference in episode.differences)
        self.expected[others.table] = differing - disagreeing.lost_frames
        self._write(others)

    def _write_telemetry(self) -> Mapping[str, Iterable[str]]:
        """Write telemetry, network and, on request, ticks; returns the paths on which players reached each other."""
        self._say(0.80, "writing telemetry")
        read_body = self._reader.find_body
        spools = {name: self._spool(name) for name in ("telemetry", "network", "ticks")}
        telemetry, network = (LinesTable(spools[name], self._history, read_body) for name in ("telemetry", "network"))
        ticks = TicksTable(spools["ticks"], self._history) if self._options.wants("ticks") else None
        tables = TelemetryTables(telemetry, network, ticks, read_body, self._history.takes)
        for chunk in self._history.chunks_of("telemetry"):
            tables.add_chunk(chunk)
        tables.flush()
        self._problems += tables.problems
        for name, spool in spools.items():
            if name != "ticks" or ticks is not None:
                self.expected[name] = tables.expected[name]
                self._write(spool, always=name == "ticks")
        return tables.paths

    def _write_lines(self, name: str, fraction: float) -> LinesTable:
        self._say(fraction, f"writing {name}")
        spool = self._spool(name)
        stream, kind = _STREAMS[name]
        table = kind(spool, self._history, self._reader.find_body)
        if isinstance(table, FormsTable):
            table.drop_texts = self._options.drop_texts
        expected = 0
        for chunk in self._history.chunks_of(stream):
            table.add_chunk(chunk)
            if not self._history.takes(chunk.participant_id):
                continue
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
        spool = self._spool(name)
        names = dict.fromkeys(key for row in rows for key in row)
        spool.add({key: [row.get(key) for row in rows] for key in names}, len(rows))
        self.expected[name] = expected
        self._write(spool)

    def _write(
        self, spool: TableSpool, on_block: Callable[[float], None] | None = None, *, always: bool = False
    ) -> None:
        if not self._options.wants(spool.table) or (not spool.rows and spool.table in _OPTIONAL and not always):
            return
        opened = self._history.opened
        session = self._anonymiser.new_id("s", opened.session_id) if self._anonymiser else opened.session_id
        path = self._data / table_file_name(opened.experiment_id, session, spool.table)
        fixed = [column.name for column in TABLES[spool.table].columns if "<" not in column.name]
        parquet = path.with_suffix(".parquet") if self._options.parquet else None
        self._files[spool.table] = spool.write(path, fixed, on_block, parquet=parquet)


def _check_participants(chosen: Sequence[str], history: SessionHistory) -> None:
    unknown = [who for who in chosen if who not in history.participants]
    if unknown:
        some = ", ".join(list(history.participants)[:10]) or "nobody"
        raise ExportError(f"{', '.join(unknown)} did not take part in this session; there are {some}")


def _check_counts(tables: Sequence[TableFile], expected: dict[str, int]) -> None:
    """Count the rows of the written files again and compare them with the journal."""
    for table in tables:
        rows = count_rows(table.path)
        if not rows == table.rows == expected[table.table]:
            raise ExportError(
                f"the table {table.table} has {rows} rows in its file, and the journal gives {expected[table.table]}; "
                "nothing was exported. Run `mug verify`, and report this with its output"
            )
        if table.parquet is not None and pa.parquet.read_metadata(table.parquet).num_rows != rows:
            raise ExportError(f"the Parquet file of the table {table.table} has other rows than its CSV file")


def count_rows(path: Path) -> int:
    """Count the rows of a CSV file by reading it (a text may hold line breaks)."""
    parse = pa.csv.ParseOptions(newlines_in_values=True)
    with path.open("rb") as file:
        first = file.readline()
    if path.stat().st_size == len(first):
        return 0
    convert = pa.csv.ConvertOptions(include_columns=["session_id"], column_types={"session_id": pa.string()})
    for size in CSV_BLOCK_BYTES:
        read = pa.csv.ReadOptions(block_size=size)
        try:
            with pa.csv.open_csv(path, read_options=read, parse_options=parse, convert_options=convert) as reader:
                return sum(batch.num_rows for batch in reader)
        except pa.ArrowInvalid:
            if size == CSV_BLOCK_BYTES[-1]:
                raise
    raise AssertionError("a size is the last one")
