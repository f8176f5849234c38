"""Who may take part: device, browser and connection are judged before the first scene."""

from dataclasses import dataclass, field
from statistics import median
from typing import Any, Final

from mug.engine.effects import ConnectionId, Schedule, Send
from mug.engine.endings import Endings
from mug.engine.live import Core, PendingCall
from mug.engine.payload import needs_runtime
from mug.engine.state import ParticipantState
from mug.engine.visits import Visits
from mug.ids import ParticipantId, VisitId
from mug.protocol.messages import Pulse, Screening
from mug.protocol.parts import ClientEnvironment
from mug.records import facts as f
from mug.study.browsers import matches_browser
from mug.study.settings import EntryScreening, Hosting

__all__ = ["SCREENING", "EntryGate", "read_answer", "reason_against"]

SCREENING: Final = "screening:"
"""Begins the name of the timer at whose end a page that measures nothing is turned away."""
INTERVAL_MS: Final = 250.0
PATIENCE_MS: Final = 15_000.0
"""A page has so long for its measurements, and a second more for each."""

_MESSAGES: Final = {
    "mobile": "This study cannot be done on a phone or tablet. Please open it on a computer.",
    "desktop": "This study is for phones and tablets. Please open it there.",
    "browser": "This study cannot be done in this browser.",
    "ping": "Your connection to the study is too slow for what follows. Thank you for your interest.",
    "webassembly": "This browser cannot run the game of this study, because WebAssembly is missing or switched off.",
    "webgl": "This browser cannot draw what this study shows, because WebGL is missing or switched off.",
    "viewport": "The window of your browser is too small for this study.",
    "callback": "You cannot take part in this study. Thank you for your interest.",
}
_NO_PING: Final = "Your connection to the study could not be measured. Thank you for your interest."


def reason_against(rules: EntryScreening, environment: ClientEnvironment, *, needs_wasm: bool = False) -> str:
    """Return why a browser may not take part, by what its page says of it; empty when it may."""
    if rules.device_exclusion is not None and environment.mobile == (rules.device_exclusion == "mobile"):
        return rules.device_exclusion
    browser, major = environment.browser, environment.browser_major
    if rules.browser_requirements and not matches_browser(rules.browser_requirements, browser, major):
        return "browser"
    if matches_browser(rules.browser_blocklist, browser, major):
        return "browser"
    # A program that takes part without a page (a simulated participant) says nothing of itself.
    asked = needs_wasm and environment != ClientEnvironment()
    if (asked or "webassembly" in rules.requirements) and not environment.webassembly:
        return "webassembly"
    if "webgl" in rules.requirements and not environment.webgl:
        return "webgl"
    if environment.viewport_width < (rules.min_viewport_width or 0):
        return "viewport"
    return "viewport" if environment.viewport_height < (rules.min_viewport_height or 0) else ""


@dataclass(slots=True)
class _Candidate:
    """Somebody who is being judged; lives as long as the process, and begins again with a new page."""

    environment: ClientEnvironment
    deadline_ms: float
    pings: list[float] = field(default_factory=list)
    last_n: int = -1
    ping_ms: float | None = None
    calling: bool = False


