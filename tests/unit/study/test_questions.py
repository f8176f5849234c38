"""What a form asks, and which answers its questions take."""

import pytest

from mug.study.model import MultipleChoiceForm, OptionBoxesForm, ScalesForm, TextBoxForm
from mug.study.questions import MAX_TEXT_CHARS, Question, answer_problem, judge, questions_of

TEXT = Question(question_id="text", kind="text", text="Why?", required=True)
CHOICE = Question(question_id="q1", kind="choice", text="Which?", required=True, levels=("a", "b"))
CHOICES = Question(question_id="q1", kind="choices", text="Which?", required=True, levels=("a", "b"))
SCALE = Question(question_id="q1", kind="scale", text="How?", required=True, points=7)


@pytest.mark.parametrize(
    ("question", "answer", "what"),
    [
        (TEXT, "because", "given"),
        (TEXT, "x" * MAX_TEXT_CHARS, "given"),
        (TEXT, " \n", "empty"),
        (TEXT, "", "empty"),
        (TEXT, None, "empty"),
        (TEXT, "x" * (MAX_TEXT_CHARS + 1), "wrong"),
        (TEXT, 3, "wrong"),
        (TEXT, ["because"], "wrong"),
        (CHOICE, "a", "given"),
        (CHOICE, None, "empty"),
        (CHOICE, "", "wrong"),
        (CHOICE, "c", "wrong"),
        (CHOICE, ["a"], "wrong"),
        (CHOICE, 0, "wrong"),
        (CHOICES, ["b", "a"], "given"),
        (CHOICES, [], "empty"),
        (CHOICES, ["a", "a"], "wrong"),
        (CHOICES, ["a", "c"], "wrong"),
        (CHOICES, [["a"]], "wrong"),
        (CHOICES, "a", "wrong"),
        (CHOICES, {"a": 1}, "wrong"),
        (SCALE, 1, "given"),
        (SCALE, 7, "given"),
        (SCALE, 0, "wrong"),
        (SCALE, 8, "wrong"),
        (SCALE, 3.0, "wrong"),
        (SCALE, True, "wrong"),
        (SCALE, "3", "wrong"),
        (SCALE, None, "empty"),
    ],
)
def test_that_an_answer_is_what_its_question_takes(question, answer, what):
    assert judge(question, answer) == what
    assert (answer_problem(question, answer) is not None) == (what == "wrong")


def test_that_the_lists_of_each_question_are_its_own():
    form = MultipleChoiceForm(
        scene_id="m",
        questions=("A", "B"),
        choices=(("x", "y"), ("z", "w")),
        images=(("x.png", "y.png"), ()),
        multi_select=True,
        required=False,
    )
    first, second = questions_of(form)
    assert (first.levels, first.level_images, first.kind, first.required) == (
        ("x", "y"),
        ("x.png", "y.png"),
        "choices",
        False,
    )
    assert (second.levels, second.level_images) == (("z", "w"), ())
    shared = MultipleChoiceForm(scene_id="m", questions=("A", "B"), choices=("x", "y"), images=("a.png", ""))
    assert [(q.levels, q.image, q.level_images) for q in questions_of(shared)] == [
        (("x", "y"), "a.png", ()),
        (("x", "y"), "", ()),
    ]


def test_that_scales_have_one_list_of_labels_or_one_each():
    form = ScalesForm(
        scene_id="s",
        scale_questions=("A", "B"),
        scale_size=5,
        scale_labels=(("low", "high"), ("no", "", "yes")),
        text_box_header="More?",
    )
    first, second, text = questions_of(form)
    assert (first.levels, second.levels, first.points) == (("low", "high"), ("no", "", "yes"), 5)
    assert (text.question_id, text.required, first.required) == ("text", False, True)
    bare = ScalesForm(scene_id="s", scale_questions=("A",), scale_labels=(), text_box_header="More?")
    assert questions_of(bare)[0].levels == ()


def test_that_what_must_be_answered_is_what_a_researcher_expects():
    boxes = OptionBoxesForm(
        scene_id="b", options=("a", "b"), option_box_header="Which?", scale_questions=("S",), text_box_header="More?"
    )
    assert [(q.question_id, q.required) for q in questions_of(boxes)] == [
        ("option", True),
        ("q1", True),
        ("text", False),
    ]
    assert questions_of(TextBoxForm(scene_id="t", text_box_header="Why?"))[0].required
