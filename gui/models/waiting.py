"""Waiting rooms: who waits, as an item model over the server's `WaitingView`s; and what can be said of a room."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QModelIndex, QObject, Qt
from PySide6.QtGui import QColor, QIcon
from typing_extensions import override

from gui.models.columns import SORT_ROLE, Column, Index, ThemedTable
from gui.models.moments import clock_time, duration, unix_seconds
from gui.widgets.tips import plain_tip
from mug.protocol.lab import RejectedPairView, WaitingView, WaitroomView

__all__ = [
    "WAITING_COLUMNS",
    "WAITING_ROLE",
    "Group",
    "ReleaseWish",
    "RoomPath",
    "WaitingModel",
    "Waitrooms",
    "by_hand_words",
    "group_words",
    "rejected_words",
    "room_words",
    "waiting_look",
]

RoomPath = tuple[int, ...]
Group = tuple[str, ...]

WAITING_ROLE = Qt.ItemDataRole.UserRole + 1

_SOON_S = 30.0
"""Less time left than this asks for a look."""


@dataclass(frozen=True)
class ReleaseWish:
    """What the server is asked to let go: these groups of a waiting room; none: all that it proposes."""

    node_path: RoomPath
    groups: tuple[Group, ...] = ()
    treatment: str = ""


@dataclass(frozen=True)
class WaitingLook:
    """A state as word, icon and colour role; `rank` sorts, and `tip` tells more."""

    word: str
    icon: str
    role: str
    rank: int
    tip: str = ""


_STATES = {
    "held": WaitingLook("Ready to go", "check-circle", "good", 0, "In a proposed group, which waits to be let go."),
    "probing": WaitingLook(
        "Measuring", "pulse", "accent", 1, "The connection to possible partners is being measured; it takes seconds."
    ),
    "returning": WaitingLook(
        "Waiting for known partners",
        "users",
        "accent",
        2,
        "Plays only with the partners of before, who are still on the way.",
    ),
    "waiting": WaitingLook("Waiting", "clock", "muted", 3, "No group with this participant is complete yet."),
}


_AWAY = WaitingLook(
    "Connection lost", "lost", "error", 4, "Keeps the place for a while; cannot be matched until the page is back."
)


def waiting_look(view: WaitingView, *, is_away: bool = False) -> WaitingLook:
    """Return how a state is shown; a state of a newer server keeps its own name. `is_away`: the page is not here."""
    if is_away:
        return _AWAY
    return _STATES.get(view.state, WaitingLook(view.state.replace("_", " ").capitalize(), "info", "muted", 5))


def group_words(group: Sequence[str]) -> str:
    """Return the members of a group: ``anna + bert``."""
    return " + ".join(group)


def room_words(room: WaitroomView) -> str:
    """Return how far a waiting room is from its next group."""
    here, needed = len(room.waiting), room.needed
    words = f"{here} of {needed} needed are here" if here < needed else f"{here} are here, a group needs {needed}"
    if room.probing:
        pairs = "1 connection is" if len(room.probing) == 1 else f"{len(room.probing)} connections are"
        words += f"; {pairs} being measured"
    return words


def by_hand_words(room: WaitroomView, chosen: Sequence[str]) -> tuple[bool, str]:
    """Return whether the chosen participants make a group, and the sentence that says so, or what is missing."""
    missing = room.needed - len(chosen)
    if not chosen:
        return False, f"Select {room.needed} to form a group by hand, in the order of their agents."
    if missing > 0:
        return False, f"{len(chosen)} selected: select {missing} more."
    if missing < 0:
        return False, f"{len(chosen)} selected: a group needs {room.needed}."
    return True, f"In this order: {group_words(chosen)}"


def rejected_words(pair: RejectedPairView) -> str:
    """Return why two participants are not put together at present, and until when."""
    why = "no connection between them" if pair.rtt_ms is None else f"{pair.rtt_ms:,.0f} ms between them"
    return f"{' – '.join(pair.participants)}: {why}, tried again after {clock_time(pair.until)}"


class Waitrooms:
    """All waiting rooms of the session, as the server told them last."""

    def __init__(self) -> None:
        self._rooms: dict[tuple[RoomPath, str], WaitroomView] = {}

    def replace_all(self, views: Iterable[WaitroomView]) -> None:
        """Take the rooms of a snapshot."""
        self._rooms.clear()
        self.update(views)

    def update(self, views: Iterable[WaitroomView]) -> None:
        """Take rooms that have changed; one without people is forgotten."""
        for view in views:
            if view.waiting:
                self._rooms[view.node_path, view.treatment] = view
            else:
                self._rooms.pop((view.node_path, view.treatment), None)

    def rooms(self) -> tuple[WaitroomView, ...]:
        """Return the rooms with people, in the order of the chain."""
        return tuple(self._rooms[key] for key in sorted(self._rooms))

    def people(self) -> int:
        """Return how many wait."""
        return sum(len(room.waiting) for room in self._rooms.values())

    def ready(self) -> int:
        """Return how many groups are proposed."""
        return sum(len(room.proposals) for room in self._rooms.values())


@dataclass(frozen=True)
class _Row:
    """A view with what it sorts by, and its moments as Unix seconds: made once a change, not at every comparison."""

    view: WaitingView
    sorts: tuple[Any, ...]
    since_s: float | None
    until_s: float | None


def _row(view: WaitingView) -> _Row:
    until_s = unix_seconds(view.timeout_at) if view.timeout_at else None
    return _Row(view, tuple(column.sort(view) for column in WAITING_COLUMNS), unix_seconds(view.since), until_s)


WAITING_COLUMNS: tuple[Column[WaitingView], ...] = (
    Column(
        "id", "Participant", "The participant's id", lambda v: v.participant_id, lambda v: v.participant_id.casefold()
    ),
    Column(
        "state",
        "State",
        "How near this participant is to a group",
        lambda v: waiting_look(v).word,
        lambda v: waiting_look(v).rank,
    ),
    Column(
        "ping",
        "Ping",
        "Round trip to the server",
        lambda v: "–" if v.rtt_ms is None else f"{v.rtt_ms:,.0f} ms",
        lambda v: -1.0 if v.rtt_ms is None else v.rtt_ms,
        True,
    ),
    Column("here", "Waited", "How long this participant has waited", lambda _v: "", lambda v: v.since, True),
    Column(
        "left",
        "Time left",
        "When it is over, the participant is told that no partner came",
        lambda _v: "",
        lambda v: v.timeout_at or "~",
        True,
    ),
)

_PLACE = {column.key: place for place, column in enumerate(WAITING_COLUMNS)}
_STATE, _HERE, _LEFT = (_PLACE[key] for key in ("state", "here", "left"))


class WaitingModel(ThemedTable):
    """Who waits in one room: thin over immutable rows, in the order of arrival.

    Runs on: GUI thread.
    """

    columns = WAITING_COLUMNS

    def __init__(
        self, icon_of: Callable[[str, str], QIcon], colour_of: Callable[[str], QColor], parent: QObject | None = None
    ) -> None:
        super().__init__(icon_of, colour_of, parent)
        self._rows: list[_Row] = []
        self._away: frozenset[str] = frozenset()
        self._now_s = 0.0

    def show(self, views: Sequence[WaitingView]) -> None:
        """Take who waits now: who still does keeps the row and with it the selection; who is new comes last."""
        fresh = {view.participant_id: view for view in views}
        self._remove({row for row, old in enumerate(self._rows) if old.view.participant_id not in fresh})
        rows: list[int] = []
        columns: set[int] = set()
        for row, old in enumerate(self._rows):
            view = fresh.pop(old.view.participant_id)
            if view != old.view:
                new = self._rows[row] = _row(view)
                columns |= _columns_between(old, new)
                rows.append(row)
        if rows:
            self.dataChanged.emit(self.index(rows[0], min(columns)), self.index(rows[-1], max(columns)))
        if fresh:
            first = len(self._rows)
            self.beginInsertRows(QModelIndex(), first, first + len(fresh) - 1)
            self._rows += map(_row, fresh.values())
            self.endInsertRows()

    def show_away(self, names: frozenset[str]) -> None:
        """Take whose page is not here."""
        if names == self._away:
            return
        changed = self._away ^ names
        self._away = names
        rows = [row for row, old in enumerate(self._rows) if old.view.participant_id in changed]
        if rows:
            self.dataChanged.emit(self.index(min(rows), _STATE), self.index(max(rows), _STATE))

    def tick(self, now_s: float) -> None:
        """Let the clocks go on to a moment, in Unix seconds."""
        if int(now_s) == int(self._now_s):
            return
        self._now_s = now_s
        if self._rows:
            shown = [Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ForegroundRole]
            self.dataChanged.emit(self.index(0, _HERE), self.index(len(self._rows) - 1, _LEFT), shown)

    def rows(self) -> tuple[WaitingView, ...]:
        """Return who waits, in the order of arrival."""
        return tuple(row.view for row in self._rows)

    def _remove(self, gone: set[int]) -> None:
        """Remove rows in runs, from the end."""
        last = None
        for row in sorted(gone, reverse=True):
            last = row if last is None else last
            if row - 1 not in gone:
                self.beginRemoveRows(QModelIndex(), row, last)
                del self._rows[row : last + 1]
                self.endRemoveRows()
                last = None

    @override
    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or not 0 <= index.row() < len(self._rows):
            return None
        row, place = self._rows[index.row()], index.column()
        if role == SORT_ROLE:
            is_away = place == _STATE and row.view.participant_id in self._away
            return _AWAY.rank if is_away else row.sorts[place]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return self._text(row, place)
            case Qt.ItemDataRole.AccessibleTextRole:
                return f"{WAITING_COLUMNS[place].title}: {self._text(row, place)}"
            case Qt.ItemDataRole.TextAlignmentRole:
                return WAITING_COLUMNS[place].alignment
            case Qt.ItemDataRole.DecorationRole if place == _STATE:
                look = self._look(row)
                return self._icon_of(look.icon, look.role)
            case Qt.ItemDataRole.ForegroundRole:
                return self._foreground(row, place)
            case Qt.ItemDataRole.ToolTipRole:
                return plain_tip(self._look(row).tip if place == _STATE else _tip(row.view, place))
            case _ if role == WAITING_ROLE:
                return row.view
            case _:
                return None

    def _look(self, row: _Row) -> WaitingLook:
        return waiting_look(row.view, is_away=row.view.participant_id in self._away)

    def _text(self, row: _Row, place: int) -> str:
        if place == _STATE:
            return self._look(row).word
        if place == _HERE:
            return "–" if row.since_s is None else duration(self._now_s - row.since_s)
        if place == _LEFT:
            return "–" if row.until_s is None else duration(row.until_s - self._now_s)
        return WAITING_COLUMNS[place].text(row.view)

    def _foreground(self, row: _Row, place: int) -> QColor | None:
        if place == _STATE:
            return self._colour_of(self._look(row).role)
        if place == _LEFT and row.until_s is not None and row.until_s - self._now_s < _SOON_S:
            return self._colour_of("warning")
        return None


def _columns_between(before: _Row, after: _Row) -> set[int]:
    """Return the columns that differ: a table that is sorted by another one has nothing to sort again."""
    return {place for place, sort in enumerate(after.sorts) if sort != before.sorts[place]} or {_STATE}


def _tip(view: WaitingView, place: int) -> str:
    if place == _HERE:
        return f"Since {clock_time(view.since)}"
    if place == _LEFT:
        if view.timeout_at:
            return f"Until {clock_time(view.timeout_at)}"
        return "The time stands still until the group goes." if view.state == "held" else "This waiting has no end."
    return ""
