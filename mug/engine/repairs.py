"""Putting participants into other groups by hand: matches are called off, and whoever is named waits for each other."""

from collections.abc import Sequence
from typing import Final

from mug.engine.actions import Plan
from mug.engine.live import Core
from mug.engine.matches import Matches
from mug.engine.state import ParticipantState
from mug.engine.treatments import may_play_together
from mug.engine.visits import Visits
from mug.engine.waiting import Waiting
from mug.ids import ParticipantId
from mug.protocol.lab_console import Act
from mug.records import facts as f
from mug.study.waitrooms import waitroom_at

__all__ = ["Repair"]

MAX_NAMED: Final = 20
"""People whom an answer names; of more it names the first."""


class Repair:
    """All of it is done, or nothing: a request with a group that cannot be made is refused."""

    def __init__(self, core: Core, visits: Visits, matches: Matches, waiting: Waiting) -> None:
        self._core = core
        self._visits = visits
        self._matches = matches
        self._waiting = waiting

    def plan(self, people: Sequence[ParticipantState], request: Act) -> Plan | str:
        """Check every group; everybody in a match with one of them is affected."""
        known = {str(participant.participant_id): participant for participant in people}
        taken: set[str] = set()
        for group in request.groups:
            for who in group:
                if who in taken:
                    return f"{who[:80]} is named twice: everybody can be in one group"
                taken.add(who)
            if error := self._fault(list(group), known):
                return error
        if strangers := [who for who in request.participants if who not in taken]:
            return f"{strangers[0][:80]} is in none of the groups: name only those who are"
        plan = Plan([known[who] for group in request.groups for who in group])
        for participant in plan.participants:
            for other in self._matches.players_with(participant):
                if other not in taken:
                    plan.affected.setdefault(
                        other, f"plays with {participant.participant_id}: goes back to the waitroom, too"
                    )
        return plan

    def _fault(self, group: list[str], known: dict[str, ParticipantState]) -> str:
        """What is wrong with a group, in words; empty: nothing."""
        paths: dict[tuple[int, ...], str] = {}
        for who in group:
            participant = known.get(who)
            if participant is None:
                is_over = ParticipantId(who) in self._core.state.participants
                return f"{who[:80]}: {'the participation is over' if is_over else 'there is no such participant'}"
            visit = self._core.state.current_visit(participant)
            rules = (
                waitroom_at(self._core.frozen_of(participant).study, visit.planned.node_path)
                if visit is not None
                else None
            )
            if visit is None or rules is None or rules.is_order:
                return f"{who} is not at a game of several people"
            if visit.group_id:
                return f"{who} belongs to a group that drew the order of these scenes, and stays in it"
            if self._core.is_paused(participant.participant_id):
                return f"{who} is paused: let them go on first"
            paths.setdefault(rules.node_path, who)
            if len(paths) > 1:
                return f"{' and '.join(paths.values())} are not at the same scene"
            needed = rules.needed
        named = ", ".join(who[:80] for who in group[:MAX_NAMED]) + (", …" if len(group) > MAX_NAMED else "")
        if len(group) == len(set(group)) and not may_play_together(self._core, [ParticipantId(who) for who in group]):
            return f"{named}: they have different treatments, and only people of one treatment play together"
        if not group or len(group) != needed:
            return f"{named or 'nobody'}: a group here has {needed if group else 'several'} different participants"
        return ""

    def do(self, fact: f.ActionTaken) -> None:
        """Call the matches off, send everybody in them back, and keep each group together."""
        core, state = self._core, self._core.state
        core.record(fact)
        for group in fact.groups:
            members = [ParticipantId(who) for who in group]
            visit = state.current_visit(state.participants[members[0]])
            assert visit is not None
            self._waiting.reserve(visit.planned.node_path, members)
        people = [state.participants[ParticipantId(who)] for who in (*fact.participants, *fact.affected)]
        back = [p for p in people if (visit := state.current_visit(p)) is not None and visit.match_ids]
        self._matches.leave(back, "repaired", fact.reason or "the experimenter put players into other groups")
        for participant in back:
            self._visits.send_back(participant)
        sent = {participant.participant_id for participant in back}
        for who in fact.participants:
            if who not in sent:  # there is nothing new to show: their page does what it has to do
                core.record(
                    f.ActionAcknowledged(at=core.now(), action_id=fact.action_id, participant_id=who, state="shown")
                )
        self._waiting.settle()
