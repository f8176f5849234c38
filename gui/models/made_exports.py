"""The exports of an experiment that lie in its folder, and what each says of itself."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

from PySide6.QtCore import Qt
from typing_extensions import override

from gui.models.columns import SORT_ROLE, Column, ColumnTable, Index
from gui.models.moments import day_and_time
from mug.records.export_layout import manifest_of
from mug.records.places import exports_dir

__all__ = ["EXPORT_ROLE", "ExportsModel", "MadeExport", "exports_of", "read_export_head"]

EXPORT_ROLE = Qt.ItemDataRole.UserRole + 1


@dataclass(frozen=True)
class MadeExport:
    """One exported folder.

    Attributes:
        at: When it was made, as a moment.
        counts: Rows of each table.
        options: What it was asked to hold, as the manifest has it.
        head: Hash of the journal's entry up to which it goes.
    """

    folder: Path
    session_id: str
    at: str
    counts: dict[str, int] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)
    head: str = ""
    pilot: bool = False
    problems: int = 0

    @property
    def tables(self) -> list[str]:
        """The names of its tables."""
        return list(self.counts)

    @property
    def kind(self) -> str:
        """Say in a few words what it is."""
        words = ["anonymised"] if self.options.get("anonymise") else []
        if self.options.get("participants"):
            words.append("some participants")
        if self.options.get("tables"):
            words.append("some tables")
        if self.options.get("drop_texts"):
            words.append("no free texts")
        if "parquet" in (self.options.get("formats") or ()):
            words.append("Parquet")
        return ", ".join(words) or "everything"


def read_export_head(folder: Path) -> MadeExport | None:
    """Return what an export says of itself; None when it is no export."""
    path = manifest_of(folder)
    if path is None:
        return None
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        at = path.stat().st_mtime
    except (OSError, ValueError):
        return None
    if not isinstance(data, dict):
        return None
    counts, options, journal = (data.get(name) for name in ("counts", "options", "journal"))
    problems = data.get("problems")
    return MadeExport(
        folder=folder,
        session_id=str(data.get("session_id", "")),
        at=_moment(at),
        counts={str(name): rows for name, rows in counts.items() if isinstance(rows, int)}
        if isinstance(counts, dict)
        else {},
        options=options if isinstance(options, dict) else {},
        head=str(journal.get("head_hash", "")) if isinstance(journal, dict) else "",
        pilot=data.get("pilot") is True,
        problems=len(problems) if isinstance(problems, list) else 0,
    )


def exports_of(data_dir: Path, experiment_id: str) -> list[MadeExport]:
    """Return the exports in an experiment's folder, the newest first."""
    folder = exports_dir(data_dir, experiment_id)
    if not folder.is_dir():
        return []
    found = [made for path in folder.iterdir() if (made := read_export_head(path)) is not None]
    return sorted(found, key=lambda made: made.at, reverse=True)


def _moment(unix_s: float) -> str:
    return datetime.fromtimestamp(unix_s, UTC).isoformat(timespec="milliseconds")


class ExportsModel(ColumnTable):
    """Exports in a table.

    Runs on: GUI thread.
    """

    columns: ClassVar[tuple[Column[Any], ...]] = (
        Column("at", "Made", "", lambda e: day_and_time(e.at), lambda e: e.at),
        Column("kind", "Holds", "", lambda e: e.kind, lambda e: e.kind),
        Column("tables", "Tables", "", lambda e: f"{len(e.counts):,}", lambda e: len(e.counts), True),
        Column("rows", "Rows", "", lambda e: f"{sum(e.counts.values()):,}", lambda e: sum(e.counts.values()), True),
        Column("problems", "Notes", "What the records lacked", lambda e: f"{e.problems:,}", lambda e: e.problems, True),
        Column("folder", "Folder", "", lambda e: e.folder.name, lambda e: e.folder.name),
    )
    _rows: tuple[MadeExport, ...] = ()

    def show(self, rows: Iterable[MadeExport]) -> None:
        """Take these."""
        fresh = tuple(rows)
        if fresh == self._rows:
            return
        self.beginResetModel()
        self._rows = fresh
        self.endResetModel()

    def rows(self) -> tuple[MadeExport, ...]:
        """Return the rows."""
        return self._rows

    @override
    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or not 0 <= index.row() < len(self._rows):
            return None
        row, column = self._rows[index.row()], self.columns[index.column()]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return column.text(row)
            case Qt.ItemDataRole.TextAlignmentRole:
                return column.alignment
            case Qt.ItemDataRole.ToolTipRole:
                return str(row.folder)
            case _ if role == SORT_ROLE:
                return column.sort(row)
            case _ if role == EXPORT_ROLE:
                return row
            case _:
                return None
