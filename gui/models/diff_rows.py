"""The diff of two studies as a list of cards: the study's own settings first, then every node of both."""

from collections.abc import Sequence
from typing import Any

import msgspec
from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from typing_extensions import override

from gui.models.node_looks import look_of_node
from mug.study.diff import FieldChange, NodeDiff, Status, StudyDiff, given_fields
from mug.study.diff_text import SIGNS

__all__ = ["DIFF_ROW", "STATUS_WORDS", "DiffModel", "DiffRow", "rows_of_diff"]

DIFF_ROW = Qt.ItemDataRole.UserRole
"""The `DiffRow` of an index."""

STATUS_WORDS: dict[Status, str] = {
    "added": "Added",
    "removed": "Removed",
    "moved": "Moved",
    "changed": "Changed",
    "same": "The same",
}

Index = QModelIndex | QPersistentModelIndex


class DiffRow(msgspec.Struct, frozen=True, kw_only=True):
    """One card.

    Attributes:
        status: What became of it.
        icon, title, subtitle: How it is shown.
        fields: Its changes; of what was added or removed, all that it says.
        depth: In how many wrappers it lies.
        is_wrapper: Whether it holds others.
        node: The node; None: the study's own settings.
    """

    status: Status
    icon: str
    title: str
    subtitle: str
    fields: tuple[FieldChange, ...]
    depth: int = 0
    is_wrapper: bool = False
    node: NodeDiff | None = None

    @property
    def sign(self) -> str:
        """A sign for the status, which needs no colour."""
        return SIGNS[self.status]

    @property
    def change_words(self) -> str:
        """What became of it, in a few words."""
        word = STATUS_WORDS[self.status]
        if self.status in {"moved", "changed"} and self.fields:
            count = f"{len(self.fields)} field{'s'[: len(self.fields) > 1]}"
            return f"{word} · {count}"
        return word

    @property
    def words(self) -> str:
        """Everything, for a screen reader."""
        inside = f", {self.depth} deep" if self.depth else ""
        return f"{self.change_words}: {self.title}, {self.subtitle}{inside}"


def rows_of_diff(diff: StudyDiff, *, only_changes: bool) -> tuple[DiffRow, ...]:
    """Return the cards of a diff; with `only_changes` those that differ, and the wrappers around them."""
    rows: list[DiffRow] = []
    if diff.study_fields:
        rows.append(
            DiffRow(
                status="changed",
                icon="settings",
                title="Study",
                subtitle="Settings of the study itself",
                fields=diff.study_fields,
            )
        )
    shown = diff.nodes if not only_changes else _with_wrappers(diff.nodes)
    return (*rows, *(_row(node) for node in shown))


def _row(node: NodeDiff) -> DiffRow:
    look = look_of_node(node.node)
    fields = node.fields if node.status not in {"added", "removed"} else given_fields(node.node)
    return DiffRow(
        status=node.status,
        icon=look.icon,
        title=look.title,
        subtitle=" · ".join(dict.fromkeys(part for part in (look.kind, look.label or look.summary) if part)),
        fields=fields,
        depth=node.depth,
        is_wrapper=not look.label,
        node=node,
    )


def _with_wrappers(nodes: Sequence[NodeDiff]) -> list[NodeDiff]:
    """Keep what differs, and the wrappers that show where it is."""
    kept: list[NodeDiff] = []
    wanted_depth = -1
    for node in reversed(nodes):
        if node.status != "same" or node.depth < wanted_depth:
            kept.append(node)
            wanted_depth = node.depth
        elif node.depth == 0:
            wanted_depth = -1
    return kept[::-1]


class DiffModel(QAbstractListModel):
    """A thin model over `DiffRow`.

    Runs on: GUI thread.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: tuple[DiffRow, ...] = ()

    @property
    def rows(self) -> tuple[DiffRow, ...]:
        """All rows."""
        return self._rows

    def replace_all(self, rows: Sequence[DiffRow]) -> None:
        """Show other rows."""
        self.beginResetModel()
        self._rows = tuple(rows)
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
        if role in {Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.ToolTipRole}:
            return row.words
        if role == DIFF_ROW:
            return row
        return None
