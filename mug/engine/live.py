"""What is true only while the process runs: who is connected, what their page said last, what the console is shown."""

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from statistics import median

from mug.engine.clock import Clock, Rng, iso
from mug.engine.effects import Call, ConnectionId, Effect, Record, Schedule, Send
from mug.engine.payload import FrozenStudy
from mug.engine.state import ParticipantState, PolicyKey, SessionState, VisitState
from mug.engine.stepped import SteppedGame
from mug.ids import MatchId, ParticipantId, VisitId
from mug.protocol.lab import LogLine, TelemetryPoint
from mug.protocol.lab_console import HealthView, NoteView
from mug.protocol.messages import ErrorReply, FinishVisit, Hello
from mug.protocol.parts import ClientEnvironment, MatchStatus
from mug.records.facts import AnyFact, ParticipantFinished, TreatmentAssigned, TreatmentReleased
from mug.study.allocation import letters
from mug.study.blinding import without

__all__ = ["Core", "PendingCall", "Presence", "WaitingPage"]

LOG_LINES = 2_000
LEFT_AFTER_MS = 300_000
"""Who is away for so long has left, as the console shows it; they can still come back."""
AWAY = "away:"
RECENT_RTTS = 9
TELEMETRY_POINTS = 200_000
"""Kept for consoles that connect later: two hours of 27 participants, less of more."""


_OF_PLACES = (TreatmentAssigned, TreatmentReleased, ParticipantFinished)
"""Facts after which the places of treatments are counted otherwise."""


@dataclass(slots=True)
class Presence:
    """One participant's page, as it last described itself. Times in Unix ms."""

    connection: ConnectionId | None = None
    tab_id: str = ""
    lost_at_ms: float | None = None
    phase: str = ""
    phase_detail: str = ""
    phase_since_ms: float = 0.0
    rtt_ms: float | None = None
    jitter_ms: float | None = None
    focused: bool = True
    visible: bool = True
    fullscreen: bool = False
    frame_rate_hz: float | None = None
    episode: int | None = None
    frame: int | None = None
    unacked_chunks: int = 0
    finishing: FinishVisit | None = None
    gap_told: dict[tuple[str, str], int] = field(default_factory=dict)
    waiting: "WaitingPage | None" = None
    left: bool = False
    match: MatchStatus | None = None
    recent_rtts: deque[float] = field(default_factory=lambda: deque(maxlen=RECENT_RTTS))
    lost_probes: int = 0
    pulsed_at_ms: float = 0.0
    pulsing: bool = False
    silent: bool = False
    seat: str = ""
    environment: ClientEnvironment = field(default_factory=ClientEnvironment)

    def server_rtt_ms(self) -> float | None:
        """The round trip to the server that matchmakers are told: the median of the last pulses."""
        return median(self.recent_rtts) if self.recent_rtts else self.rtt_ms


@dataclass(frozen=True, slots=True)
class WaitingPage:
    """A page that asks for a known id without its token."""

    connection: ConnectionId
    hello: Hello


@dataclass(frozen=True, slots=True)
class PendingCall:
    """A call of study code that has not been answered."""

    kind: str
    ref: str
    participant_id: ParticipantId
    visit_id: VisitId
    connection: ConnectionId
    resume: bool = False


