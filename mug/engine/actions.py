"""What the experimenter does to participants: checked, foreseen, recorded once, done, and told to the pages."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from mug.engine.action_log import action_view
from mug.engine.care import Care
from mug.engine.live import Core
from mug.engine.pause_news import STAGE
from mug.engine.pauses import Pauses
from mug.engine.state import ParticipantState
from mug.ids import ParticipantId
from mug.protocol.lab_console import ACTIONS, PAY_RULES, Act, ActionView
from mug.records import facts as f

__all__ = ["USED_ID", "Actions", "Deed", "Plan", "judged"]

USED_ID: Final = "nothing was done: this request_id was used for something else before; use a new one"

MAX_ID_CHARS: Final = 128
MAX_TEXT_CHARS: Final = 2_000
MAX_PEOPLE: Final = 10_000
MAX_NAMED: Final = 20
"""People whom an answer names; of more it names the first."""
_OUTCOMES: Final[Mapping[str, tuple[str, ...]]] = {
    "exclude": ("excluded", "technical", "screened_out"),
    "end": ("complete", "technical"),
}


@dataclass(slots=True)
class Plan:
    """What an action would do: to whom, to whom not and why, and what becomes of others."""

    participants: list[ParticipantState] = field(default_factory=list)
    skipped: dict[str, str] = field(default_factory=dict)
    affected: dict[str, str] = field(default_factory=dict)


class Deed(Protocol):
    """One kind of action."""

    def plan(self, people: Sequence[ParticipantState], request: Act) -> Plan | str:
        """Say what would be done, or what is wrong with the request, in words."""
        ...

    def do(self, fact: f.ActionTaken) -> None:
        """Do it; `fact` is recorded here."""
        ...


class Actions:
    """Takes the console's requests; each is done once, however often it is sent."""

    def __init__(self, core: Core, care: Care, pauses: Pauses, deeds: Mapping[str, Deed] | None = None) -> None:
        self._core = core
        self._deeds: dict[str, Deed] = {
            "message": _Message(core, care),
            "pause": _Pause(core, pauses),
            "resume": _Resume(core, pauses),
            **(deeds or {}),
        }

    def act(self, request: Act) -> tuple[str, ActionView | None]:
        """Do it, or only foresee it; returns what is wrong, in words, and the action as it is (or would be)."""
        core = self._core
        known = core.state.actions.get(request.request_id)
        if known is not None:
            return ("", action_view(known.fact, known.seen)) if _is_again(known.fact, request) else (USED_ID, None)
        if error := self._fault(request):
            return error, None
        people, skipped = self._people(request)
        plan = self._deeds[request.action].plan(people, request)
        if isinstance(plan, str):
            return plan, None
        fact = f.ActionTaken(
            at=core.now(),
            action_id=request.request_id,
            action=request.action,
            participants=tuple(participant.participant_id for participant in plan.participants),
            reason=request.reason[:2000],
            text=request.text.strip(),
            outcome=_outcome(request),
            pay=request.pay,
            groups=request.groups,
            skipped={**skipped, **plan.skipped},
            affected=plan.affected,
        )
        if request.preview:
            return "", action_view(fact, {})
        if not fact.participants:
            return _nothing(fact.skipped), action_view(fact, {})
        with core.as_one():
            self._deeds[request.action].do(fact)
        core.changed_actions[fact.action_id] = None
        core.changed.update(ParticipantId(who) for who in (*fact.participants, *fact.affected))
        self._say(fact)
        taken = core.state.actions[fact.action_id]
        return "", action_view(taken.fact, taken.seen)

    def _fault(self, request: Act) -> str:
        """What is wrong with the request by itself."""
        if self._core.state.ended:
            return "the session is over"
        if not 0 < len(request.request_id) <= MAX_ID_CHARS or request.request_id.startswith(STAGE):
            return f"an action needs a request_id of at most {MAX_ID_CHARS} characters, not beginning with {STAGE}"
        if request.action not in ACTIONS or request.action not in self._deeds:
            return f"{request.action[:80]!r} is no action: use {', '.join(self._deeds)}"
        if request.action != "repair" and not (request.participants or request.everyone):
            return "nobody is named: choose participants, or everyone"
        named = len(request.participants) + sum(map(len, request.groups))
        if named > MAX_PEOPLE:
            return f"{named} participants are named; an action may name {MAX_PEOPLE}"
        if request.action == "repair" and not request.groups:
            return "no group is named: put participants together first"
        if request.action == "message" and not request.text.strip():
            return "the message is empty: write something"
        if len(request.text.strip()) > MAX_TEXT_CHARS:
            return f"the text has {len(request.text.strip())} characters; it may have {MAX_TEXT_CHARS}"
        outcomes = _OUTCOMES.get(request.action, ())
        if request.outcome and request.outcome not in outcomes:
            expected = f"use {', '.join(outcomes)}" if outcomes else f"{request.action} has none"
            return f"{request.outcome[:80]!r} is no outcome of this action: {expected}"
        if request.pay not in PAY_RULES:
            return f"{request.pay[:80]!r} is no rule for the pay: use full, partial or none"
        return "only who is excluded or ended can be given a pay" if request.pay and not outcomes else ""

    def _people(self, request: Act) -> tuple[list[ParticipantState], dict[str, str]]:
        """Whom the request names, and who of them cannot be reached by any action."""
        participants = self._core.state.participants
        if request.everyone:
            return [participant for participant in participants.values() if participant.outcome is None], {}
        found: list[ParticipantState] = []
        skipped: dict[str, str] = {}
        for name in dict.fromkeys((*request.participants, *(who for group in request.groups for who in group))):
            participant = participants.get(ParticipantId(name))
            if participant is None:
                skipped[name[:80]] = "there is no such participant in this session"
            elif participant.outcome is not None:
                skipped[name] = "the participation is over already"
            else:
                found.append(participant)
        return found, skipped

    def _say(self, fact: f.ActionTaken) -> None:
        """Write it into the log, for each whom it concerns."""
        more = f" ({fact.reason})" if fact.reason else ""
        text = f": {fact.text}" if fact.text and fact.action == "message" else ""
        word = _SAID[fact.action]
        if len(fact.participants) > MAX_NAMED:
            self._core.say("info", f"{len(fact.participants)} participants: {word}{text}{more}")
            return
        for who in fact.participants:
            self._core.say("info", f"{word}{text}{more}", ParticipantId(who))


