"""Moving participants on and back, into other groups, and out of the study; what becomes of their partners."""

from typing import Any

import msgspec
import pytest
from engine_driver import SHORT, Memory, rules_of, study_for
from waiting_driver import (
    back,
    chain_of,
    content,
    duel,
    groups,
    is_matched,
    join,
    match_of,
    outcome,
    page,
    rules,
    to_the_waitroom,
    visits_of,
    waitroom,
)

from mug.engine import fold
from mug.ids import ParticipantId
from mug.protocol.care import ActionSeen, Held
from mug.protocol.lab_console import Act
from mug.protocol.messages import Closed, MatchVerdict, MatchWaiting, ShowScene
from mug.records import facts as f
from mug.study.endings import Endings
from mug.study.model import EndPage, RandomizeOrder, StartPage, Study, TextBoxForm

FORM = TextBoxForm(scene_id="text", text_box_header="Why?")
SCENES = chain_of(FORM, page("after"))


def session(study: Study, *people: str, **fields: Any) -> Memory:
    memory = Memory(study=study, **fields)
    memory.lab_in()
    for connection in people:
        memory.hello(connection, f"p-{connection}")
    return memory


def pairs(policy: str = "end", *, people: int = 2, study: Study | None = None) -> Memory:
    memory = Memory(study=study or study_for(people, multiplayer=rules_of(dropout_policy=policy)))
    memory.lab_in()
    to_the_waitroom(memory, *"abcdef"[:people])
    return memory


def ended(memory: Memory) -> list[str]:
    return [fact.outcome for fact in memory.recorded if isinstance(fact, f.MatchEnded)]


def whole(memory: Memory) -> None:
    assert fold(memory.recorded) == memory.run.state


# ---------------------------------------------------------------- advance


def test_that_advance_skips_a_forms_required_answers() -> None:
    memory = session(SCENES, "a")
    memory.finish("a")
    assert memory.act("advance", "p-a", request_id="go").error == ""
    shown = memory.scene("a")
    assert (shown.scene_id, shown.action_id) == ("after", "go")
    assert visits_of(memory, "p-a")[1] == ("text", "advanced")
    memory.say("a", ActionSeen(action_id="go"))
    assert memory.action("go").targets[0].state == "shown"
    memory.finish("a")
    assert memory.scene("a").action_id == ""
    whole(memory)


def test_that_advance_to_the_last_scene_completes_and_further_is_skipped() -> None:
    memory = session(SHORT, "a")
    memory.act("advance", "p-a")
    assert memory.scene("a").scene_id == "car"
    memory.act("advance", "p-a")
    assert memory.scene("a").scene_id == "end"
    assert outcome(memory, "p-a") == "complete"
    assert ended(memory) == ["abandoned"]
    assert "is over already" in memory.act("advance", "p-a").error
    whole(memory)


def test_that_who_has_not_begun_cannot_be_moved_on() -> None:
    memory = session(SHORT, "a", details={"stage": "doors_open"})
    assert memory.last("a", Held).why == "start"
    for action in ("advance", "to_waitroom"):
        assert "p-a: has not begun yet" in memory.act(action, "p-a").error


def test_that_who_is_away_is_moved_on_and_told_when_back() -> None:
    memory = session(SCENES, "a")
    memory.drop("a")
    memory.act("advance", "p-a", request_id="go")
    memory.crash_and_restart()
    memory.hello("b", "p-a", tab="a", token=memory.token("a"))
    assert (memory.scene("b").scene_id, memory.scene("b").action_id) == ("text", "go")
    memory.say("b", ActionSeen(action_id="go"))
    memory.hello("c", "p-a", tab="a", token=memory.token("b"))
    assert memory.scene("c").action_id == ""


def test_that_advance_out_of_a_match_leaves_the_partner_by_the_policy() -> None:
    memory = pairs("end")
    answer = memory.act("advance", "p-a", request_id="go")
    assert answer.data["affected"] == [{"participant_id": "p-b", "how": "plays with p-a: the game ends"}]
    assert memory.scene("a").scene_id == "end"
    assert memory.last("b", MatchVerdict).dropped == ("a0",)
    assert memory.to("a", MatchVerdict) == []
    assert ended(memory) == ["partner_left"]
    memory.finish("b")
    assert memory.scene("b").scene_id == "end"
    whole(memory)