@dataclass
class Core:
    """The engine's shared heart: the durable state, the live part and the effects of the present input.

    Attributes:
        frozen: The session's study.
        state: The durable part; changes only through `record`.
        build: Hash of the web client that pages must have; empty: any.
        finished_before: Ids that finished in an earlier session of the experiment and may not start again.
        addresses: Where participants find the server; the first is the one to show.
        preview: Whether nothing of the session is kept.
        stepped: The running matches that the server steps.
    """

    frozen: FrozenStudy
    state: SessionState
    clock: Clock
    rng: Rng
    build: str = ""
    finished_before: frozenset[str] = frozenset()
    addresses: tuple[str, ...] = ()
    data_dir: str = ""
    preview: bool = False
    effects: list[Effect] = field(default_factory=list)
    owner: dict[ConnectionId, ParticipantId] = field(default_factory=dict)
    presences: dict[ParticipantId, Presence] = field(default_factory=dict)
    calls: dict[int, PendingCall] = field(default_factory=dict)
    calls_made: int = 0
    labs: set[ConnectionId] = field(default_factory=set)
    kept_told: dict[tuple[str, str], int] = field(default_factory=dict)
    storage_failed: str = ""
    refusals: dict[str, int] = field(default_factory=dict)
    log: deque[LogLine] = field(default_factory=lambda: deque(maxlen=LOG_LINES))
    telemetry: deque[TelemetryPoint] = field(default_factory=lambda: deque(maxlen=TELEMETRY_POINTS))
    stepped: dict[MatchId, SteppedGame] = field(default_factory=dict)
    changed: set[ParticipantId] = field(default_factory=set)
    changed_matches: set[MatchId] = field(default_factory=set)
    changed_rooms: set[tuple[tuple[int, ...], str]] = field(default_factory=set)
    changed_seats: set[str] = field(default_factory=set)
    changed_seat_pairs: set[tuple[str, str]] = field(default_factory=set)
    changed_policies: set[PolicyKey] = field(default_factory=set)
    changed_actions: dict[str, None] = field(default_factory=dict)
    new_notes: list[NoteView] = field(default_factory=list)
    session_changed: bool = False
    new_log: list[LogLine] = field(default_factory=list)
    new_telemetry: list[TelemetryPoint] = field(default_factory=list)
    counts_changed: bool = False
    health: HealthView | None = None
    health_changed: bool = False

    def now(self) -> str:
        """The present time as facts write it."""
        return iso(self.clock.now_ms())

    def record(self, *facts: AnyFact, bodies: dict[str, bytes] | None = None, then: tuple[Effect, ...] = ()) -> None:
        """Take up facts and have them written; `then` is performed once they are on disk."""
        for fact in facts:
            self.state.apply(fact)
        self.counts_changed = self.counts_changed or bool(facts)
        if self.state.allocation.places and any(isinstance(fact, _OF_PLACES) for fact in facts):
            self.session_changed = True
        self.effects.append(Record(facts, bodies or {}, then))

    @contextmanager
    def as_one(self) -> Iterator[None]:
        """Have all that is recorded meanwhile written together: after a crash it happened wholly or not at all."""
        begin = len(self.effects)
        yield
        meanwhile = self.effects[begin:]
        records = [effect for effect in meanwhile if isinstance(effect, Record)]
        whole = Record(
            tuple(fact for record in records for fact in record.facts),
            {name: body for record in records for name, body in record.bodies.items()},
            tuple(effect for record in records for effect in record.then),
        )
        self.effects[begin:] = [*(effect for effect in meanwhile if not isinstance(effect, Record)), whole]

    def is_paused(self, who: ParticipantId) -> bool:
        """Whether a participant is paused at present, alone or with everybody."""
        return self.state.is_paused(self.state.participants[who])

    def after_commit(self, *then: Effect) -> None:
        """Perform `then` when everything recorded so far is on disk."""
        self.effects.append(Record(then=then))

    def emit(self, effect: Effect) -> None:
        """Have an effect performed at once."""
        self.effects.append(effect)

    def refuse(self, connection: ConnectionId, code: str, message: str, *, path: str = "", about: str = "") -> None:
        """Answer a message that is not taken, and count it."""
        self.refusals[code] = self.refusals.get(code, 0) + 1
        self.counts_changed = True
        self.emit(Send(connection, ErrorReply(code=code, message=message, path=path, about=about)))

    def call(self, kind: str, ref: str, context: dict[str, object], pending: PendingCall) -> None:
        """Have study code called; the answer is matched by its number."""
        self.calls_made += 1
        self.calls[self.calls_made] = pending
        self.emit(Call(self.calls_made, ref, kind, context))

    def presence(self, participant_id: ParticipantId) -> Presence:
        """The participant's live status; one that was never seen by this process is lost since now."""
        found = self.presences.get(participant_id)
        if found is None:
            now_ms = self.clock.now_ms()
            found = Presence(lost_at_ms=now_ms, phase_since_ms=now_ms)
            self.presences[participant_id] = found
            self.watch_absence(participant_id)
        return found

    def watch_absence(self, participant_id: ParticipantId) -> None:
        """Look again when the participant has been away for long."""
        self.emit(Schedule(LEFT_AFTER_MS, f"{AWAY}{participant_id}"))

    def own_visit(
        self, connection: ConnectionId, participant: ParticipantState, visit_id: str, about: str
    ) -> VisitState | None:
        """The visit that a page speaks of; None, and the message is refused, where it is not the participant's."""
        visit = self.state.visits.get(VisitId(visit_id))
        if visit is None or visit.participant_id != participant.participant_id:
            self.refuse(connection, "foreign_visit", "this is not a visit of yours", path="visit_id", about=about)
            return None
        return visit

    def match_visits(self, match_id: str) -> dict[ParticipantId, VisitId]:
        """The visits of a match of several people; empty when there is no such match."""
        match = self.state.matches.get(MatchId(match_id))
        return match.visits if match is not None else {}

    def frozen_of(self, participant: ParticipantState) -> FrozenStudy:
        """The study as a participant meets it: under their treatment."""
        return self.frozen.under(participant.treatment)

    @property
    def is_blind(self) -> bool:
        """Whether consoles see letters in the place of treatments' names at present."""
        return self.frozen.study.treatments.blind and not (self.state.unblinded or self.state.ended)

    def shown_treatment(self, treatment: str) -> str:
        """What consoles see of a treatment: its name, or its letter while the staff is blind; empty stays empty."""
        if not treatment or not self.is_blind:
            return treatment
        assert self.state.opened is not None
        return letters(self.frozen.study.treatments.arms, self.state.opened.seed).get(treatment, "")

    def shown_text(self, text: str) -> str:
        """What consoles see of a text: while the staff is blind without names that tell a treatment."""
        return without(text, self.frozen.telling) if self.is_blind else text

    def context(self, participant: ParticipantState, visit: VisitState) -> dict[str, object]:
        """What the study's functions are told of a participant in a scene."""
        assert self.state.opened is not None
        return {
            "subject_id": participant.participant_id,
            "session_id": self.state.opened.session_id,
            "experiment_id": self.state.opened.experiment_id,
            "scene_id": visit.planned.scene_id,
            "visit_id": visit.planned.visit_id,
            "params": dict(participant.params),
            "mug_globals": dict(participant.mug_globals),
            "conditions": dict(self.state.opened.conditions),
            "treatment": participant.treatment,
        }

    def participant(self, connection: ConnectionId) -> ParticipantState | None:
        """Who speaks on this connection; None before hello."""
        who = self.owner.get(connection)
        return self.state.participants[who] if who is not None else None

    def say(self, level: str, text: str, participant_id: ParticipantId | None = None, traceback: str = "") -> None:
        """Write a line into the session's log."""
        text, traceback = self.shown_text(text), self.shown_text(traceback)
        line = LogLine(at=self.now(), level=level, text=text, participant_id=participant_id, traceback=traceback)
        self.log.append(line)
        self.new_log.append(line)
        if participant_id is not None:
            self.changed.add(participant_id)

    def measured(self, point: TelemetryPoint) -> None:
        """Take up one pulse for the console's plots."""
        self.telemetry.append(point)
        if self.labs:
            self.new_telemetry.append(point)
