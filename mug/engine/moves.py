"""Moving participants: on to their next scene, or back to the waitroom of the present one."""

from collections.abc import Sequence

from mug.engine.actions import Plan, judged
from mug.engine.companions import left_behind
from mug.engine.live import Core
from mug.engine.matches import Matches
from mug.engine.state import ParticipantState, VisitState
from mug.engine.visits import Visits
from mug.engine.waiting import Waiting
from mug.ids import ParticipantId
from mug.protocol.lab_console import Act
from mug.records import facts as f
from mug.study.waitrooms import waitroom_at

__all__ = ["Advance", "ToWaitroom"]


class Advance:
    """The present scene ends as it is, and the next one of the participant's plan begins."""

    def __init__(self, core: Core, visits: Visits, matches: Matches, waiting: Waiting) -> None:
        self._core = core
        self._visits = visits
        self._matches = matches
        self._waiting = waiting

    def plan(self, people: Sequence[ParticipantState], request: Act) -> Plan:
        """Say whom it moves."""
        plan = judged(people, self._why_not)
        plan.affected = left_behind(self._core, self._matches, plan.participants)
        return plan

    def _why_not(self, participant: ParticipantState) -> str:
        if participant.position < 0:
            return "has not begun yet"
        return "is at the last scene" if participant.position + 1 >= len(participant.plan) else ""

    def do(self, fact: f.ActionTaken) -> None:
        """Move them."""
        core = self._core
        people = [core.state.participants[ParticipantId(who)] for who in fact.participants]
        core.record(fact)
        self._waiting.take_out(participant.participant_id for participant in people)
        self._matches.leave(people, "abandoned", "the experimenter moved them on")
        for participant in people:
            visit = core.state.current_visit(participant)
            assert visit is not None
            self._visits.jump(participant, visit, "advanced", participant.position + 1)
        self._waiting.settle()


class ToWaitroom:
    """The present visit ends, and another one of the same scene begins, in its waitroom."""

    def __init__(self, core: Core, visits: Visits, matches: Matches, waiting: Waiting) -> None:
        self._core = core
        self._visits = visits
        self._matches = matches
        self._waiting = waiting

    def plan(self, people: Sequence[ParticipantState], request: Act) -> Plan:
        """Say whom it sends back."""
        chosen = {participant.participant_id for participant in people}
        plan = judged(people, lambda participant: self._why_not(participant, chosen))
        plan.affected = left_behind(self._core, self._matches, plan.participants)
        return plan

    def _why_not(self, participant: ParticipantState, chosen: set[ParticipantId]) -> str:
        visit = self._core.state.current_visit(participant)
        if visit is None:
            return "has not begun yet"
        rules = waitroom_at(self._core.frozen_of(participant).study, visit.planned.node_path)
        if rules is None:
            return "is at a scene that is not for several people"
        if rules.is_order or self._waiting.room_of(participant.participant_id) is not None:
            return "waits there already"
        if not visit.match_ids:
            return "is on the way to the waitroom already"
        if visit.group_id and not self._group(visit) <= chosen:
            return "belongs to a group that drew the order of these scenes: send all of it, as long as they all play"
        return ""

    def _group(self, visit: VisitState) -> set[ParticipantId]:
        """All of the group, with whoever has gone on meanwhile or left: they cannot be sent back."""
        return {ParticipantId(who) for who in self._core.state.groups[visit.group_id].members}

    def do(self, fact: f.ActionTaken) -> None:
        """Send them back."""
        core = self._core
        people = [core.state.participants[ParticipantId(who)] for who in fact.participants]
        core.record(fact)
        self._matches.leave(people, "sent_back", "the experimenter sent them back to the waitroom")
        for participant in people:
            self._visits.send_back(participant)
        self._waiting.settle()
