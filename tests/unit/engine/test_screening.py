"""Who may take part is judged before the first scene."""

from typing import Any

import pytest
from engine_driver import SHORT, Memory

from mug.engine import fold
from mug.engine.inputs import Tick
from mug.ids import ParticipantId
from mug.protocol.lab import LabBatch
from mug.protocol.messages import Closed, FinishVisit, JoinMatch, Pulse, Refused, Screening, ShowScene, Welcome
from mug.protocol.parts import ClientEnvironment
from mug.records import facts as f
from mug.study.endings import Endings
from mug.study.model import EndPage, StartPage, Study
from mug.study.settings import EntryScreening, Hosting

CHROME = ClientEnvironment(
    browser="chrome", browser_major=120, viewport_width=1200, viewport_height=800, webgl=True, webassembly=True
)


def study_with(screening: EntryScreening | None = None, **fields: Any) -> Study:
    chain = (StartPage(scene_id="start"), EndPage(scene_id="end"))
    return Study(id="memory", chain=chain, screening=screening or EntryScreening(), **fields)


def environment(**fields: Any) -> ClientEnvironment:
    return ClientEnvironment(**{name: getattr(CHROME, name) for name in CHROME.__struct_fields__} | fields)


def measure(memory: Memory, connection: str, *pings: float, first: int = 0) -> None:
    for number, ping in enumerate(pings, first):
        memory.clock.ms += 250
        memory.say(connection, Pulse(n=number + 1, client_ms=0, rtt_ms=ping, rtt_n=number))


def outcome(memory: Memory, who: str = "ann") -> tuple[str | None, str]:
    person = memory.run.state.participants[ParticipantId(who)]
    return person.outcome, person.outcome_reason


@pytest.fixture(autouse=True)
def _every_history_folds(monkeypatch: pytest.MonkeyPatch) -> Any:
    made: list[Memory] = []
    before = Memory.__post_init__

    def remember(self: Memory) -> None:
        made.append(self)
        before(self)

    monkeypatch.setattr(Memory, "__post_init__", remember)
    yield
    for memory in made:
        assert fold(memory.written) == memory.run.state


def test_that_a_study_without_screening_begins_at_once_and_says_nothing_of_it() -> None:
    memory = Memory(study=study_with())
    memory.hello("c", "ann")
    assert [type(m).__name__ for w, m in memory.sent if w == "c"] == ["Welcome", "ShowScene"]
    assert not [fact for fact in memory.written if isinstance(fact, f.ScreeningPassed)]


@pytest.mark.parametrize(
    ("rules", "said", "reason"),
    [
        ({"device_exclusion": "mobile"}, {"mobile": True}, "mobile"),
        ({"device_exclusion": "mobile"}, {"mobile": False}, ""),
        ({"device_exclusion": "desktop"}, {"mobile": False}, "desktop"),
        ({"device_exclusion": "desktop"}, {"mobile": True}, ""),
        ({"browser_requirements": ("Firefox", "EDGE")}, {}, "browser"),
        ({"browser_requirements": ("Chrome",)}, {}, ""),
        ({"browser_requirements": ("chromium >= 121",)}, {}, "browser"),
        ({"browser_requirements": ("chrome>=120",)}, {}, ""),
        ({"browser_blocklist": ("safari", "chrome")}, {}, "browser"),
        ({"browser_blocklist": ("safari",)}, {}, ""),
        ({"browser_blocklist": ("safari",)}, {"browser": "Safari"}, "browser"),
        ({"requirements": ("webgl",)}, {"webgl": False}, "webgl"),
        ({"requirements": ("webgl", "webassembly")}, {}, ""),
        ({"requirements": ("webassembly",)}, {"webassembly": False}, "webassembly"),
        ({"min_viewport_width": 1201}, {}, "viewport"),
        ({"min_viewport_width": 1200, "min_viewport_height": 800}, {}, ""),
        ({"min_viewport_height": 801}, {}, "viewport"),
    ],
)
def test_that_a_browser_is_judged_by_what_its_page_says(
    rules: dict[str, Any], said: dict[str, Any], reason: str
) -> None:
    memory = Memory(study=study_with(EntryScreening(**rules, exclusion_messages={reason or "x": "Sorry, not you."})))
    memory.hello("c", "ann", environment=environment(**said))
    if not reason:
        assert memory.scene("c").scene_id == "start"
        assert outcome(memory) == (None, "")
        [passed] = [fact for fact in memory.written if isinstance(fact, f.ScreeningPassed)]
        assert (passed.ping_ms, passed.measurements) == (None, 0)
        return
    closed = memory.last("c", Closed)
    assert (closed.reason, closed.message) == ("screened_out", "Sorry, not you.")
    assert closed.completion_code
    assert outcome(memory) == ("screened_out", reason)
    assert not [fact for fact in memory.written if isinstance(fact, f.VisitStarted)]


