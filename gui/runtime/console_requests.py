"""What the experimenter asks for while a session runs: kept until the server has answered, and never lost silently."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TypeAlias

from PySide6.QtCore import QObject, Signal, Slot

from gui.models.action_words import action_title, who_words
from gui.runtime.lab_bridge import LabBridge
from mug.protocol.lab import LabReply, LabRequest, LabSnapshot
from mug.protocol.lab_console import Act, ActionTarget, ActionView, AddNote, AnswerHand

__all__ = ["ConsoleRequests", "Delivery", "Kept", "new_request_id"]

_SHORT = 60

Kept: TypeAlias = Act | AnswerHand | AddNote
"""Requests that are sent again, under the same id, until they are answered: the server does each of them once."""


def new_request_id() -> str:
    """Return an id that no other request has."""
    return uuid.uuid4().hex


@dataclass(frozen=True)
class Delivery:
    """A request on its way.

    Attributes:
        request: What was asked for.
        at: When, ISO-8601 UTC.
        session_id: The session that it is for.
        state: sending, pending (it waits for the connection), failed (the server refused it, or it was taken back).
        why: Of pending and failed, in words.
        names: Whom it is for, where the request itself says only "everybody".
    """

    request: Kept
    at: str
    session_id: str
    state: str = "sending"
    why: str = ""
    names: tuple[str, ...] = ()

    def as_action(self) -> ActionView | None:
        """Return how it stands in the list of actions; None for a note."""
        match self.request:
            case Act() as act:
                names = act.participants or self.names
                action, reason, text, outcome = act.action, act.reason, act.text, act.outcome
            case AnswerHand() as answer:
                names = (answer.participant_id,)
                action, reason, text, outcome = "message", "", answer.text, ""
            case _:
                return None
        return ActionView(
            action_id=self.request.request_id,
            action=action,
            at=self.at,
            reason=reason,
            text=text,
            outcome=outcome,
            targets=tuple(
                ActionTarget(participant_id=name, state=self.state, at=self.at, why=self.why) for name in names
            ),
        )

    def words(self) -> str:
        """Return what it is, in one line: ``Message to anna: “Please wait”``."""
        match self.request:
            case AddNote() as note:
                about = f" on {note.participant_id}" if note.participant_id else ""
                return f"Note{about}: {_short(note.text)}"
            case AnswerHand() as answer:
                if not answer.text:
                    return f"Lower the hand of {answer.participant_id}"
                return f"Answer to {answer.participant_id}: {_short(answer.text)}"
            case act:
                names = act.participants or self.names
                whom = "everybody" if act.everyone else who_words(names)
                if act.action == "message":
                    return f"Message to {whom}: {_short(act.text)}"
                return f"{action_title(act.action)}: {whom}"


@dataclass
class _Entry:
    delivery: Delivery
    done: Callable[[LabReply], object]
    refused: Callable[[str], object]


class ConsoleRequests(QObject):
    """Sends requests to the server that is followed.

    Signals:
        changed: A `Delivery` is new, or stands otherwise; one that was answered is told of once more, as "done".
        waiting_changed: How many requests wait for the connection.

    Runs on: GUI thread.
    """

    changed = Signal(object)
    waiting_changed = Signal(int)

    def __init__(self, bridge: LabBridge, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._session_id = ""
        self._entries: dict[str, _Entry] = {}
        self._waiting = 0
        bridge.snapshot_received.connect(self._on_snapshot)

    def waiting(self) -> tuple[Delivery, ...]:
        """Return what the server has not answered yet."""
        return tuple(entry.delivery for entry in self._entries.values())

    def ask(
        self,
        request: LabRequest,
        done: Callable[[LabReply], object],
        failed: Callable[[str], object],
        unanswered: Callable[[str], object] | None = None,
    ) -> None:
        """Ask once; without a connection it fails, or is `unanswered` where that is given."""
        self._bridge.request(request, done, failed, unanswered)

    def deliver(
        self,
        request: Kept,
        done: Callable[[LabReply], object],
        refused: Callable[[str], object],
        names: tuple[str, ...] = (),
    ) -> None:
        """Ask, and ask again with the same id whenever the connection comes back, until there is an answer.

        Args:
            request: What is asked for.
            done: Takes the answer.
            refused: Takes the server's sentence, or why it can never be delivered.
            names: Whom it is for, where the request says "everybody".
        """
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        entry = _Entry(Delivery(request, now, self._session_id, names=names), done, refused)
        self._entries[request.request_id] = entry
        self._send(entry)

    def take_back(self, request_id: str) -> bool:
        """Do not send a request that waits for the connection; says whether it was still waiting."""
        entry = self._entries.get(request_id)
        if entry is None or entry.delivery.state != "pending":
            return False
        self._give_up(entry, "You took it back before it was delivered.")
        return True

    def _send(self, entry: _Entry) -> None:
        request_id = entry.delivery.request.request_id
        self._show(entry, "sending", "")

        def done(reply: LabReply) -> None:
            if self._entries.pop(request_id, None) is not None:
                self._count()
                self.changed.emit(replace(entry.delivery, state="done"))
                entry.done(reply)

        def refused(sentence: str) -> None:
            if request_id in self._entries:
                self._give_up(entry, sentence)

        def unanswered(sentence: str) -> None:
            if request_id in self._entries:
                self._show(entry, "pending", f"{sentence[:1].upper()}{sentence[1:].rstrip('.')}. It is sent again.")

        self._bridge.request(entry.delivery.request, done, refused, unanswered)

    def _give_up(self, entry: _Entry, why: str) -> None:
        self._entries.pop(entry.delivery.request.request_id, None)
        self._show(entry, "failed", why)
        entry.refused(why)

    def _show(self, entry: _Entry, state: str, why: str) -> None:
        entry.delivery = replace(entry.delivery, state=state, why=why)
        self._count()
        self.changed.emit(entry.delivery)

    def _count(self) -> None:
        waiting = sum(entry.delivery.state == "pending" for entry in self._entries.values())
        if waiting != self._waiting:
            self._waiting = waiting
            self.waiting_changed.emit(waiting)

    @Slot(object)
    def _on_snapshot(self, snapshot: LabSnapshot) -> None:
        """The connection stands: send what waits, if this is the session that it is for."""
        self._session_id = snapshot.session.session_id
        for entry in tuple(self._entries.values()):
            if entry.delivery.state != "pending":
                continue
            if entry.delivery.session_id == self._session_id:
                self._send(entry)
            else:
                self._give_up(entry, "Another session runs now: it was not delivered.")


def _short(text: str) -> str:
    line = " ".join(text.split())
    return f"“{line if len(line) <= _SHORT else line[: _SHORT - 1] + '…'}”"
