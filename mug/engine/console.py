"""What MUG Lab sees of a session, and what it may ask for."""

from typing import Any, Final

import msgspec

from mug.engine.action_log import action_view, last_actions
from mug.engine.actions import Actions
from mug.engine.admission import Admission
from mug.engine.clock import iso
from mug.engine.details import answer_detail
from mug.engine.doors import Doors
from mug.engine.effects import ConnectionId, LabUpdate, Send, Stop
from mug.engine.endings import session_over
from mug.engine.hands import Hands
from mug.engine.health import with_round_trips
from mug.engine.live import Core
from mug.engine.match_views import match_view
from mug.engine.monitoring import Monitoring
from mug.engine.notes import Notes, last_notes
from mug.engine.policies import changed_policies, policy_views
from mug.engine.release import Release
from mug.engine.seats import Seats
from mug.engine.second_screen import SecondScreen
from mug.engine.stages import Stages, waits_for_the_start
from mug.engine.state import ParticipantState
from mug.engine.treatment_views import treatment_views, unblind
from mug.engine.waiting import Waiting
from mug.engine.waitroom_views import changed_waitrooms, waitrooms
from mug.ids import ParticipantId
from mug.protocol.lab import (
    EndSession,
    LabBatch,
    LabReply,
    LabRequest,
    LabSnapshot,
    LetIn,
    ParticipantView,
    ReleaseGroups,
    SessionView,
    SetRelease,
    StopServer,
    TelemetryPoint,
    Unblind,
)
from mug.protocol.lab_console import (
    Act,
    AddNote,
    AnswerHand,
    AskDetail,
    AskSeats,
    HealthView,
    MakeView,
    ProbeSeats,
    SetStage,
)
from mug.records import facts as f

__all__ = ["Console"]

_ENDED: Final = {"excluded": "excluded", "screened_out": "turned_away"}
"""Outcomes that the console shows as states of their own."""
SNAPSHOT_TELEMETRY_POINTS = 50_000