def test_that_a_match_that_all_leave_is_abandoned_without_a_word_to_the_pages() -> None:
    memory = pairs("end")
    answer = memory.act("advance", everyone=True)
    assert answer.data["affected"] == []
    assert ended(memory) == ["abandoned"]
    assert memory.to("a", MatchVerdict) == memory.to("b", MatchVerdict) == []
    assert [fact for fact in memory.recorded if isinstance(fact, f.PlayerDropped)] == []
    assert {memory.scene(p).scene_id for p in "ab"} == {"end"}
    whole(memory)


def test_that_others_play_on_without_who_was_moved_on() -> None:
    memory = pairs("default_action", people=3)
    how = memory.act("advance", "p-a").data["affected"]
    assert [a["participant_id"] for a in how] == ["p-b", "p-c"]
    assert "goes on without them" in how[0]["how"]
    assert ended(memory) == []
    memory.finish("b")
    memory.finish("c")
    assert ended(memory) == ["completed"]
    whole(memory)


def test_that_who_waits_is_moved_on_out_of_the_waitroom() -> None:
    memory = session(chain_of(duel("one"), page("after")))
    to_the_waitroom(memory, "a")
    memory.act("advance", "p-a")
    to_the_waitroom(memory, "b")
    assert memory.scene("a").scene_id == "after"
    assert groups(memory) == []
    assert visits_of(memory, "p-a")[1] == ("one", "advanced")


def test_that_all_who_wait_are_moved_on_and_none_is_matched_meanwhile() -> None:
    memory = session(chain_of(duel("one", 3), page("after")))
    to_the_waitroom(memory, "a", "b")
    memory.act("advance", everyone=True)
    assert {memory.scene(p).scene_id for p in "ab"} == {"after"}
    assert groups(memory) == []


# ---------------------------------------------------------------- back to the waitroom


def test_that_who_is_sent_back_waits_in_a_new_visit_of_the_scene() -> None:
    memory = pairs("end", study=chain_of(duel("one", multiplayer=rules(dropout_policy="end")), page("after")))
    before = memory.scene("a").visit_id
    memory.act("to_waitroom", "p-a", request_id="back")
    shown = memory.scene("a")
    assert (shown.scene_id, shown.action_id) == ("one", "back")
    assert shown.visit_id != before
    assert content(memory, "a").waits
    assert visits_of(memory, "p-a") == [
        ("start", "completed"),
        ("one", "sent_back"),
        ("one", None),
        ("after", None),
        ("end", None),
    ]
    assert memory.last("b", MatchVerdict).dropped == ("a0",)
    join(memory, "a")
    memory.say("a", ActionSeen(action_id="back"))
    to_the_waitroom(memory, "c")
    assert groups(memory) == [("p-a", "p-b"), ("p-a", "p-c")]
    whole(memory)


def test_that_a_match_whose_players_are_all_sent_back_is_called_off() -> None:
    memory = pairs()
    memory.act("to_waitroom", everyone=True)
    assert ended(memory) == ["sent_back"]
    assert memory.to("a", MatchVerdict) == []
    assert memory.snapshot().matches[0].state == "called_off"
    join(memory, "a", "b")
    assert groups(memory) == [("p-a", "p-b"), ("p-a", "p-b")]
    whole(memory)


def test_that_who_is_sent_back_and_does_not_come_is_timed_out() -> None:
    memory = pairs(study=chain_of(duel("one", waitroom=waitroom(timeout=30_000))))
    memory.drop("a")
    memory.act("to_waitroom", "p-a")
    memory.later(31_000)
    assert outcome(memory, "p-a") == "no_partner"
    whole(memory)


def test_that_a_restart_remembers_who_was_sent_back() -> None:
    memory = pairs()
    memory.act("to_waitroom", "p-a", request_id="back")
    memory.crash_and_restart()
    memory.lab_in()
    back(memory, "a", "a2", joins=False)
    assert memory.scene("a2").action_id == "back"
    assert content(memory, "a2").waits
    join(memory, "a2")
    assert memory.to("a2", MatchWaiting)
    to_the_waitroom(memory, "c")
    assert is_matched(memory, "a2")


@pytest.mark.parametrize(
    ("where", "why"),
    [("start", "not for several people"), ("scene", "on the way to the waitroom"), ("waits", "waits there already")],
)
def test_that_who_cannot_be_sent_back_is_skipped_with_words(where: str, why: str) -> None:
    memory = session(chain_of(duel("one")), "a")
    if where != "start":
        memory.finish("a")
    if where == "waits":
        join(memory, "a")
    assert why in memory.act("to_waitroom", "p-a").error


