"""One waiting room: the table of who waits, groups by hand, the proposed groups, the pairs that are not matched."""

from collections.abc import Iterable

from PySide6.QtCore import QItemSelection, Qt, Signal, Slot
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from gui.models.columns import SortedTable
from gui.models.waiting import (
    WAITING_COLUMNS,
    WAITING_ROLE,
    Group,
    ReleaseWish,
    WaitingModel,
    by_hand_words,
    group_words,
    rejected_words,
    room_words,
)
from gui.widgets.basics import Button, Elided, Icon, label, scrolling
from gui.widgets.record_table import RecordTable
from gui.widgets.theme import Theme
from mug.protocol.lab import WaitingView, WaitroomView

__all__ = ["ProposalRow", "RoomBlock"]

_WIDTHS = {"id": 118, "state": 200, "ping": 66, "here": 80, "left": 86}
_STATE = [column.key for column in WAITING_COLUMNS].index("state")
_ARRIVAL = -1  # no column: the model's own order
_SHOWN_PROPOSALS = 20
_SHOWN_REJECTED = 8


class ProposalRow(QWidget):
    """One proposed group and its button.

    Attributes:
        group: Its members, in the order of their agents.
        let_go: The button.

    Signals:
        release_asked: The group.
    """

    release_asked = Signal(tuple)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.group: Group = ()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(Icon(theme, "check-circle", "good", 18))
        self._words = Elided()
        row.addWidget(self._words, 1)
        self.let_go = Button(theme, "Let them go", on_click=lambda: self.release_asked.emit(self.group))
        self.let_go.setMinimumWidth(112)
        row.addWidget(self.let_go)

    def show_group(self, group: Group, *, waits: bool, is_open: bool) -> None:
        """Show a group; `waits`: the server was asked to let it go."""
        if group != self.group:
            self.group = group
            words = group_words(group)
            self._words.say(words)
            self.let_go.setAccessibleName(f"Let {words} go")
        self.let_go.setText("Going…" if waits else "Let them go")
        self.let_go.setEnabled(is_open and not waits)


