"""What the experimenter did, as a tree: each action, and below it how far it is for each participant."""

from collections.abc import Callable, Iterable
from typing import Any

import msgspec
from PySide6.QtCore import QAbstractItemModel, QModelIndex, QObject, QPersistentModelIndex, QSortFilterProxyModel, Qt
from PySide6.QtGui import QColor, QIcon
from typing_extensions import override

from gui.models.action_words import ACTION_KINDS, action_title, progress_words, state_words, who_words
from gui.models.moments import clock_time
from gui.widgets.tips import plain_tip
from mug.protocol.lab_console import ActionTarget, ActionView

__all__ = ["ACTION_COLUMNS", "ACTION_ID_ROLE", "PARTICIPANTS_ROLE", "ActionsModel", "NewestActions"]

ACTION_ID_ROLE = Qt.ItemDataRole.UserRole + 1
PARTICIPANTS_ROLE = Qt.ItemDataRole.UserRole + 2
ACTION_COLUMNS = (
    ("at", "Time", "When it was asked for"),
    ("action", "Action", "What was done"),
    ("who", "Participants", "For whom"),
    ("progress", "How far", "Whether the pages have shown it, and messages were read"),
    ("reason", "Reason", "Why, as it is recorded"),
    ("text", "Words", "What participants read"),
)

Index = QModelIndex | QPersistentModelIndex


class ActionsModel(QAbstractItemModel):
    """Actions, in the order in which they became known; none ever leaves before a new session.

    Runs on: GUI thread.
    """

    def __init__(
        self, icon_of: Callable[[str, str], QIcon], colour_of: Callable[[str], QColor], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._icon_of, self._colour_of = icon_of, colour_of
        self._views: list[ActionView] = []
        self._row_of: dict[str, int] = {}

    def replace_all(self, views: Iterable[ActionView]) -> None:
        """Take the actions of a snapshot."""
        self.beginResetModel()
        self._views = list(views)
        self._row_of = {view.action_id: row for row, view in enumerate(self._views)}
        self.endResetModel()

    def update(self, views: Iterable[ActionView]) -> None:
        """Take whole actions: known ones are replaced, new ones come last."""
        for view in views:
            row = self._row_of.get(view.action_id)
            if row is None:
                place = len(self._views)
                self.beginInsertRows(QModelIndex(), place, place)
                self._row_of[view.action_id] = place
                self._views.append(view)
                self.endInsertRows()
            elif self._views[row] != view:
                self._replace(row, view)

    def _replace(self, row: int, view: ActionView) -> None:
        count, last = len(self._views[row].targets), len(ACTION_COLUMNS) - 1
        fresh = len(view.targets)
        parent, kept = self.index(row, 0), min(count, fresh)
        rest = self._views[row].targets[kept:]
        self._views[row] = msgspec.structs.replace(view, targets=view.targets[:kept] + rest)
        self.dataChanged.emit(parent, self.index(row, last))
        if kept:
            self.dataChanged.emit(self.index(0, 0, parent), self.index(kept - 1, last, parent))
        if count > fresh:
            self.beginRemoveRows(parent, fresh, count - 1)
            self._views[row] = view
            self.endRemoveRows()
        elif fresh > count:
            self.beginInsertRows(parent, count, fresh - 1)
            self._views[row] = view
            self.endInsertRows()

    def views(self) -> tuple[ActionView, ...]:
        """Return the actions."""
        return tuple(self._views)

    def view_of(self, action_id: str) -> ActionView | None:
        """Return an action; None when it is not known."""
        row = self._row_of.get(action_id)
        return None if row is None else self._views[row]

    def of_participant(self, participant_id: str) -> list[tuple[ActionView, ActionTarget]]:
        """Return what was done to a participant, the newest first."""
        found = [
            (view, target) for view in self._views for target in view.targets if target.participant_id == participant_id
        ]
        return sorted(found, key=lambda pair: pair[0].at, reverse=True)

    def recolour(self) -> None:
        """Take icons and colours anew, after a change of theme."""
        if self._views:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self._views) - 1, len(ACTION_COLUMNS) - 1))

    @override
    def index(self, row: int, column: int, parent: Index = QModelIndex()) -> QModelIndex:  # noqa: B008
        if not self.hasIndex(row, column, parent):
            return QModelIndex()
        return self.createIndex(row, column, parent.row() + 1 if parent.isValid() else 0)

    @override
    def parent(self, child: Index = QModelIndex()) -> Any:  # noqa: B008
        if not child.isValid() or not child.internalId():
            return QModelIndex()
        return self.createIndex(int(child.internalId()) - 1, 0, 0)

    @override
    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        if not parent.isValid():
            return len(self._views)
        if parent.internalId() or parent.column() > 0:
            return 0
        return len(self._views[parent.row()].targets)

    @override
    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return len(ACTION_COLUMNS)

    @override
    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation is not Qt.Orientation.Horizontal or not 0 <= section < len(ACTION_COLUMNS):
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return ACTION_COLUMNS[section][1]
        return ACTION_COLUMNS[section][2] if role == Qt.ItemDataRole.ToolTipRole else None

    @override
    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        key = ACTION_COLUMNS[index.column()][0]
        if internal := int(index.internalId()):
            view = self._views[internal - 1]
            return self._target_data(view.targets[index.row()], key, role, view)
        return self._action_data(self._views[index.row()], key, role)

    def _action_data(self, view: ActionView, key: str, role: int) -> Any:
        match role:
            case Qt.ItemDataRole.DisplayRole | Qt.ItemDataRole.AccessibleTextRole | Qt.ItemDataRole.ToolTipRole:
                text = _action_text(view, key)
                if role != Qt.ItemDataRole.ToolTipRole:
                    return text
                whole = ", ".join(target.participant_id for target in view.targets)
                return plain_tip(whole if key == "who" and whole else text)
            case Qt.ItemDataRole.DecorationRole if key == "action":
                kind = ACTION_KINDS.get(view.action)
                return self._icon_of(kind.icon if kind else "info", "muted")
            case Qt.ItemDataRole.DecorationRole if key == "progress":
                _word, icon, tone = state_words(_worst(view))
                return self._icon_of(icon, tone)
            case Qt.ItemDataRole.ForegroundRole if key == "progress":
                tone = state_words(_worst(view))[2]
                return None if tone == "muted" else self._colour_of(tone)
            case _ if role == ACTION_ID_ROLE:
                return view.action_id
            case _ if role == PARTICIPANTS_ROLE:
                return [target.participant_id for target in view.targets]
            case _ if role == Qt.ItemDataRole.UserRole:
                return view.at
            case _:
                return None

    def _target_data(self, target: ActionTarget, key: str, role: int, view: ActionView) -> Any:
        word, icon, tone = state_words(target.state)
        match role:
            case Qt.ItemDataRole.DisplayRole | Qt.ItemDataRole.AccessibleTextRole | Qt.ItemDataRole.ToolTipRole:
                texts = {"at": clock_time(target.at), "who": target.participant_id, "progress": word}
                text = texts.get(key, target.why if key == "reason" else "")
                return plain_tip(text) if role == Qt.ItemDataRole.ToolTipRole else text
            case Qt.ItemDataRole.DecorationRole if key == "progress":
                return self._icon_of(icon, tone)
            case Qt.ItemDataRole.ForegroundRole:
                return self._colour_of(tone if key == "progress" else "muted")
            case _ if role == ACTION_ID_ROLE:
                return view.action_id
            case _ if role == PARTICIPANTS_ROLE:
                return [target.participant_id]
            case _ if role == Qt.ItemDataRole.UserRole:
                return target.participant_id
            case _:
                return None


