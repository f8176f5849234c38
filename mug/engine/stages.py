"""The stages of a session: doors closed, doors open, running, paused; over.

Before it has begun, a session is `prepared` (newcomers wait in front of the doors) or `doors_open` (they come in, and
wait for the start). Once it has begun, `prepared` means that the doors are closed to newcomers, while who is in goes
on.
"""

from typing import Final

from mug.engine.admission import Admission
from mug.engine.doors import Doors
from mug.engine.live import Core
from mug.engine.pauses import Pauses
from mug.engine.screening import EntryGate
from mug.engine.state import ParticipantState, SessionState
from mug.protocol.lab_console import STAGES, SetStage
from mug.records import facts as f

__all__ = ["Stages", "waits_for_the_start"]

_WORDS: Final = {
    "prepared": "the doors are closed to newcomers",
    "doors_open": "the doors are open: who comes waits for the start",
    "running": "the session runs",
    "paused": "the session is paused for everybody",
}


def waits_for_the_start(state: SessionState, participant: ParticipantState) -> bool:
    """Whether somebody is in and waits until the session begins."""
    return not state.begun and participant.position < 0 and participant.outcome is None


class Stages:
    """The rules of moving a session on."""

    def __init__(self, core: Core, doors: Doors, admission: Admission, gate: EntryGate, pauses: Pauses) -> None:
        self._core = core
        self._doors = doors
        self._admission = admission
        self._gate = gate
        self._pauses = pauses

    def set_stage(self, request: SetStage) -> str:
        """Move on; returns what is wrong, in words; empty: it is done. The stage that is there already is no error."""
        core, stage = self._core, request.stage
        if core.state.ended:
            return "the session is over"
        if stage == core.state.stage:
            return ""
        if error := self._why_not(stage):
            return error
        begins = stage == "running" and not core.state.begun
        with self._pauses.changing():
            core.record(f.StageSet(at=core.now(), stage=stage, reason=request.reason[:2000]))
        core.session_changed = True
        core.say("info", _WORDS[stage] + (f": {request.reason[:2000]}" if request.reason else ""))
        self._pauses.tell_everybody()
        if begins:
            self._begin()
        if core.state.doors_are_open:
            for connection, hello in self._doors.opened():
                self._admission.hello(connection, hello)
        return ""

    def _why_not(self, stage: str) -> str:
        state = self._core.state
        if stage == "ended":
            return "a session is ended by ending it, which cannot be taken back: use the button for that"
        if stage not in STAGES:
            return f"{stage[:80]!r} is no stage: use prepared, doors_open, running or paused"
        if stage == "doors_open" and state.begun:
            return "the session has begun, so nobody can wait for its start any more: let it run"
        if stage == "paused" and not state.begun:
            return "the session has not begun, so there is nothing to pause"
        if stage == "prepared" and state.stage == "paused":
            return "the session is paused: let it run first, then close the doors"
        return ""

    def _begin(self) -> None:
        """Everybody who waits for the start begins: with the screening, or with the first scene."""
        core = self._core
        for participant in tuple(core.state.participants.values()):
            if participant.outcome is not None or participant.position >= 0:
                continue
            core.changed.add(participant.participant_id)
            presence = core.presence(participant.participant_id)
            if presence.connection is not None:
                self._gate.enter(presence.connection, participant, presence.environment)
