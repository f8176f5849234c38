"""Ending participations from the console: excluded, or ended, with an outcome, words and a rule for the pay."""

from collections.abc import Sequence
from typing import Final

from mug.engine.actions import Plan
from mug.engine.companions import left_behind
from mug.engine.live import Core
from mug.engine.matches import Matches
from mug.engine.state import ParticipantState
from mug.engine.visits import Visits
from mug.engine.waiting import Waiting
from mug.ids import ParticipantId
from mug.protocol.lab_console import Act
from mug.records import facts as f

__all__ = ["BY_EXPERIMENTER", "Departure"]

BY_EXPERIMENTER: Final = "experimenter"
"""The reason of an end that the experimenter made."""


class Departure:
    """Both of them; they differ in the outcomes, and in what is written of the visit that ends with it.

    Args:
        visit_outcome: That word.
    """

    def __init__(self, core: Core, visits: Visits, matches: Matches, waiting: Waiting, *, visit_outcome: str) -> None:
        self._core = core
        self._visits = visits
        self._matches = matches
        self._waiting = waiting
        self._visit_outcome = visit_outcome

    def plan(self, people: Sequence[ParticipantState], request: Act) -> Plan:
        """Say who has to leave."""
        return Plan(list(people), affected=left_behind(self._core, self._matches, people))

    def do(self, fact: f.ActionTaken) -> None:
        """End their participations; their pages show `fact.text`, or words of ours, with the code and the address."""
        core = self._core
        people = [core.state.participants[ParticipantId(who)] for who in fact.participants]
        core.record(fact)
        self._waiting.take_out(participant.participant_id for participant in people)
        self._matches.leave(people, "abandoned", f"the experimenter ended it for them ({fact.outcome})")
        for participant in people:
            self._visits.break_off(
                participant,
                fact.outcome,
                BY_EXPERIMENTER,
                fact.text,
                pay=fact.pay,
                visit_outcome=self._visit_outcome,
            )
        self._waiting.settle()
