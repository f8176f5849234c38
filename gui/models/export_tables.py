"""The tables of a finished export, and the first rows of one."""

import csv
import re
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from typing_extensions import override

__all__ = ["PREVIEW_ROWS", "Preview", "PreviewModel", "read_preview", "tables_of"]

PREVIEW_ROWS = 200
_LONGEST_TEXT = 2**31 - 1
_SHOWN_LETTERS = 500

_TABLE = re.compile(r"_description-(?P<table>[A-Za-z0-9_]+?)_data\.csv$")

Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True)
class Preview:
    """The head of a table.

    Attributes:
        columns: Its columns.
        rows: At most `PREVIEW_ROWS` rows.
        has_more: Whether the file goes on.
    """

    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    has_more: bool = False


def tables_of(folder: Path) -> dict[str, Path]:
    """Return the tables of an export: name to file."""
    found = ((_TABLE.search(path.name), path) for path in sorted((folder / "data").glob("*.csv")))
    return {match["table"]: path for match, path in found if match is not None}


def read_preview(path: Path) -> Preview:
    """Read the head of a table; of a long text its beginning."""
    csv.field_size_limit(_LONGEST_TEXT)  # of this process; its own limit is less than what a page may send
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file)
        columns = tuple(next(reader, []))
        rows = tuple(tuple(map(_short, row)) for row in islice(reader, PREVIEW_ROWS + 1))
    return Preview(columns, rows[:PREVIEW_ROWS], len(rows) > PREVIEW_ROWS)


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN_LETTERS else f"{text[:_SHOWN_LETTERS]}… ({len(text):,} letters)"


class PreviewModel(QAbstractTableModel):
    """Shows a `Preview`.

    Runs on: GUI thread.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._preview = Preview()

    def show(self, preview: Preview) -> None:
        """Take another head of a table."""
        self.beginResetModel()
        self._preview = preview
        self.endResetModel()

    @override
    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._preview.rows)

    @override
    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._preview.columns)

    @override
    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        if orientation is Qt.Orientation.Horizontal:
            return self._preview.columns[section] if 0 <= section < len(self._preview.columns) else None
        return str(section + 1)

    @override
    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or role not in {Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole}:
            return None
        row = self._preview.rows[index.row()]
        return row[index.column()] if index.column() < len(row) else ""
