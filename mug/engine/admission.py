"""Who may come in: new participants, returning ones, second tabs, ids without their token."""

import hashlib
import hmac
from collections.abc import Callable
from typing import Final

from mug.engine.care import Care
from mug.engine.clock import derive_seed
from mug.engine.doors import Doors
from mug.engine.effects import Close, ConnectionId, Send
from mug.engine.endings import CODE_LENGTH, Endings, spell
from mug.engine.live import Core, WaitingPage
from mug.engine.matches import Matches
from mug.engine.monitoring import Monitoring
from mug.engine.plan import plan_visits
from mug.engine.screening import EntryGate
from mug.engine.state import ParticipantState
from mug.engine.treatments import came_back
from mug.engine.visits import Visits
from mug.engine.waiting import Waiting
from mug.ids import ParticipantId, SessionId, is_valid_id
from mug.protocol.care import Held
from mug.protocol.messages import PROTOCOL_VERSION, Closed, Hello, Refused, Welcome
from mug.protocol.parts import RuntimeManifest
from mug.records import facts as f
from mug.records.recruiters import person_key, split_parameters

__all__ = ["Admission"]

RESERVED_IDS: Final = ("seat", "favicon.ico", "robots.txt")
MAX_PARAMETERS: Final = 32
MAX_CANDIDATES: Final = 64
MAX_PARTICIPANTS: Final = 10_000

_MESSAGES: Final = {
    "protocol": "This page is from another version of the study's software. Please reload it.",
    "build": "This page is out of date. Please reload it.",
    "token": "This address is in use on another browser. Please tell the experimenter; they can let you in here.",
    "second_tab": "This study is already open in another tab or window. Please go on there.",
    "finished": "You have already taken part in this study. Thank you!",
    "closed": "This session is over. Thank you for your interest.",
    "full": "This session has no more places. Please tell the experimenter.",
    "bad_id": "The address is not a valid one. Please check it, or ask the experimenter.",
}


