"""The waiting rooms: who waits, the groups that could go, and the buttons that let them go."""

import time
from collections.abc import Iterable

from PySide6.QtCore import Qt, QTimer, Signal, Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget
from typing_extensions import override

from gui.models.treatments import treatment_words
from gui.models.waiting import ReleaseWish, RoomPath, Waitrooms
from gui.run.room_block import RoomBlock
from gui.widgets.basics import Button, Elided, Icon, scrolling
from gui.widgets.empty_state import empty_card
from gui.widgets.theme import Theme
from mug.protocol.lab import SessionView, WaitroomView

__all__ = ["WaitingView"]

_HEAD_PX = 36
_SHOWN_EVERY_S = 0.25
_SETTLE_MS = 300
"""After the server has let a group go it takes a moment until the room shows it; a second press would be an error."""


class WaitingView(QWidget):
    """All waiting rooms with people; before the first one comes, what will be here.

    Attributes:
        rooms: What the server told.
        let_all: Lets every proposed group go.
        change_mode: Asks for the other way of letting groups go.

    Signals:
        release_asked: A `ReleaseWish`; `answered` is called with it when the server has done it, or has not.
        mode_asked: The release mode that the user wants to change to: "automatic" or "experimenter".

    Runs on: GUI thread.
    """

    release_asked = Signal(object)
    mode_asked = Signal(str)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.rooms = Waitrooms()
        self._blocks: dict[tuple[RoomPath, str], RoomBlock] = {}
        self._session: SessionView | None = None
        self._pending: set[ReleaseWish] = set()
        self._away: frozenset[str] = frozenset()
        self._mode = "automatic"
        self._is_open = False
        self._is_stale = False
        self._shown_s = 0.0
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(self._make_head())
        self._stack = QStackedWidget()
        self._stack.addWidget(
            empty_card(
                theme,
                "users",
                "Nobody is waiting for partners",
                "Who reaches a game of several people before the partners do waits here. You see who that is, how long "
                "already, and which groups are complete.",
            )
        )
        host = QWidget()
        self._list = QVBoxLayout(host)
        self._list.setContentsMargins(0, 0, 0, 0)
        self._list.setSpacing(10)
        scroll = scrolling(host, "Waiting rooms")
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._stack.addWidget(scroll)
        layout.addWidget(self._stack, 1)
        self._refresh()

    def show_session(self, session: SessionView | None) -> None:
        """Take the session's release mode, and whether it is open; None: there is no session."""
        self._mode = session.release if session is not None else "automatic"
        self._is_open = session is not None and session.state == "open"
        self._session = session
        self._refresh()

    def replace_all(self, views: Iterable[WaitroomView]) -> None:
        """Take the rooms of a snapshot."""
        self.rooms.replace_all(views)
        self._refresh()

    def update_rooms(self, views: Iterable[WaitroomView]) -> None:
        """Take the rooms that have changed: they are shown as often as one can read them, and only while in sight."""
        self.rooms.update(views)
        self._is_stale = True
        self._show_due()

    def show_away(self, names: frozenset[str]) -> None:
        """Take whose page is not here."""
        self._away = names
        for block in self._blocks.values():
            block.model.show_away(names)

    def block(self, node_path: RoomPath, treatment: str = "") -> RoomBlock | None:
        """Return what shows a room; None when nobody waits there."""
        return self._blocks.get((node_path, treatment))

    def blocks(self) -> tuple[RoomBlock, ...]:
        """Return what shows the rooms, from top to bottom."""
        return tuple(self._blocks[key] for key in sorted(self._blocks))

    def let_all_go(self) -> None:
        """Ask for every group that is proposed, in every room."""
        if self._is_stale:
            self._refresh()
        if not self.let_all.isEnabled() or self._mode != "experimenter":
            return
        for room in self.rooms.rooms():
            if room.proposals:
                self._ask(ReleaseWish(room.node_path, treatment=room.treatment))

    def answered(self, wish: ReleaseWish, *, is_done: bool) -> None:
        """Take the server's answer to a wish."""
        if is_done:
            QTimer.singleShot(_SETTLE_MS, self, lambda: self._forget(wish))
        else:
            self._forget(wish)

    @Slot()
    def tick(self) -> None:
        """Let the clocks go on; called by the page's one repaint timer."""
        self._show_due()
        if self.isVisible():
            now_s = time.time()
            for block in self._blocks.values():
                block.tick(now_s)

    @override
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._show_due()

    # Inside

    def _show_due(self) -> None:
        now_s = time.monotonic()
        if self._is_stale and self.isVisible() and now_s - self._shown_s >= _SHOWN_EVERY_S:
            self._shown_s = now_s
            self._refresh()

    def _forget(self, wish: ReleaseWish) -> None:
        self._pending.discard(wish)
        self._refresh()

    @Slot(object)
    def _ask(self, wish: ReleaseWish) -> None:
        if wish not in self._pending:
            self._pending.add(wish)
            self._refresh()
            self.release_asked.emit(wish)

    def _refresh(self) -> None:
        self._is_stale = False
        rooms = self.rooms.rooms()
        for key in self._blocks.keys() - {(room.node_path, room.treatment) for room in rooms}:
            gone = self._blocks.pop(key)
            self._list.removeWidget(gone)
            gone.hide()
            gone.deleteLater()
        for place, room in enumerate(rooms):
            block = self._blocks.get((room.node_path, room.treatment))
            if block is None:
                block = self._blocks[room.node_path, room.treatment] = RoomBlock(self._theme)
                block.release_asked.connect(self._ask)
                self._list.insertWidget(place, block, 1)
                block.tick(time.time())
                block.model.show_away(self._away)
            block.show_room(
                room,
                self._pending,
                is_automatic=self._mode == "automatic",
                is_open=self._is_open,
                treatment=treatment_words(room.treatment, self._session) if room.treatment else "",
            )
        self._stack.setCurrentIndex(1 if rooms else 0)
        self._show_head(len(rooms))

    def _show_head(self, rooms: int) -> None:
        is_mine = self._mode == "experimenter"
        ready = self.rooms.ready()
        waits = any(not wish.groups for wish in self._pending)
        self._mode_icon.show_icon("user" if is_mine else "run", "accent" if is_mine else "muted")
        self._mode_words.say(
            "You let the groups go: complete groups wait for you."
            if is_mine
            else "Groups go by themselves, as soon as they are complete."
        )
        self.change_mode.setText("Let them go by themselves…" if is_mine else "Let me release them…")
        self.change_mode.setAccessibleName(
            "Let groups go by themselves" if is_mine else "Let me release the groups myself"
        )
        self.change_mode.setEnabled(self._is_open)
        self.let_all.setVisible(is_mine)
        self.let_all.setEnabled(ready > 0 and not waits and self._is_open)
        words = f"Let all {ready} groups go" if ready > 1 else "Let the group go" if ready else "No group is ready"
        self.let_all.setText("Letting them go…" if waits else words)
        self.let_all.setAccessibleName(self.let_all.text())
        self.let_all.setToolTip(
            "Let every proposed group go (Ctrl+L)" if ready else "Groups appear here when they are complete"
        )

    def _ask_mode(self) -> None:
        self.mode_asked.emit("automatic" if self._mode == "experimenter" else "experimenter")

    def _make_head(self) -> QWidget:
        head = QWidget()
        row = QHBoxLayout(head)
        row.setContentsMargins(2, 0, 0, 0)
        row.setSpacing(8)
        head.setMinimumHeight(_HEAD_PX)
        self._mode_icon = Icon(self._theme, "run", "muted", 18)
        row.addWidget(self._mode_icon)
        self._mode_words = Elided()
        row.addWidget(self._mode_words, 1)
        self.change_mode = Button(self._theme, "", role="link", on_click=self._ask_mode)
        row.addWidget(self.change_mode)
        self.let_all = Button(self._theme, "", "play", role="primary", on_click=self.let_all_go)
        self.let_all.setMinimumWidth(196)
        row.addWidget(self.let_all)
        return head
