"""The versions of a study as a list: the newest first, with who took part and which one is open."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from typing_extensions import override

from gui.models.moments import day_and_time
from mug.study.versions import Version

__all__ = ["ROW_ROLE", "VersionRow", "VersionsModel", "rows_of"]

ROW_ROLE = Qt.ItemDataRole.UserRole
"""The `VersionRow` of an index."""

Index = QModelIndex | QPersistentModelIndex


class VersionRow(msgspec.Struct, frozen=True, kw_only=True):
    """One version as it is shown.

    Attributes:
        version: The version.
        participants: How many real participants took part in its content; above 0 it is locked.
        is_current: Whether the study as it is edited has this content.
    """

    version: Version
    participants: int = 0
    is_current: bool = False

    @property
    def is_locked(self) -> bool:
        """Whether people have taken part in it."""
        return self.participants > 0

    @property
    def title(self) -> str:
        """Its name."""
        return f"Version {self.version.number}"

    @property
    def people(self) -> str:
        """Who took part, in words; empty: nobody."""
        return f"{self.participants} participant{'s'[: self.participants > 1]}" if self.participants else ""

    @property
    def when_and_what(self) -> str:
        """When it was kept, and its hash."""
        when = day_and_time(self.version.at) if self.version.at else ""
        return " · ".join(part for part in (when, self.version.content_hash[:8]) if part)

    @property
    def words(self) -> str:
        """Everything, for a screen reader."""
        parts = [self.title]
        if self.is_current:
            parts.append("current")
        if self.is_locked:
            parts.append(f"locked, {self.people}")
        parts.append(self.when_and_what)
        if self.version.problem:
            parts.append(f"damaged: {self.version.problem}")
        if self.version.comment:
            parts.append(self.version.comment)
        return ", ".join(parts)


def rows_of(
    versions: Sequence[Version], participants: Mapping[str, int], current_hash: str = ""
) -> tuple[VersionRow, ...]:
    """Return what is shown of versions, the newest first; of several with the current content the newest is current."""
    rows: list[VersionRow] = []
    found_current = False
    for version in reversed(versions):
        is_current = not found_current and bool(current_hash) and version.content_hash == current_hash
        found_current = found_current or is_current
        people = participants.get(version.content_hash, 0)
        rows.append(VersionRow(version=version, participants=people, is_current=is_current))
    return tuple(rows)


class VersionsModel(QAbstractListModel):
    """A thin model over `VersionRow`.

    Runs on: GUI thread.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: tuple[VersionRow, ...] = ()

    @property
    def rows(self) -> tuple[VersionRow, ...]:
        """All rows, the newest first."""
        return self._rows

    def replace_all(self, rows: Sequence[VersionRow]) -> None:
        """Show other rows; where the versions are the same, what is chosen stays chosen."""
        fresh = tuple(rows)
        if [row.version for row in fresh] == [row.version for row in self._rows]:
            changed = [index for index, row in enumerate(fresh) if row != self._rows[index]]
            self._rows = fresh
            for index in changed:
                self.dataChanged.emit(self.index(index, 0), self.index(index, 0))
            return
        self.beginResetModel()
        self._rows = fresh
        self.endResetModel()

    @override
    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._rows)

    @override
    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or not 0 <= index.row() < len(self._rows):
            return None
        row = self._rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return row.title
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return row.words
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"{row.version.title}\n{row.version.path}\n{row.version.content_hash}".strip()
        if role == ROW_ROLE:
            return row
        return None
