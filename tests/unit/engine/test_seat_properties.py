"""However desks come, go, report, are asked and begin: the console's picture stays true, and nothing is done twice."""

from collections import Counter

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from seat_driver import at_home, pairs, replies, reports, room, seats

from mug.engine import fold
from mug.ids import ParticipantId
from mug.protocol.lab_console import AskSeats, ProbeSeats, SetStage
from mug.protocol.messages import ProbeDone, ProbeOver, ProbePartners, ShowScene, Welcome
from mug.protocol.parts import ResumeCandidate
from mug.protocol.seats import SeatAsked, SeatCheck, SeatDone, SeatRefused, SeatWelcome
from mug.records import facts as f

pytestmark = pytest.mark.timeout(3600)

DESKS = ("PC-1", "PC-2", "PC-3")
STATES = ("absent", "lost", "warming", "trouble", "ready", "taking_part", "finished")


class Rooms(RuleBasedStateMachine):
    """Pages at desks: "home" or "in", by connection; what the browsers keep, by desk."""

    @initialize(stage=st.sampled_from(["running", "running", "prepared", "doors_open"]), named=st.booleans())
    def begin(self, stage: str, named: bool) -> None:
        self.memory = room(stage, seats=("PC-1", "PC-2") if named else ())
        self.pages: dict[str, tuple[str, str]] = {}
        self.begins: Counter[str] = Counter()
        self.made = 0
        self.requests = 0

    def _connections(self, desk: str, kind: str) -> list[str]:
        return [c for c, (where, what) in self.pages.items() if (where, what) == (desk, kind)]

    def _obey(self, connection: str) -> None:
        """A page does what it was asked, as the browser's does."""
        desk, kind = self.pages[connection]
        for message in self.memory.to(connection, SeatAsked):
            if message.what == "begin" and kind == "home":
                self.memory.say(connection, SeatDone(action_id=message.action_id))
                kept = tuple(
                    ResumeCandidate(session_id="s1", participant_id=welcome.participant_id, token=welcome.token)
                    for where, welcome in self.memory.sent
                    if isinstance(welcome, Welcome) and where.startswith(f"{desk}/")
                )
                self.memory.hello(connection, seat=desk, candidates=kept, tab=connection)
                if self.memory.to(connection, Welcome):
                    self.pages[connection] = (desk, "in")
                return

    @rule(desk=st.sampled_from(DESKS), reload=st.booleans())
    def opens(self, desk: str, reload: bool) -> None:
        self.made += 1
        connection = f"{desk}/{self.made}"
        known = self._connections(desk, "home")
        at_home(self.memory, desk, connection=connection, tab=known[-1] if reload and known else connection)
        if self.memory.to(connection, SeatWelcome):
            for old in known:
                self.pages.pop(old)  # its place was taken: the server closes it, or has forgotten it
                self.memory.drop(old)
            self.pages[connection] = (desk, "home")
        else:
            assert self.memory.last(connection, SeatRefused).reason == "taken"

    @rule(desk=st.sampled_from(DESKS), how=st.sampled_from(["good", "good", "good", "wait", "bad"]))
    def tells(self, desk: str, how: str) -> None:
        for connection in self._connections(desk, "home"):
            reports(self.memory, desk, SeatCheck(name="focus", state=how), connection=connection)

    @rule(desk=st.sampled_from(DESKS))
    def goes(self, desk: str) -> None:
        for connection in [c for c, (where, _) in self.pages.items() if where == desk]:
            self.memory.drop(connection)
            del self.pages[connection]

    @rule(ms=st.sampled_from([100.0, 3_000.0, 7_000.0, 12_000.0]))
    def time_goes_by(self, ms: float) -> None:
        self.memory.later(ms)
        self.memory.tick()

    @rule()
    def pages_obey(self) -> None:
        for connection in list(self.pages):
            self._obey(connection)

    @rule(desk=st.sampled_from(DESKS))
    def participant_finishes(self, desk: str) -> None:
        state = self.memory.run.state
        for connection in self._connections(desk, "in"):
            who = ParticipantId(self.memory.last(connection, Welcome).participant_id)
            if state.stage == "running" and self.memory.to(connection, ShowScene):
                while state.participants[who].outcome is None:
                    self.memory.finish(connection)

    @rule(
        what=st.sampled_from(["identify", "reload", "fullscreen", "home", "begin"]),
        desks=st.sets(st.sampled_from((*DESKS, "PC-99"))),
    )
    def experimenter_asks(self, what: str, desks: set[str]) -> None:
        self.requests += 1
        request = AskSeats(request_id=f"a{self.requests}", what=what, desks=tuple(sorted(desks)))
        self.memory.ask(request)
        first = replies(self.memory)[-1]
        sent = len(self.memory.sent)
        self.memory.ask(request)
        assert replies(self.memory)[-1] == first
        assert len(self.memory.sent) == sent

    @rule(stage=st.sampled_from(["prepared", "doors_open", "running", "paused"]))
    def experimenter_moves_on(self, stage: str) -> None:
        self.requests += 1
        self.memory.ask(SetStage(request_id=f"s{self.requests}", stage=stage))
        self.memory.tick()
        for connection, (desk, _) in self.pages.items():  # who waited in front of the doors is in
            self.pages[connection] = (desk, "in" if self.memory.to(connection, Welcome) else "home")

    @rule()
    def experimenter_probes(self) -> None:
        self.requests += 1
        self.memory.ask(ProbeSeats(request_id=f"p{self.requests}"))

    @rule(answered=st.booleans())
    def pages_measure(self, answered: bool) -> None:
        for connection in list(self.pages):
            over = {message.probe_id for message in self.memory.to(connection, ProbeOver)}
            for message in self.memory.to(connection, ProbePartners):
                if message.probe_id not in over:
                    other = "1" if message.own == "0" else "0"
                    rtt_ms = 3.0 if answered else None
                    done = ProbeDone(probe_id=message.probe_id, to=other, rtt_ms=rtt_ms, path="p2p")
                    self.memory.say(connection, done)

    @invariant()
    def the_consoles_picture_is_true(self) -> None:
        if not hasattr(self, "memory"):
            return
        found = seats(self.memory)
        for desk, view in found.items():
            assert view.state in STATES
            home, sitting = self._connections(desk, "home"), self._connections(desk, "in")
            assert len(home) <= 1
            if view.state in ("warming", "trouble", "ready"):
                assert home
            if view.state in ("taking_part", "finished"):
                assert sitting
                assert view.participant_id is not None
        assert {where for where, _ in self.pages.values()} <= set(found)

    @invariant()
    def nobody_takes_part_twice_at_one_desk_by_themselves(self) -> None:
        if not hasattr(self, "memory"):
            return
        state = self.memory.run.state
        for desk in DESKS:
            unfinished = [p for p in state.participants.values() if p.seat == desk and p.outcome is None]
            assert len(unfinished) <= 1
            # Each participation after the first was asked for by the experimenter.
            by_hand = sum(
                message.what == "begin" and not message.action_id.startswith("begin-")
                for where, message in self.memory.sent
                if isinstance(message, SeatAsked) and where.startswith(f"{desk}/")
            )
            assert sum(p.seat == desk for p in state.participants.values()) <= 1 + by_hand

    @invariant()
    def each_pair_is_measured_by_pages_that_are_there_and_one_at_a_time(self) -> None:
        if not hasattr(self, "memory"):
            return
        probing = [pair for pair, view in pairs(self.memory).items() if view.state == "probing"]
        busy = Counter(desk for pair in probing for desk in pair)
        assert not busy or max(busy.values()) == 1

    @invariant()
    def the_records_say_the_same(self) -> None:
        if hasattr(self, "memory"):
            again = fold(self.memory.written)
            assert {p.participant_id: p.seat for p in again.participants.values()} == {
                p.participant_id: p.seat for p in self.memory.run.state.participants.values()
            }
            checked = [fact for fact in self.memory.recorded if isinstance(fact, f.SeatChecked)]
            assert all(again.participants[ParticipantId(c.participant_id)].seat == c.desk for c in checked)


Rooms.TestCase.settings = settings(
    max_examples=100, stateful_step_count=50, deadline=None, suppress_health_check=list(HealthCheck)
)
TestRooms = Rooms.TestCase
