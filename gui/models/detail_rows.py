"""What the panel of one participant lists: the way through the chain, what happened, answers, parameters."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QModelIndex, QObject, Qt
from PySide6.QtGui import QColor, QIcon
from typing_extensions import override

from gui.models.action_words import action_title, state_words
from gui.models.columns import Index, ThemedTable
from gui.models.moments import clock_time, duration, unix_seconds
from gui.widgets.tips import plain_tip
from mug.protocol.lab_console import ActionTarget, ActionView, DetailView, NoteView, PathStep

__all__ = [
    "ROW_ROLE",
    "DetailRow",
    "DetailTable",
    "answer_rows",
    "done_rows",
    "parameter_rows",
    "path_rows",
    "timeline_rows",
]

ROW_ROLE = Qt.ItemDataRole.UserRole + 1
_LEVELS = {"info": ("", "muted"), "warning": ("warning", "warning"), "error": ("error", "error")}
_STEPS = {"past": ("check", "muted"), "present": ("chevron-right", "accent"), "ahead": ("minus", "disabled")}


@dataclass(frozen=True)
class DetailRow:
    """One row.

    Attributes:
        texts: One text a column.
        icon, tone: Before the first column.
        more: What opens with Enter: a traceback, the page's console.
        whole: The row in one line, for the tooltip and for what opens.
    """

    texts: tuple[str, ...]
    icon: str = ""
    tone: str = "muted"
    more: str = ""
    whole: str = ""


class DetailTable(ThemedTable):
    """Rows of texts; what stays the same keeps its place and the selection.

    Runs on: GUI thread.
    """

    def __init__(
        self,
        icon_of: Callable[[str, str], QIcon],
        colour_of: Callable[[str], QColor],
        titles: Sequence[str],
        parent: QObject | None = None,
    ) -> None:
        """Start empty.

        Args:
            icon_of: Icon name and colour role to the icon.
            colour_of: Colour role to the colour.
            titles: The columns' titles.
            parent: The Qt parent.
        """
        super().__init__(icon_of, colour_of, parent)
        self._titles = tuple(titles)
        self._rows: list[DetailRow] = []

    def show(self, rows: Iterable[DetailRow]) -> None:
        """Take these rows instead."""
        fresh = list(rows)
        if fresh == self._rows:
            return
        self._shift(fresh)
        before = len(self._rows)
        kept = min(len(fresh), before)
        if kept and fresh[:kept] != self._rows[:kept]:
            self._rows[:kept] = fresh[:kept]
            self.dataChanged.emit(self.index(0, 0), self.index(kept - 1, len(self._titles) - 1))
        if len(fresh) < before:
            self.beginRemoveRows(QModelIndex(), kept, before - 1)
            del self._rows[kept:]
            self.endRemoveRows()
        elif len(fresh) > before:
            self.beginInsertRows(QModelIndex(), before, len(fresh) - 1)
            self._rows += fresh[before:]
            self.endInsertRows()

    def _shift(self, fresh: list[DetailRow]) -> None:
        """Make room for rows that are new at the top, where the others follow as they are, less the last ones."""
        if not self._rows or self._rows[0] not in fresh:
            return
        new = fresh.index(self._rows[0])
        kept = min(len(fresh) - new, len(self._rows))
        if not new or fresh[new : new + kept] != self._rows[:kept]:
            return
        if kept < len(self._rows):
            self.beginRemoveRows(QModelIndex(), kept, len(self._rows) - 1)
            del self._rows[kept:]
            self.endRemoveRows()
        self.beginInsertRows(QModelIndex(), 0, new - 1)
        self._rows[:0] = fresh[:new]
        self.endInsertRows()

    def rows(self) -> tuple[DetailRow, ...]:
        """Return the rows."""
        return tuple(self._rows)

    @override
    def recolour(self) -> None:
        if self._rows:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self._rows) - 1, len(self._titles) - 1))

    @override
    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._titles)

    @override
    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        shown = orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole
        return self._titles[section] if shown and 0 <= section < len(self._titles) else None

    @override
    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or not 0 <= index.row() < len(self._rows):
            return None
        row = self._rows[index.row()]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return row.texts[index.column()]
            case Qt.ItemDataRole.ToolTipRole:
                return plain_tip(row.whole or row.texts[index.column()])
            case Qt.ItemDataRole.DecorationRole if index.column() == 0 and row.icon:
                return self._icon_of(row.icon, row.tone)
            case Qt.ItemDataRole.ForegroundRole if row.tone not in {"muted", "accent"}:
                return self._colour_of(row.tone)
            case _ if role == ROW_ROLE:
                return row
            case _:
                return None


def path_rows(steps: Sequence[PathStep]) -> list[DetailRow]:
    """Return the way through the chain: behind, here, ahead."""
    rows = []
    for step in steps:
        icon, tone = _STEPS.get(step.state, ("info", "muted"))
        begun, done = unix_seconds(step.started_at), unix_seconds(step.finished_at)
        took = duration(done - begun) if begun is not None and done is not None else ""
        outcome = "" if step.outcome in {"", "completed"} else step.outcome.replace("_", " ")
        when = clock_time(step.started_at) if step.started_at else ""
        words = " · ".join(word for word in (step.scene_id, step.kind, outcome) if word)
        rows.append(DetailRow((step.scene_id, when, took or outcome), icon, tone, whole=words))
    return rows


def timeline_rows(view: DetailView, *, only_errors: bool = False) -> list[DetailRow]:
    """Return what happened, the newest first."""
    rows = []
    for entry in reversed(view.timeline):
        if only_errors and entry.level == "info" and not entry.more:
            continue
        icon, tone = _LEVELS.get(entry.level, ("info", "muted"))
        rows.append(
            DetailRow(
                (clock_time(entry.at), entry.text), icon, tone, entry.more, f"{clock_time(entry.at)} {entry.text}"
            )
        )
    return rows


def answer_rows(view: DetailView) -> list[DetailRow]:
    """Return the answers so far."""
    rows = []
    for answer in view.answers:
        question, text = str(answer.get("question_id", "")), _plain(answer.get("answer"))
        scene = str(answer.get("scene_id", ""))
        rows.append(DetailRow((question, text), whole=f"{scene} · {question}: {text}"))
    return rows


def parameter_rows(view: DetailView) -> list[DetailRow]:
    """Return the address's parameters, what the page told of its browser, and the values of the study."""
    groups: tuple[tuple[str, dict[str, Any]], ...] = (
        ("Parameter", dict(view.params)),
        ("Browser", view.environment),
        ("Study", view.mug_globals),
    )
    return [
        DetailRow((_named(name, group), _plain(value)), whole=f"{group}: {name} = {_plain(value)}")
        for group, values in groups
        for name, value in values.items()
    ]


def done_rows(done: Iterable[tuple[ActionView, ActionTarget]], notes: Iterable[NoteView]) -> list[DetailRow]:
    """Return what was done to the participant and the notes on them, the newest first."""
    rows = [(note.at, DetailRow((clock_time(note.at), note.text, ""), "note", whole=note.text)) for note in notes]
    for view, target in done:
        word, icon, tone = state_words(target.state)
        words = " · ".join(part for part in (action_title(view.action), view.text, view.reason, target.why) if part)
        rows.append((view.at, DetailRow((clock_time(view.at), words, word), icon, tone, whole=words)))
    return [row for _at, row in sorted(rows, key=lambda pair: pair[0], reverse=True)]


def _named(name: str, group: str) -> str:
    """Return a value's name; what the page told of its browser has names of ours."""
    return name.replace("_", " ") if group == "Browser" else name


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(_plain(part) for part in value)
    return "–" if value is None else str(value)