class NewestActions(QSortFilterProxyModel):
    """The actions with the newest first; inside each, the participants by their ids.

    Runs on: GUI thread.
    """

    def __init__(self, source: ActionsModel) -> None:
        super().__init__(source)
        self.setSourceModel(source)
        self.setDynamicSortFilter(True)
        self.sort(0, Qt.SortOrder.DescendingOrder)

    @override
    def lessThan(self, source_left: Index, source_right: Index) -> bool:
        left, right = (index.data(Qt.ItemDataRole.UserRole) for index in (source_left, source_right))
        return bool(left > right) if source_left.parent().isValid() else bool(left < right)


def _action_text(view: ActionView, key: str) -> str:
    match key:
        case "at":
            return clock_time(view.at)
        case "action":
            said = view.outcome in {"", "excluded", "complete"}
            return action_title(view.action) + ("" if said else f" ({view.outcome.replace('_', ' ')})")
        case "who":
            return who_words([target.participant_id for target in view.targets]) or "Everybody"
        case "progress":
            worst = _worst(view)
            if worst in {"sending", "pending", "failed"}:
                return state_words(worst)[0]
            words = progress_words(view)
            return words[:1].upper() + words[1:]
        case "reason":
            why = next((target.why for target in view.targets if target.state in {"failed", "pending"}), "")
            return why or view.reason
        case _:
            return view.text


def _worst(view: ActionView) -> str:
    """Return the state that asks for most attention."""
    states = {target.state for target in view.targets}
    order = ("failed", "pending", "sending", "sent", "shown", "read", "skipped")
    return next((state for state in order if state in states), "shown")
