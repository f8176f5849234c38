"""Whatever pages, clocks, matchmakers and the experimenter do: nobody is booked twice, and nobody waits for ever."""

from typing import Any

import hypothesis.strategies as st
import msgspec
import pytest
from engine_driver import Memory
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from waiting_driver import chain_of, duel, matchmaking, page, rules, waitroom

from mug.engine import fold
from mug.engine.effects import Call
from mug.engine.lobby import HELD, PROBING, WAITING
from mug.engine.waiting import WAITROOM
from mug.ids import ParticipantId
from mug.protocol.care import ActionSeen, Paused, RaiseHand, Told
from mug.protocol.lab import EndSession, LetIn, ReleaseGroups, SetRelease
from mug.protocol.lab_console import Act, AddNote, AnswerHand, SetStage
from mug.protocol.messages import (
    FinishVisit,
    JoinMatch,
    ProbeDone,
    ProbeOver,
    ProbePartners,
    Pulse,
    ReportMatch,
    ShowScene,
    Welcome,
)
from mug.protocol.parts import ResumeCandidate
from mug.records import facts as f
from mug.study.matchmaking import GroupReunionMatchmaker, LatencyFIFOMatchmaker, StrangersMatchmaker
from mug.study.model import RandomizeOrder, Repeat, Study
from mug.study.waitrooms import waitroom_at

pytestmark = pytest.mark.timeout(3600)

NAMES = tuple("abcdefgh")
OWN = "own.py:mine"
BUILT_IN = {
    "m:near": LatencyFIFOMatchmaker(100, max_p2p_rtt_ms=90, widening_ms_per_s=2),
    "m:strangers": StrangersMatchmaker(),
    "m:reunion": GroupReunionMatchmaker(fallback_to_fifo=False),
}
KNOWN = rules(wait_for_known_group=True, group_wait_timeout=20_000, dropout_policy="default_action")
SHORT = waitroom(timeout=30_000)
JUMPS = waitroom(timeout=30_000, timeout_scene_id="after")


def _games(people: int, **sections: Any) -> tuple[Any, ...]:
    return tuple(duel(name, people, **sections) for name in ("x", "y", "z"))


STUDIES: tuple[Study, ...] = (
    chain_of(duel("one", waitroom=SHORT), duel("two", waitroom=SHORT, multiplayer=KNOWN)),
    chain_of(duel("one", 3, waitroom=JUMPS, matchmaking=matchmaking(max_rtt=80, max_rtt_widening=1.0)), page("after")),
    chain_of(Repeat(n=3, scenes=(duel("one", waitroom=SHORT, matchmaking=matchmaking(matchmaker=OWN, roles="swap")),))),
    chain_of(Repeat(n=2, scenes=(duel("one", waitroom=SHORT, matchmaking=matchmaking(matchmaker="m:strangers")),))),
    chain_of(duel("one"), RandomizeOrder(scenes=_games(2, waitroom=JUMPS, multiplayer=KNOWN)), page("after")),
    chain_of(RandomizeOrder(scenes=_games(3, waitroom=SHORT, matchmaking=matchmaking(max_rtt=80)))),
    chain_of(
        duel("one", waitroom=JUMPS, matchmaking=matchmaking(matchmaker="m:near", roles="random")),
        duel("two", 4, matchmaking=matchmaking(matchmaker="m:reunion")),
        page("after"),
    ),
)

names = st.sampled_from(NAMES)
FIRST_STAGES = st.sampled_from(("running", "running", "running", "doors_open", "prepared"))
rtts = st.sampled_from((5.0, 5.0, 70.0, 200.0, None))


def details(stage: str) -> dict[str, Any]:
    return {"stage": stage, "help": True, "expected": 3, "conditions": {"light": "dim"}}