def test_that_a_study_with_a_game_needs_webassembly_and_others_do_not() -> None:
    memory = Memory(study=SHORT)
    memory.hello("c", "ann", environment=environment(webassembly=False))
    assert outcome(memory) == ("screened_out", "webassembly")
    memory.hello("d", "bot")  # a program without a page says nothing of itself
    assert memory.scene("d").scene_id == "start"
    other = Memory(study=study_with())
    other.hello("c", "ann", environment=environment(webassembly=False))
    assert other.scene("c").scene_id == "start"


def test_that_the_median_of_the_measured_pings_decides() -> None:
    memory = Memory(study=study_with(EntryScreening(max_ping=100, min_ping_measurements=3)))
    for connection, who, pings in (("c", "ann", (100, 900, 90)), ("d", "bob", (101, 20, 900))):
        memory.hello(connection, who)
        assert memory.last(connection, Screening).measurements == 3
        measure(memory, connection, *pings[:2])
        assert not memory.to(connection, ShowScene)
        measure(memory, connection, pings[2], first=2)
    assert memory.scene("c").scene_id == "start"
    [passed] = [fact for fact in memory.written if isinstance(fact, f.ScreeningPassed)]
    assert (passed.participant_id, passed.ping_ms, passed.measurements) == ("ann", 100, 3)
    assert outcome(memory, "bob") == ("screened_out", "ping")
    [finished] = [fact for fact in memory.written if isinstance(fact, f.ParticipantFinished)]
    assert finished.value == 101
    assert not memory.to("d", ShowScene)


@pytest.mark.parametrize(("hosting", "limit"), [(80, 80), (100_000, 200), (300, 200)])
def test_that_the_smaller_of_the_two_limits_holds(hosting: int, limit: int) -> None:
    rules = EntryScreening(max_ping=200, min_ping_measurements=1)
    memory = Memory(study=study_with(rules, hosting=Hosting(max_ping=hosting)))
    memory.hello("c", "ann")
    measure(memory, "c", limit)
    memory.hello("d", "bob")
    measure(memory, "d", limit + 1)
    assert (outcome(memory, "ann"), outcome(memory, "bob")) == ((None, ""), ("screened_out", "ping"))


def test_that_the_hosts_limit_alone_screens_too() -> None:
    memory = Memory(study=study_with(hosting=Hosting(max_ping=50)))
    memory.hello("c", "ann")
    measure(memory, "c", 10, 10, 10, 10, 10)
    assert memory.scene("c").scene_id == "start"


