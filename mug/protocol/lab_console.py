"""What MUG Lab does to a running session, and what it sees of that: stages, actions on people, seats, notes, health."""

from typing import Any, Final

import msgspec

from mug.protocol.parts import Message
from mug.protocol.seats import SeatCheck

__all__ = [
    "ACTIONS",
    "PAY_RULES",
    "STAGES",
    "Act",
    "ActionTarget",
    "ActionView",
    "AddNote",
    "AffectedView",
    "AnswerHand",
    "AskDetail",
    "AskSeats",
    "DetailView",
    "HealthView",
    "MakeView",
    "NoteView",
    "PathStep",
    "ProbeSeats",
    "SeatPairView",
    "SeatView",
    "SetStage",
    "TimelineEntry",
]

STAGES: Final = ("prepared", "doors_open", "running", "paused", "ended")
"""Of a session: doors closed; people come in and wait; it runs; all are paused; it is over."""
ACTIONS: Final = ("message", "pause", "resume", "advance", "to_waitroom", "repair", "exclude", "end")
"""What can be done to participants."""
PAY_RULES: Final = ("", "full", "partial", "none")
"""What a participant whose participation the experimenter ends is paid; empty: not said."""


class ActionTarget(msgspec.Struct, frozen=True, kw_only=True):
    """How far an action is for one participant.

    `state`: sent (the page has not answered yet; it is told again when it comes back), shown (the page has answered),
    read (a message was put away), skipped (`why`: in words). `at`: of this state.
    """

    participant_id: str
    state: str
    at: str = ""
    why: str = ""


