"""Joins what is seen of people with what is done to them: selection, hands, actions, notes, the panel of one."""

import time
from collections.abc import Iterable
from datetime import UTC, datetime

from PySide6.QtCore import QObject, Qt, Signal, Slot
from PySide6.QtGui import QKeySequence, QShortcut

from gui.models.attention import Need, needs
from gui.run.action_desk import ActionDesk
from gui.run.running_panel import RunningPanel
from mug.protocol.lab import LabBatch, LabSnapshot
from mug.protocol.lab_console import ActionView, DetailView, NoteView

__all__ = ["PeopleDesk"]

_LOOK_EVERY_S = 1.0


class PeopleDesk(QObject):
    """The selected participants and what the buttons do for them.

    Attributes:
        notes: The notes of the session.

    Signals:
        detail_asked: The id whose details are wanted.
        hands_changed: How many hands are raised.
        hand_raised: The id and the words of a hand that was raised just now.
        take_back_asked: The id of an action that is not to be sent any more.

    Runs on: GUI thread.
    """

    detail_asked = Signal(str)
    hands_changed = Signal(int)
    hand_raised = Signal(str, str)
    take_back_asked = Signal(str)

    def __init__(self, running: RunningPanel, desk: ActionDesk, parent: QObject) -> None:
        super().__init__(parent)
        self._running, self._desk = running, desk
        self.notes: dict[str, NoteView] = {}
        self._hands: dict[str, str] = {}
        self._is_over = False
        self._looked_at: dict[tuple[str, str], str] = {}
        self._looked_s = 0.0
        people, detail = running.people, running.detail
        people.participants.action_asked.connect(self.act)
        people.participants.detail_asked.connect(self.show_detail)
        people.participants.hand_asked.connect(desk.answer_hand)
        people.matches.players_asked.connect(self._on_players_asked)
        people.actions_view.participants_asked.connect(self.show_participants)
        people.actions_view.take_back_asked.connect(self.take_back_asked)
        running.attention.need_chosen.connect(self._on_need_chosen)
        running.attention.all_asked.connect(self._on_all_asked)
        detail.detail_asked.connect(self.detail_asked)
        detail.action_asked.connect(self._on_detail_action)
        detail.closed.connect(self._on_detail_closed)
        people.participants.chosen.connect(self._on_chosen)
        escape = QShortcut(QKeySequence(Qt.Key.Key_Escape), people.participants.table)
        escape.setContext(Qt.ShortcutContext.WidgetShortcut)
        escape.activated.connect(detail.close_panel)

    def take_snapshot(self, snapshot: LabSnapshot) -> None:
        """Take actions, notes and hands of a snapshot."""
        self._is_over = False
        self._running.people.actions_view.replace_all(snapshot.actions)
        self.notes = {note.note_id: note for note in snapshot.notes}
        self._look(is_news=False)
        self._show_known()

    def take_batch(self, batch: LabBatch) -> None:
        """Take what changed."""
        for note in batch.notes:
            self.notes[note.note_id] = note
        if batch.actions:
            self.show_actions(batch.actions)
        elif batch.notes:
            self._show_known()
        if batch.participants:
            self._look(is_news=True)

    def show_actions(self, views: Iterable[ActionView]) -> None:
        """Take actions that are new, on their way, or have changed."""
        self._running.people.actions_view.update_rows(views)
        self._running.people.show_actions_count()
        self._show_known()

    def show_detail_view(self, view: DetailView) -> None:
        """Take the details of a participant."""
        self._running.detail.show_detail(view, datetime.now(UTC).isoformat(timespec="seconds"))

    def forget(self) -> None:
        """Another session begins."""
        self.notes.clear()
        self._looked_at.clear()
        self._running.people.actions_view.replace_all(())
        self._running.detail.close_panel()
        self._look(is_news=False)

    @Slot()
    def session_stopped(self) -> None:
        """The server has ended: nobody can be answered any more."""
        self._is_over = True
        self._look(is_news=False)

    @Slot()
    def show_due(self) -> None:
        """Look again who needs help: who is lost becomes urgent with time alone."""
        if time.monotonic() - self._looked_s >= _LOOK_EVERY_S:
            self._look(is_news=False)

    @Slot(str)
    def act(self, key: str) -> None:
        """Begin an action for the selected participants, or for all."""
        selected = self._running.people.participants.selected()
        if key == "note":
            self._desk.ask_note(selected)
        else:
            self._desk.ask(key, selected)

    @Slot(str)
    def show_detail(self, participant_id: str) -> None:
        """Open the panel of a participant; once more closes it."""
        view = self._running.people.participants.model.view_of(participant_id)
        if view is None:
            return
        if self._running.detail.participant_id == participant_id:
            self._running.detail.close_panel()
            return
        self._running.detail.open_for(view)
        self._show_known()

    @Slot(list)
    def show_participants(self, names: list[str]) -> None:
        """Bring participants to the front, selected."""
        people = self._running.people
        people.choice.choose("participants")
        people.participants.select(names)
        people.participants.table.setFocus()

    def answer_oldest_hand(self) -> None:
        """Open the reply to the hand that is raised longest."""
        raised = [need for need in self._running.attention.needs() if need.kind == "hand"]
        if raised:
            self._desk.answer_hand(raised[0].participant_id)
        else:
            self._desk.said.emit("No hand is raised", "hand")

    # Inside

    def _look(self, *, is_news: bool) -> None:
        self._looked_s = time.monotonic()
        people = self._running.people
        rows = people.participants.model.rows()
        found = needs(rows, people.matches.model.rows(), time.time())
        self._running.attention.show_needs([need for need in found if self._looked_at.get(need.key) != need.text])
        hands = {view.participant_id: view.hand for view in rows if view.hand is not None and not self._is_over}
        fresh = [name for name in hands if name not in self._hands]
        if hands != self._hands:
            self._hands = hands
            self.hands_changed.emit(len(hands))
            if is_news:
                for name in fresh:
                    self.hand_raised.emit(name, hands[name])
        self._desk.show_hands()
        detail = self._running.detail
        if detail.participant_id and (view := people.participants.model.view_of(detail.participant_id)) is not None:
            detail.show_row(view)

    def _show_known(self) -> None:
        detail = self._running.detail
        if detail.participant_id:
            done = self._running.people.actions_view.model.of_participant(detail.participant_id)
            detail.show_known(done, self.notes.values())

    @Slot(object)
    def _on_need_chosen(self, need: Need) -> None:
        self.show_participants([need.participant_id])
        if need.kind == "hand":
            self._desk.answer_hand(need.participant_id)
        elif need.kind in {"error", "desync"}:  # looked at once is enough, until there are more
            self._looked_at[need.key] = need.text
            self._look(is_news=False)
        if need.kind == "error":
            self._running.detail.pages.choose("events")
            if self._running.detail.participant_id != need.participant_id:
                self.show_detail(need.participant_id)

    @Slot()
    def _on_all_asked(self) -> None:
        self._running.people.choice.choose("participants")
        self._running.people.participants.show_only("attention")

    @Slot(str, list)
    def _on_players_asked(self, key: str, names: list[str]) -> None:
        self.show_participants(names)
        if key:
            self._desk.ask(key, names)

    @Slot(str)
    def _on_detail_action(self, key: str) -> None:
        name = self._running.detail.participant_id
        if key == "hand":
            self._desk.answer_hand(name)
        elif key == "note":
            self._desk.ask_note([name])
        else:
            self._desk.ask(key, [name])

    @Slot(list)
    def _on_chosen(self, names: list[str]) -> None:
        """The open panel follows the one row that is selected."""
        shown = self._running.detail.participant_id
        if shown and len(names) == 1 and names[0] != shown:
            self.show_detail(names[0])

    @Slot()
    def _on_detail_closed(self) -> None:
        if self._running.people.participants.table.isVisible():
            self._running.people.participants.table.setFocus()