class Admission:
    """Answers hello.

    Attributes:
        taken_in: Called when somebody takes part, or goes on, with the page's connection and its hello.
        seat_of: Says at which desk they are, for the records.
    """

    def __init__(
        self,
        core: Core,
        visits: Visits,
        matches: Matches,
        waiting: Waiting,
        runtime: RuntimeManifest | None,
        *,
        endings: Endings,
        gate: EntryGate,
        monitoring: Monitoring,
        doors: Doors,
        care: Care,
    ) -> None:
        self._core = core
        self._endings = endings
        self._gate = gate
        self._monitoring = monitoring
        self._doors = doors
        self._care = care
        self.taken_in: Callable[[ConnectionId, ParticipantId, Hello], None] = lambda _connection, _who, _hello: None
        self.seat_of: Callable[[ConnectionId, ParticipantId, Hello], str] = lambda _connection, _who, _hello: ""
        self._recruited = {
            person_key(participant.recruiter): participant.participant_id
            for participant in core.state.participants.values()
            if person_key(participant.recruiter)
        }
        self._visits = visits
        self._matches = matches
        self._waiting = waiting
        self._runtime = runtime

    def hello(self, connection: ConnectionId, hello: Hello) -> None:
        """Create or resume the participant that `hello` asks for, or say why not."""
        core = self._core
        if connection in core.owner:
            core.refuse(connection, "invalid", "this connection has said hello already", about="participant.hello")
            return
        self._answer(connection, hello)
        self._tell_kept(connection, hello)

    def _tell_kept(self, connection: ConnectionId, hello: Hello) -> None:
        """Tell the experimenter, once, of chunks of other sessions that wait in this browser."""
        core = self._core
        assert core.state.opened is not None
        for kept in hello.kept[:MAX_CANDIDATES]:
            whose = (kept.session_id[:64], kept.participant_id[:64])
            if (
                kept.session_id == core.state.opened.session_id
                or kept.chunks < 1
                or core.kept_told.get(whose) == kept.chunks
            ):
                continue
            if len(core.kept_told) < MAX_PARTICIPANTS:
                core.kept_told[whose] = kept.chunks
            what = "1 chunk" if kept.chunks == 1 else f"{kept.chunks} chunks"
            core.say(
                "warning",
                f"this browser keeps {what} of session {whose[0]}, participant {whose[1]}; they are taken when that "
                "session is opened again and this browser opens the study",
                core.owner.get(connection),
            )

    def _answer(self, connection: ConnectionId, hello: Hello) -> None:
        core = self._core
        _, recruiter = self._parameters(hello)
        person = person_key(recruiter)
        wanted = hello.subject_id or hello.params.get("subject_id", "")
        if ParticipantId(wanted) not in core.state.participants:
            # Under whatever new id a person comes whom the recruiter has sent before: it is the same participant.
            wanted = self._recruited.get(person, "") or wanted
        if reason := self._refusal(hello, wanted, person):
            self._refuse(connection, reason, wanted, hello)
            return
        if not wanted and person:
            self._create(connection, self._new_id(), hello)
            return
        if not wanted:
            free = self._unfinished_of_this_browser(hello)
            if free is not None:
                self._resume(connection, *free, hello)
            else:
                self._create(connection, self._new_id(), hello)
            return
        participant = core.state.participants.get(ParticipantId(wanted))
        if participant is None:
            self._create(connection, ParticipantId(wanted), hello)
        else:
            self._come_back(connection, participant, hello)

    def _refusal(self, hello: Hello, wanted: str, person: str) -> str:
        core = self._core
        if hello.protocol != PROTOCOL_VERSION:
            return "protocol"
        if core.build and hello.build != core.build:
            return "build"
        if core.state.ended:
            return "closed"
        if wanted and (not is_valid_id(wanted) or wanted.lower() in RESERVED_IDS):
            return "bad_id"
        if ParticipantId(wanted) not in core.state.participants and len(core.state.participants) >= MAX_PARTICIPANTS:
            return "full"
        known = ParticipantId(wanted) in core.state.participants
        if not known and (wanted in core.finished_before or person in core.finished_before):
            return "finished"
        return ""

    def _come_back(self, connection: ConnectionId, participant: ParticipantState, hello: Hello) -> None:
        core = self._core
        token = self._token_for(participant, hello)
        if token is None:
            if participant.let_in:
                self._let_in(connection, participant, hello)
            elif participant.outcome is not None:
                self._refuse(connection, "finished")
            else:
                presence = core.presence(participant.participant_id)
                presence.waiting = WaitingPage(connection, hello)
                core.say("warning", "asked for from a browser that does not hold its token", participant.participant_id)
                self._refuse(connection, "token")
        elif participant.is_closed and self._is_held(participant, hello):
            core.emit(Send(connection, self._endings.refused(participant)))
        elif self._is_held(participant, hello):
            core.say("info", "a second tab was turned away", participant.participant_id)
            self._refuse(connection, "second_tab")
        else:
            self._resume(connection, participant, token, hello)

    def _refuse(self, connection: ConnectionId, reason: str, wanted: str = "", hello: Hello | None = None) -> None:
        """Say no. When the session is over, who took part in it still gets the code again."""
        known = self._core.state.participants.get(ParticipantId(wanted)) if reason == "closed" else None
        if known is not None and hello is not None and known.outcome is not None and self._token_for(known, hello):
            self._core.emit(Send(connection, self._endings.refused(known)))
            return
        self._core.emit(Send(connection, Refused(reason=reason, message=_MESSAGES[reason])))

    def _is_held(self, participant: ParticipantState, hello: Hello) -> bool:
        """Whether another living tab has the participant. The same tab, reloaded, takes its own place again."""
        presence = self._core.presence(participant.participant_id)
        return presence.connection is not None and presence.tab_id != hello.tab_id

    def _unfinished_of_this_browser(self, hello: Hello) -> tuple[ParticipantState, str] | None:
        """Who of those whose token this browser holds is unfinished and in use by no living tab, and the token."""
        for candidate in hello.candidates[:MAX_CANDIDATES]:
            participant = self._core.state.participants.get(ParticipantId(candidate.participant_id))
            if participant is None or participant.outcome is not None:
                continue
            if hello.seat and participant.seat != hello.seat:
                continue  # several desks may share a browser's storage: each goes on with its own
            token = self._token_for(participant, hello)
            if token is not None and not self._is_held(participant, hello):
                return participant, token
        return None

    def _token_for(self, participant: ParticipantState, hello: Hello) -> str | None:
        """The token of `participant` among those that the page offers; None when none is right."""
        assert self._core.state.opened is not None
        session_id = self._core.state.opened.session_id
        offered = [hello.token] if hello.token else []
        offered += [
            candidate.token
            for candidate in hello.candidates[:MAX_CANDIDATES]
            if (candidate.session_id, candidate.participant_id) == (session_id, participant.participant_id)
        ]
        for token in offered:
            if hmac.compare_digest(participant.token_sha256, _sha256(token)):
                return token
        return None

    @staticmethod
    def _parameters(hello: Hello) -> tuple[dict[str, str], dict[str, str]]:
        """The free parameters of the address, and the recruiter's, bounded."""
        params = dict(list(hello.params.items())[:MAX_PARAMETERS])
        return split_parameters({key[:64]: value[:256] for key, value in params.items()})

    def _new_id(self) -> ParticipantId:
        while True:
            candidate = ParticipantId("p-" + self._draw(8))
            if candidate not in self._core.state.participants and candidate not in self._core.finished_before:
                return candidate

    def _draw(self, length: int) -> str:
        return spell(self._core.rng.getrandbits(length * 16), length)

    def _new_token(self) -> str:
        return f"{self._core.rng.getrandbits(256):064x}"

    def _create(self, connection: ConnectionId, participant_id: ParticipantId, hello: Hello) -> None:
        core = self._core
        if self._doors.hold(connection, hello):
            return
        assert core.state.opened is not None
        session_id = SessionId(core.state.opened.session_id)
        seed = derive_seed("participant", core.state.opened.seed, participant_id)
        token = self._new_token()
        params, recruiter = self._parameters(hello)
        environment = {name: getattr(hello.environment, name) for name in hello.environment.__struct_fields__}
        plan = plan_visits(core.frozen.study, session_id, participant_id, seed)
        core.record(
            f.ParticipantJoined(
                at=core.now(),
                participant_id=participant_id,
                seed=seed,
                token_sha256=_sha256(token),
                params=params,
                recruiter=recruiter,
                environment=environment,
                seat=self.seat_of(connection, participant_id, hello),
            ),
            f.PlanDrawn(
                at=core.now(),
                participant_id=participant_id,
                visits=plan,
                completion_code=core.frozen.study.endings.complete_code or self._draw(CODE_LENGTH).upper(),
            ),
        )
        if person := person_key(recruiter):
            self._recruited[person] = participant_id
        participant = core.state.participants[participant_id]
        if core.state.begun and not self._gate.screens(hello.environment):
            core.record(*self._visits.begin(participant, plan, 0))
        core.say("info", "joined", participant_id)
        if len(core.state.participants) - 1 == core.state.opened.expected:
            core.say(
                "warning", f"all {core.state.opened.expected} expected participants were here already; more come in"
            )
        self._take_in(connection, participant, hello, token, resume=False)

    def _resume(self, connection: ConnectionId, participant: ParticipantState, token: str, hello: Hello) -> None:
        presence = self._core.presence(participant.participant_id)
        if presence.connection is not None:
            self._replace(presence.connection)
        self._core.say("info", "came back", participant.participant_id)
        self._take_in(connection, participant, hello, token, resume=True)

    def _let_in(self, connection: ConnectionId, participant: ParticipantState, hello: Hello) -> None:
        """The experimenter allowed it: this browser gets a new token, the old one is worth nothing."""
        core = self._core
        token = self._new_token()
        presence = core.presence(participant.participant_id)
        if presence.connection is not None:
            self._replace(presence.connection)
        core.record(
            f.TokenRenewed(at=core.now(), participant_id=participant.participant_id, token_sha256=_sha256(token))
        )
        core.say("info", "was let in on another browser", participant.participant_id)
        self._take_in(connection, participant, hello, token, resume=True)

    def _replace(self, connection: ConnectionId) -> None:
        self._core.owner.pop(connection, None)
        self._core.emit(
            Send(connection, Closed(reason="replaced", message="This study goes on in another tab or browser."))
        )
        self._core.emit(Close(connection))

    def let_waiting_in(self, participant_id: ParticipantId) -> None:
        """Answer at once the page that is waiting for the experimenter's permission, if there is one."""
        presence = self._core.presence(participant_id)
        waiting, presence.waiting = presence.waiting, None
        if waiting is not None and waiting.connection not in self._core.owner:  # it may have gone in as somebody else
            self._come_back(waiting.connection, self._core.state.participants[participant_id], waiting.hello)

    def _take_in(
        self, connection: ConnectionId, participant: ParticipantState, hello: Hello, token: str, *, resume: bool
    ) -> None:
        core = self._core
        opened = core.state.opened
        assert opened is not None
        presence = core.presence(participant.participant_id)
        presence.connection, presence.tab_id = connection, hello.tab_id
        presence.lost_at_ms, presence.left, presence.waiting = None, False, None
        presence.focused = presence.visible = True
        presence.finishing = presence.match = None
        presence.gap_told.clear()
        presence.pulsed_at_ms, presence.silent = core.clock.now_ms(), False
        presence.pulsing = False
        self._monitoring.page_came(participant.participant_id)
        presence.recent_rtts.clear()
        presence.environment = hello.environment
        self._doors.gone(connection)
        core.owner[connection] = participant.participant_id
        core.changed.add(participant.participant_id)
        self.taken_in(connection, participant.participant_id, hello)
        welcome = Welcome(
            participant_id=participant.participant_id,
            session_id=opened.session_id,
            experiment_id=opened.experiment_id,
            token=token,
            title=core.frozen.study.title or "",
            server_time=core.now(),
            runtime=self._runtime,
            mug_globals=dict(participant.mug_globals),
            preview=core.preview,
            help=opened.help,
        )
        connected = f.Connected(at=core.now(), participant_id=participant.participant_id, tab_id=hello.tab_id[:64])
        core.record(
            connected, *came_back(core, participant), then=(Send(connection, welcome), *self._care.missed(participant))
        )
        reloaded = hello.token != token  # a page that was welcomed before says so by its token
        was_at = (participant.position, participant.outcome)
        self._waiting.page_gone(participant.participant_id)  # another page that this one takes the place of
        if (participant.position, participant.outcome) != was_at:
            return  # the wait was over at this moment: the page is told already where it goes on, or why it ends
        if participant.is_closed:
            core.after_commit(Send(connection, self._endings.closed(participant)))
            return
        if participant.position < 0 and not core.state.begun:
            core.after_commit(Send(connection, Held(why="start")))
            return
        if participant.position < 0:
            self._gate.enter(connection, participant, hello.environment)
            return
        self._matches.page_came(participant, reloaded=reloaded)
        core.after_commit(*self._visits.show(connection, participant, resume=resume, entered=not resume))
        if resume:
            core.after_commit(*self._matches.missed(participant, connection))


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