class AffectedView(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody else whom an action concerns, and how, in words: "plays with p-1: the game ends"."""

    participant_id: str
    how: str


class ActionView(msgspec.Struct, frozen=True, kw_only=True):
    """One action of the experimenter. `action`: one of ACTIONS. `pay` is for the key file, never exported."""

    action_id: str
    action: str
    at: str
    reason: str = ""
    text: str = ""
    outcome: str = ""
    pay: str = ""
    targets: tuple[ActionTarget, ...] = ()
    affected: tuple[AffectedView, ...] = ()


class NoteView(msgspec.Struct, frozen=True, kw_only=True):
    """A note of the experimenter, on the session or on one participant: a marker in plots, a row of the export."""

    note_id: str
    at: str
    text: str
    participant_id: str | None = None


class SeatView(msgspec.Struct, frozen=True, kw_only=True):
    """One desk. `state`: absent, lost, warming, trouble, ready (all checks good), taking_part, finished.

    `participant_id`: who takes part there, or did last, also when the desk is at home again.
    """

    desk: str
    state: str
    since: str = ""
    participant_id: str | None = None
    checks: tuple[SeatCheck, ...] = ()
    rtt_ms: float | None = None
    jitter_ms: float | None = None
    clock_offset_ms: float | None = None
    frame_rate_hz: float | None = None
    focused: bool = True
    visible: bool = True
    fullscreen: bool = False
    browser: str = ""
    asked: str = ""  # what was asked of it last
    asked_state: str = ""  # sent, done, or why it could not be done


class SeatPairView(msgspec.Struct, frozen=True, kw_only=True):
    """The connection of two desks' pages. `state`: waiting, probing, done, failed. `path`: p2p, relay, or empty."""

    desks: tuple[str, ...]  # two, sorted
    state: str
    rtt_ms: float | None = None
    path: str = ""
    at: str = ""
    why: str = ""  # in words, where it failed


class HealthView(msgspec.Struct, frozen=True, kw_only=True):
    """How the server is, of the last second. Shares 0..1 of one core."""

    at_ms: float
    cpu: float = 0.0  # of the server's process; 1.0 is one core
    machine_cpu: float = 0.0  # of the whole machine, 0..1
    memory_bytes: int = 0  # resident, of the process
    disk_free_bytes: int = 0  # where the records are
    queue: int = 0  # inputs that wait for the engine
    handled_max_ms: float = 0.0  # the longest that one input took
    commit_max_ms: float = 0.0  # the longest from a fact to its COMMIT
    pages: int = 0
    rtt_p95_ms: float | None = None  # of the pages' round trips


class PathStep(msgspec.Struct, frozen=True, kw_only=True):
    """One visit of a participant's way. `state`: past, present, ahead. Times ISO-8601 UTC, empty: not yet."""

    visit_id: str
    scene_id: str
    kind: str
    state: str
    started_at: str = ""
    finished_at: str = ""
    outcome: str = ""
    match_ids: tuple[str, ...] = ()


class TimelineEntry(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened to a participant: `kind` is a fact's or an event's name, `text` says it in words."""

    at: str
    kind: str
    text: str
    level: str = "info"  # info, warning, error
    more: str = ""  # a traceback and the page's console, where there are any


class DetailView(msgspec.Struct, frozen=True, kw_only=True):
    """Everything of one participant that the live table has not: the answer to AskDetail (LabReply.data)."""

    participant_id: str
    path: tuple[PathStep, ...] = ()
    timeline: tuple[TimelineEntry, ...] = ()  # oldest first
    answers: tuple[dict[str, Any], ...] = ()  # scene_id, question_id, answer, at
    params: dict[str, str] = {}
    environment: dict[str, Any] = {}
    mug_globals: dict[str, Any] = {}


class SetStage(Message, frozen=True, kw_only=True, tag="lab.set_stage"):
    """Move the session on: `stage` prepared, doors_open, running or paused. Recorded.

    From prepared or doors_open to running everybody who waits begins; back to prepared closes the doors to newcomers.
    """

    request_id: str
    stage: str
    reason: str = ""


class Act(Message, frozen=True, kw_only=True, tag="lab.act"):
    """Do something to participants. `request_id` is the action's id: sent again, it is done once and answered again.

    `participants`: whom; `everyone`: all who are unfinished. `text`: what they read (message, pause, exclude, end).
    `outcome`: of exclude (excluded, technical, screened_out) and end (complete, technical); empty: the first. `pay`:
    one of PAY_RULES. `groups`: of repair, each in the order of its agents; whoever was in a match with them goes back
    to the waitroom. `preview`: nothing is done, the answer says what would be. The answer's data is an ActionView.
    """

    request_id: str
    action: str
    participants: tuple[str, ...] = ()
    everyone: bool = False
    reason: str = ""
    text: str = ""
    outcome: str = ""
    pay: str = ""
    groups: tuple[tuple[str, ...], ...] = ()
    preview: bool = False


class AnswerHand(Message, frozen=True, kw_only=True, tag="lab.answer_hand"):
    """Answer a participant's raised hand with words, or only lower it (`text` empty). Recorded."""

    request_id: str
    participant_id: str
    text: str = ""


class AddNote(Message, frozen=True, kw_only=True, tag="lab.add_note"):
    """Keep a note on the session, or on one participant. Recorded and exported."""

    request_id: str
    text: str
    participant_id: str | None = None


class AskDetail(Message, frozen=True, kw_only=True, tag="lab.ask_detail"):
    """Ask for everything of one participant: the answer's data is a DetailView."""

    request_id: str
    participant_id: str


class AskSeats(Message, frozen=True, kw_only=True, tag="lab.ask_seats"):
    """Ask something of desks' pages, all that are there (`desks` empty) or some: SeatAsked says what.

    The answer's data: `asked`, the desks, and `skipped`, desk -> why not.
    """

    request_id: str
    what: str
    desks: tuple[str, ...] = ()


class ProbeSeats(Message, frozen=True, kw_only=True, tag="lab.probe_seats"):
    """Measure the connections between the desks' pages that are at home, each with each; SeatPairView tells of them.

    The answer's data: `pairs`, how many, and `skipped`, desk -> why it is left out.
    """

    request_id: str
    desks: tuple[str, ...] = ()


class MakeView(Message, frozen=True, kw_only=True, tag="lab.make_view"):
    """Make (or, `revoke`, end) a read-only web view for a second screen.

    The answer's data: ``{"path": "/_mug/view#…"}``. `hide_conditions`: condition labels
    are not in it. Participants' ids are masked always. Recorded (of its token only the hash): a view goes on when
    the server is started again.
    """

    request_id: str
    hide_conditions: bool = False
    revoke: bool = False