class RoomBlock(QFrame):
    """A waiting room with people.

    Attributes:
        model, table: Who waits.
        by_hand: Forms a group of the selected participants.
        hand_words: What is selected, or what is missing.

    Signals:
        release_asked: A `ReleaseWish`.

    Runs on: GUI thread.
    """

    release_asked = Signal(object)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setProperty("kind", "card")
        self.setMinimumHeight(200)
        self._theme = theme
        self._room: WaitroomView | None = None
        self._chosen: list[str] = []
        self._pending: frozenset[ReleaseWish] = frozenset()
        self._is_open = self._is_automatic = False
        self._rows: list[ProposalRow] = []
        layout = QVBoxLayout(self)
        layout.setContentsMargins(14, 10, 12, 10)
        layout.setSpacing(8)
        head = QHBoxLayout()
        head.setSpacing(12)
        self.title = label("", "heading")
        head.addWidget(self.title)
        self.words = label("", "muted")
        head.addWidget(self.words, 1)
        layout.addLayout(head)
        body = QHBoxLayout()
        body.setSpacing(14)
        body.addLayout(self._make_people(), 5)
        body.addWidget(self._make_groups(), 3)
        layout.addLayout(body, 1)
        theme.changed.connect(self.model.recolour)

    def show_room(
        self,
        room: WaitroomView,
        pending: Iterable[ReleaseWish],
        *,
        is_automatic: bool,
        is_open: bool,
        treatment: str = "",
    ) -> None:
        """Show how the room stands.

        Args:
            room: The room.
            pending: What the server was asked for and has not answered.
            is_automatic: Groups go by themselves.
            is_open: The session goes on.
            treatment: How people call the treatment of those who wait here; empty: everybody waits here.
        """
        mine = frozenset(
            wish for wish in pending if (wish.node_path, wish.treatment) == (room.node_path, room.treatment)
        )
        shown = (room, mine, is_automatic, is_open)
        if shown == (self._room, self._pending, self._is_automatic, self._is_open):
            return
        self._room, self._pending, self._is_automatic, self._is_open = shown
        self.title.setText(f"{room.scene_id}  ·  {name}" if (name := treatment or room.treatment) else room.scene_id)
        self.words.setText(room_words(room))
        self.table.setAccessibleName(f"Waiting for {room.scene_id}")
        self.model.show(room.waiting)
        self._show_groups(room)
        self._show_by_hand()

    def tick(self, now_s: float) -> None:
        """Let the clocks go on."""
        self.model.tick(now_s)

    def chosen(self) -> Group:
        """Return the selected participants in the order in which they were selected."""
        return tuple(self._chosen)

    def proposals(self) -> tuple[ProposalRow, ...]:
        """Return the rows of the proposed groups that are shown."""
        return tuple(row for row in self._rows if not row.isHidden())

    def notes(self) -> str:
        """Return what stands below the proposed groups."""
        return "\n".join(text for text in (self._none.text(), self._more.text(), self._rejected.text()) if text)

    # Inside

    def _show_groups(self, room: WaitroomView) -> None:
        all_wait = ReleaseWish(room.node_path, treatment=room.treatment) in self._pending
        shown = self._in_place(room.proposals)
        while len(self._rows) < len(shown):
            row = ProposalRow(self._theme)
            row.release_asked.connect(self._on_let_go)
            self._groups.insertWidget(len(self._rows), row)
            self._rows.append(row)
        for row, group in zip(self._rows, shown, strict=False):
            waits = all_wait or ReleaseWish(room.node_path, (group,), room.treatment) in self._pending
            row.show_group(group, waits=waits, is_open=self._is_open)
            row.show()
        for row in self._rows[len(shown) :]:
            row.hide()
        none = "Groups go as soon as they are complete." if self._is_automatic else "No group is complete yet."
        _say(self._none, "" if shown else none)
        hidden = len(room.proposals) - len(shown)
        _say(self._more, f"and {hidden} more, which come up when these have gone" if hidden else "")
        rejected = [rejected_words(pair) for pair in room.rejected[:_SHOWN_REJECTED]]
        if len(room.rejected) > _SHOWN_REJECTED:
            rejected.append(f"and {len(room.rejected) - _SHOWN_REJECTED} more pairs")
        self._rejected_title.setVisible(bool(rejected))
        _say(self._rejected, "\n".join(rejected))

    def _in_place(self, proposals: tuple[Group, ...]) -> list[Group]:
        """Keep groups where they are as long as they are proposed: a button must not change under the pointer."""
        proposed = dict.fromkeys(proposals)
        before = dict.fromkeys(row.group for row in self._rows if not row.isHidden() and row.group in proposed)
        return list(before | proposed)[:_SHOWN_PROPOSALS]

    def _show_by_hand(self) -> None:
        room = self._room
        if room is None:
            return
        is_group, words = by_hand_words(room, self._chosen)
        waits = any(wish.groups == (self.chosen(),) for wish in self._pending)
        self.by_hand.setEnabled(is_group and self._is_open and not waits)
        self.by_hand.setText("Forming the group…" if waits else "Form a group")
        self.by_hand.setToolTip(
            "No rule of matching is asked, and no connection is measured first" if is_group else words
        )
        self.by_hand.setAccessibleDescription(words)
        self.hand_words.say(words)

    @Slot(tuple)
    def _on_let_go(self, group: Group) -> None:
        if self._room is not None:
            self.release_asked.emit(ReleaseWish(self._room.node_path, (group,), self._room.treatment))

    def _form(self) -> None:
        if self._room is not None and self.by_hand.isEnabled():
            self.release_asked.emit(ReleaseWish(self._room.node_path, (self.chosen(),), self._room.treatment))

    @Slot(QItemSelection, QItemSelection)
    def _on_selection_changed(self, _new: QItemSelection, _old: QItemSelection) -> None:
        rows = sorted(self.table.selectionModel().selectedRows(), key=lambda index: index.row())
        names = [view.participant_id for index in rows if isinstance(view := index.data(WAITING_ROLE), WaitingView)]
        kept = [name for name in self._chosen if name in names]
        self._chosen = [*kept, *(name for name in names if name not in kept)]
        self._show_by_hand()

    def _make_people(self) -> QVBoxLayout:
        column = QVBoxLayout()
        column.setSpacing(8)
        self.model = WaitingModel(self._theme.icon, self._theme.colour, self)
        self.table = RecordTable("Waiting", row_px=31, least_column_px=56, many=True)
        self.table.setModel(SortedTable(self.model, self))
        self.table.sort_by(_ARRIVAL, Qt.SortOrder.AscendingOrder)
        self.table.horizontalHeader().setSortIndicatorClearable(True)
        self.table.horizontalHeader().setStretchLastSection(False)
        for section, spec in enumerate(WAITING_COLUMNS):
            self.table.setColumnWidth(section, _WIDTHS[spec.key])
        self.table.fill_with(_STATE, 124)
        self.table.setMinimumHeight(84)
        selection = self.table.selectionModel()
        selection.selectionChanged.connect(self._on_selection_changed)
        column.addWidget(self.table, 1)
        row = QHBoxLayout()
        row.setSpacing(10)
        self.by_hand = Button(
            self._theme, "Form a group", "users", name="Form a group from the selection", on_click=self._form
        )
        row.addWidget(self.by_hand)
        self.hand_words = Elided("small")
        row.addWidget(self.hand_words, 1)
        column.addLayout(row)
        return column

    def _make_groups(self) -> QWidget:
        side = QWidget()
        side.setMinimumWidth(250)
        outer = QVBoxLayout(side)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(6)
        outer.addWidget(label("Proposed groups", "small"))
        host = QWidget()
        layout = QVBoxLayout(host)
        layout.setContentsMargins(0, 0, 6, 0)
        layout.setSpacing(6)
        self._groups = QVBoxLayout()
        self._groups.setSpacing(6)
        layout.addLayout(self._groups)
        layout.setSpacing(6)
        self._none, self._more = label("", "muted", wrap=True), label("", "muted", wrap=True)
        self._rejected_title = label("Not put together for now", "small")
        self._rejected = label("", "small", wrap=True, selectable=True)
        for part in (self._none, self._more, self._rejected_title, self._rejected):
            layout.addWidget(part)
        layout.addStretch(1)
        scroll = scrolling(host, "Proposed groups")
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        outer.addWidget(scroll, 1)
        return side


def _say(words: QLabel, text: str) -> None:
    words.setText(text)
    words.setVisible(bool(text))
