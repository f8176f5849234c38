"""How participations end, and who comes from a recruiter."""

from typing import Any

import pytest
from engine_driver import GAME, SHORT, Memory, rules_of, study_for

from mug.engine import fold
from mug.ids import ParticipantId
from mug.protocol.lab import EndSession
from mug.protocol.messages import (
    ChunkAck,
    ClientError,
    Closed,
    ErrorReply,
    FinishVisit,
    JoinMatch,
    MatchVerdict,
    PageContent,
    Refused,
    ReportPeer,
    ShowScene,
    Trouble,
    Welcome,
)
from mug.protocol.parts import ResumeCandidate
from mug.records import facts as f
from mug.records.recruiters import person_key
from mug.study.endings import Endings
from mug.study.model import CompletionCodePage, EndPage, StartPage, Study


def pages(end: EndPage, **endings: Any) -> Study:
    return Study(id="memory", chain=(StartPage(scene_id="start"), end), endings=Endings(**endings))


def through(memory: Memory, connection: str = "c", who: str = "ann", **hello: Any) -> PageContent:
    memory.hello(connection, who, **hello)
    while memory.scene(connection).index < memory.scene(connection).total - 1:
        memory.finish(connection)
    content = memory.scene(connection).content
    assert isinstance(content, PageContent)
    return content


def finished(memory: Memory) -> list[f.ParticipantFinished]:
    return [fact for fact in memory.written if isinstance(fact, f.ParticipantFinished)]


# ---------------------------------------------------------------- codes and addresses


def test_that_the_code_page_shows_a_fresh_code_or_the_studys() -> None:
    fresh = through(Memory(study=pages(CompletionCodePage(scene_id="end")))).completion_code
    assert fresh is not None
    assert len(fresh) == 10
    memory = Memory(study=pages(CompletionCodePage(scene_id="end"), complete_code="C1ABC"))
    assert through(memory).completion_code == "C1ABC"
    assert finished(memory)[0].completion_code == "C1ABC"


def test_that_a_study_without_codes_gives_none_at_its_end() -> None:
    memory = Memory(study=pages(EndPage(scene_id="end")))
    content = through(memory)
    assert (content.completion_code, content.redirect_url, content.redirect_after_s) == (None, None, None)
    assert finished(memory)[0].completion_code is None


def test_that_the_end_leads_to_the_studys_address_with_everything_filled_and_quoted() -> None:
    url = "https://x.test/{subject_id}?cc={code}&pid={PROLIFIC_PID}&s={session_id}&o={outcome}&none={nothing}&b={batch}"
    memory = Memory(study=pages(EndPage(scene_id="end"), complete_url=url, complete_code="A&B", redirect_after_s=8))
    content = through(memory, params={"PROLIFIC_PID": "p/1 &x=1", "batch": "ü"})
    assert content.redirect_url == ("https://x.test/ann?cc=A%26B&pid=p%2F1%20%26x%3D1&s=s1&o=complete&none=&b=%C3%BC")
    assert content.redirect_after_s == 8
    assert finished(memory)[0].redirect_url == content.redirect_url


def test_that_a_pages_own_address_comes_first_and_gets_the_same_placeholders() -> None:
    page = EndPage(scene_id="end", redirect_url="https://own.test/?a={subject_id}", append_subject_id=True)
    content = through(Memory(study=pages(page, complete_url="https://x.test/")))
    assert content.redirect_url == "https://own.test/?a=ann&subject_id=ann"


def test_that_codes_of_other_outcomes_are_ones_own_and_always_the_same() -> None:
    memory = Memory(study=SHORT)
    codes = set()
    for number in range(20):
        connection = f"c{number}"
        memory.hello(connection)
        memory.say(connection, ClientError(kind="runtime", message="m", fatal=True))
        first = memory.last(connection, Trouble).completion_code
        memory.say(connection, ClientError(kind="runtime", message="m", fatal=True))
        assert memory.last(connection, Trouble).completion_code == first
        codes.add(first)
    assert len(codes) == 20


def test_that_who_has_finished_sees_the_end_again_and_cannot_begin_again() -> None:
    memory = Memory(study=pages(CompletionCodePage(scene_id="end")))
    content = through(memory)
    token = memory.token("c")
    memory.finish("c")
    memory.drop("c")
    memory.hello("d", "ann", token=token)
    assert memory.scene("d").content == content
    memory.hello("e", "ann")
    refused = memory.last("e", Refused)
    assert (refused.reason, refused.completion_code) == ("finished", None), "a code is for who holds the token"
    memory.lab_in()
    memory.ask(EndSession(request_id="1", reason="over"))
    memory.hello("g", "ann", token=token)
    assert (memory.last("g", Refused).reason, memory.last("g", Refused).completion_code) == (
        "finished",
        content.completion_code,
    )