_SAID: Final[Mapping[str, str]] = {
    "message": "the experimenter wrote",
    "pause": "the experimenter paused them",
    "resume": "the experimenter let them go on",
    "advance": "the experimenter moved them on",
    "to_waitroom": "the experimenter sent them back to the waitroom",
    "repair": "the experimenter put them into another group",
    "exclude": "the experimenter excluded them",
    "end": "the experimenter ended their participation",
}


def _is_again(fact: f.ActionTaken, request: Act) -> bool:
    """Whether a request asks once more for what was done under its id; only then it is answered as if it did it."""
    if (fact.action, fact.text, fact.reason, fact.pay, fact.groups) != (
        request.action,
        request.text.strip(),
        request.reason[:2000],
        request.pay,
        request.groups,
    ) or fact.outcome != _outcome(request):
        return False
    named = {name[:80] for name in request.participants}
    return request.everyone or request.action == "repair" or named == {*fact.participants, *fact.skipped}


def _outcome(request: Act) -> str:
    outcomes = _OUTCOMES.get(request.action, ("",))
    return request.outcome or outcomes[0]


def _nothing(skipped: Mapping[str, str]) -> str:
    if not skipped:
        return "nothing was done: nobody is in the session who has not finished"
    reasons = [f"{who}: {why}" for who, why in list(skipped.items())[:MAX_NAMED]]
    more = "; …" if len(skipped) > MAX_NAMED else ""
    return f"nothing was done: {'; '.join(reasons)}{more}"


def judged(people: Sequence[ParticipantState], why_not: Callable[[ParticipantState], str]) -> Plan:
    """Sort people into those to whom something can be done and the others."""
    plan = Plan()
    for participant in people:
        if why := why_not(participant):
            plan.skipped[participant.participant_id] = why
        else:
            plan.participants.append(participant)
    return plan


class _Message:
    def __init__(self, core: Core, care: Care) -> None:
        self._core = core
        self._care = care

    def plan(self, people: Sequence[ParticipantState], request: Act) -> Plan:
        return Plan(list(people))

    def do(self, fact: f.ActionTaken) -> None:
        self._core.record(fact)
        for who in fact.participants:
            self._care.tell(fact, ParticipantId(who))


class _Pause:
    """A game of several people stands still for all of its players, because none can go on without the others."""

    def __init__(self, core: Core, pauses: Pauses) -> None:
        self._core = core
        self._pauses = pauses

    def plan(self, people: Sequence[ParticipantState], request: Act) -> Plan:
        plan = judged(people, lambda participant: "is paused already" if participant.paused_by else "")
        plan.affected = self._pauses.together(plan.participants, "is paused, too", paused=False)
        return plan

    def do(self, fact: f.ActionTaken) -> None:
        _pause(self._core, self._pauses, fact)


class _Resume:
    def __init__(self, core: Core, pauses: Pauses) -> None:
        self._core = core
        self._pauses = pauses

    def plan(self, people: Sequence[ParticipantState], request: Act) -> Plan:
        plan = judged(people, self._why_not)
        plan.affected = self._pauses.together(plan.participants, "goes on, too", paused=True)
        return plan

    def _why_not(self, participant: ParticipantState) -> str:
        if self._core.state.stage == "paused":
            return "the whole session is paused: let it run"
        return "" if participant.paused_by else "is not paused"

    def do(self, fact: f.ActionTaken) -> None:
        _pause(self._core, self._pauses, fact)


def _pause(core: Core, pauses: Pauses, fact: f.ActionTaken) -> None:
    with pauses.changing():
        core.record(fact)
    for who in (*fact.participants, *fact.affected):
        pauses.tell(ParticipantId(who))
