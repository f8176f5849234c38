"""Whatever people do at the door, on forms and in games: nobody gets past what they have not done, or out of an end."""

import json
from typing import Any

import hypothesis.strategies as st
import msgspec
import pytest
from engine_driver import Memory
from hypothesis import HealthCheck, settings
from hypothesis.stateful import initialize, invariant, precondition, rule
from test_people_properties import FIRST_STAGES, NAMES, People, details, names
from waiting_driver import chain_of, duel, waitroom

from mug.ids import ParticipantId, VisitId
from mug.protocol.messages import ClientError, Pulse, ReportPeer
from mug.study.model import FormPage, MultipleChoiceForm, Repeat, Study, TextBoxForm
from mug.study.multiplayer_section import MultiplayerSection
from mug.study.settings import EntryScreening
from mug.study.traversal import node_at

pytestmark = pytest.mark.timeout(3600)

CALLBACK = "own.py:judge"
WATCHED = MultiplayerSection(
    reconnection_timeout_ms=5_000,
    continuous_monitoring_enabled=True,
    continuous_max_ping=100,
    continuous_ping_violation_window=3,
    continuous_ping_required_violations=2,
    continuous_callback=CALLBACK,
    continuous_callback_interval_frames=10,
    focus_loss_timeout_ms=12_000,
)
TEXT = TextBoxForm(scene_id="text", text_box_header="Why?")
CHOICE = MultipleChoiceForm(scene_id="choice", questions=("Which?",), choices=("a", "b"))
GAME = duel("one", waitroom=waitroom(timeout=30_000), multiplayer=WATCHED)
CARRIES_ON = msgspec.structs.replace(
    GAME, multiplayer=msgspec.structs.replace(WATCHED, dropout_policy="default_action", continuous_callback=None)
)
ALONE = duel("alone", 1, multiplayer=WATCHED)


def screened(study: Study, **rules: Any) -> Study:
    return msgspec.structs.replace(study, screening=EntryScreening(**rules))


STUDIES: tuple[Study, ...] = (
    screened(chain_of(TEXT, GAME, CHOICE), max_ping=100, min_ping_measurements=2),
    screened(chain_of(ALONE, TEXT), entry_callback=CALLBACK),
    chain_of(Repeat(n=2, scenes=(CHOICE, CARRIES_ON))),
)