# ---------------------------------------------------------------- a page that cannot go on


def test_that_a_failing_page_gets_help_and_may_go_on_and_at_last_the_participation_ends() -> None:
    study = Study(
        id="memory", chain=SHORT.chain, endings=Endings(technical_code="TECH", technical_url="https://t.test/{code}")
    )
    memory = Memory(study=study)
    memory.hello("c", "ann")
    memory.finish("c")
    for _ in range(4):
        memory.say("c", ClientError(kind="environment", message="boom", fatal=True))
        help_ = memory.last("c", Trouble)
        assert (help_.completion_code, help_.redirect_url) == ("TECH", "https://t.test/TECH")
        token = memory.token("c")
        memory.hello("c2", "ann", tab="c", token=token)
        assert memory.scene("c2").scene_id == "car", "a page that failed may be loaded again"
        memory.hello("c", "ann", tab="c", token=token)
    assert memory.to("c", Closed)[-1:] == [] or memory.last("c", Closed).reason == "replaced"
    memory.crash_and_restart()
    memory.hello("d", "ann", token=memory.token("c"))
    memory.say("d", ClientError(kind="environment", message="boom", fatal=True))
    closed = memory.last("d", Closed)
    assert (closed.reason, closed.completion_code, closed.redirect_url) == ("technical", "TECH", "https://t.test/TECH")
    [end] = finished(memory)
    assert (end.outcome, end.reason) == ("technical", "page_failed")
    [visit] = [fact for fact in memory.written if isinstance(fact, f.VisitFinished) and fact.outcome == "excluded"]
    [match] = [fact for fact in memory.written if isinstance(fact, f.MatchEnded)]
    assert match.outcome == "abandoned"
    memory.say("d", FinishVisit(visit_id=visit.visit_id))
    memory.say("d", ClientError(kind="environment", message="boom", fatal=True))
    assert len(finished(memory)) == 1
    assert fold(memory.written) == memory.run.state


def test_that_an_error_that_is_not_fatal_ends_nothing() -> None:
    memory = Memory(study=SHORT)
    memory.hello("c", "ann")
    for _ in range(20):
        memory.say("c", ClientError(kind="script", message="m"))
    assert memory.to("c", Trouble) == []
    assert finished(memory) == []


def test_that_the_last_rows_of_an_ended_participation_are_still_taken() -> None:
    memory = Memory(study=SHORT)
    memory.hello("c", "ann")
    memory.put("c", "event", 0)
    for _ in range(5):
        memory.say("c", ClientError(kind="script", message="m", fatal=True))
    assert memory.last("c", Closed).reason == "technical"
    memory.put("c", "event", 1)
    assert memory.last("c", ChunkAck).next_seq == 2
    memory.hello("d", "ann", tab="c", token=memory.token("c"))
    assert memory.last("d", Closed).reason == "technical", "welcomed, so that a reloaded page can send what it holds"
    assert memory.last("d", Welcome).participant_id == "ann"
    visit = memory.scene("c").visit_id
    assert memory.to("d", ShowScene) == []
    memory.say("d", FinishVisit(visit_id=visit))
    assert memory.to("d", ShowScene) == []


# ---------------------------------------------------------------- a partner who left


def left_alone(**rules: Any) -> Memory:
    memory = Memory(study=study_for(2, multiplayer=rules_of(**rules)))
    for connection in ("c", "d"):
        memory.hello(connection, f"p-{connection}")
        memory.finish(connection)
        memory.say(connection, JoinMatch(visit_id=memory.scene(connection).visit_id))
    [match] = memory.run.state.matches
    memory.drop("d")
    memory.say("c", ReportPeer(match_id=match, agent="a1", state="lost", silent_ms=5_000))
    memory.later(100)
    memory.say("c", FinishVisit(visit_id=memory.scene("c").visit_id, outcome="partner_left"))
    return memory


def test_that_a_survivors_participation_ends_with_a_code() -> None:
    memory = left_alone(partner_disconnect_message="They left.")
    assert memory.last("c", MatchVerdict).ends
    closed = memory.last("c", Closed)
    assert (closed.reason, closed.message) == ("partner_left", "They left.")
    assert closed.completion_code
    assert [end.outcome for end in finished(memory)] == ["partner_left"]
    # Who dropped out goes on with the study when they come back.
    memory.hello("x", "p-d", token=memory.token("d"))
    assert memory.last("x", MatchVerdict).ends is False
    memory.say("x", FinishVisit(visit_id=memory.scene("x").visit_id, outcome="partner_left"))
    assert memory.scene("x").scene_id == "end"