def test_that_a_group_with_an_order_of_its_own_is_sent_back_as_a_whole() -> None:
    study = chain_of(RandomizeOrder(scenes=(duel("x"), duel("y"))), page("after"))
    memory = session(study)
    to_the_waitroom(memory, "a", "b")  # the group forms, and its order is drawn
    join(memory, "a", "b")
    first = memory.scene("a").scene_id
    assert "send all of it" in memory.act("to_waitroom", "p-a").error
    assert memory.act("to_waitroom", everyone=True).error == ""
    join(memory, "a", "b")
    assert memory.scene("a").scene_id == memory.scene("b").scene_id == first
    assert len(groups(memory)) == 2
    for p in "ab":
        memory.finish(p)
    join(memory, "a", "b")
    assert len(groups(memory)) == 3
    assert memory.scene("a").scene_id == memory.scene("b").scene_id != first
    whole(memory)


def test_that_leaving_a_group_with_an_order_of_its_own_concerns_the_others() -> None:
    study = chain_of(RandomizeOrder(scenes=(duel("x"), duel("y"))), page("after"))
    memory = session(study)
    to_the_waitroom(memory, "a", "b")
    how = memory.act("exclude", "p-a", preview=True).data["affected"]
    assert how == [{"participant_id": "p-b", "how": "is in a group with p-a, which cannot go on together"}]


# ---------------------------------------------------------------- other groups


def four() -> Memory:
    """a plays with b, c with d."""
    memory = Memory(study=chain_of(duel("one", multiplayer=rules(dropout_policy="end"))))
    memory.lab_in()
    to_the_waitroom(memory, *"abcd")
    assert groups(memory) == [("p-a", "p-b"), ("p-c", "p-d")]
    return memory


def test_that_players_are_put_into_other_groups() -> None:
    memory = four()
    answer = memory.act("repair", groups=(("p-d", "p-a"), ("p-b", "p-c")), request_id="mix", reason="friends")
    assert answer.error == ""
    assert ended(memory) == ["repaired", "repaired"]
    flags = [(fact.flag, fact.detail) for fact in memory.recorded if isinstance(fact, f.MatchFlagged)]
    assert flags == [("repaired", "friends"), ("repaired", "friends")]
    join(memory, "a", "b", "c")
    assert len(groups(memory)) == 3
    join(memory, "d")
    assert groups(memory)[2:] == [("p-b", "p-c"), ("p-d", "p-a")]
    formed = [fact.released_by for fact in memory.recorded if isinstance(fact, f.MatchFormed)]
    assert formed[2:] == ["experimenter", "experimenter"]
    for p in "abcd":
        memory.say(p, ActionSeen(action_id="mix"))
    assert {target.state for target in memory.action("mix").targets} == {"shown"}
    whole(memory)


def test_that_the_partner_of_a_named_one_goes_back_and_one_who_waits_stays() -> None:
    memory = Memory(study=chain_of(duel("one")))
    memory.lab_in()
    to_the_waitroom(memory, *"abc")
    answer = memory.act("repair", groups=(("p-c", "p-a"),), request_id="mix")
    assert answer.data["affected"] == [
        {"participant_id": "p-b", "how": "plays with p-a: goes back to the waitroom, too"}
    ]
    assert {t.participant_id: t.state for t in memory.action("mix").targets} == {"p-c": "shown", "p-a": "sent"}
    join(memory, "b")  # nobody is matched with who is kept for another
    assert len(groups(memory)) == 1
    join(memory, "a")
    assert groups(memory)[1:] == [("p-c", "p-a")]
    memory.say("b", ActionSeen(action_id="mix"))
    to_the_waitroom(memory, "d")
    assert groups(memory)[2:] == [("p-b", "p-d")]
    whole(memory)


def test_that_a_group_whose_members_do_not_come_is_dissolved_after_a_minute() -> None:
    memory = four()
    memory.drop("d")
    memory.act("repair", groups=(("p-d", "p-a"),))
    join(memory, "a", "c", "b")
    assert groups(memory)[2:] == [("p-c", "p-b")] or groups(memory)[2:] == [("p-b", "p-c")]
    to_the_waitroom(memory, "e")
    memory.later(59_000)
    memory.tick()
    assert len(groups(memory)) == 3
    memory.later(2_000)
    memory.tick()
    assert groups(memory)[3:] == [("p-a", "p-e")]
    assert any("p-d did not come" in line.text for line in memory.snapshot().log)
    whole(memory)


def test_that_a_group_one_of_which_has_left_is_dissolved_at_once() -> None:
    memory = four()
    memory.act("repair", groups=(("p-d", "p-a"),))
    join(memory, "a", "b", "c")
    assert len(groups(memory)) == 3
    to_the_waitroom(memory, "e")
    memory.act("exclude", "p-d")
    assert groups(memory)[3:] == [("p-a", "p-e")]


