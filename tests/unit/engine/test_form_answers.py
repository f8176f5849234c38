"""Forms on the server: what a page is told, which answers let it go on, and what a hostile page gets."""

import json
from typing import Any

import hypothesis.strategies as st
import pytest
from engine_driver import Memory
from hypothesis import given, settings

from mug.engine import fold
from mug.protocol.messages import (
    ChoiceQuestion,
    ErrorReply,
    FinishVisit,
    FormContent,
    FormHeading,
    PageContent,
    PutChunk,
    ScaleQuestion,
    TextQuestion,
)
from mug.records import facts as f
from mug.study.model import (
    EndPage,
    MultipleChoiceForm,
    OptionBoxesForm,
    Repeat,
    StartPage,
    StaticPage,
    Study,
    TextBoxForm,
)
from mug.study.questions import MAX_TEXT_CHARS

BOXES = OptionBoxesForm(
    scene_id="boxes",
    scene_header="How was it?",
    options=("Left", "Right"),
    option_box_header="Which side won?",
    pre_scale_header="Please rate.",
    scale_questions=("It was fun.", "It was hard."),
    scale_size=7,
    scale_labels=("no", "yes"),
    text_box_header="Anything else?",
)
CHOICE = MultipleChoiceForm(
    scene_id="choice",
    questions=("Which?", "And?"),
    choices=("a", "b", "c"),
    images=(("art/my cat.png", "", "art/c.png"), ()),
    multi_select=True,
    required=False,
)
TEXT = TextBoxForm(scene_id="text", text_box_header="Why?")

GOOD: dict[str, Any] = {"option": "Left", "q1": 7, "q2": 1, "text": None}


def study_of(*scenes: Any) -> Study:
    return Study(id="memory", chain=(StartPage(scene_id="start"), *scenes, EndPage(scene_id="end")))


def at_form(*scenes: Any) -> Memory:
    memory = Memory(study_of(*scenes))
    memory.hello("c1", "ann")
    memory.finish("c1")
    assert isinstance(memory.scene("c1").content, FormContent)
    return memory


def rows(answers: dict[str, Any], submission: int = 1) -> bytes:
    lines = [
        json.dumps({"at_ms": 1.5, "question_id": name, "answer": answer, "submission": submission})
        for name, answer in answers.items()
    ]
    return ("\n".join(lines) + "\n").encode()


def hand_in(memory: Memory, answers: dict[str, Any], submission: int = 1, seq: int | None = None) -> None:
    number = submission - 1 if seq is None else seq
    memory.put("c1", "form", number, rows(answers, submission))
    memory.finish("c1", form=number + 1)


def refusals(memory: Memory) -> list[str]:
    return [reply.path for reply in memory.to("c1", ErrorReply) if reply.code == "unanswered"]


def test_that_a_page_is_told_every_question_in_the_order_of_the_form():
    content = at_form(BOXES).scene("c1").content
    assert content == FormContent(
        scene_header="How was it?",
        items=(
            ChoiceQuestion(
                question_id="option",
                label_html="Which side won?",
                required=True,
                choices=("Left", "Right"),
                boxes=True,
            ),
            FormHeading(html="Please rate."),
            ScaleQuestion(question_id="q1", label_html="It was fun.", required=True, points=7, labels=("no", "yes")),
            ScaleQuestion(question_id="q2", label_html="It was hard.", required=True, points=7, labels=("no", "yes")),
            TextQuestion(question_id="text", label_html="Anything else?", required=False, max_chars=MAX_TEXT_CHARS),
        ),
    )


def test_that_pictures_have_addresses_that_a_browser_can_load():
    content = at_form(CHOICE).scene("c1").content
    assert isinstance(content, FormContent)
    first, second = content.items
    assert isinstance(first, ChoiceQuestion)
    assert isinstance(second, ChoiceQuestion)
    assert first.images == ("/art/my%20cat.png", "", "/art/c.png")
    assert (first.multiple, second.images) == (True, ())


def test_that_a_form_without_its_required_answers_is_refused_by_name():
    memory = at_form(BOXES)
    memory.finish("c1")
    hand_in(memory, {"option": "Left", "q1": None, "text": "much"})
    assert refusals(memory) == ["option,q1,q2", "q1,q2"]
    shown = memory.scene("c1")
    assert shown.scene_id == "boxes"
    assert memory.run.state.visits[shown.visit_id].outcome is None


