"""Desks: pages that warm up at ``/seat/<desk>``, wait for the session, take part there, and come home again."""

from typing import Any, Final

from mug.engine.clock import iso
from mug.engine.desks import Desk, desk_state, desk_view, known_checks
from mug.engine.effects import Close, ConnectionId, LabUpdate, Send
from mug.engine.live import Core, Presence
from mug.engine.seat_probes import SeatProbes
from mug.engine.state import ParticipantState
from mug.ids import ParticipantId, is_valid_id
from mug.protocol.lab import LabReply
from mug.protocol.lab_console import AskSeats, ProbeSeats, SeatPairView, SeatView
from mug.protocol.messages import (
    PROTOCOL_VERSION,
    ClientError,
    Hello,
    ParticipantMessage,
    ProbeDone,
    PulseEcho,
    Refused,
)
from mug.protocol.parts import RuntimeManifest
from mug.protocol.seats import SeatAsked, SeatDone, SeatHello, SeatRefused, SeatReport, SeatWelcome
from mug.records import facts as f

__all__ = ["ASKED", "Seats"]

ASKED: Final = ("identify", "reload", "fullscreen", "home", "begin")
OPEN_STAGES: Final = ("doors_open", "running")
"""Desks begin by themselves in these stages."""
MAX_DESKS: Final = 1_000
MAX_ANSWERED: Final = 500
"""Requests that are known when they come again."""
MAX_TEXT: Final = 300

_MESSAGES: Final = {
    "protocol": "This page is from another version of the software. Please reload it.",
    "build": "This page is out of date. Please reload it.",
    "bad_desk": "A desk's name has letters, digits, “-”, “_” and “.” only, 64 at most. Please correct the address.",
    "full": "This server has no room for more desks.",
    "taken": "Another page is open for this desk. Please close it, or open this one at another desk's address.",
    "closed": "This session is over. The desk waits for the next one.",
}