@pytest.mark.parametrize("gone_ms", [0, 90_000])
def test_that_a_restart_keeps_the_groups_that_were_made_however_long_the_server_was_gone(gone_ms: int) -> None:
    memory = four()
    memory.act("repair", groups=(("p-d", "p-a"),))
    memory.clock.ms += gone_ms
    memory.crash_and_restart()
    memory.lab_in()
    for p in "abcd":
        back(memory, p, f"{p}2")
    assert ("p-d", "p-a") in groups(memory)[2:]
    whole(memory)


def test_that_groups_whose_members_are_paused_outlive_a_restart() -> None:
    memory = four()
    memory.act("repair", groups=(("p-d", "p-a"),))
    memory.act("pause", "p-d")
    memory.later(70_000)
    memory.act("message", "p-b", text="It takes a while.")
    memory.crash_and_restart()
    memory.lab_in()
    for p in "abcd":
        back(memory, p, f"{p}2")
    memory.act("resume", "p-d")
    assert ("p-d", "p-a") in groups(memory)[2:]
    whole(memory)


def test_that_a_group_that_was_dissolved_is_not_kept_after_a_restart() -> None:
    memory = four()
    memory.drop("d")
    memory.act("repair", groups=(("p-d", "p-a"),))
    memory.later(61_000)
    memory.tick()
    memory.act("message", "p-b", text="It takes a while.")
    memory.crash_and_restart()
    memory.lab_in()
    back(memory, "a", "a2")
    to_the_waitroom(memory, "e")
    assert ("p-a", "p-e") in groups(memory)[2:]


@pytest.mark.parametrize(
    ("made", "error"),
    [
        ((("p-a",),), "a group here has 2"),
        (((),), "nobody"),
        ((("p-a", "p-b", "p-c"),), "a group here has 2"),
        ((("p-a", "p-a"),), "named twice"),
        ((("p-a", "p-b"), ("p-c", "p-b")), "named twice"),
        ((("p-a", "p-?"),), "there is no such participant"),
        ((("p-a", "p-e"),), "not at a game of several people"),
        ((("p-a", "p-f"),), "the participation is over"),
    ],
)
def test_that_groups_that_cannot_be_made_are_refused_in_words(made: Any, error: str) -> None:
    memory = four()
    memory.hello("e", "p-e")
    memory.hello("f", "p-f")
    memory.act("exclude", "p-f")
    before = len(memory.recorded)
    assert error in memory.act("repair", groups=made).error
    assert len(memory.recorded) == before


def test_that_people_at_different_scenes_and_paused_ones_are_refused() -> None:
    memory = Memory(study=chain_of(duel("one"), duel("two")))
    memory.lab_in()
    to_the_waitroom(memory, "a", "b")
    memory.finish("a")
    memory.finish("b")
    to_the_waitroom(memory, "c")
    assert "not at the same scene" in memory.act("repair", groups=(("p-a", "p-c"),)).error
    memory.act("pause", "p-a")
    assert "is paused" in memory.act("repair", groups=(("p-a", "p-b"),)).error


# ---------------------------------------------------------------- out of the study


@pytest.mark.parametrize(
    ("action", "word", "expected"),
    [
        ("exclude", "", "excluded"),
        ("exclude", "technical", "technical"),
        ("exclude", "screened_out", "screened_out"),
        ("end", "", "complete"),
        ("end", "technical", "technical"),
    ],
)
def test_that_a_participation_ends_with_its_outcome_words_and_pay(action: str, word: str, expected: str) -> None:
    memory = session(SCENES, "a")
    memory.act(action, "p-a", outcome=word, text="That is all.", pay="partial", reason="ill", request_id="out")
    closed = memory.last("a", Closed)
    assert (closed.reason, closed.message, closed.action_id) == (expected, "That is all.", "out")
    [over] = [fact for fact in memory.recorded if isinstance(fact, f.ParticipantFinished)]
    assert (over.outcome, over.reason, over.pay) == (expected, "experimenter", "partial")
    assert visits_of(memory, "p-a")[0][1] == ("ended" if action == "end" else "excluded")
    memory.say("a", ActionSeen(action_id="out"))
    assert memory.action("out").targets[0].state == "shown"
    assert memory.action("out").pay == "partial"
    whole(memory)