@pytest.mark.parametrize(
    "rules",
    [
        {"partner_disconnect_show_completion_code": False},
        {"dropout_policy": "void"},
        {"dropout_policy": "default_action"},
    ],
)
def test_that_otherwise_the_study_goes_on(rules: dict[str, Any]) -> None:
    memory = left_alone(**rules)
    assert not memory.last("c", MatchVerdict).ends
    assert memory.to("c", Closed) == []
    assert memory.scene("c").scene_id == "end"


def test_that_nobody_gets_the_code_by_saying_that_the_partner_left() -> None:
    memory = Memory(study=study_for(2, multiplayer=rules_of()))
    for connection in ("c", "d"):
        memory.hello(connection, f"p-{connection}")
        memory.finish(connection)
        memory.say(connection, JoinMatch(visit_id=memory.scene(connection).visit_id))
    memory.say("c", FinishVisit(visit_id=memory.scene("c").visit_id, outcome="partner_left"))
    assert memory.to("c", Closed) == []
    assert [fact.participant_id for fact in memory.written if isinstance(fact, f.PlayerDropped)] == ["p-c"]


def test_that_a_game_of_one_person_knows_no_partner() -> None:
    memory = Memory(study=SHORT)
    memory.hello("c", "ann")
    memory.finish("c")
    assert memory.scene("c").scene_id == GAME.scene_id
    memory.say("c", FinishVisit(visit_id=memory.scene("c").visit_id, outcome="partner_left"))
    assert memory.last("c", ErrorReply).path == "outcome"
    assert memory.to("c", Closed) == []


# ---------------------------------------------------------------- recruiters


def test_that_a_recruited_person_gets_a_pseudonym_and_the_link_is_kept_apart() -> None:
    memory = Memory(study=SHORT)
    memory.hello("c", params={"PROLIFIC_PID": "5f1e", "STUDY_ID": "s", "SESSION_ID": "t", "batch": "2"})
    who = memory.last("c", Welcome).participant_id
    assert who.startswith("p-")
    [joined] = [fact for fact in memory.written if isinstance(fact, f.ParticipantJoined)]
    assert joined.params == {"batch": "2"}
    assert joined.recruiter == {"PROLIFIC_PID": "5f1e", "STUDY_ID": "s", "SESSION_ID": "t"}


@pytest.mark.parametrize("name", ["PROLIFIC_PID", "workerId"])
def test_that_the_same_person_is_the_same_participant(name: str) -> None:
    memory = Memory(study=SHORT)
    memory.hello("c", params={name: "5f1e"})
    who, token = ParticipantId(memory.last("c", Welcome).participant_id), memory.token("c")
    memory.finish("c")
    memory.crash_and_restart()
    kept = (ResumeCandidate(session_id="s1", participant_id=who, token=token),)
    memory.hello("d", params={name: "5f1e"}, candidates=kept)
    assert memory.last("d", Welcome).participant_id == who
    assert memory.scene("d").scene_id == "car"
    memory.hello("e", params={name: "5f1e"})
    assert memory.last("e", Refused).reason == "token"
    memory.hello("g", params={name: "other"}, candidates=kept)
    assert memory.last("g", Welcome).participant_id != who, "another person in the same browser is another participant"
    assert len(memory.run.state.participants) == 2


def test_that_a_recruited_person_who_has_finished_cannot_begin_again() -> None:
    memory = Memory(study=SHORT)
    memory.hello("c", params={"PROLIFIC_PID": "5f1e"})
    memory.finish("c")
    memory.finish("c")
    memory.hello("d", params={"PROLIFIC_PID": "5f1e"})
    assert memory.last("d", Refused).reason == "finished"
    later = Memory(study=SHORT, finished_before=frozenset({person_key({"PROLIFIC_PID": "5f1e"})}))
    later.hello("c", params={"prolific_pid": "5f1e"})
    assert later.last("c", Refused).reason == "finished"
    later.hello("d", params={"PROLIFIC_PID": "other"})
    assert later.scene("d").scene_id == "start"


def test_that_path_and_subject_id_name_the_participant() -> None:
    memory = Memory(study=SHORT)
    memory.hello("c", params={"subject_id": "s-7", "PROLIFIC_PID": "5f1e"})
    assert memory.last("c", Welcome).participant_id == "s-7"
    memory.hello("d", "path", params={"subject_id": "other"})
    assert memory.last("d", Welcome).participant_id == "path"
    memory.hello("e", params={"PROLIFIC_PID": ""})
    assert memory.last("e", Welcome).participant_id.startswith("p-")