class Seats:
    """The desks of a session, and what is asked of them."""

    def __init__(
        self,
        core: Core,
        runtime: RuntimeManifest | None,
        *,
        ice_servers: tuple[dict[str, Any], ...] = (),
        force_relay: bool = False,
    ) -> None:
        self._core = core
        self._runtime = runtime
        self._ice_servers = ice_servers
        self._force_relay = force_relay
        self.probes = SeatProbes(core, ice_servers=ice_servers, force_relay=force_relay)
        self._desks: dict[str, Desk] = {}
        self._homes: dict[ConnectionId, Desk] = {}
        self._answered: dict[str, LabReply] = {}
        self._stage = core.state.stage
        assert core.state.opened is not None
        for name in core.state.opened.seats:
            self._desk(name)
        for participant in core.state.participants.values():
            if participant.seat:
                desk = self._desk(participant.seat)
                desk.participant_id, desk.seen = participant.participant_id, True

    # ------------------------------------------------------------- what pages say

    def hello(self, connection: ConnectionId, message: SeatHello) -> None:
        """A desk's page is there: it is told what to warm up, or why it cannot be this desk."""
        core = self._core
        known = self._homes.get(connection)
        if connection in core.owner or (known is not None and known.name != message.desk):
            core.refuse(connection, "invalid", "this connection has said hello already", about="seat.hello")
            return
        if reason := self._refusal(connection, message):
            name = "bad_desk" if reason == "full" else reason
            core.emit(Send(connection, SeatRefused(reason=name, message=_MESSAGES[reason])))
            return
        desk = self._desk(message.desk)
        if desk.connection not in (None, connection):
            assert desk.connection is not None
            del self._homes[desk.connection]
            core.emit(Close(desk.connection))
        desk.connection, desk.tab_id, desk.seen = connection, message.tab_id, True
        desk.reported_at_ms = core.clock.now_ms()
        desk.report, desk.checks = None, known_checks(())
        browser, major = message.environment.browser[:64], message.environment.browser_major
        desk.browser = f"{browser} {major}" if major else browser
        self._homes[connection] = desk
        opened = core.state.opened
        assert opened is not None
        welcome = SeatWelcome(
            desk=desk.name,
            session_id=opened.session_id,
            title=core.frozen.study.title or "",
            server_time=core.now(),
            runtime=self._runtime,
            ice_servers=self._ice_servers,
            force_relay=self._force_relay,
        )
        core.emit(Send(connection, welcome))
        self.probes.came(desk.name, connection)
        self._settle(desk)
        core.changed_seats.add(desk.name)

    def _refusal(self, connection: ConnectionId, message: SeatHello) -> str:
        core = self._core
        if message.protocol != PROTOCOL_VERSION:
            return "protocol"
        if core.build and message.build != core.build:
            return "build"
        if not is_valid_id(message.desk):
            return "bad_desk"
        if core.state.ended:
            return "closed"
        desk = self._desks.get(message.desk)
        if desk is None:
            return "full" if len(self._desks) >= MAX_DESKS else ""
        if desk.connection != connection and desk.is_home(core.clock.now_ms()) and desk.tab_id != message.tab_id:
            return "taken"
        participant, presence = self._sitting(desk)
        under_way = participant is not None and participant.outcome is None
        if under_way and presence is not None and presence.connection is not None and not presence.silent:
            # The same tab that comes home is heard of before the end of its participant's connection.
            return "" if presence.tab_id == message.tab_id else "taken"
        return ""

    def page(self, connection: ConnectionId, message: ParticipantMessage) -> bool:
        """Take up a message of a page at home; returns whether the connection is one, and says such things."""
        desk = self._homes.get(connection)
        if desk is None:
            return False
        match message:
            case SeatReport():
                self._reported(connection, desk, message)
            case SeatDone():
                self._done(desk, message)
            case ProbeDone():
                self.probes.done(connection, message)
            case ClientError():
                text = f"desk {desk.name}: {message.kind[:64]}: {message.message[:2_000]}"
                self._core.say("error", text, traceback=message.traceback[:20_000])
            case _:
                return False
        return True

    def _reported(self, connection: ConnectionId, desk: Desk, report: SeatReport) -> None:
        core = self._core
        now_ms = core.clock.now_ms()
        core.emit(Send(connection, PulseEcho(n=report.n, client_ms=report.client_ms, server_time=iso(now_ms))))
        desk.reported_at_ms = now_ms
        desk.report, desk.checks = report, known_checks(report.checks)
        self._settle(desk)
        core.changed_seats.add(desk.name)
        self._begin_if_due(desk)

    def done(self, connection: ConnectionId, message: SeatDone) -> None:
        """A participant's page has done what was asked of its desk."""
        who = self._core.owner.get(connection)
        desk = self._desks.get(self._core.presence(who).seat) if who is not None else None
        if desk is not None:
            self._done(desk, message)

    def _done(self, desk: Desk, message: SeatDone) -> None:
        if message.action_id == desk.asked_id:
            desk.asked_state = message.error[:MAX_TEXT] or "done"
            self._core.changed_seats.add(desk.name)

    def answered_hello(self, connection: ConnectionId) -> None:
        """A hello was answered: where it came from a desk at home and was refused, the console sees why."""
        home = self._homes.get(connection)
        refusal = self._refusal_of(connection)
        if home is not None and refusal:
            home.asked, home.asked_state = "begin", refusal[:MAX_TEXT]
            self._core.changed_seats.add(home.name)

    def seat_of(self, connection: ConnectionId, who: ParticipantId, hello: Hello) -> str:
        """The desk of a page that takes part; empty: none, or it names one at which another page is open."""
        home = self._homes.get(connection)
        if home is not None:
            return home.name
        if not is_valid_id(hello.seat):
            return ""
        desk = self._desks.get(hello.seat)
        if desk is None:
            return hello.seat
        participant, presence = self._sitting(desk)
        if desk.is_home(self._core.clock.now_ms()) and desk.tab_id != hello.tab_id:
            return ""
        under_way = participant is not None and participant.participant_id != who and participant.outcome is None
        lives = presence is not None and presence.connection is not None and not presence.silent
        return "" if under_way and lives else hello.seat

    def taken_in(self, connection: ConnectionId, who: ParticipantId, hello: Hello) -> None:
        """Somebody takes part, or goes on, on this page: where it is one of a desk, they sit there now."""
        core = self._core
        home = self._homes.get(connection)
        presence = core.presence(who)
        presence.seat = self.seat_of(connection, who, hello)
        if hello.seat and not presence.seat:
            core.say("warning", f"says to be at desk {hello.seat[:64]}, which is another page's: it is not taken", who)
        if not presence.seat or (presence.seat not in self._desks and len(self._desks) >= MAX_DESKS):
            presence.seat = ""
            return
        desk = self._desk(presence.seat)
        desk.participant_id, desk.seen = who, True
        if home is not None:
            self._record_checks(desk, who)
            self._leave(connection, desk, "somebody takes part there now")
        self._settle(desk)
        core.changed.add(who)
        core.changed_seats.add(desk.name)

    def _record_checks(self, desk: Desk, who: ParticipantId) -> None:
        core = self._core
        view = desk_view(desk, None, core.clock.now_ms())
        core.record(
            f.SeatChecked(
                at=core.now(),
                desk=desk.name,
                participant_id=who,
                clock_offset_ms=view.clock_offset_ms,
                rtt_ms=view.rtt_ms,
                frame_rate_hz=view.frame_rate_hz,
                checks={check.name: check.text if check.state == "bad" else check.state for check in desk.checks},
            )
        )

    def _refusal_of(self, connection: ConnectionId) -> str:
        for effect in reversed(self._core.effects):
            if isinstance(effect, Send) and effect.connection == connection and isinstance(effect.message, Refused):
                return effect.message.message
        return ""

    def lost(self, connection: ConnectionId) -> None:
        """A page's connection ended."""
        core = self._core
        desk = self._homes.get(connection)
        who = core.owner.get(connection)
        if desk is not None:
            self._leave(connection, desk, "its page is gone")
        elif who is not None:
            desk = self._desks.get(core.presence(who).seat)
        if desk is not None:
            if desk.asked_state == "sent":
                desk.asked_state = "The page went away before it answered."
            core.changed_seats.add(desk.name)

    def _leave(self, connection: ConnectionId, desk: Desk, why: str) -> None:
        del self._homes[connection]
        if desk.connection == connection:
            desk.connection = None
            self.probes.went(desk.name, why)
            self._settle(desk)

    # ------------------------------------------------------------- time and stages

    def ticked(self) -> None:
        """A tenth of a second went by: desks may have fallen silent, or the doors have opened."""
        if self._core.state.stage != self._stage:
            self._stage = self._core.state.stage
            for desk in self._desks.values():
                desk.begun = None
        for desk in self._desks.values():
            self._settle(desk)
            self._begin_if_due(desk)

    def _settle(self, desk: Desk) -> None:
        """Bring a desk's state up to date."""
        now_ms = self._core.clock.now_ms()
        participant, presence = self._sitting(desk)
        state = desk_state(desk, participant, presence, now_ms)
        if state == desk.state:
            return
        desk.state, desk.since_ms = state, now_ms
        self._core.changed_seats.add(desk.name)
        if desk.connection is not None and state == "lost":
            self.probes.went(desk.name, "its page does not answer")
        elif desk.connection is not None and desk.is_home(now_ms):
            self.probes.came(desk.name, desk.connection)

    def _begin_if_due(self, desk: Desk) -> None:
        """Have a ready desk of the session begin, once: where nobody has taken part yet, or somebody is under way."""
        core = self._core
        opened = core.state.opened
        assert opened is not None
        if desk.state != "ready" or core.state.ended or core.state.stage not in OPEN_STAGES:
            return
        participant, presence = self._sitting(desk)
        finished = participant is not None and participant.outcome is not None
        # A page that the server has not missed yet still holds its participant: it would let in somebody new.
        held = not finished and presence is not None and presence.connection is not None
        belongs = not opened.seats or desk.name in opened.seats
        if belongs and not finished and not held and desk.begun != desk.connection:
            self._ask(desk, "begin", f"begin-{core.rng.getrandbits(48):012x}")

    # ------------------------------------------------------------- what the experimenter asks for

    def asked(self, lab: ConnectionId, request: AskSeats | ProbeSeats) -> None:
        """Do what the experimenter asks for; a request that comes again is answered again, and done once.

        The answer's data: `asked` the desks (of ProbeSeats: `pairs`, how many), `skipped` desk -> why not.
        """
        reply = self._answered.get(request.request_id)
        if reply is None:
            reply = self._ask_desks(request) if isinstance(request, AskSeats) else self._probe(request)
            self._answered[request.request_id] = reply
            if len(self._answered) > MAX_ANSWERED:
                del self._answered[next(iter(self._answered))]
        self._core.emit(LabUpdate(reply, lab))

    def _ask_desks(self, request: AskSeats) -> LabReply:
        if request.what not in ASKED:
            error = f"{request.what[:80]!r} cannot be asked of a desk: use one of {', '.join(ASKED)}"
            return LabReply(request_id=request.request_id, error=error)
        if request.what == "begin" and (error := self._why_closed()):
            return LabReply(request_id=request.request_id, error=error)
        asked, skipped = [], {}
        for name in dict.fromkeys(request.desks or self._desks):
            if why := self._why_not(name, request.what, by_name=bool(request.desks)):
                if request.desks or self._page_of(self._desks[name]) is not None:
                    skipped[name[:64]] = why
                continue
            self._ask(self._desks[name], request.what, request.request_id)
            asked.append(name)
        return LabReply(request_id=request.request_id, data={"asked": asked, "skipped": skipped})

    def _why_closed(self) -> str:
        if self._core.state.ended:
            return "the session is over"
        stages = {"prepared": "the doors are closed: open them first", "paused": "the session is paused"}
        return stages.get(self._core.state.stage, "")

    def _why_not(self, name: str, what: str, *, by_name: bool) -> str:
        """Why something cannot be asked of a desk, in words; empty: it can."""
        desk = self._desks.get(name)
        if desk is None:
            return "there is no such desk"
        if self._page_of(desk) is None:
            return "no page is open at this desk"
        at_home = desk.connection is not None
        participant, presence = self._sitting(desk)
        under_way = participant is not None and participant.outcome is None
        if what == "home" and under_way and not at_home:
            return "somebody takes part there, and would be interrupted"
        if what == "begin" and not at_home:
            return "its page is not at home"
        if what == "begin" and under_way and presence is not None and presence.connection is not None:
            return "the page of who takes part there was lost a moment ago: try again in 15 seconds"
        # Named desks begin although a check is bad: the experimenter sees it, and it is recorded.
        if what == "begin" and not by_name and not desk.is_ready:
            return "it is not ready"
        return ""

    def _page_of(self, desk: Desk) -> ConnectionId | None:
        """The connection of the page at a desk, at home or taking part."""
        if desk.connection is not None:
            return desk.connection
        _, presence = self._sitting(desk)
        return presence.connection if presence is not None else None

    def _ask(self, desk: Desk, what: str, action_id: str) -> None:
        connection = self._page_of(desk)
        assert connection is not None
        desk.asked, desk.asked_id, desk.asked_state = what, action_id, "sent"
        if what == "begin":
            desk.begun = connection
        self._core.emit(Send(connection, SeatAsked(action_id=action_id, what=what, text=desk.name)))
        self._core.changed_seats.add(desk.name)

    def _probe(self, request: ProbeSeats) -> LabReply:
        now_ms = self._core.clock.now_ms()
        names = dict.fromkeys(request.desks or [name for name, desk in self._desks.items() if desk.is_home(now_ms)])
        home = [name for name in names if name in self._desks and self._desks[name].is_home(now_ms)]
        skipped = {name[:64]: "its page is not at home" for name in names if name not in home}
        if len(home) < 2:
            error = "connections are measured between desks whose pages are at home; fewer than two are"
            return LabReply(request_id=request.request_id, error=error)
        return LabReply(request_id=request.request_id, data={"pairs": self.probes.ask(home), "skipped": skipped})

    # ------------------------------------------------------------- what consoles see

    def views(self) -> tuple[SeatView, ...]:
        """All desks."""
        return tuple(self._view(desk) for desk in self._desks.values())

    def pair_views(self) -> tuple[SeatPairView, ...]:
        """All pairs that were measured, or are."""
        return tuple(self.probes.views.values())

    def changed_views(self) -> tuple[SeatView, ...]:
        """The desks that changed, those whose participants did included."""
        core = self._core
        sitting = {core.presence(who).seat for who in core.changed if who in core.presences}
        names = (core.changed_seats | sitting) & self._desks.keys()
        return tuple(self._view(self._desks[name]) for name in sorted(names))

    def changed_pair_views(self) -> tuple[SeatPairView, ...]:
        """The pairs that changed."""
        return tuple(self.probes.views[pair] for pair in sorted(self._core.changed_seat_pairs))

    def _view(self, desk: Desk) -> SeatView:
        self._settle(desk)
        return desk_view(desk, self._sitting(desk)[1], self._core.clock.now_ms())

    def _desk(self, name: str) -> Desk:
        desk = self._desks.get(name)
        if desk is None:
            desk = self._desks[name] = Desk(name)
        return desk

    def _sitting(self, desk: Desk) -> tuple[ParticipantState | None, Presence | None]:
        """Who sits or sat at a desk, and their page, where it is one of this desk."""
        core = self._core
        if desk.participant_id is None:
            return None, None
        presence = core.presences.get(desk.participant_id)
        at_desk = presence is not None and presence.seat == desk.name
        return core.state.participants.get(desk.participant_id), presence if at_desk else None