def test_that_the_page_goes_on_after_it_handed_in_what_was_missing():
    memory = at_form(BOXES)
    hand_in(memory, {**GOOD, "q2": None})
    hand_in(memory, GOOD, submission=2)
    assert refusals(memory) == ["q2"]
    assert memory.scene("c1").scene_id == "end"
    assert fold(memory.written) == memory.run.state


def test_that_both_submissions_are_kept_as_they_came():
    memory = at_form(TEXT)
    hand_in(memory, {"text": " "})
    hand_in(memory, {"text": "because"}, submission=2)
    bodies = [memory.bodies[fact.sha256] for fact in memory.written if isinstance(fact, f.ChunkStored)]
    assert bodies == [rows({"text": " "}), rows({"text": "because"}, 2)]
    metas = [fact.meta for fact in memory.written if isinstance(fact, f.ChunkStored)]
    assert metas == [
        {"answers": {"text": "empty"}, "submission": 1},
        {"answers": {"text": "given"}, "submission": 2},
    ]


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("option", "Middle"),
        ("option", ["Left"]),
        ("q1", 8),
        ("q1", 0),
        ("q1", "7"),
        ("q1", 3.5),
        ("q2", True),
        ("text", "x" * (MAX_TEXT_CHARS + 1)),  # not required, and yet no answer
        ("text", {"a": 1}),
    ],
)
def test_that_an_answer_that_is_none_of_the_question_lets_nobody_go_on(name, answer):
    memory = at_form(BOXES)
    hand_in(memory, {**GOOD, name: answer})
    assert refusals(memory) == [name]
    assert memory.scene("c1").scene_id == "boxes"
    hand_in(memory, GOOD, submission=2)
    assert memory.scene("c1").scene_id == "end"


def test_that_the_last_answer_to_a_question_counts():
    memory = at_form(TEXT)
    memory.put("c1", "form", 0, rows({"text": "because"}))
    memory.put("c1", "form", 1, rows({"text": None}))
    memory.finish("c1", form=2)
    assert refusals(memory) == ["text"]


@pytest.mark.parametrize("outcome", ["failed", "void", "partner_left", "", "complete"])
@pytest.mark.parametrize("form", [TEXT, StaticPage(scene_id="page")], ids=["form", "page"])
def test_that_no_page_is_left_by_another_outcome_than_completed(outcome, form):
    memory = Memory(study_of(form))
    memory.hello("c1", "ann")
    memory.finish("c1")
    shown = memory.scene("c1")
    assert isinstance(shown.content, FormContent | PageContent)
    memory.say("c1", FinishVisit(visit_id=shown.visit_id, outcome=outcome))
    assert memory.last("c1", ErrorReply).path == "outcome"
    assert memory.scene("c1").visit_id == shown.visit_id
    assert memory.run.state.visits[shown.visit_id].outcome is None


def test_that_what_a_page_says_of_its_own_answers_is_not_believed():
    memory = at_form(TEXT)
    memory.put("c1", "form", 0, b"{}\n", answers={"text": "given"}, submission=5)
    memory.finish("c1", form=1)
    assert refusals(memory) == ["text"]
    assert memory.run.state.visits[memory.scene("c1").visit_id].submissions == 0


def test_that_nonsense_in_the_stream_is_kept_and_counts_for_nothing():
    memory = at_form(TEXT)
    deep = b'{"question_id": "text", "answer": ' + b"[" * 5_000 + b"]" * 5_000 + b"}\n"
    nonsense = [
        b"\xff\xfe not text\n",
        b"[1, 2]\nnull\n\n",
        deep,
        b'{"question_id": ["text"], "answer": "x"}\n{"question_id": "other", "answer": "x"}\n{"answer": "x"}\n',
        b'{"question_id": "text", "submission": -3}\n{"question_id": "text", "answer": null, "submission": 1e400}\n',
    ]
    for seq, body in enumerate(nonsense):
        memory.put("c1", "form", seq, body)
    memory.finish("c1", form=len(nonsense))
    assert refusals(memory) == ["text"]
    assert [fact.size for fact in memory.written if isinstance(fact, f.ChunkStored)] == [len(body) for body in nonsense]
    hand_in(memory, {"text": "because"}, seq=len(nonsense))
    assert memory.scene("c1").scene_id == "end"
    assert fold(memory.written) == memory.run.state