def test_that_who_is_away_reads_the_end_when_back_and_stays_out() -> None:
    memory = session(SCENES, "a")
    memory.drop("a")
    memory.act("end", "p-a", text="Thank you.", request_id="out")
    memory.crash_and_restart()
    memory.hello("b", "p-a", tab="a", token=memory.token("a"))
    closed = memory.last("b", Closed)
    assert (closed.reason, closed.message, closed.action_id) == ("complete", "Thank you.", "out")
    assert memory.to("b", ShowScene) == []


def test_that_the_complete_code_and_address_are_given() -> None:
    endings = Endings(complete_code="DONE", complete_url="https://example.org/?cc={code}&who={subject_id}")
    study = msgspec.structs.replace(SCENES, endings=endings)
    memory = session(study, "a")
    memory.act("end", "p-a")
    closed = memory.last("a", Closed)
    assert closed.completion_code == "DONE"
    assert closed.redirect_url == "https://example.org/?cc=DONE&who=p-a"
    assert closed.message != ""


def test_that_the_last_pages_own_address_is_given() -> None:
    study = Study(
        id="memory",
        chain=(
            StartPage(scene_id="start"),
            page("after"),
            EndPage(scene_id="end", redirect_url="https://example.org/x"),
        ),
    )
    memory = session(study, "a")
    memory.act("end", "p-a")
    assert memory.last("a", Closed).redirect_url == "https://example.org/x"
    assert memory.last("a", Closed).completion_code is None


def test_that_who_has_not_begun_can_be_excluded() -> None:
    memory = session(SHORT, "a", details={"stage": "doors_open"})
    memory.act("exclude", "p-a", text="Too late, sorry.")
    assert memory.last("a", Closed).message == "Too late, sorry."
    memory.set_stage("running")
    assert memory.to("a", ShowScene) == []
    whole(memory)


def test_that_all_players_of_a_match_are_excluded_at_one_moment() -> None:
    memory = pairs("default_action")
    memory.act("exclude", everyone=True)
    assert ended(memory) == ["abandoned"]
    assert [outcome(memory, who) for who in ("p-a", "p-b")] == ["excluded", "excluded"]
    assert memory.to("a", MatchVerdict) == []
    whole(memory)


def test_that_the_partner_of_an_excluded_one_is_told_by_the_policy() -> None:
    memory = pairs("void")
    how = memory.act("exclude", "p-b").data["affected"]
    assert how == [{"participant_id": "p-a", "how": "plays with p-b: the game ends and counts as void"}]
    assert memory.last("a", MatchVerdict).policy == "void"
    assert memory.to("b", MatchVerdict) == []
    whole(memory)


def test_that_an_action_is_written_whole_or_not_at_all() -> None:
    memory = pairs("end")
    memory.hold_disk = True
    before = len(memory.waiting)
    memory.ask(Act(request_id="out", action="exclude", participants=("p-a",)))
    records = [record.facts for record, _ in memory.waiting[before:] if record.facts]
    assert len(records) == 1
    assert {type(fact) for fact in records[0]} >= {f.ActionTaken, f.PlayerDropped, f.VisitFinished}
    memory.crash_and_restart()
    memory.lab_in()
    memory.hold_disk = False
    assert outcome(memory, "p-a") is None
    assert memory.act("exclude", "p-a", request_id="out").error == ""
    assert outcome(memory, "p-a") == "excluded"
    assert match_of(memory, "p-b").dropped == {"a0": "end"}
    assert ParticipantId("p-a") in memory.run.state.participants


def test_that_a_group_that_was_made_outlasts_a_pause() -> None:
    memory = four()
    memory.act("repair", groups=(("p-d", "p-a"), ("p-c", "p-b")))
    memory.set_stage("paused")
    join(memory, *"abc")
    memory.later(200_000)
    memory.tick()
    assert len(groups(memory)) == 2
    memory.set_stage("running")
    assert groups(memory)[2:] == [("p-c", "p-b")]
    join(memory, "d")
    assert groups(memory)[3:] == [("p-d", "p-a")]
    whole(memory)


def test_that_known_partners_are_waited_for_without_the_time_of_a_pause() -> None:
    known = rules(wait_for_known_group=True, group_wait_timeout=20_000)
    memory = Memory(study=chain_of(duel("one"), duel("two", multiplayer=known)))
    memory.lab_in()
    to_the_waitroom(memory, *"abcd")
    for p in "ac":
        memory.finish(p)
    join(memory, "a")
    memory.later(10_000)
    memory.act("pause", "p-a")
    memory.later(60_000)
    memory.act("resume", "p-a")
    join(memory, "c")
    memory.later(9_000)
    memory.tick()
    assert len(groups(memory)) == 2
    memory.finish("b")
    join(memory, "b")
    assert groups(memory)[2:] == [("p-a", "p-b")]