class Participations(People):
    """The people of `People` in studies with a door, forms, and games in which they are watched."""

    def __init__(self) -> None:
        super().__init__()
        self.ended: dict[ParticipantId, tuple[str | None, int]] = {}
        self.pulses = 0
        self.handed_in: set[VisitId] = set()

    @initialize(study=st.sampled_from(STUDIES), people=st.integers(0, len(NAMES)), stage=FIRST_STAGES)
    def begin(self, study: Study, people: int, stage: str) -> None:
        self.memory = Memory(study=study, details=details(stage))
        self.memory.lab_in()
        self.come_to_the_waitroom_at_once(list(NAMES[:people]))

    @rule(name=names, answer=st.sampled_from(("a", "b", "", None, 7, ["a"])), question=st.sampled_from(("q1", "text")))
    def hand_in(self, name: str, answer: Any, question: str) -> None:
        shown = self._shown(name)
        if shown is None:
            return
        visit = next(v for v in self.memory.run.state.visits.values() if v.planned.visit_id == shown.visit_id)
        row = json.dumps({"at_ms": 1.0, "question_id": question, "answer": answer, "submission": 1})
        self.memory.put(self.pages[name], "form", visit.next_seq.get("form", 0), row.encode())
        self.memory.finish(self.pages[name], form=visit.next_seq.get("form", 0))

    @rule(who=st.lists(names, min_size=1, unique=True))
    def hand_in_rightly(self, who: list[str]) -> None:
        for name in who:
            for question in ("q1", "text"):
                self.hand_in(name, "a", question)

    @rule(
        name=names,
        rtt_ms=st.sampled_from((5.0, 5.0, 150.0, float("nan"), -1.0, None)),
        visible=st.booleans(),
        times=st.integers(1, 4),
    )
    def pulse_in_a_game(self, name: str, rtt_ms: float | None, visible: bool, times: int) -> None:
        for _ in range(times):
            if name not in self.pages:
                return
            self.pulses += 1
            pulse = Pulse(
                n=self.pulses,
                client_ms=0.0,
                rtt_ms=rtt_ms,
                rtt_n=self.pulses - 1,
                visible=visible,
                focused=visible,
                phase="playing",
                episode=0,
                frame=self.pulses * 20,
            )
            self.memory.say(self.pages[name], pulse)
            self.memory.tick(1_000)

    @rule()
    def everybody_comes_in_and_on(self) -> None:
        """Who can passes the door, hands in what is asked and joins the game: the way to all the rest."""
        for name in NAMES:
            if self._page(name) is None:
                self.arrive_or_come_back(name)
            participant = self.memory.run.state.participants.get(ParticipantId(f"p-{name}"))
            if participant is not None and participant.position < 0:
                self.pulse_in_a_game(name, 5.0, True, 3)
        while self._open_calls():
            self.matchmaker_answers({})
        for name in NAMES:
            self.finish(name, "completed")
        self.hand_in_rightly(list(NAMES))
        for name in NAMES:
            self.join(name)

    @rule(name=names, how=st.sampled_from(("far", "hidden", "both", "fails")))
    def spoil_it(self, name: str, how: str) -> None:
        """A page is far away, or out of sight, for so long that it is excluded; or it fails again and again."""
        if how == "fails":
            for _ in range(5):
                self.fail(name)
        else:
            self.pulse_in_a_game(name, 5.0 if how == "hidden" else 150.0, how == "far", 14)

    @rule(name=names, other=names)
    def miss_a_partner(self, name: str, other: str) -> None:
        participant = self.memory.run.state.participants.get(ParticipantId(f"p-{name}"))
        visit = self.memory.run.state.current_visit(participant) if participant is not None else None
        match = self.memory.run.state.current_match(visit) if visit is not None else None
        agent = match.agent_of(ParticipantId(f"p-{other}")) if match is not None else None
        if name in self.pages and match is not None and agent is not None:
            report = ReportPeer(match_id=match.match_id, agent=agent, state="lost", silent_ms=3_000)
            self.memory.say(self.pages[name], report)

    @rule(name=names)
    def fail(self, name: str) -> None:
        if name in self.pages:
            self.memory.say(self.pages[name], ClientError(kind="environment", message="it broke", fatal=True))

    @precondition(lambda self: self._open_calls())
    @rule(
        answer=st.sampled_from(({}, {"exclude": True}, {"warn": True, "message": "w"}, {"exclude": 3}, [1], "raises"))
    )
    def matchmaker_answers(self, answer: Any) -> None:
        """The study's function at the door, or during a game."""
        call = self._open_calls()[0]
        self.answered += 1
        if answer == "raises":
            self.memory.fail(call, "it raised")
        else:
            self.memory.answer(call, answer)

    @invariant()
    def nobody_is_past_a_form_without_its_answers(self) -> None:
        state, study = self.memory.run.state, self.memory.study
        for participant in state.participants.values():
            for visit_id in participant.plan[: max(participant.position, 0)]:
                visit = state.visits[visit_id]
                form = node_at(study, visit.planned.node_path)
                if visit.outcome == "advanced":
                    continue  # the experimenter moved them on
                if isinstance(form, FormPage) and visit_id not in self.handed_in:
                    self.handed_in.add(visit_id)  # what comes later for it is kept, and marked
                    assert visit.outcome == "completed"
                    assert set(visit.answers.values()) == {"given"}

    @invariant()
    def nobody_is_in_who_was_not_let_in(self) -> None:
        if self.memory.study.screening == EntryScreening():
            return
        for participant in self.memory.run.state.participants.values():
            assert participant.screened or participant.position < 0

    @invariant()
    def an_end_is_an_end(self) -> None:
        for who, participant in self.memory.run.state.participants.items():
            is_complete = participant.outcome == "complete"
            if participant.outcome is None or is_complete:
                continue
            assert participant.outcome_code
            known = self.ended.setdefault(who, (participant.outcome, participant.position))
            assert known == (participant.outcome, participant.position)
            assert self.memory.run._waiting.room_of(who) is None

    @rule(chance=st.integers(0, 3))
    def server_dies(self, chance: int) -> None:
        if chance:
            return
        self.ended.clear()  # what was not on disk did not happen
        self.memory.crash_and_restart()
        self.memory.lab_in()
        self.pages.clear()
        self.answered = len(self.memory.calls)


TestParticipations = Participations.TestCase
TestParticipations.settings = settings(
    deadline=None, stateful_step_count=30, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
