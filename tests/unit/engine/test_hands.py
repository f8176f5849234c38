"""Raised hands, their answers, and the experimenter's notes."""

import pytest
from engine_driver import SHORT, Memory

from mug.engine import fold
from mug.protocol.care import ActionSeen, HandState, RaiseHand, Told
from mug.protocol.lab import LabReply
from mug.protocol.lab_console import AddNote, AnswerHand
from mug.protocol.messages import ErrorReply, Welcome
from mug.records import facts as f


def session(*, help: bool = True) -> Memory:  # noqa: A002 - as the fact calls it
    memory = Memory(study=SHORT, details={"help": help})
    memory.lab_in()
    memory.hello("a", "p-a")
    return memory


def states(memory: Memory, connection: str = "a") -> list[str]:
    return [message.state for message in memory.to(connection, HandState)]


def hand(memory: Memory) -> str | None:
    return memory.snapshot().participants[0].hand


def answer(memory: Memory, text: str, request_id: str = "h1", who: str = "p-a") -> LabReply:
    return memory.reply_to(AnswerHand(request_id=request_id, participant_id=who, text=text))


def test_that_a_raised_hand_is_seen_and_answered() -> None:
    memory = session()
    memory.say("a", RaiseHand(hand_id="r1", text="  What now?  "))
    view = memory.snapshot().participants[0]
    assert (view.hand, bool(view.hand_since)) == ("What now?", True)
    assert answer(memory, "Press the button.").error == ""
    assert memory.last("a", Told) == Told(action_id="h1", text="Press the button.", hand_id="r1")
    assert states(memory) == ["raised", "answered"]
    assert hand(memory) is None
    [taken] = [fact for fact in memory.recorded if isinstance(fact, f.ActionTaken)]
    assert (taken.action, taken.hand_id) == ("message", "r1")
    memory.say("a", ActionSeen(action_id="h1", state="read"))
    assert memory.action("h1").targets[0].state == "read"
    answer(memory, "Press the button.")
    assert len(memory.to("a", Told)) == 1
    assert fold(memory.recorded) == memory.run.state


def test_that_a_hand_is_raised_once_and_known_again_after_a_reconnection() -> None:
    memory = session()
    memory.say("a", RaiseHand(hand_id="r1"))
    memory.crash_and_restart()
    memory.hello("b", "p-a", tab="a", token=memory.token("a"))
    memory.say("b", RaiseHand(hand_id="r1"))
    assert states(memory, "b") == ["raised", "raised"]
    assert len([fact for fact in memory.recorded if isinstance(fact, f.HandRaised)]) == 1
    assert hand(memory) == ""


def test_that_an_answer_reaches_a_page_that_was_away() -> None:
    memory = session()
    memory.say("a", RaiseHand(hand_id="r1"))
    memory.drop("a")
    answer(memory, "Coming.")
    memory.hello("b", "p-a", tab="a", token=memory.token("a"))
    assert memory.last("b", Told).text == "Coming."
    assert states(memory, "b") == ["answered"]


def test_that_the_participant_or_the_experimenter_lowers_it() -> None:
    memory = session()
    memory.say("a", RaiseHand(hand_id="r1"))
    memory.say("a", RaiseHand(hand_id="r1", raised=False))
    memory.say("a", RaiseHand(hand_id="r1", raised=False))
    assert states(memory) == ["raised", "lowered", "lowered"]
    memory.say("a", RaiseHand(hand_id="r2"))
    assert answer(memory, "").error == ""
    assert answer(memory, "", "h2").error == ""
    assert states(memory)[-1] == "lowered"
    by = [fact.by for fact in memory.recorded if isinstance(fact, f.HandLowered)]
    assert by == ["participant", "experimenter"]
    assert "no raised hand any more" in answer(memory, "Too late?", "h3").error


def test_that_a_second_hand_takes_the_place_of_the_first() -> None:
    memory = session()
    memory.say("a", RaiseHand(hand_id="r1", text="one"))
    memory.say("a", RaiseHand(hand_id="r2", text="two"))
    assert hand(memory) == "two"
    memory.say("a", RaiseHand(hand_id="r1", raised=False))
    assert hand(memory) == "two"


def test_that_hands_are_bounded_in_number_and_length() -> None:
    memory = session()
    for number in range(8):
        memory.say("a", RaiseHand(hand_id=f"r{number}", text="x" * 900))
    assert memory.last("a", ErrorReply).code == "rate"
    raised = [fact for fact in memory.recorded if isinstance(fact, f.HandRaised)]
    assert len(raised) == 6
    assert {len(fact.text) for fact in raised} == {500}
    memory.later(61_000)
    memory.say("a", RaiseHand(hand_id="later"))
    assert hand(memory) == ""


@pytest.mark.parametrize("hand_id", ["", "a b", "x" * 65])
def test_that_a_hand_without_an_id_is_refused(hand_id: str) -> None:
    memory = session()
    memory.say("a", RaiseHand(hand_id=hand_id))
    assert memory.last("a", ErrorReply).path == "hand_id"


def test_that_without_help_there_is_no_hand() -> None:
    memory = session(help=False)
    assert not memory.last("a", Welcome).help
    memory.say("a", RaiseHand(hand_id="r1"))
    assert memory.last("a", ErrorReply).about == "participant.hand"
    assert hand(memory) is None


def test_that_who_is_unknown_cannot_be_answered() -> None:
    assert "there is no participant" in answer(session(), "x", who="p-?").error


def test_that_a_note_is_kept_once_shown_and_logged() -> None:
    memory = session()
    for _ in range(2):
        assert memory.reply_to(AddNote(request_id="n1", text=" Noise outside. ", participant_id="p-a")).error == ""
    assert memory.reply_to(AddNote(request_id="n2", text="Begun late.")).error == ""
    assert [note.text for note in memory.batch().notes] == ["Noise outside.", "Begun late."]
    memory.crash_and_restart()
    assert [note.note_id for note in memory.snapshot().notes] == ["n1", "n2"]
    notes = [fact for fact in memory.recorded if isinstance(fact, f.NoteAdded)]
    assert [(note.text, note.participant_id) for note in notes] == [("Noise outside.", "p-a"), ("Begun late.", None)]


def test_that_another_note_or_answer_under_a_used_id_is_refused_instead_of_lost() -> None:
    memory = session()
    assert memory.reply_to(AddNote(request_id="n1", text="Noise.")).error == ""
    for note in (
        AddNote(request_id="n1", text="Begun late."),
        AddNote(request_id="n1", text="Noise.", participant_id="p-a"),
    ):
        assert "used for something else" in memory.reply_to(note).error
    memory.act("message", "p-a", text="Hello.", request_id="m1")
    memory.say("a", RaiseHand(hand_id="h1"))
    answer = AnswerHand(request_id="m1", participant_id="p-a", text="Hello.")
    assert "used for something else" in memory.reply_to(answer).error
    assert memory.snapshot().participants[0].hand == ""


@pytest.mark.parametrize(
    ("note", "error"),
    [
        (AddNote(request_id="n", text="  "), "is empty"),
        (AddNote(request_id="n", text="x" * 4001), "4001 characters"),
        (AddNote(request_id="n", text="x", participant_id="p-?"), "there is no participant"),
        (AddNote(request_id="", text="x"), "request_id"),
    ],
)
def test_that_a_note_that_cannot_be_kept_is_refused_in_words(note: AddNote, error: str) -> None:
    assert error in session().reply_to(note).error
