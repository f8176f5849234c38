"""What the experimenter does to participants, from the window's side: sent, kept until it is answered, told."""

import msgspec
from PySide6.QtCore import QObject, Signal, Slot

from gui.models.action_words import ACTION_KINDS, who_words
from gui.run.action_dialog import ActionDialog
from gui.run.page import RunPage
from gui.runtime.console_requests import ConsoleRequests, Delivery, new_request_id
from gui.runtime.lab_bridge import LabBridge
from mug.protocol.lab import LabReply
from mug.protocol.lab_console import Act, ActionView, AddNote, AnswerHand, AskDetail, DetailView

__all__ = ["ConsoleFlow"]

_DONE = {
    "message": "Message sent to {who}",
    "pause": "Paused: {who}",
    "resume": "Resumed: {who}",
    "advance": "Advanced: {who}",
    "to_waitroom": "Sent back to the waitroom: {who}",
    "repair": "Paired anew: {who}",
    "exclude": "Excluded: {who}",
    "end": "Ended: {who}",
}


class ConsoleFlow(QObject):
    """Joins the Run page's actions with the server.

    Attributes:
        requests: What was asked for and not answered yet.

    Signals:
        said: A short message and its icon.
        hands_changed: How many hands are raised.

    Runs on: GUI thread.
    """

    said = Signal(str, str)
    hands_changed = Signal(int)

    def __init__(self, bridge: LabBridge, page: RunPage) -> None:
        super().__init__(page)
        self._page = page
        self.requests = ConsoleRequests(bridge, self)
        self.requests.changed.connect(self._on_delivery)
        desk, people = page.desk, page.people_desk
        desk.act_asked.connect(self._act)
        desk.preview_asked.connect(self._preview)
        desk.hand_answered.connect(self._answer_hand)
        desk.note_added.connect(self._add_note)
        people.detail_asked.connect(self._ask_detail)
        people.take_back_asked.connect(self.requests.take_back)
        people.hands_changed.connect(self.hands_changed)
        people.hand_raised.connect(self._on_hand_raised)
        bridge.snapshot_received.connect(self._on_snapshot)

    def undelivered(self) -> tuple[str, ...]:
        """Return what the server has not got, or not answered, one line each."""
        return tuple(delivery.words() for delivery in self.requests.waiting())

    @Slot(object, list)
    def _act(self, act: Act, names: list[str]) -> None:
        def done(reply: LabReply) -> None:
            view = _as_action(reply)
            if view is not None:
                self._page.people_desk.show_actions([view])
            reached = [target.participant_id for target in view.targets if target.state != "skipped"] if view else names
            if not reached:
                why = next((target.why for target in view.targets if target.why), "") if view else ""
                self.said.emit(f"Nothing was done. {why}".strip(), "info")
            else:
                kind = ACTION_KINDS[act.action]
                self.said.emit(_DONE[act.action].format(who=who_words(reached)), kind.icon)

        def refused(sentence: str) -> None:
            self.said.emit(f"{ACTION_KINDS[act.action].title}: {_sentence(sentence)}", "error")

        self.requests.deliver(act, done, refused, tuple(names))

    @Slot(object, object)
    def _preview(self, act: Act, dialog: ActionDialog) -> None:
        def is_open() -> bool:
            return self._page.desk.dialog is dialog

        def done(reply: LabReply) -> None:
            view = _as_action(reply)
            if is_open() and view is not None:
                dialog.show_preview(view)

        def refused(sentence: str) -> None:
            if is_open():
                dialog.show_refusal(sentence)

        def unanswered(sentence: str) -> None:
            if is_open():
                dialog.show_no_preview(sentence)

        self.requests.ask(act, done, refused, unanswered)

    @Slot(object)
    def _answer_hand(self, answer: AnswerHand) -> None:
        words = "Answered" if answer.text else "Hand lowered"

        def refused(sentence: str) -> None:
            self._say_error(sentence)
            if answer.text:
                self._page.desk.keep_words(answer.participant_id, answer.text)

        self.requests.deliver(
            answer, lambda _reply: self.said.emit(f"{words}: {answer.participant_id}", "hand"), refused
        )

    @Slot(object)
    def _add_note(self, note: AddNote) -> None:
        self.requests.deliver(note, lambda _reply: self.said.emit("The note was kept", "note"), self._say_error)

    @Slot(str)
    def _ask_detail(self, participant_id: str) -> None:
        detail = self._page.running.detail

        def done(reply: LabReply) -> None:
            try:
                view = msgspec.convert(reply.data, DetailView)
            except msgspec.ValidationError as error:
                detail.show_no_detail(participant_id, f"the answer was not understood ({error})")
            else:
                self._page.people_desk.show_detail_view(view)

        self.requests.ask(
            AskDetail(request_id=new_request_id(), participant_id=participant_id),
            done,
            lambda sentence: detail.show_no_detail(participant_id, sentence),
        )

    @Slot(object)
    def _on_delivery(self, delivery: Delivery) -> None:
        view = delivery.as_action()
        if delivery.state == "done":
            return  # the server's own view of it is on its way, or here
        if view is not None:
            self._page.people_desk.show_actions([view])
        if delivery.state == "pending":
            self.said.emit("Not delivered yet: it is sent again when the connection is back", "lost")

    @Slot(object)
    def _on_snapshot(self, _snapshot: object) -> None:
        """A snapshot has what the server knows; what it does not know yet is put beside it."""
        views = [view for delivery in self.requests.waiting() if (view := delivery.as_action()) is not None]
        if views:
            self._page.people_desk.show_actions(views)

    @Slot(str, str)
    def _on_hand_raised(self, participant_id: str, words: str) -> None:
        self.said.emit(f"{participant_id} raises a hand" + (f": {words}" if words else ""), "hand")

    def _say_error(self, sentence: str) -> None:
        self.said.emit(_sentence(sentence), "error")


def _as_action(reply: LabReply) -> ActionView | None:
    try:
        return msgspec.convert(reply.data, ActionView)
    except msgspec.ValidationError:
        return None


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}" if text else text