class People(RuleBasedStateMachine):
    """Up to eight people in one session, their pages, the experimenter, and a server that may die at any time."""

    def __init__(self) -> None:
        super().__init__()
        self.pages: dict[str, str] = {}
        self.tabs = 0
        self.answered = 0
        self.matches_seen = 0
        self.requests = 0

    @initialize(
        study=st.sampled_from(STUDIES),
        release=st.sampled_from(("automatic", "automatic", "experimenter")),
        people=st.integers(0, len(NAMES)),
        stage=FIRST_STAGES,
    )
    def begin(self, study: Study, release: str, people: int, stage: str) -> None:
        self.memory = Memory(study=study, release=release, matchmakers=dict(BUILT_IN), details=details(stage))
        self.memory.lab_in()
        self.come_to_the_waitroom_at_once(list(NAMES[:people]))

    # ------------------------------------------------------------- pages

    def _page(self, name: str) -> str | None:
        return self.pages.get(name)

    def _shown(self, name: str) -> ShowScene | None:
        shown = self.memory.to(self.pages.get(name, ""), ShowScene)
        return shown[-1] if shown else None

    def _connect(self, name: str, **fields: Any) -> None:
        self.tabs += 1
        self.pages[name] = f"{name}{self.tabs}"
        self.memory.hello(self.pages[name], f"p-{name}", tab=name, **fields)

    @rule(name=names)
    def arrive_or_come_back(self, name: str) -> None:
        known = [m for where, m in self.memory.sent if where.startswith(name) and isinstance(m, Welcome)]
        self._connect(name, token=known[-1].token if known else None)

    @rule(name=names)
    def load_the_page_again(self, name: str) -> None:
        known = [m for where, m in self.memory.sent if where.startswith(name) and isinstance(m, Welcome)]
        kept = tuple(
            ResumeCandidate(session_id="s1", participant_id=m.participant_id, token=m.token) for m in known[-1:]
        )
        self._connect(name, candidates=kept)

    @rule(who=st.lists(names, min_size=1, max_size=8, unique=True))
    def come_to_the_waitroom_at_once(self, who: list[str]) -> None:
        for name in who:
            if self._page(name) is None:
                self.arrive_or_come_back(name)
            shown = self._shown(name)
            if shown is not None and shown.scene_id == "start":
                self.memory.finish(self.pages[name])
        for name in who:
            self.join(name)

    @rule(name=names)
    def disconnect(self, name: str) -> None:
        connection = self.pages.pop(name, None)
        if connection is not None:
            self.memory.drop(connection)

    @rule(name=names)
    def join(self, name: str) -> None:
        shown = self._shown(name)
        if shown is not None:
            self.memory.say(self.pages[name], JoinMatch(visit_id=shown.visit_id))

    @rule(name=names, other=names)
    def join_for_somebody_else(self, name: str, other: str) -> None:
        shown = self._shown(other)
        if shown is not None and name in self.pages:
            self.memory.say(self.pages[name], JoinMatch(visit_id=shown.visit_id))

    @rule(name=names, word=st.sampled_from(("completed", "completed", "failed", "partner_left", "void", "?")))
    def finish(self, name: str, word: str) -> None:
        shown = self._shown(name)
        if shown is not None:
            self.memory.say(self.pages[name], FinishVisit(visit_id=shown.visit_id, outcome=word))

    @rule()
    def everybody_goes_on(self) -> None:
        """Who has a page finishes what is not a wait, and joins where partners are waited for."""
        for name in NAMES:
            if self._page(name) is None:
                self.arrive_or_come_back(name)
            self.finish(name, "completed")
            self.join(name)

    @rule()
    def everybody_who_plays_finishes(self) -> None:
        for name in NAMES:
            participant = self.memory.run.state.participants.get(ParticipantId(f"p-{name}"))
            visit = self.memory.run.state.current_visit(participant) if participant is not None else None
            if visit is not None and visit.match_ids:
                self.finish(name, "completed")

    @rule(name=names, flag=st.sampled_from(("refused", "void", "desync")))
    def report(self, name: str, flag: str) -> None:
        participant = self.memory.run.state.participants.get(ParticipantId(f"p-{name}"))
        visit = self.memory.run.state.current_visit(participant) if participant is not None else None
        if visit is not None and visit.match_ids and name in self.pages:
            self.memory.say(self.pages[name], ReportMatch(match_id=visit.match_ids[-1], flag=flag, detail="d"))

    @rule(name=names, rtt_ms=st.sampled_from((10.0, 45.0, 80.0, None)))
    def pulse(self, name: str, rtt_ms: float | None) -> None:
        if name in self.pages:
            self.memory.say(self.pages[name], Pulse(n=1, client_ms=0.0, rtt_ms=rtt_ms))

    # ------------------------------------------------------------- probes and matchmakers

    @rule(rtt_ms=rtts, silent=st.sampled_from((False, False, True)))
    def answer_probes(self, rtt_ms: float | None, silent: bool) -> None:
        """The pages of all probes that run answer; with `silent`, the last one of each does not."""
        over = {m.probe_id for _, m in self.memory.sent if isinstance(m, ProbeOver)}
        for where, message in list(self.memory.sent):
            if not isinstance(message, ProbePartners) or message.probe_id in over:
                continue
            if where not in self.pages.values() or (silent and message.own == message.slots[-1]):
                continue
            for to in message.slots:
                if to != message.own:
                    self._done(where, message.probe_id, to, rtt_ms)

    def _done(self, where: str, probe_id: str, to: str, rtt_ms: float | None) -> None:
        path = "p2p" if rtt_ms is not None else ""
        self.memory.say(where, ProbeDone(probe_id=probe_id, to=to, rtt_ms=rtt_ms, path=path))

    @rule(name=names, to=st.sampled_from(("0", "1", "2", "9", "")), rtt_ms=rtts, age=st.integers(0, 5))
    def answer_a_probe_wrongly(self, name: str, to: str, rtt_ms: float | None, age: int) -> None:
        ids = [m.probe_id for _, m in self.memory.sent if isinstance(m, ProbePartners)]
        probe_id = ids[-1 - age] if age < len(ids) else "p-none"
        if name in self.pages:
            self._done(self.pages[name], probe_id, to, rtt_ms)

    def _open_calls(self) -> list[Call]:
        return self.memory.calls[self.answered :]

    @precondition(lambda self: self._open_calls())
    @rule(how=st.sampled_from(("fifo", "fifo", "fifo", "last", "none", "liar", "raises", "nonsense")), limit=rtts)
    def matchmaker_answers(self, how: str, limit: float | None) -> None:
        call = self._open_calls()[0]
        self.answered += 1
        if call.kind != "find_match":
            self.memory.answer(call, [how == "none"] * len(call.context["rtts"]))
            return
        waiting = [who["subject_id"] for who in call.context["waiting"]]
        own, size = call.context["arriving"]["subject_id"], call.context["group_size"]
        group = {
            "fifo": [*waiting[: size - 1], own],
            "last": [*waiting[len(waiting) - size + 1 :], own],
            "none": None,
            "liar": ["p-a", "p-b", "p-c"][:size],
        }
        match how:
            case "raises":
                self.memory.fail(call, "it raised")
            case "nonsense":
                self.memory.answer(call, {"group": [1, 2]})
            case _:
                answer = {"group": group[how], "max_p2p_rtt_ms": limit, "judges": how == "last"}
                self.memory.answer(call, answer)

    # ------------------------------------------------------------- time, the experimenter, the server

    @rule(ms=st.sampled_from((100, 2_000, 6_000, 11_000, 35_000)))
    def time_passes(self, ms: int) -> None:
        self.memory.later(ms)
        self.memory.tick()

    @rule(mode=st.sampled_from(("automatic", "experimenter", "?")))
    def set_release(self, mode: str) -> None:
        self.memory.ask(SetRelease(request_id="1", mode=mode))

    @rule(group=st.lists(st.sampled_from((*NAMES, "?")), max_size=4), by_hand=st.booleans())
    def release(self, group: list[str], by_hand: bool) -> None:
        groups = (tuple(f"p-{name}" for name in group),) if by_hand else ()
        for room in self.memory.run._waiting.rooms():
            self.memory.ask(ReleaseGroups(request_id="1", node_path=room.path, groups=groups))

    @rule(name=names)
    def let_in(self, name: str) -> None:
        self.memory.ask(LetIn(request_id="1", participant_id=f"p-{name}"))

    @rule(holds=st.sampled_from((False, False, False, True)))
    def disk(self, holds: bool) -> None:
        self.memory.hold_disk = holds
        if not holds:
            self.memory.commit()

    @rule(chance=st.integers(0, 3))
    def server_dies(self, chance: int) -> None:
        if chance:
            return
        self.memory.crash_and_restart()
        self.memory.lab_in()
        self.pages.clear()
        self.answered = len(self.memory.calls)

    # ------------------------------------------------------------- what the experimenter does to people

    @rule(stage=st.sampled_from(("running", "running", "running", "prepared", "doors_open", "paused", "?")))
    def set_stage(self, stage: str) -> None:
        self.memory.ask(SetStage(request_id="1", stage=stage))

    def _act(self, action: str, who: tuple[str, ...], **fields: Any) -> None:
        """Ask for it, mostly under an id of its own, and sometimes twice."""
        self.requests += 1
        request = Act(request_id=f"act-{self.requests - self.requests % 3 // 2}", action=action, **fields)
        everyone = not who and action != "repair"
        request = msgspec.structs.replace(request, participants=who, everyone=everyone)
        self.memory.ask(request)
        if self.requests % 4 == 0:
            self.memory.ask(request)

    @rule(
        action=st.sampled_from(("message", "pause", "pause", "resume", "resume", "advance", "to_waitroom")),
        who=st.lists(st.sampled_from((*NAMES, "?")), max_size=4),
        preview=st.sampled_from((False, False, False, True)),
    )
    def act(self, action: str, who: list[str], preview: bool) -> None:
        self._act(action, tuple(f"p-{name}" for name in who), text="words", preview=preview)

    @rule(
        action=st.sampled_from(("exclude", "end")),
        who=st.lists(names, min_size=1, max_size=2),
        pay=st.sampled_from(("", "full")),
        chance=st.integers(0, 3),
    )
    def end_participations(self, action: str, who: list[str], pay: str, chance: int) -> None:
        if chance == 0:
            self._act(action, tuple(f"p-{name}" for name in who), pay=pay)

    @rule(groups=st.lists(st.lists(names, min_size=1, max_size=4), min_size=1, max_size=2))
    def put_into_groups(self, groups: list[list[str]]) -> None:
        self._act("repair", (), groups=tuple(tuple(f"p-{name}" for name in group) for group in groups))

    @rule(order=st.permutations(NAMES))
    def put_everybody_of_a_scene_into_groups(self, order: list[str]) -> None:
        """Groups of the right size, of whoever is at one scene of several people at present."""
        state = self.memory.run.state
        at: dict[tuple[int, ...], list[str]] = {}
        for name in order:
            participant = state.participants.get(ParticipantId(f"p-{name}"))
            visit = state.current_visit(participant) if participant is not None else None
            if participant is not None and participant.outcome is None and visit is not None:
                at.setdefault(visit.planned.node_path, []).append(f"p-{name}")
        for path, people in at.items():
            rules_there = waitroom_at(self.memory.study, path)
            if rules_there is not None and len(people) >= rules_there.needed:
                self._act("repair", (), groups=(tuple(people[: rules_there.needed]),))

    @rule(name=names, state=st.sampled_from(("shown", "shown", "read", "?")))
    def acknowledge(self, name: str, state: str) -> None:
        """A page acknowledges everything that it was told."""
        page = self.pages.get(name, "")
        for where, message in list(self.memory.sent):
            action_id = getattr(message, "action_id", "")
            if where == page and page in self.pages.values() and action_id:
                self.memory.say(page, ActionSeen(action_id=action_id, state=state))

    @rule(name=names, hand=st.integers(0, 3), raised=st.booleans())
    def raise_a_hand(self, name: str, hand: int, raised: bool) -> None:
        if name in self.pages:
            self.memory.say(self.pages[name], RaiseHand(hand_id=f"hand-{hand}", text="Why?", raised=raised))

    @rule(name=names, text=st.sampled_from(("Because.", "")))
    def answer_a_hand(self, name: str, text: str) -> None:
        self.requests += 1
        self.memory.ask(AnswerHand(request_id=f"act-{self.requests}", participant_id=f"p-{name}", text=text))

    @rule(number=st.integers(0, 2))
    def add_a_note(self, number: int) -> None:
        self.memory.ask(AddNote(request_id=f"note-{number}", text="x"))

    @rule(chance=st.integers(0, 20))
    def session_ends(self, chance: int) -> None:
        if chance == 0:
            self.memory.ask(EndSession(request_id="1", reason="over"))

    # ------------------------------------------------------------- what must hold

    @invariant()
    def everybody_is_in_one_thing_at_most(self) -> None:
        waiting, state = self.memory.run._waiting, self.memory.run.state
        seen: set[str] = set()
        probing = [place for probe in waiting.probes.running() for place in probe.places]
        assert len(probing) == len({place.participant_id for place in probing})
        for room in waiting.rooms():
            held = [place for proposal in room.proposals for place in proposal.places]
            assert len(held) == len({place.participant_id for place in held})
            for who, place in room.places.items():
                assert who not in seen
                seen.add(who)
                assert waiting.room_of(who) is room
                assert (place.state == PROBING) == (place in probing)
                assert (place.state == HELD) == (place in held)
                assert place.state in (WAITING, PROBING, HELD)
                assert place.connection is not None or place.state == WAITING
                visit = state.current_visit(state.participants[who])
                assert visit is not None
                assert visit.planned.visit_id == place.visit_id
                assert (visit.outcome, visit.match_ids) == (None, [])
                assert state.participants[who].outcome is None
            for place in held:
                assert room.places[place.participant_id] is place
        assert all(place.participant_id in seen for place in probing)

    @invariant()
    def matches_have_the_people_they_need(self) -> None:
        state = self.memory.run.state
        playing: dict[str, int] = {}
        for match in state.matches.values():
            if not match.visits:
                continue  # a game of one person
            assert len(match.visits) == len(set(match.visits)) == len(match.settings["players"])
            for who, visit_id in match.visits.items():
                visit = state.visits[visit_id]
                assert visit.participant_id == who
                assert visit.match_ids == [match.match_id]
                playing[who] = playing.get(who, 0) + (visit.outcome is None)
        assert all(count <= 1 for count in playing.values())

    @invariant()
    def everybody_who_waits_has_an_end_ahead(self) -> None:
        waiting, now_ms = self.memory.run._waiting, self.memory.clock.ms
        timed = False
        for room in waiting.rooms():
            for place in room.places.values():
                deadline = waiting.deadline(room, place)
                assert deadline is not None or place.state == HELD or place.paused
                assert deadline is None or deadline > now_ms - 2
                timed = timed or deadline is not None
        if timed:
            assert any(name == WAITROOM for _, name in self.memory.timers)

    @invariant()
    def nobody_begins_before_the_start(self) -> None:
        state = self.memory.run.state
        if not state.begun:
            assert all(participant.position < 0 for participant in state.participants.values())

    @invariant()
    def who_is_paused_is_in_no_group_and_whoever_plays_with_them_is_paused_too(self) -> None:
        run = self.memory.run
        state = run.state
        for room in run._waiting.rooms():
            for who, place in room.places.items():
                assert place.paused == run._core.is_paused(who)
                assert not place.paused or place.state == WAITING
        for number, match in enumerate(state.matches.values()):
            playing = [
                run._core.is_paused(who)
                for agent, who in match.players.items()
                if match.visits and agent not in match.dropped and state.visits[match.visits[who]].outcome is None
            ]
            assert len(set(playing)) <= 1
            assert number < self.matches_seen or not any(playing)
        self.matches_seen = len(state.matches)

    @invariant()
    def pages_know_whether_they_are_paused_and_what_was_written_to_them(self) -> None:
        memory = self.memory
        if memory.waiting or memory.run.state.ended:
            return  # what was done is not on disk yet, or the pages show that all is over
        for connection, who in memory.run._core.owner.items():
            participant = memory.run.state.participants[who]
            if participant.outcome is not None:
                continue
            told = memory.to(connection, Paused)
            assert memory.run.state.is_paused(participant) == bool(told and told[-1].paused)
            assert set(participant.unread) <= {message.action_id for message in memory.to(connection, Told)}

    @invariant()
    def actions_are_done_and_acknowledged_once(self) -> None:
        taken = [fact.action_id for fact in self.memory.recorded if isinstance(fact, f.ActionTaken)]
        assert len(taken) == len(set(taken))
        seen = [
            (fact.action_id, fact.participant_id, fact.state)
            for fact in self.memory.recorded
            if isinstance(fact, f.ActionAcknowledged)
        ]
        assert len(seen) == len(set(seen))

    def let_all_go_on(self) -> None:
        """Nobody is paused any more, and nobody waits for the start."""
        memory = self.memory
        memory.ask(SetStage(request_id="1", stage="running"))
        memory.ask(Act(request_id="go-on", action="resume", everyone=True))
        state = memory.run.state
        assert state.ended or not any(state.is_paused(p) for p in state.participants.values() if p.outcome is None)

    def teardown(self) -> None:
        if not hasattr(self, "memory"):
            return
        memory = self.memory
        memory.hold_disk = False
        memory.commit()
        assert fold(memory.recorded) == memory.run.state
        self.let_all_go_on()
        for _ in range(8):  # the clock alone, with nobody doing anything
            memory.later(60_000)
            memory.tick()
            self.everybody_is_in_one_thing_at_most()
        left = [place.state for room in memory.run._waiting.rooms() for place in room.places.values()]
        assert set(left) <= {HELD}
        if left:
            assert memory.run.state.release == "experimenter"
            memory.ask(SetRelease(request_id="1", mode="automatic"))
            memory.later(600_000)
            memory.tick()
            assert [room for room in memory.run._waiting.rooms() if room.places] == []
        formed = [fact for fact in memory.recorded if isinstance(fact, f.MatchFormed)]
        assert len({fact.match_id for fact in formed}) == len(formed)
        assert fold(memory.written) == memory.run.state


TestPeople = People.TestCase
TestPeople.settings = settings(
    deadline=None, stateful_step_count=30, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
