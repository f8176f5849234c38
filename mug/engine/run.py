"""A running session: inputs in, effects out. One thread owns it; it knows no sockets, threads, disk or time."""

import json
import math
from collections.abc import Mapping
from typing import Any, Final

from mug.engine.actions import Actions, Deed
from mug.engine.admission import Admission
from mug.engine.authority import Authority
from mug.engine.care import Care
from mug.engine.chunks import Chunks
from mug.engine.clock import Clock, Rng, iso
from mug.engine.console import Console
from mug.engine.departures import Departure
from mug.engine.doors import Doors
from mug.engine.effects import ConnectionId, Effect, Send
from mug.engine.embedded import Embedded
from mug.engine.endings import MAX_FAILURES, Endings
from mug.engine.hands import Hands
from mug.engine.ice import ice_servers
from mug.engine.inputs import (
    AuthorityChanged,
    AuthorityChunk,
    AuthorityFailed,
    AuthorityFinished,
    AuthorityMeasured,
    CallFailed,
    CallResult,
    HookFailed,
    Input,
    LabAsked,
    LabConnected,
    LabLost,
    LifelineEnded,
    PageLost,
    PageMessage,
    PageRefusal,
    PastTelemetry,
    ServerMeasured,
    ServerTrouble,
    StopRequested,
    StorageFailed,
    StorageRecovered,
    Tick,
    Wake,
)
from mug.engine.live import AWAY, LEFT_AFTER_MS, Core, PendingCall
from mug.engine.matches import VERDICT, Matches
from mug.engine.matchmakers import FIND_MATCH, JUDGE_RTTS
from mug.engine.monitoring import Monitoring
from mug.engine.moves import Advance, ToWaitroom
from mug.engine.pauses import Pauses
from mug.engine.payload import FrozenStudy
from mug.engine.policies import Policies
from mug.engine.pulses import plausible, point_of
from mug.engine.repairs import Repair
from mug.engine.screening import SCREENING, EntryGate
from mug.engine.seat_probes import SEAT_PROBE
from mug.engine.seats import Seats
from mug.engine.stages import Stages
from mug.engine.state import ParticipantState, SessionState
from mug.engine.timeouts import Timeouts
from mug.engine.treatments import gone
from mug.engine.visits import Visits
from mug.engine.waiting import WAITROOM, Waiting
from mug.ids import MatchId, ParticipantId, VisitId
from mug.protocol.care import ActionSeen, RaiseHand
from mug.protocol.codec import why_unsendable
from mug.protocol.messages import (
    ClientCallback,
    ClientError,
    ErrorReply,
    FetchFrames,
    FinishVisit,
    GlobalsChanged,
    Hello,
    JoinMatch,
    PhaseChanged,
    ProbeDone,
    Pulse,
    PulseEcho,
    PutChunk,
    RelayPacket,
    ReportMatch,
    ReportPeer,
    RestartMatch,
    ReturnDone,
    SendSignal,
    SetGlobals,
)
from mug.protocol.partners import PolicyFigures, ServerKeys, ServerReady, ServerSeen
from mug.protocol.parts import RuntimeManifest
from mug.protocol.seats import SeatDone, SeatHello, SeatReport
from mug.records import facts as f
from mug.study.matchmaking import Matchmaker

__all__ = ["PHASES", "StudyRun"]

PHASES: Final = frozenset(
    ["connecting", "loading", "page", "waiting", "matching", "countdown", "playing", "ended", "excluded", "error"]
)
MAX_GLOBALS_CHARS: Final = 65_536
MAX_ERRORS_PER_PARTICIPANT: Final = 200
MAX_CONSOLE_LINES: Final = 100
_REFUSALS: Final = {
    "unknown_op": "this message is not known",
    "invalid": "this message is not valid",
    "too_large": "this message is too large",
    "rate": "too many messages; please slow down",
    "foreign_match": "this is not a match of yours",
    "foreign_agent": "this is not a partner of yours",
}