class Console:
    """Views for the consoles, in batches, and their requests.

    Attributes:
        second_screen: The read-only web view of the session.
    """

    def __init__(
        self,
        core: Core,
        admission: Admission,
        waiting: Waiting,
        monitoring: Monitoring,
        *,
        doors: Doors,
        stages: Stages,
        actions: Actions,
        hands: Hands,
        seats: Seats,
    ) -> None:
        self._seats = seats
        self._doors = doors
        self._stages = stages
        self._actions = actions
        self._hands = hands
        self._notes = Notes(core)
        self._monitoring = monitoring
        self._core = core
        self._admission = admission
        self._waiting = waiting
        self._release = Release(core, waiting)
        self.second_screen = SecondScreen(
            core, waiting, self.session_view, lambda: map(self.participant_view, core.state.participants.values())
        )

    def connected(self, connection: ConnectionId) -> None:
        """Give a new console everything, once."""
        self._core.labs.add(connection)
        self._send_everything(connection)

    def measured(self, health: HealthView) -> None:
        """Take up how the server was in the last second."""
        self._core.health, self._core.health_changed = with_round_trips(self._core, health), True

    def past_telemetry(self, points: tuple[TelemetryPoint, ...]) -> None:
        """Take up what was measured before a restart; consoles that are here already get everything again."""
        core = self._core
        first = core.telemetry[0].at_ms if core.telemetry else core.clock.now_ms()
        room = (core.telemetry.maxlen or 0) - len(core.telemetry)
        older = [point for point in points if point.at_ms < first][-room:] if room > 0 else []
        core.telemetry.extendleft(reversed(older))
        for connection in core.labs:
            self._send_everything(connection)

    def _send_everything(self, connection: ConnectionId) -> None:
        core = self._core
        points = tuple(core.telemetry)
        step = -(-len(points) // SNAPSHOT_TELEMETRY_POINTS) or 1
        snapshot = LabSnapshot(
            session=self.session_view(),
            participants=tuple(self.participant_view(p) for p in core.state.participants.values()),
            telemetry=points[::step],
            log=tuple(core.log),
            counts=self.counts(),
            matches=tuple(match_view(core, match) for match in core.state.matches.values() if match.visits),
            waitrooms=waitrooms(core, self._waiting),
            seats=self._seats.views(),
            seat_pairs=self._seats.pair_views(),
            health=core.health,
            actions=last_actions(core.state.actions),
            notes=last_notes(core.state),
            policies=policy_views(core),
        )
        core.emit(LabUpdate(snapshot, connection))

    def flush(self) -> None:
        """Send what changed since the last batch, if there is anybody to see it."""
        core = self._core
        self.second_screen.ticked()
        if core.labs and (
            core.changed
            or core.changed_matches
            or core.changed_rooms
            or core.changed_seats
            or core.changed_seat_pairs
            or core.session_changed
            or core.new_log
            or core.new_telemetry
            or core.counts_changed
            or core.health_changed
            or core.changed_actions
            or core.changed_policies
            or core.new_notes
        ):
            views = tuple(
                self.participant_view(core.state.participants[who])
                for who in sorted(core.changed)
                if who in core.state.participants
            )
            batch = LabBatch(
                session=self.session_view() if core.session_changed else None,
                participants=views,
                telemetry=tuple(core.new_telemetry),
                log=tuple(core.new_log),
                counts=self.counts() if core.counts_changed else {},
                matches=tuple(match_view(core, core.state.matches[which]) for which in sorted(core.changed_matches)),
                waitrooms=changed_waitrooms(core, self._waiting),
                seats=self._seats.changed_views(),
                seat_pairs=self._seats.changed_pair_views(),
                health=core.health if core.health_changed else None,
                actions=tuple(
                    action_view(a.fact, a.seen) for a in map(core.state.actions.get, core.changed_actions) if a
                ),
                notes=tuple(core.new_notes),
                policies=changed_policies(core, core.changed_policies),
            )
            core.emit(LabUpdate(batch))
        core.changed.clear()
        core.changed_matches.clear()
        core.changed_rooms.clear()
        core.changed_seats.clear()
        core.changed_seat_pairs.clear()
        core.new_log.clear()
        core.new_telemetry.clear()
        core.changed_actions.clear()
        core.changed_policies.clear()
        core.new_notes.clear()
        core.session_changed = core.counts_changed = core.health_changed = False

    def asked(self, connection: ConnectionId, request: LabRequest) -> None:
        """Do what the experimenter asks for; every request is answered, after it is on disk."""
        match request:
            case LetIn():
                self._let_in(connection, request)
            case EndSession():
                self._end(connection, request)
            case AskDetail():
                if error := answer_detail(self._core, connection, request):
                    self._reply(connection, request.request_id, error)
            case AskSeats() | ProbeSeats():
                self._seats.asked(connection, request)
            case SetStage():
                self._reply(connection, request.request_id, self._stages.set_stage(request))
            case Act():
                error, view = self._actions.act(request)
                self._reply(
                    connection,
                    request.request_id,
                    error,
                    msgspec.json.decode(msgspec.json.encode(view)) if view else {},
                )
            case AnswerHand():
                self._reply(connection, request.request_id, self._hands.answer(request))
            case AddNote():
                self._reply(connection, request.request_id, self._notes.add(request))
            case MakeView():
                self._reply(connection, request.request_id, *self.second_screen.asked(request))
            case Unblind():
                self._reply(connection, request.request_id, unblind(self._core, request))
                for lab in self._core.labs if self._core.state.unblinded else ():
                    self._send_everything(lab)  # names take the letters' place, in waitrooms too
            case SetRelease():
                self._reply(connection, request.request_id, self._release.set_mode(request))
            case ReleaseGroups():
                self._reply(connection, request.request_id, self._release.let_go(request))
            case StopServer():
                self.stop_cleanly(
                    "stopped from MUG Lab", LabUpdate(LabReply(request_id=request.request_id), connection)
                )

    def _reply(self, connection: ConnectionId, request_id: str, error: str, data: dict[str, Any] | None = None) -> None:
        reply = LabReply(request_id=request_id, error=error, data=data or {})
        self._core.after_commit(LabUpdate(reply, connection))

    def _let_in(self, connection: ConnectionId, request: LetIn) -> None:
        core = self._core
        who = ParticipantId(request.participant_id)
        if who not in core.state.participants or core.state.ended:
            unknown = f"there is no participant {request.participant_id[:80]!r} in this session"
            error = "the session is over" if core.state.ended else unknown
            core.emit(LabUpdate(LabReply(request_id=request.request_id, error=error), connection))
            return
        action = f.ConsoleAction(at=core.now(), action="let_in", participant_id=who, reason=request.reason[:2000])
        core.record(action, then=(LabUpdate(LabReply(request_id=request.request_id), connection),))
        core.say("info", "may come in from another browser, once", who)
        self._admission.let_waiting_in(who)

    def _end(self, connection: ConnectionId, request: EndSession) -> None:
        core = self._core
        reply = LabUpdate(LabReply(request_id=request.request_id), connection)
        if core.state.ended:
            core.after_commit(reply)
            return
        reason = request.reason[:2000]
        core.record(
            f.ConsoleAction(at=core.now(), action="end_session", reason=reason),
            f.SessionEnded(at=core.now(), reason=reason or "ended from MUG Lab"),
        )
        closed = session_over()
        unfinished = (c for c, who in core.owner.items() if core.state.participants[who].outcome is None)
        core.after_commit(*(Send(c, closed) for c in unfinished), reply)
        self._waiting.session_over()
        self._doors.session_over()
        core.session_changed = True
        core.say("info", f"the session was ended: {reason}")
        for lab in core.labs if core.frozen.study.treatments.blind else ():
            self._send_everything(lab)  # the names are shown from now on, of policies and waitrooms too

    def stop_cleanly(self, reason: str, *replies: LabUpdate) -> None:
        """Stop the server; the session is over when nobody is unfinished, else it stays open."""
        core = self._core
        if not core.state.ended and not core.state.is_unfinished():
            core.record(f.SessionEnded(at=core.now(), reason=f"{reason}, nobody was unfinished"))
            core.session_changed = True
        core.after_commit(*replies, Stop(reason))

    def session_view(self) -> SessionView:
        """The session as the console shows it."""
        core = self._core
        opened = core.state.opened
        assert opened is not None
        return SessionView(
            session_id=opened.session_id,
            experiment_id=opened.experiment_id,
            title=core.frozen.study.title or opened.experiment_id,
            study_hash=opened.study_hash,
            state="ended" if core.state.ended else "open",
            started_at=opened.at,
            addresses=core.addresses,
            data_dir=core.data_dir,
            pilot=opened.pilot,
            release=core.state.release,
            stage=core.state.stage,
            label=opened.label,
            expected=opened.expected,
            seats=opened.seats,
            conditions=dict(opened.conditions),
            help=opened.help,
            treatments=treatment_views(core),
            treatments_per=core.frozen.study.treatments.per if core.frozen.study.treatments.arms else "",
            blind=core.is_blind and bool(core.frozen.study.treatments.arms),
            unblinded=core.state.unblinded,
        )

    def counts(self) -> dict[str, int]:
        """Rows per table that are stored, and what was refused (``refused.<code>``)."""
        core = self._core
        counts = dict(core.state.counts)
        counts["episodes"] = sum(len(match.next_frame) for match in core.state.matches.values())
        counts.update({f"refused.{code}": count for code, count in core.refusals.items()})
        return counts

    def participant_view(self, participant: ParticipantState) -> ParticipantView:
        """One participant as the console shows it."""
        core = self._core
        presence = core.presence(participant.participant_id)
        held = waits_for_the_start(core.state, participant)
        visit = core.state.current_visit(participant)
        match = core.state.current_match(visit) if visit is not None else None
        frames = sum(core.state.matches[m].frames for v in participant.plan for m in core.state.visits[v].match_ids)
        browser = participant.environment.get("browser", "")
        major = participant.environment.get("browser_major", 0)
        return ParticipantView(
            participant_id=participant.participant_id,
            state=self._state(participant),
            scene_id=visit.planned.scene_id if visit is not None else None,
            scene_index=max(participant.position, 0),
            scene_total=len(participant.plan),
            visit_id=visit.planned.visit_id if visit is not None else None,
            phase="held" if held else presence.phase,
            phase_detail="until the session starts" if held else presence.phase_detail,
            since=iso(presence.phase_since_ms),
            joined_at=participant.joined_at,
            rtt_ms=presence.rtt_ms,
            jitter_ms=presence.jitter_ms,
            focused=presence.focused,
            visible=presence.visible,
            fullscreen=presence.fullscreen,
            frame_rate_hz=presence.frame_rate_hz,
            episode=presence.episode if match is not None else None,
            frame=presence.frame if match is not None else None,
            unacked_chunks=presence.unacked_chunks,
            frames_stored=frames,
            errors=participant.errors,
            wants_in=presence.waiting is not None,
            browser=f"{browser} {major}" if major else browser,
            outcome=participant.outcome or "",
            outcome_reason=core.shown_text(participant.outcome_reason),
            warning=self._monitoring.warning_of(participant.participant_id),
            lost_probes=presence.lost_probes,
            seat=presence.seat or participant.seat,
            paused=core.state.is_paused(participant),
            hand=participant.hand_text if participant.hand_id else None,
            hand_since=participant.hand_since,
            unseen_actions=len(participant.unseen),
            treatment=core.shown_treatment(participant.treatment),
        )

    def _state(self, participant: ParticipantState) -> str:
        presence = self._core.presence(participant.participant_id)
        if participant.outcome in _ENDED:
            return _ENDED[participant.outcome]
        if participant.outcome is not None:
            return "finished"
        if presence.connection is None:
            return "left" if presence.left else "lost"
        if presence.silent:
            return "lost"
        if participant.position < 0 and not waits_for_the_start(self._core.state, participant):
            return "screening"
        return "connected" if presence.visible else "background"