class EntryGate:
    """The rules of coming in. Without settings for it everybody comes in at once."""

    def __init__(self, core: Core, visits: Visits, endings: Endings) -> None:
        self._core = core
        self._visits = visits
        self._endings = endings
        study = core.frozen.study
        self._rules = study.screening
        hosting_ms = study.hosting.max_ping if study.hosting.max_ping != Hosting().max_ping else None
        limits = [limit for limit in (self._rules.max_ping, hosting_ms) if limit is not None]
        self._max_ping_ms = min(limits, default=None)
        self._needs_wasm = needs_runtime(study)
        self._candidates: dict[ParticipantId, _Candidate] = {}

    def screens(self, environment: ClientEnvironment) -> bool:
        """Whether anything of the study's settings has to be judged for this browser."""
        rules, standard = self._rules, EntryScreening()
        asked = any(
            getattr(rules, name) != getattr(standard, name)
            for name in rules.__struct_fields__
            if name not in ("extra", "exclusion_messages", "min_ping_measurements")
        )
        return (
            asked
            or self._max_ping_ms is not None
            or bool(reason_against(rules, environment, needs_wasm=self._needs_wasm))
        )

    def enter(self, connection: ConnectionId, participant: ParticipantState, environment: ClientEnvironment) -> None:
        """Somebody who is in begins: with the judging where there is any, else with the first scene."""
        if self.screens(environment):
            self.begin(connection, participant, environment)
            return
        core = self._core
        plan = tuple(core.state.visits[visit].planned for visit in participant.plan)
        core.record(*self._visits.begin(participant, plan, 0))
        core.changed.add(participant.participant_id)
        core.after_commit(*self._visits.show(connection, participant, entered=True))

    def begin(self, connection: ConnectionId, participant: ParticipantState, environment: ClientEnvironment) -> None:
        """A page of somebody who has not come in yet is here: judge it, or measure first."""
        who = participant.participant_id
        if reason := reason_against(self._rules, environment, needs_wasm=self._needs_wasm):
            self._turn_away(participant, reason)
            return
        known = self._candidates.get(who)
        if known is not None and known.calling:
            return  # the study's function is being asked; its answer goes to this page
        wait_ms = PATIENCE_MS + 1000 * self._rules.min_ping_measurements
        candidate = _Candidate(environment, self._core.clock.now_ms() + wait_ms)
        self._candidates[who] = candidate
        if self._max_ping_ms is None:
            self._ask_study(connection, participant, candidate)
            return
        screening = Screening(measurements=self._rules.min_ping_measurements, interval_ms=INTERVAL_MS)
        self._core.after_commit(Send(connection, screening))
        self._core.emit(Schedule(wait_ms, f"{SCREENING}{who}"))

    def pulsed(self, connection: ConnectionId, participant: ParticipantState, pulse: Pulse) -> None:
        """A measurement may be among what a page says."""
        candidate = self._candidates.get(participant.participant_id)
        if candidate is None or self._max_ping_ms is None or candidate.calling or pulse.rtt_ms is None:
            return
        number = pulse.n if pulse.rtt_n is None else pulse.rtt_n
        if not candidate.last_n < number <= pulse.n:
            return
        candidate.last_n = number
        candidate.pings.append(pulse.rtt_ms)
        if len(candidate.pings) < self._rules.min_ping_measurements:
            return
        candidate.ping_ms = median(candidate.pings)
        if candidate.ping_ms > self._max_ping_ms:
            self._turn_away(participant, "ping", value_ms=candidate.ping_ms)
        else:
            self._ask_study(connection, participant, candidate)

    def timed_out(self, who: ParticipantId) -> None:
        """A page may have measured nothing for too long; one that is away begins again when it is back."""
        core, candidate = self._core, self._candidates.get(who)
        if candidate is None or candidate.calling or core.clock.now_ms() < candidate.deadline_ms - 1:
            return
        if core.is_paused(who):
            candidate.deadline_ms = core.clock.now_ms() + PATIENCE_MS
            core.emit(Schedule(PATIENCE_MS, f"{SCREENING}{who}"))
            return
        if core.presence(who).connection is None:
            del self._candidates[who]
            return
        self._turn_away(core.state.participants[who], "ping", words=_NO_PING)

    def answered(self, participant: ParticipantState, ref: str, value: Any) -> str:
        """The study's function answered; returns what is wrong with its answer, which then counts as "come in"."""
        problem, excludes, message = read_answer(value, ("exclude",))
        if excludes["exclude"]:
            self._turn_away(participant, "callback", words=message)
        else:
            self._pass(participant)
        return problem

    def not_answered(self, participant: ParticipantState) -> None:
        """The study's function failed: nobody is turned away for that."""
        self._pass(participant)

    def _ask_study(self, connection: ConnectionId, participant: ParticipantState, candidate: _Candidate) -> None:
        core, ref = self._core, self._rules.entry_callback
        if ref is None:
            self._pass(participant)
            return
        assert core.state.opened is not None
        candidate.calling = True
        said = candidate.environment
        context: dict[str, object] = {
            "subject_id": participant.participant_id,
            "session_id": core.state.opened.session_id,
            "experiment_id": core.state.opened.experiment_id,
            "params": dict(participant.params),
            "recruiter": dict(participant.recruiter),
            "conditions": dict(core.state.opened.conditions),
            "environment": {name: getattr(said, name) for name in said.__struct_fields__},
            "ping_ms": candidate.ping_ms,
            "ping_measurements": len(candidate.pings),
        }
        pending = PendingCall("entry_callback", ref, participant.participant_id, VisitId(""), connection)
        core.call(pending.kind, ref, context, pending)

    def _pass(self, participant: ParticipantState) -> None:
        core, who = self._core, participant.participant_id
        candidate = self._candidates.pop(who, None)
        if participant.outcome is not None or participant.position >= 0 or core.state.ended:
            return
        plan = tuple(core.state.visits[visit].planned for visit in participant.plan)
        passed = f.ScreeningPassed(
            at=core.now(),
            participant_id=who,
            ping_ms=candidate.ping_ms if candidate is not None else None,
            measurements=len(candidate.pings) if candidate is not None else 0,
        )
        core.record(passed, *self._visits.begin(participant, plan, 0))
        core.changed.add(who)
        connection = core.presence(who).connection
        if connection is not None:
            core.after_commit(*self._visits.show(connection, participant, entered=True))

    def _turn_away(
        self, participant: ParticipantState, reason: str, *, words: str = "", value_ms: float | None = None
    ) -> None:
        self._candidates.pop(participant.participant_id, None)
        given = self._rules.exclusion_messages.get(reason, "")
        message = (words or given) if reason == "callback" else (given or words)
        self._endings.end(participant, "screened_out", reason, message or _MESSAGES[reason], value=value_ms)


def read_answer(value: Any, words: tuple[str, ...]) -> tuple[str, dict[str, bool], str]:
    """Read what a callback of the study answered: what is wrong with it, its true-or-false words, its message.

    Of an answer that is wrong nothing holds.
    """
    none = dict.fromkeys(words, False)
    if value is None:
        return "", none, ""
    if not isinstance(value, dict):
        return f"it answered {type(value).__name__}, not a dict", none, ""
    found = {word: value.get(word, False) for word in words}
    for word, said in found.items():
        if not isinstance(said, bool):
            return f"it answered {word}={str(said)[:60]!r}, not True or False", none, ""
    message = value.get("message", "")
    if message is not None and not isinstance(message, str):
        return f"it answered message={str(message)[:60]!r}, not a text", none, ""
    return "", found, (message or "")[:2_000]