def test_that_a_measurement_counts_once_and_impossible_ones_never() -> None:
    memory = Memory(study=study_with(EntryScreening(max_ping=100, min_ping_measurements=2)))
    memory.hello("c", "ann")
    for number, ping in ((0, 5.0), (0, 5.0), (7, 5.0), (-1, 5.0)):
        memory.say("c", Pulse(n=1, client_ms=0, rtt_ms=ping, rtt_n=number))
    for ping in (float("nan"), float("inf"), -1.0, 1e12, None):
        memory.say("c", Pulse(n=3, client_ms=0, rtt_ms=ping, rtt_n=2))
    assert not memory.to("c", ShowScene)
    measure(memory, "c", 6, first=3)
    assert memory.scene("c").scene_id == "start"
    [passed] = [fact for fact in memory.written if isinstance(fact, f.ScreeningPassed)]
    assert passed.ping_ms == 5.5


def test_that_a_page_that_measures_nothing_does_not_wait_for_ever() -> None:
    memory = Memory(study=study_with(EntryScreening(max_ping=100, exclusion_messages={"ping": "Too slow for us."})))
    memory.hello("c", "ann")
    memory.later(19_000)
    assert outcome(memory) == (None, "")
    memory.later(1_500)
    assert outcome(memory) == ("screened_out", "ping")
    assert memory.last("c", Closed).message == "Too slow for us."


def test_that_who_went_away_while_being_measured_is_measured_anew() -> None:
    memory = Memory(study=study_with(EntryScreening(max_ping=100, min_ping_measurements=2)))
    memory.hello("c", "ann")
    measure(memory, "c", 500)
    token = memory.token("c")
    memory.drop("c")
    memory.later(60_000)
    assert outcome(memory) == (None, "")
    memory.hello("d", "ann", token=token)
    assert memory.last("d", Screening).measurements == 2
    measure(memory, "d", 5, 5)
    assert memory.scene("d").scene_id == "start"
    assert len([fact for fact in memory.written if isinstance(fact, f.VisitStarted)]) == 1


def test_that_screening_goes_on_after_a_restart_of_the_server() -> None:
    memory = Memory(study=study_with(EntryScreening(max_ping=100, min_ping_measurements=2)))
    memory.hello("c", "ann")
    measure(memory, "c", 5)
    token = memory.token("c")
    memory.crash_and_restart()
    memory.hello("d", "ann", token=token)
    measure(memory, "d", 5)
    assert not memory.to("d", ShowScene)
    measure(memory, "d", 5, first=1)
    assert memory.scene("d").scene_id == "start"


def test_that_nothing_of_the_study_is_open_before_screening_is_passed() -> None:
    memory = Memory(study=study_with(EntryScreening(max_ping=100)))
    memory.hello("c", "ann")
    first = memory.run.state.participants[ParticipantId("ann")].plan[0]
    memory.say("c", FinishVisit(visit_id=first))
    memory.say("c", JoinMatch(visit_id=first))
    assert not memory.to("c", ShowScene)
    assert not [fact for fact in memory.written if isinstance(fact, f.VisitStarted | f.VisitFinished)]
    memory.lab_in()
    memory.take(Tick())
    assert memory.run.console.participant_view(memory.run.state.participants[ParticipantId("ann")]).state == "screening"


def callback_study() -> Study:
    return study_with(EntryScreening(entry_callback="gate.py:decide", max_ping=100, min_ping_measurements=1))


def test_that_the_studys_function_is_asked_last_with_the_documented_context() -> None:
    memory = Memory(study=callback_study())
    memory.hello("c", params={"PROLIFIC_PID": "x1", "condition": "blue"}, environment=environment())
    assert memory.calls == []
    measure(memory, "c", 12)
    [call] = memory.calls
    assert (call.kind, call.ref) == ("entry_callback", "gate.py:decide")
    who = memory.last("c", Welcome).participant_id
    assert dict(call.context) == {
        "subject_id": who,
        "session_id": "s1",
        "experiment_id": "memory",
        "params": {"condition": "blue"},
        "recruiter": {"PROLIFIC_PID": "x1"},
        "conditions": {},
        "environment": {name: getattr(CHROME, name) for name in CHROME.__struct_fields__},
        "ping_ms": 12,
        "ping_measurements": 1,
    }
    memory.answer(call, {"exclude": False})
    assert memory.scene("c").scene_id == "start"


