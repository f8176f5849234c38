"""The Seats page: the room as a map, the state of every desk, and their connections."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from PySide6.QtCore import QPoint, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMenu, QStackedWidget, QVBoxLayout, QWidget
from typing_extensions import override

from gui.models.room_document import RoomDocument
from gui.models.room_plan import desk_names
from gui.models.seat_words import ACTION_WORDS, AskedSummary, counts_words, tooltip_of
from gui.models.seats import SeatBook, is_here
from gui.runtime.browser_search import FoundBrowser
from gui.runtime.server_state import Outcome, ServerState
from gui.seats.actions import SeatActions
from gui.seats.dialogs import ConfirmDialog, OpenSeatsDialog
from gui.seats.pairs_view import PairsView
from gui.seats.room_bar import RoomBar
from gui.seats.room_editing import RoomEditing
from gui.seats.room_scene import RoomScene
from gui.seats.room_view import RoomView
from gui.seats.seat_panel import SeatPanel
from gui.seats.tray import Tray
from gui.widgets.basics import Button, Elided, Notice, Segments, label
from gui.widgets.empty_state import EmptyState
from gui.widgets.theme import Theme
from mug.protocol.lab import LabBatch, LabSnapshot

__all__ = ["SeatsPage"]

_REPAINT_MS = 100
_EXPIRE_MS = 8_500
_EMPTY, _ROOM = 0, 1


@dataclass(frozen=True)
class _Asked:
    """What was asked last: of which desks, which had no page, which the server left out and why."""

    what: str
    desks: tuple[str, ...]
    away: tuple[str, ...]
    skipped: dict[str, str] = field(default_factory=dict)
    is_taken: bool = False


class SeatsPage(QWidget):
    """The desks of the lab.

    Attributes:
        document: The rooms; `document.stack` undoes what was done to them.
        book: What the server says of the desks.
        actions: For the window's menu.
        repaints: How often tiles were looked at anew, for those who measure.

    Signals:
        run_asked: Go where a session is prepared.
        ask_asked: What is asked, and of which desks (empty: of all that are there).
        probe_asked: Between which desks the connections are measured (empty: all).
        open_here_wanted, close_here_asked: Browsers on this machine.
        open_here_asked: The desks, and the browser.
        desks_changed: The chosen room has other desks.
        said: A short message and its icon.

    Runs on: GUI thread.
    """

    run_asked = Signal()
    ask_asked = Signal(str, tuple)
    probe_asked = Signal(tuple)
    open_here_wanted = Signal()
    open_here_asked = Signal(list, object)
    close_here_asked = Signal()
    desks_changed = Signal()
    said = Signal(str, str)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("page")
        self._theme = theme
        self._base = ""
        self._runs = False
        self._asked: _Asked | None = None
        self._dirty: set[str] = set()
        self._all_dirty = self._pairs_dirty = False
        self.repaints = 0
        self.question: ConfirmDialog | None = None
        self.open_dialog: OpenSeatsDialog | None = None
        self.document, self.book = RoomDocument(self), SeatBook()
        self.scene = RoomScene(theme, self.document, self.book, self)
        self.editing = RoomEditing(theme, self.document, self.book, self.scene, self)
        self.view = RoomView(self.scene, self.document)
        self.tray = Tray(theme)
        self.actions_ = SeatActions(
            theme,
            self,
            {
                "add_desks": self.editing.add_desks,
                "add_desk": self.editing.add_desk,
                "rename": self.editing.rename,
                "remove": self.editing.remove,
                "select_all": lambda: self.scene.select(self.desks()),
                "fit": self.view.fit,
                "test": self.test_connections,
                "copy_table": self._copy_table,
                "open_here": self.open_here_wanted.emit,
                "close_here": self.close_here_asked.emit,
            },
            self.ask,
        )
        self.panel = SeatPanel(theme, self.actions_)
        self.pairs = PairsView(theme, self.book, self.actions_)
        self.bar = RoomBar(theme, self.document, self.editing, self.actions_)
        self._repaint = self._single_shot("seats repaint", _REPAINT_MS, self.show_due)
        self._expire = self._single_shot("answers of seats", _EXPIRE_MS, self._show_everything)
        self._build()
        self._join()
        self._on_arranged()
        self.show_outcome(Outcome())

    # --- for the rest of the app -------------------------------------------------------------------------------------

    def desks(self) -> tuple[str, ...]:
        """Return the desks of the chosen room, in their order."""
        return self.document.room.names()

    @Slot(object)
    def show_snapshot(self, snapshot: LabSnapshot) -> None:
        """Replace what is known of the desks."""
        self.book.take_snapshot(snapshot)
        self.scene.in_session = frozenset(snapshot.session.seats)
        addresses = snapshot.session.addresses
        self.show_base(addresses[0] if addresses else "")
        self._show_everything()

    @Slot(object)
    def show_batch(self, batch: LabBatch) -> None:
        """Take up what changed; it is painted with the next repaint."""
        if batch.session is not None and self.scene.in_session != frozenset(batch.session.seats):
            self.scene.in_session = frozenset(batch.session.seats)
            self._show_everything()
        if not batch.seats and not batch.seat_pairs:
            return
        self._dirty |= self.book.take_batch(batch)
        self._pairs_dirty = self._pairs_dirty or bool(batch.seat_pairs)
        if any(view.asked for view in batch.seats):
            self._expire.start()
        self._plan()

    @Slot(object)
    def show_outcome(self, outcome: Outcome) -> None:
        """Take the server's state: without one, no desk is there."""
        self._runs = outcome.state in {ServerState.READY, ServerState.STOPPING}
        if not self._runs and self.book.views():
            self.book.clear()
            self.scene.in_session = frozenset()
            self._asked = None
            self._pairs_dirty = True
            self._show_everything()
        words = "No session is prepared. Desks warm up as soon as there is one, and say here what is wrong."
        self.notice.say("" if self._runs else words, "info", "accent")
        for action in (*self.actions_.ask.values(), self.actions_.test):
            action.setEnabled(self._runs)

    def tell(self, sentence: str) -> None:
        """Keep a sentence in sight until it is put away: about the file of the rooms."""
        self.trouble.say(sentence, "warning", "warning")

    def show_base(self, base: str) -> None:
        """Take the address that seats' pages are below; empty: not known."""
        self._base = base
        self._all_dirty = True
        self._plan()

    def address_of(self, desk: str) -> str:
        """Return the address of a desk's page; empty while no server was ever there."""
        return f"{self._base.rstrip('/')}/seat/{desk}" if self._base else ""

    def show_open_here(self, count: int) -> None:
        """Show how many seats are open on this machine."""
        self.bar.show_open_here(count)
        self.actions_.close_here.setEnabled(count > 0)

    def ask_open_here(self, browsers: Sequence[FoundBrowser]) -> None:
        """Ask how many seats to open on this machine, and in which of its browsers."""
        away = [desk for desk in self.desks() if not is_here(self.book.view_of(desk))]
        if not self.desks():
            away = desk_names("TRY-01", 6)
        if not away:
            self.said.emit("Every desk of this room has a page already", "info")
            return
        self.open_dialog = OpenSeatsDialog(self._theme, browsers, away, self.window())
        self.open_dialog.answered.connect(self.open_here_asked)
        self.open_dialog.open()

    def show_view(self, key: str) -> None:
        """Bring the map ("room") or the table of connections ("pairs") to the front."""
        self.views.choose(key)

    def menu(self, parent: QWidget) -> QMenu:
        """Make the window's menu of this page."""
        menu = QMenu("S&eats", parent)
        self._fill(menu, with_map=True)
        return menu

    # --- what is asked -----------------------------------------------------------------------------------------------

    @Slot(str)
    def ask(self, what: str) -> None:
        """Ask something of the selected desks, of all where none is; where it disturbs people, be asked first."""
        selected = self.scene.selected_desks()
        desks = selected or tuple(view.desk for view in self.book.views())
        present = tuple(desk for desk in desks if is_here(self.book.view_of(desk)))
        if not present:
            words = "has no page open" if len(selected) == 1 else "have no page open"
            self.said.emit(f"{', '.join(selected[:3])} {words}" if selected else "No desk has its page open", "info")
            return
        playing = sum(self.book.view_of(desk).state == "taking_part" for desk in present)
        away = tuple(desk for desk in selected if desk not in present)

        def go() -> None:
            self._asked = _Asked(what, present, away)
            self.panel.show_asked(AskedSummary(what, (), present, (), away).sentence)
            self.ask_asked.emit(what, present if selected else ())

        if playing and what == "reload":  # home is not asked of somebody who takes part: the server sees to that
            self._ask_first(what, playing, go)
        else:
            go()

    def _ask_first(self, what: str, playing: int, go: Callable[[], object]) -> None:
        word = ACTION_WORDS[what]
        people = "1 participant is" if playing == 1 else f"{playing} participants are"
        text = (
            f"{people} taking part at these desks. Their pages load again and go on where they stood; partners in a "
            "match wait for them."
        )
        dialog = ConfirmDialog(self._theme, f"{word}, while people take part?", text, word, self.window())
        dialog.confirmed.connect(go)
        self.question = dialog
        dialog.open()

    def asked(self, desks: tuple[str, ...], skipped: dict[str, str]) -> None:
        """Take the server's word which desks it has asked, and which not, and why."""
        if self._asked is not None:
            known = tuple(dict.fromkeys((*desks, *skipped)))
            self._asked = _Asked(self._asked.what, known, self._asked.away, skipped, is_taken=True)
            self._show_asked()

    def refuse(self, sentence: str) -> None:
        """Say that the server did not take what was asked."""
        self._asked = None
        self.panel.show_asked(sentence)
        self.said.emit(sentence, "error")

    @Slot()
    def test_connections(self) -> None:
        """Measure between all desks that are at home, or between the selected ones where several are."""
        selected = self.scene.selected_desks()
        self.show_view("pairs")
        self.probe_asked.emit(selected if len(selected) > 1 else ())

    @Slot()
    def _copy_table(self) -> None:
        self.pairs.copy_text()

    # --- painting ----------------------------------------------------------------------------------------------------

    @Slot()
    def show_due(self) -> None:
        """Paint what has changed; nothing while the page is not in sight."""
        if not self.isVisible():
            return
        dirty, self._dirty = self._dirty, set()
        everything, self._all_dirty = self._all_dirty, False
        if everything or dirty:
            self.repaints += 1
            self.scene.show_states(None if everything else dirty)
            views = [self.book.view_of(desk) for desk in self.desks()]
            self.counts.say(counts_words(views))
            self.tray.show_desks(self.book.unknown(self.document.rooms.desks()), self.book)
            self._show_stack()
            selected = self.scene.selected_desks()
            if everything or not selected or dirty.intersection(selected):
                self._show_panel()
            self._show_asked()
        if (everything or self._pairs_dirty) and self.pairs.isVisible():
            self._pairs_dirty = False
            self.pairs.show_pairs(self._pair_desks())

    def _pair_desks(self) -> tuple[str, ...]:
        return (*self.desks(), *self.tray.desks())

    def _show_panel(self) -> None:
        selected = self.scene.selected_desks()
        if len(selected) == 1:
            view = self.book.view_of(selected[0])
            self.panel.show_desk(view, self.address_of(selected[0]))
            self.view.setAccessibleDescription(tooltip_of(view))
            return
        desks = selected or self.desks()
        title = f"{len(selected)} desks" if selected else f"All {len(desks)} desks" if desks else "No desks"
        self.panel.show_sum(title, [self.book.view_of(desk) for desk in desks], is_all=not selected)
        self.view.setAccessibleDescription(title)

    def _show_asked(self) -> None:
        asked = self._asked
        if asked is None or not asked.is_taken:  # until then the views tell of what was asked before
            return
        views = {desk: self.book.view_of(desk) for desk in asked.desks}
        self.panel.show_asked(AskedSummary.of(asked.what, asked.desks, views, asked.away, asked.skipped).sentence)

    def _show_stack(self) -> None:
        is_empty = not self.document.room.desks and not self.document.room.signs and not self.tray.desks()
        self._stack.setCurrentIndex(_EMPTY if is_empty else _ROOM)

    @Slot()
    def _show_everything(self) -> None:
        self._all_dirty = True
        self._plan()

    def _plan(self) -> None:
        if not self._repaint.isActive() and self.isVisible():
            self._repaint.start()

    @override
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._all_dirty = True
        self.show_due()

    @Slot()
    def _on_arranged(self) -> None:
        self._all_dirty = True
        self.show_due()
        self.desks_changed.emit()

    @Slot()
    def _on_chosen(self) -> None:
        count = len(self.scene.selected_desks())
        self.actions_.rename.setEnabled(count == 1)
        self._show_panel()

    # --- parts -------------------------------------------------------------------------------------------------------

    def _single_shot(self, name: str, after_ms: int, do: Callable[[], object]) -> QTimer:
        timer = QTimer(self)
        timer.setObjectName(name)
        timer.setSingleShot(True)
        timer.setInterval(after_ms)
        timer.timeout.connect(do)
        return timer

    def _build(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(28, 20, 28, 14)
        layout.setSpacing(12)
        head = QHBoxLayout()
        head.setSpacing(14)
        head.addWidget(label("Seats", "title"))
        self.counts = Elided("muted")
        head.addWidget(self.counts, 1)
        self.views = Segments((("room", "Room"), ("pairs", "Connections")), name="What is shown of the seats")
        head.addWidget(self.views)
        layout.addLayout(head)
        self.notice = Notice(self._theme)
        self.notice.add_button(Button(self._theme, "Go to Run", "run", on_click=self.run_asked.emit))
        layout.addWidget(self.notice)
        self.trouble = Notice(self._theme, icon="warning", tone="warning")
        put_away = Button(self._theme, "Put away", "close", on_click=lambda: self.trouble.say(""))
        self.trouble.add_button(put_away)
        layout.addWidget(self.trouble)
        self._shown = QStackedWidget()
        self._shown.addWidget(self._make_room())
        self._shown.addWidget(self.pairs)
        layout.addWidget(self._shown, 1)

    def _make_room(self) -> QWidget:
        room = QWidget()
        columns = QHBoxLayout(room)
        columns.setContentsMargins(0, 0, 0, 0)
        columns.setSpacing(12)
        left = QVBoxLayout()
        left.setSpacing(8)
        left.addWidget(self.bar)
        self._stack = QStackedWidget()
        self.add_first = Button(self._theme, "Add desks…", "plus", role="primary", on_click=self.editing.add_desks)
        self._stack.addWidget(
            EmptyState(
                self._theme,
                "seats",
                "Where do your participants sit?",
                "Add the desks of your lab and drag them to where they stand. Each desk has an address of its own: "
                "the home page of its browser, which warms up before a session and says what is wrong.",
                self.add_first,
            )
        )
        frame = QFrame()
        frame.setProperty("kind", "card")
        inside = QVBoxLayout(frame)
        inside.setContentsMargins(2, 2, 2, 2)
        inside.addWidget(self.view)
        self._stack.addWidget(frame)
        left.addWidget(self._stack, 1)
        left.addWidget(self.tray)
        columns.addLayout(left, 1)
        columns.addWidget(self.panel)
        return room

    def _join(self) -> None:
        self.scene.arranged.connect(self._on_arranged)
        self.scene.chosen.connect(self._on_chosen)
        self.document.changed.connect(self._show_everything)
        self.view.rename_asked.connect(self.editing.rename)
        self.view.remove_asked.connect(self.editing.remove)
        self.view.menu_asked.connect(self._open_menu)
        self.view.dropped.connect(self.editing.drop)
        self.tray.place_asked.connect(self.editing.place_all)
        self.views.chosen.connect(self._on_view_chosen)
        self.panel.said.connect(self.said)
        self.pairs.said.connect(self.said)
        self.actions_.close_here.setEnabled(False)
        self._on_chosen()

    @Slot(str)
    def _on_view_chosen(self, key: str) -> None:
        self._shown.setCurrentIndex(1 if key == "pairs" else 0)
        self._all_dirty = True
        self.show_due()

    @Slot(QPoint)
    def _open_menu(self, at: QPoint) -> None:
        menu = QMenu(self)
        self._fill(menu, with_map=False)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(at)

    def _fill(self, menu: QMenu, *, with_map: bool) -> None:
        actions = self.actions_
        menu.addActions(list(actions.ask.values()))
        menu.addSeparator()
        menu.addActions([actions.add_desks, actions.add_desk, actions.rename, actions.remove])
        menu.addSeparator()
        menu.addActions([actions.select_all, actions.fit])
        menu.addSeparator()
        if with_map:
            menu.addMenu(self.bar.room_menu(menu))
            menu.addSeparator()
            menu.addActions([actions.test, actions.copy_table])
            menu.addSeparator()
            menu.addActions([actions.open_here, actions.close_here])
        else:
            menu.addAction(actions.test)