def test_that_a_finish_before_its_last_chunk_is_checked_when_the_chunk_comes():
    memory = at_form(BOXES)
    memory.finish("c1", form=1)
    assert refusals(memory) == []
    memory.put("c1", "form", 0, rows({"q1": 1}))
    assert refusals(memory) == ["option,q2"]
    memory.put("c1", "form", 1, rows(GOOD, 2))
    assert memory.scene("c1").scene_id == "boxes", "the refused finish does not stand any more"
    memory.finish("c1", form=2)
    assert memory.scene("c1").scene_id == "end"


def test_that_answers_outlive_a_crash_and_a_reload_says_how_often_they_were_handed_in():
    memory = at_form(BOXES)
    token = memory.token("c1")
    hand_in(memory, {**GOOD, "q2": None})
    memory.crash_and_restart()
    assert fold(memory.written) == memory.run.state
    memory.hello("c2", "ann", token=token)
    again = memory.scene("c2")
    assert isinstance(again.content, FormContent)
    assert (again.content.submissions, again.next_seq["form"]) == (1, 1)
    memory.put("c2", "form", 1, rows({"q2": 4}, 2))
    memory.finish("c2", form=2)
    assert memory.scene("c2").scene_id == "end"


def test_that_a_page_without_required_answers_can_be_left_empty():
    memory = at_form(CHOICE)
    memory.finish("c1")
    assert memory.scene("c1").scene_id == "end"


def test_that_every_repetition_asks_anew():
    memory = at_form(Repeat(scenes=(TEXT,), n=2))
    first = memory.scene("c1").visit_id
    hand_in(memory, {"text": "one"})
    second = memory.scene("c1")
    assert isinstance(second.content, FormContent)
    assert second.visit_id != first
    assert second.content.submissions == 0
    memory.finish("c1")
    assert refusals(memory) == ["text"]
    memory.say("c1", PutChunk(visit_id=second.visit_id, stream="form", seq=0, body=rows({"text": "two"})))
    memory.finish("c1", form=1)
    assert memory.scene("c1").scene_id == "end"


GOOD_ROWS = st.sampled_from((("option", "Left"), ("q1", 3), ("q2", 3), ("text", "text")))
ROWS = st.tuples(
    st.sampled_from(("option", "q1", "q2", "text", "other")),
    st.sampled_from((None, "Left", "Middle", 3, 8, "", ["Left"])),
)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("answer"), st.one_of(GOOD_ROWS, GOOD_ROWS, GOOD_ROWS, ROWS)),
        st.tuples(st.just("finish"), st.sampled_from(("completed", "completed", "failed"))),
        st.tuples(st.just("crash")),
    ),
    max_size=25,
)


def takes(name: str, answer: Any) -> bool:
    """What the form of this module says, in words of its own."""
    match name:
        case "option":
            return answer in ("Left", "Right")
        case "text":
            return answer is None or isinstance(answer, str)
    return answer == 3


@given(STEPS)
@settings(deadline=None)
def test_that_nobody_passes_a_form_but_with_the_last_answers_that_it_takes(steps):
    memory = at_form(BOXES)
    visit_id = memory.scene("c1").visit_id
    last: dict[str, Any] = {"option": "Left", "q1": 3, "q2": 3, "text": "text"}
    memory.put("c1", "form", 0, rows(last))
    seq = 1
    for step in steps:
        match step:
            case ("answer", (name, answer)):
                memory.put("c1", "form", seq, rows({name: answer}))
                seq += 1
                last[name] = answer
            case ("crash",):
                token = memory.token("c1")
                memory.crash_and_restart()
                memory.hello("c1", "ann", token=token)
            case ("finish", outcome):
                memory.say("c1", FinishVisit(visit_id=visit_id, counts={"form": seq}, outcome=outcome))
                complete = all(takes(name, last.get(name)) for name in ("option", "q1", "q2", "text"))
                passed = complete and outcome == "completed"
                assert (memory.run.state.visits[visit_id].outcome == "completed") == passed
                assert (memory.scene("c1").scene_id == "end") == passed
                if passed:
                    break
    assert fold(memory.written) == memory.run.state