class StudyRun:
    """The rules of one session.

    Attributes:
        state: The durable part; equal to `fold` of all recorded facts at any time.
    """

    def __init__(
        self,
        frozen: FrozenStudy,
        state: SessionState,
        *,
        clock: Clock,
        rng: Rng,
        runtime: RuntimeManifest | None = None,
        build: str = "",
        finished_before: frozenset[str] = frozenset(),
        addresses: tuple[str, ...] = (),
        data_dir: str = "",
        turn_account: tuple[str, str] = ("", ""),
        matchmakers: Mapping[str, Matchmaker] | None = None,
        preview: bool = False,
    ) -> None:
        if state.opened is None:
            raise ValueError("a session runs from its first fact on: SessionOpened is missing")
        self._core = Core(
            frozen=frozen,
            state=state,
            clock=clock,
            rng=rng,
            build=build,
            finished_before=finished_before,
            addresses=addresses,
            data_dir=data_dir,
            preview=preview,
        )
        webrtc = frozen.study.webrtc
        self._authority = Authority(self._core)
        self._matches = Matches(
            self._core,
            self._authority,
            ice_servers=ice_servers(webrtc, *turn_account),
            force_relay=webrtc.force_relay,
        )
        self._waiting = Waiting(
            self._core,
            self._matches,
            matchmakers or {},
            ice_servers=ice_servers(webrtc, *turn_account),
            force_relay=webrtc.force_relay,
        )
        self._endings = Endings(self._core)
        self._visits = Visits(self._core, self._matches, self._waiting, self._endings)
        self._authority.observe_by(self._visits)
        self._authority.merge_by(self._merge_globals)
        self._waiting.leave_by(Timeouts(self._core, self._visits, self._endings))
        self._gate = EntryGate(self._core, self._visits, self._endings)
        self._monitoring = Monitoring(self._core, self._matches, self._visits)
        self._embedded = Embedded(self._core)
        self._chunks = Chunks(self._core, self._visits, self._embedded)
        self._doors = Doors(self._core)
        pauses = Pauses(self._core, self._matches, self._waiting)
        self._care = Care(self._core)
        self._hands = Hands(self._core, self._care)
        self._policies = Policies(self._core)
        self._admission = Admission(
            self._core,
            self._visits,
            self._matches,
            self._waiting,
            runtime,
            endings=self._endings,
            gate=self._gate,
            monitoring=self._monitoring,
            doors=self._doors,
            care=self._care,
        )
        self._seats = Seats(
            self._core,
            runtime,
            ice_servers=ice_servers(webrtc, *turn_account),
            force_relay=webrtc.force_relay,
        )
        self._admission.taken_in = self._seats.taken_in
        self._admission.seat_of = self._seats.seat_of
        self._console = Console(
            self._core,
            self._admission,
            self._waiting,
            self._monitoring,
            doors=self._doors,
            stages=Stages(self._core, self._doors, self._admission, self._gate, pauses),
            actions=Actions(self._core, self._care, pauses, self._deeds()),
            hands=self._hands,
            seats=self._seats,
        )

    def _deeds(self) -> dict[str, Deed]:
        """What can be done to participants, besides messages and pauses."""
        core, visits, matches, waiting = self._core, self._visits, self._matches, self._waiting
        return {
            "advance": Advance(core, visits, matches, waiting),
            "to_waitroom": ToWaitroom(core, visits, matches, waiting),
            "repair": Repair(core, visits, matches, waiting),
            "exclude": Departure(core, visits, matches, waiting, visit_outcome="excluded"),
            "end": Departure(core, visits, matches, waiting, visit_outcome="ended"),
        }

    @property
    def state(self) -> SessionState:
        """The durable part."""
        return self._core.state

    @property
    def console(self) -> Console:
        """What consoles see; read only."""
        return self._console

    def present(self) -> int:
        """How many participants have a live page."""
        return len(self._core.owner)

    def handle(self, happened: Input) -> tuple[Effect, ...]:
        """Take up one input and return what is to be done about it, in order."""
        core = self._core
        match happened:
            case PageMessage():
                self._page(happened.connection, happened.message)
            case PageRefusal():
                self._refused(happened)
            case PageLost():
                self._lost(happened.connection, happened.reason)
            case LabConnected():
                self._console.connected(happened.connection)
            case LabLost():
                core.labs.discard(happened.connection)
            case LabAsked():
                self._console.asked(happened.connection, happened.request)
            case CallResult():
                self._answered(happened.call_id, happened.value)
            case CallFailed():
                self._call_failed(happened)
            case HookFailed():
                self._study_code_failed(
                    happened.participant_id, happened.visit_id, happened.ref, happened.error, happened.traceback
                )
            case AuthorityChanged() | AuthorityChunk() | AuthorityFinished() | AuthorityFailed():
                self._authority.said(happened)
            case StorageFailed():
                self._storage(happened.text)
            case StorageRecovered():
                self._storage("")
            case ServerTrouble():
                core.say("error", happened.text, traceback=happened.traceback)
            case ServerMeasured():
                self._console.measured(happened.health)
            case PastTelemetry():
                self._console.past_telemetry(happened.points)
            case AuthorityMeasured():
                self._policies.measured(happened)
            case LifelineEnded():
                if not core.owner:
                    self._console.stop_cleanly("the program that started the server is gone")
                else:
                    core.say("warning", "MUG Lab is gone; the session goes on, because participants are here")
            case StopRequested():
                core.say("warning", happened.reason)
                self._console.flush()
            case Wake():
                self._wake(happened.name)
            case Tick():
                self._monitoring.tick()
                self._waiting.ticked()
                self._authority.ticked()
                self._seats.ticked()
                self._console.flush()
        effects = tuple(core.effects)
        core.effects.clear()
        return effects

    def _page(self, connection: ConnectionId, message: Any) -> None:
        core = self._core
        if isinstance(message, Hello):
            self._admission.hello(connection, message)
            self._seats.answered_hello(connection)
            return
        if isinstance(message, SeatHello):
            self._seats.hello(connection, message)
            return
        if self._seats.page(connection, message):
            return
        participant = core.participant(connection)
        if participant is None:
            core.refuse(connection, "no_hello", "say hello first", about=message.__struct_config__.tag)
            return
        match message:
            case Pulse():
                self._pulse(connection, participant, message)
            case PhaseChanged():
                self._phase(connection, participant, message)
            case PutChunk():
                self._chunks.put(connection, participant, message)
            case FinishVisit():
                self._visits.finish(connection, participant, message)
            case FetchFrames():
                self._chunks.fetch(connection, participant, message)
            case RestartMatch():
                self._visits.restart_match(connection, participant, message)
            case SetGlobals():
                self._set_globals(connection, participant, message.values)
            case ClientError():
                self._client_error(connection, participant, message)
            case ClientCallback():
                self._client_callback(connection, participant, message)
            case JoinMatch():
                self._waiting.join(connection, participant, message)
            case ReportPeer():
                self._matches.report_peer(connection, participant, message)
            case ReportMatch():
                self._matches.report_match(connection, participant, message)
            case ReturnDone():
                self._matches.returned(connection, participant, message)
            case ServerReady():
                self._authority.ready(connection, participant, message)
            case ProbeDone():
                self._waiting.probe_done(connection, participant.participant_id, message)
            case ActionSeen():
                self._care.seen(connection, participant, message)
            case RaiseHand():
                self._hands.said(connection, participant, message)
            case PolicyFigures():
                self._policies.reported(connection, participant, message)
            case SeatDone():
                self._seats.done(connection, message)
            case SeatReport():
                # on its way when the page began to take part
                core.refuse(connection, "invalid", "not here", about=str(message.__struct_config__.tag))
            case SendSignal() | RelayPacket() | ServerKeys() | ServerSeen():
                # The server passes these on before they come here (`mug.server.routing`).
                core.refuse(
                    connection, "invalid", "this is not for the server", about=str(message.__struct_config__.tag)
                )

    def _pulse(self, connection: ConnectionId, participant: ParticipantState, pulse: Pulse) -> None:
        core = self._core
        now_ms = core.clock.now_ms()
        pulse = plausible(pulse)
        echo = PulseEcho(n=pulse.n, client_ms=pulse.client_ms, server_time=iso(now_ms))
        core.emit(Send(connection, echo))
        presence = core.presence(participant.participant_id)
        presence.rtt_ms, presence.jitter_ms = pulse.rtt_ms, pulse.jitter_ms
        if pulse.rtt_ms is not None and math.isfinite(pulse.rtt_ms) and pulse.rtt_ms >= 0:
            presence.recent_rtts.append(pulse.rtt_ms)
        presence.focused, presence.visible = pulse.focused, pulse.visible
        presence.fullscreen, presence.frame_rate_hz = pulse.fullscreen, pulse.frame_rate_hz
        presence.episode, presence.frame = pulse.episode, pulse.frame
        presence.unacked_chunks, presence.lost_probes = pulse.unacked_chunks, pulse.lost
        presence.pulsed_at_ms, presence.silent, presence.pulsing = now_ms, False, True
        self._waiting.heard(connection, participant)
        if pulse.phase in PHASES and pulse.phase != presence.phase:
            presence.phase, presence.phase_detail, presence.phase_since_ms = pulse.phase, "", now_ms
        match = pulse.match
        if match is not None and participant.participant_id not in core.match_visits(match.match_id):
            match = None
        if match is not None:
            presence.match = match
            core.changed_matches.add(MatchId(match.match_id))
            self._matches.pulsed(participant, match)
        self._gate.pulsed(connection, participant, pulse)
        self._monitoring.pulsed(participant, pulse)
        core.changed.add(participant.participant_id)
        core.measured(point_of(participant.participant_id, now_ms, pulse, match))

    def _phase(self, connection: ConnectionId, participant: ParticipantState, message: PhaseChanged) -> None:
        core = self._core
        if message.phase not in PHASES:
            core.refuse(connection, "invalid", "not a phase", path="phase", about="participant.phase")
            return
        presence = core.presence(participant.participant_id)
        if presence.phase != message.phase:
            presence.phase, presence.phase_since_ms = message.phase, core.clock.now_ms()
        detail = message.detail[:200]
        if message.fraction is not None:
            detail = f"{detail} {100 * min(max(message.fraction, 0.0), 1.0):.0f} %".strip()
        presence.phase_detail = detail
        core.changed.add(participant.participant_id)

    def _set_globals(self, connection: ConnectionId | None, participant: ParticipantState, values: Any) -> None:
        core = self._core
        if values == participant.mug_globals:
            return
        if len(json.dumps(values)) > MAX_GLOBALS_CHARS:
            text = f"mug_globals may hold at most {MAX_GLOBALS_CHARS} characters of JSON"
            if connection is not None:
                core.refuse(connection, "too_large", text, path="values", about="globals.set")
            core.say("warning", f"{text}; a larger value was not taken", participant.participant_id)
            return
        if problem := why_unsendable(values, "values"):
            # Kept all the same, it would be in every message that brings a page to its scene: none would arrive.
            text = f"mug_globals holds what cannot be sent to the page, so that nothing of it was taken: {problem}"
            if connection is not None:
                core.refuse(connection, "invalid", text, path="values", about="globals.set")
            core.say("error", text, participant.participant_id)
            return
        core.record(f.GlobalsSet(at=core.now(), participant_id=participant.participant_id, values=values))

    def _merge_globals(self, participant: ParticipantState, values: dict[str, Any]) -> None:
        """Set what a hook answered, and tell the page, which else would write its older values over it."""
        core = self._core
        merged = {**participant.mug_globals, **values}
        self._set_globals(None, participant, merged)
        presence = core.presence(participant.participant_id)
        if participant.mug_globals == merged and presence.connection is not None:
            core.after_commit(Send(presence.connection, GlobalsChanged(values=values)))

    def _client_error(self, connection: ConnectionId, participant: ParticipantState, message: ClientError) -> None:
        core = self._core
        if participant.errors >= MAX_ERRORS_PER_PARTICIPANT:
            core.refuse(connection, "rate", "enough errors are recorded", about="participant.error")
            return
        visit_id = message.visit_id
        if visit_id is not None and VisitId(visit_id) not in participant.plan:
            visit_id = None
        error = f.ErrorReported(
            at=core.now(),
            participant_id=participant.participant_id,
            kind=message.kind[:64],
            message=message.message[:4_000],
            visit_id=visit_id,
            traceback=message.traceback[:20_000],
            fatal=message.fatal,
            console=tuple(line[:500] for line in message.console[-MAX_CONSOLE_LINES:]),
        )
        core.record(error)
        core.say("error", f"{error.kind}: {error.message}", participant.participant_id, error.traceback)
        if message.fatal:
            if visit_id is not None and error.kind == "environment":
                self._flag_failed(VisitId(visit_id), error)
            presence = core.presence(participant.participant_id)
            presence.phase, presence.phase_since_ms = "error", core.clock.now_ms()
            self._failed(connection, participant)

    def _flag_failed(self, visit_id: VisitId, error: f.ErrorReported) -> None:
        """The study's code failed in a match: analysts must know, whatever becomes of it. Said once a match."""
        core, flag = self._core, "page_failed"
        for match in core.state.matches.values():
            if visit_id not in (match.visit_id, *match.visits.values()) or match.outcome or flag in match.flags:
                continue
            detail = (
                f"{error.message.splitlines()[0][:2000] if error.message else ''} (reported by {error.participant_id})"
            )
            core.record(f.MatchFlagged(at=core.now(), match_id=match.match_id, flag=flag, detail=detail))
            core.changed_matches.add(match.match_id)

    def _failed(self, connection: ConnectionId, participant: ParticipantState) -> None:
        """A page could not go on: loading it again may help, but not for ever."""
        if participant.failures < MAX_FAILURES:
            self._endings.trouble(connection, participant)
        elif participant.outcome is None:
            self._matches.exclude(participant, "the page failed")
            self._visits.break_off(participant, "technical", "page_failed", "")

    def _client_callback(
        self, connection: ConnectionId, participant: ParticipantState, message: ClientCallback
    ) -> None:
        core = self._core
        visit = core.own_visit(connection, participant, message.visit_id, "scene.callback")
        if visit is None:
            return
        if visit.started_at is None:
            core.refuse(connection, "not_current", "this visit has not begun", path="visit_id", about="scene.callback")
            return
        ref = self._visits.scene(visit).on_client_callback
        if ref is not None:
            self._visits.call_hook("on_client_callback", ref, connection, participant, visit, {"data": message.data})

    def _answered(self, call_id: int, value: Any) -> None:
        core = self._core
        call = core.calls.pop(call_id, None)
        if call is None:
            return
        if call.kind == FIND_MATCH:
            self._waiting.matchmaker_answered(call_id, value)
            return
        if call.kind == JUDGE_RTTS:
            self._waiting.rtts_judged(call_id, value)
            return
        participant = core.state.participants[call.participant_id]
        if call.kind == "entry_callback":
            self._wrong_answer(call, self._gate.answered(participant, call.ref, value))
        elif call.kind == "continuous_callback":
            self._wrong_answer(call, self._monitoring.answered(participant, call.visit_id, value))
        elif call.kind == "game_page_html_fn":
            self._show_with_page(call_id, call.visit_id, call.connection, participant, call.resume, value)
        elif call.kind == "score_fn":
            self._wrong_answer(call, self._embedded.scored(call_id, participant, value))
        else:
            if isinstance(value, dict) and value:
                self._merge_globals(participant, value)
            self._embedded.answered(call_id, participant)

    def _call_failed(self, failed: CallFailed) -> None:
        core = self._core
        call = core.calls.pop(failed.call_id, None)
        if call is None:
            return
        if call.kind == FIND_MATCH:
            self._waiting.matchmaker_failed(failed.call_id, failed.error, failed.traceback)
            return
        if call.kind == JUDGE_RTTS:
            self._waiting.rtts_judged(failed.call_id, None, failed.error, failed.traceback)
            return
        participant = core.state.participants[call.participant_id]
        where = f"{call.kind} {call.ref}"
        self._study_code_failed(call.participant_id, call.visit_id, where, failed.error, failed.traceback)
        if call.kind == "entry_callback":
            self._gate.not_answered(participant)
        elif call.kind == "continuous_callback":
            self._monitoring.not_answered(participant, call.visit_id)
        self._embedded.call_failed(failed.call_id, call.kind, participant)
        if call.kind == "game_page_html_fn":
            self._show_with_page(failed.call_id, call.visit_id, call.connection, participant, call.resume, None)

    def _wrong_answer(self, call: PendingCall, problem: str) -> None:
        if problem:
            where = f"{call.kind} {call.ref}"
            self._study_code_failed(call.participant_id, call.visit_id, where, f"{problem}; it has no effect", "")

    def _study_code_failed(self, who: ParticipantId, visit_id: VisitId, where: str, error: str, traceback: str) -> None:
        core = self._core
        if core.state.participants[who].errors < MAX_ERRORS_PER_PARTICIPANT:
            message = f"{where}: {error}"[:4_000]
            core.record(
                f.ErrorReported(
                    at=core.now(),
                    participant_id=who,
                    kind="callback",
                    message=message,
                    visit_id=visit_id or None,
                    traceback=traceback[:20_000],
                )
            )
        core.say("error", f"{where}: {error}", who, traceback)

    def _show_with_page(
        self,
        call_id: int,
        visit_id: VisitId,
        connection: ConnectionId,
        participant: ParticipantState,
        resume: bool,
        html: Any,
    ) -> None:
        core = self._core
        visit = core.state.current_visit(participant)
        if visit is None or visit.planned.visit_id != visit_id or visit.outcome is not None:
            return
        if html is not None and not isinstance(html, str):
            core.say(
                "error", f"game_page_html_fn answered {type(html).__name__}, not a text", participant.participant_id
            )
            html = None
        if visit.match_ids and core.state.matches[visit.match_ids[-1]].visits:
            self._matches.page_made(participant, visit, html)
            return
        core.after_commit(
            Send(connection, self._visits.scene_message(participant, visit, resume=resume, in_game_html=html))
        )

    def _refused(self, refusal: PageRefusal) -> None:
        """Something was not taken at the edge: count it, show the first of its kind, answer by rule."""
        core = self._core
        first = refusal.code not in core.refusals
        core.refusals[refusal.code] = core.refusals.get(refusal.code, 0) + 1
        core.counts_changed = True
        text = _REFUSALS.get(refusal.code, refusal.code)
        if first:
            who = core.owner.get(refusal.connection)
            core.say("warning", f"a page's message {refusal.about!r} was refused: {text} ({refusal.detail})", who)
        if refusal.code != "unknown_op":
            reply = ErrorReply(code=refusal.code, message=text, path=refusal.detail, about=refusal.about)
            core.emit(Send(refusal.connection, reply))

    def _lost(self, connection: ConnectionId, reason: str) -> None:
        core = self._core
        for presence_id, presence in core.presences.items():
            if presence.waiting is not None and presence.waiting.connection == connection:
                presence.waiting = None
                core.changed.add(presence_id)
        self._seats.lost(connection)
        self._doors.gone(connection)
        who = core.owner.pop(connection, None)
        if who is None:
            return
        presence = core.presence(who)
        if presence.connection == connection:
            presence.connection = None
            presence.lost_at_ms = core.clock.now_ms()
            presence.finishing = None
        self._waiting.page_gone(who)
        self._matches.page_lost(core.state.participants[who])
        core.record(f.Disconnected(at=core.now(), participant_id=who, reason=reason[:200]))
        core.watch_absence(who)
        if core.state.participants[who].outcome is None:
            core.say("info", "the connection was lost", who)
        core.changed.add(who)

    def _storage(self, text: str) -> None:
        core = self._core
        was, core.storage_failed = core.storage_failed, text
        if text and not was:
            core.say(
                "error", f"{text}. Nothing is lost: the participants' browsers keep their data until it is written."
            )
        elif was and not text:
            core.say("info", "the records are written again")
            self._chunks.ask_again()

    def _wake(self, name: str) -> None:
        """A scheduled time has come."""
        if name.startswith(VERDICT):
            self._matches.judge(MatchId(name.removeprefix(VERDICT)))
        elif name.startswith(SEAT_PROBE):
            self._seats.probes.due(name)
        elif name == WAITROOM:
            self._waiting.due()
        elif name.startswith(SCREENING):
            self._gate.timed_out(ParticipantId(name.removeprefix(SCREENING)))
        else:
            self._left(ParticipantId(name.removeprefix(AWAY)))

    def _left(self, who: ParticipantId) -> None:
        """A participant was away some time ago: whoever still is has left."""
        core = self._core
        presence = core.presences.get(who)
        if presence is None or presence.connection is not None or presence.left or presence.lost_at_ms is None:
            return
        if core.clock.now_ms() - presence.lost_at_ms < LEFT_AFTER_MS - 1_000:
            return  # it came back in between, and this belongs to an earlier absence
        presence.left = True
        if facts := gone(core, core.state.participants[who]):
            core.record(*facts)
        core.changed.add(who)
        if core.state.participants[who].outcome is None:
            core.say("warning", "has been away for five minutes", who)