def test_that_the_studys_function_turns_people_away_in_its_words() -> None:
    memory = Memory(study=callback_study())
    memory.hello("c", "ann")
    measure(memory, "c", 12)
    memory.answer(memory.calls[0], {"exclude": True, "message": "We are full of people like you."})
    closed = memory.last("c", Closed)
    assert (closed.reason, closed.message) == ("screened_out", "We are full of people like you.")
    assert outcome(memory) == ("screened_out", "callback")


@pytest.mark.parametrize("answer", [None, {}, {"exclude": "yes"}, {"exclude": 1}, ["exclude"], True, {"message": 3}])
def test_that_a_wrong_answer_lets_people_in_and_is_reported(answer: Any) -> None:
    memory = Memory(study=callback_study())
    memory.hello("c", "ann")
    measure(memory, "c", 12)
    memory.answer(memory.calls[0], answer)
    assert memory.scene("c").scene_id == "start"
    errors = [fact.message for fact in memory.written if isinstance(fact, f.ErrorReported)]
    assert bool(errors) == (answer not in (None, {}))


def test_that_a_failing_function_lets_people_in_and_a_late_answer_changes_nothing() -> None:
    memory = Memory(study=callback_study())
    memory.hello("c", "ann")
    measure(memory, "c", 12)
    memory.fail(memory.calls[0], "it did not return within 2 s and was left behind")
    assert memory.scene("c").scene_id == "start"
    [error] = [fact for fact in memory.written if isinstance(fact, f.ErrorReported)]
    assert "entry_callback gate.py:decide" in error.message
    memory.answer(memory.calls[0], {"exclude": True})
    assert outcome(memory) == (None, "")


def test_that_the_answer_goes_to_the_page_that_is_there_and_the_function_is_asked_once() -> None:
    memory = Memory(study=callback_study())
    memory.hello("c", "ann")
    measure(memory, "c", 12)
    memory.drop("c")
    memory.hello("d", "ann", token=memory.token("c"))
    assert len(memory.calls) == 1
    memory.answer(memory.calls[0], {"exclude": False})
    assert memory.scene("d").scene_id == "start"


def test_that_who_was_turned_away_gets_the_same_answer_again() -> None:
    rules = EntryScreening(browser_requirements=("firefox",), exclusion_messages={"browser": "Firefox, please."})
    endings = Endings(screened_out_code="SCREENED", screened_out_url="https://x.test/?c={code}&p={PROLIFIC_PID}")
    memory = Memory(study=study_with(rules, endings=endings))
    memory.hello("c", params={"PROLIFIC_PID": "a b"}, environment=environment())
    first = memory.last("c", Closed)
    assert (first.completion_code, first.redirect_url) == ("SCREENED", "https://x.test/?c=SCREENED&p=a%20b")
    who, token = memory.last("c", Welcome).participant_id, memory.token("c")
    memory.hello("e", who, token=token)  # while the first page is still there
    refused = memory.last("e", Refused)
    assert (refused.reason, refused.message, refused.completion_code) == ("screened_out", first.message, "SCREENED")
    assert refused.redirect_url == first.redirect_url
    memory.crash_and_restart()
    memory.hello("d", who, token=token, environment=environment(browser="firefox"))
    assert memory.last("d", Closed) == first
    memory.hello("f", who)
    assert (memory.last("f", Refused).reason, memory.last("f", Refused).completion_code) == ("finished", None)


def test_that_the_console_sees_who_was_turned_away() -> None:
    memory = Memory(study=study_with(EntryScreening(browser_blocklist=("chrome",))))
    memory.lab_in()
    memory.hello("c", "ann", environment=environment())
    memory.tick()
    [batch] = [message for message in memory.lab if isinstance(message, LabBatch)]
    [view] = batch.participants
    assert (view.state, view.outcome, view.outcome_reason) == ("turned_away", "screened_out", "browser")
